/** What `skein load compare` does once its flags are read. */
import { Console, Duration, Effect, Layer, Option, Path, Result } from "effect"
import * as Masking from "../core/Masking.ts"
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
import * as LoadFlags from "./LoadFlags.ts"
import * as LoadPlan from "./LoadPlan.ts"
import * as LoadReports from "./LoadReports.ts"
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
    const [url = ""] = urls
    return yield* ExitCode.wrongUsage(
      `${maskPasswords(url)} is a URL, and ${maskPasswords(url === flags.before ? flags.after : flags.before)} is not`,
      "compare two URLs such as http://127.0.0.1:8080/, or two results"
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

const maskPasswords = (text: string): string => Masking.make().text(text)

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

const ofFiles = Effect.fnUntraced(function*(flags: CompareFlags, options: Compare.Options) {
  const stray = strayOf(flags)
  if (stray.length > 0) {
    return yield* ExitCode.wrongUsage(
      `${stray.join(", ")}: only where URLs are compared`,
      "the two results are there already; nothing is loaded"
    )
  }
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  // Both are looked at, so that who mistyped both hears of both.
  const [before, after] = [
    yield* Effect.result(LoadCompare.read(resolve(directory, flags.before))),
    yield* Effect.result(LoadCompare.read(resolve(directory, flags.after)))
  ]
  if (Result.isSuccess(before) && Result.isSuccess(after)) {
    const [first, second] = [before.success, after.success]
    return { before: [first], after: [second], comparison: Compare.runs([first], [second], options) }
  }
  const errors = [before, after].flatMap((one) => Result.isFailure(one) ? [one.failure] : [])
  return yield* ExitCode.wrongUsage(
    [...new Set(errors.map(({ message }) => message))].join("\n"),
    errors.find(({ hint }) => hint !== undefined)?.hint
  )
})

/** Flags about how load is made, which results that are there have no use for. */
const strayOf = (flags: CompareFlags): ReadonlyArray<string> =>
  Object.entries(flags)
    .filter(([key, value]) => (key === "pairs" || key in LoadFlags.making) && !settings.has(key) && isGiven(value))
    .map(([key]) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)

/** What every command may be given. */
const settings: ReadonlySet<string> = new Set(["config", "env", "envFile"])

const isGiven = (value: unknown): boolean =>
  Option.isOption(value)
    ? Option.isSome(value)
    : Array.isArray(value)
    ? value.length > 0
    : value === true || value === "poisson"

/** Results that cannot be had are wrong usage: nothing was compared. */
export const asUsage = (error: LoadCompare.LoadCompareError) => ExitCode.wrongUsage(error.message, error.hint)

const inTurns = Effect.fnUntraced(function*(flags: CompareFlags, options: Compare.Options) {
  const { load } = yield* Machine
  const loadOf = (target: string) =>
    Effect.map(
      LoadPlan.ofUrl({ ...flags, target, threshold: [] }),
      ({ plan, secrets, ...options }) => ({ plan, secrets, options, run: LoadTest.run(plan, options) })
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
    [...before.secrets, ...after.secrets],
    LoadCompare.alternate(before.run, after.run, { ...options, pairs, onRun })
  ).pipe(
    LoadPlan.orByFlags,
    Effect.provide(Layer.provideMerge(load, Masking.Masking.layer)),
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
