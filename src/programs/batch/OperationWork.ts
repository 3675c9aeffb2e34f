/** An operation of a remote API as the work of a batch: each item is one of its targets. */
import { Effect, Option } from "effect"
import type { HttpClient } from "effect/http"
import { kindOf, type Value } from "../../core/Value.ts"
import type { Done, Handle, Operation, RemoteApiError, With } from "../../profile/RemoteApi.ts"
import * as Batch from "../Batch.ts"
import type { Work } from "./Work.ts"

export interface Options<R> {
  /** For the journal: what is done, with its inputs. */
  readonly operation: string
  /** Remote workflows that may be under way at once. @default that of a batch */
  readonly concurrency?: number | undefined
  /** Parameters of the operation for an item. @default those of the profile */
  readonly given?: ((item: Batch.Item) => Effect.Effect<With, Batch.ItemError>) | undefined
  /** Waits for a workflow that was started. Fails when it did not succeed. @default nothing is waited for */
  readonly wait?: ((handle: Handle) => Effect.Effect<Value, Batch.ItemError, R>) | undefined
}

export const make = <R = never>(
  remote: Operation,
  { concurrency, given, operation, wait }: Options<R>
): Work<HttpClient.HttpClient | R> => {
  const prepare = Effect.fnUntraced(function*(item: Batch.Item) {
    if (typeof item.value !== "string") {
      return yield* new Batch.ItemError({
        message: `a target of ${remote.name} is written ${remote.target}; this is no text but ${kindOf(item.value)}`,
        kind: "rejected",
        retryable: false
      })
    }
    const parameters = given === undefined ? {} : yield* given(item)
    return yield* Effect.mapError(remote.prepare(item.value, parameters), toItemError)
  })

  const resultOf = Effect.fnUntraced(function*({ adopted, handles, result }: Done) {
    const ends = wait === undefined ? [] : yield* Effect.forEach(handles, wait, { concurrency: "unbounded" })
    return {
      result,
      ...(handles.length === 0 ? {} : { handles: handles.map(({ text }) => text) }),
      ...(adopted ? { adopted } : {}),
      ...(ends.length === 0 ? {} : { ends })
    } satisfies Value
  })

  return {
    operation,
    concurrency,
    idempotent: remote.idempotent,
    readOnly: false,
    destructive: remote.destructive,
    plan: (item) => Effect.map(prepare(item), ({ plan, requests }) => ({ what: plan, requests })),
    run: (item) =>
      prepare(item).pipe(
        Effect.flatMap((call) => Effect.mapError(call.run, toItemError)),
        Effect.flatMap(resultOf)
      ),
    recover: Effect.fnUntraced(function*(item, since) {
      const call = yield* prepare(item)
      const handles = yield* Effect.mapError(call.started(since), toItemError)
      return handles.length === 0
        ? Option.none()
        : Option.some<Value>(yield* resultOf({ result: null, handles, adopted: true }))
    })
  }
}

const toItemError = ({ message, reason, status }: RemoteApiError): Batch.ItemError =>
  new Batch.ItemError({
    message,
    kind: reason === "Lost" ? "lost" : "rejected",
    retryable: reason === "Lost" || reason === "Request" || reason === "Login" ||
      status !== undefined && (status === 429 || status >= 500)
  })
