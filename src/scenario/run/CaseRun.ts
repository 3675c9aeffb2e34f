/**
 * Runs one case once: secrets, mocks, variables, setup, steps, teardown, in a Scope of its own. The teardown always runs:
 * after a failure, a time-out, a stop signal, and when the caller interrupts.
 */
import { Clock, Duration, Effect, Fiber, Option, Scope } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as MockServer from "../../services/MockServer.ts"
import type { CompiledData, CompiledStep, NamedCode } from "../compile/Compiled.ts"
import type * as Plan from "../compile/Plan.ts"
import type { Failure, Phase, Status } from "../Event.ts"
import * as RobogoMasking from "../robogo/RobogoMasking.ts"
import type { Spelling } from "../Scenario.ts"
import type { StepServices } from "./Attempt.ts"
import * as CaseData from "./CaseData.ts"
import { type CaseSettings, CaseState } from "./CaseState.ts"
import * as GraphRun from "./GraphRun.ts"
import * as Failures from "./StepFailure.ts"
import * as StepRun from "./StepRun.ts"

export interface CaseWork {
  readonly spelling: Spelling
  readonly setup: ReadonlyArray<CompiledStep>
  readonly steps: ReadonlyArray<CompiledStep>
  readonly teardown: ReadonlyArray<CompiledStep>
  readonly data?: CompiledData | undefined
  readonly plan: Plan.Plan | undefined
  readonly concurrency: number
  /** For setup and steps together. */
  readonly timeout: Duration.Duration | undefined
  /** Layers of variables; later ones win. */
  readonly variables: ReadonlyArray<NamedCode>
  /** Values over them: saved by the suite, given by flags. */
  readonly values: ValueRecord
  readonly mocks: ReadonlyArray<NamedCode>
  /** Mocks of the suite, already running. */
  readonly outerMocks: ReadonlyMap<string, () => Value>
  readonly secrets: ValueRecord
  readonly row: Value | undefined
  readonly rowIndex: number
}

export interface CaseOptions {
  readonly settings: CaseSettings
  /** Ends setup and steps early; the teardown runs. */
  readonly stop: Effect.Effect<unknown>
  /** The longest time for the teardown once the case was stopped. */
  readonly grace: Duration.Duration
}

export interface CaseResult {
  readonly status: Exclude<Status, "flaky">
  /** What no step owns: a time-out of the case, a mock that could not start. */
  readonly failures: ReadonlyArray<Failure>
  readonly reason: string | undefined
  /** What the case knows at its end; a suite hands its saved values on. */
  readonly state: CaseState
}

type Services = StepServices | MockServer.MockServer

/** The longest time for a teardown that nothing else bounds. */
const teardownTimeout = Duration.minutes(5)

/** Runs setup and steps, then `use`, then the teardown, and closes what the case opened. `use` is for a suite's cases. */
export const run = <R = never>(
  work: CaseWork,
  options: CaseOptions,
  use: (state: CaseState) => Effect.Effect<void, never, R> = () => Effect.void
): Effect.Effect<CaseResult, never, Services | R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const state = new CaseState({
        settings: options.settings,
        scope,
        clock: yield* Clock.Clock,
        variables: work.variables,
        values: work.values,
        row: work.row,
        rowIndex: work.rowIndex,
        robogo: work.spelling === "robogo",
        masking: work.spelling === "robogo"
          ? RobogoMasking.make([...work.data?.setup ?? [], ...work.setup, ...work.steps, ...work.teardown])
          : undefined
      })
      const exit = yield* Effect.exit(restore(
        stoppable(main(work, state, use), options.stop).pipe(
          Effect.map(Option.getOrElse((): Main => ({ stopped: true })))
        )
      ))
      const interrupted = exit._tag === "Failure" || exit.value.stopped === true
      const passed = !interrupted && (exit.value.outcome ?? nothing).status === "passed"
      const teardown = yield* tearDown(work, state, passed, interrupted ? options.grace : teardownTimeout)
      yield* Scope.close(scope, exit)
      if (exit._tag === "Failure") return yield* Effect.failCause(exit.cause)
      return result(exit.value, teardown, state)
    })
  )

interface Main {
  readonly stopped?: boolean
  /** True when no step has told of the outcome's failures. */
  readonly unowned?: boolean
  /** Which part did not pass, and how. */
  readonly phase?: Phase
  readonly outcome?: StepRun.Outcome
}

const stoppable = <A, R>(
  effect: Effect.Effect<A, never, R>,
  stop: Effect.Effect<unknown>
): Effect.Effect<Option.Option<A>, never, R> => Effect.raceFirst(Effect.asSome(effect), Effect.as(stop, Option.none()))

const main = <R>(
  work: CaseWork,
  state: CaseState,
  use: (state: CaseState) => Effect.Effect<void, never, R>
): Effect.Effect<Main, never, Services | R> => {
  const timed = work.timeout === undefined
    ? setupAndSteps(work, state)
    : Effect.timeoutOrElse(setupAndSteps(work, state), {
      duration: work.timeout,
      orElse: () => Effect.succeed<Main>({ phase: "steps", unowned: true, outcome: timedOut(work.timeout!) })
    })
  return Effect.tap(
    timed,
    (done) => done.outcome?.status === "passed" || done.outcome === undefined ? use(state) : Effect.void
  )
}

const setupAndSteps = (work: CaseWork, state: CaseState): Effect.Effect<Main, never, Services> =>
  Effect.gen(function*() {
    const prepared = yield* Effect.result(prepare(work, state))
    if (prepared._tag === "Failure") {
      const { failures } = prepared.failure
      // Broken rules about data are checks that said no; anything else that is wrong by now could not be done.
      const judged = failures.every((failure) => failure.kind === "failed")
      return {
        phase: judged ? "steps" as const : "setup" as const,
        unowned: true,
        outcome: { status: judged ? "failed" as const : "error" as const, output: null, failures, stops: true }
      }
    }
    state.phase = "setup"
    if (work.data !== undefined) {
      const inPlace = yield* CaseData.setUp(work.data, state)
      if (inPlace.status !== "passed") return { phase: "setup" as const, outcome: inPlace }
    }
    const setup = yield* StepRun.sequence(work.setup, state)
    if (setup.status !== "passed") return { phase: "setup" as const, outcome: setup }
    state.phase = "steps"
    const outcome = work.plan === undefined
      ? yield* StepRun.sequence(work.steps, state)
      : yield* GraphRun.steps(work.steps, work.plan, work.concurrency, state)
    return { phase: "steps" as const, outcome }
  })

/** Starts mocks and gives variables their first values. */
const prepare = (work: CaseWork, state: CaseState): Effect.Effect<void, Failures.StepFailure, MockServer.MockServer> =>
  Effect.gen(function*() {
    Object.assign(state.secrets, work.secrets)
    for (const [name, read] of work.outerMocks) state.mocks.set(name, read)
    for (const { code, name } of work.mocks) {
      const definition = yield* Failures.attempt(() => code.run(state.names, state.machine))
      const mock = yield* Scope.provide(MockServer.startFrom(definition), state.scope).pipe(
        Effect.mapError((error) =>
          Failures.one({ kind: "error", reason: "unavailable", message: error.message, span: code.node.span })
        )
      )
      state.mocks.set(name, () => ({ url: mock.url, calls: mock.calls() }))
    }
    if (work.data !== undefined) yield* CaseData.load(work.data, state, work.values)
    yield* Failures.attempt(() => state.settle())
  })

/**
 * Runs the teardown in a fiber of its own, which an interruption of the case does not reach: it is joined here, and ends
 * by its own time-out.
 */
const tearDown = (
  work: CaseWork,
  state: CaseState,
  passed: boolean,
  limit: Duration.Duration
): Effect.Effect<TearDown, never, StepServices> => {
  const data = work.data?.cleanup === true || passed ? work.data : undefined
  if (work.teardown.length === 0 && (data?.teardown.length ?? 0) === 0) {
    return Effect.succeed({ failed: false, unowned: [] })
  }
  state.phase = "teardown"
  state.notPassed.clear()
  const steps = Effect.gen(function*() {
    const own = yield* Effect.forEach(work.teardown, (step) => StepRun.run(step, state, {}, ""))
    return data === undefined ? own : [...own, ...yield* CaseData.cleanUp(data, state)]
  }).pipe(
    Effect.map((outcomes) => ({ failed: outcomes.some((outcome) => outcome.failures.length > 0), unowned: [] })),
    Effect.timeoutOption(limit),
    Effect.map(Option.getOrElse(() => ({ failed: true, unowned: timedOut(limit).failures })))
  )
  return Effect.flatMap(Effect.forkDetach(Effect.interruptible(steps)), Fiber.join)
}

interface TearDown {
  readonly failed: boolean
  readonly unowned: ReadonlyArray<Failure>
}

const nothing: Pick<StepRun.Outcome, "status"> = { status: "passed" }

const timedOut = (limit: Duration.Duration): StepRun.Outcome => ({
  status: "error",
  output: null,
  stops: true,
  failures: [
    Failures.failure({
      kind: "error",
      reason: "timeout",
      message: `it did not end within ${DurationText.format(limit)}`
    })
  ]
})

const result = (done: Main, teardown: TearDown, state: CaseState): CaseResult => {
  const { outcome, phase } = done
  const failures = [...done.unowned === true ? outcome?.failures ?? [] : [], ...teardown.unowned]
  if (done.stopped === true) return { status: "interrupted", failures, reason: "stopped before its end", state }
  if (outcome?.status === "skipped" && !teardown.failed) {
    return { status: "skipped", failures, reason: outcome.skipReason, state }
  }
  if (outcome !== undefined && outcome.status !== "passed" && outcome.status !== "skipped") {
    // Without its setup a case could not be done, whatever kind of failure that was.
    const status = phase === "setup" ? "error" : outcome.status === "failed" ? "failed" : "error"
    return { status, failures, reason: phase === "setup" ? "its setup did not pass" : undefined, state }
  }
  return teardown.failed
    ? { status: "error", failures, reason: "its teardown did not pass", state }
    : { status: "passed", failures, reason: undefined, state }
}
