/**
 * Searches the highest rate at which the thresholds still hold: doubles until they do not, then halves the bracket. Pure: it says which
 * rate to try next, and what the trials so far mean.
 *
 * A figure near its limit falls to either side by chance, so both ends of the last bracket are tried a second time; one that does not say
 * the same again is tried a third time, and the majority counts.
 */
import type { Executor } from "../../scenario/LoadBlock.ts"

type Settings = Pick<Extract<Executor, { readonly type: "breakpoint" }>, "fromRate" | "toRate" | "precision">

export interface Trial {
  readonly rate: number
  /** Whether all thresholds held. */
  readonly passed: boolean
  /** False when the generator was the limit: no rate above can be tried. */
  readonly valid: boolean
}

/** What the trials say so far. */
export interface Bracket {
  /** The highest rate that passed, and the lowest above it that did not. */
  readonly passed: number | undefined
  readonly failed: number | undefined
}

/** The next rate to try; `undefined` when all is known that can be. */
export const next = (settings: Settings, trials: ReadonlyArray<Trial>): number | undefined => {
  const { fromRate, precision, toRate } = settings
  if (trials.length >= maxTrials) return undefined
  const bracket = bracketOf(trials)
  const { failed, passed } = bracket
  if (passed === undefined && failed === undefined) return fromRate
  // Not even the lowest rate holds, once it was tried again.
  if (passed === undefined) return unsure(trials, failed)
  if (failed === undefined) return passed >= toRate ? unsure(trials, passed) : Math.min(passed * 2, toRate)
  if ((failed - passed) / failed > precision) return (passed + failed) / 2
  return unsure(trials, passed) ?? unsure(trials, failed)
}

/** Enough for a range of a million with a precision of a thousandth. */
const maxTrials = 60

/** By majority of each rate. A rate above one that failed says nothing, since a search goes there only by mistake. */
export const bracketOf = (trials: ReadonlyArray<Trial>): Bracket => {
  const rates = [...new Set(trials.map(({ rate }) => rate))].sort((a, b) => a - b)
  const failed = rates.find((rate) => !holds(trials, rate))
  const passed = rates.findLast((rate) => holds(trials, rate) && (failed === undefined || rate < failed))
  return { passed, failed }
}

/** How often a rate was tried, and how often it passed. */
export const countsOf = (
  trials: ReadonlyArray<Trial>,
  rate: number
): { readonly tried: number; readonly passed: number } => {
  const ofRate = trials.filter((trial) => trial.rate === rate)
  return { tried: ofRate.length, passed: ofRate.filter(isPass).length }
}

/** What the generator could not do says nothing of the target; but nothing above it can be measured either. */
const isPass = ({ passed, valid }: Trial): boolean => passed && valid

const holds = (trials: ReadonlyArray<Trial>, rate: number): boolean => {
  const { passed, tried } = countsOf(trials, rate)
  return passed * 2 > tried
}

/** The rate, as long as it was tried once only, or said different things each time. */
const unsure = (trials: ReadonlyArray<Trial>, rate: number | undefined): number | undefined => {
  if (rate === undefined) return undefined
  const { passed, tried } = countsOf(trials, rate)
  const agrees = passed === 0 || passed === tried
  return tried < 2 || tried < 3 && !agrees ? rate : undefined
}

/** What keeps the rate from being higher. */
export const limitOf = ({ toRate }: Settings, trials: ReadonlyArray<Trial>): "target" | "generator" | "range" => {
  const { failed, passed } = bracketOf(trials)
  if (failed === undefined) return passed !== undefined && passed >= toRate ? "range" : "target"
  return trials.some(({ rate, valid }) => rate === failed && !valid) ? "generator" : "target"
}
