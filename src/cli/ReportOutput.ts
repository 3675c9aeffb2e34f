/** How the report of a run gets out: report flags, standard output, the exit code. */
import { Console, Effect, Path } from "effect"
import * as Style from "../core/Style.ts"
import * as ReportLines from "../programs/report/Console.ts"
import * as Formats from "../programs/report/Formats.ts"
import * as Json from "../programs/report/Json.ts"
import type { Report } from "../programs/report/Report.ts"
import type { Verdict } from "../programs/report/Verdict.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import { Format, Quiet, Verbose } from "./Settings.ts"

/** Reads the values of `--report`; files have absolute paths. Fails when one is wrong, or two want the same place. */
export const targets = Effect.fnUntraced(function*(flags: ReadonlyArray<string>) {
  const { directory } = yield* Invocation
  const { resolve } = yield* Path.Path
  const given = yield* Effect.forEach(
    flags,
    (text) =>
      Effect.mapError(Effect.fromResult(Formats.parseReportFlag(text)), (message) => ExitCode.wrongUsage(message))
  )
  const targets = given.map(({ format, path }) => ({ format, path: path === "-" ? path : resolve(directory, path) }))
  yield* Effect.mapError(Effect.fromResult(Formats.checkTargets(targets)), (message) => ExitCode.wrongUsage(message))
  if ((yield* Format) === "json" && targets.some(({ path }) => path === "-")) {
    return yield* ExitCode.wrongUsage("--report: --format json has standard output for itself; name a file")
  }
  return targets
})

/** Writes the result to stdout: the JSON report, a report that was asked for there, or text for people. */
export const print = Effect.fnUntraced(function*(
  report: Report,
  targets: ReadonlyArray<Formats.Target>,
  /** Lines for people before the summary. */
  before: ReadonlyArray<string>,
  style: Style.Style = Style.plain
) {
  if ((yield* Format) === "json") return yield* Console.log(Json.write(report).trimEnd())
  const onStdout = targets.find(({ path }) => path === "-")
  if (onStdout?.format === "jsonl") return
  const format = Formats.find(onStdout?.format ?? "")
  if (format !== undefined) return yield* Console.log([...format.write(report)].join("").trimEnd())
  const verbosity = yield* verbosityOf
  const lines = ReportLines.ending(report, { style, verbosity })
  yield* Console.log([...before, ...lines.slice(lines[0] === "" ? 1 : 0)].join("\n"))
})

export const verbosityOf = Effect.gen(function*() {
  if (yield* Quiet) return "quiet" as const
  return (yield* Verbose) ? "verbose" as const : "normal" as const
})

const codes: Readonly<Record<Exclude<Verdict, "interrupted">, number>> = {
  ok: ExitCode.ok,
  no: ExitCode.no,
  unavailable: ExitCode.unavailable,
  timedOut: ExitCode.timedOut
}

/** An interrupted report that comes from a file was interrupted elsewhere: like Ctrl-C. */
export const exitCode = Effect.fnUntraced(function*(verdict: Verdict) {
  if (verdict !== "interrupted") return codes[verdict]
  const stop = yield* StopSignal
  return ExitCode.ofSignal((yield* stop.requested) ? yield* stop.await : "SIGINT")
})
