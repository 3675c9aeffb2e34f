/**
 * A load run on one screen of a terminal: what was asked for, what came back and how fast, what went wrong, whether the thresholds
 * hold, and whether the generator can be believed.
 *
 * Texts from outside (names, messages, URLs) are shown on one line, control characters as signs.
 */
import * as Style from "../../../core/Style.ts"
import * as ReportText from "../../report/ReportText.ts"
import type { LoadResult } from "../LoadResult.ts"
import * as Amounts from "./Amounts.ts"
import * as Fold from "./Fold.ts"
import * as Outcome from "./Outcome.ts"
import * as Counts from "./text/Counts.ts"
import * as Latencies from "./text/Latencies.ts"
import * as Tables from "./text/Tables.ts"

export interface Options {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** @default 110 */
  readonly columns?: number | undefined
  /** Draws with `#` instead of blocks, where those cannot be shown. @default false */
  readonly ascii?: boolean | undefined
}

/** Returns the lines, none wider than `columns`. `text/` has the parts. */
export const lines = (result: LoadResult, options: Options = {}): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  const columns = Math.max(40, options.columns ?? 110)
  const screen = { style, columns, ascii: options.ascii ?? false }
  return [
    ...heading(result, style),
    "",
    ...Latencies.latencies(result, screen),
    "",
    ...Latencies.bars(result, screen),
    ...Latencies.overTime(result, screen),
    ...Counts.counts(result, screen),
    ...Tables.steps(result, screen),
    ...Tables.metrics(result, screen),
    ...Tables.thresholds(result, screen),
    ...Tables.breakpoint(result, screen),
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
    // The same advice on several reasons is given once, below the last one.
    ...reasons.flatMap(({ advice, text }, index) => [
      `  ${style.yellow(ReportText.oneLine(text))}`,
      ...reasons.slice(index + 1).some((later) => later.advice === advice)
        ? []
        : [`  ${style.dim("→")} ${ReportText.oneLine(advice)}`]
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
