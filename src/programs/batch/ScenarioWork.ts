/**
 * A scenario as the work of a batch: compiled once, its setup, mocks and teardown once around all items, its steps once per
 * item, which they see as `item` (and `row`), with `index` and `item_key`.
 */
import { Duration, Effect, Layer, type Scope } from "effect"
import type { Value } from "../../core/Value.ts"
import type { EventOf, Failure } from "../../scenario/Event.ts"
import * as CaseRun from "../../scenario/run/CaseRun.ts"
import type { CaseState } from "../../scenario/run/CaseState.ts"
import * as Contract from "../../scenario/run/Contract.ts"
import * as Snapshots from "../../scenario/run/Snapshots.ts"
import * as Batch from "../Batch.ts"
import type * as Runner from "../Runner.ts"
import * as RepeatedCase from "../runner/RepeatedCase.ts"
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
  const state = yield* RepeatedCase.stateOf(plan, options.run)
  const scenarioLayers = Layer.merge(
    Contract.layer,
    Snapshots.layer({ writeMissing: options.run.writeMissingSnapshots })
  )
  const own = yield* Layer.build(Layer.fresh(scenarioLayers))
  const { compiled } = one
  const common = yield* RepeatedCase.open(one, state).pipe(Effect.provideContext(own))

  const run = Effect.fnUntraced(function*(item: Batch.Item) {
    const ready = yield* common.ready
    if (ready.failed !== undefined) {
      return yield* new Batch.ItemError({ message: ready.failed, kind: "rejected", retryable: false })
    }
    const seen = RepeatedCase.listener()
    const { secrets, settings } = yield* RepeatedCase.settle(one, `${one.id}[${item.index}]`, state, seen.listen).pipe(
      Effect.mapError(({ message }) => new Batch.ItemError({ message, kind: "rejected", retryable: true }))
    )
    const result = yield* CaseRun.run({
      ...RepeatedCase.workOf(one, state, secrets),
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
    return yield* itemError(seen, result, idempotent)
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

/** Why an item did not pass. */
const itemError = (
  { failed, messages }: ReturnType<typeof RepeatedCase.listener>,
  result: Pick<CaseRun.CaseResult, "failures" | "reason">,
  idempotent: boolean
): Batch.ItemError => {
  const failures = [...failed.flatMap(({ failures }) => failures), ...result.failures]
  const status = failed.map(statusOf).find((status) => status !== undefined)
  const said = messages(result)
  return new Batch.ItemError({
    message: said.length > 0 ? said.join("; ") : result.reason ?? "it did not pass",
    kind: failures.some(isLost) ? "lost" : "rejected",
    retryable: failures.every(({ reason }) => !final.has(reason)) &&
      (status === undefined || mayPassLater(status, idempotent))
  })
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
