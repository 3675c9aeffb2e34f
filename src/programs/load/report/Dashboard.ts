/** The page that follows a load run while it goes on, and the events that it is drawn from. `services/DashboardServer` serves both. */
import * as Elements from "../../report/html/Elements.ts"
import * as Page from "../../report/html/Page.ts"
import type { LoadProgress } from "../LoadProgress.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as Charts from "./html/Charts.ts"
import * as Data from "./html/Data.ts"
import * as Markup from "./html/Markup.ts"
import * as Style from "./html/Style.ts"
import * as Outcome from "./Outcome.ts"

export const page = (
  load: { readonly name: string; readonly target: string; readonly model: LoadResult["model"] }
): string =>
  `${Page.head({ title: `${load.name} · live`, style: Style.text, script, live: true })}<body>
<header>
<span class="brand">${Page.mark}skein</span>
<span class="verdict interrupted" id="phase">connecting</span>
<h1>${Markup.text(load.name)}</h1>
<div class="facts dim"><span id="elapsed"></span>${Page.themeButton}</div>
</header>
<div class="progress"><i id="progress"></i></div>
<main>
<div class="lead"><span class="model ${load.model}">${load.model} model</span><span>${
    Markup.text(load.target)
  }</span></div>
<div class="tiles" id="tiles"></div>
${Markup.panel("Thresholds", `<div id="thresholds" class="scroll"></div>`)}
${Markup.chart("rate", "Throughput", { note: "Responses of each second.", place: "half" })}
${Markup.chart("latency", "Latency", { note: "Of each second.", place: "half" })}
${Markup.chart("distribution", "Distribution", { note: "Of all responses so far." })}
${Markup.panel("Errors", `<div id="errors" class="scroll"></div>`)}
${Markup.chart("users", "Virtual users", { place: "third" })}
${Markup.chart("cpu", "Generator: processor", { place: "third" })}
${Markup.chart("lag", "Generator: event loop", { place: "third" })}
</main>
<script>${script}</script>
</body>
</html>
`

const tile = (what: string, much: string, more: string, isBad = false) => ({ what, much, more, isBad })

/** Returns one second of the run as a line of JSON. Texts are made here, the page puts them where they belong. */
export const event = (progress: LoadProgress): string => {
  const { at, completed, cpu, dropped, due, errors, lag_ms, max, p50, p95, p99, vus } = progress.second
  const latency = progress.latency()
  const failed = progress.requests === 0 ? 0 : progress.failed / progress.requests
  return JSON.stringify({
    phase: progress.phase,
    elapsed: `${Amounts.seconds(Math.round(progress.elapsedMillis / 1000))}${
      progress.totalMillis === undefined ? "" : ` of ${Amounts.seconds(progress.totalMillis / 1000)}`
    }`,
    progress: progress.totalMillis === undefined
      ? null
      : Math.min(1, progress.elapsedMillis / Math.max(1, progress.totalMillis)),
    second: { at, completed, cpu, dropped, due, errors, lag_ms, max, p50, p95, p99, vus },
    tiles: [
      tile("Throughput", Amounts.rate(completed), `${Amounts.count(progress.requests)} requests`),
      tile("p50", Amounts.time(latency.p50), `now ${Amounts.time(p50)}`),
      tile("p95", Amounts.time(latency.p95), `now ${Amounts.time(p95)}`),
      tile("p99", Amounts.time(latency.p99), `now ${Amounts.time(p99)}`),
      tile("Slowest", Amounts.time(latency.max), `now ${Amounts.time(max)}`),
      tile("Errors", Amounts.percent(failed), Amounts.count(progress.failed), progress.failed > 0),
      tile("Dropped", Amounts.count(progress.dropped), `now ${Amounts.count(dropped)}`, progress.dropped > 0)
    ],
    distribution: Data.bars(progress.histogram),
    thresholds: progress.thresholds.slice(0, 50).map((one) => ({
      state: one.actual === null ? "open" : one.passed ? "yes" : "no",
      expression: one.expression.slice(0, 400),
      actual: Outcome.actual(one),
      miss: Outcome.miss(one)
    })),
    errors: progress.errors.slice(0, 20).map(({ count, example, kind }) => ({
      kind: kind.slice(0, 200),
      count: Amounts.count(count),
      example: example.slice(0, 400)
    }))
  })
}

/** Returns the last event: how it ended. */
export const ending = (result: LoadResult): string =>
  JSON.stringify({ end: Outcome.of(result), text: Outcome.sentence(result) })

const live = String.raw`
const most = 3600
const at = []
const names = ["due", "completed", "errors", "dropped", "vus", "p50", "p95", "p99", "max", "cpu", "lag_ms"]
const values = Object.fromEntries(names.map((name) => [name, []]))
const all = { name: "response", text: "latency", distribution: { low: 0, perDecade: 1, bars: [], quantiles: [] } }
const line = (name, text, more) => ({ name, text, values: values[name], ...more })
const perSecond = (value) => digits(value) + "/s"
const forget = () => { at.length = 0; for (const name of names) values[name].length = 0 }
timeChart($("rate"), { at, label: "Responses, errors and dropped iterations a second", format: perSecond, series: [
  line("due", "iterations due", { dashed: true }), line("completed", "requests completed", { area: true }), line("errors", "errors", { area: true }), line("dropped", "dropped", { area: true })] })
timeChart($("latency"), { at, label: "Percentiles of the latency", format: ms, log: true, series: [
  line("max", "max", { dashed: true }), line("p99", "p99"), line("p95", "p95"), line("p50", "p50")] })
distributionChart($("distribution"), { label: "Distribution of the latency", runs: [all] })
timeChart($("users"), { at, height: 130, label: "Virtual users", format: (value) => count(Math.round(value)), series: [line("vus", "busy users", { area: true })] })
timeChart($("cpu"), { at, height: 130, label: "Processor time of the generator", format: percent, most: 1, series: [line("cpu", "of a core", { area: true })] })
timeChart($("lag"), { at, height: 130, label: "Lag of the generator's event loop", format: ms, series: [line("lag_ms", "longest lag", { area: true })] })

const tile = ({ what, much, more, isBad }) => {
  const [, value = much, unit = ""] = /^([<>]?[\d.,]+)(\D+)$/.exec(much) || []
  return h("div", { class: "tile" + (isBad ? " bad" : "") }, h("div", { class: "what" }, what), h("div", { class: "much" }, value, unit && h("small", {}, unit)), h("div", { class: "more" }, more))
}
const signs = { yes: "✓", no: "✗", open: "○" }
const rows = (host, rows) => {
  $(host).parentElement.hidden = rows.length === 0
  $(host).replaceChildren(h("table", {}, rows))
}
const say = (text, status) => { $("phase").textContent = text; $("phase").className = "verdict " + status }
const follow = (event) => {
  const { second } = event
  if (at.length >= most) { at.shift(); for (const name of names) values[name].shift() }
  at.push(second.at)
  for (const name of names) values[name].push(second[name])
  all.distribution = event.distribution
  const whole = view.from === view.whole[0] && view.to === view.whole[1]
  view.whole = [at[0], Math.max(at.at(-1) + 1, at[0] + 10)]
  if (whole) [view.from, view.to] = view.whole
  say(event.phase, event.phase === "running" ? "passed" : "flaky")
  $("elapsed").textContent = event.elapsed
  $("progress").style.width = (event.progress || 0) * 100 + "%"
  $("tiles").replaceChildren(...event.tiles.map(tile))
  rows("thresholds", event.thresholds.map((one) => h("tr", {}, h("td", { class: "n" }, h("span", { class: one.state === "open" ? "warn" : one.state }, signs[one.state])),
    h("td", { class: "l wide" }, one.expression), h("td", {}, one.actual), h("td", { class: "l" }, h("span", { class: "no" }, one.miss)))))
  rows("errors", event.errors.map((one) => h("tr", {}, h("td", { class: "n" }, h("span", { class: "no" }, one.kind)), h("td", {}, one.count), h("td", { class: "l wide" }, one.example))))
  soon()
}
rows("thresholds", [])
rows("errors", [])
view.whole = [view.from, view.to] = [0, 10]
startTheme(soon)
const source = new EventSource("events")
source.addEventListener("begin", forget)
let ended = false
source.onmessage = ({ data }) => {
  const event = JSON.parse(data)
  if (event.end === undefined) return follow(event)
  ended = true
  source.close()
  say(event.text, event.end)
}
source.onerror = () => { if (!ended) say("connection lost", "flaky") }
new ResizeObserver(soon).observe(document.body)
`

const script = `"use strict";(() => {${Elements.text}${Charts.text}${live}})()`
