/** How a run ended in one sentence, the same in every report: `6 cases: 1 failed, 1 error, 4 passed in 1.5s`. */
import type { Style } from "../../core/Style.ts"
import type { Status } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import type * as Report from "./Report.ts"

/** Ways of ending, those that need eyes first. */
export const order: ReadonlyArray<Status> = ["failed", "error", "interrupted", "flaky", "skipped", "passed"]

/** Returns the sentence. With a style, each count has the colour of its status. */
export const sentence = (
  report: Pick<Report.Report, "summary" | "duration_ms" | "interrupted">,
  style?: Style
): string => {
  const { total } = report.summary
  const counts = order.filter((status) => report.summary[status] > 0).map((status) => {
    const text = `${report.summary[status]} ${status}`
    return style === undefined ? text : color(style, status)(text)
  })
  return `${total} ${total === 1 ? "case" : "cases"}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`
    + ` in ${FailureText.time(report.duration_ms)}${report.interrupted ? ", interrupted" : ""}`
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
export const color = (style: Style, status: Status): (text: string) => string => {
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
