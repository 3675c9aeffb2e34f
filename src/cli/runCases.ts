/** What `skein run` does once its flags are read; apart from them, so that help does not load the runner. */
import { Console, Duration, Effect, FileSystem, Option, Result } from "effect"
import * as Formats from "../programs/report/Formats.ts"
import * as Json from "../programs/report/Json.ts"
import * as Jsonl from "../programs/report/Jsonl.ts"
import type { Report } from "../programs/report/Report.ts"
import * as SummaryText from "../programs/report/SummaryText.ts"
import { type Verdict, verdict } from "../programs/report/Verdict.ts"
import * as RunMetrics from "../programs/RunMetrics.ts"
import * as Runner from "../programs/Runner.ts"
import * as RunSession from "../programs/RunSession.ts"
import * as Selection from "../programs/Selection.ts"
import * as Watch from "../programs/Watch.ts"
import type { Event } from "../scenario/Event.ts"
import { MetricsServer } from "../services/MetricsServer.ts"
import { type ProfileKind, Profiler } from "../services/Profiler.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import * as Problems from "./Problems.ts"
import * as Reading from "./Reading.ts"
import type { RunFlags } from "./run.ts"
import { Format, Quiet, Verbose } from "./Settings.ts"
import * as Stop from "./Stop.ts"

/** Runs, prints and answers with the exit code. Fails when the flags do not fit together. */
export const execute = Effect.fnUntraced(function*(flags: RunFlags) {
  const grace = Option.getOrElse(flags.grace, () => Duration.seconds(30))
  // The runner stops by itself within its grace; this is for when it hangs.
  const limit = Duration.sum(grace, Duration.seconds(5))
  const once = runOnce(flags)
  if (!flags.watch) return yield* Stop.within(limit)(once)
  const paths = Reading.paths(flags.files)
  const targets = yield* targetsOf(flags)
  const ignore = (path: string) => targets.some((target) => path.endsWith(target.path))
  return yield* Stop.within(limit)(Watch.rerun({ paths, ignore }, () => Effect.asVoid(once)))
})

const runOnce = Effect.fnUntraced(function*(flags: RunFlags) {
  const targets = yield* targetsOf(flags)
  const { compile, environment } = yield* Reading.resolve(flags)
  const plan = yield* Runner.plan(Reading.paths(flags.files), compile, !flags.dryRun)
  if (plan.problems.some(({ severity }) => severity === "error")) {
    yield* (yield* Format) === "json"
      ? Problems.print(plan.problems, "json", Problems.filesOf(plan))
      : Problems.note(plan.problems)
    return ExitCode.usage
  }
  yield* Problems.note(plan.problems)
  const cases = yield* selected(plan.cases, flags)
  if (cases.length === 0 && !flags.allowEmpty) {
    return yield* fail(
      plan.cases.length === 0 ? "there are no scenarios" : "no case is selected",
      "--allow-empty accepts this"
    )
  }
  const { cores } = yield* Invocation
  const session = RunSession.run({
    plan: { ...plan, cases },
    run: {
      concurrency: Option.getOrElse(flags.concurrency, () => 2 * cores),
      seed: Option.getOrUndefined(flags.seed),
      failFast: flags.keepGoing ? undefined : Option.getOrUndefined(flags.failFast),
      retries: Option.getOrUndefined(flags.retries),
      repeat: Option.getOrUndefined(flags.repeat),
      caseTimeout: Option.getOrUndefined(flags.caseTimeout),
      runTimeout: Option.getOrUndefined(flags.runTimeout),
      grace: Option.getOrUndefined(flags.grace),
      environment,
      updateSnapshots: flags.updateSnapshots,
      keepExchanges: targets.some(({ format }) => format === "html" || format === "json" || format === "jsonl")
    },
    targets,
    onEvent: yield* progress(targets),
    writeMissingSnapshots: flags.updateSnapshots || (environment["CI"] ?? "") === ""
  })
  const { lost, report } = yield* session.pipe(
    withMetrics(flags.metrics),
    withProfile("cpu", flags.cpuProf),
    withProfile("heap", flags.heapProf)
  )
  yield* printReport(report, targets)
  yield* Effect.forEach(lost, (error) => Console.error(`error: ${error.message}`))
  return yield* exitCode(verdict(report, flags), lost.length)
})

const fail = (message: string, hint?: string) => new ExitCode.CommandError({ code: ExitCode.usage, message, hint })

const targetsOf = Effect.fnUntraced(function*(flags: RunFlags) {
  const targets = yield* Effect.forEach(
    flags.report,
    (text) => Effect.mapError(Effect.fromResult(Formats.parseReportFlag(text)), (message) => fail(message))
  )
  yield* Effect.mapError(Effect.fromResult(Formats.checkTargets(targets)), (message) => fail(message))
  if ((yield* Format) === "json" && targets.some(({ path }) => path === "-")) {
    return yield* fail("--report: --format json has standard output for itself", "name a file")
  }
  return targets
})

const selected = Effect.fnUntraced(function*(cases: ReadonlyArray<Runner.Case>, flags: RunFlags) {
  const shard = Option.map(flags.shard, Selection.parseShard)
  if (Option.isSome(shard) && shard.value === undefined) {
    return yield* fail("--shard is i/n with i from 1 to n, such as 1/4")
  }
  const chosen = Selection.select(cases, {
    filter: Option.getOrUndefined(flags.filter),
    tags: flags.tag,
    shard: Option.getOrUndefined(shard)
  })
  return Result.isFailure(chosen) ? yield* fail(`--filter: ${chosen.failure}`) : chosen.success
})

/** Tells on stderr what happens; events go to stdout where that was asked for. */
const progress = Effect.fnUntraced(function*(targets: ReadonlyArray<Formats.Target>) {
  const quiet = yield* Quiet
  const verbose = yield* Verbose
  const events = targets.some(({ format, path }) => format === "jsonl" && path === "-")
  return Effect.fnUntraced(function*(event: Event) {
    if (events) yield* Console.log(Jsonl.line(event).trimEnd())
    if (quiet) return
    if (event._tag === "CaseFinished") yield* Console.error(`${event.status.padEnd(8)} ${event.name}`)
    if (verbose && event._tag === "StepFinished") yield* Console.error(`  ${event.status.padEnd(8)} ${event.name}`)
  })
})

const printReport = Effect.fnUntraced(function*(report: Report, targets: ReadonlyArray<Formats.Target>) {
  if ((yield* Format) === "json") return yield* Console.log(Json.write(report).trimEnd())
  const onStdout = targets.find(({ path }) => path === "-")
  const format = Formats.find(onStdout?.format ?? "")
  if (format !== undefined) return yield* Console.log([...format.write(report)].join("").trimEnd())
  if (onStdout === undefined) yield* Console.log(SummaryText.sentence(report))
})

const codes: Readonly<Record<Exclude<Verdict, "interrupted">, number>> = {
  ok: ExitCode.ok,
  no: ExitCode.no,
  unavailable: ExitCode.unavailable,
  timedOut: ExitCode.timedOut
}

const exitCode = Effect.fnUntraced(function*(verdict: Verdict, lost: number) {
  if (verdict === "interrupted") return ExitCode.ofSignal(yield* (yield* StopSignal).await)
  return lost > 0 && verdict === "ok" ? ExitCode.unavailable : codes[verdict]
})

/** Serves metrics while the run goes on, or writes them to a file when it ends. */
const withMetrics = (where: Option.Option<string>) => <A, E, R>(session: Effect.Effect<A, E, R>) =>
  Option.match(where, {
    onNone: () => Effect.mapError(session, (error) => error),
    onSome: (where) => {
      const port = /^:(\d{1,5})$/.exec(where)
      return Effect.scoped(Effect.gen(function*() {
        if (port !== null) {
          const url = yield* (yield* MetricsServer).serve(Number(port[1]), RunMetrics.text)
          yield* Console.error(`metrics: ${url}`)
          return yield* session
        }
        const result = yield* session
        yield* (yield* FileSystem.FileSystem).writeFileString(where, yield* RunMetrics.text)
        return result
      }))
    }
  })

const withProfile = (kind: ProfileKind, wanted: boolean) => <A, E, R>(session: Effect.Effect<A, E, R>) =>
  !wanted ? session : Effect.scoped(Effect.gen(function*() {
    const stop = yield* (yield* Profiler).record(kind)
    const result = yield* session
    const file = `skein.${kind}profile`
    yield* (yield* FileSystem.FileSystem).writeFileString(file, yield* stop)
    yield* Console.error(`profile: ${file}`)
    return result
  }))
