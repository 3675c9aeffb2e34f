import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import * as RobogoCondition from "../../../src/scenario/expression/RobogoCondition.ts"
import { leastMillis } from "../../support/processorTime.ts"
import { sampled } from "../../support/seeds.ts"
import { machine, namesOf } from "./world.ts"

const names = namesOf({
  status: 200,
  text: "a > b",
  name: "Ada",
  flag: true,
  off: "false",
  zero: 0,
  empty: "",
  nothing: null,
  rows: [[42, "Ada"]],
  message: "it isn't (yet) done && dusted",
  ENV: { MODE: "ci" }
})

const parse = (text: string): Expression.Expression => Result.getOrThrow(RobogoCondition.parse(text))
const ask = (text: string) => parse(text).run(names, machine)

const rows: ReadonlyArray<readonly [condition: string, answer: boolean, because: string]> = [
  ["true", true, "a literal"],
  ["false", false, "a literal"],
  ["${flag}", true, "a boolean"],
  ["${off}", false, "the text false"],
  ["${zero}", false, "zero"],
  ["${empty}", false, "an empty text"],
  ["${nothing}", false, "null"],
  ["${name}", true, "any other text"],
  ["", false, "nothing at all"],
  ["${status} == 200", true, "a number against a literal"],
  ["${status} == '200'", true, "quotes are taken off"],
  ["${status} == \"200\"", true, "both kinds"],
  ["'${name}' == 'Ada'", true, "on both sides"],
  ["${status}==200", true, "no space needed"],
  ["${status} != 404", true, "inequality"],
  ["${status} >= 200", true, ">= before >"],
  ["${status} > 99", true, "numeric, not by characters"],
  ["${name} > Aba", true, "by characters"],
  ["${text} == 'a > b'", true, "an operator inside quotes"],
  ["${text} contains '>'", true, "an operator as a value"],
  ["${name} contains da", true, "contains"],
  ["${name} not_contains x", true, "not_contains"],
  ["${name} starts_with 'A'", true, "starts_with"],
  ["${name} ends_with 'a'", true, "ends_with"],
  ["${name} matches '^A.a$'", true, "matches"],
  ["${rows} contains '42 Ada'", true, "a list as Go writes it"],
  ["${status} == 200 && ${name} == 'Ada'", true, "and"],
  ["${status} == 1 || ${name} == 'Ada'", true, "or"],
  ["${status} == 1 or ${status} == 200 and ${flag}", true, "words"],
  ["!${off}", true, "not"],
  ["not ${flag}", false, "not in a word"],
  ["!(${status} == 1 || ${status} == 2)", true, "round brackets"],
  ["(${status} == 200) && (${flag} == true)", true, "brackets round comparisons"],
  ["${message} contains 'isn't (yet)'", true, "a quote inside a word"],
  ["${message} contains '&& dusted'", true, "an operator inside quotes"],
  ["${ENV:MODE} == ci", true, "the environment"],
  ["${ENV:NONE} == ''", true, "unset is empty"],
  ["order and oranges", true, "two values that hold"],
  ["${name} == Ada or", true, "nothing after or is false"]
]

describe("RobogoCondition", () => {
  for (const [condition, answer, because] of rows) {
    it(`${condition || "an empty text"} is ${answer}: ${because}`, () => {
      assert.strictEqual(ask(condition), answer)
    })
  }

  it("values never change how the condition is read", () => {
    const value = fc.oneof(fc.string(), fc.constantFrom("x' == 'x", "a && b", "1 || 1", ") == (", "${status}", "!"))
    fc.assert(fc.property(value, (value) => {
      const scope = namesOf({ value, other: `${value}!` })
      assert.isTrue(parse("${value} == ${value}").run(scope, machine))
      assert.isTrue(parse("'${value}' != '${other}' && ${other} contains ${value}").run(scope, machine))
    }))
  })

  it("an unknown name is an error at its place", () => {
    const text = "${status} == 200 && '${nmae}' == 'x'"
    const result = Expression.evaluate(parse(text), names, machine)
    const error = Result.isFailure(result) ? result.failure : undefined

    assert.strictEqual(error?.message, "unknown name nmae")
    assert.strictEqual(text.slice(error!.start, error!.end), "nmae")
    assert.deepStrictEqual(parse(text).names.map((name) => text.slice(name.start, name.end)), ["status", "nmae"])
  })

  it("explains by the sides that read something", () => {
    assert.deepStrictEqual(Expression.explain(parse("${status} == 404 || ${name} == 'Bob'"), names, machine), [
      { expression: "${status}", value: "200" },
      { expression: "${name}", value: "\"Ada\"" }
    ])
  })

  it("folds conditions without names", () => {
    assert.strictEqual(parse("1 == 1").constant, true)
    assert.strictEqual(parse("0").constant, false)
    assert.isUndefined(parse("${status}").constant)
  })

  it("R08 answers absurd nesting with a problem, and long texts in time", () => {
    assert.isTrue(Result.isFailure(RobogoCondition.parse("!".repeat(10_000))))
    assert.isTrue(Result.isFailure(RobogoCondition.parse(`${"(".repeat(10_000)}1${")".repeat(10_000)}`)))
    for (const piece of ["(", ")", "'", "${", "'a ", "==", " and "]) {
      assert.isBelow(leastMillis(2, () => RobogoCondition.parse(piece.repeat(50_000))), 500, piece)
    }
  })

  it("throws EvaluationError only", () => {
    const words = "${status} ${name} ${nope} == != > ! ( ) ' \" && || a contains matches [ 1".split(" ")
    const piece = fc.constantFrom(...words, "not ", " and ", " or ", " ")
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
        const parsed = RobogoCondition.parse(pieces.join(""))
        if (Result.isSuccess(parsed)) {
          const result = Expression.evaluate(parsed.success, names, machine)
          if (Result.isSuccess(result)) assert.isBoolean(result.success)
          else assert.isAtLeast(result.failure.start, 0)
          Expression.explain(parsed.success, names, machine)
        }
      }),
      { numRuns: sampled(1000) }
    )
  })
})
