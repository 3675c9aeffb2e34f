import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { Recorder } from "../../../../src/programs/load/figures/Recorder.ts"
import * as Thresholds from "../../../../src/programs/load/figures/Thresholds.ts"
import type { Threshold } from "../../../../src/scenario/LoadBlock.ts"
import { ticksPerMilli } from "../../../../src/services/LoadClock.ts"

const known = {
  actions: ["http", "postgres"],
  steps: ["Log in", "Buy"],
  tags: ["slow"],
  scenarios: ["shop"],
  metrics: ["basket"]
}
const rule = (expression: string, more: Partial<Threshold> = {}): Threshold => ({
  expression,
  abort: false,
  delayMillis: 0,
  ...more
})
const compile = (expression: string, more: Partial<Threshold> = {}) =>
  Result.getOrThrow(Thresholds.compile([rule(expression, more)], known))[0]!

const at = (millis: number) => millis * ticksPerMilli

/** 100 answers of `Log in`, 1 to 100 ms; 10 of `Buy`, 1 s, two of them failed; a slow query; a metric; drops. */
const figures = () => {
  const recorder = new Recorder([true])
  const load = recorder.loads[0]!
  const login = load.step({ scenario: "shop", name: "Log in", action: "http", tags: [] })
  const buy = load.step({ scenario: "shop", name: "Buy", action: "http", tags: ["slow"] })
  const query = load.step({ scenario: "shop", name: "Rows", action: "postgres", tags: ["slow"] })
  // Each waited 5 ms for a user.
  for (let millis = 1; millis <= 100; millis++) login.response(0, at(5), at(5 + millis), 200, 1_000, 100)
  for (let count = 0; count < 8; count++) buy.response(0, 0, at(1_000), 201, 10, 10)
  buy.response(0, 0, at(1_000), 503, 10, 10)
  buy.failed("status 503", () => "the target answered 503")
  buy.error(0, 0, at(2_000), "reset", () => "the connection was closed")
  query.response(0, 0, at(20), 0, 0, 0)
  for (const passed of [true, true, true, false]) login.check(passed)
  for (const value of [10, 20, 30]) load.metric("basket", "trend").add(value)
  load.completed = 50
  load.due = 60
  load.dropped = 6
  return recorder
}

describe("thresholds", () => {
  const view = { figures: figures(), seconds: 10 }
  const asked: ReadonlyArray<readonly [path: string, value: number | null, because: string]> = [
    ["http.p50{step: \"Log in\"}", 55, "from the intended start"],
    ["http.service.p50{step: \"Log in\"}", 50, "from the start"],
    ["http.p99.9{step: 'Log in'}", 105, "a percentile with a point"],
    ["http.max", 1_000, "errors are no latencies"],
    ["requests.min", 6, "all actions"],
    ["postgres.mean", 20, "another action"],
    ["requests.p50{tag: slow}", 1_000, "steps with a tag"],
    ["http.count", 110, "failed ones included"],
    ["http.rate", 11, "a second"],
    ["http.count{status: 503}", 1, "of a status"],
    ["http.count{status: 2xx}", 108, "of a class of statuses"],
    ["http.p50{status: 200}", 55, "the times of a status"],
    ["http.max{status: 2xx, step: \"Log in\"}", 105, "the times of a class, of one step"],
    ["http.count{status: 2xx, step: \"Buy\"}", 8, "a status of one step"],
    ["http.p95{status: 404}", null, "no answer had it"],
    ["http.failed", 2, "without and with an answer"],
    ["http.bytes_in{step: \"Buy\"}", 90, "bytes"],
    ["errors.count", 2, "of all steps"],
    ["errors.rate{step: \"Buy\"}", 0.2, "of one step"],
    ["checks.rate", 0.75, "of checks"],
    ["iterations.count", 50, "completed ones"],
    ["iterations.rate", 5, "a second"],
    ["dropped.count", 6, "drops"],
    ["dropped.rate", 0.1, "of those that were due"],
    ["basket.max", 30, "an own trend"],
    ["basket", 20, "the mean of a trend"],
    ["basket.count", 3, "how often it was told"],
    ["lateness.p99", null, "nothing was late yet"],
    ["http.p95{step: \"Log in\", tag: slow}", null, "nothing fits both"]
  ]
  for (const [path, value, because] of asked) {
    it(`${path} is ${value}: ${because}`, () => {
      const unit = /\.(p[\d.]+|min|max|mean)/.test(path) && !path.startsWith("basket") ? "ms" : ""
      const answer = compile(`${path} < 1${unit}`).ask(view)

      if (value === null) assert.isNull(answer)
      else assert.closeTo(answer!, value, value * 0.0005)
    })
  }

  it("everything that is wrong is told at once, with its place and what was probably meant", () => {
    const wrong: ReadonlyArray<readonly [expression: string, message: string, hint: string]> = [
      ["htp.p95 < 1ms", "there is no metric htp", "did you mean http?"],
      ["constructor < 1", "there is no metric constructor", "there are iterations, dropped"],
      ["http.p95 < 300", "http.p95 is a time", "write it as 300ms"],
      ["errors.rate < 5ms", "errors.rate is a share", "write it as 1%"],
      ["http.p95{step: \"Log on\"} < 1s", "there is no step \"Log on\"", "did you mean Log in?"],
      ["http.p95{stp: Buy} < 1s", "figures cannot be narrowed by stp", "did you mean step?"],
      [
        "http.service.p95{status: 200} < 1s",
        "http.service.p95 is not kept by status",
        "response times are, from the intended start: http.p95"
      ],
      ["http.count{status: 2000} < 1", "2000 is no status", "write 503 or 5xx"],
      ["http.p95 < 300mz", "mz is no unit: there are us, ms, s, m, %, /s, /m", ""],
      ["http.p95 < 1%", "http.p95 is a time", "write it as 300ms"],
      ["http.p101 < 1s", "http.p101 is nothing that is measured", "after the last point can stand p50"],
      ["dropped.count{step: Buy} < 1", "dropped.count is of the whole run: it cannot be narrowed", ""],
      ["checks.speed < 1", "checks.speed is nothing that is measured", "after the last point can stand rate, count"]
    ]
    const compiled = Thresholds.compile(wrong.map(([expression]) => rule(expression)), known)

    const problems = Result.isFailure(compiled) ? compiled.failure : []
    assert.deepStrictEqual(
      problems.map(({ message, threshold }) => [threshold.expression, message]),
      wrong.map(([expression, message]) => [expression, message])
    )
    for (const [index, [, , hint]] of wrong.entries()) assert.include(problems[index]?.hint ?? "", hint)
  })

  it("a window is judged by its worst, and once failed stays so", () => {
    const judge = new Thresholds.Judge(compile("http.rate > 5/s", { overMillis: 10_000 }))
    const results = [10, 30, 11].map((seconds) => {
      judge.judge({ figures: view.figures, seconds }, 20_000)
      return judge.result
    })

    assert.deepStrictEqual(results.map(({ passed }) => passed), [true, false, false])
    assert.closeTo(results[2]!.actual!, 110 / 30, 1e-9)
    assert.strictEqual(results[2]!.over_s, 10)
  })

  it("nothing is judged during the delay; what was never measured has not passed", () => {
    const judge = new Thresholds.Judge(compile("http.p95 < 1ms", { delayMillis: 5_000, abort: true }))

    assert.isFalse(judge.judge(view, 5_000))
    assert.deepStrictEqual([judge.result.passed, judge.result.actual], [false, null])
    assert.isTrue(judge.judge(view, 5_001))
    assert.deepStrictEqual([judge.result.passed, judge.result.aborted], [false, true])
  })

  const compared: ReadonlyArray<readonly [expression: string, passed: boolean]> = [
    ["http.count == 110", true],
    ["http.count != 110", false],
    ["http.count <= 110", true],
    ["http.count < 110", false],
    ["http.count >= 110", true],
    ["http.count > 110", false],
    ["checks.rate == 75%", true],
    ["checks.rate == 0.75", true],
    ["http.max < 2s", true]
  ]
  for (const [expression, passed] of compared) {
    it(`${expression} ${passed ? "holds" : "does not hold"}`, () => {
      const judge = new Thresholds.Judge(compile(expression))
      judge.judge(view, 1)
      assert.strictEqual(judge.result.passed, passed)
    })
  }
})
