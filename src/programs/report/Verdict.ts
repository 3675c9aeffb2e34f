/** What a report comes down to: the one word behind the exit code. */
import type * as Report from "./Report.ts"

/**
 * - `ok` every case passed or was skipped
 * - `no` a case failed, or is flaky where that counts as failed
 * - `unavailable` something was needed and could not be used, and nothing else went wrong
 * - `timedOut` the run's time-out ended it, and no case failed
 * - `interrupted` somebody asked it to stop; wins over all others
 */
export type Verdict = "ok" | "no" | "unavailable" | "timedOut" | "interrupted"

export interface VerdictOptions {
  /** Count a flaky case as failed. @default false */
  readonly failOnFlaky?: boolean | undefined
}

export const verdict = (
  report: Pick<Report.Report, "interrupted" | "cases">,
  options: VerdictOptions = {}
): Verdict => {
  if (report.interrupted) return "interrupted"
  const bad = report.cases.filter(({ status }) => status === "failed" || status === "error")
  if (options.failOnFlaky === true && report.cases.some(({ status }) => status === "flaky")) return "no"
  if (bad.length > 0) return bad.every(isUnavailable) ? "unavailable" : "no"
  return report.cases.some(({ status }) => status === "interrupted") ? "timedOut" : "ok"
}

/** Reasons of failures that say nothing about what was to be tested. */
const unavailable = new Set(["unavailable", "connection"])

const isUnavailable = (one: Report.Case): boolean => {
  const failures = [...one.failures, ...one.steps.filter((step) => !step.continued).flatMap((step) => step.failures)]
  return failures.length > 0 && failures.every(({ kind, reason }) => kind === "error" && unavailable.has(reason))
}
