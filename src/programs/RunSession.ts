/**
 * One run with everything that listens to it: the report, report files, history, metrics, progress. `Runner` runs and tells;
 * this hands each event to all listeners and ends with everything on disk.
 */
import { Effect, Option, Stream } from "effect"
import type { Event } from "../scenario/Event.ts"
import * as History from "./History.ts"
import type { Target } from "./report/Formats.ts"
import type { Report } from "./report/Report.ts"
import * as ReportFiles from "./report/ReportFiles.ts"
import * as ReportFold from "./report/ReportFold.ts"
import * as RunMetrics from "./RunMetrics.ts"
import * as Runner from "./Runner.ts"

export interface SessionOptions<R> {
  readonly plan: Runner.Plan<R>
  readonly run: Runner.RunOptions
  /** Reports to be written; those on standard output are left to the caller. */
  readonly targets: ReadonlyArray<Target>
  /** Folder of past runs, which this run joins. @default it joins none */
  readonly history?: string | undefined
  /** The part of a run that this is, such as `1/4`. @default the whole */
  readonly shard?: string | undefined
  /** Sees every event, in order, and must be quick: the run waits for it. */
  readonly onEvent: (event: Event) => Effect.Effect<void>
}

export interface SessionResult {
  readonly report: Report
  /** What could not be written; the run is not green with one. */
  readonly lost: ReadonlyArray<ReportFiles.ReportFileError | History.HistoryError>
}

/**
 * Runs a plan to its end and writes reports and history; after a stop signal too, then marked as interrupted. Never fails:
 * what cannot be written is in the result.
 */
export const run = <R>(options: SessionOptions<R>): Effect.Effect<SessionResult, never, Runner.Needs<R>> =>
  Effect.scoped(session(options))

const session = Effect.fn("RunSession.run")(function*<R>(options: SessionOptions<R>) {
  const fold = ReportFold.make()
  const observe = yield* RunMetrics.observer
  const streamed = yield* Effect.forEach(
    options.targets.filter(({ format, path }) => format === "jsonl" && path !== "-"),
    ({ path }) => ReportFiles.events(path)
  )
  yield* Stream.runForEach(Runner.events(options.plan, options.run), (event) =>
    Effect.gen(function*() {
      ReportFold.add(fold, event)
      yield* observe(event)
      yield* Effect.forEach(streamed, (file) => file.write(event), { discard: true })
      yield* options.onEvent(event)
    }))
  const report = ReportFold.report(fold)
  const events = yield* Effect.forEach(streamed, (file) => file.close)
  const files = yield* ReportFiles.write(report, options.targets)
  const history = options.history === undefined
    ? Option.none()
    : yield* Effect.option(Effect.flip(History.record(options.history, report, options.shard)))
  return { report, lost: [...events.filter((error) => error !== undefined), ...files, ...Option.toArray(history)] }
})
