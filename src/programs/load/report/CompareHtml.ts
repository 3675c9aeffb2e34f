/** The comparison of two load runs as one HTML file: the verdict, each change with its interval, and both runs in the same charts. */
import { Effect } from "effect"
import { Histogram } from "../../../core/Histogram.ts"
import * as Elements from "../../report/html/Elements.ts"
import * as Page from "../../report/html/Page.ts"
import type { Comparison, Row, Side } from "../compare/Comparison.ts"
import * as Histograms from "../figures/Histograms.ts"
import * as Seconds from "../figures/Seconds.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as CompareText from "./CompareText.ts"
import * as Charts from "./html/Charts.ts"
import * as Data from "./html/Data.ts"
import * as Forest from "./html/Forest.ts"
import * as Markup from "./html/Markup.ts"
import * as Style from "./html/Style.ts"

const { text } = Markup

/** Runs of both sides in their order; all of a side are drawn as one. */
export const write = Effect.fnUntraced(function*(
  comparison: Comparison,
  before: ReadonlyArray<LoadResult>,
  after: ReadonlyArray<LoadResult>
): Effect.fn.Return<string> {
  const data = {
    before: Data.distribution(yield* together(before)),
    after: Data.distribution(yield* together(after)),
    // Runs in alternation have no common clock; their distributions say what there is to see.
    lines: comparison.pairs === 1 ? [before, after].map(([run]) => Data.lines(Seconds.whole(run!))) : []
  }
  const [word, status] = words[comparison.verdict]
  return [
    Page.head({ title: `${word}: ${comparison.after.name}`, style: Style.text, script }),
    `<body>
<header>
<span class="brand">${Page.mark}skein</span>
<span class="verdict ${status}">${word}</span>
<h1>${text(comparison.after.name)}</h1>
<div class="facts dim">${Page.themeButton}</div>
</header>
<main>
<div class="lead"><span>${text(CompareText.methodOf(comparison))}</span></div>
`,
    sides(comparison),
    why(comparison, status),
    Markup.panel("Changes", changes(comparison), {
      note: "Each with the interval in which it lies. The band is what does not matter."
    }),
    Markup.chart("distribution", "Distribution", { note: "Share of responses by latency.", place: "half" }),
    Markup.chart("percentiles", "Percentiles", { note: "The further right, the rarer.", place: "half" }),
    ...(comparison.pairs === 1
      ? [
        Markup.chart("rate", "Throughput", { note: "Responses a second; both runs from their start.", place: "half" }),
        Markup.chart("latency", "Latency over time", { note: "p50 and p99 of both runs.", place: "half" })
      ]
      : []),
    `</main>\n<footer>${text(comparison.before.runs.join(", "))} · ${
      text(comparison.after.runs.join(", "))
    }</footer>\n`,
    Page.dataBlock("data", data),
    `<script>${script}</script>\n</body>\n</html>\n`
  ].join("")
})

const words = {
  faster: ["Faster", "passed"],
  same: ["The same", "passed"],
  slower: ["Slower", "failed"],
  cannot_tell: ["Cannot tell", "invalid"]
} as const

/** As exact as the coarsest of them. */
const together = Effect.fnUntraced(function*(runs: ReadonlyArray<LoadResult>) {
  const all = yield* Effect.forEach(runs, Histograms.latency)
  return Histogram.together(all, Math.min(...all.map(({ bits }) => bits)))
})

const sides = ({ after, before }: Comparison): string => {
  const tile = (name: string, kind: string, side: Side) =>
    `<div class="tile side ${kind}"><div class="what">${name}</div><div class="target">${
      text(side.target)
    }</div><div class="more">${Markup.moment(side.started_at)} · ${Amounts.plural(side.requests, "request")}${
      side.runs.length > 1 ? ` in ${side.runs.length} runs` : ""
    }</div></div>`
  return `<div class="tiles">${tile("Before", "before", before)}${tile("After", "after", after)}</div>\n`
}

const why = ({ notes, reasons, verdict }: Comparison, status: string): string =>
  `<section class="panel alert ${status}"><h2>${words[verdict][0]}</h2><ul>${
    [...reasons, ...notes.map((note) => `Note: ${note}`)].map((line) => `<li>${text(line)}</li>`).join("")
  }</ul></section>\n`

const changes = (comparison: Comparison): string =>
  Markup.table(
    [
      { name: "" },
      { name: "" },
      ...["before", "after", "change", "from", "to"].map((name) => ({ name })),
      { name: `band: ±${Amounts.percent(comparison.margin)}`, isText: true }
    ],
    comparison.rows.map((row) => [
      row.judged ? `<b>${CompareText.nameOf(row)}</b>` : CompareText.nameOf(row),
      row.judged ? verdictOf(row) : "",
      Amounts.inUnit(row.before, row.unit),
      Amounts.inUnit(row.after, row.unit),
      CompareText.change(row, row.change),
      CompareText.change(row, row.from),
      CompareText.change(row, row.to),
      Forest.row(row, comparison)
    ])
  )

const verdictOf = ({ verdict }: Row): string => {
  const kind = { better: "yes", same: "yes", worse: "no", cannot_tell: "warn" }[verdict]
  return `<span class="${kind}">${CompareText.words[verdict]}</span>`
}

const page = String.raw`
const data = JSON.parse($("data").textContent)
const runs = [{ name: "before", text: "before", distribution: data.before }, { name: "after", text: "after", distribution: data.after }]
distributionChart($("distribution"), { label: "Distribution of the latency before and after", runs })
percentileChart($("percentiles"), { label: "Latency by percentile, before and after", runs })
if (data.lines.length === 2 && data.lines.every((lines) => lines.at.length > 0)) {
  const [a, b] = data.lines
  const long = a.at.length >= b.at.length ? a : b
  const at = long.at
  view.from = Math.min(0, at[0])
  view.to = at.at(-1) + long.seconds
  view.whole = [view.from, view.to]
  const both = (name, text, dashed) => [
    { name: "before", text: text + " before", values: a.values[name], dashed }, { name: "after", text: text + " after", values: b.values[name], dashed }]
  timeChart($("rate"), { at, step: long.seconds, label: "Responses a second, before and after", format: (value) => digits(value) + "/s", series: both("completed", "completed") })
  timeChart($("latency"), { at, step: long.seconds, label: "Latency over time, before and after", format: ms, log: true, series: [...both("p99", "p99", true), ...both("p50", "p50")] })
}
startTheme(soon)
redrawAll()
new ResizeObserver(soon).observe(document.body)
`

const script = `"use strict";(() => {${Elements.text}${Charts.text}${page}})()`
