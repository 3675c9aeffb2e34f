/** Cursors of the driver as streams. */
import { Array as Arr, Cause, Effect, Stream } from "effect"
import { setTimeout } from "node:timers/promises"
import type { Document, DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { AbstractCursor } from "./MongoDriver.ts"
import type { CallOptions, Operations } from "./MongoOperation.ts"
import { fromBytes } from "./MongoValues.ts"

/** How long the server may take to close a cursor before it is left alone. */
const patienceMillis = 5_000
/** How long an answer may take that nobody wants any more. */
const graceMillis = 200

/** Emits what a cursor has, batch by batch, and closes it on the server however the stream ends. */
export const stream = (
  operations: Operations,
  what: string,
  open: (options: CallOptions & { readonly raw: true }) => AbstractCursor<Document>
): Stream.Stream<Document, DocumentStoreError> =>
  Stream.unwrap(Effect.gen(function*() {
    const controller = new AbortController()
    let pending: Promise<unknown> | undefined
    const release = (cursor: AbstractCursor<Document>) =>
      Effect.promise(async () => {
        await atMost(graceMillis, pending)
        // Before the first answer nobody knows the server's number for it: what ends it is the loss of the connection.
        if (cursor.id === undefined) controller.abort()
        const { id } = cursor
        const isAnswered = pending === undefined
        await atMost(patienceMillis, cursor.close())
        // The driver forgets to, when an answer comes while it waits for a connection to do it on.
        if (!isAnswered && id !== undefined) await atMost(patienceMillis, kill(operations, cursor, id))
      })
    const cursor = yield* Effect.acquireRelease(
      operations.perform(what, async (options) => open({ ...options, signal: controller.signal, raw: true })),
      release
    )
    const next = operations.perform(what, async () => {
      const more = cursor.hasNext().finally(() => pending = undefined)
      pending = more
      return await more ? cursor.readBufferedDocuments().map(fromBytes) : []
    })
    const pull = Effect.flatMap(next, (batch) =>
      Arr.isReadonlyArrayNonEmpty(batch) ? Effect.succeed(batch) : Cause.done())
    return Stream.fromPull(Effect.succeed(pull))
  }))

const kill = ({ client }: Operations, { namespace }: AbstractCursor<Document>, id: unknown): Promise<unknown> =>
  client.db(namespace.db).command({ killCursors: namespace.collection, cursors: [id] })

/** Gives up what the driver holds, and waits for the server to know of it, but not for ever. Never fails. */
export const close = (resource: { readonly close: () => Promise<unknown> }): Effect.Effect<void> =>
  Effect.promise(() => atMost(patienceMillis, resource.close()))

/** Waits for a promise to be settled in whatever way. */
const atMost = async (millis: number, promise: Promise<unknown> | undefined): Promise<void> => {
  const waiting = new AbortController()
  const time = setTimeout(millis, undefined, { signal: waiting.signal }).catch(() => {})
  await Promise.race([promise, time]).catch(() => {})
  waiting.abort()
}
