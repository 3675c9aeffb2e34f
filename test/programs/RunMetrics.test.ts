import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import * as RunMetrics from "../../src/programs/RunMetrics.ts"
import type { Event } from "../../src/scenario/Event.ts"

const location = { file: "shop.yaml", line: 3, column: 5 }
const started: Event = {
  _tag: "CaseStarted",
  case: "a",
  name: "a",
  file: "shop.yaml",
  line: 1,
  tags: [],
  attempt: 1,
  at: 0
}
const step: Event = {
  _tag: "StepFinished",
  case: "a",
  step: "steps[0]",
  name: "Create an order",
  action: "http",
  phase: "steps",
  summary: true,
  location,
  status: "passed",
  at: 30,
  duration_ms: 30,
  attempts: 1,
  failures: [],
  continued: false,
  attachments: []
}
const finished: Event = {
  _tag: "CaseFinished",
  case: "a",
  name: "a",
  file: "shop.yaml",
  status: "passed",
  attempt: 1,
  at: 40,
  duration_ms: 40,
  failures: []
}

describe("RunMetrics", () => {
  it.effect("counts cases and steps, and files steps under their duration", () =>
    Effect.gen(function*() {
      const observe = yield* RunMetrics.observer
      yield* observe(started)
      assert.include(yield* RunMetrics.text, "skein_cases_running 1")

      yield* observe(step)
      yield* observe(finished)

      const text = yield* RunMetrics.text
      assert.include(text, "skein_cases_running 0")
      assert.include(text, `skein_cases_total{status="passed"} 1`)
      assert.include(text, `skein_steps_total{action="http",status="passed"} 1`)
      assert.include(text, `skein_step_duration_seconds_bucket{action="http",le="0.025"} 0`)
      assert.include(text, `skein_step_duration_seconds_bucket{action="http",le="0.05"} 1`)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("R15 says nothing that comes from a file", () =>
    Effect.gen(function*() {
      const observe = yield* RunMetrics.observer
      yield* observe({ ...step, name: "s3cret-name", output: "s3cret-output" })

      assert.notInclude(yield* RunMetrics.text, "s3cret")
    }))
})
