/** A histogram of latencies in few bars whose bounds are round numbers, evenly spaced to the eye on a logarithmic scale. */
import type { Bucket } from "../figures/Histograms.ts"

/** Values from `from` up to `to`, in milliseconds. */
export interface Bar {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** Steps within a power of ten, the finest last. */
const series: ReadonlyArray<ReadonlyArray<number>> = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2]
]

/**
 * Returns at most `most` bars of buckets that ascend, without gaps; empty when there are no values.
 *
 * The finest series of bounds that fits is taken, so that what lies close together is seen apart.
 */
export const make = (buckets: ReadonlyArray<Bucket>, most: number): ReadonlyArray<Bar> => {
  const filled = buckets.filter(({ count }) => count > 0)
  if (filled.length === 0) return []
  const low = Math.max(filled[0]!.ms, 1e-4)
  const high = Math.max(filled.at(-1)!.ms, low)
  const fitting = series.toReversed().map((steps) => bounds(steps, low, high)).find(({ length }) => length - 1 <= most)
  const edges = fitting ?? bounds(series[0]!, low, high).slice(-most - 1)
  const bars = edges.slice(1).map((to, i) => ({ from: edges[i]!, to, count: 0 }))
  let at = 0
  for (const { count, ms } of filled) {
    while (at < bars.length - 1 && ms >= bars[at]!.to) at++
    bars[at]!.count += count
  }
  return bars
}

/** The bounds around `low` to `high`, at least two. */
const bounds = (steps: ReadonlyArray<number>, low: number, high: number): ReadonlyArray<number> => {
  const from = Math.floor(Math.log10(low))
  const to = Math.floor(Math.log10(high)) + 1
  const all = Array.from({ length: to - from + 1 }, (_, i) => steps.map((step) => step * 10 ** (from + i))).flat()
  const first = all.findLastIndex((bound) => bound <= low * (1 + 1e-9))
  const last = all.findIndex((bound) => bound > high)
  return all.slice(Math.max(0, first), (last === -1 ? all.length : last) + 1)
}
