/** The wall clock jumps back and forth while cases run. What takes how long is the business of the monotonic clock. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Schema } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as History from "../../src/programs/History.ts"
import * as CaseHistory from "../../src/programs/history/CaseHistory.ts"
import * as Formats from "../../src/programs/report/Formats.ts"
import type { Report } from "../../src/programs/report/Report.ts"
import * as Action from "../../src/scenario/Action.ts"
import { builtin } from "../../src/scenario/actions/builtin.ts"
import * as Fields from "../../src/scenario/Fields.ts"
import * as Testing from "../../src/testing.ts"
import { appears, folder, shell } from "../cli/commandLine.ts"

/** A clock whose wall time can be set; everything else is as it was. */
const jumping = Effect.map(Clock.Clock, (real) => {
  let offset = 0
  const now = () => real.currentTimeMillisUnsafe() + offset
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: now,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanosUnsafe: () => BigInt(Math.trunc(now() * 1e6)),
    currentTimeNanos: Effect.sync(() => BigInt(Math.trunc(now() * 1e6))),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration)
  }
  const jump = Action.make({
    name: "jump",
    family: "test",
    summary: "Sets the wall clock",
    input: Schema.Struct({ hours: Fields.describe(Fields.Int, "From the true time") }),
    positional: ["hours"],
    output: Schema.Null,
    effect: "write",
    examples: [{ title: "", yaml: "" }, { title: "", yaml: "" }],
    run: ({ hours }) =>
      Effect.sync(() => {
        offset = hours * 3_600_000
        return null
      })
  })
  return { clock, actions: [jump, ...builtin] }
})

const scenarios = {
  "jumps.yaml": `
name: Jumps
steps:
  - jump: -1
  - sleep: 20ms
  - jump: 2
  - http: http://shop.test/slow
    timeout: 2s
  - jump: -1
  - http: http://shop.test/flaky
    retry: { attempts: 3, delay: 10ms, backoff: exponential, on: ["5xx"] }
  - jump: 2
  - wait_for: { step: { http: http://shop.test/job }, until: body.done, interval: 5ms, timeout: 2s }
  - jump: -8760
  - { name: late, wait_for: { step: { log: x }, until: "1 == 2", interval: 5ms, timeout: 50ms }, expect_error: true }
  - jump: 2
`,
  "beside.yaml": `
name: Beside
data: [1, 2, 3]
timeout: 20s
steps:
  - { for: 30, sleep: 2ms }
  - shell: [sh, -c, "sleep 0.05"]
teardown:
  - sleep: 5ms
`
}

const routes = {
  "/slow": { delay: "60ms", text: "ok" },
  "/flaky": [{ status: 503 }, { status: 503 }, { text: "ok" }],
  "/job": [{ json: { done: false } }, { json: { done: false } }, { json: { done: true } }]
}

/** No duration of a report is negative, or longer than the run took in truth. */
const checkDurations = (report: Report, elapsed: number) => {
  const durations = [report, ...report.cases, ...report.cases.flatMap(({ steps }) => steps)].map((one) =>
    one.duration_ms
  )
  for (const duration of durations) {
    assert.isAtLeast(duration, 0)
    assert.isAtMost(duration, elapsed)
  }
}

describe("clocks that jump", () => {
  it.live("R33 time-outs, waits and durations are right while the wall clock jumps by hours", () =>
    Effect.gen(function*() {
      const { actions, clock } = yield* jumping
      const started = performance.now()
      const { directory, report } = yield* Testing.run(scenarios, {
        actions,
        caseTimeout: Duration.seconds(20),
        runTimeout: Duration.seconds(40)
      }).pipe(Effect.provideService(Clock.Clock, clock))
      const elapsed = performance.now() - started

      assert.deepStrictEqual(report.summary.passed, 4, JSON.stringify(report.cases.flatMap(({ failures }) => failures)))
      // Of minutes; a jump of the clock is an hour or more.
      assert.isBelow(elapsed, 30_000)
      checkDurations(report, elapsed)
      const timedOut = report.cases.flatMap(({ steps }) => steps).find(({ name }) => name === "late")
      assert.isAtLeast(timedOut!.duration_ms, 45)

      for (const format of Formats.formats) {
        assert.notMatch([...format.write(report)].join(""), /(?:time|duration)[_a-z]*"?[=:] ?"?-|NaN/)
      }
      yield* History.record(`${directory}/.skein`, report)
      const durations = CaseHistory.durations(yield* History.load(`${directory}/.skein`))
      for (const duration of durations.values()) assert.isAtLeast(duration, 0)
    }).pipe(Effect.provide(Testing.layer({ routes }))))

  const library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
  it.skipIf(!existsSync(library))("R33 the same for the whole command line, by libfaketime", async () => {
    using files = folder({
      "now": "+0",
      "a.yaml": `
name: A
timeout: 60s
steps:
  - file_write: { path: started, content: x }
  - { for: 200, sleep: 10ms, timeout: 30s }
  - { wait_for: { step: { log: x }, until: "1 == 2", interval: 5ms, timeout: 300ms }, expect_error: true }
`
    })
    const started = performance.now()
    const fake = `LD_PRELOAD=${library} FAKETIME_TIMESTAMP_FILE=now FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_NO_CACHE=1`
    const run = shell(`${fake} $SKEIN run a.yaml --format json --run-timeout 90s --report junit=report.xml`, files.path)
    await appears(join(files.path, "started"))
    for (const [at, offset] of ["-1h", "+2h", "-1d", "+1y", "+0"].entries()) {
      setTimeout(() => writeFileSync(join(files.path, "now"), offset), at * 300)
    }
    const { code, stderr, stdout } = await run.ended
    const elapsed = performance.now() - started

    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(stdout) as Report
    checkDurations(report, elapsed)
    assert.isAtLeast(report.duration_ms, 2_000)
    assert.notMatch(readFileSync(join(files.path, "report.xml"), "utf8"), /time="-/)
  })
})
