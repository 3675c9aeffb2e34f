/** `base64_encode`, `base64_decode`, `url_encode`, `url_decode`, `hash`, `hmac`. */
import { hmac as hmacOf } from "@noble/hashes/hmac.js"
import { md5, sha1 } from "@noble/hashes/legacy.js"
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js"
import { Effect, Result, Schema } from "effect"
import { Base64, Base64Url, Hex } from "effect/encoding"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"

const text = Fields.describe(Fields.Value, "The text or bytes; anything else is written as text first")
const urlSafe = Fields.optional(Fields.Flag, "The alphabet for URLs, - and _ without padding [default: false]")

export const base64Encode = Action.make({
  name: "base64_encode",
  family: "encoding",
  summary: "Writes text or bytes as base64",
  input: Schema.Struct({ text, url: urlSafe }),
  positional: ["text"],
  output: Schema.String,
  effect: "none",
  examples: [
    { title: "Text", yaml: "steps:\n  - base64_encode: hello\n    expect: value == 'aGVsbG8='\n" },
    {
      title: "For a URL",
      yaml: "steps:\n  - base64_encode: { text: \"??>\", url: true }\n    expect: value == 'Pz8-'\n"
    }
  ],
  run: (input) =>
    Effect.sync(() => input.url === true ? Base64Url.encode(bytesOf(input.text)) : Base64.encode(bytesOf(input.text)))
})

export const base64Decode = Action.make({
  name: "base64_decode",
  family: "encoding",
  summary: "Reads base64, of either alphabet",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The base64; white space in it is left out"),
    as: Fields.optional(Schema.Literals(["text", "bytes"]), "What to answer with [default: text]")
  }),
  positional: ["text"],
  output: Schema.Union([Schema.String, Schema.Uint8Array]),
  effect: "none",
  examples: [
    { title: "Text", yaml: "steps:\n  - base64_decode: aGVsbG8=\n    expect: value == 'hello'\n" },
    {
      title: "The middle of a token",
      yaml: "steps:\n  - base64_decode: eyJzdWIiOiI3In0\n    expect: value == '{\"sub\":\"7\"}'\n"
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const compact = input.text.replaceAll(/\s+/g, "")
    const bytes = /[-_]/.test(compact) || compact.length % 4 !== 0
      ? Base64Url.decode(compact.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""))
      : Base64.decode(compact)
    if (Result.isFailure(bytes)) return yield* invalid(`base64_decode: ${Text.show(input.text)} is no base64`)
    if (input.as === "bytes") return bytes.success
    // Robogo makes text of anything.
    return yield* decodeText(bytes.success, context.robogo)
  })
})

export const urlEncode = Action.make({
  name: "url_encode",
  family: "encoding",
  summary: "Writes text so that it can stand in a URL",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The text"),
    form: Fields.optional(Fields.Flag, "As forms do it: a space becomes + [default: false, %20]")
  }),
  positional: ["text"],
  output: Schema.String,
  effect: "none",
  robogo: { input: (args, options) => named(["text"], args.map(Text.goText), { form: true, ...options }) },
  examples: [
    {
      title: "A query value",
      yaml: "steps:\n  - url_encode: \"a b&c=ü\"\n    expect: value == 'a%20b%26c%3D%C3%BC'\n"
    },
    { title: "As in a form", yaml: "steps:\n  - url_encode: { text: a b, form: true }\n    expect: value == 'a+b'\n" }
  ],
  run: Effect.fnUntraced(function*(input) {
    if (!input.text.isWellFormed()) return yield* invalid("url_encode: the text has half of a character in it")
    // What encodeURIComponent leaves, and RFC 3986 reserves.
    const encoded = encodeURIComponent(input.text)
      .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    return input.form === true ? encoded.replaceAll("%20", "+") : encoded
  })
})

export const urlDecode = Action.make({
  name: "url_decode",
  family: "encoding",
  summary: "Reads text that was written for a URL",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The text"),
    form: Fields.optional(Fields.Flag, "As forms do it: + is a space [default: false]")
  }),
  positional: ["text"],
  output: Schema.String,
  effect: "none",
  robogo: { input: (args, options) => named(["text"], args.map(Text.goText), { form: true, ...options }) },
  examples: [
    { title: "A query value", yaml: "steps:\n  - url_decode: a%20b%26c\n    expect: value == 'a b&c'\n" },
    { title: "As in a form", yaml: "steps:\n  - url_decode: { text: a+b, form: true }\n    expect: value == 'a b'\n" }
  ],
  run: (input) =>
    Effect.try({
      try: () => decodeURIComponent(input.form === true ? input.text.replaceAll("+", "%20") : input.text),
      catch: () =>
        new Action.ActionError({
          reason: "Invalid",
          message: `url_decode: ${Text.show(input.text)} has a % that two hexadecimal digits of UTF-8 do not follow`
        })
    })
})

const algorithms = { md5, sha1, sha224, sha256, sha384, sha512 }
const algorithmNames = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] as const

const encoding = Fields.optional(Schema.Literals(["hex", "base64"]), "How to write it [default: hex]")

export const hash = Action.make({
  name: "hash",
  family: "encoding",
  summary: "Makes the digest of a text or of bytes",
  input: Schema.Struct({
    text,
    algorithm: Fields.optional(Schema.Literals(algorithmNames), "The algorithm [default: sha256]"),
    encoding
  }),
  positional: ["text", "algorithm"],
  output: Schema.Struct({ hash: Schema.String, algorithm: Schema.String }),
  effect: "none",
  robogo: {
    input: (args, options) => named(["text", "algorithm"], lowerSecond(args), options),
    result: (output, input) => ({ ...(output as object), input: Text.goText(input.text) })
  },
  examples: [
    {
      title: "SHA-256",
      yaml: `steps:
  - hash: abc
    expect: hash == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
`
    },
    {
      title: "MD5 as an ETag has it",
      yaml:
        "steps:\n  - hash: { text: abc, algorithm: md5, encoding: base64 }\n    expect: hash == 'kAFQmDzST7DWlj99KOF/cg=='\n"
    }
  ],
  run: (input) =>
    Effect.sync(() => {
      const algorithm = input.algorithm ?? "sha256"
      return { hash: write(algorithms[algorithm](bytesOf(input.text)), input.encoding), algorithm }
    })
})

export const hmac = Action.make({
  name: "hmac",
  family: "encoding",
  summary: "Signs a text or bytes with a key",
  input: Schema.Struct({
    text,
    key: Fields.describe(Fields.Value, "The key: text, or bytes"),
    algorithm: Fields.optional(Schema.Literals(algorithmNames), "The algorithm [default: sha256]"),
    encoding
  }),
  positional: ["text", "key", "algorithm"],
  output: Schema.Struct({ hash: Schema.String, algorithm: Schema.String }),
  effect: "none",
  examples: [
    {
      title: "As webhooks are signed",
      yaml: `steps:
  - hmac: { text: "what do ya want for nothing?", key: Jefe }
    expect: hash == '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
`
    },
    {
      title: "In base64",
      yaml: "steps:\n  - hmac: { text: a, key: k, algorithm: sha1, encoding: base64 }\n    expect: size(hash) == 28\n"
    }
  ],
  run: (input) =>
    Effect.sync(() => {
      const algorithm = input.algorithm ?? "sha256"
      const digest = hmacOf(algorithms[algorithm], bytesOf(input.key), bytesOf(input.text))
      return { hash: write(digest, input.encoding), algorithm }
    })
})

const bytesOf = (value: Value): Uint8Array =>
  value instanceof Uint8Array ? value : new TextEncoder().encode(Text.write(value))

const write = (bytes: Uint8Array, encoding: "hex" | "base64" | undefined): string =>
  encoding === "base64" ? Base64.encode(bytes) : Hex.encode(bytes)

/** Robogo takes the name of the algorithm in any case. */
const lowerSecond = (args: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  args.slice(0, 2).map((arg, at) => at === 1 ? Text.write(arg).toLowerCase() : arg)

const decodeText = (bytes: Uint8Array, lossy: boolean) =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: !lossy, ignoreBOM: true }).decode(bytes),
    catch: () =>
      new Action.ActionError({
        reason: "Invalid",
        message: "base64_decode: what comes out is no text in UTF-8",
        hint: "Take the bytes: `as: bytes`"
      })
  })

const invalid = (message: string) => Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
