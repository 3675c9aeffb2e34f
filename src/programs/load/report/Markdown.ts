/** GitHub-flavoured Markdown of a load run: for the summary page of a job (`$GITHUB_STEP_SUMMARY`), a merge request or a wiki. */
import * as MarkdownText from "../../report/MarkdownText.ts"
import type { Distribution, LoadResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as Outcome from "./Outcome.ts"

const maxRows = 50

export const write = (result: LoadResult): string =>
  [
    `## ${icons[Outcome.of(result)]} ${text(result.name)}: ${text(Outcome.sentence(result))}`,
    facts(result),
    ...(result.reasons.length === 0
      ? []
      : [result.reasons.map((one) => `> ⚠️ **${text(one.text)}** ${text(one.advice)}`).join("\n>\n")]),
    ...(result.breakpoint === undefined ? [] : [`**Breakpoint:** ${Outcome.breakpoint(result.breakpoint)}`]),
    ...section("Thresholds", thresholds(result)),
    latencies(result),
    ...section("Steps", steps(result)),
    ...section("Errors", errors(result))
  ].join("\n\n") + "\n"

const icons: Readonly<Record<Outcome.Outcome, string>> = {
  passed: "✅",
  failed: "❌",
  invalid: "⚠️",
  unreachable: "💥",
  interrupted: "✋"
}

const text = MarkdownText.plain

const section = (title: string, rows: string): ReadonlyArray<string> => rows === "" ? [] : [`### ${title}`, rows]

const facts = ({ iterations, measured_s, model, requests, target }: LoadResult): string =>
  [
    `**${Amounts.rate(requests.per_second)}**`,
    `${Amounts.count(requests.total)} requests in ${Amounts.seconds(measured_s)}`,
    `${Amounts.count(requests.failed)} failed`,
    ...(model === "open" ? [`${Amounts.count(iterations.dropped)} iterations dropped`] : []),
    `${model} model`,
    text(target)
  ].join(" · ")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>, left = 1): string =>
  rows.length === 0 ? "" : [
    `| ${head.join(" | ")} |`,
    `|${head.map((_, i) => i < left ? " --- |" : " ---: |").join("")}`,
    ...rows.slice(0, maxRows).map((row) => `| ${row.join(" | ")} |`),
    ...(rows.length > maxRows ? [`| … and ${rows.length - maxRows} more |${" |".repeat(head.length - 1)}`] : [])
  ].join("\n")

const thresholds = (result: LoadResult): string =>
  table(
    ["threshold", "", "measured", ""],
    result.thresholds.map((one) => [
      text(one.expression),
      one.passed ? "✅" : "❌",
      Outcome.actual(one),
      Outcome.miss(one) + (one.aborted ? ", ended the run" : "")
    ]),
    2
  )

const quantiles = ["p50", "p75", "p90", "p95", "p99", "p99_9", "max", "mean"] as const

const latencies = (result: LoadResult): string => {
  const row = (name: string, of: Distribution | null): ReadonlyArray<ReadonlyArray<string>> =>
    of === null || of.count === 0 ? [] : [[name, ...quantiles.map((key) => Amounts.time(of[key]))]]
  const rows = result.model === "open"
    ? [
      ...row("response, from the intended start", result.latency_ms),
      ...row("service, from the start", result.service_ms)
    ]
    : row("latency", result.latency_ms)
  return table(
    ["", ...quantiles.map((key) => Amounts.quantileName(key))],
    [...rows, ...row("corrected", result.corrected_ms), ...row("lateness", result.lateness_ms)]
  )
}

const steps = (result: LoadResult): string =>
  result.steps.length < 2 ? "" : table(
    ["step", "count", "per s", "failed", "p50", "p95", "p99", "max"],
    result.steps.map((one) => [
      `${text(one.name)} (${text(one.action)})`,
      Amounts.count(one.count),
      Amounts.number(one.per_second),
      Amounts.count(one.failed),
      ...(["p50", "p95", "p99", "max"] as const).map((key) => Amounts.time(one.response_ms[key]))
    ])
  )

const errors = (result: LoadResult): string =>
  table(
    ["kind", "count", "example"],
    result.errors.kinds.map(({ count, example, kind }) => [text(kind), Amounts.count(count), text(example)])
  )
