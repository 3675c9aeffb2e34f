/** Transactions: a session that the fibers of an effect share by their context. */
import { Effect, Exit, Semaphore } from "effect"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"
import { type Operations, type Running, Transactions } from "./MongoOperation.ts"

/**
 * Runs `effect` in a transaction that is committed when it succeeds and aborted when it fails or is interrupted. Inside of
 * another one it is a part of that one.
 */
export const transaction = (operations: Operations) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | DocumentStoreError, R> =>
  Effect.flatMap(operations.running, (outer) => outer === undefined ? whole(operations, effect) : part(outer, effect))

const whole = <A, E, R>(operations: Operations, effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.map(begin(operations), (session): Running => ({
      client: operations.client,
      session,
      turn: Semaphore.makeUnsafe(1),
      failed: false
    })),
    (running) =>
      Effect.updateService(effect, Transactions, (others) => [...others, running]).pipe(
        Effect.tap(() => running.failed ? Effect.fail(brokenInside) : Effect.void),
        // Once asked, whether it was done must be known.
        Effect.tap(() => Effect.uninterruptible(commit(operations, running)))
      ),
    // Aborts what is not committed. A server that is gone aborts by itself.
    ({ session }) => Effect.ignore(Effect.tryPromise(() => session.endSession()))
  )

const part = <A, E, R>(outer: Running, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onExit(effect, (exit) => Effect.sync(() => outer.failed ||= Exit.isFailure(exit)))

const begin = ({ client, failure }: Operations) =>
  Effect.try({
    try: () => {
      const session = client.startSession()
      session.startTransaction()
      return session
    },
    catch: failure("begin a transaction")
  })

const commit = ({ failure }: Operations, { session, turn }: Running) =>
  turn.withPermit(Effect.tryPromise({ try: () => session.commitTransaction(), catch: failure("commit") }))

const brokenInside = new DocumentStoreError({
  reason: "Refused",
  message: "a transaction was not committed: one inside of it had failed",
  hint: "MongoDB has no savepoints: let the failure of the inner transaction end the outer one"
})
