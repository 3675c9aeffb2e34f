/**
 * JUnit XML, which nearly every CI system reads: one `testsuite` per file, one `testcase` per case.
 *
 * A flaky case carries `flakyFailure` elements, as Maven Surefire writes them; an interrupted one counts as an error.
 *
 * @see https://github.com/testmoapp/junitxml
 */
import type { Summary } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import * as Markup from "./Markup.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"

export const write = (report: Report.Report): string => {
  const byFile = Map.groupBy(report.cases, (one) => one.file)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites${Markup.attributes({ name: "skein", ...counts(report.summary), time: seconds(report.duration_ms) })}>
${[...byFile].map(([file, cases]) => suite(file, cases)).join("")}</testsuites>
`
}

const suite = (file: string, cases: ReadonlyArray<Report.Case>): string => {
  const names = Map.groupBy(cases, (one) => one.name)
  const first = cases.reduce((a, b) => a.started_at <= b.started_at ? a : b)
  const head = Markup.attributes({
    name: ReportText.name(file, "(no file)"),
    ...counts(Report.summarise(cases)),
    time: seconds(cases.reduce((sum, one) => sum + one.duration_ms, 0)),
    timestamp: first.started_at,
    file: ReportText.name(file, "(no file)")
  })
  const body = cases.map((one) => testcase(one, names.get(one.name)!.length > 1)).join("")
  return `  <testsuite${head}>\n${body}  </testsuite>\n`
}

/** Rows of one data-driven case may share a name; consumers would take them for one, so the row of the id is added. */
const testcase = (one: Report.Case, ambiguous: boolean): string => {
  const row = ambiguous ? ` (${ReportText.name(one.id.slice(one.id.indexOf("#") + 1))})` : ""
  const head = Markup.attributes({
    name: ReportText.name(one.name) + row,
    classname: className(one.file),
    file: ReportText.name(one.file, "(no file)"),
    line: String(one.line),
    time: seconds(one.duration_ms)
  })
  const logs = one.steps.flatMap((step) =>
    step.logs.map((log) => `[${log.level}] ${ReportText.name(step.name)}: ${log.text}`)
  )
  return `    <testcase${head}>
      <properties>
${property("id", one.id)}${one.suite === undefined ? "" : property("suite", one.suite)}${
    one.tags.map((tag) => property("tag", tag)).join("")
  }      </properties>
${outcome(one)}${logs.length === 0 ? "" : Markup.element("system-out", {}, logs.join("\n"))}    </testcase>
`
}

const outcome = (one: Report.Case): string => {
  switch (one.status) {
    case "passed":
      return ""
    case "skipped":
      return `      <skipped${Markup.attributes({ message: ReportText.oneLine(one.reason ?? "skipped") })}/>\n`
    case "flaky":
      return one.earlier.map((attempt) => {
        const earlier = { ...one, ...attempt }
        return Markup.element("flakyFailure", reasons(earlier), FailureText.lines(earlier).join("\n"))
      }).join("")
    case "failed":
    case "error":
    case "interrupted":
      return Markup.element(
        one.status === "failed" ? "failure" : "error",
        reasons(one),
        FailureText.lines(one).join("\n")
      )
  }
}

const reasons = (one: Report.Case) => ({
  message: FailureText.headline(one),
  type: ReportText.name(FailureText.entries(one)[0]?.failure.reason ?? "", one.status)
})

const counts = (summary: Summary) => ({
  tests: String(summary.total),
  failures: String(summary.failed),
  errors: String(summary.error + summary.interrupted),
  skipped: String(summary.skipped)
})

const className = (file: string): string =>
  ReportText.name(file.replace(/\.(ya?ml|json)$/, "").replace(/^(\.?\.?\/)+/, "").replaceAll("/", "."), "skein")

const property = (name: string, value: string): string =>
  `        <property${Markup.attributes({ name, value: ReportText.oneLine(value) })}/>\n`

const seconds = (millis: number): string => (millis / 1_000).toFixed(3)
