/**
 * The Common Test Report Format: one JSON shape that many CI add-ons and dashboards read.
 *
 * Errors are `failed` there, interrupted cases `other`; `rawStatus` keeps our own word.
 *
 * @see https://ctrf.io
 */
import type { Status } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import type * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"

export const write = (report: Report.Report): string => {
  const start = Date.parse(report.started_at)
  const { error, failed, flaky, interrupted, passed, skipped, total } = report.summary
  return `${
    JSON.stringify({
      reportFormat: "CTRF",
      specVersion: "0.0.0",
      runId: ReportText.name(report.run, "skein"),
      timestamp: report.started_at,
      generatedBy: "skein",
      results: {
        tool: { name: "skein" },
        summary: {
          tests: total,
          passed: passed + flaky,
          failed: failed + error,
          skipped,
          pending: 0,
          other: interrupted,
          flaky,
          suites: new Set(report.cases.map((one) => one.suite ?? one.file)).size,
          start,
          stop: start + Math.round(report.duration_ms),
          duration: Math.round(report.duration_ms)
        },
        tests: report.cases.map(test),
        ...(report.warnings.length === 0
          ? {}
          : { extra: { warnings: report.warnings.map((text) => ReportText.visible(text)) } })
      }
    })
  }\n`
}

const test = (one: Report.Case) => {
  const start = Date.parse(one.started_at)
  const first = FailureText.entries(one)[0]
  const frame = first?.failure.frame
  const logs = one.steps.flatMap((step) => step.logs.map((log) => ReportText.visible(log.text)))
  return {
    testId: ReportText.name(one.id, "(no id)"),
    name: ReportText.name(one.name),
    status: statuses[one.status],
    rawStatus: one.status,
    duration: Math.round(one.duration_ms),
    start,
    stop: start + Math.round(one.duration_ms),
    suite: [ReportText.name(one.suite ?? one.file, "(no file)")],
    filePath: ReportText.name(one.file, "(no file)"),
    line: one.line,
    tags: one.tags.map((tag) => ReportText.oneLine(tag)),
    ...(one.status === "passed" ? {} : explanation(one)),
    ...(frame === undefined ? {} : { snippet: ReportText.visible(frame) }),
    ...(one.attempts > 1 ? { retries: one.attempts - 1 } : {}),
    ...(one.earlier.length === 0 ? {} : { retryAttempts: one.earlier.map((attempt) => retryAttempt(one, attempt)) }),
    flaky: one.status === "flaky",
    ...(logs.length === 0 ? {} : { stdout: logs }),
    steps: one.steps.map((step) => ({
      name: ReportText.name(step.name),
      status: statuses[step.status],
      extra: { action: ReportText.name(step.action), phase: step.phase, duration_ms: step.duration_ms }
    }))
  }
}

const explanation = (one: Report.Case) =>
  one.status === "flaky"
    ? { message: "passed on a later attempt" }
    : one.status === "skipped"
    ? { message: ReportText.oneLine(one.reason ?? "skipped") }
    : { message: FailureText.headline(one), trace: ReportText.visible(FailureText.lines(one).join("\n")) }

const retryAttempt = (one: Report.Case, attempt: Report.EarlierAttempt) => {
  const start = Date.parse(attempt.started_at)
  return {
    attempt: attempt.attempt,
    status: statuses[attempt.status],
    duration: Math.round(attempt.duration_ms),
    start,
    stop: start + Math.round(attempt.duration_ms),
    message: FailureText.headline({ ...one, ...attempt }),
    trace: ReportText.visible(FailureText.lines({ ...one, ...attempt }).join("\n"))
  }
}

const statuses: Readonly<Record<Status, string>> = {
  passed: "passed",
  failed: "failed",
  error: "failed",
  skipped: "skipped",
  flaky: "passed",
  interrupted: "other"
}
