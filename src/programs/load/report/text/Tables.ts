/** What a load run says of its steps, metrics, thresholds and trials, a row each. */
import * as TerminalText from "../../../../core/TerminalText.ts"
import * as ReportText from "../../../report/ReportText.ts"
import type { LoadResult, StepFigures } from "../../LoadResult.ts"
import * as Amounts from "../Amounts.ts"
import * as Outcome from "../Outcome.ts"
import * as Table from "../Table.ts"
import { maxRows, more, type Screen } from "./Screen.ts"

/** Nothing of a single step: all other figures are its own. */
export const steps = (result: LoadResult, { columns, style }: Screen): ReadonlyArray<string> => {
  if (result.steps.length < 2) return []
  const several = new Set(result.steps.map(({ scenario }) => scenario)).size > 1
  const isOpen = result.model === "open"
  const room = Math.max(16, columns - 62)
  const name = (step: StepFigures) =>
    TerminalText.cut(`${several ? `${ReportText.name(step.scenario)} › ` : ""}${ReportText.name(step.name)}`, room)
  const dim = (text: string) => ({ text, paint: style.dim })
  const head = ["steps", "", "count", "per s", "failed", "p50", "p95", "p99", "max"].map((text, i) =>
    i === 0 ? { text, paint: style.bold } : dim(text)
  )
  const rows = result.steps.slice(0, maxRows).map((step) => {
    const times = isOpen ? step.response_ms : step.service_ms
    return [
      `  ${name(step)}`,
      dim(ReportText.name(step.action)),
      Amounts.count(step.count),
      Amounts.number(step.per_second),
      { text: Amounts.count(step.failed), paint: step.failed === 0 ? style.dim : style.red },
      ...(["p50", "p95", "p99", "max"] as const).map((key) => times.count === 0 ? "-" : Amounts.time(times[key]))
    ]
  })
  // The rate and the action say least, the slowest one is in the errors or above.
  const table = Table.lines([head, ...rows], { left: 2, columns, drop: [[3], [1], [8], [6]] })
  return ["", ...table, ...more(result.steps.length, "step", style)]
}

/** Metrics of the user's own. */
export const metrics = (result: LoadResult, { columns, style }: Screen): ReadonlyArray<string> => {
  if (result.metrics.length === 0) return []
  const rows = result.metrics.slice(0, maxRows).map(({ count, distribution, kind, name, value }) => [
    `  ${ReportText.name(name)}`,
    { text: kind, paint: style.dim },
    kind === "rate" ? Amounts.percent(value) : Amounts.number(value),
    { text: kind === "counter" ? "" : `of ${Amounts.count(count)}`, paint: style.dim },
    ...(distribution === null ? [] : (["p50", "p95", "max"] as const).map((key) => ({
      text: `${key} ${Amounts.number(distribution[key])}`,
      paint: style.dim
    })))
  ])
  return [
    "",
    style.bold("metrics"),
    ...Table.lines(rows, { left: 2, columns, drop: [[6], [4], [3]] }),
    ...more(result.metrics.length, "metric", style)
  ]
}

/** Each with what was measured, and by how much it is missed. */
export const thresholds = (result: LoadResult, { columns, style }: Screen): ReadonlyArray<string> => {
  if (result.thresholds.length === 0) return []
  const rows = result.thresholds.map((one) => {
    const paint = one.passed ? style.green : style.red
    const ended = one.aborted ? "; it ended the run" : ""
    return [
      { text: one.passed ? "  ✓" : "  ✗", paint },
      { text: ReportText.name(one.expression), paint: one.passed ? undefined : style.red },
      { text: Outcome.actual(one), paint: style.bold },
      { text: `${Outcome.miss(one)}${ended}`, paint: style.red }
    ]
  })
  const aligned = Table.lines(rows, { left: 4 })
  // One long expression would push all the values out of sight.
  const fits = aligned.every((line) => TerminalText.width(TerminalText.strip(line)) <= columns)
  return ["", style.bold("thresholds"), ...fits ? aligned : rows.flatMap((row) => Table.lines([row], { left: 4 }))]
}

/** What a search for the highest rate found; all figures above are those of its best trial. */
export const breakpoint = (result: LoadResult, { style }: Screen): ReadonlyArray<string> => {
  if (result.breakpoint === undefined) return []
  const dim = (text: string) => ({ text, paint: style.dim })
  const rows = result.breakpoint.trials.slice(-maxRows).map((trial) => {
    const [sign, paint] = trial.verdict === "invalid"
      ? ["  !", style.yellow] as const
      : trial.passed
      ? ["  ✓", style.green] as const
      : ["  ✗", style.red] as const
    return [
      { text: sign, paint },
      Amounts.rate(trial.rate),
      Amounts.rate(trial.per_second),
      Amounts.time(trial.p95),
      Amounts.count(trial.dropped),
      Amounts.count(trial.failed)
    ]
  })
  return [
    "",
    `${style.bold("breakpoint".padEnd(12))}${style.bold(Outcome.breakpoint(result.breakpoint))}`,
    ...Table.lines([["", "due", "answered", "p95", "dropped", "failed"].map(dim), ...rows], { left: 1 })
  ]
}
