/** What `skein run` does once its flags are read; apart from them, so that help does not load the runner. */
import { Console, Duration, Effect, Option, Result } from "effect"
import * as Style from "../core/Style.ts"
import * as Config from "../programs/Config.ts"
import * as DryRun from "../programs/DryRun.ts"
import * as History from "../programs/History.ts"
import * as CaseHistory from "../programs/history/CaseHistory.ts"
import type * as Formats from "../programs/report/Formats.ts"
import { verdict } from "../programs/report/Verdict.ts"
import * as Runner from "../programs/Runner.ts"
import * as RunSession from "../programs/RunSession.ts"
import * as Selection from "../programs/Selection.ts"
import * as Watch from "../programs/Watch.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Observers from "./Observers.ts"
import * as Output from "./Output.ts"
import * as Problems from "./Problems.ts"
import * as Progress from "./Progress.ts"
import * as Reading from "./Reading.ts"
import * as ReportOutput from "./ReportOutput.ts"
import type { RunFlags } from "./run.ts"
import * as Settings from "./Settings.ts"
import * as Stop from "./Stop.ts"

/** Runs, prints and answers with the exit code. Fails when flags, configuration or files are wrong. */
export const execute = Effect.fnUntraced(function*(flags: RunFlags) {
  const targets = yield* ReportOutput.targets(flags.report)
  const config = yield* Reading.configuration(flags, yield* settings(flags))
  // The runner ends within its grace by itself; this is for when it hangs.
  const limit = Duration.sum(config.settings.grace, Duration.seconds(5))
  const once = Effect.suspend(() => runOnce(flags, config, targets))
  if (!flags.watch) return yield* Stop.within(limit)(once)

  const paths = Reading.paths(flags.files)
  const ignore = (path: string) =>
    path.includes("__snapshots__") || targets.some((target) => path.endsWith(target.path))
  const { await: stopped } = yield* StopSignal
  yield* Stop.within(limit)(Watch.rerun({ paths, ignore, whileRunning, until: stopped }, () => Effect.asVoid(once)))
  return ExitCode.ofSignal(yield* stopped)
})

const whileRunning = (path: string): boolean => /\.ya?ml$/.test(path)

/** Flags that are settings of the configuration too. */
const settings = Effect.fnUntraced(function*(flags: RunFlags) {
  return {
    concurrency: Option.getOrUndefined(flags.concurrency),
    case_timeout: Option.getOrUndefined(flags.caseTimeout),
    run_timeout: Option.getOrUndefined(flags.runTimeout),
    grace: Option.getOrUndefined(flags.grace),
    retries: Option.getOrUndefined(flags.retries),
    seed: Option.getOrUndefined(flags.seed),
    color: (yield* Settings.NoColor) ? "never" as const : undefined
  }
})

const runOnce = Effect.fnUntraced(function*(
  flags: RunFlags,
  config: Config.Loaded,
  targets: ReadonlyArray<Formats.Target>
) {
  const options = yield* Reading.compileOptions(flags, config)
  const work = Effect.gen(function*() {
    const plan = yield* Runner.plan(Reading.paths(flags.files), options, !flags.dryRun)
    if (plan.problems.some(({ severity }) => severity === "error")) return yield* refuse(plan)
    yield* Problems.note(plan.problems)

    const cases = yield* select(plan.cases, flags, config)
    if (flags.dryRun) return yield* dryRun(cases)
    return yield* runPlan({ ...plan, cases }, flags, config, targets)
  })
  return yield* Reading.withMachine(config)(work)
})

/** Nothing runs with a mistake in any file. */
const refuse = Effect.fnUntraced(function*(plan: Pick<Runner.Plan<never>, "cases" | "problems">) {
  const isJson = (yield* Settings.Format) === "json"
  const files = Problems.filesOf(plan)
  if (isJson) yield* Problems.print(plan.problems, "json", files)
  else {
    yield* Problems.note(plan.problems)
    yield* Console.error(`nothing ran: ${Problems.sentence(plan.problems, files)}`)
  }
  return ExitCode.usage
})

const select = Effect.fnUntraced(function*(
  cases: ReadonlyArray<Runner.Case>,
  flags: RunFlags,
  config: Config.Loaded
) {
  const shard = Option.map(flags.shard, Selection.parseShard)
  if (Option.isSome(shard) && shard.value === undefined) {
    return yield* ExitCode.wrongUsage("--shard is i/n with i from 1 to n, such as 1/4")
  }
  const past = flags.lastFailed || Option.isSome(shard)
    ? yield* History.load(config.settings["history.folder"])
    : { runs: [], damaged: [] }
  const chosen = Selection.select(cases, {
    filter: Option.getOrUndefined(flags.filter),
    tags: flags.tag,
    only: flags.lastFailed ? CaseHistory.lastFailed(past) : undefined,
    shard: Option.getOrUndefined(shard),
    durations: CaseHistory.durations(past)
  })
  if (Result.isFailure(chosen)) return yield* ExitCode.wrongUsage(`--filter: ${chosen.failure}`)
  if (chosen.success.length > 0 || flags.allowEmpty) return chosen.success
  return yield* cases.length === 0
    ? ExitCode.wrongUsage("there are no scenarios here", "name files or folders, or write a first one with: skein init")
    : ExitCode.wrongUsage(`none of ${Problems.plural(cases.length, "case")} is selected`, "--allow-empty accepts this")
})

const dryRun = Effect.fnUntraced(function*(cases: ReadonlyArray<Runner.Case>) {
  const described = DryRun.describe(cases)
  yield* Output.result({ json: () => ({ cases: described }), text: () => DryRun.text(described) })
  return ExitCode.ok
})

const runPlan = Effect.fnUntraced(function*<R>(
  plan: Runner.Plan<R>,
  flags: RunFlags,
  config: Config.Loaded,
  targets: ReadonlyArray<Formats.Target>
) {
  const { environment, settings } = config
  const progress = yield* Progress.open(targets, settings.color)
  const session = RunSession.run({
    plan,
    run: {
      concurrency: settings.concurrency,
      seed: settings.seed,
      failFast: flags.keepGoing ? undefined : Option.getOrUndefined(flags.failFast),
      retries: config.origins.retries.source === "default" ? undefined : settings.retries,
      repeat: Option.getOrUndefined(flags.repeat),
      caseTimeout: settings.case_timeout,
      runTimeout: settings.run_timeout,
      grace: settings.grace,
      environment,
      settings: Config.actionSettings(config),
      updateSnapshots: flags.updateSnapshots,
      writeMissingSnapshots: flags.updateSnapshots || (environment["CI"] ?? "") === "",
      secretsTimeout: settings.secrets_timeout,
      secretsTimeToLive: settings.secrets_ttl,
      debug: yield* Settings.Verbose,
      keepExchanges: targets.some(({ format }) => format === "html" || format === "json" || format === "jsonl")
    },
    targets,
    history: settings["history.enabled"] ? settings["history.folder"] : undefined,
    shard: Option.getOrUndefined(flags.shard),
    onEvent: progress.onEvent
  })
  const { lost, report } = yield* session.pipe(
    Observers.withMetrics(flags.metrics),
    Observers.withProfile("cpu", flags.cpuProf),
    Observers.withProfile("heap", flags.heapProf),
    Effect.ensuring(progress.close)
  )
  yield* ReportOutput.print(report, targets, [], Style.make(yield* Progress.colors("stdout", settings.color)))
  yield* Effect.forEach(lost, (error) => Console.error(`error: ${error.message}`))
  const code = yield* ReportOutput.exitCode(verdict(report, flags))
  return code === ExitCode.ok && lost.length > 0 ? ExitCode.unavailable : code
})
