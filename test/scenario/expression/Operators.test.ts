import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as Operators from "../../../src/scenario/expression/Operators.ts"

type Row = readonly [actual: Value, operator: string, expected: Value, answer: boolean, because: string]

const native: ReadonlyArray<Row> = [
  [1, "==", 1, true, "equal numbers"],
  [1, "=", 1n, true, "numbers of both kinds"],
  [1, "==", "1", false, "a number is not a text"],
  [null, "==", null, true, "null"],
  [[1, { a: 2 }], "==", [1, { a: 2 }], true, "deep"],
  [{ a: 1 }, "!=", { a: 1, b: 2 }, true, "another field"],
  [new Uint8Array([1]), "==", new Uint8Array([1]), true, "bytes"],
  [1, "<>", 2, true, "the other spelling of !="],
  [10, ">", 9, true, "numbers by value"],
  ["10", ">", "9", false, "texts by characters"],
  [2n ** 60n, ">=", 1.5, true, "both kinds in order"],
  ["abc", "contains", "b", true, "a part of a text"],
  [[1, 2], "contains", 2, true, "an item"],
  [{ a: 1 }, "contains", "a", true, "a key"],
  [[1, 2], "not_contains", "2", true, "no such item"],
  ["abc", "starts_with", "ab", true, "the start"],
  ["abc", "ends_with", "bc", true, "the end"],
  ["abc", "matches", "^a.c$", true, "a pattern"],
  ["abc", "not_matches", "\\d", true, "a pattern that is not found"],
  ["", "empty", null, true, "an empty text"],
  [0, "empty", null, false, "zero is something"],
  [[], "not_empty", null, false, "an empty list"],
  [2, "in", [1, 2], true, "an item"],
  [3, "not_in", [1, 2], true, "no item"],
  [10, "%", 5, true, "divisible"],
  [10, "%", 3, false, "not divisible"],
  [2n ** 60n, "%", 2, true, "big integers"],
  ["a", "type", "text", true, "the kind of a value"],
  [[1], "type", "object", false, "another kind"]
]

const robogo: ReadonlyArray<Row> = [
  [1, "==", "1", true, "values are compared as text"],
  [200, "==", 200, true, "numbers"],
  ["1.0", "==", 1, false, "text that differs"],
  [true, "==", "true", true, "booleans"],
  [null, "==", "<nil>", true, "nil"],
  [{ a: 1 }, "==", "map[a:1]", true, "maps as Go writes them"],
  ["10", ">", 9, true, "numeric when both are numbers"],
  ["b", ">", "a10", true, "else by characters"],
  ["10", ">", "9x", false, "one of them is no number"],
  ["1e3", "<=", "1000", true, "floats"],
  [[["42", "Ada"]], "contains", "Ada", true, "the text of a list"],
  [404, "contains", 40, true, "the text of a number"],
  [404, "starts_with", "4", true, "the start of that text"],
  [404, "matches", "^4\\d\\d$", true, "a pattern on that text"],
  ["  ", "empty", null, true, "white space is empty"],
  ["2", "in", [1, 2], true, "items as text"],
  ["b", "in", "abc", true, "a part of a text"],
  ["10", "%", "5", true, "numbers in text"]
]

describe("Operators", () => {
  for (const [mode, rows] of [["native", native], ["robogo", robogo]] as const) {
    for (const [actual, operator, expected, answer, because] of rows) {
      it(`${mode}: ${operator} is ${answer}: ${because}`, () => {
        assert.strictEqual(Operators.operators[operator]!(actual, expected, mode), answer)
      })
    }
  }

  const senseless: ReadonlyArray<readonly [Value, string, Value, string]> = [
    [1, ">", "a", "have no order"],
    [null, "<", 1, "have no order"],
    [1, "contains", 1, "contains nothing"],
    ["a", "contains", 1, "a text cannot contain a number"],
    [1, "starts_with", "1", "starts_with takes two texts"],
    ["a", "matches", "(", "is no pattern"],
    [1, "%", 0, "division by zero"],
    ["a", "%", 2, "% takes two numbers"],
    [1.5, "%", 2n ** 60n, "would have to be rounded"]
  ]
  for (const [actual, operator, expected, message] of senseless) {
    it(`${operator} says ${message}`, () => {
      assert.throws(() => Operators.operators[operator]!(actual, expected, "native"), message)
    })
  }

  it("has every operator that Robogo had, and no other names than it lists", () => {
    const wanted = (
      "== = != <> > < >= <= contains not_contains starts_with ends_with matches not_matches empty not_empty " +
      "in not_in % type"
    ).split(" ")
    assert.sameMembers([...Operators.operatorNames], wanted)
    assert.isUndefined(Operators.find("constructor"))
    assert.isDefined(Operators.find("=="))
  })

  it("equality is reflexive and symmetric, and holds between copies", () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [x, y] = [a as Value, b as Value]
      assert.isTrue(Operators.equal(x, structuredClone(x) as Value))
      assert.strictEqual(Operators.equal(x, y), Operators.equal(y, x))
    }))
  })
})
