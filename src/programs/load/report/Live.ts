/**
 * Where a load run stands, kept from what it tells each second, and the lines that show it on a terminal while it goes on.
 *
 * Nothing here knows a clock or a terminal: `src/cli/LoadView.ts` draws the lines. They change once a second, so that drawing costs next
 * to nothing beside the load.
 */
import * as Style from "../../../core/Style.ts"
import * as TerminalText from "../../../core/TerminalText.ts"
import * as ReportText from "../../report/ReportText.ts"
import * as Histograms from "../figures/Histograms.ts"
import type { LoadProgress } from "../LoadProgress.ts"
import type { Distribution, Model, Second, ThresholdResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as Bars from "./Bars.ts"
import * as Chart from "./Chart.ts"
import * as Outcome from "./Outcome.ts"

/** What the last second told. */
type Last = Omit<LoadProgress, "histogram" | "latency"> & { readonly latency: Distribution }

/** A load under way. Changes as progress is added; belongs to one load. */
export interface Live {
  readonly name: string
  readonly model: Model
  /** The newest ones, oldest first. */
  readonly seconds: Array<Second>
  last: Last | undefined
  bars: ReadonlyArray<Bars.Bar>
}

export const make = (name: string, model: Model): Live => ({
  name,
  model,
  seconds: [],
  last: undefined,
  bars: []
})

/** Seconds that the lines over time show. */
const kept = 60
const mostBars = 6

export const add = (live: Live, { histogram, latency, ...progress }: LoadProgress): void => {
  live.last = { ...progress, latency: latency() }
  if (progress.isWhole) live.seconds.push(progress.second)
  if (live.seconds.length > kept) live.seconds.shift()
  live.bars = Bars.make(Histograms.buckets(histogram), mostBars)
}

/** Returns the live area: at most 22 lines, for terminals of 24, none wider than `width` columns. Empty before the first second has ended. */
export const frame = (live: Live, width: number, style: Style.Style = Style.plain): ReadonlyArray<string> => {
  const { bars, last, seconds } = live
  if (last === undefined) return []
  const chart = Math.max(10, Math.min(kept, width - 46))
  const over = (
    name: string,
    value: string,
    values: ReadonlyArray<number>,
    paint: (text: string) => string,
    more: string
  ) =>
    `   ${style.bold(name.padEnd(9))}${value.padStart(9)}  ${paint(Chart.line(values, chart, false))}  ${
      style.dim(more)
    }`
  const { second } = last
  const due = live.model === "open" ? dueOf(last) : ""
  return [
    "",
    head(live, last, width, style),
    "",
    over("rate", Amounts.rate(second.completed), seconds.map(({ completed }) => completed), style.cyan, due),
    over(
      "p50",
      second.max === 0 ? "-" : Amounts.time(second.p50),
      seconds.map(({ p50 }) => p50),
      style.green,
      last.latency.count === 0 ? "" : `all ${Amounts.time(last.latency.p50)}`
    ),
    over(
      "p99",
      second.max === 0 ? "-" : Amounts.time(second.p99),
      seconds.map(({ p99 }) => p99),
      style.yellow,
      last.latency.count === 0 ? "" : `all ${Amounts.time(last.latency.p99)}`
    ),
    over("users", Amounts.count(second.vus), seconds.map(({ vus }) => vus), style.dim, ""),
    ...(last.failed === 0
      ? []
      : [
        over(
          "errors",
          Amounts.count(second.errors),
          seconds.map(({ errors }) => errors),
          style.red,
          `all ${Amounts.count(last.failed)}`
        )
      ]),
    "",
    ...bars.map((bar) => barLine(bar, bars, Math.max(10, width - 36), style)),
    ...(bars.length === 0 ? [] : [""]),
    counts(last, style),
    ...last.errors.slice(0, 1).map(({ count, example, kind }) =>
      `   ${style.red(`${ReportText.name(kind)} ${Amounts.count(count)}`)}  ${
        style.dim(ReportText.oneLine(example, 400))
      }`
    ),
    ...thresholds(last.thresholds, style),
    style.dim(`   generator ${Amounts.percent(second.cpu)} of a core, loop lag ${Amounts.time(second.lag_ms)}`)
  ].map((line) => cut(ReportText.inert(line), width))
}

/** What is due are iterations; where each of them is one request, the two can be set side by side. */
const dueOf = ({ iterations, requests, second }: Pick<LoadProgress, "iterations" | "requests" | "second">): string =>
  iterations === requests ? `of ${Amounts.rate(second.due)} due` : `${Amounts.rate(second.due)} iterations due`

const head = (live: Live, last: Last, width: number, style: Style.Style): string => {
  const { elapsedMillis, phase, totalMillis } = last
  const elapsed = Amounts.seconds(Math.round(elapsedMillis / 1000))
  const model = `${live.model} model`
  const word = phase === "running" ? "" : `  ${style.yellow(phase)}`
  const time = totalMillis === undefined ? elapsed : `${elapsed} of ${Amounts.seconds(totalMillis / 1000)}`
  const rest = TerminalText.width(TerminalText.strip(`   ${model}${word}  ${time}`))
  const name = TerminalText.cut(
    ReportText.name(live.name),
    Math.max(8, Math.min(Math.floor(width * 0.4), width - rest))
  )
  const start = ` ${style.bold(name)}  ${style.dim(model)}${word}  ${time}`
  const room = Math.min(30, width - TerminalText.width(TerminalText.strip(start)) - 3)
  if (totalMillis === undefined || totalMillis === 0 || room < 6) return start
  const done = Math.min(room, Math.floor((elapsedMillis / totalMillis) * room))
  return `${start}  ${style.green("━".repeat(done))}${style.dim("─".repeat(room - done))}`
}

const barLine = (
  { count, from, to }: Bars.Bar,
  bars: ReadonlyArray<Bars.Bar>,
  width: number,
  style: Style.Style
): string => {
  const all = bars.reduce((sum, bar) => sum + bar.count, 0)
  const share = count === 0 ? "" : Amounts.percent(count / all)
  const range = `${Amounts.time(from)}-${Amounts.time(to)}`
  return `   ${style.dim(range.padStart(15))} ${share.padStart(7)}  ${
    style.cyan(Chart.bar(count / Chart.highest(bars), Math.min(50, width), false))
  }`
}

const counts = (
  { bytesIn, checks, dropped, failed, iterations, requests }: Last,
  style: Style.Style
): string => {
  const bad = (n: number, text: string) => n === 0 ? style.dim(text) : style.red(text)
  return [
    `   ${style.bold(Amounts.count(requests))} requests`,
    bad(failed, `${Amounts.count(failed)} failed`),
    ...(iterations === requests ? [] : [`${Amounts.count(iterations)} iterations`]),
    ...(dropped === 0 ? [] : [style.red(`${Amounts.count(dropped)} dropped`)]),
    ...(checks.failed === 0 ? [] : [style.red(`${Amounts.count(checks.failed)} checks did not hold`)]),
    style.dim(`${Amounts.bytes(bytesIn)} in`)
  ].join(", ")
}

const most = 3

/** Those that do not hold first. One without a value has nothing to say yet. */
const thresholds = (all: ReadonlyArray<ThresholdResult>, style: Style.Style): ReadonlyArray<string> =>
  all.toSorted((a, b) => Number(a.passed) - Number(b.passed)).slice(0, all.length > most ? most - 1 : most).map(
    (one) => {
      const sign = one.actual === null ? style.dim("○") : one.passed ? style.green("✓") : style.red("✗")
      return `   ${sign} ${ReportText.name(one.expression)}  ${style.dim(Outcome.actual(one))}`
    }
  ).concat(
    all.length > most ? [style.dim(`   and ${Amounts.plural(all.length - most + 1, "more threshold")}`)] : []
  )

/** Cutting a painted line would cut its codes, so such a line loses its colours. */
const cut = (line: string, width: number): string => {
  const plain = TerminalText.strip(line)
  return TerminalText.width(plain) <= width ? line : TerminalText.cut(plain, width)
}

/**
 * Returns the line of a log for this second; none for most: one every five seconds in the first minute, one every thirty after it, and the
 * last one.
 */
export const line = (progress: LoadProgress, model: Model): string | undefined => {
  const { dropped, elapsedMillis, failed, isWhole, phase, requests, second, totalMillis } = progress
  if (!isWhole) return undefined
  const seconds = Math.round(elapsedMillis / 1000)
  const isLast = totalMillis !== undefined && Math.abs(totalMillis - elapsedMillis) < 500
  if (!isLast && seconds % (seconds <= 60 ? 5 : 30) !== 0) return undefined
  const latency = progress.latency()
  return [
    `${Amounts.seconds(seconds).padStart(6)}${phase === "running" ? "" : ` ${phase}`}`,
    `${Amounts.rate(second.completed)}${model === "open" ? ` (${dueOf(progress)})` : ""}`,
    ...(second.max === 0 ? [] : [`p50 ${Amounts.time(second.p50)}`, `p99 ${Amounts.time(second.p99)}`]),
    Amounts.plural(second.vus, "user"),
    `${Amounts.count(requests)} requests so far, ${Amounts.count(failed)} failed${
      dropped === 0 ? "" : `, ${Amounts.count(dropped)} dropped`
    }${latency.count === 0 ? "" : `, p99 ${Amounts.time(latency.p99)}`}`
  ].join("  ")
}
