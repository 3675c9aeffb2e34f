/**
 * Whether a target has become slower between two load runs, or only seems so.
 *
 * A row is worse when its change is real (its interval does not hold zero) and matters (it is at least the margin), the same when its
 * interval lies within the margin, and cannot be told otherwise. Intervals are wide enough for all judged rows together, so that two runs
 * of the same target are called different in at most one comparison of twenty.
 *
 * Two runs: intervals from moving blocks of their seconds (`Bootstrap.ts`). Pairs of runs in alternation: from how much the pairs differ,
 * which has in it what changes between runs too. Always the same answer for the same runs.
 */
import { Result } from "effect"
import * as Bootstrap from "./Bootstrap.ts"
import type { Comparison, Row, Side } from "./Comparison.ts"
import { version } from "./Comparison.ts"
import type { LoadResult } from "./LoadResult.ts"
import * as Amounts from "./report/Amounts.ts"
import * as Histograms from "./report/Histograms.ts"
import * as StudentT from "./StudentT.ts"

export interface Options {
  /** A change below it does not matter; of latencies and rates, relative. @default 0.05 */
  readonly margin?: number | undefined
  /** Of all judged rows together. @default 0.95 */
  readonly confidence?: number | undefined
}

/** Runs in alternation that it takes on each side; fewer say too little about what changes from run to run. */
export const fewestPairs = 5
/** Seconds that a run must have been measured when there is one on each side. */
export const fewestSeconds = 10
/** More errors by this share are worse, whatever the latencies say. */
const errorMargin = 0.01
const drawings = 300

/** Compares one run with one, or pairs of runs in the order in which they were made: the first of `before` with the first of `after`. */
export const runs = (
  before: ReadonlyArray<LoadResult>,
  after: ReadonlyArray<LoadResult>,
  options: Options = {}
): Comparison => {
  const margin = options.margin ?? 0.05
  const confidence = options.confidence ?? 0.95
  const [first, second] = [before[0]!, after[0]!]
  const obstacles = [
    ...before.flatMap((run) => unfit(run, "before")).slice(0, 1),
    ...after.flatMap((run) => unfit(run, "after")).slice(0, 1),
    ...unlike(before, after)
  ]
  const units = [...before, ...after].map(unitsOf)
  const sides = [units.slice(0, before.length), units.slice(before.length)] as const
  const metrics = metricsOf(first.model)
  const level = (1 - confidence) / metrics.filter(({ judged }) => judged).length
  const estimates = obstacles.length > 0
    ? metrics.map(() => unknown)
    : before.length === 1
    ? fromSeconds(Bootstrap.sample(sides[0][0]!), Bootstrap.sample(sides[1][0]!), metrics, level)
    : fromPairs(
      sides[0].map((one) => Bootstrap.sample(one)),
      sides[1].map((one) => Bootstrap.sample(one)),
      metrics,
      level
    )
  const [wholeBefore, wholeAfter] = sides.map((side) => Bootstrap.whole(Bootstrap.sample(side.flat())))
  const rows = metrics.map((metric, i): Row => {
    const estimate = estimates[i]!
    return {
      metric: metric.name,
      unit: metric.unit,
      judged: metric.judged,
      before: metric.shown(wholeBefore!, sides[0].flat().length),
      after: metric.shown(wholeAfter!, sides[1].flat().length),
      ...estimate,
      verdict: judge(estimate, metric, margin)
    }
  })
  const verdict = obstacles.length > 0 ? "cannot_tell" : overall(rows)
  return {
    format: "skein-load-comparison",
    version,
    verdict,
    reasons: obstacles.length > 0 ? obstacles : reasons(verdict, rows, margin, before.length),
    notes: differences(first, second),
    before: sideOf(before),
    after: sideOf(after),
    model: first.model,
    method: before.length === 1 ? "seconds" : "pairs",
    pairs: Math.min(before.length, after.length),
    margin,
    confidence,
    rows
  }
}

const unfit = (run: LoadResult, which: string): ReadonlyArray<string> => {
  if (run.verdict === "invalid") {
    return [`a run ${which} is not valid: ${run.reasons[0]?.text ?? "its generator was the bottleneck"}`]
  }
  if (run.interrupted) return [`a run ${which} was interrupted`]
  if (run.latency_ms.count === 0) return [`a run ${which} has no responses`]
  const torn = run.seconds.some((second) => Result.isFailure(Histograms.ofSecond(second)))
  return torn ? [`a run ${which} has seconds that cannot be read; its file was changed`] : []
}

const unlike = (before: ReadonlyArray<LoadResult>, after: ReadonlyArray<LoadResult>): ReadonlyArray<string> => {
  const [first, second] = [before[0]!, after[0]!]
  if (first.model !== second.model) {
    return [
      `the first run is of the ${first.model} model, the second of the ${second.model} one: their latencies mean different things`
    ]
  }
  const pairs = Math.min(before.length, after.length)
  if (before.length !== after.length || (pairs > 1 && pairs < fewestPairs)) {
    return [`there are ${pairs} pairs of runs; it takes at least ${fewestPairs}`]
  }
  const shortest = Math.min(...[...before, ...after].map((run) => measured(run).length))
  return pairs === 1 && shortest < fewestSeconds
    ? [`a run was measured for ${shortest} seconds; it takes at least ${fewestSeconds} to see how much they vary`]
    : []
}

/** Without warm-up, and without the seconds in which what still ran was waited for. */
const measured = (run: LoadResult) => {
  const inside = run.seconds.filter(({ at }) => at >= 0 && at < Math.max(1, Math.floor(run.measured_s)))
  return inside.filter(({ completed, due }) => completed > 0 || due > 0)
}

const unitsOf = (run: LoadResult): ReadonlyArray<Bootstrap.Unit> =>
  measured(run).flatMap((second) => {
    const histogram = Histograms.ofSecond(second)
    return Result.isFailure(histogram)
      ? []
      : [{ histogram: histogram.success, completed: second.completed, errors: second.errors }]
  })

interface Metric {
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
  shown: (drawn) => Bootstrap.quantile(drawn, q) / Histograms.ticksPerMilli
})

/** The rate of the open model is what was asked for, so it is judged in the closed one only. */
const metricsOf = (model: LoadResult["model"]): ReadonlyArray<Metric> => [
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

type Estimate = Pick<Row, "change" | "from" | "to">
const unknown: Estimate = { change: null, from: null, to: null }

const estimate = (metric: Metric, difference: number, halfWidth: number): Estimate => {
  if (!Number.isFinite(difference) || !Number.isFinite(halfWidth)) return unknown
  const back = (value: number) => metric.unit === "ratio" ? value : Math.expm1(value)
  return { change: back(difference), from: back(difference - halfWidth), to: back(difference + halfWidth) }
}

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
  for (const one of Bootstrap.draw(sample, block, drawings, generator(seed))) {
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

const judge = ({ change, from, to }: Estimate, metric: Metric, margin: number): Row["verdict"] => {
  if (change === null || from === null || to === null) return "cannot_tell"
  const [limit, low] = metric.unit === "ratio" ? [errorMargin, -errorMargin] : [margin, 1 / (1 + margin) - 1]
  const more = metric.unit === "per_second" ? "better" : "worse"
  const less = more === "better" ? "worse" : "better"
  if (from > 0 && change >= limit) return more
  if (to < 0 && change <= low) return less
  return from >= low && to <= limit ? "same" : "cannot_tell"
}

/** The p99 of a run may be beyond what it can tell; the rest being the same is worth saying then. */
const overall = (rows: ReadonlyArray<Row>): Comparison["verdict"] => {
  const judged = rows.filter((row) => row.judged)
  if (judged.some(({ verdict }) => verdict === "worse")) return "slower"
  if (judged.some(({ verdict }) => verdict === "better")) return "faster"
  return judged.every(({ metric, verdict }) => verdict === "same" || metric === "p99") ? "same" : "cannot_tell"
}

const reasons = (
  verdict: Comparison["verdict"],
  rows: ReadonlyArray<Row>,
  margin: number,
  pairs: number
): ReadonlyArray<string> => {
  const judged = rows.filter((row) => row.judged)
  switch (verdict) {
    case "slower":
      return judged.filter((row) => row.verdict === "worse").map(said)
    case "faster":
      return judged.filter((row) => row.verdict === "better").map(said)
    case "same":
      return [
        `no change of ${Amounts.percent(margin)} or more`,
        ...judged.filter((row) => row.verdict === "cannot_tell").map(wide)
      ]
    case "cannot_tell": {
      const open = judged.filter((row) => row.verdict === "cannot_tell" && row.metric !== "p99")
      const factor = Math.max(...open.map((row) => longer(row, margin)))
      const more = !Number.isFinite(factor) || factor > 100
        ? "much longer"
        : `about ${Math.max(2, Math.ceil(factor))} times as long`
      return [
        ...open.map(wide),
        pairs === 1 ? `measure ${more}, in alternation, or accept a larger --margin` : "make more pairs, or longer ones"
      ]
    }
  }
}

/** How many times as many seconds would make the interval as narrow as half the margin; intervals shrink with the root of it. */
const longer = ({ from, metric, to }: Row, margin: number): number => {
  if (from === null || to === null) return Infinity
  return ((to - from) / 2 / ((metric === "errors" ? errorMargin : margin) / 2)) ** 2
}

const wide = (row: Row): string => row.change === null ? said(row) : `${said(row)}: too wide to tell`

const said = ({ change, from, metric, to, unit }: Row): string => {
  const name = metric.replace("_", ".")
  if (change === null || from === null || to === null) return `${name} has no values on one side`
  return unit === "ratio"
    ? `${name} ${points(change)} (${points(from)} to ${points(to)})`
    : `${name} ${signed(change)} (${signed(from)} to ${signed(to)})`
}

/** A change with its sign: `+12.3%`. */
export const signed = (ratio: number): string => `${signOf(ratio, 1)}${Math.abs(ratio * 100).toFixed(1)}%`
/** A difference of shares, in percentage points: `+0.52pp`. */
export const points = (ratio: number): string => `${signOf(ratio, 2)}${Math.abs(ratio * 100).toFixed(2)}pp`
/** What rounds to nothing is not less than nothing. */
const signOf = (ratio: number, digits: number): string => Number((ratio * 100).toFixed(digits)) < 0 ? "-" : "+"

/** What of the configurations differs: a comparison of a load with another one says little about the target. */
const differences = (before: LoadResult, after: LoadResult): ReadonlyArray<string> => {
  const keys = [...new Set([...Object.keys(before.configuration), ...Object.keys(after.configuration)])]
  const changed = keys.filter((key) =>
    JSON.stringify(before.configuration[key]) !== JSON.stringify(after.configuration[key])
  ).filter((key) => key !== "seed" && key !== "thresholds")
  return [
    ...changed.slice(0, 20).map((key) => `the configuration differs in ${key}`),
    ...(["threads", "cores", "platform", "node", "transport"] as const).filter((key) =>
      before.generator[key] !== after.generator[key]
    ).map((key) => `the generator differs in ${key}: ${before.generator[key]}, then ${after.generator[key]}`)
  ]
}

const sideOf = (results: ReadonlyArray<LoadResult>): Side => ({
  name: results[0]!.name,
  target: results[0]!.target,
  runs: results.map(({ run }) => run),
  started_at: results[0]!.started_at,
  requests: results.reduce((sum, { requests }) => sum + requests.total, 0)
})

/** Numbers from 0 to 1, the same for the same seed. @see mulberry32, Tommy Ettinger */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}
