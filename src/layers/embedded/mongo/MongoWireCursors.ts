/** Cursors that clients of the wire server hold: numbered, bounded, and closed when nobody asks for a while. */
import { serialize } from "bson"
import { Clock, Deferred, Effect, Option } from "effect"
import type { Document, DocumentStoreError } from "../../../services/DocumentStore.ts"
import type { ChangeCursor } from "../documents/DocumentEngine.ts"
import { Batch, failure } from "./MongoWireReply.ts"

/** Most cursors at a time. */
export const maxCursors = 10_000
/** A cursor that nobody asks for so long is closed. */
const idleMillis = 10 * 60_000

/** Where documents come from. */
export interface Source {
  /** Puts up to `limit` documents into the batch, and says whether that was all. */
  readonly read: (
    batch: Batch,
    options: { readonly limit: number; readonly waitMillis: number }
  ) => Effect.Effect<boolean, DocumentStoreError>
  /** Fields of the cursor in an answer, beside its number and name. */
  readonly fields: Effect.Effect<Document>
}

interface Open {
  readonly namespace: string
  readonly session: string | undefined
  readonly source: Source
  readonly killed: Deferred.Deferred<never, DocumentStoreError>
  usedAt: number
}

export class Cursors {
  private readonly open = new Map<bigint, Open>()
  private last = 0n

  get count(): number {
    return this.open.size
  }

  /** The first answer of a command with a cursor, which is kept when there is more. */
  readonly first = Effect.fnUntraced(function*(
    this: Cursors,
    cursor: Pick<Open, "namespace" | "session" | "source">,
    options: { readonly limit: number; readonly single: boolean }
  ): Effect.fn.Return<Uint8Array, DocumentStoreError> {
    if (this.open.size >= maxCursors) {
      return yield* failure("ExceededTimeLimit", `${maxCursors} cursors are open`, "Busy")
    }
    const batch = new Batch()
    const all = yield* cursor.source.read(batch, { limit: options.limit, waitMillis: 0 })
    const fields = yield* cursor.source.fields
    const usedAt = yield* Clock.currentTimeMillis
    const id = all || options.single ? 0n : ++this.last
    if (id !== 0n) this.open.set(id, { ...cursor, killed: Deferred.makeUnsafe(), usedAt })
    return batch.reply("firstBatch", { id, ns: cursor.namespace, ...fields })
  })

  /** A later answer. The cursor is gone after the last one, or when it failed. */
  readonly more = Effect.fnUntraced(function*(
    this: Cursors,
    id: bigint,
    options: { readonly limit: number; readonly waitMillis: number }
  ): Effect.fn.Return<Uint8Array, DocumentStoreError> {
    const cursor = this.open.get(id)
    if (cursor === undefined) return yield* failure("CursorNotFound", `cursor id ${id} not found`, "Refused")
    const batch = new Batch()
    const all = yield* Effect.raceFirst(cursor.source.read(batch, options), Deferred.await(cursor.killed)).pipe(
      // Also when its client has gone: nobody knows what it had got.
      Effect.onError(() => Effect.sync(() => this.open.delete(id)))
    )
    const fields = yield* cursor.source.fields
    cursor.usedAt = yield* Clock.currentTimeMillis
    if (all) this.open.delete(id)
    return batch.reply("nextBatch", { id: all ? 0n : id, ns: cursor.namespace, ...fields })
  })

  /** Closes a cursor, also under an answer that is waited for. Says whether it was there. */
  kill(id: bigint): boolean {
    const cursor = this.open.get(id)
    if (cursor === undefined) return false
    this.open.delete(id)
    Deferred.doneUnsafe(cursor.killed, Effect.fail(failure("CursorKilled", `cursor id ${id} was killed`, "Refused")))
    return true
  }

  /** Closes those of a session, or of all sessions that were used last before a moment. */
  killWhere(where: (cursor: { readonly session: string | undefined; readonly usedAt: number }) => boolean): void {
    for (const [id, cursor] of this.open) if (where(cursor)) this.kill(id)
  }

  readonly sweep = Effect.map(
    Clock.currentTimeMillis,
    (now) => this.killWhere(({ usedAt }) => usedAt < now - idleMillis)
  )
}

/** Documents of a result that is there as a whole. */
export const ofResult = (documents: Iterable<Document>): Source => {
  const iterator = documents[Symbol.iterator]()
  let ahead: Uint8Array | undefined
  const peek = (): Uint8Array | undefined => {
    if (ahead === undefined) {
      const { done, value } = iterator.next()
      if (done !== true) ahead = serialize(value, { ignoreUndefined: true })
    }
    return ahead
  }
  return {
    read: (batch, { limit }) =>
      Effect.sync(() => {
        for (let next = peek(); next !== undefined && batch.length < limit && batch.fits(next.length); next = peek()) {
          batch.add(next)
          ahead = undefined
        }
        return peek() === undefined
      }),
    fields: Effect.succeed({})
  }
}

/** Changes as they happen; over when what is watched is gone. */
export const ofChanges = (changes: ChangeCursor): Source => {
  let held: ReadonlyArray<Document> = []
  const take = (batch: Batch): boolean => {
    for (const [index, change] of held.entries()) {
      const bytes = serialize(change, { ignoreUndefined: true })
      if (!batch.fits(bytes.length)) {
        held = held.slice(index)
        return false
      }
      batch.add(bytes)
      if (change["operationType"] === "invalidate") return true
    }
    held = []
    return false
  }
  const wait = (millis: number) => millis <= 0 ? Effect.succeedNone : Effect.timeoutOption(changes.wait, millis)
  return {
    read: Effect.fnUntraced(function*(batch, { limit, waitMillis }) {
      const until = (yield* Clock.currentTimeMillis) + waitMillis
      while (true) {
        if (held.length === 0 && limit > 0) held = yield* changes.next(Math.min(limit, maxChanges))
        const over = take(batch)
        if (over || batch.length > 0) return over
        if (Option.isNone(yield* wait(until - (yield* Clock.currentTimeMillis)))) return false
      }
    }),
    fields: Effect.suspend(() =>
      held.length === 0
        ? Effect.map(changes.token, (token) => ({ postBatchResumeToken: { _data: token } }))
        // Those that are held back were not seen yet.
        : Effect.succeed({})
    )
  }
}

/** Changes of one answer. */
const maxChanges = 1_000
