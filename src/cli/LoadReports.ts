/** How the result of a load gets out: report files, standard output, the exit code. */
import { Console, Effect, Path, Result } from "effect"
import * as Style from "../core/Style.ts"
import type { LoadResult } from "../programs/load/LoadResult.ts"
import * as LoadFormats from "../programs/load/report/Formats.ts"
import * as Outcome from "../programs/load/report/Outcome.ts"
import * as Text from "../programs/load/report/Text.ts"
import * as Formats from "../programs/report/Formats.ts"
import * as ReportFiles from "../programs/report/ReportFiles.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"
import * as Settings from "./Settings.ts"

/**
 * Reads the values of `--report`. Fails when one is wrong, two want the same place, or one is seen to be no place for a file: a load may
 * take hours, and who waited for its report wants to hear of that before.
 */
export const targets = Effect.fnUntraced(function*(
  flags: ReadonlyArray<string>,
  known: Parameters<typeof LoadFormats.parseReportFlag>[1] = LoadFormats.formats
) {
  const read = flags.map((text) => LoadFormats.parseReportFlag(text, known))
  const wrong = read.flatMap((one) => Result.isFailure(one) ? [one.failure] : [])
  if (wrong.length > 0) return yield* ExitCode.wrongUsage(wrong.join("\n"))
  const targets = read.flatMap((one) => Result.isSuccess(one) ? [one.success] : [])
  const { directory } = yield* Invocation
  const { relative, resolve } = yield* Path.Path
  const places = targets.map((one) => one.path === "-" ? one : { ...one, path: resolve(directory, one.path) })
  const named = places.map((one) => one.path === "-" ? one : { ...one, path: relative(directory, one.path) })
  yield* Effect.mapError(Effect.fromResult(Formats.checkTargets(named)), (message) => ExitCode.wrongUsage(message))
  if ((yield* Settings.Format) === "json" && targets.some(({ path }) => path === "-")) {
    return yield* ExitCode.wrongUsage("--report: --format json has standard output for itself; name a file")
  }
  const obstacles = yield* ReportFiles.obstacles(places.filter(({ path }) => path !== "-"))
  if (obstacles.length > 0) return yield* ExitCode.wrongUsage(obstacles.map(({ message }) => message).join("\n"))
  return targets
})

/** Writes the report files, those on standard output left out. One that cannot be written is told and stops no other; answers whether all were. */
export const writeFiles = Effect.fnUntraced(function*(
  targets: ReadonlyArray<Formats.Target>,
  textOf: (format: string) => Effect.Effect<string>
) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  const written = yield* Effect.forEach(
    targets.filter(({ path }) => path !== "-"),
    (target) =>
      textOf(target.format).pipe(
        Effect.flatMap((text) => ReportFiles.writeText({ ...target, path: resolve(directory, target.path) }, text)),
        Effect.as(true),
        Effect.catch((error) => Effect.as(Console.error(`error: ${error.message}`), false))
      )
  )
  return written.every((one) => one)
})

/**
 * Writes the report files, and the result to stdout: JSON, a report that was asked for there, or text for people. Answers with the exit
 * code; a report that could not be written spoils a run that was well otherwise.
 */
export const finish = Effect.fnUntraced(function*(result: LoadResult, targets: ReadonlyArray<Formats.Target>) {
  const isWritten = yield* writeFiles(targets, (format) => LoadFormats.find(format)!.write(result))
  yield* print(result, targets)
  const code = yield* codeOf(result)
  return isWritten || code !== ExitCode.ok ? code : ExitCode.unavailable
})

const print = Effect.fnUntraced(function*(result: LoadResult, targets: ReadonlyArray<Formats.Target>) {
  const onStdout = targets.find(({ path }) => path === "-")
  if (onStdout !== undefined) {
    return yield* Console.log((yield* LoadFormats.find(onStdout.format)!.write(result)).trimEnd())
  }
  const style = Style.make(yield* Settings.colors("stdout"))
  const { columns, environment, terminal } = yield* Invocation
  const width = terminal.stdout ? yield* columns : undefined
  yield* Output.result({
    json: () => result,
    text: () => Text.lines(result, { style, columns: width, ascii: isAscii(environment) }).join("\n")
  })
})

/** A locale that says it is not UTF-8; one that says nothing is taken for it. */
const isAscii = (environment: Readonly<Record<string, string>>): boolean => {
  const locale = [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find((one) => (one ?? "") !== "")
  return locale !== undefined && !/utf-?8/i.test(locale) && /^(C|POSIX)$|\./.test(locale)
}

export const codeOf = Effect.fnUntraced(function*(result: LoadResult) {
  switch (Outcome.of(result)) {
    case "passed":
      return ExitCode.ok
    case "failed":
      return ExitCode.no
    case "invalid":
      return ExitCode.invalidMeasurement
    case "unreachable":
      return ExitCode.unavailable
    case "interrupted":
      return ExitCode.ofSignal(yield* (yield* StopSignal).await)
  }
})
