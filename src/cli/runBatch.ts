/** What `skein batch` does once its flags are read. */
import { Console, Duration, Effect, Option, Stream } from "effect"
import type { Value } from "../core/Value.ts"
import * as Thing from "../profile/Thing.ts"
import * as Batch from "../programs/Batch.ts"
import * as Audit from "../programs/batch/Audit.ts"
import * as BatchReport from "../programs/batch/BatchReport.ts"
import type { Work } from "../programs/batch/Work.ts"
import * as Config from "../programs/Config.ts"
import * as PoliteClient from "../services/polite/Client.ts"
import * as PoliteHttp from "../services/PoliteHttp.ts"
import { StopSignal } from "../services/StopSignal.ts"
import type { BatchFlags } from "./batch.ts"
import * as BatchItems from "./BatchItems.ts"
import * as BatchPlan from "./BatchPlan.ts"
import * as BatchProgress from "./BatchProgress.ts"
import * as BatchRows from "./BatchRows.ts"
import * as BatchWork from "./BatchWork.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import { Machine } from "./Machine.ts"
import * as Output from "./Output.ts"
import * as Reading from "./Reading.ts"
import * as Stop from "./Stop.ts"

/** Does it, prints, and answers with the exit code. Fails when flags or files are wrong. */
export const execute = Effect.fnUntraced(function*(flags: BatchFlags) {
  const rate = Option.getOrUndefined(flags.rate)
  const config = yield* Reading.configuration(flags, {
    grace: Option.getOrUndefined(flags.grace),
    "limits.concurrency": Option.getOrUndefined(flags.concurrency),
    "limits.requests_per_second": rate,
    "limits.burst": rate
  })
  // The batch ends within its grace by itself; this is for when it hangs.
  const limit = Duration.sum(config.settings.grace, Duration.seconds(5))
  return yield* Effect.scoped(once(flags, config)).pipe(
    Effect.provide(PoliteClient.layer(Config.politeSettings(config.settings))),
    Reading.withMachine(config),
    Stop.within(limit)
  )
})

const once = Effect.fnUntraced(function*(flags: BatchFlags, config: Config.Loaded) {
  const { rows, starts, work } = yield* BatchWork.make(flags, config)
  const source = yield* BatchItems.open(flags, config, rows)
  const { total } = source
  if (total === undefined || total > many) yield* Machine.use(({ staySmall }) => staySmall)
  if (flags.dryRun) {
    return yield* BatchPlan.print(source.items, work, flags, {
      ...PoliteHttp.defaults,
      ...Config.politeSettings(config.settings)
    })
  }
  if (total === 0 && !flags.allowEmpty) return yield* nothing
  yield* BatchPlan.confirm(flags, work, total)
  return yield* run(source, work, flags, config, starts)
})

/** Up to here a batch is rather fast than small. */
const many = 100_000

const nothing = ExitCode.wrongUsage("there are no items", "--allow-empty accepts this")

const run = Effect.fnUntraced(function*<E, R, R2>(
  source: { readonly items: Stream.Stream<Value, E, R2>; readonly total: number | undefined },
  work: Work<R>,
  flags: BatchFlags,
  config: Config.Loaded,
  starts: string | undefined
) {
  const journal = yield* journalOf(flags, config, work)
  const audit = yield* auditOf(flags, work)
  const rows = yield* BatchRows.open(flags)
  const progress = yield* BatchProgress.open(source.total)
  const fold = BatchReport.fold()
  let summary: Batch.Summary | undefined
  yield* Stream.runForEach(
    Batch.events(source.items, { ...optionsOf(flags, config, work), journal }),
    (event) =>
      Effect.gen(function*() {
        if (event._tag === "Finished") summary = event.summary
        if (event._tag === "WaveEnded") yield* progress.say(`wave ${event.wave} has ended: ${event.items} items`)
        if (event._tag !== "Ended") return
        fold.add(event.item)
        progress.add(event.item)
        yield* audit(event.item)
        yield* rows.add(event.item)
      })
  ).pipe(
    Effect.mapError((error) =>
      error instanceof Batch.UnfinishedBatch ? ExitCode.wrongUsage(error.message, howToGoOn) : error
    ),
    Effect.ensuring(progress.close)
  )
  yield* rows.close
  const report = fold.report(summary!)
  yield* print(report, flags, journal, starts)
  return yield* exitCode(report.summary, flags)
})

const howToGoOn = "--resume goes on with it, --retry-failed does failures again too, --anew forgets it"

const print = Effect.fnUntraced(function*(
  report: BatchReport.Report,
  flags: BatchFlags,
  journal: string | undefined,
  starts: string | undefined
) {
  const { summary } = report
  const text = [
    ...report.failures.map(BatchReport.failureLine),
    BatchReport.sentence(summary),
    ...(summary.halted === undefined ? [] : [summary.halted.reason])
  ].join("\n")
  if (Option.isSome(flags.rows)) yield* Console.error(text)
  else yield* Output.result({ json: () => BatchReport.toJson(report), text: () => text })
  if (starts !== undefined && report.handles.length > 0 && !flags.wait) {
    yield* Output.note(
      `to wait for what was started: skein wait ${Thing.parse(flags.what)?.profile}:${starts} ${
        report.handles.join(" ")
      }`
    )
  }
  if (journal !== undefined && BatchReport.verdict(summary) !== "all") {
    yield* Output.note("the same command with --resume goes on, with --retry-failed it does failures again too")
  }
})

const exitCode = Effect.fnUntraced(function*(summary: Batch.Summary, flags: BatchFlags) {
  const stop = yield* StopSignal
  if (yield* stop.requested) return ExitCode.ofSignal(yield* stop.await)
  if (summary.halted?.by === "timeout") return ExitCode.timedOut
  if (Object.values(summary.counts).every((count) => count === 0) && !flags.allowEmpty) return yield* nothing
  const codes = { all: ExitCode.ok, some: ExitCode.partial, none: ExitCode.no }
  return codes[BatchReport.verdict(summary)]
})

const optionsOf = <R>(flags: BatchFlags, config: Config.Loaded, work: Work<R>): Batch.Options<R> => ({
  operation: work.operation,
  run: work.run,
  recover: work.recover,
  idempotent: work.idempotent,
  concurrency: Option.getOrElse(flags.concurrency, () => work.concurrency),
  itemTimeout: Option.getOrUndefined(flags.itemTimeout),
  timeout: Option.getOrUndefined(flags.timeout),
  grace: config.settings.grace,
  retry: Option.match(flags.retries, { onNone: () => undefined, onSome: retryOf }),
  stopAfter: flags.failFast ? { failures: 1 } : Option.getOrUndefined(flags.stopAfter),
  waves: Option.getOrUndefined(flags.waves),
  order: flags.order,
  earlier: flags.anew ? "anew" : flags.resume || flags.retryFailed || flags.retryUnknown ? "resume" : "refuse",
  retryFailed: flags.retryFailed,
  retryUnknown: flags.retryUnknown || undefined
})

const retryOf = (retries: number) => ({
  attempts: retries + 1,
  delay: Duration.seconds(1),
  backoff: "exponential" as const,
  jitter: true
})

/** Work that changes nothing keeps no journal unless it is asked for: there is nothing to repeat. */
const journalOf = Effect.fnUntraced(function*<R>(flags: BatchFlags, config: Config.Loaded, work: Work<R>) {
  const { directory } = yield* Invocation
  const resumes = flags.resume || flags.retryFailed || flags.retryUnknown || flags.anew
  if (Option.isSome(flags.journal)) return BatchWork.absolute(flags.journal.value, directory)
  if (work.readOnly && !resumes) return undefined
  return `${config.settings["history.folder"]}/batch/${BatchWork.folderOf(flags, work.operation)}`
})

const auditOf = Effect.fnUntraced(function*<R>(flags: BatchFlags, work: Work<R>) {
  if (Option.isNone(flags.audit)) return () => Effect.void
  const { directory, environment } = yield* Invocation
  const who = environment["SKEIN_USER"] ?? environment["USER"] ?? environment["LOGNAME"] ?? "unknown"
  const path = BatchWork.absolute(flags.audit.value, directory)
  return yield* Audit.open({ path, who, operation: work.operation })
})
