/** How a load run ended, in one word and one sentence: the same in every report, and what the exit code says. */
import type { BreakpointFigures, LoadResult, ThresholdResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"

/**
 * `invalid` stands above the thresholds: figures that cannot be believed neither pass nor fail. `unreachable` means that every request
 * failed, and no threshold speaks of it; where there was no answer at all there are no figures to be believed or not.
 */
export type Outcome = "passed" | "failed" | "invalid" | "unreachable" | "interrupted"

export const of = (result: LoadResult): Outcome => {
  if (result.interrupted) return "interrupted"
  if (result.verdict === "invalid" && !isSilent(result)) return "invalid"
  if (result.thresholds.some(({ passed }) => !passed)) return "failed"
  return isUnreachable(result) ? "unreachable" : "passed"
}

const isUnreachable = ({ errors, requests }: LoadResult): boolean =>
  requests.total > 0 && errors.total >= requests.total

/** Whether the target never answered, for no lack of ports here. */
const isSilent = (result: LoadResult): boolean =>
  isUnreachable(result) && Object.keys(result.statuses).length === 0 &&
  result.errors.kinds[0]?.kind !== "ports-exhausted"

/** Returns the sentence: `2 of 3 thresholds hold`, `the figures are not valid: ...`. */
export const sentence = (result: LoadResult): string => {
  switch (of(result)) {
    case "interrupted":
      return `interrupted after ${Amounts.seconds(result.duration_s)}: the figures are of what ran until then`
    case "invalid":
      return result.reasons.some(({ code }) => code === "too_short")
        ? "not valid: nothing ended within the measured time"
        : "not valid: the generator, not the target, decided these figures"
    case "failed":
      return `failed: ${thresholds(result)}`
    case "unreachable":
      return `${isSilent(result) ? "no request was answered" : "every request failed"}: ${
        result.errors.kinds[0]?.kind ?? "error"
      }`
    case "passed":
      return result.thresholds.length === 0
        ? "valid measurement; no thresholds were given"
        : `passed: ${thresholds(result)}`
  }
}

const thresholds = ({ thresholds }: LoadResult): string => {
  const held = thresholds.filter(({ passed }) => passed).length
  return held === thresholds.length
    ? held === 1 ? "the threshold holds" : `all ${held} thresholds hold`
    : `${thresholds.length - held} of ${Amounts.plural(thresholds.length, "threshold")} ${
      thresholds.length - held === 1 ? "does" : "do"
    } not hold`
}

/** Returns the measured value of a threshold: `412ms`, `nothing measured`; with the window when it is of one. */
export const actual = (threshold: ThresholdResult): string => {
  const value = threshold.actual === null ? "nothing measured" : Amounts.inUnit(threshold.actual, threshold.unit)
  return threshold.over_s === null ? value : `${value} in the worst ${Amounts.seconds(threshold.over_s)}`
}

/** Returns by how much a threshold is not met: `112ms too high (37%)`; empty when it is, or when nothing was measured. */
export const miss = ({ actual, limit, passed, unit }: ThresholdResult): string => {
  if (passed || actual === null) return ""
  const by = Math.abs(actual - limit)
  if (by === 0) return `exactly ${Amounts.inUnit(limit, unit)}`
  const amount = unit === "ratio" ? `${Amounts.percent(by).replace("%", "")} points` : Amounts.inUnit(by, unit)
  const times = actual / limit
  const share = limit <= 0 || unit === "ratio"
    ? ""
    : times >= 2
    ? ` (${Amounts.number(times)} times the limit)`
    : ` (${Amounts.percent(by / limit)})`
  return `${amount} too ${actual > limit ? "high" : "low"}${share}`
}

/** Returns what a search for the highest rate found: `480/s holds, 500/s does not: the target is at its limit`. */
export const breakpoint = ({ limited_by, next_rate, rate }: BreakpointFigures): string => {
  if (rate === null) {
    return limited_by === "generator"
      ? "no rate could be judged: the generator could not keep up with the lowest one"
      : "no rate was found at which all thresholds hold"
  }
  const holds = `all thresholds hold at ${Amounts.rate(rate)}`
  switch (limited_by) {
    case "target":
      return next_rate === null ? holds : `${holds}, not at ${Amounts.rate(next_rate)}: the target is at its limit`
    case "generator":
      return `${holds}; above it the generator is at its limit, not the target`
    case "range":
      return `${holds}, the highest rate that was tried`
  }
}
