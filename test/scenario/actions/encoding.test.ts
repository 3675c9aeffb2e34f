import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { createHash, createHmac } from "node:crypto"
import type { Value } from "../../../src/core/Value.ts"
import { base64Decode, base64Encode, hash, hmac, urlDecode, urlEncode } from "../../../src/scenario/actions/encoding.ts"
import { runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([base64Decode, base64Encode, hash, hmac, urlDecode, urlEncode])

describe("base64", () => {
  it.effect("writes text, bytes and other values", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runAction(base64Encode, { text: "h€" }), "aOKCrA==")
      assert.strictEqual(yield* runAction(base64Encode, { text: new Uint8Array([255, 254]) }), "//4=")
      assert.strictEqual(yield* runAction(base64Encode, { text: new Uint8Array([255, 254]), url: true }), "__4")
      assert.strictEqual(yield* runRobogo(base64Encode, [12]), "MTI=")
    }))

  const rows: ReadonlyArray<readonly [text: string, value: string]> = [
    ["aGVsbG8=", "hello"],
    ["aGVsbG8", "hello"],
    ["aGVs\n bG8=", "hello"],
    ["Pz8-Pw", "??>?"],
    ["Pz8+Pw==", "??>?"],
    ["", ""]
  ]
  for (const [text, value] of rows) {
    it.effect(`reads ${JSON.stringify(text)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* runAction(base64Decode, { text }), value)
      }))
  }

  it.effect("refuses what is no base64, and bytes that are no text", () =>
    Effect.gen(function*() {
      for (const text of ["a", "****", "//4="]) {
        assert.propertyVal(yield* Effect.flip(runAction(base64Decode, { text })), "reason", "Invalid")
      }
      assert.deepEqual(yield* runAction(base64Decode, { text: "//4=", as: "bytes" }), new Uint8Array([255, 254]))
      assert.strictEqual(yield* runRobogo(base64Decode, ["//4="]), "\uFFFD\uFFFD")
    }))

  it.effect("reads back every text that it wrote", () =>
    Effect.promise(() =>
      fc.assert(fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.boolean(), (text, url) =>
        Effect.gen(function*() {
          const encoded = yield* runAction(base64Encode, { text, url })
          assert.strictEqual(yield* runAction(base64Decode, { text: encoded }), text)
        }).pipe(Effect.scoped, Effect.runPromise)))
    ))
})

describe("url", () => {
  const rows: ReadonlyArray<readonly [text: string, plain: string, form: string]> = [
    ["a b", "a%20b", "a+b"],
    ["a+b&c=d/é", "a%2Bb%26c%3Dd%2F%C3%A9", "a%2Bb%26c%3Dd%2F%C3%A9"],
    ["-_.~", "-_.~", "-_.~"],
    ["!'()*", "%21%27%28%29%2A", "%21%27%28%29%2A"],
    ["😀", "%F0%9F%98%80", "%F0%9F%98%80"]
  ]
  for (const [text, plain, form] of rows) {
    it.effect(`writes and reads ${text}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* runAction(urlEncode, { text }), plain)
        assert.strictEqual(yield* runRobogo(urlEncode, [text]), form)
        assert.strictEqual(yield* runAction(urlDecode, { text: plain }), text)
        assert.strictEqual(yield* runRobogo(urlDecode, [form]), text)
      }))
  }

  it.effect("leaves a plus alone unless it is a form's", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runAction(urlDecode, { text: "a+b" }), "a+b")
    }))

  it.effect("refuses a % without its digits, and half of a character", () =>
    Effect.gen(function*() {
      for (const text of ["%", "%zz", "%ff"]) {
        assert.propertyVal(yield* Effect.flip(runAction(urlDecode, { text })), "reason", "Invalid")
      }
      assert.propertyVal(yield* Effect.flip(runAction(urlEncode, { text: "\uD800" })), "reason", "Invalid")
    }))
})

describe("hash and hmac", () => {
  for (const algorithm of ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]) {
    it.effect(`${algorithm} is what OpenSSL makes`, () =>
      Effect.gen(function*() {
        const text = "h€llo"
        const digest = createHash(algorithm).update(text).digest("hex")
        assert.deepEqual(yield* runAction(hash, { text, algorithm }), { hash: digest, algorithm })
        const signed = createHmac(algorithm, "key").update(text).digest("base64")
        assert.deepEqual(yield* runAction(hmac, { text, key: "key", algorithm, encoding: "base64" }), {
          hash: signed,
          algorithm
        })
      }))
  }

  it.effect("tells a Robogo file its input, and takes the algorithm in any case", () =>
    Effect.gen(function*() {
      const output = yield* runRobogo(hash, ["abc", "MD5"] satisfies ReadonlyArray<Value>)
      assert.deepEqual(output, { hash: "900150983cd24fb0d6963f7d28e17f72", algorithm: "md5", input: "abc" })
    }))

  it.effect("refuses another algorithm", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* Effect.flip(runAction(hash, { text: "a", algorithm: "crc" })), "_tag", "SchemaError")
    }))
})
