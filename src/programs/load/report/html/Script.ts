/** The part of the script that fills the report of one load run. */
export const text = String.raw`
const data = JSON.parse($("data").textContent)
const { at, seconds, values } = data.lines
const overTimeCharts = () => {
  if (at.length === 0) return
  view.from = Math.min(0, at[0])
  view.to = at.at(-1) + seconds
  view.whole = [view.from, view.to]
  const has = (name) => values[name].some((value) => value > 0)
  const line = (name, text, more) => ({ name, text, values: values[name], ...more })
  const perSecond = (value) => digits(value) + "/s"
  timeChart($("rate"), { at, step: seconds, label: "Responses, errors and dropped iterations a second over time", format: perSecond, series: [
    ...(has("due") ? [line("due", "iterations due", { dashed: true })] : []),
    line("completed", "requests completed", { area: true }),
    ...(has("errors") ? [line("errors", "errors", { area: true })] : []),
    ...(has("dropped") ? [line("dropped", "dropped", { area: true })] : [])] })
  timeChart($("latency"), { at, step: seconds, label: "Percentiles of the latency over time", format: ms, log: true, series: [
    line("max", "max", { dashed: true }), line("p99", "p99"), line("p95", "p95"), line("p50", "p50")] })
  heatChart($("heat"), data.heat, "How many responses took how long, over time")
  timeChart($("users"), { at, step: seconds, height: 130, label: "Virtual users over time", format: (value) => count(Math.round(value)), series: [line("vus", "busy users", { area: true })] })
  timeChart($("cpu"), { at, step: seconds, height: 130, label: "Processor time of the generator over time", format: percent, most: 1, series: [line("cpu", "of a core", { area: true })] })
  timeChart($("lag"), { at, step: seconds, height: 130, label: "Lag of the generator's event loop over time", format: ms, series: [line("lag_ms", "longest lag", { area: true })] })
}
const both = data.service === null
  ? [{ name: "response", text: "latency", distribution: data.response }]
  : [{ name: "response", text: "response, from the intended start", distribution: data.response },
    { name: "service", text: "service, from the start", distribution: data.service }]
overTimeCharts()
distributionChart($("distribution"), { label: "Distribution of the latency", runs: both, marks: data.marks })
percentileChart($("percentiles"), { label: "Latency by percentile", runs: both })
startTheme(soon)
redrawAll()
new ResizeObserver(soon).observe(document.body)
`
