/** How a run ended in one sentence, the same in every report: `6 cases: 1 failed, 1 error, 4 passed in 1.5s`. */
import * as Style from "../../core/Style.ts"
import type { Status, Summary } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import type * as Report from "./Report.ts"

/** Ways of ending, those that need eyes first. */
export const order: ReadonlyArray<Status> = ["failed", "error", "interrupted", "flaky", "skipped", "passed"]

/** Returns the sentence. With a style, each count has the colour of its status. */
export const sentence = (
  report: Pick<Report.Report, "summary" | "duration_ms" | "interrupted">,
  style: Style.Style = Style.plain
): string =>
  `${counts(report.summary, style)} in ${FailureText.time(report.duration_ms)}${
    report.interrupted ? ", interrupted" : ""
  }`

/** `6 cases: 1 failed, 5 passed`; ways of ending that did not happen are left out. */
export const counts = (summary: Summary, style: Style.Style = Style.plain): string => {
  const parts = order.filter((status) => summary[status] > 0).map((status) =>
    color(style, status)(`${summary[status]} ${status}`)
  )
  return `${summary.total} ${summary.total === 1 ? "case" : "cases"}${
    parts.length === 0 ? "" : `: ${parts.join(", ")}`
  }`
}

/** The sign of a status at the beginning of a line. Never a character that a CI system reads as a command. */
export const sign: Readonly<Record<Status, string>> = {
  passed: "✓",
  failed: "✗",
  error: "!",
  skipped: "○",
  flaky: "≈",
  interrupted: "■"
}

/** The colour of a status on a terminal. */
export const color = (style: Style.Style, status: Status): (text: string) => string => {
  switch (status) {
    case "passed":
      return style.green
    case "failed":
    case "error":
      return style.red
    case "flaky":
    case "interrupted":
      return style.yellow
    case "skipped":
      return style.dim
  }
}
