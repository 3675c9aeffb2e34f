/**
 * The histogram log of HdrHistogram (format 1.3), for its own tools and plotters: a line per second (two digits), then the whole run
 * (three digits) under the tags `response` and `service`. Values are ticks of 100 ns.
 *
 * @see https://hdrhistogram.github.io/HdrHistogram/JavaDoc/org/HdrHistogram/HistogramLogWriter.html
 */
import { Effect, Result } from "effect"
import * as HdrHistogram from "../../../core/HdrHistogram.ts"
import { Histogram } from "../../../core/Histogram.ts"
import * as Histograms from "../figures/Histograms.ts"
import type { LoadResult } from "../LoadResult.ts"

export const write = Effect.fnUntraced(function*(result: LoadResult): Effect.fn.Return<string> {
  const start = Date.parse(result.started_at) / 1000
  const warmup = result.duration_s - result.measured_s
  const seconds = yield* Effect.forEach(
    result.seconds.filter(({ at }) => at >= 0),
    Effect.fnUntraced(function*(second) {
      const histogram = Histograms.ofSecond(second)
      if (Result.isFailure(histogram)) return []
      const encoded = yield* HdrHistogram.encode(finer(histogram.success))
      return [line("", warmup + second.at, 1, second.max, encoded)]
    })
  )
  return [
    "#[Histogram log format version 1.3]",
    `#[skein load; values in units of 100 ns, Interval_Max in ms]`,
    `#[BaseTime: ${start.toFixed(3)} (seconds since epoch)]`,
    `#[StartTime: ${start.toFixed(3)} (seconds since epoch), ${result.started_at}]`,
    `"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"`,
    ...seconds.flat(),
    line("Tag=response,", warmup, result.measured_s, result.latency_ms.max, result.histograms.latency),
    line("Tag=service,", warmup, result.measured_s, result.service_ms.max, result.histograms.service)
  ].map((text) => `${text}\n`).join("")
})

const line = (tag: string, from: number, length: number, max: number, histogram: string): string =>
  `${tag}${from.toFixed(3)},${length.toFixed(3)},${max.toFixed(3)},${histogram}`

/** The same values in the buckets of three digits: each in the middle of where it was. */
const finer = (histogram: Histogram): Histogram => {
  const result = new Histogram()
  for (const { count, from, to } of histogram.buckets()) result.recordMany((from + to) / 2, count)
  return result
}
