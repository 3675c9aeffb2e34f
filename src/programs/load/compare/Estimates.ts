/**
 * By how much each figure of a load changed, with the interval in which the change lies: from the seconds of two runs (`Bootstrap.ts`), or
 * from how much pairs of runs differ.
 */
import { randomFrom } from "../../../core/Seeded.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Bootstrap from "./Bootstrap.ts"
import type { Row } from "./Comparison.ts"
import * as StudentT from "./StudentT.ts"

/** How often a run is drawn anew from its own blocks. */
const drawings = 300

/** A figure that is compared. */
export interface Metric {
  readonly name: Row["metric"]
  readonly unit: Row["unit"]
  readonly judged: boolean
  /** On a scale on which changes add up: logarithms of times and rates, shares of errors. */
  readonly value: (drawn: Bootstrap.Drawn) => number
  /** As people read it; `seconds` is how many were drawn from. */
  readonly shown: (drawn: Bootstrap.Drawn, seconds: number) => number
}

const percentile = (name: Row["metric"], q: number, judged: boolean): Metric => ({
  name,
  unit: "ms",
  judged,
  value: (drawn) => Math.log(Bootstrap.quantile(drawn, q)),
  shown: (drawn) => Bootstrap.quantile(drawn, q) / ticksPerMilli
})

/** The rate of the open model is what was asked for, so it is judged in the closed one only. */
export const metricsOf = (model: LoadResult["model"]): ReadonlyArray<Metric> => [
  {
    name: "rate",
    unit: "per_second",
    judged: model === "closed",
    value: (drawn) => Math.log(Bootstrap.completed(drawn) / drawn.sample.length),
    shown: (drawn, seconds) => seconds === 0 ? 0 : Bootstrap.completed(drawn) / seconds
  },
  percentile("p50", 0.5, true),
  percentile("p75", 0.75, false),
  percentile("p90", 0.9, false),
  percentile("p95", 0.95, true),
  percentile("p99", 0.99, true),
  percentile("p99_9", 0.999, false),
  { name: "errors", unit: "ratio", judged: true, value: errorRate, shown: errorRate }
]

const errorRate = (drawn: Bootstrap.Drawn): number =>
  Bootstrap.completed(drawn) === 0 ? 0 : Bootstrap.errors(drawn) / Bootstrap.completed(drawn)

/** All null where one side has no values. */
export type Estimate = Pick<Row, "change" | "from" | "to">
export const unknown: Estimate = { change: null, from: null, to: null }

const estimate = (metric: Metric, difference: number, halfWidth: number): Estimate => {
  if (!Number.isFinite(difference) || !Number.isFinite(halfWidth)) return unknown
  const back = (value: number) => metric.unit === "ratio" ? value : Math.expm1(value)
  return { change: back(difference), from: back(difference - halfWidth), to: back(difference + halfWidth) }
}

/** Of one run on each side, or of pairs of runs; in the order of `metrics`. `level` is the chance that one interval does not hold the change. */
export const of = (
  before: ReadonlyArray<Bootstrap.Sample>,
  after: ReadonlyArray<Bootstrap.Sample>,
  metrics: ReadonlyArray<Metric>,
  level: number
): ReadonlyArray<Estimate> =>
  before.length === 1 ? fromSeconds(before[0]!, after[0]!, metrics, level) : fromPairs(before, after, metrics, level)

/** Each run has its own error, from blocks of its own seconds; both together are Welch's. */
const fromSeconds = (
  before: Bootstrap.Sample,
  after: Bootstrap.Sample,
  metrics: ReadonlyArray<Metric>,
  level: number
): ReadonlyArray<Estimate> => {
  const [a, b] = [before, after].map((sample, i) => spreads(sample, metrics, i + 1))
  return metrics.map((metric, i) => {
    const difference = metric.value(Bootstrap.whole(after)) - metric.value(Bootstrap.whole(before))
    const [s, t] = [a!.variances[i]!, b!.variances[i]!]
    const freedom = s + t === 0 ? 30 : (s + t) ** 2 / (s ** 2 / (a!.blocks - 1) + t ** 2 / (b!.blocks - 1))
    return estimate(metric, difference, StudentT.twoSided(level, Math.max(1, freedom)) * Math.sqrt(s + t))
  })
}

/** Variances of the metrics over drawings of a run, and how many blocks it has. */
const spreads = (sample: Bootstrap.Sample, metrics: ReadonlyArray<Metric>, seed: number) => {
  const block = Bootstrap.blockLength(sample)
  const blocks = sample.length / block
  const drawn: Array<ReadonlyArray<number>> = []
  for (const one of Bootstrap.draw(sample, block, drawings, randomFrom(seed))) {
    drawn.push(metrics.map(({ value }) => value(one)))
  }
  // Drawings of few blocks vary too little by (blocks - 1) / blocks.
  const scale = blocks / (blocks - 1)
  return { blocks, variances: metrics.map((_, i) => scale * variance(drawn.map((values) => values[i]!))) }
}

/** A pair is one observation: what changes slowly is in both of its runs, and falls out. */
const fromPairs = (
  before: ReadonlyArray<Bootstrap.Sample>,
  after: ReadonlyArray<Bootstrap.Sample>,
  metrics: ReadonlyArray<Metric>,
  level: number
): ReadonlyArray<Estimate> =>
  metrics.map((metric) => {
    const differences = before.map((one, i) =>
      metric.value(Bootstrap.whole(after[i]!)) - metric.value(Bootstrap.whole(one))
    )
    const error = Math.sqrt(variance(differences) / differences.length)
    return estimate(metric, mean(differences), StudentT.twoSided(level, differences.length - 1) * error)
  })

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: ReadonlyArray<number>) => {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1)
}
