/** The comparison of two load runs as GitHub-flavoured Markdown: for a merge request, or the summary page of a job. */
import * as MarkdownText from "../../report/MarkdownText.ts"
import type { Comparison, Row } from "../compare/Comparison.ts"
import * as Amounts from "./Amounts.ts"
import * as CompareText from "./CompareText.ts"

const text = MarkdownText.plain

export const write = (comparison: Comparison): string =>
  [
    `## ${titles[comparison.verdict]}: ${text(comparison.after.name)}`,
    `${text(comparison.before.target)} → ${text(comparison.after.target)} · ${CompareText.methodOf(comparison)}`,
    [...comparison.reasons, ...comparison.notes].map((line) => `- ${text(line)}`).join("\n"),
    [
      "| | before | after | change | interval | |",
      "| --- | ---: | ---: | ---: | ---: | --- |",
      ...comparison.rows.map((row) => `| ${cells(row).join(" | ")} |`)
    ].join("\n")
  ].join("\n\n") + "\n"

const titles = {
  faster: "✅ Faster",
  same: "✅ The same",
  slower: "❌ Slower",
  cannot_tell: "⚠️ Cannot tell"
} as const

const cells = (row: Row): ReadonlyArray<string> => [
  row.judged ? `**${CompareText.nameOf(row)}**` : CompareText.nameOf(row),
  Amounts.inUnit(row.before, row.unit),
  Amounts.inUnit(row.after, row.unit),
  CompareText.change(row, row.change),
  row.from === null ? "" : `${CompareText.change(row, row.from)} to ${CompareText.change(row, row.to)}`,
  row.judged ? CompareText.words[row.verdict] : ""
]
