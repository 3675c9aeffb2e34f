/**
 * How far a figure of a run may be off by chance, from the run itself: by drawing it again and again from its own seconds.
 *
 * Whole blocks of neighbouring seconds are drawn (moving-block bootstrap), since a slow second is rarely alone: requests, and seconds, of
 * one run are not independent, and a test that takes them for it calls everything a difference.
 *
 * @see Künsch, The jackknife and the bootstrap for general stationary observations (1989)
 */
import type { Histogram } from "../../../core/Histogram.ts"

/** What is drawn: one second, or several together in a long run. */
export interface Unit {
  readonly histogram: Histogram
  readonly completed: number
  readonly errors: number
}

/** A run laid out for drawing: sums from its beginning, so that a block costs as little as a second. */
export interface Sample {
  readonly length: number
  /** Lower bounds of the buckets that hold something in any second, and their widths, in ticks. */
  readonly from: ReadonlyArray<number>
  readonly width: ReadonlyArray<number>
  /** `sums[i]` are the counts of the first `i` units; the last two cells are completed and errors. */
  readonly sums: ReadonlyArray<Float64Array>
}

/** Returns the units as a sample. More than `most` of them are put together, neighbours with neighbours. */
export const sample = (units: ReadonlyArray<Unit>, most = 300): Sample => {
  const places = new Map<number, { readonly width: number; index: number }>()
  for (const { histogram } of units) {
    for (const { from, to } of histogram.buckets()) places.set(from, { width: to - from + 1, index: 0 })
  }
  const from = [...places.keys()].sort((a, b) => a - b)
  from.forEach((value, index) => places.get(value)!.index = index)
  const size = Math.max(1, Math.ceil(units.length / most))
  const sums = [new Float64Array(from.length + 2)]
  for (let start = 0; start < units.length; start += size) {
    const next = sums.at(-1)!.slice()
    for (const { completed, errors, histogram } of units.slice(start, start + size)) {
      for (const { count, from } of histogram.buckets()) next[places.get(from)!.index]! += count
      next[from.length]! += completed
      next[from.length + 1]! += errors
    }
    sums.push(next)
  }
  return { length: sums.length - 1, from, width: from.map((value) => places.get(value)!.width), sums }
}

/** The figures of a whole sample, or of one drawing of it. */
export interface Drawn {
  readonly cells: Float64Array
  readonly sample: Sample
}

export const whole = (sample: Sample): Drawn => ({ cells: sample.sums.at(-1)!, sample })

/** Returns the value that a share `q` of the values is below, in ticks; evenly spread within a bucket, so that it moves without steps. 0 when empty. */
export const quantile = ({ cells, sample }: Drawn, q: number): number => {
  let total = 0
  for (let i = 0; i < sample.from.length; i++) total += cells[i]!
  const rank = q * total
  let seen = 0
  for (let i = 0; i < sample.from.length; i++) {
    const count = cells[i]!
    if (count > 0 && seen + count >= rank) return sample.from[i]! + ((rank - seen) / count) * sample.width[i]!
    seen += count
  }
  return 0
}

export const completed = ({ cells, sample }: Drawn): number => cells[sample.from.length]!
export const errors = ({ cells, sample }: Drawn): number => cells[sample.from.length + 1]!

/**
 * Draws `times` runs of about the same length from blocks of a sample.
 *
 * `random` gives numbers from 0 to 1. The drawn cells are used again for the next one: read them at once.
 */
export function* draw(sample: Sample, block: number, times: number, random: () => number): Generator<Drawn> {
  const { length, sums } = sample
  const cells = new Float64Array(sums[0]!.length)
  for (let i = 0; i < times; i++) {
    cells.fill(0)
    let drawn = 0
    while (drawn < length) {
      const size = Math.min(block, length - drawn)
      const start = Math.floor(random() * (length - size + 1))
      const [low, high] = [sums[start]!, sums[start + size]!]
      for (let cell = 0; cell < cells.length; cell++) cells[cell]! += high[cell]! - low[cell]!
      drawn += size
    }
    yield { cells, sample }
  }
}

/**
 * Returns how many units a block needs so that blocks are about independent, judged by how much the median of one unit says about the
 * next; at least 1, at most a quarter of all.
 *
 * @see Carlstein, The use of subseries values for estimating the variance (1986), for AR(1)
 */
export const blockLength = (sample: Sample): number => {
  const { length } = sample
  const medians = Array.from({ length }, (_, i) => {
    const cells = sample.sums[i + 1]!.map((value, cell) => value - sample.sums[i]![cell]!)
    return Math.log(Math.max(1, quantile({ cells, sample }, 0.5)))
  })
  // Estimates from few values are too low by about (1 + 4r) / n.
  const raw = correlation(medians)
  const r = Math.min(0.95, Math.max(0, raw + (1 + 4 * raw) / Math.max(4, length)))
  const wanted = ((Math.sqrt(6) * r) / (1 - r * r)) ** (2 / 3) * length ** (1 / 3)
  // Half as much again, since the correlation is a guess from few values: too short calls chance a difference.
  return Math.max(1, Math.min(Math.ceil(1.5 * wanted), Math.floor(length / 4)))
}

/** Of each value with the next. 0 when they do not vary. */
const correlation = (values: ReadonlyArray<number>): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const [all, next] = values.reduce(
    ([all, next], value, i) => [
      all + (value - mean) ** 2,
      i === 0 ? next : next + (value - mean) * (values[i - 1]! - mean)
    ],
    [0, 0]
  )
  return all === 0 ? 0 : next / all
}
