/** What `skein report` and `skein history` do once their flags are read. */
import { Clock, Console, Effect, FileSystem, Option, Path, Result } from "effect"
import * as Style from "../core/Style.ts"
import * as History from "../programs/History.ts"
import * as HistoryText from "../programs/history/HistoryText.ts"
import * as Formats from "../programs/report/Formats.ts"
import * as Jsonl from "../programs/report/Jsonl.ts"
import * as Report from "../programs/report/Report.ts"
import * as ReportFiles from "../programs/report/ReportFiles.ts"
import * as ReportFold from "../programs/report/ReportFold.ts"
import { verdict } from "../programs/report/Verdict.ts"
import * as ExitCode from "./ExitCode.ts"
import type { HistoryFlags } from "./history.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import type { ConvertFlags, MergeFlags } from "./report.ts"
import * as ReportOutput from "./ReportOutput.ts"
import * as Settings from "./Settings.ts"

/** Joins the reports and exits as one run of all shards would have. */
export const merge = Effect.fnUntraced(function*(flags: MergeFlags) {
  const targets = yield* ReportOutput.targets(flags.report)
  const reports = yield* Effect.forEach(flags.files, read)
  const merged = yield* Effect.fromResult(Report.merge(reports))
  yield* write(merged, targets)
  yield* remember(merged)
  const code = yield* ReportOutput.exitCode(verdict(merged))
  if (code !== ExitCode.ok) return yield* new ExitCode.Exit({ code })
})

/** Shards are balanced by whole runs: the joined one is such a run. A history that cannot be written is no reason to fail here. */
const remember = Effect.fnUntraced(function*(merged: Report.Report) {
  const { settings } = yield* Reading.configuration({ ...Reading.noFlags, config: Option.none() })
  if (!settings["history.enabled"]) return
  yield* History.record(settings["history.folder"], merged).pipe(
    Effect.catch((error) => Console.error(`warning: ${error.message}`))
  )
})

/** Writes a report again, as it was. */
export const convert = Effect.fnUntraced(function*(flags: ConvertFlags) {
  const targets = yield* ReportOutput.targets(flags.report)
  yield* write(yield* read(flags.file), targets)
})

/** Prints what is known of past runs. */
export const history = Effect.fnUntraced(function*(flags: HistoryFlags) {
  const { columns } = yield* Invocation
  const config = yield* Reading.configuration({ ...Reading.noFlags, ...flags })
  const past = yield* History.load(config.settings["history.folder"])
  const style = Style.make(yield* Settings.colors("stdout"))
  const now = yield* Clock.currentTimeMillis
  const width = yield* columns
  yield* Output.result({
    json: () => HistoryText.toJson(past),
    text: () =>
      HistoryText.lines(past, { now, style, rows: Option.getOrUndefined(flags.rows), columns: width }).join("\n")
  })
})

const read = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const text = yield* Effect.mapError(
    files.readFileString(resolve((yield* Invocation).directory, path)),
    (error) =>
      ExitCode.wrongUsage(
        error.reason._tag === "NotFound" ? `there is no file ${path}` : `cannot read ${path}: ${error.message}`
      )
  )
  const report = Report.parse(text, path)
  if (Result.isSuccess(report) || !path.endsWith(".jsonl")) return yield* Effect.fromResult(report)
  return ReportFold.fromEvents(yield* Effect.fromResult(Jsonl.parse(text, path)))
})

const write = Effect.fnUntraced(function*(report: Report.Report, targets: ReadonlyArray<Formats.Target>) {
  const lost = yield* ReportFiles.write(report, targets)
  yield* ReportOutput.print(report, targets, [])
  yield* Effect.forEach(lost, (error) => Console.error(`error: ${error.message}`))
  if (lost.length > 0) return yield* new ExitCode.Exit({ code: ExitCode.unavailable })
})
