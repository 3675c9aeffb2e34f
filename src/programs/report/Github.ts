/**
 * Workflow commands of GitHub Actions: printed in a job, each shows as an annotation on its line of the file.
 *
 * GitHub shows the first ten errors of a step, so the failures come before all else. `Markdown.ts` is the job's summary page.
 */
import * as GithubCommand from "../../core/GithubCommand.ts"
import type { Location } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"
import * as SummaryText from "./SummaryText.ts"

export const write = (report: Report.Report): string => {
  const bad = report.cases.filter((one) => Report.isBad(one.status))
  const flaky = report.cases.filter((one) => one.status === "flaky")
  return [
    ...bad.flatMap(failures),
    ...flaky.map((one) =>
      command("warning", caseLocation(one), ReportText.name(one.name), "flaky: passed on a later attempt")
    ),
    ...report.warnings.map((warning) => command("warning", undefined, "skein", warning)),
    command("notice", undefined, "skein", SummaryText.sentence(report)),
    ""
  ].join("\n")
}

const failures = (one: Report.Case): ReadonlyArray<string> => {
  const entries = FailureText.entries(one)
  if (entries.length === 0) {
    return [command("error", caseLocation(one), ReportText.name(one.name), FailureText.headline(one))]
  }
  return entries.map(({ failure, step }) => {
    const title = step === undefined
      ? ReportText.name(one.name)
      : `${ReportText.name(one.name)} › ${ReportText.name(step.name)}`
    const values = (failure.values ?? []).map(({ expression, value }) =>
      `${ReportText.oneLine(expression)} = ${ReportText.oneLine(value)}`
    )
    const message = [failure.message, ...values, ...(failure.hint === undefined ? [] : [`hint: ${failure.hint}`])]
    return command("error", failure.location ?? step?.location ?? caseLocation(one), title, message.join("\n"))
  })
}

const caseLocation = (one: Report.Case): Location => ({ file: one.file, line: one.line, column: 1 })

const command = (kind: "error" | "warning" | "notice", at: Location | undefined, title: string, message: string) =>
  GithubCommand.write(
    kind,
    {
      ...(at === undefined || at.file === ""
        ? {}
        : { file: ReportText.oneLine(at.file), line: at.line, col: at.column }),
      title: ReportText.cut(title, 200)
    },
    ReportText.visible(message, 4_000)
  )
