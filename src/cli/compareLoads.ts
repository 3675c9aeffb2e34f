/** What `skein load compare` does once its flags are read. */
import { Console, Duration, Effect, Layer, Option, Path } from "effect"
import { Masking } from "../core/Masking.ts"
import * as Style from "../core/Style.ts"
import * as Compare from "../programs/load/compare/Compare.ts"
import type { Comparison } from "../programs/load/compare/Comparison.ts"
import type { LoadResult } from "../programs/load/LoadResult.ts"
import * as Amounts from "../programs/load/report/Amounts.ts"
import * as CompareFormats from "../programs/load/report/CompareFormats.ts"
import * as CompareText from "../programs/load/report/CompareText.ts"
import * as LoadCompare from "../programs/LoadCompare.ts"
import * as LoadTest from "../programs/LoadTest.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import type { CompareFlags } from "./loadCompare.ts"
import * as LoadPlan from "./LoadPlan.ts"
import * as LoadReports from "./loadReports.ts"
import { Machine } from "./Machine.ts"
import * as MeasureLoad from "./measureLoad.ts"
import * as Output from "./Output.ts"
import * as Settings from "./Settings.ts"
import * as Stop from "./Stop.ts"

/** Compares, prints what was found, and answers with the exit code. */
export const execute = Effect.fnUntraced(function*(flags: CompareFlags) {
  const targets = yield* LoadReports.targets(flags.report, CompareFormats.formats)
  const urls = [flags.before, flags.after].filter(isUrl)
  if (urls.length === 1) {
    return yield* ExitCode.wrongUsage(
      `${urls[0]} is a URL and the other one is not`,
      "compare two URLs, or two results"
    )
  }
  const options = { margin: Option.getOrUndefined(flags.margin) }
  const found = urls.length === 2 ? yield* inTurns(flags, options) : yield* ofFiles(flags, options)
  const write = (format: string) =>
    CompareFormats.formats.find(({ name }) => name === format)!.write(found.comparison, found.before, found.after)
  const isWritten = yield* LoadReports.writeFiles(targets, write)
  const onStdout = targets.find(({ path }) => path === "-")
  if (onStdout === undefined) yield* print(found.comparison)
  else yield* Console.log((yield* write(onStdout.format)).trimEnd())
  const stop = yield* StopSignal
  if (yield* stop.requested) return ExitCode.ofSignal(yield* stop.await)
  const code = codeOf(found.comparison)
  return isWritten || code !== ExitCode.ok ? code : ExitCode.unavailable
})

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

const ofFiles = Effect.fnUntraced(function*(flags: CompareFlags, options: Compare.Options) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  const [before, after] = yield* Effect.forEach([flags.before, flags.after], (path) => read(resolve(directory, path)))
  return { before: [before!], after: [after!], comparison: Compare.runs([before!], [after!], options) }
})

const read = (path: string) => Effect.mapError(LoadCompare.read(path), asUsage)

/** Results that cannot be had are wrong usage: nothing was compared. */
export const asUsage = (error: LoadCompare.LoadCompareError) => ExitCode.wrongUsage(error.message, error.hint)

const inTurns = Effect.fnUntraced(function*(flags: CompareFlags, options: Compare.Options) {
  const { load } = yield* Machine
  const loadOf = (target: string) =>
    Effect.map(
      LoadPlan.ofUrl({ ...flags, target, threshold: [] }),
      ({ plan, ...options }) => ({ plan, options, run: LoadTest.run(plan, options) })
    )
  const [before, after] = [yield* loadOf(flags.before), yield* loadOf(flags.after)]
  const limit = Duration.millis(before.plan.gracefulStopMillis + 5_000)
  const pairs = Option.getOrElse(flags.pairs, () => Compare.fewestPairs)
  const onRun = (side: "before" | "after", index: number, { latency_ms, requests }: LoadResult) =>
    Output.note(
      `${index + 1}/${pairs} ${side.padEnd(6)}  ${Amounts.rate(requests.per_second)}  p50 ${
        Amounts.time(latency_ms.p50)
      }  p99 ${Amounts.time(latency_ms.p99)}`
    )
  for (const transport of new Set([before, after].map(({ options }) => options.transport))) {
    yield* MeasureLoad.sayTransport(transport)
  }
  return yield* LoadPlan.withSecrets(
    flags,
    before.options.handed,
    LoadCompare.alternate(before.run, after.run, { ...options, pairs, onRun })
  )
    .pipe(
      Effect.provide(Layer.provideMerge(load, Masking.layer)),
      Stop.within(limit)
    )
})

/** Prints a comparison: to stdout, as JSON when that is wanted. */
const print = Effect.fnUntraced(function*(comparison: Comparison) {
  const lines = yield* linesOf(comparison, "stdout")
  yield* Output.result({ json: () => comparison, text: () => lines.join("\n") })
})

/** The lines for people who read them there. */
export const linesOf = Effect.fnUntraced(function*(comparison: Comparison, output: "stdout" | "stderr") {
  const style = Style.make(yield* Settings.colors(output))
  const { columns, terminal } = yield* Invocation
  return CompareText.lines(comparison, { style, columns: terminal[output] ? yield* columns : 110 })
})

export const codeOf = ({ verdict }: Comparison): number =>
  verdict === "slower" ? ExitCode.no : verdict === "cannot_tell" ? ExitCode.invalidMeasurement : ExitCode.ok
