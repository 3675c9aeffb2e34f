/** One operation of a `mongo` step on its collection: from its input to the words of its output. */
import { Duration, Effect, Option, Stream } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type * as DocumentStore from "../../services/DocumentStore.ts"
import { ActionError } from "../Action.ts"
import type * as MongoInput from "./MongoInput.ts"

/** Documents that one step keeps; more are an error. */
const maxDocuments = 100_000

/** The kinds of BSON, loaded when they are needed. */
export type Codec = typeof import("../data/ExtendedJson.ts")

type Document = DocumentStore.Document

/** Does the operation; answers with the fields of the action's output that belong to it. */
export const perform = (
  collection: DocumentStore.Collection,
  operation: MongoInput.Operation,
  input: MongoInput.One,
  bson: Codec
): Effect.Effect<ValueRecord, DocumentStore.DocumentStoreError | ActionError> =>
  Effect.flatMap(
    encode(operation, input, bson),
    (encoded) => performed(collection, operation, encoded, input, bson)
  )

/** What a `find` or an `aggregate` finds, as it comes. */
export const found = (
  collection: DocumentStore.Collection,
  input: MongoInput.One,
  bson: Codec
): Effect.Effect<Stream.Stream<Document, DocumentStore.DocumentStoreError>, ActionError> =>
  Effect.map(
    encode(input.find === undefined ? "aggregate" : "find", input, bson),
    ({ own, projection }) =>
      input.find === undefined
        ? collection.aggregate(own as unknown as ReadonlyArray<Document>)
        : collection.find(own, findingOf(input, projection))
  )

/** The documents of an input, as the store takes them. */
interface Encoded {
  /** What the operation itself was given. */
  readonly own: Document
  readonly filter: Document
  readonly projection: Document | undefined
  readonly arrayFilters: ReadonlyArray<Document> | undefined
}

/** A value that no document can hold fails with its place. */
const encode = (
  operation: MongoInput.Operation,
  input: MongoInput.One,
  bson: Codec
): Effect.Effect<Encoded, ActionError> => {
  const encoded = (key: keyof MongoInput.One): unknown => {
    const value = input[key]
    if (key === "create_indexes") return input.create_indexes!.map((index) => indexOf(index, bson))
    return value === undefined ? undefined : bson.toBson(value as Value, [key])
  }
  return Effect.suspend(() => {
    try {
      return Effect.succeed({
        own: encoded(operation) as Document,
        filter: encoded("filter") as Document | undefined ?? {},
        projection: encoded("projection") as Document | undefined,
        arrayFilters: encoded("array_filters") as ReadonlyArray<Document> | undefined
      })
    } catch (error) {
      if (!(error instanceof bson.NotBson)) throw error
      return new ActionError({ reason: "Invalid", message: `mongo: ${error.path.join(".")}: ${error.message}` })
    }
  })
}

const performed = (
  collection: DocumentStore.Collection,
  operation: MongoInput.Operation,
  { arrayFilters, filter, own, projection }: Encoded,
  input: MongoInput.One,
  bson: Codec
): Effect.Effect<ValueRecord, DocumentStore.DocumentStoreError | ActionError> => {
  const finding = findingOf(input, projection)
  const updating = { upsert: input.upsert, arrayFilters }
  const many = own as unknown as ReadonlyArray<Document>
  switch (operation) {
    case "insert":
      return insert(collection, own, input, bson)
    case "find":
      return Effect.map(collected(collection.find(own, finding)), documents(bson))
    case "find_one":
      return Effect.map(Effect.map(collection.findOne(own, finding), Option.toArray), documents(bson))
    case "update_one":
      return Effect.map(collection.updateOne(filter, own, updating), updated(bson))
    case "update_many":
      return Effect.map(collection.updateMany(filter, own, updating), updated(bson))
    case "replace":
      return Effect.map(collection.replaceOne(filter, own, { upsert: input.upsert }), updated(bson))
    case "delete_one":
      return Effect.map(collection.deleteOne(own), ({ deletedCount }) => ({ deleted_count: deletedCount }))
    case "delete_many":
      return Effect.map(collection.deleteMany(own), ({ deletedCount }) => ({ deleted_count: deletedCount }))
    case "count":
      return Effect.map(collection.count(own, { skip: input.skip, limit: input.limit }), (count) => ({ count }))
    case "distinct":
      return Effect.map(collection.distinct(input.distinct!, filter), (all) => ({
        values: all.map(bson.fromBson),
        count: all.length
      }))
    case "bulk":
      return bulk(collection, many, input, bson)
    case "aggregate":
      return Effect.map(collected(collection.aggregate(many)), documents(bson))
    case "create_indexes":
      return Effect.map(
        collection.createIndexes(own as unknown as ReadonlyArray<DocumentStore.Index>),
        (names) => ({ indexes: names.map((name) => ({ name })), count: names.length })
      )
    case "list_indexes":
      return Effect.map(collection.listIndexes, (all) => ({ indexes: all.map(shownIndex(bson)), count: all.length }))
    case "drop_index":
      return Effect.as(collection.dropIndex(input.drop_index!), {})
    case "explain":
      return Effect.map(collection.explain(own, finding), explained)
    case "drop":
      return Effect.as(collection.drop, {})
  }
}

const findingOf = (input: MongoInput.One, projection: Document | undefined): DocumentStore.FindOptions => ({
  projection,
  sort: input.sort && pairs(input.sort).map(([field, order]) => [field, Number(order) < 0 ? -1 : 1]),
  skip: input.skip,
  limit: input.limit,
  hint: input.hint
})

const collected = (stream: Stream.Stream<Document, DocumentStore.DocumentStoreError>) =>
  Effect.filterOrFail(
    Stream.runCollect(Stream.take(stream, maxDocuments + 1)),
    (all) => all.length <= maxDocuments,
    () =>
      new ActionError({
        reason: "Refused",
        message: `mongo: more than ${maxDocuments} documents are too many for one step`,
        hint: "give a narrower filter, limit:, or into: a file"
      })
  )

const documents = (bson: Codec) => (all: ReadonlyArray<Document>): ValueRecord => {
  const documents = all.map(bson.fromBson)
  return { documents, document: documents[0] ?? null, count: documents.length }
}

const insert = (
  collection: DocumentStore.Collection,
  given: Document,
  { chunk_size, ordered }: MongoInput.One,
  bson: Codec
): Effect.Effect<ValueRecord, DocumentStore.DocumentStoreError> =>
  Effect.map(
    Array.isArray(given)
      ? collection.insertMany(given as ReadonlyArray<Document>, { ordered, chunkSize: chunk_size })
      : Effect.map(collection.insertOne(given), ({ insertedId }) => ({ insertedIds: [insertedId] })),
    ({ insertedIds }) => {
      const ids = insertedIds.map(bson.fromBson)
      return { inserted_id: ids[0] ?? null, inserted_ids: ids, inserted_count: ids.length }
    }
  )

const updated = (bson: Codec) => (result: DocumentStore.UpdateResult): ValueRecord => ({
  matched_count: result.matchedCount,
  modified_count: result.modifiedCount,
  upserted_id: result.upsertedId === undefined ? null : bson.fromBson(result.upsertedId)
})

const bulk = (
  collection: DocumentStore.Collection,
  writes: ReadonlyArray<Document>,
  { chunk_size, ordered }: MongoInput.One,
  bson: Codec
): Effect.Effect<ValueRecord, DocumentStore.DocumentStoreError> =>
  Effect.map(collection.bulkWrite(writes.map(writeOf), { ordered, chunkSize: chunk_size }), (result) => {
    const items = result.items.map((item): ValueRecord => {
      if (item.status === "not attempted") return { status: item.status }
      if (item.status === "failed") {
        return { status: "failed", reason: item.error.reason, error: item.error.message }
      }
      return {
        status: "done",
        ...(item.insertedId === undefined ? {} : { inserted_id: bson.fromBson(item.insertedId) }),
        ...(item.upsertedId === undefined ? {} : { upserted_id: bson.fromBson(item.upsertedId) })
      }
    })
    return {
      inserted_count: result.insertedCount,
      matched_count: result.matchedCount,
      modified_count: result.modifiedCount,
      deleted_count: result.deletedCount,
      upserted_count: result.upsertedCount,
      failed: items.filter(({ status }) => status !== "done").length,
      items
    }
  })

/** One write in the words of the service. */
const writeOf = (write: Document): DocumentStore.Write => {
  const { array_filters, delete_many, delete_one, filter = {}, insert, replace, update_many, update_one, upsert } =
    write as { readonly [Key in KeysOfUnion<MongoInput.Write>]?: Document }
  const options = {
    filter,
    upsert: upsert as boolean | undefined,
    arrayFilters: array_filters as ReadonlyArray<Document> | undefined
  }
  if (insert !== undefined) return { insertOne: { document: insert } }
  if (update_one !== undefined) return { updateOne: { ...options, update: update_one } }
  if (update_many !== undefined) return { updateMany: { ...options, update: update_many } }
  if (replace !== undefined) return { replaceOne: { filter, replacement: replace, upsert: options.upsert } }
  return delete_one !== undefined
    ? { deleteOne: { filter: delete_one } }
    : { deleteMany: { filter: delete_many ?? {} } }
}

type KeysOfUnion<A> = A extends unknown ? keyof A : never

const pairs = (order: MongoInput.Order): ReadonlyArray<readonly [string, number | string]> =>
  Array.isArray(order) ? order as ReadonlyArray<readonly [string, number | string]> : Object.entries(order)

const indexOf = (index: MongoInput.Index, bson: Codec): DocumentStore.Index => ({
  name: index.name,
  fields: pairs(index.fields).map(([field, kind]) => [field, kind === 1 || kind === -1 ? kind : String(kind)]),
  unique: index.unique,
  sparse: index.sparse,
  expireAfter: index.expire_after,
  partialFilter: index.partial && bson.toBson(index.partial, ["create_indexes", "partial"]) as Document
})

const shownIndex = (bson: Codec) => (index: DocumentStore.Index): ValueRecord => ({
  name: index.name ?? "",
  fields: Object.fromEntries(index.fields),
  unique: index.unique ?? false,
  sparse: index.sparse ?? false,
  ...(index.expireAfter === undefined
    ? {}
    : { expire_after_ms: Duration.toMillis(Duration.fromInputUnsafe(index.expireAfter)) }),
  ...(index.partialFilter === undefined ? {} : { partial: bson.fromBson(index.partialFilter) })
})

const explained = (explanation: DocumentStore.Explanation): ValueRecord => ({
  plan: explanation.plan,
  index: explanation.index ?? null,
  sorted: explanation.sorted,
  keys_examined: explanation.keysExamined,
  documents_examined: explanation.documentsExamined,
  returned: explanation.returned
})
