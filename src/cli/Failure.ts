/** Turns what ended a command into a message and an exit code. */
import { Cause, Console, Effect, Option, PlatformError } from "effect"
import { CliError } from "effect/cli"
import type { Problem } from "../core/SourceText.ts"
import * as Style from "../core/Style.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"

/**
 * Prints what went wrong on stderr and answers with the exit code. Fails with `HandOver` only.
 *
 * A typed error is one sentence and a hint, after code frames when it is about a file. A defect says that it is a bug of
 * skein; its stack is shown when the environment has `SKEIN_DEBUG`.
 */
export const report = Effect.fnUntraced(function*(
  cause: Cause.Cause<unknown>,
  options: { readonly colors: boolean }
): Effect.fn.Return<number, ExitCode.HandOver, Invocation> {
  const { environment, version } = yield* Invocation
  const debug = (environment["SKEIN_DEBUG"] ?? "") !== ""
  const defect = cause.reasons.find(Cause.isDieReason)
  if (defect !== undefined) {
    yield* Console.error(bugReport(defect.defect, version, debug))
    return ExitCode.bug
  }
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return yield* reportError(failure.error, debug, options.colors)

  const stop = yield* StopSignal
  return (yield* stop.requested) ? ExitCode.ofSignal(yield* stop.await) : ExitCode.ofSignal("SIGINT")
})

/** What a person reads when skein itself failed. */
export const bugReport = (defect: unknown, version: string, debug: boolean): string => {
  const what = defect instanceof Error ? `${defect.name}: ${defect.message}` : String(defect)
  const stack = defect instanceof Error ? defect.stack ?? what : what
  return [
    `error: this is a bug in skein, not in your files: ${debug ? stack : what}`,
    `  Please report it with the command line, the file it happened on and "skein ${version}".`,
    ...(debug ? [] : ["  SKEIN_DEBUG=1 shows where it happened."])
  ].join("\n")
}

/** Codes of errors that have one of their own; every other typed error means that something could not be used. */
const codes: ReadonlyMap<string, number> = new Map([
  ["ConfigError", ExitCode.usage],
  ["ReportError", ExitCode.usage],
  ["ActionModulesError", ExitCode.usage],
  ["InitError", ExitCode.usage],
  ["ProfileError", ExitCode.usage],
  ["OtherReading", ExitCode.usage]
])

const reportError = Effect.fnUntraced(function*(error: unknown, debug: boolean, colors: boolean) {
  if (error instanceof ExitCode.Exit) return error.code
  if (error instanceof ExitCode.HandOver) return yield* error
  // Shown by the presenter; help that nobody asked for is wrong usage too.
  if (CliError.isCliError(error) && error._tag === "ShowHelp") return ExitCode.usage
  const problems = problemsOf(error)
  if (problems.length > 0) {
    const CodeFrame = yield* Effect.promise(() => import("../core/CodeFrame.ts"))
    yield* Console.error(`${CodeFrame.renderAll(problems, { style: Style.make(colors) })}\n`)
  }
  yield* Console.error(describe(error instanceof PlatformError.PlatformError ? yield* unusable(error) : error))
  if (debug && error instanceof Error) yield* Console.error(error.stack ?? "")
  if (error instanceof ExitCode.CommandError) return error.code
  return codeOf(error)
})

/** The same for some reasons of an error: a thing that is not there was mistyped, a file does not fit what is asked for. */
const codesOfReasons: ReadonlyMap<string, number> = new Map([
  ["RemoteApiError Invalid", ExitCode.usage],
  ["RemoteApiError NotFound", ExitCode.usage],
  ["LoadScenarioError file", ExitCode.usage]
])

/** What has no code means that something could not be used. */
const codeOf = (error: unknown): number => {
  const reason = typeof error === "object" && error !== null && "reason" in error ? String(error.reason) : ""
  return codesOfReasons.get(`${tagOf(error)} ${reason}`) ?? codes.get(tagOf(error)) ?? ExitCode.unavailable
}

const problemsOf = (error: unknown): ReadonlyArray<Problem> =>
  typeof error === "object" && error !== null && "problems" in error && Array.isArray(error.problems)
    ? error.problems as ReadonlyArray<Problem>
    : []

/** What the system refused, in words. */
const unusable = Effect.fnUntraced(function*(error: PlatformError.PlatformError) {
  const { cannotUse } = yield* Effect.promise(() => import("../scenario/SafePath.ts"))
  return cannotUse(error)
})

const describe = (error: unknown): string => {
  const { hint, message } = parts(error)
  return [`error: ${message}`, ...Option.match(hint, { onNone: () => [], onSome: (hint) => [`  ${hint}`] })].join("\n")
}

const parts = (error: unknown): { readonly message: string; readonly hint: Option.Option<string> } => {
  if (typeof error !== "object" || error === null) return { message: String(error), hint: Option.none() }
  const message = "message" in error && typeof error.message === "string" && error.message !== ""
    ? error.message
    : tagOf(error)
  const hint = "hint" in error && typeof error.hint === "string" ? Option.some(error.hint) : Option.none<string>()
  return { message, hint }
}

const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "unknown error"
