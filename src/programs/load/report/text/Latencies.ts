/** How fast a load run was answered: percentiles, the distribution in bars, and the seconds as lines of signs. */
import * as Histograms from "../../figures/Histograms.ts"
import * as Seconds from "../../figures/Seconds.ts"
import type { Distribution, LoadResult } from "../../LoadResult.ts"
import * as Amounts from "../Amounts.ts"
import * as Bars from "../Bars.ts"
import * as Chart from "../Chart.ts"
import * as Table from "../Table.ts"
import type { Screen } from "./Screen.ts"

const quantiles = ["p50", "p75", "p90", "p95", "p99", "p99_9", "max", "mean", "stddev"] as const

/** The hint, then the figures that say least. */
const dispensable = [[10], [9], [2], [8], [3], [6]]

/** Returns a row for each way to count: response and service in the open model, corrected, lateness, phases where there are any. */
export const latencies = (result: LoadResult, { columns, style }: Screen): ReadonlyArray<string> => {
  const row = (name: string, of: Distribution, hint: string, paint?: (text: string) => string) => [
    { text: name, paint: style.bold },
    ...quantiles.map((key) => ({ text: of.count === 0 ? "-" : Amounts.time(of[key]), paint })),
    { text: `  ${hint}`, paint: style.dim }
  ]
  const head = ["", ...quantiles.map((key) => ({ text: Amounts.quantileName(key), paint: style.dim })), ""]
  const rows = result.model === "open"
    ? [
      row("response", result.latency_ms, "from the intended start"),
      row("service", result.service_ms, "from the start")
    ]
    : [row("latency", result.latency_ms, "from the start")]
  if (result.corrected_ms !== null) rows.push(row("corrected", result.corrected_ms, "with what waiting left out"))
  if (result.lateness_ms !== null) rows.push(row("lateness", result.lateness_ms, "of the starts", style.dim))
  for (const [name, of] of Object.entries(result.phases_ms ?? {})) {
    if (of.count > 0) rows.push(row(`  ${name}`, of, "", style.dim))
  }
  return Table.lines([head, ...rows], { left: 1, prose: true, columns, drop: dispensable })
}

/** Returns the distribution, with an empty line behind it; nothing when there is none. */
export const bars = (result: LoadResult, { ascii, columns, style }: Screen): ReadonlyArray<string> => {
  const found = Bars.make(Histograms.buckets(Histograms.ofRun(result)), 12)
  if (found.length === 0) return []
  const total = found.reduce((sum, { count }) => sum + count, 0)
  const highest = Chart.highest(found)
  const width = Math.max(8, Math.min(56, columns - 30))
  const rows = found.map(({ count, from, to }) => {
    const color = from >= result.latency_ms.p99 ? style.red : from >= result.latency_ms.p90 ? style.yellow : style.green
    return [
      { text: `${Amounts.time(from)}-${Amounts.time(to)}`, paint: style.dim },
      { text: count === 0 ? "" : Amounts.percent(count / total) },
      { text: Chart.bar(count / highest, width, ascii), paint: color }
    ]
  })
  return [...Table.lines(rows, { left: 0, prose: true }), ""]
}

/** The run as two lines of signs: what came back each second, and the slow end of it. */
export const overTime = (result: LoadResult, { ascii, columns, style }: Screen): ReadonlyArray<string> => {
  const seconds = Seconds.whole(result).filter(({ at }) => at >= 0)
  if (seconds.length < 3) return []
  const width = Math.max(8, Math.min(columns - 34, seconds.length * 2, 80))
  const draw = (
    name: string,
    values: ReadonlyArray<number>,
    shown: (value: number) => string,
    paint: (text: string) => string
  ) => {
    // A run of days has more seconds than a call may have arguments.
    const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, 0])
    const wide = values.length * 2 <= width ? values.flatMap((value) => [value, value]) : values
    return [
      { text: name, paint: style.bold },
      { text: Chart.line(wide, width, ascii), paint },
      { text: least === most ? shown(most) : `${shown(least)} to ${shown(most)}`, paint: style.dim }
    ]
  }
  const failed = seconds.map(({ errors }) => errors)
  return [
    ...Table.lines([
      draw("per second", seconds.map(({ completed }) => completed), Amounts.count, style.cyan),
      ...(seconds.some(({ p99 }) => p99 > 0)
        ? [draw("p99", seconds.map(({ p99 }) => p99), Amounts.time, style.yellow)]
        : []),
      ...(failed.some((n) => n > 0) ? [draw("errors", failed, Amounts.count, style.red)] : [])
    ], { left: 3 }),
    ""
  ]
}
