/**
 * A run as lines for a terminal or a log: one per case while it runs, the failures and the summary at the end.
 *
 * Every text from outside has its control characters shown as signs, and stands behind a sign or a bar of ours, so that it
 * can neither steer a terminal nor speak to a CI system. `Progress.ts` has the live area.
 */
import * as Style from "../../core/Style.ts"
import type { Event, EventOf } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"
import * as SummaryText from "./SummaryText.ts"

export interface Options {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** `quiet` leaves out everything before the failures, `verbose` adds every step, attempt and log line. @default normal */
  readonly verbosity?: "quiet" | "normal" | "verbose" | undefined
  /** Cases whose failure is shown whole; the others get a line each. @default 50 */
  readonly failures?: number | undefined
}

/**
 * Starts the log of one run: a function from each event, in order, to the lines that tell of it as it happens; none for most.
 * It remembers the cases that are running.
 */
export const open = (options: Options = {}): (event: Event) => ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  if (options.verbosity === "quiet") return () => []
  const isVerbose = options.verbosity === "verbose"
  const running = new Map<string, Running>()
  return (event) => {
    switch (event._tag) {
      case "CaseStarted":
        running.set(event.case, { name: event.name, why: undefined })
        return event.attempt === 1 ? [] : [ReportText.inert(againLine(event, style))]
      case "CaseFinished": {
        const why = running.get(event.case)?.why
        running.delete(event.case)
        return [ReportText.inert(caseLine(event, why, style))]
      }
      case "Warning":
        return [ReportText.inert(`${style.yellow("warning:")} ${ReportText.oneLine(event.text, 4_000)}`)]
      case "StepFinished": {
        const open = running.get(event.case)
        if (open !== undefined) open.why ??= firstReason(event)
        return isVerbose && (event.summary || event.status !== "passed")
          ? [ReportText.inert(stepLine(event, open, style))]
          : []
      }
      case "StepRetried":
      case "Log":
        return isVerbose ? [ReportText.inert(stepLine(event, running.get(event.case), style))] : []
      default:
        return []
    }
  }
}

/** Returns what stands at the end of a run: what did not pass, with all that is known of it, then the summary. */
export const ending = (report: Report.Report, options: Options = {}): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  const bad = report.cases.filter((one) => one.status === "failed" || one.status === "error")
  const max = options.failures ?? 50
  const blocks = bad.slice(0, max).flatMap((one) => ["", ...failureBlock(one, options, style)])
  return [
    ...blocks,
    ...listed("not shown whole", bad.slice(max), style, (one) => FailureText.headline(one)),
    ...listed(
      "flaky",
      report.cases.filter((one) => one.status === "flaky"),
      style,
      (one) => `passed on attempt ${one.attempts}`
    ),
    ...listed("interrupted", report.cases.filter((one) => one.status === "interrupted"), style, FailureText.headline),
    ...(options.verbosity === "verbose" ? slowest(report.cases, style) : []),
    "",
    `${verdict(report, style)} ${SummaryText.sentence(report, style)}${style.dim(` (seed ${report.seed})`)}`
  ].map(ReportText.inert)
}

const failureBlock = (one: Report.Case, options: Options, style: Style.Style): ReadonlyArray<string> => {
  const paint = SummaryText.color(style, one.status)
  const place = style.dim(`${ReportText.name(one.file, "(no file)")}:${one.line}`)
  const extra = [one.suite, ...one.tags.map((tag) => `#${tag}`)].filter((text) => text !== undefined)
  const tags = extra.length === 0 ? "" : style.dim(`  ${extra.map((text) => ReportText.oneLine(text)).join(" ")}`)
  const bodyLines = options.verbosity === "verbose" ? 1_000 : 30
  return [
    `${paint(SummaryText.sign[one.status])} ${style.bold(ReportText.name(one.name))} ${place}${tags}`,
    ...FailureText.lines(one, { style, bodyLines }).map((line) => `${paint("│")}${line === "" ? "" : ` ${line}`}`)
  ]
}

const listed = (
  title: string,
  cases: ReadonlyArray<Report.Case>,
  style: Style.Style,
  say: (one: Report.Case) => string
): ReadonlyArray<string> => {
  if (cases.length === 0) return []
  const lines = cases.slice(0, 20).map((one) =>
    `  ${SummaryText.color(style, one.status)(SummaryText.sign[one.status])} ${caseName(one, style)} ${
      style.dim(say(one))
    }`
  )
  return ["", `${cases.length} ${title}`, ...lines, ...(cases.length > 20 ? [`  and ${cases.length - 20} more`] : [])]
}

const slowest = (cases: ReadonlyArray<Report.Case>, style: Style.Style): ReadonlyArray<string> => {
  const slow = cases.toSorted((a, b) => b.duration_ms - a.duration_ms).slice(0, 5).filter((one) => one.duration_ms > 0)
  if (slow.length === 0) return []
  return [
    "",
    "slowest",
    ...slow.map((one) => `  ${FailureText.time(one.duration_ms).padStart(7)} ${caseName(one, style)}`)
  ]
}

const verdict = (report: Report.Report, style: Style.Style): string => {
  const status = report.interrupted
    ? "interrupted"
    : SummaryText.order.find((status) => Report.isBad(status) && report.summary[status] > 0) ?? "passed"
  return SummaryText.color(style, status)(style.bold(SummaryText.sign[status]))
}

interface Running {
  readonly name: string
  /** The first step that did not pass, and why. */
  why: string | undefined
}

const firstReason = (event: EventOf<"StepFinished">): string | undefined => {
  const message = event.failures[0]?.message
  return message === undefined || event.continued ? undefined : `${event.name}: ${message}`
}

const againLine = (event: EventOf<"CaseStarted">, style: Style.Style): string =>
  `${style.yellow("↻")} ${" ".repeat(7)}  ${caseName(event, style)} ${style.dim(`attempt ${event.attempt}`)}`

const caseLine = (event: EventOf<"CaseFinished">, stepReason: string | undefined, style: Style.Style): string => {
  const paint = SummaryText.color(style, event.status)
  const why = event.reason ?? event.failures[0]?.message ?? stepReason
  const word = event.status === "passed" ? "" : `  ${paint(event.status)}`
  const attempt = event.attempt > 1 ? style.dim(` on attempt ${event.attempt}`) : ""
  const reason = why === undefined || event.status === "flaky" ? "" : style.dim(` ${ReportText.oneLine(why, 200)}`)
  return `${paint(SummaryText.sign[event.status])} ${style.dim(FailureText.time(event.duration_ms).padStart(7))}  ${
    caseName(event, style)
  }${word}${attempt}${reason}`
}

const stepLine = (
  event: EventOf<"StepFinished" | "StepRetried" | "Log">,
  running: Running | undefined,
  style: Style.Style
): string => {
  const owner = ReportText.name(running?.name ?? event.case)
  const line = (sign: string, millis: number | undefined, text: string) =>
    `${sign} ${style.dim((millis === undefined ? "" : FailureText.time(millis)).padStart(7))}  ${
      style.dim(`${owner} ›`)
    } ${text}`
  switch (event._tag) {
    case "Log":
      return line(style.cyan("·"), undefined, ReportText.oneLine(event.text, 4_000))
    case "StepRetried": {
      const why = ReportText.oneLine(event.failure.message)
      return line(
        style.yellow("↻"),
        undefined,
        `attempt ${event.attempt}: ${why}${style.dim(`, again in ${FailureText.time(event.delay_ms)}`)}`
      )
    }
    case "StepFinished": {
      const phase = event.phase === "steps" ? "" : `${event.phase}: `
      const why = event.skip_reason ?? event.failures[0]?.message
      const sign = SummaryText.color(style, event.status)(SummaryText.sign[event.status])
      const action = style.dim(`(${ReportText.name(event.action)})`)
      const reason = why === undefined ? "" : ` ${ReportText.oneLine(why, 400)}`
      return line(sign, event.duration_ms, `${phase}${ReportText.name(event.name)} ${action}${reason}`)
    }
  }
}

const caseName = (one: { readonly name: string; readonly file: string }, style: Style.Style): string =>
  `${style.dim(`${ReportText.name(one.file, "(no file)")} ›`)} ${ReportText.name(one.name)}`
