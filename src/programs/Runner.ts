/**
 * Runs scenario files: cases in parallel with a bound, suites around them, retries, fail-fast; and tells everything as a
 * stream of events. It prints nothing and never touches the process.
 *
 * `plan` reads, checks and compiles files; `events` runs a plan; `run` folds its events into a Report.
 */
import {
  type Cause,
  Clock,
  Data,
  Deferred,
  Effect,
  type FileSystem,
  Layer,
  type Path,
  Queue,
  Random,
  Stream
} from "effect"
import * as CodeFrame from "../core/CodeFrame.ts"
import { Masking } from "../core/Masking.ts"
import type { Problem, SourceText } from "../core/SourceText.ts"
import type { ValueRecord } from "../core/Value.ts"
import type * as Action from "../scenario/Action.ts"
import type { CompiledSuite } from "../scenario/compile/Compiled.ts"
import type { Event } from "../scenario/Event.ts"
import * as Load from "../scenario/read/Load.ts"
import * as Contract from "../scenario/run/Contract.ts"
import * as Snapshots from "../scenario/run/Snapshots.ts"
import type { Postgres } from "../services/Postgres.ts"
import { StopSignal } from "../services/StopSignal.ts"
import type * as Report from "./report/Report.ts"
import * as ReportFold from "./report/ReportFold.ts"
import * as Cases from "./runner/Cases.ts"
import * as CheckContracts from "./runner/CheckContracts.ts"
import * as RunCase from "./runner/RunCase.ts"
import {
  caseStarted,
  finish,
  millisSince,
  type Plan,
  type RunnerServices,
  type RunOptions,
  type RunState,
  secretsOnce
} from "./runner/RunState.ts"
import * as RunSuite from "./runner/RunSuite.ts"
import * as Schedule from "./runner/Schedule.ts"
import type * as Suites from "./runner/Suites.ts"

export type { Case } from "./runner/Cases.ts"
export type { Plan, RunOptions } from "./runner/RunState.ts"

/** What a run with actions that need `R` needs. Contracts and snapshots it makes itself, anew each time. */
export type Needs<R> =
  | Exclude<R | RunnerServices, Contract.Contracts | Snapshots.Snapshots>
  | FileSystem.FileSystem
  | Path.Path
  | Masking

export interface CompileOptions<A extends Action.Any> {
  /** The actions that files may use; the plan's `R` is what they need. */
  readonly actions: ReadonlyArray<A>
  /** Absolute; shown paths are relative to it. */
  readonly workingDirectory: string
  /** Absolute folder that files may not leave. @default the working directory */
  readonly root?: string | undefined
  /** @default false */
  readonly allowOutside?: boolean | undefined
  /** Values over those of the files. @default none */
  readonly variables?: ValueRecord | undefined
  /** Values under those of the files. @default none */
  readonly defaults?: ValueRecord | undefined
  /** Secrets beside those of the files, in the spelling of `secrets:`. @default none */
  readonly secrets?: ValueRecord | undefined
  /**
   * What `url: NAME` of a step stands for, by name: a URL, or `{ url, options }` with the settings of its family. `${secrets.NAME}`
   * in a URL is filled in when a case begins. @default none
   */
  readonly connections?: ValueRecord | undefined
}

/**
 * Loads and compiles what `paths` name: files, folders, globs. Never fails: everything wrong is in `problems`.
 * With `ask`, rows that come from a query are fetched; without, a placeholder stands for them.
 */
export const plan = Effect.fn("Runner.plan")(function*<A extends Action.Any>(
  paths: ReadonlyArray<string>,
  options: CompileOptions<A>,
  ask = true
): Effect.fn.Return<Plan<Action.Services<A>>, never, FileSystem.FileSystem | Path.Path | Postgres> {
  const caseOptions = complete(options)
  const loaded = yield* Load.load(paths, {
    workingDirectory: caseOptions.workingDirectory,
    root: caseOptions.root,
    allowOutside: caseOptions.allowOutside,
    actions: options.actions.map((action) => action.name as string)
  })
  return yield* planOf(loaded, caseOptions, options.secrets ?? {}, ask)
})

/** What is wrong with scenarios that were to be run. `message` shows each problem with its place. */
export class CompileError extends Data.TaggedError("CompileError")<{ readonly problems: ReadonlyArray<Problem> }> {
  override get message(): string {
    return CodeFrame.renderAll(this.problems)
  }
}

/**
 * Compiles one scenario: the text of a file, or one made by `Scenario.make`. Includes and data files are relative to
 * `options.workingDirectory`. Fails with all that is wrong with it.
 */
export const compile = Effect.fn("Runner.compile")(function*<A extends Action.Any>(
  source: string | SourceText,
  options: CompileOptions<A>
): Effect.fn.Return<Plan<Action.Services<A>>, CompileError, FileSystem.FileSystem | Path.Path | Postgres> {
  const caseOptions = complete(options)
  const loaded = yield* Load.loadSource(typeof source === "string" ? { path: "scenario.yaml", text: source } : source, {
    workingDirectory: caseOptions.workingDirectory,
    root: caseOptions.root,
    allowOutside: caseOptions.allowOutside,
    actions: options.actions.map((action) => action.name as string)
  })
  return yield* checked(yield* planOf(loaded, caseOptions, options.secrets ?? {}, true))
})

/** Returns the plan as it is, or fails with its errors. */
export const checked = <R>(plan: Plan<R>): Effect.Effect<Plan<R>, CompileError> => {
  const problems = plan.problems.filter(({ severity }) => severity === "error")
  return problems.length > 0 ? Effect.fail(new CompileError({ problems })) : Effect.succeed(plan)
}

const planOf = Effect.fnUntraced(function*<R>(
  loaded: Load.Loaded,
  options: Cases.CompileOptions,
  secrets: ValueRecord,
  ask: boolean
): Effect.fn.Return<Plan<R>, never, FileSystem.FileSystem | Path.Path | Postgres> {
  const compiled = Cases.compile(loaded, options)
  const broken = compiled.problems.some((problem) => problem.severity === "error")
  const expanded = yield* Cases.expand(compiled, options, ask && !broken)
  const contracts = yield* CheckContracts.problems(compiled.scenarios.map((one) => one.compiled), options)
  return {
    cases: expanded.cases,
    problems: [...compiled.problems, ...expanded.problems, ...contracts],
    leftOut: loaded.leftOut,
    options,
    secrets
  }
})

const complete = (options: CompileOptions<Action.Any>): Cases.CompileOptions => ({
  actions: options.actions,
  variables: options.variables ?? {},
  defaults: options.defaults ?? {},
  secrets: Object.keys(options.secrets ?? {}),
  connections: options.connections ?? {},
  workingDirectory: options.workingDirectory,
  root: options.root ?? options.workingDirectory,
  allowOutside: options.allowOutside ?? false
})

/**
 * Runs the cases of a plan. The stream ends after `RunFinished`; a slow reader slows the run down and misses nothing.
 * Interrupting it interrupts the cases, whose teardowns run. Every event has passed the masking sink.
 */
export const events = <R>(plan: Plan<R>, options: RunOptions): Stream.Stream<Event, never, Needs<R>> =>
  Stream.callback<Event, never, Needs<R>>((queue) => {
    const ofThisRun = Layer.merge(Contract.layer, Snapshots.layer({ writeMissing: options.writeMissingSnapshots }))
    return Effect.scoped(runAll(plan, options, queue)).pipe(
      Effect.provide(Layer.fresh(ofThisRun), { local: true }),
      Effect.andThen(Queue.end(queue))
    )
  }, { bufferSize: 256, strategy: "suspend" })

/** Runs the cases of a plan and returns the report. */
export const run = <R>(plan: Plan<R>, options: RunOptions): Effect.Effect<Report.Report, never, Needs<R>> =>
  Effect.suspend(() => {
    const fold = ReportFold.make()
    return Effect.map(
      Stream.runForEach(events(plan, options), (event) => Effect.sync(() => ReportFold.add(fold, event))),
      () => ReportFold.report(fold)
    )
  })

const runAll = <R>(plan: Plan<R>, options: RunOptions, queue: Queue.Queue<Event, Cause.Done>) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const masking = yield* Masking
    const started = clock.monotonicTimeNanosUnsafe()
    const seed = options.seed ?? (yield* Random.nextIntBetween(0, 2 ** 31))
    const cases = repeated(plan.cases, options.repeat ?? 1)
    const emit = (event: Event) => Effect.asVoid(Queue.offer(queue, masking.deep(event)))
    const suites = new Map<CompiledSuite, Suites.SuiteHandle>()
    const state: RunState<R> = {
      plan,
      options,
      seed,
      emit,
      mask: masking.deep,
      stop: yield* Deferred.make<void>(),
      suites,
      secrets: yield* secretsOnce(options),
      summary: { total: 0, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 },
      ending: undefined,
      interrupted: false
    }
    yield* emit({
      _tag: "RunStarted",
      run: `${clock.currentTimeMillisUnsafe().toString(36)}-${seed.toString(36)}`,
      at: clock.currentTimeMillisUnsafe(),
      total: cases.length,
      seed,
      concurrency: options.concurrency
    })
    yield* watchForStop(state)
    for (const [suite, count] of countSuites(cases)) suites.set(suite, yield* RunSuite.open(suite, count, state))
    const tasks = cases.map((one) => ({ locks: one.locks, run: RunCase.run(one, state) }))
    yield* Schedule.run(tasks, options.concurrency)
    yield* keepSnapshots(state)
    // Secrets are fetched by the cases: only now all of them are known.
    for (const text of masking.warnings()) yield* emit({ _tag: "Warning", text, at: clock.currentTimeMillisUnsafe() })
    yield* emit({
      _tag: "RunFinished",
      at: clock.currentTimeMillisUnsafe(),
      duration_ms: millisSince(clock, started),
      summary: { ...state.summary },
      interrupted: state.interrupted
    })
  })

const repeated = (cases: ReadonlyArray<Cases.Case>, times: number): ReadonlyArray<Cases.Case> =>
  times === 1 ?
    cases :
    cases.flatMap((one) =>
      Array.from(
        { length: times },
        (_, index) => ({ ...one, id: `${one.id} #${index + 1}`, name: `${one.name} #${index + 1}` })
      )
    )

/** Writes the snapshots of the run. When that cannot be done the run is not green: a case of its own says so. */
const keepSnapshots = <R>(state: RunState<R>) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const snapshots = yield* Snapshots.Snapshots
    const changes = yield* Effect.result(snapshots.flush)
    if (changes._tag === "Failure") {
      const started = clock.monotonicTimeNanosUnsafe()
      yield* state.emit(caseStarted("(snapshots)", "(snapshots)", "__snapshots__", 1, undefined, [], 1, clock))
      const failure = { kind: "error" as const, reason: "unavailable", message: changes.failure.message }
      yield* finish(
        "(snapshots)",
        "(snapshots)",
        "__snapshots__",
        "error",
        1,
        { failures: [failure], reason: undefined },
        started,
        state
      )
      return
    }
    for (const change of changes.success) {
      const text = `snapshot ${change.kind}: ${change.name} in ${change.file}`
      yield* state.emit({ _tag: "Warning", text, at: clock.currentTimeMillisUnsafe() })
    }
  })

/** Two things end a run early: a stop signal, and the run's own time-out. */
const watchForStop = <R>(state: RunState<R>) =>
  Effect.gen(function*() {
    const signal = yield* StopSignal
    const stopped = Effect.andThen(
      signal.await,
      Effect.suspend(() => {
        state.interrupted = true
        state.ending = { reason: "the run was stopped", status: "interrupted" }
        return Deferred.succeed(state.stop, undefined)
      })
    )
    // Both watchers end with the run's scope.
    yield* Effect.forkScoped(stopped)
    const { runTimeout } = state.options
    if (runTimeout === undefined) return
    yield* Effect.forkScoped(Effect.andThen(
      Effect.sleep(runTimeout),
      Effect.suspend(() => {
        state.ending = { reason: "the run's time-out ended it", status: "interrupted" }
        return Deferred.succeed(state.stop, undefined)
      })
    ))
  })

const countSuites = (cases: ReadonlyArray<Cases.Case>): ReadonlyMap<CompiledSuite, number> => {
  const counts = new Map<CompiledSuite, number>()
  for (const { suite } of cases) if (suite !== undefined) counts.set(suite, (counts.get(suite) ?? 0) + 1)
  return counts
}
