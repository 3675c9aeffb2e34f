import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Parser from "../../../src/scenario/expression/Parser.ts"
import { leastMillis } from "../../support/processorTime.ts"
import { sampled } from "../../support/seeds.ts"
import { problems } from "./world.ts"

const rows: ReadonlyArray<readonly [text: string, place: string, message: string, hint: string | undefined]> = [
  ["", "", "there is no expression", "write a name"],
  ["   ", "", "there is no expression", undefined],
  ["status = 200", "=", "= is no operator", "write =="],
  ["status === 200", "===", "=== is no operator", "write =="],
  ["status !== 200", "!==", "!== is no operator", "write !="],
  ["status <> 200", "<>", "<> is no operator", "write !="],
  ["a & b", "&", "& is no operator", "write &&"],
  ["a | b", "|", "| is no operator", "write ||"],
  ["name =~ 'x'", "=~", "=~ is no operator", "matches("],
  ["2 ** 3", "**", "** is no operator", "multiply"],
  ["a AND b", "AND", "AND is no operator", "write and"],
  ["a OR b", "OR", "OR is no operator", "write or"],
  ["NOT a", "NOT", "NOT is no operator", "write not"],
  ["NOT(a)", "NOT", "unknown function NOT", "did you mean \"not\"?"],
  ["a == True", "True", "True is no value", "write true"],
  ["a == None", "None", "None is no value", "write null"],
  ["a == undefined", "undefined", "undefined is no value", "write null"],
  ["name == “Ada”", "“", "“ is no quotation mark", "straight quotes"],
  ["name == ‘Ada’", "‘", "‘ is no quotation mark", "straight quotes"],
  ["name == `Ada`", "`", "` is no quotation mark", "straight quotes"],
  ["${status} == 200", "${", "${...} inside an expression", "bare"],
  ["{{ status }} == 200", "{", "{{...}} inside an expression", "bare"],
  ["status is 200", "is", "expected the end, found is", "write =="],
  ["body contains 'x'", "contains", "expected the end, found contains", "contains(whole, part)"],
  ["body.items.0.id", "0", "expected a field name", "items[0]"],
  ["1 < 2 < 3", "<", "comparisons cannot be chained", "1 < 2 && 2 < ..."],
  ["a == b == c", "==", "comparisons cannot be chained", "a == b && b == ..."],
  ["status +", "", "but the expression ends", undefined],
  ["(status", "", "expected ) to close the bracket, but the expression ends", undefined],
  ["status)", ")", "expected the end, found )", undefined],
  ["[1, 2", "", "expected ] to close the list", undefined],
  ["a[0", "", "expected ] after the index", undefined],
  ["{a 1}", "1", "expected : after the field name", undefined],
  ["{a: 1, a: 2}", "a", "the field a is given twice", undefined],
  ["{1: 2}", "1", "expected a field name", undefined],
  ["a ? b", "", "expected : and what holds otherwise", undefined],
  ["'abc", "'abc", "the text has no closing quote", "add '"],
  ["5xx", "5xx", "no number, duration or size", "300ms"],
  ["1_000", "1_000", "no number", undefined],
  ["1 # 2", "#", "unexpected character \"#\"", undefined],
  ["a; b", ";", "unexpected character \";\"", undefined],
  ["😀", "😀", "unexpected character \"😀\"", undefined],
  ["lowr('A')", "lowr", "unknown function lowr", "did you mean \"lower\"?"],
  ["eval('1')", "eval", "unknown function eval", undefined],
  ["body.toString()", "toString", "unknown function toString", "did you mean \"string\"?"],
  ["size()", "size()", "size takes 1 argument, not 0", "it is size("],
  ["replace('a', 'b')", "replace('a', 'b')", "replace takes 3 arguments, not 2", "it is replace("],
  ["range(1, 2, 3, 4)", "range(1, 2, 3, 4)", "range takes 1 to 3 arguments, not 4", "it is range("],
  ["coalesce()", "coalesce()", "coalesce takes at least 1 argument, not 0", "it is coalesce("],
  ["map(rows, 1)", "1", "map takes item => ... here", "it is map("],
  ["lower(x => x)", "x => x", "lower takes a value here, not item => ...", "it is lower("],
  ["map(rows, (a, b, c) => a)", "a", "item => ... takes an item and its index", undefined],
  ["x => x", "=>", "expected the end, found =>", "is an argument of map"],
  ["has(1 + 2)", "1 + 2", "has takes a path", "has(body"]
]

describe("Parser", () => {
  for (const [text, place, message, hint] of rows) {
    it(`${text || "an empty text"}: ${message}`, () => {
      const [problem, ...more] = problems(text)

      assert.include(problem?.message, message)
      if (hint !== undefined) assert.include(problem?.hint, hint)
      if (place !== "a") assert.strictEqual(text.slice(problem!.start, problem!.end), place)
      assert.deepStrictEqual(more, [])
    })
  }

  it("reports all problems of a text at once, in the order of the text", () => {
    const found = problems("status = 200 AND lowr(name) == “Ada” OR size() === None")

    assert.deepStrictEqual(found.map((problem) => problem.message), [
      "= is no operator",
      "AND is no operator",
      "unknown function lowr",
      "“ is no quotation mark here",
      "OR is no operator",
      "size takes 1 argument, not 0",
      "=== is no operator",
      "None is no value"
    ])
  })

  it("R08 answers deep nesting, long chains and long texts with a problem", () => {
    const deep = ["(".repeat(10_000), "[".repeat(10_000), "-".repeat(10_000), "!".repeat(10_000), "not ".repeat(10_000)]
    const cases = [
      ...[...deep, "a ? ".repeat(10_000), "f(".repeat(10_000), "{a:".repeat(10_000)].map((
        text
      ) => [text, "nested deeper"]),
      ...["1+", "a.b+", "a&&", "a ?? "].map((text) => [text.repeat(10_000) + "1", "operators in one chain"]),
      [`a${".b".repeat(10_000)}`, "operators in one chain"],
      [`a${"[0]".repeat(10_000)}`, "operators in one chain"],
      [`'${"x".repeat(1_000_000)}`, "longer than"],
      [`1 + ${"x".repeat(1_000_000)}`, "longer than"],
      ["1 ".repeat(500_000), "longer than"]
    ] as const
    for (const [text, message] of cases) {
      const messages = problems(text!).map((problem) => problem.message)

      assert.isTrue(messages.some((found) => found.includes(message!)), `${text!.slice(0, 20)}: ${messages[0]}`)
      assert.isBelow(leastMillis(2, () => problems(text!)), 300, text!.slice(0, 20))
    }
  })

  it("parses nesting and chains of the length that people write", () => {
    assert.deepStrictEqual(problems(`${"(".repeat(100)}1${")".repeat(100)}`), [])
    assert.deepStrictEqual(problems(`1${" + 1".repeat(900)}`), [])
  })

  it("never throws, and gives every problem a place in the text", () => {
    const words = (
      "a body . [ ] ( ) { } ' \" 1 2.5 % ms == = < && and not in ?? ? : , => map has( ${ $ \\ “ - + \n 😀 " +
      "\u0000 true"
    ).split(" ")
    const piece = fc.constantFrom(...words, "x => x", " ")
    const text = fc.oneof(fc.string(), fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")))
    fc.assert(
      fc.property(text, fc.boolean(), (text, hole) => {
        const parsed = Parser.parse(text, 0, hole)

        assert.strictEqual(parsed.node === undefined, parsed.problems.length > 0)
        for (const { end, start } of parsed.problems) {
          assert.isTrue(start >= 0 && start <= end && end <= text.length, JSON.stringify({ text, start, end }))
        }
      }),
      { numRuns: sampled(2000) }
    )
  })
})
