import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import * as LoadMetrics from "../../../src/programs/load/LoadMetrics.ts"
import * as RunMetrics from "../../../src/programs/RunMetrics.ts"
import { progressOf } from "./progress.ts"
import { bad } from "./results.ts"

describe("LoadMetrics", () => {
  it.effect("counts what has been and shows the last second", () =>
    Effect.gen(function*() {
      const seconds = progressOf(bad)
      yield* Effect.forEach(seconds, LoadMetrics.observe, { discard: true })
      const text = yield* RunMetrics.text

      assert.match(text, new RegExp(`^skein_load_requests_total ${bad.requests.total}$`, "m"))
      assert.match(text, /^skein_load_dropped_total 60$/m)
      assert.match(text, /^skein_load_requests_per_second 200$/m)
      assert.include(text, `skein_load_latency_seconds{quantile="0.99"} ${bad.seconds.at(-1)!.p99 / 1000}`)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})
