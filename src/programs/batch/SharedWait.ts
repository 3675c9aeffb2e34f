/**
 * Waits for remote workflows that begin one after the other: all that belong to one parent are asked for together, whenever
 * they came. `WorkflowWait` is for those that are known from the beginning.
 */
import { Deferred, Duration, Effect, Scope } from "effect"
import type { HttpClient } from "effect/http"
import type { Value } from "../../core/Value.ts"
import type { Handle, RemoteApiError, Seen, Workflow } from "../../profile/RemoteApi.ts"
import { ItemError } from "../Batch.ts"

/** How a workflow ended, when that was a success. Fails with how it ended otherwise, or with what is not known of it. */
export type Wait = (handle: Handle) => Effect.Effect<Value, ItemError, HttpClient.HttpClient>

/** A workflow that was absent so often in a row is not there. */
const mostAbsences = 3
/** Looks that may fail in a row. */
const mostFailures = 10
const usualIntervals: ReadonlyArray<Duration.Duration> = [1, 2, 5, 10].map(Duration.seconds)

interface Waiting {
  readonly handle: Handle
  readonly ended: Deferred.Deferred<Value, ItemError>
  absent: number
}

interface Parent {
  readonly waiting: Map<string, Waiting>
  /** Looks since something last changed. */
  step: number
  failures: number
}

/** Looks go on in the scope while somebody waits. */
export const make = Effect.fnUntraced(function*(
  { intervals = usualIntervals, name, poll }: Workflow
): Effect.fn.Return<Wait, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const parents = new Map<string, Parent>()

  const look = Effect.fnUntraced(function*(id: string, parent: Parent) {
    const wait = intervals[Math.min(parent.step++, intervals.length - 1)] ?? Duration.seconds(10)
    yield* Effect.sleep(wait)
    const asked = Array.from(parent.waiting.values())
    const seen = yield* Effect.result(poll(id, asked.map(({ handle }) => handle.id)))
    if (seen._tag === "Failure") return giveUpAfter(parent, asked, seen.failure)
    parent.failures = 0
    for (const one of asked) {
      const end = endOf(one, seen.success.get(one.handle.id))
      if (end === undefined) continue
      parent.waiting.delete(one.handle.id)
      parent.step = 0
      Deferred.doneUnsafe(one.ended, end)
    }
  })

  const endOf = (one: Waiting, seen: Seen | undefined): Effect.Effect<Value, ItemError> | undefined => {
    one.absent = seen === undefined ? one.absent + 1 : 0
    const what = `the ${name} ${one.handle.text}`
    if (one.absent >= mostAbsences) return Effect.fail(unknown(`${what} is not there`))
    if (seen?.state === "done") return Effect.succeed(seen.text)
    const said = seen?.message === undefined || seen.message === "" ? "" : `: ${seen.message}`
    return seen?.state === "failed"
      ? Effect.fail(
        new ItemError({ message: `${what} ended as ${seen.text}${said}`, kind: "rejected", retryable: false })
      )
      : undefined
  }

  const giveUpAfter = (parent: Parent, asked: ReadonlyArray<Waiting>, error: RemoteApiError): void => {
    if (++parent.failures < mostFailures) return
    for (const { ended, handle } of asked) {
      parent.waiting.delete(handle.id)
      Deferred.doneUnsafe(ended, Effect.fail(unknown(`the ${name} ${handle.text} could not be seen: ${error.message}`)))
    }
  }

  const looking = (id: string, parent: Parent) =>
    Effect.whileLoop({
      while: () => parent.waiting.size > 0 || !parents.delete(id),
      body: () => look(id, parent),
      step: () => {}
    })

  return (handle) =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<Value, ItemError>()
      const known = parents.get(handle.parent)
      const parent = known ?? { waiting: new Map<string, Waiting>(), step: 0, failures: 0 }
      parent.waiting.set(handle.id, { handle, ended, absent: 0 })
      parent.step = 0
      if (known === undefined) {
        parents.set(handle.parent, parent)
        yield* Effect.forkIn(looking(handle.parent, parent), scope)
      }
      return yield* Effect.onInterrupt(Deferred.await(ended), () => Effect.sync(() => parent.waiting.delete(handle.id)))
    })
})

const unknown = (message: string): ItemError => new ItemError({ message, kind: "lost", retryable: false })
