/**
 * A load run as one HTML file for people: figures, charts over time, the distribution, steps, errors, thresholds, the generator.
 *
 * Needs no network and allows none: the policy in the file forbids everything but its own style and script, by their hashes.
 * Figures and tables stand in the file as they are; only the charts need the script.
 */
import { Effect } from "effect"
import * as Elements from "../../report/html/Elements.ts"
import * as Page from "../../report/html/Page.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Charts from "./html/Charts.ts"
import * as Data from "./html/Data.ts"
import * as Markup from "./html/Markup.ts"
import * as Script from "./html/Script.ts"
import * as Sections from "./html/Sections.ts"
import * as Style from "./html/Style.ts"
import * as Outcome from "./Outcome.ts"

export const write = Effect.fnUntraced(function*(result: LoadResult): Effect.fn.Return<string> {
  const data = yield* Data.make(result)
  const { latency_ms: { p50, p95, p99 } } = result
  const marks = result.latency_ms.count === 0 ? [] : [["p50", p50], ["p95", p95], ["p99", p99]]
  return [
    Page.head({ title: `${result.name}: ${Outcome.sentence(result)}`, style: Style.text, script }),
    header(result),
    `<main>\n<div>${Sections.lead(result)}</div>\n`,
    Sections.alerts(result),
    Sections.tiles(result),
    Sections.thresholds(result),
    Sections.breakpoint(result),
    charts(result),
    Sections.latencies(result),
    Sections.steps(result),
    Sections.answers(result),
    Sections.metrics(result),
    health(result),
    Sections.generator(result),
    Sections.configuration(result),
    `</main>\n${footer(result)}`,
    Page.dataBlock("data", { ...data, marks }),
    `<script>${script}</script>\n</body>\n</html>\n`
  ].join("")
})

const script = `"use strict";(() => {${Elements.text}${Charts.text}${Script.text}})()`

const words: Readonly<Record<Outcome.Outcome, string>> = {
  passed: "Passed",
  failed: "Failed",
  invalid: "Not valid",
  unreachable: "Unreachable",
  interrupted: "Interrupted"
}

const header = (result: LoadResult): string => {
  const outcome = Outcome.of(result)
  const word = outcome === "passed" && result.thresholds.length === 0 ? "Valid" : words[outcome]
  return `<body>
<header>
<span class="brand">${Page.mark}skein</span>
<span class="verdict ${outcome}">${word}</span>
<h1>${Markup.text(result.name)}</h1>
<div class="facts dim"><time datetime="${Markup.text(result.started_at)}">${Markup.moment(result.started_at)}</time>
${Page.themeButton}</div>
</header>
<noscript>The charts need JavaScript; all figures are below.</noscript>
`
}

const charts = (result: LoadResult): string => {
  const isOpen = result.model === "open"
  const over = result.seconds.length === 0 ? "" : [
    Markup.chart("rate", "Throughput", {
      note: "Responses a second. Drag over a chart to look closer, double-click to see all again.",
      place: "half"
    }),
    Markup.chart("latency", "Latency over time", {
      note: `${isOpen ? "From the intended start" : "From the start"}, by percentile; the scale is logarithmic.`,
      place: "half"
    }),
    Markup.chart("heat", "Where the latencies lie", {
      note: "Each column is a moment: what the percentiles leave out."
    })
  ].join("")
  return over +
    Markup.chart("distribution", "Distribution", {
      note: "Share of responses by latency, on a logarithmic scale.",
      place: "half"
    }) +
    Markup.chart("percentiles", "Percentiles", {
      note: isOpen
        ? "What users waited, beside what the target took: where the two part, requests queued."
        : "The further right, the rarer: every nine has the same room.",
      place: "half"
    })
}

const health = (result: LoadResult): string =>
  result.seconds.length === 0 ? "" : [
    Markup.chart("users", "Virtual users", { place: "third" }),
    Markup.chart("cpu", "Generator: processor", { place: "third" }),
    Markup.chart("lag", "Generator: event loop", { place: "third" })
  ].join("")

const footer = ({ generator, run, seed }: LoadResult): string =>
  `<footer>skein ${Markup.text(generator.skein)} · run ${Markup.text(run)} · seed ${seed}</footer>\n`
