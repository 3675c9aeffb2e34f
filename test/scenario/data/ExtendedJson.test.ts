import { assert, describe, it } from "@effect/vitest"
import {
  Binary,
  Code,
  Decimal128,
  deserialize,
  Double,
  Int32,
  Long,
  MaxKey,
  ObjectId,
  serialize,
  Timestamp,
  UUID
} from "bson"
import * as fc from "fast-check"
import type { Value, ValueRecord } from "../../../src/core/Value.ts"
import { fromBson, NotBson, toBson } from "../../../src/scenario/data/ExtendedJson.ts"

const oid = "0123456789abcdef01234567"

/** A value of BSON, and the same as a plain value. */
const kinds: ReadonlyArray<readonly [kind: string, bson: unknown, plain: Value]> = [
  ["an ObjectId", new ObjectId(oid), { $oid: oid }],
  ["a date", new Date(0), { $date: "1970-01-01T00:00:00.000Z" }],
  ["a date before 1970", new Date(-5), { $date: { $numberLong: "-5" } }],
  ["a decimal", new Decimal128("12.50"), { $numberDecimal: "12.50" }],
  ["a UUID", new UUID("c8edabc3-f738-4ca3-b68d-ab92a91478a3"), { $uuid: "c8edabc3-f738-4ca3-b68d-ab92a91478a3" }],
  ["binary of a kind of its own", new Binary(new Uint8Array([1]), 128), { $binary: { base64: "AQ==", subType: "80" } }],
  ["a timestamp", new Timestamp({ t: 4_000_000_000, i: 2 }), { $timestamp: { t: 4_000_000_000, i: 2 } }],
  ["the greatest key", new MaxKey(), { $maxKey: 1 }],
  ["code", new Code("x => x"), { $code: "x => x" }],
  ["no number", new Double(NaN), { $numberDouble: "NaN" }],
  ["a big integer", Long.fromString("9007199254740993"), 9007199254740993n],
  ["plain binary", new Binary(new Uint8Array([1, 2]), 0), new Uint8Array([1, 2])]
]

/** As the store would give it back. */
const stored = (value: unknown): Value =>
  (fromBson(
    deserialize(serialize({ value }), { promoteLongs: false, promoteValues: true, bsonRegExp: true })
  ) as ValueRecord)[
    "value"
  ]!

describe("Extended JSON", () => {
  it.each(kinds)("%s keeps its kind there and back", (_, bson, plain) => {
    assert.deepEqual(fromBson(bson), plain)
    assert.deepEqual(stored(toBson(plain)), plain)
  })

  it("numbers are numbers, and absent is null", () => {
    assert.deepEqual(fromBson([new Int32(3), new Double(1.5), Long.fromNumber(7), undefined]), [3, 1.5, 7, null])
  })

  it("operators stay operators, and the kinds inside of them are found", () => {
    const filter = toBson({ a: { $regex: "^x", $options: "i" }, _id: { $in: [{ $oid: oid }] }, n: { $gt: 3 } })

    assert.deepEqual({ ...filter as object }, {
      a: { $regex: "^x", $options: "i" },
      _id: { $in: [new ObjectId(oid)] },
      n: { $gt: 3 }
    } as never)
  })

  it("dates may be milliseconds too", () => {
    assert.deepEqual(toBson({ $date: 5 }), new Date(5))
  })

  it.each<readonly [what: string, Value, path: string, message: RegExp]>([
    ["an ObjectId", { a: [{ $oid: "zz" }] }, "a.0", /24 character hex/],
    ["a date", { at: { $date: "yesterday" } }, "at", /no date/],
    ["a number beyond 64 bits", { n: 2n ** 63n }, "n", /more than 64 bits/],
    ["a long", { n: { $numberLong: "x" } }, "n", /no whole number/]
  ])("what no document can hold is told with its place: %s", (_, value, path, message) => {
    try {
      toBson(value)
      assert.fail("it was taken")
    } catch (error) {
      assert.instanceOf(error, NotBson)
      assert.strictEqual(error.path.join("."), path)
      assert.match(error.message, message)
    }
  })

  it("any plain data comes back as it was", () => {
    const key = fc.string({ maxLength: 8 }).filter((text) => !text.startsWith("$") && !text.includes("\0"))
    const data = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n === 0 ? 0 : n),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.string(),
        fc.uint8Array({ maxLength: 8 }),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(key, tie("value"), { maxKeys: 3 })
      )
    })).value

    fc.assert(fc.property(data, (value) => assert.deepEqual(plain(stored(toBson(value))), plain(value))))
  })
})

/** Without the difference between records that have a prototype and those that have none. */
const plain = (value: Value): unknown =>
  Array.isArray(value)
    ? value.map(plain)
    : typeof value === "object" && value !== null && !(value instanceof Uint8Array)
    ? new Map(Object.entries(value).map(([key, item]) => [key, plain(item as Value)]))
    : value
