/** `skein load FILE...`: the plan of a load on scenarios, and its virtual users. */
import { Effect, Option, Random, Result } from "effect"
import type { Problem } from "../core/SourceText.ts"
import * as Config from "../programs/Config.ts"
import * as Thresholds from "../programs/load/figures/Thresholds.ts"
import * as LoadScenarios from "../programs/load/LoadScenarios.ts"
import type { Plan } from "../programs/load/Plan.ts"
import * as KnownNames from "../programs/load/scenario/KnownNames.ts"
import * as ScenarioPlan from "../programs/load/ScenarioPlan.ts"
import * as ThreadLimits from "../programs/load/ThreadLimits.ts"
import * as LoadTest from "../programs/LoadTest.ts"
import * as Runner from "../programs/Runner.ts"
import type { WrittenThreshold } from "../scenario/LoadSettings.ts"
import * as LoadSettings from "../scenario/LoadSettings.ts"
import * as ExitCode from "./ExitCode.ts"
import type { LoadFlags } from "./load.ts"
import * as LoadPart from "./LoadPart.ts"
import * as LoadPlan from "./LoadPlan.ts"
import * as LoadUsers from "./LoadUsers.ts"
import * as Output from "./Output.ts"
import * as Problems from "./Problems.ts"
import * as Reading from "./Reading.ts"

/** Puts up the scenarios; what they need ends with the scope. Fails with all that is wrong with files and flags before anything runs. */
export const prepare = Effect.fnUntraced(function*(flags: LoadFlags, config: Config.Loaded) {
  yield* refuseStrayFlags(flags)
  const tooMuch = LoadPlan.tooMuch(flags)
  if (tooMuch.length > 0) return yield* ExitCode.wrongUsage(tooMuch.join("\n"))
  const options = yield* Reading.compileOptions(flags, config)
  const checked = yield* Runner.checked(yield* Runner.plan([flags.target, ...flags.more], options)).pipe(
    Effect.catchTag(
      "CompileError",
      ({ problems }) => Effect.andThen(Problems.note(problems), ExitCode.wrongUsage("nothing was started"))
    )
  )
  yield* refuseSuites(checked.cases)
  const scenarios = [...new Map(checked.cases.map((one) => [one.compiled, one])).values()]
  if (scenarios.length === 0) {
    return yield* ExitCode.wrongUsage(
      `there is nothing to load in ${[flags.target, ...flags.more].join(", ")}`,
      "it has no scenario, or the data: of its scenario has no rows"
    )
  }
  const sources = scenarios.map(({ compiled: { scenario }, file }) => ({
    name: scenario.name,
    file,
    load: scenario.load
  }))
  const seed = Option.getOrUndefined(flags.seed)
  const made = ScenarioPlan.make(sources, settingsOf(flags), config.load)
  const thresholds: ReadonlyArray<WrittenThreshold> = [
    ...made.thresholds,
    ...flags.threshold.map((expression) => ({ expression, abort: false, delayMillis: 0 }))
  ]
  const plan: Plan = {
    ...made,
    thresholds: thresholds.map(LoadSettings.plain),
    name: sources.map(({ name }) => name).join(", "),
    seed: seed ?? made.seed ?? (yield* Random.nextIntBetween(0, 2 ** 31)),
    threads: Option.getOrElse(flags.threads, () => 1),
    phases: flags.phases
  }
  yield* LoadPlan.refuseIdleThreads(plan)
  yield* heedLimits(config, plan)
  const unfit = LoadTest.whyUnfit(plan)
  if (unfit !== undefined) return yield* ExitCode.asUsage(unfit)
  const clash = KnownNames.metricClash(scenarios.map(({ compiled }) => compiled))
  if (clash !== undefined) return yield* ExitCode.wrongUsage(`metrics: ${clash}`, "give them names of their own")
  const known = KnownNames.of(scenarios.map(({ compiled }) => compiled))
  const compiled = Thresholds.compile(thresholds, known)
  if (Result.isFailure(compiled)) return yield* refuseThresholds(compiled.failure)
  const open = yield* LoadScenarios.open(checked, { run: LoadUsers.runOptions(plan.seed, config) })
  const { interpreted, transport } = yield* LoadUsers.survey(open, plan)
  if (interpreted.length > 0) {
    const steps = interpreted.map(({ because, step }) => `${step} (${because})`).join(", ")
    yield* Output.note(`run by the interpreter, which is slower: ${steps}`)
  }
  const target = [flags.target, ...flags.more]
  const prepared = { plan, known, target: target.join(" "), transport, scenarios: LoadUsers.usersOf(open) }
  if (plan.threads === 1) return { ...prepared, handed: undefined }
  return { ...prepared, handed: yield* LoadPart.handOver(target, flags, open) }
})

/** Limits are about what is sent as in `skein run`; how often the rest is sent is what the load itself says. */
const heedLimits = Effect.fnUntraced(function*(config: Config.Loaded, { threads }: Plan) {
  const limits = Config.politeSettings(config.settings)
  const obstacle = ThreadLimits.obstacle(limits, threads)
  if (obstacle !== undefined) {
    return yield* ExitCode.wrongUsage(
      `--threads ${threads}: ${obstacle}`,
      "use fewer threads, or raise limits.concurrency"
    )
  }
  if (Object.keys(limits).length > 0) {
    yield* Output.note(
      "limits: of skein.yaml hold for requests that the interpreter sends, not for http steps in their quick form"
    )
  }
})

/** What stands around all cases of a suite has no place in a load, where each scenario is run many times. */
const refuseSuites = Effect.fnUntraced(function*(cases: Runner.Plan<never>["cases"]) {
  const suites = Map.groupBy(cases, ({ suite }) => suite)
  const problems = [...suites].flatMap(([suite, cases]): ReadonlyArray<Problem> => {
    const files = [...new Set(cases.map(({ file }) => file))]
    const more = files.length > maxNamed ? ` and ${files.length - maxNamed} more` : ""
    return suite === undefined ? [] : [{
      code: "suite-under-load",
      severity: "error",
      message: `a suite is not put under load: ${JSON.stringify(suite.suite.name)}`,
      hint: `name the files of its cases instead: ${files.slice(0, maxNamed).join(" ")}${more}`,
      span: suite.suite.cases[0]?.fileSpan ?? suite.suite.span
    }]
  })
  if (problems.length === 0) return
  yield* Problems.note(problems)
  return yield* ExitCode.wrongUsage("nothing was started")
})

/** Those of files at their places, those of flags as they were given. */
const refuseThresholds = Effect.fnUntraced(function*(
  problems: ReadonlyArray<Thresholds.Problem<WrittenThreshold>>
) {
  const placed = problems.flatMap(({ hint, message, threshold: { span } }): ReadonlyArray<Problem> =>
    span === undefined ? [] : [{ code: "bad-threshold", severity: "error", message, hint, span }]
  )
  yield* Problems.note(placed)
  const given = problems.filter(({ threshold }) => threshold.span === undefined)
  return yield* ExitCode.wrongUsage(
    given.length === 0 ? "nothing was started" : given.map(LoadPlan.thresholdProblem).join("\n")
  )
})

/** Files that a hint names. */
const maxNamed = 8

/** What flags say over the blocks of files. */
const settingsOf = (flags: LoadFlags): LoadSettings.LoadSettings => {
  const rate = Option.getOrUndefined(flags.rate)
  const iterations = Option.getOrUndefined(Option.orElse(flags.iterations, () => flags.requests))
  const duration = LoadPlan.millis(flags.duration)
  const common = {
    rate,
    arrivals: flags.arrivals === "poisson" ? "poisson" as const : undefined,
    vus: Option.getOrUndefined(Option.orElse(flags.vus, () => flags.connections)),
    warmupMillis: LoadPlan.millis(flags.warmup),
    gracefulStopMillis: LoadPlan.millis(flags.gracefulStop)
  }
  // So many at a rate is a time.
  return rate === undefined || iterations === undefined
    ? { ...common, iterations, durationMillis: duration }
    : { ...common, durationMillis: Math.min(duration ?? Infinity, iterations / rate * 1000) }
}

/** Flags about the request: a scenario's requests say that themselves. */
const refuseStrayFlags = Effect.fnUntraced(function*(flags: LoadFlags) {
  const given = [
    ["--method", Option.isSome(flags.method)],
    ["--header", flags.header.length > 0],
    ["--body", Option.isSome(flags.body)],
    ["--timeout", Option.isSome(flags.timeout)],
    ["--no-keepalive", flags.noKeepalive],
    ["--resolve", flags.resolve.length > 0],
    ["--insecure", flags.insecure],
    ["--http2", flags.http2],
    ["--proxy", Option.isSome(flags.proxy)],
    ["--expected-interval", Option.isSome(flags.expectedInterval)]
  ] as const
  const stray = given.flatMap(([name, isGiven]) => isGiven ? [name] : [])
  const twice = [
    ["--vus", flags.vus, "--connections", flags.connections],
    ["--iterations", flags.iterations, "--requests", flags.requests]
  ] as const
  for (const [name, value, other, otherValue] of twice) {
    if (Option.isSome(value) && Option.isSome(otherValue)) {
      return yield* ExitCode.wrongUsage(`${name} and ${other} are the same for scenarios`, "give one of them")
    }
  }
  if (stray.length > 0) {
    return yield* ExitCode.wrongUsage(
      `${stray.join(", ")}: only for the load of a URL`,
      "the steps of a scenario say themselves what they send, and how"
    )
  }
})
