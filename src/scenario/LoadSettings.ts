/**
 * A `load:` block as far as somebody wrote it, and how several of them (a file's, `skein.yaml`'s, flags) become one whole
 * {@link LoadBlock}: what is nearer wins, and what nobody says has the default below.
 *
 * `read/LoadReader.ts` reads them from YAML.
 */
import type { Span } from "../core/SourceText.ts"
import type { Arrivals, Executor, LoadBlock, Stage, Threshold } from "./LoadBlock.ts"

export type ExecutorName = Executor["type"]

/** Every key may be missing. Rates are per second, times in milliseconds. */
export interface LoadSettings {
  readonly executor?: ExecutorName | undefined
  readonly vus?: number | undefined
  readonly durationMillis?: number | undefined
  readonly rate?: number | undefined
  readonly iterations?: number | undefined
  readonly start?: number | undefined
  readonly stages?: ReadonlyArray<StageSetting> | undefined
  readonly arrivals?: Arrivals | undefined
  readonly queue?: number | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly stepMillis?: number | undefined
  readonly settleMillis?: number | undefined
  readonly precision?: number | undefined
  readonly weight?: number | undefined
  readonly thresholds?: ReadonlyArray<WrittenThreshold> | undefined
  readonly warmupMillis?: number | undefined
  readonly gracefulStopMillis?: number | undefined
  readonly pacingMillis?: number | undefined
  readonly thinkMillis?: readonly [from: number, to: number] | undefined
  readonly feeder?: Partial<LoadBlock["feeder"]> | undefined
  readonly seed?: number | undefined
}

/** Which metrics there are is known only when a load is to begin; what is wrong with one is then told at its place. */
export interface WrittenThreshold extends Threshold {
  readonly span?: Span | undefined
}

/** A target that is gone to, or held; one without a target holds where the stage before ended. */
export interface StageSetting {
  readonly target?: number | undefined
  readonly holds: boolean
  readonly millis: number
}

/** What a block is when nobody says otherwise. */
export const defaults = {
  rate: 10,
  durationMillis: 30_000,
  /** Of an open executor: at most so many iterations at once. */
  openVus: 500,
  closedVus: 10,
  /** Longest time of a load that ends with its iterations. */
  maxMillis: 600_000,
  from: 10,
  to: 10_000,
  stepMillis: 10_000,
  settleMillis: 2_000,
  precision: 0.05,
  gracefulStopMillis: 30_000
} as const

/** What is not tried: above, one machine only runs out of memory, or measures itself. */
export const most = { rate: 1_000_000, vus: 100_000, queue: 10_000_000, threads: 256 } as const

/** The keys that say what is started when: whoever writes one of them has said it all. */
const shape = ["executor", "rate", "iterations", "start", "stages", "from", "to"] as const

/** Whether settings say what is started when, and not only how many at most or how long. */
export const saysShape = (settings: LoadSettings): boolean => shape.some((key) => settings[key] !== undefined)

/** Makes the whole block of settings, the nearest first. */
export const resolve = (layers: ReadonlyArray<LoadSettings>): LoadBlock => {
  const settings = layers.reduceRight(over, {})
  return {
    executor: executorOf(settings),
    weight: settings.weight ?? 1,
    thresholds: (settings.thresholds ?? []).map(plain),
    warmupMillis: settings.warmupMillis ?? 0,
    gracefulStopMillis: settings.gracefulStopMillis ?? defaults.gracefulStopMillis,
    pacingMillis: settings.pacingMillis,
    thinkMillis: settings.thinkMillis,
    feeder: { order: settings.feeder?.order ?? "sequential", per: settings.feeder?.per ?? "iteration" },
    seed: settings.seed
  }
}

/** Without its place: plain data, for threads and reports. */
export const plain = ({ abort, delayMillis, expression, overMillis }: WrittenThreshold): Threshold => ({
  expression,
  ...(overMillis !== undefined && { overMillis }),
  abort,
  delayMillis
})

const over = (farther: LoadSettings, nearer: LoadSettings): LoadSettings => {
  const base: { -readonly [K in keyof LoadSettings]: LoadSettings[K] } = { ...farther }
  if (saysShape(nearer)) { for (const key of shape) delete base[key] }
  const given = Object.fromEntries(Object.entries(nearer).filter(([, value]) => value !== undefined))
  return fitted({ ...base, ...given, feeder: { ...farther.feeder, ...nearer.feeder } }, saysShape(nearer) ? {} : nearer)
}

/** A duration that is laid over stages stretches them: `--duration 5s` makes a short try of a long curve. */
const fitted = (settings: LoadSettings, nearer: LoadSettings): LoadSettings => {
  if (settings.stages === undefined || nearer.durationMillis === undefined) return settings
  const whole = settings.stages.reduce((sum, { millis }) => sum + millis, 0)
  const factor = whole === 0 ? 1 : nearer.durationMillis / whole
  return { ...settings, stages: settings.stages.map((stage) => ({ ...stage, millis: stage.millis * factor })) }
}

/** The executor that is meant when none is named. Open, unless only virtual users or iterations are counted. */
export const meant = (settings: LoadSettings): ExecutorName => {
  if (settings.executor !== undefined) return settings.executor
  if (settings.stages !== undefined) return "ramping-arrival-rate"
  if (settings.from !== undefined || settings.to !== undefined) return "breakpoint"
  if (settings.rate !== undefined) return "constant-arrival-rate"
  if (settings.iterations !== undefined) return "shared-iterations"
  return settings.vus !== undefined ? "constant-vus" : "constant-arrival-rate"
}

const executorOf = (settings: LoadSettings): Executor => {
  const type = meant(settings)
  const closedVus = settings.vus ?? defaults.closedVus
  const durationMillis = settings.durationMillis ?? defaults.durationMillis
  const arrivals = settings.arrivals ?? "even"
  const vus = settings.vus ?? defaults.openVus
  const queueFor = (highest: number) => settings.queue ?? defaultQueue(highest)
  switch (type) {
    case "constant-vus":
      return { type, vus: closedVus, durationMillis }
    case "ramping-vus": {
      const { start, stages } = curve(settings)
      return { type, startVus: start, stages }
    }
    case "per-vu-iterations":
    case "shared-iterations":
      return {
        type,
        vus: type === "shared-iterations" ? Math.min(closedVus, settings.iterations ?? 1) : closedVus,
        iterations: settings.iterations ?? 1,
        maxMillis: settings.durationMillis ?? defaults.maxMillis
      }
    case "constant-arrival-rate": {
      const rate = settings.rate ?? defaults.rate
      return { type, rate, durationMillis, arrivals, vus, queue: queueFor(rate) }
    }
    case "ramping-arrival-rate": {
      const { start, stages } = curve(settings)
      const highest = stages.reduce((most, { to }) => Math.max(most, to), start)
      return { type, startRate: start, stages, arrivals, vus, queue: queueFor(highest) }
    }
    case "breakpoint": {
      const toRate = settings.to ?? defaults.to
      return {
        type,
        fromRate: settings.from ?? Math.min(defaults.from, toRate),
        toRate,
        stepMillis: settings.stepMillis ?? defaults.stepMillis,
        settleMillis: settings.settleMillis ?? defaults.settleMillis,
        precision: settings.precision ?? defaults.precision,
        vus,
        queue: queueFor(toRate)
      }
    }
  }
}

/** What is due in ten seconds at the highest rate, and 100 at least. */
export const defaultQueue = (highestRate: number): number => Math.max(100, Math.ceil(highestRate * 10))

/** Stages as lines between targets: a hold that begins elsewhere is preceded by a jump, a stage of no length. */
const curve = (settings: LoadSettings): { readonly start: number; readonly stages: ReadonlyArray<Stage> } => {
  const written = settings.stages ?? []
  const first = written[0]
  const start = settings.start ?? (first?.holds === true ? first.target : undefined) ?? 0
  const stages: Array<Stage> = []
  let at = start
  for (const { holds, millis, target } of written) {
    const to = target ?? at
    if (holds && to !== at) stages.push({ to, millis: 0 })
    stages.push({ to, millis })
    at = to
  }
  return { start, stages }
}
