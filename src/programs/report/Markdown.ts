/** GitHub-flavoured Markdown: for the summary page of a job (`$GITHUB_STEP_SUMMARY`), a merge request or a wiki. */
import type { Status } from "../../scenario/Event.ts"
import * as FailureText from "./FailureText.ts"
import * as MarkdownText from "./MarkdownText.ts"
import * as Report from "./Report.ts"
import * as ReportText from "./ReportText.ts"
import * as SummaryText from "./SummaryText.ts"

/** GitHub refuses a summary above 1 MiB; four bytes a character would be the worst. */
const maxDetails = 200_000

export const write = (report: Report.Report): string => {
  const bad = report.cases.filter((one) => Report.isBad(one.status))
  const flaky = report.cases.filter((one) => one.status === "flaky")
  return [
    `## ${bad.length > 0 || report.interrupted ? "❌" : "✅"} ${SummaryText.sentence(report)}`,
    table(report),
    ...report.warnings.slice(0, 50).map((warning) => `> ⚠️ ${text(warning)}`),
    ...(bad.length === 0 ? [] : ["### What went wrong", ...failures(bad)]),
    ...(flaky.length === 0 ? [] : ["### Flaky", list(flaky)]),
    ...(report.cases.length < 2 ? [] : ["### Slowest", list(slowest(report.cases))])
  ].join("\n\n") + "\n"
}

const table = (report: Report.Report): string => {
  const shown = [...SummaryText.order].reverse()
  return [
    `| ${shown.map((status) => `${icons[status]} ${status}`).join(" | ")} | total | time |`,
    `|${" ---: |".repeat(shown.length + 2)}`,
    `| ${shown.map((status) => report.summary[status]).join(" | ")} | ${report.summary.total} | ${
      FailureText.time(report.duration_ms)
    } |`
  ].join("\n")
}

const failures = (cases: ReadonlyArray<Report.Case>): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let size = 0
  for (const one of cases) {
    const part = details(one)
    size += part.length
    if (size > maxDetails) return [...parts, `… and ${cases.length - parts.length} more that did not pass.`]
    parts.push(part)
  }
  return parts
}

const details = (one: Report.Case): string => {
  const body = ReportText.visible(FailureText.lines(one).join("\n"), 20_000)
  const fence = "`".repeat(Math.max(3, ...[...body.matchAll(/`+/g)].map(([run]) => run.length + 1)))
  return [
    `<details><summary>${icons[one.status]} <b>${html(ReportText.name(one.name))}</b> <code>${
      html(place(one))
    }</code> — ${html(FailureText.headline(one))}</summary>`,
    `${fence}text\n${body}\n${fence}`,
    "</details>"
  ].join("\n\n")
}

const list = (cases: ReadonlyArray<Report.Case>): string =>
  cases.slice(0, 100).map((one) =>
    `- **${text(one.name)}** (${text(place(one))}), ${FailureText.time(one.duration_ms)}`
  )
    .concat(cases.length > 100 ? [`- … and ${cases.length - 100} more`] : []).join("\n")

const slowest = (cases: ReadonlyArray<Report.Case>) =>
  cases.toSorted((a, b) => b.duration_ms - a.duration_ms).slice(0, 5)

const place = (one: Report.Case): string => `${ReportText.name(one.file, "(no file)")}:${one.line}`

const html = ReportText.escapeMarkup
const text = MarkdownText.plain

const icons: Readonly<Record<Status, string>> = {
  passed: "✅",
  failed: "❌",
  error: "💥",
  skipped: "⏭️",
  flaky: "🎲",
  interrupted: "✋"
}
