/** Past runs as `skein history` shows them: the last runs, flaky cases, cases that became slower; as tables and as JSON. */
import * as Style from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type { History, Run } from "../History.ts"
import * as FailureText from "../report/FailureText.ts"
import * as ReportText from "../report/ReportText.ts"
import * as SummaryText from "../report/SummaryText.ts"
import * as CaseHistory from "./CaseHistory.ts"

export interface Options {
  /** Milliseconds since the epoch: ages are counted from here. */
  readonly now: number
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** Runs and cases shown in each table. @default 20 */
  readonly rows?: number | undefined
  /** Columns to use; longer ids are cut. @default 100 */
  readonly columns?: number | undefined
}

/** Returns the tables as lines. */
export const lines = (history: History, options: Options): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  if (history.runs.length === 0) return ["No runs are recorded yet: skein run records each one."]
  return [
    ...runsTable(history, options, style),
    ...flakyTable(history, options, style),
    ...slowerTable(history, options, style),
    ...(history.damaged.length === 0
      ? []
      : ["", style.yellow(`${history.damaged.length} damaged records were passed over`)])
  ]
}

/** The same for programs: `skein history --format json`. Runs are newest first; `recent` of a case too. */
export const toJson = (history: History) => ({
  runs: history.runs.map(({ duration_ms, interrupted, run, started_at, summary }) => ({
    run,
    started_at,
    duration_ms,
    interrupted,
    summary
  })),
  cases: CaseHistory.all(history).map(({ recent, ...one }) => ({
    ...one,
    runs: recent.length,
    recent: recent.slice(0, 20)
  })),
  flaky: CaseHistory.flaky(history).map(({ id }) => id),
  slower: CaseHistory.slower(history),
  damaged: history.damaged
})

const runsTable = (history: History, options: Options, style: Style.Style): ReadonlyArray<string> => {
  const shown = history.runs.slice(0, options.rows ?? 20)
  const longest = Math.max(1, ...shown.map((run) => run.duration_ms))
  return [
    style.bold(`${history.runs.length} ${history.runs.length === 1 ? "run" : "runs"}`),
    ...shown.map((run) => runLine(run, longest, options.now, style))
  ]
}

const runLine = (run: Run, longest: number, now: number, style: Style.Style): string => {
  const status = run.interrupted
    ? "interrupted"
    : SummaryText.order.slice(0, 3).find((status) => run.summary[status] > 0) ?? "passed"
  const paint = SummaryText.color(style, status)
  const bar = "▇".repeat(Math.max(1, Math.round((run.duration_ms / longest) * 12)))
  return `  ${paint(SummaryText.sign[status])} ${age(now - Date.parse(run.started_at)).padStart(8)}  ${
    FailureText.time(run.duration_ms).padStart(8)
  }  ${style.dim(bar.padEnd(12))}  ${SummaryText.counts(run.summary, style)}`
}

const flakyTable = (history: History, options: Options, style: Style.Style): ReadonlyArray<string> => {
  const cases = CaseHistory.flaky(history)
  if (cases.length === 0) return []
  const width = idWidth(cases, (options.columns ?? 100) - 34)
  return [
    "",
    style.bold(`${cases.length} flaky ${cases.length === 1 ? "case" : "cases"}`),
    ...cases.slice(0, options.rows ?? 20).map((one) => {
      const rate = Math.floor(((one.passed + one.flaky) / one.recent.length) * 100)
      const marks = one.recent.slice(0, 20).reverse().map(({ status }) =>
        SummaryText.color(style, status)(SummaryText.sign[status])
      )
      return `  ${cell(one.id, width)}  ${`${rate}%`.padStart(4)} passed  ${marks.join("")}`
    }),
    ...rest(cases.length, options)
  ]
}

const slowerTable = (history: History, options: Options, style: Style.Style): ReadonlyArray<string> => {
  const cases = CaseHistory.slower(history)
  if (cases.length === 0) return []
  const width = idWidth(cases, (options.columns ?? 100) - 34)
  return [
    "",
    style.bold(`${cases.length} ${cases.length === 1 ? "case" : "cases"} slower than before`),
    ...cases.slice(0, options.rows ?? 20).map(({ before_ms, id, now_ms }) =>
      `  ${cell(id, width)}  ${FailureText.time(before_ms).padStart(8)} → ${FailureText.time(now_ms)} ${
        style.yellow(`×${(now_ms / Math.max(1, before_ms)).toFixed(1)}`)
      }`
    ),
    ...rest(cases.length, options)
  ]
}

const rest = (count: number, options: Options): ReadonlyArray<string> =>
  count > (options.rows ?? 20) ? [`  and ${count - (options.rows ?? 20)} more`] : []

const idWidth = (cases: ReadonlyArray<{ readonly id: string }>, most: number): number =>
  Math.max(
    10,
    Math.min(most, cases.reduce((width, { id }) => Math.max(width, TerminalText.width(ReportText.name(id))), 0))
  )

const cell = (id: string, width: number): string => TerminalText.pad(ReportText.name(id), width)

/** `12s ago`; a run from the future, as after a clock was set back, is `just now`. */
const age = (millis: number): string => {
  const seconds = Math.floor(millis / 1_000)
  if (!(seconds >= 1)) return "just now"
  if (seconds < 60) return `${seconds}s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h ago` : `${Math.floor(seconds / 86_400)}d ago`
}
