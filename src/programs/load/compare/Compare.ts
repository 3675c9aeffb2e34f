/**
 * Whether a target has become slower between two load runs, or only seems so.
 *
 * A row is worse when its change is real (its interval does not hold zero) and matters (it is at least the margin), the same when its
 * interval lies within the margin, and cannot be told otherwise. Intervals are wide enough for all judged rows together, so that two runs
 * of the same target are called different in at most one comparison of twenty.
 *
 * Two runs: intervals from moving blocks of their seconds. Pairs of runs in alternation: from how much the pairs differ, which has in it
 * what changes between runs too. `Estimates.ts` makes them, `Reasons.ts` puts the verdict into sentences. Always the same answer for the
 * same runs.
 */
import { Result } from "effect"
import * as Histograms from "../figures/Histograms.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Amounts from "../report/Amounts.ts"
import * as Bootstrap from "./Bootstrap.ts"
import { type Comparison, type Row, type Side, version } from "./Comparison.ts"
import * as Differences from "./Differences.ts"
import * as Estimates from "./Estimates.ts"
import * as Reasons from "./Reasons.ts"

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
  const isTold = obstacles.length === 0
  const rows = rowsOf(before, after, { margin, confidence, isTold })
  const verdict = isTold ? overall(rows) : "cannot_tell"
  return {
    format: "skein-load-comparison",
    version,
    verdict,
    reasons: isTold ? Reasons.of(verdict, rows, { margin, errorMargin, pairs: before.length }) : obstacles,
    notes: Differences.between(first, second),
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

const rowsOf = (
  before: ReadonlyArray<LoadResult>,
  after: ReadonlyArray<LoadResult>,
  { confidence, isTold, margin }: { readonly margin: number; readonly confidence: number; readonly isTold: boolean }
): ReadonlyArray<Row> => {
  const metrics = Estimates.metricsOf(before[0]!.model)
  const units = [before.map(unitsOf), after.map(unitsOf)] as const
  const samples = units.map((runs) => runs.map((one) => Bootstrap.sample(one)))
  // Wide enough for all judged rows together.
  const level = (1 - confidence) / metrics.filter(({ judged }) => judged).length
  const estimates = isTold
    ? Estimates.of(samples[0]!, samples[1]!, metrics, level)
    : metrics.map(() => Estimates.unknown)
  const [all, allAfter] = units.map((runs) => runs.flat())
  const [whole, wholeAfter] = [all!, allAfter!].map((units) => Bootstrap.whole(Bootstrap.sample(units)))
  return metrics.map((metric, i) => {
    const { judged, name, unit } = metric
    const estimate = estimates[i]!
    return {
      metric: name,
      unit,
      judged,
      before: metric.shown(whole!, all!.length),
      after: metric.shown(wholeAfter!, allAfter!.length),
      ...estimate,
      verdict: judge(estimate, metric, margin)
    }
  })
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
    ? [
      `a run was measured for ${
        Amounts.plural(shortest, "second")
      }; it takes at least ${fewestSeconds} to see how much they vary`
    ]
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

const judge = ({ change, from, to }: Estimates.Estimate, metric: Estimates.Metric, margin: number): Row["verdict"] => {
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

const sideOf = (results: ReadonlyArray<LoadResult>): Side => ({
  name: results[0]!.name,
  target: results[0]!.target,
  runs: results.map(({ run }) => run),
  started_at: results[0]!.started_at,
  requests: results.reduce((sum, { requests }) => sum + requests.total, 0)
})
