/**
 * A scenario as the work of a batch: compiled once, its setup, mocks and teardown once around all items, its steps once per
 * item, which they see as `item` (and `row`), with `index` and `item_key`.
 */
import { Deferred, Duration, Effect, Layer, Random, Result, type Scope } from "effect"
import { Masking } from "../../core/Masking.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type { Event, EventOf, Failure } from "../../scenario/Event.ts"
import * as CaseRun from "../../scenario/run/CaseRun.ts"
import type { CaseState } from "../../scenario/run/CaseState.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as Snapshots from "../../scenario/run/Snapshots.ts"
import * as Batch from "../Batch.ts"
import type * as Runner from "../Runner.ts"
import * as Cases from "../runner/Cases.ts"
import * as CaseSecrets from "../runner/CaseSecrets.ts"
import { type RunState, secretsOnce, settingsOf } from "../runner/RunState.ts"
import * as Suites from "../runner/Suites.ts"
import * as PlannedSteps from "./PlannedSteps.ts"
import type { Work } from "./Work.ts"

export interface Options {
  /** For the journal: what is done, with its inputs. */
  readonly operation: string
  /** Says that doing it twice is as good as once. @default what the steps say */
  readonly idempotent?: boolean | undefined
  /** @default whether a step sends DELETE */
  readonly destructive?: boolean | undefined
  readonly run: Omit<Runner.RunOptions, "concurrency">
  /** What an item's result is. @default what its steps saved */
  readonly output?: ((state: CaseState) => Value) | undefined
}

/** The name under which steps see the key of their item. */
export const keyName = "item_key"

/** Makes the work of one case of a plan. Its setup runs before the first item, its teardown when the scope closes. */
export const make = Effect.fnUntraced(function*<R>(
  one: Runner.Case,
  plan: Runner.Plan<R>,
  options: Options
): Effect.fn.Return<Work<Runner.Needs<R>>, never, Runner.Needs<R> | Scope.Scope> {
  const state = yield* stateOf(plan, options.run)
  const scenarioLayers = Layer.merge(
    Contract.layer,
    Snapshots.layer({ writeMissing: options.run.writeMissingSnapshots })
  )
  const own = yield* Layer.build(Layer.fresh(scenarioLayers))
  const { compiled } = one
  const common = yield* openCommon(one, state).pipe(Effect.provideContext(own))

  const run = Effect.fnUntraced(function*(item: Batch.Item) {
    const ready = yield* common.ready
    if (ready.failed !== undefined) {
      return yield* new Batch.ItemError({ message: ready.failed, kind: "rejected", retryable: false })
    }
    const seen = listener()
    const { secrets, settings } = yield* caseOf(one, `${one.id}[${item.index}]`, state, seen.listen)
    const result = yield* CaseRun.run({
      ...workOf(one, state, secrets),
      steps: compiled.steps,
      plan: compiled.plan,
      concurrency: compiled.scenario.concurrency,
      timeout: compiled.timeout ?? options.run.caseTimeout,
      values: { ...plan.options.variables, ...ready.values, item: item.value, [keyName]: item.key },
      outerMocks: ready.mocks,
      row: item.value,
      rowIndex: item.index
    }, { settings, stop: Effect.never, grace: options.run.grace ?? Duration.seconds(30) })
    if (result.status === "skipped") return { skipped: result.reason ?? null }
    if (result.status === "passed") return (options.output ?? savedOf)(result.state)
    return yield* seen.error(result, idempotent)
  })

  const steps = compiled.steps
  const idempotent = options.idempotent ?? steps.every(PlannedSteps.isIdempotent)
  return {
    operation: options.operation,
    idempotent,
    readOnly: [...compiled.setup, ...steps, ...compiled.teardown].every(({ work }) => work.effect !== "write"),
    destructive: options.destructive ?? steps.some(PlannedSteps.isDelete),
    plan: (item) => PlannedSteps.plan(one, plan, options.run, item),
    run: (item) => Effect.provideContext(run(item), own)
  }
})

const savedOf = ({ saved }: CaseState): Value => Object.keys(saved).length === 0 ? null : saved

/** What cases need of a run; nothing listens to this one. */
const stateOf = Effect.fnUntraced(function*<R>(
  plan: Runner.Plan<R>,
  options: Omit<Runner.RunOptions, "concurrency">
) {
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

/** Secrets and settings of one run of the case, whose events go to `listen`. */
const caseOf = Effect.fnUntraced(function*<R>(
  one: Runner.Case,
  id: string,
  state: RunState<R>,
  listen: (event: Event) => void
) {
  const { compiled } = one
  const secrets = yield* CaseSecrets.fetch(
    [{ spelling: compiled.scenario.spelling, secrets: compiled.secrets }],
    compiled.directory,
    state
  ).pipe(
    Effect.mapError(({ message }) => new Batch.ItemError({ message, kind: "rejected", retryable: true }))
  )
  const emit = (event: Event) => Effect.sync(() => listen(state.mask(event)))
  return { secrets, settings: settingsOf(id, one.file, compiled.directory, one.root, state, emit, secrets) }
})

/** What all runs of a case have in common: no steps, and no mocks of their own. */
const workOf = <R>(one: Runner.Case, state: RunState<R>, secrets: ValueRecord): CaseRun.CaseWork => ({
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

/** Setup, mocks and teardown, once for all items; like those of a suite. */
const openCommon = Effect.fnUntraced(function*<R>(one: Runner.Case, state: RunState<R>) {
  const { data, mocks, setup, teardown } = one.compiled
  if (data === undefined && mocks.length + setup.length + teardown.length === 0) {
    const ready: Suites.Ready = { values: {}, mocks: new Map(), failed: undefined }
    return { ready: Effect.succeed(ready) }
  }
  const seen = listener()
  const handle = yield* Suites.open(1, (use) =>
    Effect.gen(function*() {
      const prepared = yield* Effect.result(caseOf(one, `${one.id} (setup)`, state, seen.listen))
      if (Result.isFailure(prepared)) return { reason: prepared.failure.message }
      const { secrets, settings } = prepared.success
      const result = yield* CaseRun.run(
        { ...workOf(one, state, secrets), setup, teardown, mocks, data },
        { settings, stop: Effect.never, grace: state.options.grace ?? Duration.seconds(30) },
        use
      )
      if (result.status !== "passed") yield* Effect.logWarning(`${one.name}: ${seen.error(result, false).message}`)
      return result
    }))
  // Runs before the fiber of the setup is interrupted, which belongs to the same scope.
  yield* Effect.addFinalizer(() => handle.done)
  return {
    ready: Effect.map(handle.ready, (ready) => ({
      ...ready,
      failed: ready.failed === undefined ? undefined : [ready.failed, ...seen.messages()].join(": ")
    }))
  }
})

/** Remembers why steps did not pass. */
const listener = () => {
  const failed: Array<EventOf<"StepFinished">> = []
  const messages = () => failed.flatMap(({ failures }) => failures.map(({ message }) => message))
  return {
    messages,
    listen: (event: Event): void => {
      if (event._tag !== "StepFinished" || event.continued) return
      if (event.status === "failed" || event.status === "error") failed.push(event)
    },
    error: (result: Pick<CaseRun.CaseResult, "failures" | "reason">, idempotent: boolean): Batch.ItemError => {
      const failures = [...failed.flatMap(({ failures }) => failures), ...result.failures]
      const status = failed.map(statusOf).find((status) => status !== undefined)
      const said = failures.map(({ message }) => message)
      return new Batch.ItemError({
        message: said.length > 0 ? said.join("; ") : result.reason ?? "it did not pass",
        kind: failures.some(isLost) ? "lost" : "rejected",
        retryable: failures.every(({ reason }) => !final.has(reason)) &&
          (status === undefined || mayPassLater(status, idempotent))
      })
    }
  }
}

/** Reasons that are the same the next time. */
const final: ReadonlySet<string> = new Set(["invalid", "refused", "failed", "defect"])

/** Without an answer nobody knows what a server did, unless nothing was sent. */
const isLost = ({ reason, undone }: Failure): boolean =>
  (reason === "timeout" || reason === "connection" || reason === "unavailable") && undone !== true

const statusOf = ({ attachments }: EventOf<"StepFinished">): number | undefined => {
  const last = attachments.findLast((attachment) => attachment._tag === "Http")
  return last?.response?.status
}

/** A server that refuses has done nothing; one that failed may have done it. */
const mayPassLater = (status: number, idempotent: boolean): boolean =>
  status === 408 || status === 425 || status === 429 || status === 503 || status >= 500 && idempotent
