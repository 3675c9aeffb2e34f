/** The histograms of a result, read back, in ticks of 100 ns: those of its seconds have two digits, those of the whole run three. */
import { Effect, Result } from "effect"
import { Base64 } from "effect/encoding"
import * as HdrHistogram from "../../../core/HdrHistogram.ts"
import { coarse, Histogram } from "../../../core/Histogram.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import type { LoadResult, Second } from "../LoadResult.ts"

/** How many values were near `ms`. */
export interface Bucket {
  readonly ms: number
  readonly count: number
}

/** Reads the histogram of a second. Fails when it is none, as in a file that somebody has changed. */
export const ofSecond = (second: Pick<Second, "histogram">): Result.Result<Histogram, Error> => {
  if (second.histogram === "") return Result.succeed(new Histogram(coarse))
  return Result.flatMap(Base64.decode(second.histogram), (bytes) =>
    Result.try({
      try: () => Histogram.fromBytes(bytes, coarse),
      catch: (error) => error instanceof Error ? error : new Error(String(error))
    }))
}

/** Adds seconds up; those that cannot be read are not in it. */
export const together = (seconds: ReadonlyArray<Second>): Histogram =>
  Histogram.together(
    seconds.map(ofSecond).flatMap((histogram) => Result.isSuccess(histogram) ? [histogram.success] : []),
    coarse
  )

/** Returns all measured seconds together, warm-up left out. */
export const ofRun = (result: Pick<LoadResult, "seconds">): Histogram =>
  together(result.seconds.filter(({ at }) => at >= 0))

/** Reads the latencies of the whole run; from its seconds where they cannot be read. */
export const latency = (result: Pick<LoadResult, "histograms" | "seconds">): Effect.Effect<Histogram> =>
  Effect.catch(HdrHistogram.decode(result.histograms.latency), () => Effect.sync(() => ofRun(result)))

/** Reads the service times of the whole run; empty where they cannot be read. */
export const service = (result: Pick<LoadResult, "histograms">): Effect.Effect<Histogram> =>
  Effect.catch(HdrHistogram.decode(result.histograms.service), () => Effect.sync(() => new Histogram()))

/** Returns what a histogram holds in milliseconds, ascending. */
export const buckets = (histogram: Histogram): ReadonlyArray<Bucket> =>
  Array.from(histogram.buckets(), ({ count, from, to }) => ({ ms: (from + to) / 2 / ticksPerMilli, count }))
