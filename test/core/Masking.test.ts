import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fc from "fast-check"
import * as Masking from "../../src/core/Masking.ts"
import { leastMillis } from "../support/processorTime.ts"
import { sampled } from "../support/seeds.ts"

const maskingOf = (...secrets: ReadonlyArray<string>) => {
  const masking = Masking.make()
  for (const secret of secrets) masking.add(secret)
  return masking
}

const bytes = (text: string) => Buffer.from(text, "utf8")
const unicodeEscaped = (text: string) =>
  Array.from({ length: text.length }, (_, at) => text[at]!).map((unit) =>
    /[A-Za-z0-9._-]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  ).join("")
const json = (text: string) => JSON.stringify(text).slice(1, -1)
const html = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;").replaceAll(
    "'",
    "&#39;"
  )

/** How other programs write a secret. `core` is what must not be seen afterwards where the ends depend on the neighbours. */
const encodings: Readonly<Record<string, (secret: string) => string>> = {
  raw: (secret) => secret,
  json,
  "json in json": (secret) => json(json(secret)),
  "json with escaped slashes": (secret) => json(secret).replaceAll("/", "\\/"),
  "json for a page": (secret) => json(secret).replaceAll(/[/<>&]/g, unicodeEscaped),
  "json in ASCII": (secret) => json(secret).replaceAll(/[\u0080-\uffff]/g, unicodeEscaped),
  "json in capitals": (secret) =>
    unicodeEscaped(secret).replaceAll(/\\u([0-9a-f]{4})/g, (_, digits: string) => `\\u${digits.toUpperCase()}`),
  component: encodeURIComponent,
  "component in small letters": (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
  "component twice": (secret) => encodeURIComponent(encodeURIComponent(secret)),
  form: (secret) => new URLSearchParams([["", secret]]).toString().slice(1),
  html,
  "html in a json text": (secret) => html(json(secret)),
  hex: (secret) => bytes(secret).toString("hex"),
  "hex in capitals": (secret) => bytes(secret).toString("hex").toUpperCase(),
  base64: (secret) => bytes(secret).toString("base64"),
  base64url: (secret) => bytes(secret).toString("base64url"),
  "base64 without padding": (secret) => bytes(secret).toString("base64").replaceAll("=", ""),
  "base64 in a query": (secret) => encodeURIComponent(bytes(secret).toString("base64")),
  "base64 in escaped json": (secret) => bytes(secret).toString("base64").replaceAll("/", "\\/")
}

const secretText = fc.string({ unit: "grapheme", minLength: 4, maxLength: 40 })
  .filter((text) => [...text.trim()].length >= 4 && text.isWellFormed())
const awkward = fc.array(
  fc.constantFrom("\"", "\\", "/", "<", ">", "&", "'", " ", "+", "%", "\n", "ä", "😀", "a", "1"),
  {
    minLength: 4,
    maxLength: 30
  }
).map((parts) => parts.join("")).filter((text) => [...text.trim()].length >= 4)
const anySecret = fc.oneof(secretText, awkward, fc.base64String({ minLength: 8, maxLength: 64 }))
const filler = fc.string({ unit: fc.constantFrom(..."xyz 0{}:,".split("")), maxLength: 20 })

describe("Masking", () => {
  it("R15 leaves nothing of a secret in any encoding, whatever stands around it", () => {
    const names = Object.keys(encodings)
    fc.assert(
      fc.property(anySecret, filler, filler, fc.constantFrom(...names), (secret, before, after, name) => {
        const encoded = encodings[name]!(secret)
        const masked = maskingOf(secret).text(`${before}\u0001${encoded}\u0001${after}`)

        assert.strictEqual(masked, `${before}\u0001***\u0001${after}`, name)
      }),
      { numRuns: sampled(2_000) }
    )
  })

  it("R15 masks a secret inside a longer base64 text, at each of the three offsets", () => {
    fc.assert(
      fc.property(anySecret, fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }), (secret, before, after) => {
        for (const encoding of ["base64", "base64url"] as const) {
          const masked = maskingOf(secret).text(bytes(before + secret + after).toString(encoding))
          assert.include(masked, "***")
          // What is left is too little to hold the secret: the neighbours, and parts of the characters at the seam.
          const left = masked.replaceAll("***", "").length
          assert.isAtMost(left, Math.ceil((bytes(before).length + bytes(after).length) * 4 / 3) + 8)
        }
      }),
      { numRuns: 300 }
    )
  })

  it("R15 masks the password of basic auth", () => {
    const header = `Basic ${bytes("ada:correct horse").toString("base64")}`

    assert.match(maskingOf("correct horse").text(header), /^Basic YWRh.?.?\*\*\*$/)
  })

  it("R15 masks the same in pieces as in one, wherever the text is split", () => {
    const secrets = fc.array(anySecret, { minLength: 1, maxLength: 4 })
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.constantFrom(...Object.keys(encodings))),
        filler,
        cuts,
        (secrets, names, filler, cuts) => {
          const masking = maskingOf(...secrets)
          const text = names.map((name, at) => encodings[name]!(secrets[at % secrets.length]!)).join(filler)
          const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length]
          const stream = masking.stream()
          let streamed = ""
          for (let at = 1; at < places.length; at++) streamed += stream.push(text.slice(places[at - 1], places[at]))

          assert.strictEqual(streamed + stream.end(), masking.text(text))
        }
      ),
      { numRuns: sampled(1_000) }
    )
  })

  it("R15 masks overlapping secrets in pieces as in one, one character at a time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\\"), minLength: 4, maxLength: 8 }), {
          minLength: 1,
          maxLength: 3
        }),
        fc.string({ unit: fc.constantFrom("a", "b", "\\"), maxLength: 40 }),
        (secrets, text) => {
          const masking = maskingOf(...secrets)
          const stream = masking.stream()
          const streamed = text.split("").map((character) => stream.push(character)).join("") + stream.end()

          assert.strictEqual(streamed, masking.text(text))
          for (const secret of secrets) assert.notInclude(streamed.replaceAll("***", "\n"), secret)
        }
      ),
      { numRuns: sampled(3_000) }
    )
  })

  it("R15 holds back a short secret inside the beginning of a longer one", () => {
    const stream = maskingOf("xabcdy", "abcd").stream()

    assert.strictEqual(stream.push("-xabcd"), "-")
    assert.strictEqual(stream.push("z"), "x***z")
    assert.strictEqual(stream.push("-xabcd") + stream.push("y"), "-***")
    assert.strictEqual(stream.end(), "")
  })

  it("R15 gives out at once what no secret can begin with", () => {
    const stream = maskingOf("hunter22").stream()

    assert.strictEqual(stream.push("progress 10 %\n"), "progress 10 %\n")
    assert.strictEqual(stream.push("the pass is hunt"), "the pass is ")
    assert.strictEqual(stream.push("er22, and hu"), "***, and ")
    assert.strictEqual(stream.push("ngry"), "hungry")
    assert.strictEqual(stream.end(), "")
  })

  it("R15 masks keys, texts, bytes and numbers of data, keeps the rest as it is, and loses no field", () => {
    const masking = maskingOf("s3cret", "918273")
    const clean = { a: [1, "x", null, Number.NaN], b: new Uint8Array([1]) }

    assert.strictEqual(masking.deep(clean), clean)
    assert.deepStrictEqual(
      masking.deep<unknown>({
        "s3cret": 1,
        "S3cret": "not s3cret?",
        "***": 2,
        list: [918273, 1918273, 918273n, Redacted.make("x"), new TextEncoder().encode("a s3cret")]
      }),
      { "***": 1, "S3cret": "not ***?", "****": 2, list: ["***", 1918273, "***", "***", "a ***"] }
    )
  })

  it("R15 masks the beginning of a secret where a text was cut", () => {
    const masking = maskingOf("correct-horse\"battery")

    for (
      const [cut, shown] of [
        ["token: correct-ho… (12 more characters)", "token: ***… (12 more characters)"],
        ["{\"a\":\"correct-horse\\\"ba...", "{\"a\":\"***..."],
        [`${btoa("user:correct-horse").slice(0, 20)}…`, "dXNlcj***…"],
        ["corr… and correct…", "***… and ***…"],
        ["cor... is too short to tell, and this is nothing...", "cor... is too short to tell, and this is nothing..."]
      ] as const
    ) assert.strictEqual(masking.text(cut).replace(/^dXNl\w*/, "dXNlcj"), shown)
  })

  it("R15 keeps __proto__ a key", () => {
    const masked = maskingOf("s3cret").deep(JSON.parse("{\"__proto__\":{\"a\":\"s3cret\"}}") as object)

    assert.strictEqual(JSON.stringify(masked), "{\"__proto__\":{\"a\":\"***\"}}")
  })

  it("R15 masks the lines of a key file one by one", () => {
    const first = "A".repeat(64)
    const second = `${"B".repeat(62)}==`
    const key = `-----BEGIN PRIVATE KEY-----\n${first}\n${second}\n-----END PRIVATE KEY-----\n`
    const masking = maskingOf(key)

    assert.strictEqual(masking.text(`| ${first}\n| ${second}`), "| ***\n| ***")
    assert.strictEqual(masking.text(key.replaceAll("\n", "\r\n")), "***")
  })

  it("R16 warns of a secret of fewer than four characters and does not mask it", () => {
    const masking = Masking.make()
    masking.add("abc", "pin")
    masking.add("😀😀😀")
    masking.add("abcd")
    masking.add(Redacted.make("", { label: "empty" }), "empty")

    assert.strictEqual(masking.text("abc abcd"), "abc ***")
    assert.deepStrictEqual(masking.warnings(), [
      "secret pin has fewer than 4 characters and is not masked",
      "secret (without a name) has fewer than 4 characters and is not masked"
    ])
  })

  it("R16 masks the longest secret where one is part of another, and overlapping ones whole", () => {
    const masking = maskingOf("pass", "password1", "word1234")

    assert.strictEqual(masking.text("pass password1 word1234"), "*** *** ***")
    assert.strictEqual(masking.text("password1234!"), "***!")
    assert.strictEqual(masking.text("passpass"), "******")
  })

  it("R16 ignores an empty secret", () => {
    const masking = maskingOf("")

    assert.strictEqual(masking.text("abc"), "abc")
    assert.deepStrictEqual(masking.warnings(), [])
  })

  it("masks what is added later, also in a stream that is under way", () => {
    const masking = Masking.make()
    const stream = masking.stream()
    assert.strictEqual(stream.push("late1234 "), "late1234 ")
    masking.add(Redacted.make("late1234"))

    assert.strictEqual(stream.push("late1234"), "***")
    assert.strictEqual(masking.text("late1234"), "***")
  })

  it("finds the parts that are secret, in order and apart", () => {
    assert.deepStrictEqual(maskingOf("abcd", "cdef").find("-abcdef-abcd"), [{ start: 1, end: 7 }, {
      start: 8,
      end: 12
    }])
  })

  it("stays linear on texts and secrets made of escapes", () => {
    const masking = maskingOf("\\".repeat(40), "\"".repeat(40), "%".repeat(40), "&".repeat(40))
    const took = leastMillis(1, () => {
      for (const unit of ["\\", "\"", "%25", "&amp;", "\\\""]) masking.text(unit.repeat(500))
    })

    assert.isBelow(took, 1_000)
  })

  it.effect("is a service", () =>
    Effect.gen(function*() {
      const masking = yield* Masking.Masking
      masking.add("service-secret")

      assert.strictEqual(masking.text("a service-secret"), "a ***")
    }).pipe(Effect.provide(Masking.Masking.layer)))

  it.each([
    ["postgres://ada:s3cret@db/shop", "postgres://ada:***@db/shop", "a database"],
    ["see http://u:p@h/x and amqp://:pw@h", "see http://u:***@h/x and amqp://:***@h", "several in a text"],
    ["http://host:8080/a@b", "http://host:8080/a@b", "a port is no password"],
    ["mongodb://u:p/a@h/x, redis://u:p@s#w?d@h", "mongodb://u:***@h/x, redis://u:***@h", "it should have been encoded"],
    ["amqp://h:5672/shop postgres://h:1/a", "amqp://h:5672/shop postgres://h:1/a", "servers without a password"],
    ["mailto:a:b@c", "mailto:a:b@c", "nor is what stands in no URL"]
  ])("hides the password of a URL that nobody called secret: %s", (text, shown, _because) => {
    assert.strictEqual(Masking.make().text(text), shown)
  })
})
