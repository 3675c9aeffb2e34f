/**
 * Load on a URL or on scenarios, at a number of virtual users or at a rate, and what came of it: `skein load`.
 *
 * Generators (`load/Generator`) make the load, on this thread or on others, and send a frame a second; `load/figures` adds them
 * up, judges the thresholds as it goes on, and makes the result.
 */
import { Deferred, Effect, Random, Schema, Stream } from "effect"
import { mask, Masking } from "../core/Masking.ts"
import * as SensitiveFields from "../core/SensitiveFields.ts"
import { GeneratorHealth } from "../services/GeneratorHealth.ts"
import { LoadClock, ticksPerMilli } from "../services/LoadClock.ts"
import { bareSockets } from "../services/LoadTransport.ts"
import { LoadWorkers } from "../services/LoadWorkers.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as Breakpoint from "./load/Breakpoint.ts"
import * as Executors from "./load/executors/Executors.ts"
import type * as Questions from "./load/figures/Questions.ts"
import * as Rehearsal from "./load/figures/Rehearsal.ts"
import * as Scoreboard from "./load/figures/Scoreboard.ts"
import * as Summary from "./load/figures/Summary.ts"
import * as Thresholds from "./load/figures/Thresholds.ts"
import { Totals } from "./load/figures/Totals.ts"
import * as Generator from "./load/Generator.ts"
import * as LoadMasking from "./load/LoadMasking.ts"
import type { LoadProgress } from "./load/LoadProgress.ts"
import type { LoadResult } from "./load/LoadResult.ts"
import type { Load, Plan } from "./load/Plan.ts"

export { LoadError } from "./load/Generator.ts"

export interface Options<E, R> {
  /** What is loaded, as reports name it. */
  readonly target: string
  /** What thresholds can speak of, beside the run as a whole. */
  readonly known: Questions.Known
  /** How requests are sent, and why not over bare sockets, as reports name it. @default "bare sockets" */
  readonly transport?: string | undefined
  /** Makes the users of scenarios. @default none: a plan with scenarios is a defect */
  readonly scenarios?: Generator.MakeScenarioUsers<E, R> | undefined
  /** What those who make users need beside the plan: for scenarios other threads, for a URL whoever goes through a proxy. */
  readonly handed?: Schema.Json | undefined
  /** Called about once a second. */
  readonly observe?: ((progress: LoadProgress) => Effect.Effect<void>) | undefined
}

/**
 * Runs a plan to its end, or until `StopSignal` or a threshold with `abort` asks to stop: then nothing is started any more, what runs
 * is waited for, and the result is of what was measured by then.
 *
 * A search for the breakpoint runs the plan at one rate after the other.
 *
 * Requests that fail are figures. Fails with `LoadError` when users cannot be made, rows are used up or a worker breaks down.
 */
export const run = Effect.fn("LoadTest.run")(function*<E = never, R = never>(plan: Plan, options: Options<E, R>) {
  const search = plan.loads.find(({ executor }) => executor.type === "breakpoint")
  if (search === undefined) return yield* runOnce(plan, options)
  const unfit = whyUnfit(plan)
  return yield* unfit === undefined ? searchBreakpoint(plan, search, options) : unfit
})

/** Why a plan cannot be run as it stands: {@link run} fails with it, and who asks before has started nothing. */
export const whyUnfit = ({ loads, thresholds }: Plan): Generator.LoadError | undefined => {
  if (!loads.some(({ executor }) => executor.type === "breakpoint")) return undefined
  if (loads.length > 1) {
    return new Generator.LoadError({
      reason: "Setup",
      message: "a search for the breakpoint runs alone, and the plan has several loads",
      hint: "give each a run of its own"
    })
  }
  return thresholds.length > 0 ? undefined : new Generator.LoadError({
    reason: "Setup",
    message: "a search for the breakpoint needs thresholds: what must hold at the rate that is searched",
    hint: "for example http.p95 < 300ms"
  })
}

/** Tries rate after rate; the result is that of the best trial, with what the search found. */
const searchBreakpoint = Effect.fnUntraced(function*<E, R>(plan: Plan, load: Load, options: Options<E, R>) {
  const { executor } = load
  if (executor.type !== "breakpoint") return yield* Effect.die(new Error("only a breakpoint is searched"))
  const { queue, settleMillis, stepMillis, vus } = executor
  const signal = yield* StopSignal
  const masking = yield* Masking
  const trials: Array<Breakpoint.Trial & { readonly result: LoadResult }> = []
  for (let rate = Breakpoint.next(executor, trials); rate !== undefined; rate = Breakpoint.next(executor, trials)) {
    const constant = {
      type: "constant-arrival-rate",
      rate,
      durationMillis: stepMillis,
      arrivals: "even",
      vus,
      queue
    } as const
    const result = yield* runOnce(
      { ...plan, warmupMillis: settleMillis, loads: [{ ...load, executor: constant }] },
      options
    )
    trials.push({
      rate,
      passed: result.thresholds.every(({ passed }) => passed) && !result.interrupted,
      valid: result.verdict === "valid",
      result
    })
    if (yield* signal.requested) break
  }
  const { failed, passed } = Breakpoint.bracketOf(trials)
  const best = trials.findLast(({ passed: held, rate, valid }) => rate === passed && held && valid) ?? trials.at(-1)!
  return {
    ...best.result,
    interrupted: yield* signal.requested,
    breakpoint: {
      rate: passed ?? null,
      next_rate: failed ?? null,
      limited_by: Breakpoint.limitOf(executor, trials),
      trials: trials.map(({ passed, rate, result }) => ({
        rate,
        passed,
        verdict: result.verdict,
        p95: result.latency_ms.p95,
        per_second: result.requests.per_second,
        dropped: result.iterations.dropped,
        failed: result.requests.failed
      }))
    },
    configuration: masking.deep(configurationOf(plan))
  } satisfies LoadResult
})

const runOnce = Effect.fnUntraced(function*<E, R>(plan: Plan, options: Options<E, R>) {
  const clock = yield* LoadClock
  const masking = yield* Masking
  const { machine } = yield* GeneratorHealth
  const signal = yield* StopSignal
  const aborted = yield* Deferred.make<void>()
  const stop = Effect.raceFirst(signal.await, Deferred.await(aborted)).pipe(Effect.asVoid)
  const totals = new Totals(plan.threads, plan.loads.map(({ executor }) => Executors.isOpen(executor)))
  const compiled = yield* Effect.fromResult(Thresholds.compile(plan.thresholds, options.known)).pipe(
    Effect.mapError((problems) =>
      new Generator.LoadError({ reason: "Setup", message: problems.map(({ message }) => message).join("; ") })
    )
  )
  Rehearsal.run(plan, compiled)
  const board = new Scoreboard.Scoreboard(plan, totals, compiled)
  const observe = options.observe ?? (() => Effect.void)
  const follow = Effect.fnUntraced(function*(ended: ReturnType<Totals["add"]>) {
    for (const one of ended) {
      const { abort, progress } = board.follow(one, (yield* signal.requested) || Deferred.isDoneUnsafe(aborted))
      if (abort) Deferred.doneUnsafe(aborted, Effect.void)
      yield* observe(LoadMasking.progress(progress, masking))
    }
  })
  const take = (thread: number, frame: Uint8Array) =>
    Effect.suspend(() => {
      const ended = totals.add(thread, frame)
      // A load on this thread goes on in between.
      return Effect.andThen(Effect.yieldNow, follow(ended))
    })

  let begin = 0
  let crash: string | undefined
  if (plan.threads === 1) {
    const { handed, scenarios = noScenarios } = options
    yield* Generator.run({ plan, share: { index: 0, of: 1 }, handed, scenarios }, {
      begin: Effect.sync(() => {
        begin = clock.now()
        return clock.originMillis + begin / ticksPerMilli
      }),
      stop,
      send: (frame) => take(0, frame)
    })
  } else ({ begin, crash } = yield* onThreads(plan, options.handed ?? null, stop, take))
  yield* follow(totals.rest())
  board.finish()

  return LoadMasking.result(
    yield* Summary.make({
      plan,
      totals,
      thresholds: board.thresholds,
      run: yield* runName(clock),
      target: options.target,
      startedAt: new Date(clock.originMillis + begin / ticksPerMilli).toISOString(),
      durationSeconds: (clock.now() - begin) / ticksPerMilli / 1000,
      interrupted: yield* signal.requested,
      transport: options.transport ?? bareSockets,
      crash,
      machine,
      configuration: configurationOf(plan)
    }),
    masking
  )
})

/**
 * A part of the plan to each thread, and their frames to one place. Answers with the tick at which it began, and with what a thread said
 * that broke down: the others end with it, and what was measured until then stays. One that cannot go on fails the load, as it would
 * alone.
 */
const onThreads = Effect.fnUntraced(function*(
  plan: Plan,
  handed: Schema.Json,
  stop: Effect.Effect<void>,
  take: (thread: number, frame: Uint8Array) => Effect.Effect<void>
) {
  const { start } = yield* LoadWorkers
  const clock = yield* LoadClock
  const work = Array.from({ length: plan.threads }, (_, index) => ({
    plan: plainPlan(plan),
    share: { index, of: plan.threads },
    handed
  }))
  const workers = yield* Effect.mapError(
    start(work),
    ({ message }) => new Generator.LoadError({ reason: "Worker", message })
  )
  yield* Effect.forkScoped(Effect.andThen(stop, workers.stop))
  const begin = clock.now() + headStartMillis * ticksPerMilli
  yield* workers.begin(clock.originMillis + begin / ticksPerMilli)
  const crash = yield* Stream.runForEach(workers.frames, ({ frame, worker }) => take(worker, frame)).pipe(
    Effect.as(undefined),
    Effect.catchTag(
      "LoadWorkerError",
      ({ broke, message, reason }) =>
        broke ? Effect.succeed(message) : Effect.fail(new Generator.LoadError({ reason: "Data", message: reason }))
    )
  )
  return { begin, crash }
}, Effect.scoped)

/** So that all threads have heard of the beginning before it is there. */
const headStartMillis = 20

const noScenarios = () => Effect.die(new Error("the plan has scenarios, and nobody to run them"))

/** What was run, for reports: headers that are secret by their names have no value there, however short it is. */
const configurationOf = (plan: Plan): LoadResult["configuration"] =>
  plainPlan({
    ...plan,
    loads: plan.loads.map((load) => {
      if (load.work.type === "scenario") return load
      const headers = load.work.headers.map(([name, value]) =>
        [name, SensitiveFields.isSecretHeader(name) ? mask : value] as const
      )
      return { ...load, work: { ...load.work, headers } }
    })
  })

/** As JSON: what is undefined is left out. */
const plainPlan = (plan: Plan): LoadResult["configuration"] => decodePlain(JSON.parse(JSON.stringify(plan)))
const decodePlain = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))

/** Sorts by time: `20261121-101530-4f1c`. */
const runName = Effect.fnUntraced(function*({ originMillis }: LoadClock["Service"]) {
  const time = new Date(originMillis).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)
  const random = yield* Random.nextIntBetween(0, 0x10000)
  return `${time}-${random.toString(16).padStart(4, "0")}`
})
