/**
 * The scenarios of a load: their rows, secrets and mocks, with setup and teardown once around the whole load. `ScenarioUser` runs their
 * steps.
 */
import { type Duration, Effect, Layer, Schema, type Scope } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type { CompiledScenario } from "../../scenario/compile/Compiled.ts"
import type { Event } from "../../scenario/Event.ts"
import type { CaseSettings } from "../../scenario/run/CaseState.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as Snapshots from "../../scenario/run/Snapshots.ts"
import * as Connection from "../../scenario/steps/Connection.ts"
import type * as Runner from "../Runner.ts"
import type * as Cases from "../runner/Cases.ts"
import * as RepeatedCase from "../runner/RepeatedCase.ts"
import type { RunState } from "../runner/RunState.ts"

/** A load cannot begin, or go on; `message` says of which scenario and why. */
export class LoadScenarioError extends Schema.TaggedError<LoadScenarioError>()("LoadScenarioError", {
  scenario: Schema.String,
  /** `file`: it cannot be put under load as it stands. `setup`: its setup did not pass. `way`: none leads to its target. `data`: its rows are used up. */
  reason: Schema.Literals(["file", "setup", "secrets", "way", "data"]),
  detail: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `${this.scenario}: ${this.detail}`
  }
}

/** A scenario that is ready to be run many times. */
export interface LoadScenario {
  readonly name: string
  readonly file: string
  readonly tags: ReadonlyArray<string>
  readonly compiled: CompiledScenario
  readonly case: Cases.Case
  /** Of its `data:`; `undefined` without any. */
  readonly rows: ReadonlyArray<Value> | undefined
  /** What its setup saved, and what is given from outside. */
  readonly values: ValueRecord
  /** Of these, what its setup saved. */
  readonly saved: ValueRecord
  readonly mocks: ReadonlyMap<string, () => Value>
  readonly secrets: ValueRecord
  /** Of each user, whose events go to `listen`. */
  readonly settings: (listen: (event: Event) => void) => CaseSettings
  readonly variables: ReturnType<typeof RepeatedCase.workOf>["variables"]
  /** Bound on one try of an iteration: what its file says, or the options of the run. */
  readonly timeout: Duration.Duration | undefined
  /** How often an iteration that did not pass is tried again: what the options of the run say, or its file. */
  readonly retries: number
}

export interface Options {
  readonly run: Omit<Runner.RunOptions, "concurrency">
}

/**
 * Puts up all scenarios of a plan, in its order: mocks and setup of each. Their teardowns run when the scope closes, also when the load is
 * interrupted. Fails with what keeps the first one from being put under load.
 */
export const open = Effect.fn("LoadScenarios.open")(function*<R>(
  plan: Runner.Plan<R>,
  options: Options
): Effect.fn.Return<ReadonlyArray<LoadScenario>, LoadScenarioError, Runner.Needs<R> | Scope.Scope> {
  const stateOf = (index: number) =>
    RepeatedCase.stateOf(plan, {
      ...options.run,
      settings: { ...options.run.settings, [Connection.sharedKey]: `load-${index}` }
    })
  const own = yield* Layer.build(Layer.fresh(Layer.merge(Contract.layer, Snapshots.layer({ writeMissing: false }))))
  return yield* Effect.provideContext(
    Effect.forEach(
      groups(plan.cases),
      (cases, index) => Effect.flatMap(stateOf(index), (state) => openOne(cases, state))
    ),
    own
  )
})

/** What another thread has put up: plain values. */
export interface Handed {
  readonly file: string
  readonly saved: ValueRecord
  readonly mocks: ReadonlyMap<string, () => Value>
  /** Those of a query, which would have another answer in each thread. */
  readonly rows?: ReadonlyArray<Value> | undefined
}

/** The scenarios of a plan as one of several threads runs them, all of which another one has put up and takes down. */
export const join = Effect.fn("LoadScenarios.join")(function*<R>(
  plan: Runner.Plan<R>,
  options: Options,
  handed: ReadonlyArray<Handed>
): Effect.fn.Return<ReadonlyArray<LoadScenario>, LoadScenarioError, Runner.Needs<R>> {
  const state = yield* RepeatedCase.stateOf(plan, {
    ...options.run,
    settings: { ...options.run.settings, [Connection.sharedKey]: null }
  })
  return yield* Effect.forEach(groups(plan.cases), (cases, index) => {
    const ready = handed[index]
    return ready?.file === cases[0]!.file
      ? settleOne(cases, state, ready)
      : new LoadScenarioError({
        scenario: cases[0]!.compiled.scenario.name,
        reason: "file",
        detail: "its file has changed since the load began"
      })
  })
})

/** The cases of each scenario: one, or one for each row. */
const groups = (cases: ReadonlyArray<Cases.Case>): ReadonlyArray<ReadonlyArray<Cases.Case>> => [
  ...Map.groupBy(cases, ({ compiled }) => compiled).values()
]

const openOne = Effect.fnUntraced(function*<R>(cases: ReadonlyArray<Cases.Case>, state: RunState<R>) {
  const one = cases[0]!
  const { compiled } = one
  const name = compiled.scenario.name
  const refuse = (reason: LoadScenarioError["reason"], detail: string, hint?: string) =>
    new LoadScenarioError({ scenario: name, reason, detail, ...(hint === undefined ? {} : { hint }) })
  if (one.skip !== undefined) return yield* refuse("file", `it is to be skipped: ${one.skip}`)
  // The command line has told, with the place.
  if (one.suite !== undefined) return yield* refuse("file", "it is a case of a suite, which is not put under load")
  const handle = yield* RepeatedCase.open(one, state, one.id)
  const ready = yield* handle.ready
  if (ready.failed !== undefined) return yield* refuse("setup", ready.failed)
  return yield* settleOne(cases, state, { file: one.file, saved: ready.values, mocks: ready.mocks })
})

const settleOne = Effect.fnUntraced(function*<R>(
  cases: ReadonlyArray<Cases.Case>,
  state: RunState<R>,
  ready: Handed
) {
  const one = cases[0]!
  const { compiled } = one
  const { name } = compiled.scenario
  const { secrets, settings } = yield* Effect.mapError(
    RepeatedCase.settle(one, one.id, state, () => {}),
    ({ message }) => new LoadScenarioError({ scenario: name, reason: "secrets", detail: message })
  )
  const work = RepeatedCase.workOf(one, state, secrets)
  const robogoSecrets = compiled.scenario.spelling === "robogo" ? secrets : {}
  const scenario: LoadScenario = {
    name,
    file: one.file,
    tags: one.tags,
    compiled,
    case: one,
    rows: ready.rows ?? (compiled.scenario.data === undefined ? undefined : cases.map(({ row }) => row ?? null)),
    values: { ...robogoSecrets, ...ready.saved, ...work.values },
    saved: ready.saved,
    mocks: ready.mocks,
    secrets,
    settings: (listen) => ({ ...settings, emit: (event) => Effect.sync(() => listen(event)) }),
    variables: work.variables,
    timeout: compiled.timeout ?? state.options.caseTimeout,
    retries: state.options.retries ?? compiled.scenario.retries ?? 0
  }
  return scenario
})
