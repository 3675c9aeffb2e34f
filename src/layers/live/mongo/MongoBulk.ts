/** Many writes in chunks, with what became of each. The next chunk is written as BSON while the server does the last one. */
import { ObjectId } from "bson"
import { Effect, Predicate } from "effect"
import { setImmediate } from "node:timers/promises"
import type {
  BulkItem,
  BulkOptions,
  BulkResult,
  Document,
  DocumentStoreError,
  Write
} from "../../../services/DocumentStore.ts"
import type { AnyBulkWriteOperation, BulkOperation, BulkWriteResult, Collection } from "./MongoDriver.ts"
import type { CallOptions, Operations } from "./MongoOperation.ts"
import { own, wanted } from "./MongoValues.ts"

/**
 * Sends ordered writes one chunk after the other, and nothing more after a failure. Of others two chunks are under way at a
 * time, so that the server need not wait for us.
 */
export const write = Effect.fnUntraced(function*(
  operations: Operations,
  collection: Collection<Document>,
  writes: Iterable<Write>,
  options: BulkOptions = {}
): Effect.fn.Return<BulkResult, DocumentStoreError> {
  const ordered = options.ordered ?? true
  const what = `bulkWrite in ${collection.collectionName}`
  const chunks = chunksOf(writes, Math.max(1, options.chunkSize ?? 1_000))
  const total = { insertedCount: 0, matchedCount: 0, modifiedCount: 0, deletedCount: 0, upsertedCount: 0 }
  /** What became of the writes of each chunk. */
  const parts: Array<ReadonlyArray<BulkItem>> = []
  const following = (): Chunk | undefined => {
    const { done, value } = chunks.next()
    return done === true ? undefined : prepare(collection, value, { ordered, number: parts.push([]) - 1 })
  }
  const lane = Effect.gen(function*() {
    let chunk = following()
    while (chunk !== undefined) {
      const { answer, next } = yield* operations.perform(what, send(chunk, following))
      for (const name of counts) total[name] += answer.result?.[name] ?? 0
      parts[chunk.number] = itemsOf(chunk, answer, operations.failure(what))
      if (ordered && isRefused(chunk, answer)) {
        parts.push([next?.writes ?? [], ...chunks].flat().map(() => notAttempted))
        return
      }
      chunk = next
    }
  })
  yield* Effect.all(ordered ? [lane] : [lane, lane], { concurrency: "unbounded", discard: true })
  return { ...total, items: parts.flat() }
})

const counts = ["insertedCount", "matchedCount", "modifiedCount", "deletedCount", "upsertedCount"] as const

const done: BulkItem = { status: "done" }
const notAttempted: BulkItem = { status: "not attempted" }

function* chunksOf<A>(items: Iterable<A>, size: number): Generator<Array<A>, undefined> {
  let chunk: Array<A> = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/** The document with an `_id`; that of the caller stays as it is. */
export const withId = (document: Document): Document => {
  if (document["_id"] !== undefined) return document
  const id = new ObjectId()
  return Object.assign({ _id: id }, document, { _id: id })
}

/** Writes as the driver has them, already BSON. */
interface Chunk {
  /** Its place among the chunks. */
  readonly number: number
  readonly ordered: boolean
  readonly writes: ReadonlyArray<Write>
  readonly bulk: BulkOperation
  /** The write of each operation that the driver took. */
  readonly places: ReadonlyArray<number>
  /** What the driver did not take, by place: an update without operators, a document that is too large. */
  readonly refused: ReadonlyMap<number, unknown>
}

const prepare = (
  collection: Collection<Document>,
  writes: ReadonlyArray<Write>,
  { number, ordered }: Pick<Chunk, "number" | "ordered">
): Chunk => {
  const bulk = ordered ? collection.initializeOrderedBulkOp() : collection.initializeUnorderedBulkOp()
  const places: Array<number> = []
  const refused = new Map<number, unknown>()
  for (const [place, write] of writes.entries()) {
    try {
      bulk.raw(toDriver(write))
      places.push(place)
    } catch (error) {
      refused.set(place, error)
      if (ordered) break
    }
  }
  return { number, ordered, writes, bulk, places, refused }
}

/** The same but for `readonly`. */
const toDriver = (write: Write): AnyBulkWriteOperation<Document> => {
  if ("insertOne" in write) return { insertOne: { document: withId(write.insertOne.document) } }
  const [one] = Object.values(write) as [{ readonly filter: Document }]
  const filter = wanted(one.filter)
  const whole = filter === one.filter ? write : { [Object.keys(write)[0]!]: { ...one, filter } }
  return whole as unknown as AnyBulkWriteOperation<Document>
}

interface Answer {
  /** Absent when nothing was sent. */
  readonly result?: BulkWriteResult
  /** Writes that the server refused, by their place in what the driver took. */
  readonly errors: ReadonlyArray<WriteFailure>
}

interface WriteFailure {
  readonly index: number
  readonly code: number
  readonly errmsg?: string | undefined
}

/** Sends a chunk, and prepares the next one while the server has this one. */
const send = ({ bulk }: Chunk, following: () => Chunk | undefined) => async (options: CallOptions) => {
  const sent: Promise<Answer> = bulk.length === 0 ? Promise.resolve({ errors: [] }) : execute(bulk, options)
  // By then it is with the system.
  await Promise.race([sent, setImmediate()])
  const next = following()
  return { answer: await sent, next }
}

/** A chunk whose only failures are those of single writes is an answer. */
const execute = async (bulk: BulkOperation, options: CallOptions): Promise<Answer> => {
  try {
    return { result: await bulk.execute(options), errors: [] }
  } catch (error) {
    if (!isWriteFailures(error)) throw error
    return { result: error.result, errors: error.writeErrors }
  }
}

const isWriteFailures = (
  error: unknown
): error is { readonly result: BulkWriteResult; readonly writeErrors: ReadonlyArray<WriteFailure> } =>
  Predicate.hasProperty(error, "writeErrors") && Array.isArray(error.writeErrors) && error.writeErrors.length > 0 &&
  Predicate.hasProperty(error, "result")

const isRefused = ({ refused }: Chunk, { errors }: Answer): boolean => refused.size + errors.length > 0

/** What became of each write. */
const itemsOf = (
  { ordered, places, refused, writes }: Chunk,
  { errors, result }: Answer,
  failure: (error: unknown) => DocumentStoreError
): ReadonlyArray<BulkItem> => {
  const failures = new Map(refused)
  for (const { code, errmsg, index } of errors) failures.set(places[index]!, { message: errmsg, code })
  const last = ordered ? Math.min(...failures.keys()) : Infinity
  let index = 0
  return writes.map((_, place) => {
    const sent = refused.has(place) ? -1 : index++
    if (failures.has(place)) return { status: "failed", error: failure(failures.get(place)) }
    return place > last ? notAttempted : itemOf(sent, result!)
  })
}

const itemOf = (index: number, { insertedIds, upsertedIds }: BulkWriteResult): BulkItem =>
  index in insertedIds
    ? { status: "done", insertedId: insertedIds[index] }
    : index in upsertedIds
    ? { status: "done", upsertedId: own(upsertedIds[index]) }
    : done
