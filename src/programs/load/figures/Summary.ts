/** Makes the result of a load of what was added up. Pure: the same totals give the same result. */
import { Effect } from "effect"
import * as HdrHistogram from "../../../core/HdrHistogram.ts"
import { Histogram } from "../../../core/Histogram.ts"
import { version as skein } from "../../../core/Version.ts"
import type { MachineFacts } from "../../../services/GeneratorHealth.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import * as Executors from "../executors/Executors.ts"
import type { Distribution, ErrorCount, Figures, LoadResult, ThresholdResult } from "../LoadResult.ts"
import * as Result from "../LoadResult.ts"
import type { Load, Plan } from "../Plan.ts"
import { metricScale } from "./MetricRecorder.ts"
import { phaseNames } from "./PhaseRecorder.ts"
import { type LoadRecorder, type Recorder, sumOf } from "./Recorder.ts"
import type { StepRecorder } from "./StepRecorder.ts"
import type { Totals } from "./Totals.ts"
import * as Verdict from "./Verdict.ts"

export interface Facts {
  readonly plan: Plan
  readonly totals: Totals
  readonly thresholds: ReadonlyArray<ThresholdResult>
  readonly run: string
  readonly target: string
  readonly startedAt: string
  readonly durationSeconds: number
  readonly interrupted: boolean
  readonly transport: string
  /** What a thread that broke down said. */
  readonly crash?: string | undefined
  readonly machine: MachineFacts
  readonly configuration: LoadResult["configuration"]
}

/** Times of a histogram of ticks, in milliseconds. */
export const distribution = (histogram: Histogram, scale: number = ticksPerMilli): Distribution => {
  const [p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p99_9 = 0] = histogram
    .quantiles([0.5, 0.75, 0.9, 0.95, 0.99, 0.999])
    .map((value) => value / scale)
  const { count, max, mean, min, stddev } = histogram
  return {
    count,
    min: count === 0 ? 0 : min / scale,
    p50,
    p75,
    p90,
    p95,
    p99,
    p99_9,
    max: max / scale,
    mean: mean / scale,
    stddev: stddev / scale
  }
}

/** The open model where any load of the plan is open: its latencies then count from the intended start. */
export const modelOf = (plan: Plan): Result.Model =>
  plan.loads.some(({ executor }) => Executors.isOpen(executor)) ? "open" : "closed"

export const make = Effect.fnUntraced(function*(facts: Facts): Effect.fn.Return<LoadResult> {
  const { plan, thresholds, totals } = facts
  const { loads, phases, steps } = totals.run
  const seconds = totals.measuredSeconds
  const all = figures(steps, seconds)
  const { by_status_ms, checks, count, errors, failed, response_ms, service_ms, statuses } = all
  const model = modelOf(plan)
  const lateness = model === "closed" ? null : distribution(Histogram.together(loads.map(({ lateness }) => lateness)))
  const iterations = iterationsOf(loads, seconds)
  const reasons = Verdict.judge({
    model,
    cpu: totals.cpu,
    lagP99Millis: totals.lag.quantile(0.99) / ticksPerMilli,
    lateness,
    medianMillis: response_ms.p50,
    portsExhausted: errors.find(({ kind }) => kind === "ports-exhausted")?.count ?? 0,
    measured: count + iterations.completed,
    threads: plan.threads,
    cores: facts.machine.cores,
    crash: facts.crash
  })
  return {
    format: "skein-load",
    version: Result.version,
    run: facts.run,
    name: plan.name,
    target: facts.target,
    model,
    started_at: facts.startedAt,
    duration_s: facts.durationSeconds,
    measured_s: seconds,
    seed: plan.seed,
    interrupted: facts.interrupted,
    requests: { total: count, per_second: all.per_second, failed, bytes_in: all.bytes_in, bytes_out: all.bytes_out },
    iterations,
    latency_ms: response_ms,
    service_ms,
    lateness_ms: lateness,
    corrected_ms: correctedOf(plan, totals.latency),
    phases_ms: plan.phases ? phasesOf(phases) : null,
    checks: { ...checks, rate: share(checks.passed, checks.passed + checks.failed, 1) },
    errors: { total: failed, rate: share(failed, count, 0), kinds: errors },
    statuses,
    by_status_ms,
    scenarios: plan.loads.map((load, index) => scenarioOf(load, loads[index]!)),
    steps: steps.map((step) => {
      const { action, name, scenario } = step.about
      return { scenario, name, action, ...figures([step], seconds) }
    }),
    tags: [...new Set(steps.flatMap(({ about }) => about.tags))].map((tag) => ({
      tag,
      ...figures(steps.filter(({ about }) => about.tags.includes(tag)), seconds)
    })),
    metrics: metricsOf(totals.run),
    thresholds,
    generator: generatorOf(facts),
    verdict: reasons.length === 0 ? "valid" : "invalid",
    reasons,
    seconds: totals.seconds,
    histograms: {
      latency: yield* HdrHistogram.encode(totals.latency),
      service: yield* HdrHistogram.encode(Histogram.together(steps.map(({ service }) => service)))
    },
    configuration: facts.configuration
  }
})

const iterationsOf = (loads: ReadonlyArray<LoadRecorder>, seconds: number): LoadResult["iterations"] => {
  const completed = sumOf(loads, ({ completed }) => completed)
  return {
    started: sumOf(loads, ({ started }) => started),
    completed,
    failed: sumOf(loads, ({ failed }) => failed),
    dropped: sumOf(loads, ({ dropped }) => dropped),
    cut_off: sumOf(loads, ({ cutOff }) => cutOff),
    per_second: perSecond(completed, seconds)
  }
}

const scenarioOf = (
  { executor, name }: Load,
  { completed, dropped }: LoadRecorder
): LoadResult["scenarios"][number] => ({
  name,
  executor: executor.type,
  model: Executors.isOpen(executor) ? "open" : "closed",
  vus: Executors.usersOf(executor),
  iterations: completed,
  dropped
})

const generatorOf = ({ machine, plan, totals, transport }: Facts): LoadResult["generator"] => ({
  threads: plan.threads,
  cpu: totals.cpu,
  loop_lag_p99_ms: totals.lag.quantile(0.99) / ticksPerMilli,
  loop_lag_max_ms: totals.lag.max / ticksPerMilli,
  gc_count: totals.gcCount,
  gc_ms: totals.gcMillis,
  rss_peak_bytes: totals.rssPeak,
  heap_peak_bytes: totals.heapPeak,
  sockets_opened: totals.socketsOpened,
  sockets_most: totals.socketsMost,
  transport,
  skein,
  ...machine
})

/** Figures of several steps as if they were one. */
export const figures = (steps: ReadonlyArray<StepRecorder>, seconds: number): Figures => {
  const count = sumOf(steps, (step) => step.count)
  return {
    count,
    per_second: perSecond(count, seconds),
    failed: sumOf(steps, ({ failures }) => failures),
    bytes_in: sumOf(steps, ({ bytesIn }) => bytesIn),
    bytes_out: sumOf(steps, ({ bytesOut }) => bytesOut),
    response_ms: distribution(Histogram.together(steps.map(({ responses }) => responses))),
    service_ms: distribution(Histogram.together(steps.map(({ service }) => service))),
    statuses: statusesOf(steps),
    by_status_ms: timesByStatus(steps),
    errors: errorsOf(steps),
    checks: {
      passed: sumOf(steps, ({ checksPassed }) => checksPassed),
      failed: sumOf(steps, ({ checksFailed }) => checksFailed)
    }
  }
}

export const statusesOf = (steps: ReadonlyArray<StepRecorder>): Readonly<Record<string, number>> => {
  const statuses: Record<string, number> = {}
  for (const [status, count] of steps.flatMap(({ byStatus }) => byStatus)) {
    statuses[status] = (statuses[status] ?? 0) + count
  }
  return statuses
}

const timesByStatus = (steps: ReadonlyArray<StepRecorder>): Figures["by_status_ms"] => {
  const found = steps.flatMap(({ byLatency }) => byLatency)
  const statuses = [...new Set(found.map(([status]) => status))]
  return Object.fromEntries(
    statuses.map((wanted) => [
      wanted,
      distribution(Histogram.together(found.flatMap(([status, latency]) => status === wanted ? [latency] : [])))
    ])
  )
}

/** The most frequent first. */
export const errorsOf = (steps: ReadonlyArray<StepRecorder>): ReadonlyArray<ErrorCount> => {
  const kinds = new Map<string, ErrorCount>()
  for (const { count, example, kind } of steps.flatMap(({ byError }) => byError)) {
    const known = kinds.get(kind)
    kinds.set(kind, { kind, count: count + (known?.count ?? 0), example: known?.example ?? example })
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count)
}

const perSecond = (count: number, seconds: number): number => seconds > 0 ? count / seconds : 0
const share = (part: number, whole: number, ofNothing: number): number => whole === 0 ? ofNothing : part / whole

/**
 * Adds what a user that was to ask once in an interval would have seen while it waited: for each latency above the interval, those
 * of the requests that it left out meanwhile.
 *
 * @see https://github.com/HdrHistogram/HdrHistogram AbstractHistogram.copyCorrectedForCoordinatedOmission
 */
export const corrected = (histogram: Histogram, interval: number): Histogram => {
  const result = new Histogram()
  result.add(histogram)
  for (const { count, from, to } of histogram.buckets()) {
    for (let missing = (from + to) / 2 - interval; missing >= interval; missing -= interval) {
      result.recordMany(missing, count)
    }
  }
  return result
}

const correctedOf = (plan: Plan, latency: Histogram): Distribution | null => {
  const { expectedIntervalMillis: interval } = plan
  return modelOf(plan) === "open" || interval === undefined
    ? null
    : distribution(corrected(latency, interval * ticksPerMilli))
}

const phasesOf = ({ histograms }: Recorder["phases"]): LoadResult["phases_ms"] => {
  const [dns, connect, tls, wait, transfer] = phaseNames.map((name) => distribution(histograms[name]))
  return { dns: dns!, connect: connect!, tls: tls!, wait: wait!, transfer: transfer! }
}

const metricsOf = ({ loads }: Recorder): LoadResult["metrics"] =>
  [...new Set(loads.flatMap(({ metrics }) => [...metrics.keys()]))].map((name) => {
    const found = loads.flatMap(({ metrics }) => metrics.get(name) ?? [])
    const kind = found[0]!.kind
    const count = sumOf(found, (metric) => metric.count)
    const sum = sumOf(found, (metric) => metric.sum)
    return {
      name,
      kind,
      count,
      value: kind === "counter" ? sum : share(sum, count, 0),
      distribution: kind === "trend"
        ? distribution(Histogram.together(found.map(({ values }) => values)), metricScale)
        : null
    }
  })
