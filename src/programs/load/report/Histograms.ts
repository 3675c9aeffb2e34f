/** The histograms of a result's seconds, read back: two digits, in ticks of 100 ns. */
import { Result } from "effect"
import { Base64 } from "effect/encoding"
import { coarse, Histogram } from "../../../core/Histogram.ts"
import type { LoadResult, Second } from "../LoadResult.ts"
import type { Bucket } from "./Bars.ts"

export const ticksPerMilli = 10_000

/** Reads the histogram of a second. Fails when it is none, as in a file that somebody has changed. */
export const ofSecond = (second: Pick<Second, "histogram">): Result.Result<Histogram, Error> => {
  if (second.histogram === "") return Result.succeed(new Histogram(coarse))
  return Result.flatMap(Base64.decode(second.histogram), (bytes) =>
    Result.try({
      try: () => Histogram.fromBytes(bytes, coarse),
      catch: (error) => error instanceof Error ? error : new Error(String(error))
    }))
}

/** Returns all measured seconds together, warm-up left out. */
export const ofRun = (result: Pick<LoadResult, "seconds">): Histogram =>
  together(result.seconds.filter(({ at }) => at >= 0))

/** Adds seconds up; those that cannot be read are not in it. */
export const together = (seconds: ReadonlyArray<Second>): Histogram => {
  const sum = new Histogram(coarse)
  for (const second of seconds) {
    const histogram = ofSecond(second)
    if (Result.isSuccess(histogram)) sum.add(histogram.success)
  }
  return sum
}

/** Returns what a histogram holds in milliseconds, ascending. */
export const buckets = (histogram: Histogram): ReadonlyArray<Bucket> =>
  Array.from(histogram.buckets(), ({ count, from, to }) => ({ ms: (from + to) / 2 / ticksPerMilli, count }))
