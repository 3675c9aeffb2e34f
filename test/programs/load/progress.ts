/** What a run would have told while it went on, made from its result. */
import { Histogram } from "../../../src/core/Histogram.ts"
import * as Histograms from "../../../src/programs/load/figures/Histograms.ts"
import type { LoadProgress } from "../../../src/programs/load/LoadProgress.ts"
import type { LoadResult } from "../../../src/programs/load/LoadResult.ts"
import { ticksPerMilli } from "../../../src/services/LoadClock.ts"
import { distribution } from "./results.ts"

/** One per second of the result, in order. All of them share the latencies of the whole run. */
export const progressOf = (result: LoadResult): ReadonlyArray<LoadProgress> => {
  const histogram = new Histogram()
  for (const { count, ms } of Histograms.buckets(Histograms.ofRun(result))) {
    for (let i = 0; i < count; i++) histogram.record(ms * ticksPerMilli)
  }
  const latency = distribution(histogram)
  let [requests, failed, dropped] = [0, 0, 0]
  return result.seconds.map((second) => {
    requests += second.completed
    failed += second.errors
    dropped += second.dropped
    return {
      phase: "running",
      elapsedMillis: (second.at + 1) * 1000,
      totalMillis: result.duration_s * 1000,
      second,
      isWhole: true,
      requests,
      failed,
      iterations: requests / 2,
      dropped,
      bytesIn: requests * 640,
      checks: { passed: requests - failed, failed },
      latency: () => latency,
      statuses: result.statuses,
      errors: failed === 0 ? [] : result.errors.kinds,
      thresholds: result.thresholds,
      histogram
    }
  })
}
