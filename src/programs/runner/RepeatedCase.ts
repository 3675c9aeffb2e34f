/**
 * A case whose steps run many times, for each item of a batch or in each iteration of a load: its setup, mocks and teardown stand once
 * around all of that.
 */
import { Deferred, Duration, Effect, Random, Result } from "effect"
import { Masking } from "../../core/Masking.ts"
import type { ValueRecord } from "../../core/Value.ts"
import type { Event, EventOf, Failure } from "../../scenario/Event.ts"
import * as CaseRun from "../../scenario/run/CaseRun.ts"
import * as Cases from "./Cases.ts"
import * as CaseSecrets from "./CaseSecrets.ts"
import { type Plan, type RunOptions, type RunState, secretsOnce, settingsOf } from "./RunState.ts"
import * as Suites from "./Suites.ts"

/** Makes what cases need of a run; nothing listens to this one. */
export const stateOf = Effect.fnUntraced(function*<R>(plan: Plan<R>, options: Omit<RunOptions, "concurrency">) {
  const run = { ...options, concurrency: 1 }
  const state: RunState<R> = {
    plan,
    options: run,
    seed: options.seed ?? (yield* Random.nextIntBetween(0, 2 ** 31)),
    emit: () => Effect.void,
    mask: (yield* Masking).deep,
    stop: yield* Deferred.make<void>(),
    suites: new Map(),
    secrets: yield* secretsOnce(run),
    summary: { total: 0, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 },
    ending: undefined,
    interrupted: false
  }
  return state
})

/** Fetches the secrets of the case and makes its settings; events go to `listen`. Fails when a secret cannot be had. */
export const settle = Effect.fnUntraced(function*<R>(
  one: Cases.Case,
  id: string,
  state: RunState<R>,
  listen: (event: Event) => void
) {
  const { compiled } = one
  const secrets = yield* CaseSecrets.fetch(
    [{ spelling: compiled.scenario.spelling, secrets: compiled.secrets }],
    compiled.directory,
    state
  )
  const emit = (event: Event) => Effect.sync(() => listen(state.mask(event)))
  return { secrets, settings: settingsOf(id, one.file, compiled.directory, one.root, state, emit, secrets) }
})

/** What all runs of a case have in common: no steps, and no mocks of their own. */
export const workOf = <R>(one: Cases.Case, state: RunState<R>, secrets: ValueRecord): CaseRun.CaseWork => ({
  spelling: one.compiled.scenario.spelling,
  setup: [],
  steps: [],
  teardown: [],
  plan: undefined,
  concurrency: 1,
  timeout: undefined,
  variables: Cases.variableLayers(one, state.plan.options),
  values: state.plan.options.variables,
  mocks: [],
  outerMocks: new Map(),
  secrets,
  row: undefined,
  rowIndex: 0
})

/**
 * Opens setup, mocks and teardown, once around all runs; like those of a suite. The setup runs when `ready` is asked first, the teardown when the
 * scope closes, whatever happened.
 */
export const open = Effect.fnUntraced(function*<R>(one: Cases.Case, state: RunState<R>, id = `${one.id} (setup)`) {
  const { data, mocks, setup, teardown } = one.compiled
  if (data === undefined && mocks.length + setup.length + teardown.length === 0) {
    const ready: Suites.Ready = { values: {}, mocks: new Map(), failed: undefined }
    return { ready: Effect.succeed(ready) }
  }
  const seen = listener()
  let said: ReadonlyArray<string> = []
  const handle = yield* Suites.open(1, (use) =>
    Effect.gen(function*() {
      const prepared = yield* Effect.result(settle(one, id, state, seen.listen))
      if (Result.isFailure(prepared)) return { reason: prepared.failure.message }
      const { secrets, settings } = prepared.success
      const result = yield* CaseRun.run(
        { ...workOf(one, state, secrets), setup, teardown, mocks, data, row: one.row, rowIndex: one.rowIndex },
        { settings, stop: Effect.never, grace: state.options.grace ?? Duration.seconds(30) },
        use
      )
      if (result.status !== "passed") {
        said = seen.messages(result)
        yield* Effect.logWarning(
          `${one.name}: ${said.length > 0 ? said.join("; ") : result.reason ?? "it did not pass"}`
        )
      }
      return result
    }))
  // Runs before the fiber of the setup is interrupted, which belongs to the same scope.
  yield* Effect.addFinalizer(() => handle.done)
  return {
    ready: Effect.map(handle.ready, (ready) => ({
      ...ready,
      failed: ready.failed === undefined ? undefined : [ready.failed, ...said].join(": ")
    }))
  }
})

/** Remembers which steps did not pass. */
export const listener = () => {
  const failed: Array<EventOf<"StepFinished">> = []
  return {
    /** In their order. */
    failed: failed as ReadonlyArray<EventOf<"StepFinished">>,
    /** Why: of the steps, then what no step owns. */
    messages: (result?: { readonly failures: ReadonlyArray<Failure> }): ReadonlyArray<string> =>
      [...failed.flatMap(({ failures }) => failures), ...result?.failures ?? []].map(({ message }) => message),
    listen: (event: Event): void => {
      if (event._tag !== "StepFinished" || event.continued) return
      if (event.status === "failed" || event.status === "error") failed.push(event)
    }
  }
}
