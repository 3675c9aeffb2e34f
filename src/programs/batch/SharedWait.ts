/** Waits for the remote workflows that the items of a batch start, on one `WorkflowWait` for all of them. */
import { Effect, type Scope } from "effect"
import type { HttpClient } from "effect/http"
import type { Value } from "../../core/Value.ts"
import type { Handle, Workflow } from "../../profile/RemoteApi.ts"
import { ItemError } from "../Batch.ts"
import * as WorkflowWait from "../WorkflowWait.ts"

/** How a workflow ended, when that was a success. Fails with how it ended otherwise, or with what is not known of it. */
export type Wait = (handle: Handle) => Effect.Effect<Value, ItemError>

/** Looks go on in the scope while somebody waits. */
export const make = Effect.fnUntraced(function*(
  { intervals, name, poll }: Workflow
): Effect.fn.Return<Wait, never, HttpClient.HttpClient | Scope.Scope> {
  // The client has the limits, and waits for a host that wants silence.
  const waiting = yield* WorkflowWait.open({ poll, intervals, concurrency: 50, pollTimeout: "15 minutes" })
  return (handle) => Effect.flatMap(waiting.await(handle), (ended) => endOf(`the ${name} ${handle.text}`, ended))
})

const endOf = (
  what: string,
  { outcome, problem = "", seen }: WorkflowWait.Ended
): Effect.Effect<Value, ItemError> => {
  switch (outcome) {
    case "done":
      return Effect.succeed(seen?.text ?? null)
    case "failed": {
      const message = `${what} ended as ${seen?.text}${seen?.message ? `: ${seen.message}` : ""}`
      return Effect.fail(new ItemError({ message, kind: "rejected", retryable: false }))
    }
    case "missing":
      return unknown(`${what} is not there`)
    default:
      return unknown(`${what} could not be seen: ${problem}`)
  }
}

const unknown = (message: string) => Effect.fail(new ItemError({ message, kind: "lost", retryable: false }))
