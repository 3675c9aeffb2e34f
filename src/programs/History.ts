/**
 * What past runs did: durations for balanced shards, what failed last, trends and flaky cases.
 *
 * One small file per run in `<folder>/runs`, written at once and never changed, the newest {@link maxRuns} kept. So two
 * processes that end at the same time cannot damage each other's record, and no lock is needed.
 * `history/CaseHistory.ts` has the figures, `history/HistoryText.ts` the tables.
 */
import { Effect, FileSystem, Path, type PlatformError, Result, Schema } from "effect"
import * as AtomicWrite from "../scenario/AtomicWrite.ts"
import { Status, Summary } from "../scenario/Event.ts"
import * as SafePath from "../scenario/SafePath.ts"
import type { Report } from "./report/Report.ts"

/** Version of a record. A reader refuses a newer one. */
export const version = 1

/** Runs that are kept. */
export const maxRuns = 50

/** One run: how it ended, and of each case `[id, status, duration in milliseconds]`. */
export const Run = Schema.Struct({
  format: Schema.Literal("skein-run"),
  version: Schema.Literal(version),
  run: Schema.String,
  started_at: Schema.String,
  duration_ms: Schema.Finite,
  interrupted: Schema.Boolean,
  /** `1/4` for a part of a run. */
  shard: Schema.optionalKey(Schema.String),
  summary: Summary,
  cases: Schema.Array(Schema.Tuple([Schema.String, Status, Schema.Finite]))
})
export type Run = typeof Run.Type

export interface History {
  /** Newest first. */
  readonly runs: ReadonlyArray<Run>
  /** Paths of records that could not be read as such and count for nothing. */
  readonly damaged: ReadonlyArray<string>
}

/** A history that cannot be used. The message names the path and what to do. */
export class HistoryError extends Schema.TaggedError<HistoryError>()("HistoryError", {
  reason: Schema.Literals(["Unreadable", "Unwritable", "NewerVersion"]),
  path: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface LoadOptions {
  /** Runs to read, the newest ones. @default all that are kept */
  readonly runs?: number | undefined
}

/**
 * Reads the past runs under `folder` (`.skein`). A folder that is not there is an empty history.
 *
 * Fails with `Unreadable` when the disk refuses, and with `NewerVersion` when a newer skein wrote one of the records.
 */
export const load = Effect.fn("History.load")(function*(
  folder: string,
  options: LoadOptions = {}
): Effect.fn.Return<History, HistoryError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const names = yield* recordNames(folder)
  const paths = yield* Path.Path
  const read = yield* Effect.forEach(names.slice(0, options.runs ?? maxRuns), (name) => {
    const path = paths.join(folder, "runs", name)
    return files.readFileString(path).pipe(
      // Another process may have dropped it since the folder was read.
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed("")),
      Effect.mapError(unusable("Unreadable", "read", path)),
      Effect.flatMap((text) => decode(text, path)),
      Effect.map((run) => ({ path, run }))
    )
  }, { concurrency: 8 })
  return {
    runs: read.flatMap(({ run }) => run ?? []),
    damaged: read.flatMap(({ path, run }) => run === undefined ? [path] : [])
  }
})

/**
 * Adds the run of `report`, which was the part `shard` of one when given, and drops what is beyond {@link maxRuns}. Makes the folder, with a `.gitignore` in it.
 *
 * Fails with `Unwritable`; the runs already kept stay as they are.
 */
export const record = Effect.fn("History.record")(function*(
  folder: string,
  report: Report,
  shard?: string
): Effect.fn.Return<void, HistoryError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const runs = paths.join(folder, "runs")
  const save = Effect.gen(function*() {
    yield* files.makeDirectory(runs, { recursive: true })
    yield* ignoreForGit(paths.join(folder, ".gitignore"))
    yield* AtomicWrite.replace(paths.join(runs, recordName(report)), `${JSON.stringify(fromReport(report, shard))}\n`)
    const old = (yield* recordNames(folder)).slice(maxRuns)
    yield* Effect.forEach(old, (name) => files.remove(paths.join(runs, name), { force: true }), { discard: true })
  })
  yield* Effect.catchTag(save, "PlatformError", (error) => unusable("Unwritable", "write", runs)(error))
})

/** Returns the record of a run. */
export const fromReport = (report: Report, shard?: string): Run => ({
  format: "skein-run",
  version,
  run: report.run,
  started_at: report.started_at,
  duration_ms: report.duration_ms,
  interrupted: report.interrupted,
  ...shard === undefined ? {} : { shard },
  summary: report.summary,
  cases: report.cases.map((one) => [one.id, one.status, Math.round(one.duration_ms)] as const)
})

/** File names sort as the runs started; the id of the run keeps two that started together apart. */
const recordName = (report: Report): string => {
  const at = String(Math.max(0, Date.parse(report.started_at))).padStart(14, "0")
  return `${at}-${report.run.replace(/[^\w-]/g, "_").slice(0, 60)}.json`
}

/** Names of the records, newest first. */
const recordNames = Effect.fnUntraced(function*(folder: string) {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const runs = paths.join(folder, "runs")
  const names = yield* files.readDirectory(runs).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
    Effect.mapError(unusable("Unreadable", "read", runs))
  )
  return names.filter((name) => /^\d{14}-.*\.json$/.test(name)).sort().reverse()
})

const ignoreForGit = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  if (!(yield* files.exists(path))) yield* files.writeFileString(path, "*\n")
})

/** `undefined` for what is no record: a file that a crash of the machine left half written, or somebody's own. */
const decode = (text: string, path: string): Effect.Effect<Run | undefined, HistoryError> => {
  const head = decodeHead(text)
  if (Result.isFailure(head)) return Effect.succeed(undefined)
  if (head.success.version > version) {
    return Effect.fail(
      new HistoryError({
        reason: "NewerVersion",
        path,
        message: `${path} is a record of version ${head.success.version}; this skein reads up to version ${version}. `
          + `Use the skein that wrote it, or remove the folder to begin a new history`
      })
    )
  }
  return Effect.succeed(Result.getOrUndefined(decodeRun(text)))
}

const decodeHead = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.Struct({ format: Schema.Literal("skein-run"), version: Schema.Finite }))
)
const decodeRun = Schema.decodeUnknownResult(Schema.fromJsonString(Run))

const unusable =
  (reason: "Unreadable" | "Unwritable", verb: string, path: string) => (error: PlatformError.PlatformError) =>
    new HistoryError({
      reason,
      path,
      message: `the history of runs cannot be ${verb === "read" ? "read from" : "written to"} ${path}: ${
        SafePath.explain(error)
      }`,
      cause: error
    })
