/** Cursors of the driver as streams. */
import { Array as Arr, Cause, Effect, Stream } from "effect"
import type { Document, DocumentStoreError } from "../../services/DocumentStore.ts"
import type { AbstractCursor } from "./MongoDriver.ts"
import type { CallOptions, Operations } from "./MongoOperation.ts"

/** A server that does not answer is not waited for when a cursor is closed. */
const patience = "5 seconds"

/** Emits what a cursor has, batch by batch, and closes it on the server however the stream ends. */
export const stream = (
  operations: Operations,
  what: string,
  open: (options: CallOptions) => AbstractCursor<Document>
): Stream.Stream<Document, DocumentStoreError> =>
  Stream.unwrap(Effect.gen(function*() {
    // Cancels the first answer, which makes the cursor; a later one is cut short by closing it.
    const controller = new AbortController()
    const cursor = yield* Effect.acquireRelease(
      operations.perform(what, async (options) => open({ ...options, signal: controller.signal })),
      (cursor) => Effect.andThen(Effect.sync(() => controller.abort()), close(cursor))
    )
    const next = operations.perform(
      what,
      async () => await cursor.hasNext() ? cursor.readBufferedDocuments() : []
    )
    const pull = Effect.flatMap(next, (batch) =>
      Arr.isReadonlyArrayNonEmpty(batch) ? Effect.succeed(batch) : Cause.done())
    return Stream.fromPull(Effect.succeed(pull))
  }))

/** Gives up what the driver holds, bounded. */
export const close = (resource: { readonly close: () => Promise<unknown> }): Effect.Effect<void> =>
  Effect.tryPromise(() => resource.close()).pipe(
    Effect.interruptible,
    Effect.timeoutOption(patience),
    Effect.ignore
  )
