/** How cached values look as bytes. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CacheCodec from "../../../src/layers/embedded/cache/CacheCodec.ts"

const times = fc.record({
  expiresAt: fc.integer({ min: 0, max: CacheCodec.never }),
  graceMillis: fc.integer({ min: 0, max: CacheCodec.maxGraceMillis })
})
const content = fc.oneof(
  fc.constant({ none: true } as const),
  fc.record({ none: fc.constant(false as const), json: fc.oneof(fc.jsonValue(), fc.string({ unit: "grapheme" })) })
)
/** What JSON makes of it: -0 becomes 0. */
const asJson = (stored: CacheCodec.Stored): unknown => JSON.parse(JSON.stringify(stored))

const size = (json: unknown, compressAbove: number) =>
  CacheCodec.write({ content: { none: false, json }, expiresAt: 1, graceMillis: 0 }, compressAbove).length

describe("CacheCodec", () => {
  it("what was written is read, deflated or not, with its times", () => {
    fc.assert(fc.property(content, times, fc.constantFrom(0, 20, Infinity), (content, times, compressAbove) => {
      const stored = { content, ...times }
      const read = CacheCodec.read(CacheCodec.write(stored, compressAbove))
      assert.deepStrictEqual(asJson(read!), asJson(stored))
    }))
  })

  it("new times replace those in the head and nothing else", () => {
    fc.assert(fc.property(content, times, times, (content, before, after) => {
      const bytes = CacheCodec.write({ content, ...before }, 50)
      CacheCodec.times(after).copy(bytes, 2)
      assert.deepStrictEqual(asJson(CacheCodec.read(bytes)!), asJson({ content, ...after }))
    }))
  })

  it("any bytes are read without throwing, and those of others count as missing", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = CacheCodec.read(bytes)
      if (bytes[0] !== CacheCodec.version) assert.isUndefined(read)
    }))
    for (const text of ["", "{}", "{\"a\":1}", "some longer text of somebody else"]) {
      assert.isUndefined(CacheCodec.read(Buffer.from(text)))
      assert.isFalse(CacheCodec.isGood(Buffer.from(text), 0))
    }
  })

  it("damaged bytes never come out as another kind of thing than a value or nothing", () => {
    const stored = { content: { none: false, json: { text: "x".repeat(500) } }, expiresAt: 5, graceMillis: 1 } as const
    const bytes = CacheCodec.write(stored, 100)
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, length) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = byte
      CacheCodec.read(damaged.subarray(0, length))
    }))
  })

  it("the head is 12 bytes, so that a small value stays small; large ones are deflated when that helps", () => {
    assert.strictEqual(CacheCodec.write({ content: { none: true }, expiresAt: 1, graceMillis: 0 }, 0).length, 12)
    assert.strictEqual(size("text", 0), 16)
    assert.strictEqual(size({ a: 1 }, 0), 12 + "{\"a\":1}".length)
    assert.isBelow(size("x".repeat(10_000), 1_000), 200)
    assert.strictEqual(size("x".repeat(10_000), Infinity), 10_012)
  })

  const value = { content: { none: false, json: 1 }, graceMillis: 0 } as const
  for (
    const [what, bytes, now, good] of [
      ["a value before its end", CacheCodec.write({ ...value, expiresAt: 100 }, 0), 99, true],
      ["a value at its end", CacheCodec.write({ ...value, expiresAt: 100 }, 0), 100, false],
      [
        "that there is none",
        CacheCodec.write({ content: { none: true }, expiresAt: 100, graceMillis: 0 }, 0),
        1,
        false
      ],
      ["the head alone of a value", CacheCodec.write({ ...value, expiresAt: 100 }, 0).subarray(0, 12), 1, true],
      ["nothing", undefined, 1, false]
    ] as const
  ) {
    it(`isGood: ${what} is ${good}`, () => assert.strictEqual(CacheCodec.isGood(bytes, now), good))
  }
})
