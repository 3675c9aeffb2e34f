/**
 * A load run on one screen of a terminal: what was asked for, what came back and how fast, what went wrong, whether the thresholds
 * hold, and whether the generator can be believed.
 *
 * Texts from outside (names, messages, URLs) are shown on one line, control characters as signs.
 */
import * as Style from "../../../core/Style.ts"
import * as TerminalText from "../../../core/TerminalText.ts"
import * as ReportText from "../../report/ReportText.ts"
import * as Histograms from "../figures/Histograms.ts"
import * as Seconds from "../figures/Seconds.ts"
import type { Distribution, LoadResult, StepFigures } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as Bars from "./Bars.ts"
import * as Chart from "./Chart.ts"
import * as Fold from "./Fold.ts"
import * as Outcome from "./Outcome.ts"
import * as Table from "./Table.ts"

export interface Options {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** @default 110 */
  readonly columns?: number | undefined
  /** Draws with `#` instead of blocks, where those cannot be shown. @default false */
  readonly ascii?: boolean | undefined
}

/** Rows of steps and of errors that are shown; how many more there are is said. */
const maxRows = 12

export const lines = (result: LoadResult, options: Options = {}): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  const columns = Math.max(40, options.columns ?? 110)
  const ascii = options.ascii ?? false
  return [
    ...heading(result, style),
    "",
    ...latencies(result, columns, style),
    "",
    ...bars(result, columns, ascii, style),
    ...overTime(result, columns, ascii, style),
    ...counts(result, columns, style),
    ...steps(result, columns, style),
    ...metrics(result, columns, style),
    ...thresholds(result, style),
    ...breakpoint(result, style),
    ...generator(result, style),
    "",
    ...verdict(result, style)
  ].flatMap((line) => Fold.line(ReportText.inert(line), columns))
}

/** What ran: the model is said aloud, since it decides what a latency means. */
const heading = (result: LoadResult, style: Style.Style): ReadonlyArray<string> => {
  const name = ReportText.name(result.name)
  const target = ReportText.name(result.target, "(no target)")
  const model = result.model === "open"
    ? "open model: iterations start on schedule, latency counts from the intended start"
    : "closed model: each user waits for its answer before it asks again, so a slow target is asked less"
  const executors = result.scenarios.map((one) => {
    const own = result.scenarios.length > 1 ? `${ReportText.name(one.name)}: ` : ""
    return `${own}${one.executor}, ${Amounts.plural(one.vus, "user")}`
  })
  const warmup = result.duration_s - result.measured_s
  const time = `${Amounts.seconds(result.measured_s)} measured${
    warmup >= 0.5 ? ` after ${Amounts.seconds(Math.round(warmup))} of warm-up` : ""
  }`
  return [
    `${style.bold(name)}${target === name ? "" : `  ${style.dim(target)}`}`,
    `${result.model === "open" ? style.cyan(model) : style.yellow(model)}`,
    style.dim(
      [...executors, time, Amounts.plural(result.generator.threads, "thread"), result.generator.transport].join(" · ")
    )
  ]
}

const quantiles = ["p50", "p75", "p90", "p95", "p99", "p99_9", "max", "mean", "stddev"] as const

/** The hint, then the figures that say least. */
const dispensable = [[10], [9], [2], [8], [3], [6]]

const latencies = (result: LoadResult, columns: number, style: Style.Style): ReadonlyArray<string> => {
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
  if (result.corrected_ms !== null) rows.push(row("corrected", result.corrected_ms, "with the starts left out"))
  if (result.lateness_ms !== null) rows.push(row("lateness", result.lateness_ms, "of the starts", style.dim))
  for (const [name, of] of Object.entries(result.phases_ms ?? {})) {
    if (of.count > 0) rows.push(row(`  ${name}`, of, "", style.dim))
  }
  return Table.lines([head, ...rows], { left: 1, prose: true, columns, drop: dispensable })
}

const bars = (result: LoadResult, columns: number, ascii: boolean, style: Style.Style): ReadonlyArray<string> => {
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
const overTime = (result: LoadResult, columns: number, ascii: boolean, style: Style.Style): ReadonlyArray<string> => {
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

const counts = (result: LoadResult, columns: number, style: Style.Style): ReadonlyArray<string> => {
  const { checks, errors, iterations, requests, statuses } = result
  const bad = (n: number, text: string) => n === 0 ? style.dim(text) : style.red(text)
  const isUrl = iterations.completed === requests.total && iterations.failed === requests.failed
  const rows = [
    [
      "requests",
      `${style.bold(Amounts.rate(requests.per_second))}  ${Amounts.count(requests.total)} in all, ${
        bad(requests.failed, `${Amounts.count(requests.failed)} failed`)
      }  ${style.dim(`${Amounts.bytes(requests.bytes_in)} in, ${Amounts.bytes(requests.bytes_out)} out`)}`
    ],
    ...(isUrl && iterations.dropped === 0 && iterations.cut_off === 0 ? [] : [[
      "iterations",
      `${style.bold(Amounts.rate(iterations.per_second))}  ${Amounts.count(iterations.completed)} completed, ${
        bad(iterations.failed, `${Amounts.count(iterations.failed)} failed`)
      }, ${Amounts.count(iterations.cut_off)} cut off`
    ]]),
    ...(result.model === "closed" ? [] : [[
      "dropped",
      iterations.dropped === 0
        ? style.dim("none: every iteration that was due was started")
        : style.red(
          `${Amounts.count(iterations.dropped)} of ${
            Amounts.count(iterations.started + iterations.dropped)
          } due were never started: all users were waiting for the target`
        )
    ]]),
    ...(Object.keys(statuses).length === 0 ? [] : [[
      "statuses",
      Object.entries(statuses).map(([status, n]) => {
        const times = Object.keys(statuses).length > 1 ? result.by_status_ms[status] : undefined
        const text = `${ReportText.name(status)}: ${Amounts.count(n)}${
          times === undefined ? "" : ` (p95 ${Amounts.time(times.p95)})`
        }`
        return /^[123]/.test(status) ? text : style.red(text)
      }).join("  ")
    ]]),
    ...(checks.passed + checks.failed === 0 ? [] : [[
      "checks",
      `${Amounts.percent(checks.rate)} of ${Amounts.count(checks.passed + checks.failed)} held${
        checks.failed === 0 ? "" : `, ${style.red(`${Amounts.count(checks.failed)} did not`)}`
      }`
    ]]),
    ...(errors.total === 0 ? [] : [[
      "errors",
      style.red(`${Amounts.count(errors.total)} (${Amounts.percent(errors.rate)})`)
    ]])
  ]
  const kinds = Table.lines(
    errors.kinds.slice(0, maxRows).map(({ count, example, kind }) => [
      { text: `  ${TerminalText.cut(ReportText.name(kind), 28)}`, paint: style.red },
      Amounts.count(count),
      { text: TerminalText.cut(ReportText.oneLine(example, 400), Math.max(60, 2 * columns - 60)), paint: style.dim }
    ]),
    { left: 1, prose: true }
  )
  return [
    ...rows.map(([name = "", text = ""]) => `${style.bold(name.padEnd(12))}${text}`),
    ...kinds,
    ...more(errors.kinds.length, "kind of error", style)
  ]
}

const steps = (result: LoadResult, columns: number, style: Style.Style): ReadonlyArray<string> => {
  if (result.steps.length < 2) return []
  const several = new Set(result.steps.map(({ scenario }) => scenario)).size > 1
  const isOpen = result.model === "open"
  const room = Math.max(16, columns - 62)
  const name = (step: StepFigures) =>
    TerminalText.cut(`${several ? `${ReportText.name(step.scenario)} › ` : ""}${ReportText.name(step.name)}`, room)
  const dim = (text: string) => ({ text, paint: style.dim })
  const head = ["steps", "", "count", "per s", "failed", "p50", "p95", "p99", "max"].map((text, i) =>
    i === 0 ? { text, paint: style.bold } : dim(text)
  )
  const rows = result.steps.slice(0, maxRows).map((step) => {
    const times = isOpen ? step.response_ms : step.service_ms
    return [
      `  ${name(step)}`,
      dim(ReportText.name(step.action)),
      Amounts.count(step.count),
      Amounts.number(step.per_second),
      { text: Amounts.count(step.failed), paint: step.failed === 0 ? style.dim : style.red },
      ...(["p50", "p95", "p99", "max"] as const).map((key) => times.count === 0 ? "-" : Amounts.time(times[key]))
    ]
  })
  // The rate and the action say least, the slowest one is in the errors or above.
  const table = Table.lines([head, ...rows], { left: 2, columns, drop: [[3], [1], [8], [6]] })
  return ["", ...table, ...more(result.steps.length, "step", style)]
}

/** Metrics of the user's own. */
const metrics = (result: LoadResult, columns: number, style: Style.Style): ReadonlyArray<string> => {
  if (result.metrics.length === 0) return []
  const rows = result.metrics.slice(0, maxRows).map(({ count, distribution, kind, name, value }) => [
    `  ${ReportText.name(name)}`,
    { text: kind, paint: style.dim },
    kind === "rate" ? Amounts.percent(value) : Amounts.number(value),
    { text: kind === "counter" ? "" : `of ${Amounts.count(count)}`, paint: style.dim },
    ...(distribution === null ? [] : (["p50", "p95", "max"] as const).map((key) => ({
      text: `${key} ${Amounts.number(distribution[key])}`,
      paint: style.dim
    })))
  ])
  return [
    "",
    style.bold("metrics"),
    ...Table.lines(rows, { left: 2, columns, drop: [[6], [4], [3]] }),
    ...more(result.metrics.length, "metric", style)
  ]
}

const thresholds = (result: LoadResult, style: Style.Style): ReadonlyArray<string> => {
  if (result.thresholds.length === 0) return []
  const rows = result.thresholds.map((one) => {
    const paint = one.passed ? style.green : style.red
    const ended = one.aborted ? "; it ended the run" : ""
    return [
      { text: one.passed ? "  ✓" : "  ✗", paint },
      { text: ReportText.name(one.expression), paint: one.passed ? undefined : style.red },
      { text: Outcome.actual(one), paint: style.bold },
      { text: `${Outcome.miss(one)}${ended}`, paint: style.red }
    ]
  })
  return ["", style.bold("thresholds"), ...Table.lines(rows, { left: 4 })]
}

/** What a search for the highest rate found; all figures above are those of its best trial. */
const breakpoint = (result: LoadResult, style: Style.Style): ReadonlyArray<string> => {
  if (result.breakpoint === undefined) return []
  const dim = (text: string) => ({ text, paint: style.dim })
  const rows = result.breakpoint.trials.slice(-maxRows).map((trial) => {
    const [sign, paint] = trial.verdict === "invalid"
      ? ["  !", style.yellow] as const
      : trial.passed
      ? ["  ✓", style.green] as const
      : ["  ✗", style.red] as const
    return [
      { text: sign, paint },
      Amounts.rate(trial.rate),
      Amounts.rate(trial.per_second),
      Amounts.time(trial.p95),
      Amounts.count(trial.dropped),
      Amounts.count(trial.failed)
    ]
  })
  return [
    "",
    `${style.bold("breakpoint".padEnd(12))}${style.bold(Outcome.breakpoint(result.breakpoint))}`,
    ...Table.lines([["", "due", "answered", "p95", "dropped", "failed"].map(dim), ...rows], { left: 1 })
  ]
}

const generator = ({ generator }: LoadResult, style: Style.Style): ReadonlyArray<string> => [
  "",
  `${style.bold("generator".padEnd(12))}${
    style.dim(
      [
        `${Amounts.percent(generator.cpu)} of a core`,
        `loop lag p99 ${Amounts.time(generator.loop_lag_p99_ms)}`,
        `${Amounts.time(generator.gc_ms)} in ${Amounts.plural(generator.gc_count, "collection")}`,
        `${Amounts.bytes(generator.rss_peak_bytes)} of memory`,
        Amounts.plural(generator.sockets_most, "socket")
      ].join(", ")
    )
  }`
]

const verdict = (result: LoadResult, style: Style.Style): ReadonlyArray<string> => {
  const outcome = Outcome.of(result)
  const [sign, paint] = signs(style)[outcome]
  const text = `${paint(style.bold(`${sign} ${Outcome.sentence(result)}`))}${style.dim(` (seed ${result.seed})`)}`
  // What is not valid may be an interrupted run too; then it is said as well. Where nobody answered, the generator is not to blame.
  const reasons = outcome === "unreachable" ? [] : result.reasons
  return [
    text,
    ...reasons.flatMap(({ advice, text }) => [
      `  ${style.yellow(ReportText.oneLine(text))}`,
      `  ${style.dim("→")} ${ReportText.oneLine(advice)}`
    ])
  ]
}

const signs = (style: Style.Style): Readonly<Record<Outcome.Outcome, readonly [string, (text: string) => string]>> => ({
  passed: ["✓", style.green],
  failed: ["✗", style.red],
  invalid: ["!", style.yellow],
  unreachable: ["!", style.red],
  interrupted: ["■", style.yellow]
})

const more = (length: number, word: string, style: Style.Style): ReadonlyArray<string> =>
  length <= maxRows ? [] : [style.dim(`  and ${Amounts.plural(length - maxRows, `more ${word}`)}`)]
