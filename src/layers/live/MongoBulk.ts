/** Many writes in chunks, with what became of each. */
import { ObjectId } from "bson"
import { Effect, Iterable, Predicate } from "effect"
import type {
  BulkItem,
  BulkOptions,
  BulkResult,
  Document,
  DocumentStoreError,
  Write
} from "../../services/DocumentStore.ts"
import type { AnyBulkWriteOperation, BulkWriteResult, Collection } from "./MongoDriver.ts"
import type { CallOptions, Operations } from "./MongoOperation.ts"

/** Sends one chunk after the other; after a failure of an ordered one, nothing more. */
export const write = Effect.fnUntraced(function*(
  operations: Operations,
  collection: Collection<Document>,
  writes: Iterable<Write>,
  options: BulkOptions = {}
): Effect.fn.Return<BulkResult, DocumentStoreError> {
  const ordered = options.ordered ?? true
  const what = `bulkWrite in ${collection.collectionName}`
  const total = { insertedCount: 0, matchedCount: 0, modifiedCount: 0, deletedCount: 0, upsertedCount: 0 }
  const items: Array<BulkItem> = []
  let failed = false
  for (const chunk of Iterable.chunksOf(writes, Math.max(1, options.chunkSize ?? 1_000))) {
    if (failed && ordered) {
      for (const _ of chunk) items.push(notAttempted)
      continue
    }
    const operationsOf = chunk.map(toDriver)
    const answer = yield* operations.perform(what, (call) => send(collection, operationsOf, { ...call, ordered }))
    for (const name of counts) total[name] += answer.result[name]
    failed ||= answer.errors.length > 0
    pushItems(items, operationsOf, answer, { ordered, failure: operations.failure(what) })
  }
  return { ...total, items }
})

const counts = ["insertedCount", "matchedCount", "modifiedCount", "deletedCount", "upsertedCount"] as const

const done: BulkItem = { status: "done" }
const notAttempted: BulkItem = { status: "not attempted" }

/** The document with an `_id`; that of the caller stays as it is. */
export const withId = (document: Document): Document => {
  if (document["_id"] !== undefined) return document
  const id = new ObjectId()
  return Object.assign({ _id: id }, document, { _id: id })
}

const toDriver = (write: Write): AnyBulkWriteOperation<Document> =>
  "insertOne" in write
    ? { insertOne: { document: withId(write.insertOne.document) } }
    // The same but for `readonly`.
    : write as AnyBulkWriteOperation<Document>

interface WriteFailure {
  readonly index: number
  readonly code: number
  readonly errmsg?: string | undefined
}

interface Answer {
  readonly result: BulkWriteResult
  /** Writes that the server refused, by their place in the chunk. */
  readonly errors: ReadonlyArray<WriteFailure>
}

/** A chunk whose only failures are those of single writes is an answer. */
const send = async (
  collection: Collection<Document>,
  writes: ReadonlyArray<AnyBulkWriteOperation<Document>>,
  options: CallOptions & { readonly ordered: boolean }
): Promise<Answer> => {
  try {
    return { result: await collection.bulkWrite(writes, options), errors: [] }
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

const pushItems = (
  items: Array<BulkItem>,
  writes: ReadonlyArray<AnyBulkWriteOperation<Document>>,
  { errors, result }: Answer,
  options: { readonly ordered: boolean; readonly failure: (error: unknown) => DocumentStoreError }
): void => {
  const failures = new Map(errors.map((error) => [error.index, error]))
  const first = errors[0]?.index ?? Infinity
  const { upsertedIds } = result
  for (const [index, write] of writes.entries()) {
    const error = failures.get(index)
    if (error !== undefined) {
      items.push({ status: "failed", error: options.failure({ message: error.errmsg, code: error.code }) })
    } else if (options.ordered && index > first) items.push(notAttempted)
    else if ("insertOne" in write) items.push({ status: "done", insertedId: write.insertOne.document["_id"] })
    else if (index in upsertedIds) items.push({ status: "done", upsertedId: upsertedIds[index] })
    else items.push(done)
  }
}
