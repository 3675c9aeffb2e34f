/** What the charts of the HTML report are drawn from: bounded, however long the run was. */
import { Effect } from "effect"
import type { Histogram } from "../../../../core/Histogram.ts"
import { ticksPerMilli } from "../../../../services/LoadClock.ts"
import * as Histograms from "../../figures/Histograms.ts"
import * as Seconds from "../../figures/Seconds.ts"
import type { LoadResult, Second } from "../../LoadResult.ts"

/** Points of a line over time; longer runs have several seconds to a point. */
const maxPoints = 600
/** Columns of the heat map. */
const maxColumns = 240
/** Bars per power of ten in the distribution, and rows in the heat map. */
const barsPerDecade = 16
const rowsPerDecade = 8

export interface Data {
  readonly model: LoadResult["model"]
  readonly lines: Lines
  readonly heat: Heat
  readonly response: Distribution
  /** Null in the closed model, where it is the same. */
  readonly service: Distribution | null
}

/** One value per point and line. `seconds` is how many a point stands for; counts are per second. */
export interface Lines {
  readonly seconds: number
  readonly at: ReadonlyArray<number>
  /** By the names of `Second`. */
  readonly values: Readonly<Record<string, ReadonlyArray<number>>>
}

const lineNames = [
  "due",
  "completed",
  "errors",
  "dropped",
  "vus",
  "p50",
  "p95",
  "p99",
  "max",
  "cpu",
  "lag_ms",
  "bytes_in"
] as const
type LineName = (typeof lineNames)[number]

/** How many responses took how long when: `counts` has a row of `rows` numbers per column. */
export interface Heat {
  readonly seconds: number
  readonly from: number
  /** The rows reach from `10^(low)` milliseconds upwards. */
  readonly low: number
  readonly perDecade: number
  readonly rows: number
  readonly counts: ReadonlyArray<ReadonlyArray<number>>
}

export interface Distribution {
  readonly low: number
  readonly perDecade: number
  readonly bars: ReadonlyArray<number>
  /** Share of values, and the latency that so many are at most. */
  readonly quantiles: ReadonlyArray<readonly [share: number, millis: number]>
}

export const make = Effect.fnUntraced(function*(result: LoadResult): Effect.fn.Return<Data> {
  const response = yield* Histograms.latency(result)
  const service = result.model === "open" ? yield* Histograms.service(result) : null
  return {
    model: result.model,
    lines: lines(Seconds.whole(result)),
    heat: heat(result.seconds),
    response: distribution(response),
    service: service === null ? null : distribution(service)
  }
})

const chunks = (
  seconds: ReadonlyArray<Second>,
  most: number
): readonly [number, ReadonlyArray<ReadonlyArray<Second>>] => {
  const size = Math.max(1, Math.ceil(seconds.length / most))
  return [
    size,
    Array.from({ length: Math.ceil(seconds.length / size) }, (_, i) => seconds.slice(i * size, (i + 1) * size))
  ]
}

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
const highest = (values: ReadonlyArray<number>) => values.reduce((a, b) => Math.max(a, b), 0)

/** Counts are averaged, what is bad at its worst is not: a point shows the worst of its seconds. */
export const lines = (seconds: ReadonlyArray<Second>): Lines => {
  const [size, parts] = chunks(seconds, maxPoints)
  const worst: ReadonlyArray<LineName> = ["p50", "p95", "p99", "max", "cpu", "lag_ms", "vus"]
  return {
    seconds: size,
    at: parts.map((part) => part[0]!.at),
    values: Object.fromEntries(lineNames.map((name) => [
      name,
      parts.map((part) => rounded((worst.includes(name) ? highest : mean)(part.map((one) => one[name]))))
    ]))
  }
}

const rounded = (value: number): number => Number(value.toPrecision(5))

const heat = (seconds: ReadonlyArray<Second>): Heat => {
  const [size, parts] = chunks(seconds, maxColumns)
  const columns = parts.map((part) => Histograms.buckets(Histograms.together(part)))
  const all = columns.flat()
  const low = Math.floor(
    Math.log10(Math.max(1e-4, all.reduce((a, { ms }) => Math.min(a, ms), Infinity))) * rowsPerDecade
  )
  const high = Math.log10(Math.max(1e-4, all.reduce((a, { ms }) => Math.max(a, ms), 0))) * rowsPerDecade
  if (all.length === 0) return { seconds: size, from: 0, low: 0, perDecade: rowsPerDecade, rows: 0, counts: [] }
  const rows = Math.floor(high) - low + 1
  const counts = columns.map((buckets) => {
    const column = Array.from({ length: rows }, () => 0)
    for (const { count, ms } of buckets) {
      column[Math.min(rows - 1, Math.max(0, Math.floor(Math.log10(Math.max(1e-4, ms)) * rowsPerDecade) - low))]! +=
        count
    }
    return column
  })
  return { seconds: size, from: seconds[0]!.at, low: low / rowsPerDecade, perDecade: rowsPerDecade, rows, counts }
}

export const distribution = (histogram: Histogram): Distribution => ({
  ...bars(histogram),
  quantiles: quantiles(histogram)
})

/** The bars alone. */
export const bars = (histogram: Histogram): Omit<Distribution, "quantiles"> => {
  const buckets = Histograms.buckets(histogram)
  const first = Math.floor(Math.log10(Math.max(1e-4, buckets[0]?.ms ?? 1)) * barsPerDecade)
  const bars: Array<number> = []
  for (const { count, ms } of buckets) {
    const at = Math.max(0, Math.floor(Math.log10(Math.max(1e-4, ms)) * barsPerDecade) - first)
    while (bars.length <= at) bars.push(0)
    bars[at]! += count
  }
  return { low: first / barsPerDecade, perDecade: barsPerDecade, bars }
}

/** Evenly spaced to the eye where every further nine has the same room, up to the last value. */
const quantiles = (histogram: Histogram): Distribution["quantiles"] => {
  if (histogram.count === 0) return []
  const nines = Math.log10(Math.max(10, histogram.count))
  const steps = 160
  return Array.from({ length: steps + 1 }, (_, i) => {
    const share = 1 - 10 ** (-(i / steps) * nines)
    return [Number(share.toFixed(9)), rounded(histogram.quantile(share) / ticksPerMilli)] as const
  })
}
