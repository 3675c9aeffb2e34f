/**
 * TAP version 14: one test point per case, with a YAML block that tells what happened.
 *
 * @see https://testanything.org/tap-version-14-specification.html
 */
import * as FailureText from "./FailureText.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"

export const write = (report: Report.Report): string =>
  [
    "TAP version 14",
    `1..${report.cases.length}`,
    ...report.warnings.map((warning) => `# warning: ${ReportText.oneLine(warning)}`),
    ...report.cases.flatMap((one, i) => point(one, i + 1)),
    ...(report.interrupted ? ["Bail out! The run was interrupted"] : []),
    ""
  ].join("\n")

const point = (one: Report.Case, number: number): ReadonlyArray<string> => {
  const result = Report.isBad(one.status) ? "not ok" : "ok"
  const directive = one.status === "skipped" ? ` # SKIP ${escape(ReportText.oneLine(one.reason ?? ""))}`.trimEnd() : ""
  const place = `${ReportText.name(one.file, "(no file)")}:${one.line}`
  const bad = one.status !== "passed" && one.status !== "skipped"
  const details = one.status === "flaky"
    ? one.earlier.flatMap((attempt) => FailureText.lines({ ...one, ...attempt }))
    : FailureText.lines(one)
  return [
    `${result} ${number} - ${escape(ReportText.name(one.name))} (${escape(place)})${directive}`,
    "  ---",
    `  status: ${one.status}`,
    `  duration_ms: ${one.duration_ms}`,
    `  id: ${quoted(one.id)}`,
    `  at: ${quoted(place)}`,
    ...(one.attempts > 1 ? [`  attempts: ${one.attempts}`] : []),
    ...(bad
      ? [`  message: ${quoted(one.status === "flaky" ? "passed on a later attempt" : FailureText.headline(one))}`]
      : []),
    ...(bad ? ["  details:", ...details.map((line) => `    - ${quoted(line)}`)] : []),
    "  ..."
  ]
}

const escape = (text: string): string => text.replace(/[\\#]/g, "\\$&")

/** JSON strings are YAML strings once every character in them is a visible one. */
const quoted = (text: string): string => JSON.stringify(ReportText.visible(text))
