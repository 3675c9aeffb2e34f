import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ThresholdText from "../../src/scenario/ThresholdText.ts"

describe("ThresholdText", () => {
  const read: ReadonlyArray<readonly [text: string, limit: number, unit: string, because: string]> = [
    ["http.p95 < 300ms", 300, "ms", "a duration in milliseconds"],
    ["http.p99.9<1.5s", 1500, "ms", "no blanks, a part of a second"],
    ["errors.rate <= 1%", 0.01, "ratio", "a percentage is a share"],
    ["checks.rate == 1", 1, "count", "a bare number"],
    ["iterations.rate >= 1_200/m", 20, "per_second", "a rate by the minute"],
    ["http.max != 250us", 0.25, "ms", "microseconds"]
  ]
  it.each(read)("reads %s", (text, limit, unit) => {
    const parsed = Result.getOrThrow(ThresholdText.parse(text))

    assert.strictEqual(parsed.limit, limit)
    assert.strictEqual(parsed.unit, unit)
  })

  it("takes the filters apart, in any quotes", () => {
    const parsed = Result.getOrThrow(ThresholdText.parse("http.p99{step: \"Log in\", tag='a b', status: 200} < 1s"))

    assert.strictEqual(parsed.path, "http.p99")
    assert.deepStrictEqual(parsed.filters, [["step", "Log in"], ["tag", "a b"], ["status", "200"]])
  })

  const refused: ReadonlyArray<readonly [text: string, at: number, message: string]> = [
    ["", 0, "a metric"],
    ["300ms > http.p95", 0, "a metric"],
    ["http.p95", 8, "a comparison"],
    ["http.p95 < fast", 11, "a number"],
    ["http.p95 < 300 apples", 15, "apples is no unit"],
    ["http.p95{step} < 1s", 9, "a filter"],
    ["http.p95{step: \"a\" < 1s", 19, ", or }"]
  ]
  it.each(refused)("tells from where on %j cannot be read", (text, at, message) => {
    const parsed = ThresholdText.parse(text)

    assert.isTrue(Result.isFailure(parsed))
    if (Result.isFailure(parsed)) {
      assert.strictEqual(parsed.failure.at, at)
      assert.include(parsed.failure.message, message)
    }
  })
})
