import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as LinearRegex from "../../src/core/LinearRegex.ts"
import { leastMillis } from "../support/processorTime.ts"

const compile = (pattern: string, flags?: string) => Result.getOrThrow(LinearRegex.compile(pattern, flags))

const problem = (pattern: string, flags?: string) =>
  Result.match(LinearRegex.compile(pattern, flags), { onSuccess: () => undefined, onFailure: (problem) => problem })

const hostile: ReadonlyArray<readonly [pattern: string, text: string]> = [
  ["^(a+)+$", "a"],
  ["^([a-zA-Z]+)*$", "a"],
  ["^(a|aa)+$", "a"],
  ["^(a|a?)+$", "a"],
  ["^(.*a){12}$", "a"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a"],
  ["(x+x+)+y", "x"],
  ["^(?:a|b|ab)*c$", "ab"],
  ["^(\\w+\\s?)*$", "a b"],
  ["^\\s*(\\S+\\s*)*;$", "a "],
  ["(a*)*b", "a"],
  ["^([a-z0-9._-]+)+@([a-z0-9-]+\\.)+[a-z]{2,}$", "a."],
  ["(.*)(.*)(.*)(.*)[^a]{3}$", "a"]
]

describe("LinearRegex", () => {
  for (const [pattern, unit] of hostile) {
    it(`R09 ${pattern} answers within 100 ms on 50 kB`, () => {
      const text = `${unit.repeat(50_000 / unit.length)}!`
      const regex = compile(pattern)
      const millis = leastMillis(3, () => {
        regex.test(text)
        regex.exec(text)
      })
      assert.isBelow(millis, 100)
    })
  }

  it("R09 stops a search for all matches that would be quadratic", () => {
    const text = "a".repeat(50_000)
    const regex = compile("a.*b|a")
    const replaced = regex.replaceAll(text, "x")

    assert.isTrue(Result.isFailure(replaced) && replaced.failure.message.includes("takes too long"))
    assert.isTrue(Result.isFailure(regex.matchAll(text)))
    assert.isBelow(leastMillis(3, () => regex.replaceAll(text, "x")), 200)
  })

  it("finds every match of a pattern that stops early, however many", () => {
    assert.strictEqual(
      Result.getOrThrow(compile("[^,]+").replaceAll("ab,".repeat(20_000), "x")),
      "x,".repeat(20_000)
    )
  })

  it("R09 refuses patterns that grow beyond bounds when compiled", () => {
    assert.include(problem("(a{1000}){1000}")?.message, "is no pattern")
    assert.include(problem("(".repeat(5000) + ")".repeat(5000))?.message, "is no pattern")
    assert.include(problem("a".repeat(LinearRegex.maxPatternLength + 1))?.message, "longer than")
  })

  it("says what is wrong with a pattern, and that lookaround is left out on purpose", () => {
    assert.include(problem("[a-")?.message, "\"[a-\" is no pattern")
    assert.include(problem("a(?=b)")?.hint, "lookaround")
    assert.include(problem("(a)\\1")?.hint, "back-references")
    assert.isUndefined(problem("(")?.hint)
    assert.include(problem("a", "x")?.message, "unknown flag \"x\"")
  })

  it("takes flags for any case, lines and dots", () => {
    assert.isTrue(compile("^B$", "im").test("a\nb"))
    assert.isFalse(compile("^B$").test("a\nb"))
    assert.isTrue(compile("a.b", "s").test("a\nb"))
    assert.isFalse(compile("a.b").test("a\nb"))
  })

  it("tests anywhere or the whole text", () => {
    assert.isTrue(compile("\\d+").test("order 7"))
    assert.isFalse(compile("\\d+").testWhole("order 7"))
    assert.isTrue(compile("\\d+").testWhole("77"))
  })

  it("gives groups in order and by name; a group that took no part is undefined", () => {
    const match = compile("(?<year>\\d{4})-(?P<month>\\d\\d)(-\\d\\d)?").exec("on 2024-05")

    assert.deepStrictEqual(match?.groups, ["2024", "05", undefined])
    assert.deepStrictEqual({ ...match?.named }, { year: "2024", month: "05" })
    assert.strictEqual(match?.index, 3)
    assert.strictEqual(match?.text, "2024-05")
    assert.isUndefined(compile("x").exec("y"))
  })

  it("gives all matches, empty ones between characters included", () => {
    const matches = Result.getOrThrow(compile("x*").matchAll("aé😀"))
    assert.deepStrictEqual(matches.map((match) => match.index), [0, 1, 2, 4])
  })

  it("replaces with groups and names", () => {
    assert.strictEqual(
      Result.getOrThrow(compile("(?<a>\\w)(\\d)").replaceAll("a1 b2", "$2$<a>$$")),
      "1a$ 2b$"
    )
  })
})
