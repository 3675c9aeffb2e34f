/** How a run ended in one sentence, the same in every report: `6 cases: 1 failed, 1 error, 4 passed in 1.5s`. */
import type { Status } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import type * as Report from "./Report.ts"

/** Ways of ending, those that need eyes first. */
export const order: ReadonlyArray<Status> = ["failed", "error", "interrupted", "flaky", "skipped", "passed"]

export const sentence = (report: Pick<Report.Report, "summary" | "duration_ms" | "interrupted">): string => {
  const { total } = report.summary
  const counts = order.filter((status) => report.summary[status] > 0).map((status) =>
    `${report.summary[status]} ${status}`
  )
  return `${total} ${total === 1 ? "case" : "cases"}${counts.length === 0 ? "" : `: ${counts.join(", ")}`}`
    + ` in ${FailureText.time(report.duration_ms)}${report.interrupted ? ", interrupted" : ""}`
}
