import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as Arithmetic from "../../../src/scenario/expression/Arithmetic.ts"
import { failure, namesOf, problems, run } from "./world.ts"

const exact: ReadonlyArray<readonly [expression: string, value: Value, because: string]> = [
  ["9007199254740991", 9_007_199_254_740_991, "the last integer that a double holds alone"],
  ["9007199254740992", 9_007_199_254_740_992n, "the first that it shares"],
  ["9007199254740993 + 1", 9_007_199_254_740_994n, "a sum beyond 2^53"],
  ["9007199254740991 + 2", 9_007_199_254_740_993n, "a sum that crosses 2^53"],
  ["-9007199254740991 - 2", -9_007_199_254_740_993n, "and below"],
  ["9007199254740993 - 9007199254740992", 1, "back to a plain number"],
  ["3037000500 * 3037000500", 9_223_372_037_000_250_000n, "a product that crosses 2^53"],
  ["18446744073709551615 % 10", 5, "a remainder"],
  ["18446744073709551616 / 2", 9_223_372_036_854_775_808n, "a division without a remainder"],
  ["-18446744073709551615", -18_446_744_073_709_551_615n, "a sign"],
  ["9007199254740993 == 9007199254740992", false, "neighbours differ"],
  ["9007199254740993 > 9007199254740992", true, "and have an order"],
  ["id == 9007199254740993", true, "a value from outside equals its literal"],
  ["max(id, 1)", 9_007_199_254_740_993n, "the greatest of both kinds"],
  ["sum([id, id])", 18_014_398_509_481_986n, "a sum of a list"],
  ["number('9007199254740993')", 9_007_199_254_740_993n, "a number read from text"],
  ["int('123456789012345678901234567890')", 123_456_789_012_345_678_901_234_567_890n, "a long one"],
  ["abs(-9007199254740993)", 9_007_199_254_740_993n, "without its sign"],
  ["text(id)", "9007199254740993", "as text"],
  ["to_json([id])", "[9007199254740993]", "as JSON"],
  ["json('[9007199254740993]')[0]", 9_007_199_254_740_993n, "from JSON"],
  ["unique([id, 9007199254740993])", [9_007_199_254_740_993n], "as an item"],
  ["0.1 + 0.2", 0.1 + 0.2, "fractions are doubles"],
  ["1e3 + 0.5", 1000.5, "so is what has an exponent"],
  ["0 * -1 == 0 and text(0 * -1) == '0'", true, "there is one zero"],
  ["5 / 2", 2.5, "a division of small integers"],
  ["6 / 3", 2, "without a remainder"]
]

const refused: ReadonlyArray<readonly [expression: string, message: string, because: string]> = [
  ["9007199254740993 / 2", "is no whole number", "a fraction of a big integer would be rounded"],
  ["9007199254740993 + 0.5", "would have to be rounded", "so would a sum with a fraction"],
  ["9007199254740993 * 1e20", "would have to be rounded", "1e20 is a double"],
  ["1e308 * 10", "too large", "there is no infinity"],
  ["1 / 0", "division by zero", "not even so"],
  ["0 / 0", "division by zero", "there is no NaN"],
  ["5 % 0", "division by zero", "for remainders as well"],
  ["number('1e400')", "is no number", "a text beyond a double"],
  ["number('0x10')", "is no number", "numbers are decimal"],
  ["number('')", "is no number", "an empty text is not zero"],
  ["number('NaN')", "is no number", "nor is a word"]
]

describe("R05 integers beyond 2^53 are exact or an error", () => {
  const names = namesOf({ id: 9_007_199_254_740_993n })

  for (const [expression, value, because] of exact) {
    it(`R05 ${expression}: ${because}`, () => {
      assert.deepStrictEqual(run(expression, names), value)
    })
  }

  for (const [expression, message, because] of refused) {
    it(`R05 ${expression} is an error: ${because}`, () => {
      assert.include(failure(expression, names).message, message)
    })
  }

  it("R05 a literal beyond a double is a problem of the text", () => {
    assert.include(problems("1e400")[0]?.message, "too large")
    assert.include(problems(`1${"0".repeat(400)}`)[0]?.message, "too large")
  })

  it("R05 powers by repeated multiplication end in an error, not in endless digits", () => {
    assert.strictEqual(failure(Array.from({ length: 300 }, () => "9007199254740993").join(" * ")).code, "too-much")
  })
})

const around = (middle: bigint) => fc.bigInt({ min: middle - 5n, max: middle + 5n })

const integer = fc.oneof(
  ...[-(2n ** 53n), -(2n ** 52n), 0n, 2n ** 26n, 2n ** 52n, 2n ** 53n].map(around),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
)

describe("Arithmetic", () => {
  const operations = [
    ["+", Arithmetic.add, (a: bigint, b: bigint) => a + b],
    ["-", Arithmetic.subtract, (a: bigint, b: bigint) => a - b],
    ["*", Arithmetic.multiply, (a: bigint, b: bigint) => a * b]
  ] as const
  for (const [name, operation, reference] of operations) {
    it(`R05 ${name} of any integers is what big integers give`, () => {
      fc.assert(fc.property(integer, integer, (a, b) => {
        const result = operation(Arithmetic.normalise(a), Arithmetic.normalise(b))
        assert.strictEqual(BigInt(result), reference(a, b))
        assert.strictEqual(typeof result === "number", Number.isSafeInteger(Number(reference(a, b))))
      }))
    })
  }

  it("R05 a number read from the text of an integer writes the same text", () => {
    fc.assert(fc.property(fc.bigInt(), (value) => {
      assert.strictEqual(String(Arithmetic.fromText(String(value))), String(value))
    }))
  })
})
