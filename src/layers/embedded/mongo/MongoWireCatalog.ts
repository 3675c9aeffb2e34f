/** Commands of the wire server about databases, collections and indexes. */
import { Duration, Effect } from "effect"
import { type Document, type DocumentStoreError, type Index } from "../../../services/DocumentStore.ts"
import type { EngineCollection } from "../documents/DocumentEngine.ts"
import { type Call, collectionOf, type Command, kindOf, refuse } from "./MongoWireCall.ts"
import { ofResult } from "./MongoWireCursors.ts"
import { failure, isDocument, numberOf, unsupported } from "./MongoWireReply.ts"

export const create: Command = Effect.fnUntraced(function*(call) {
  yield* refuse(
    call,
    "capped",
    "timeseries",
    "viewOn",
    "validator",
    "collation",
    "clusteredIndex",
    "expireAfterSeconds"
  )
  yield* (yield* collectionOf(call)).create
  return { ok: 1 }
})

export const drop: Command = Effect.fnUntraced(function*(call) {
  const collection = yield* collectionOf(call)
  const { length } = yield* collection.listIndexes
  return (yield* collection.drop)
    ? { ns: `${call.database}.${collection.name}`, nIndexesWas: length, ok: 1 }
    : { ok: 1 }
})

export const dropDatabase: Command = ({ database, store }) =>
  Effect.as(store.engine.dropDatabase(database), { dropped: database, ok: 1 })

export const listDatabases: Command = Effect.fnUntraced(function*(call) {
  yield* refuse(call, "filter")
  const names = yield* call.store.engine.databases
  return { databases: names.map((name) => ({ name, sizeOnDisk: 0, empty: false })), totalSize: 0, ok: 1 }
})

export const listCollections: Command = Effect.fnUntraced(function*(call) {
  const { command, database, store } = call
  const wanted = yield* namesOf(command["filter"])
  const names = (yield* store.engine.collections(database)).filter(wanted)
  return yield* listed(
    call,
    "$cmd.listCollections",
    names.map((name) => ({
      name,
      type: "collection",
      ...(command["nameOnly"] === true
        ? {}
        : { options: {}, info: { readOnly: false }, idIndex: { v: 2, key: { _id: 1 }, name: "_id_" } })
    }))
  )
})

/** Drivers ask for one by its name, or for all. */
const namesOf = (filter: unknown): Effect.Effect<(name: string) => boolean, DocumentStoreError> => {
  if (!isDocument(filter)) return Effect.succeed(() => true)
  const { name, type, ...others } = filter
  const known = Object.keys(others).length === 0 && (type === undefined || type === "collection")
  if (known && name === undefined) return Effect.succeed(() => true)
  return known && typeof name === "string"
    ? Effect.succeed((of) => of === name)
    : Effect.fail(unsupported("a filter of listCollections but by name"))
}

export const createIndexes: Command = Effect.fnUntraced(function*(call) {
  const collection = yield* collectionOf(call)
  const wanted = call.command["indexes"]
  if (!Array.isArray(wanted) || !wanted.every(isDocument)) {
    return yield* failure("BadValue", "createIndexes needs indexes: a list of documents")
  }
  const before = yield* collection.listIndexes
  yield* collection.createIndexes(yield* Effect.forEach(wanted, fromWire))
  const after = yield* collection.listIndexes
  return {
    createdCollectionAutomatically: before.length === 0,
    // A collection that is made comes with the index of its ids.
    numIndexesBefore: Math.max(1, before.length),
    numIndexesAfter: after.length,
    ok: 1
  }
})

/** What an index may have that changes nothing here. */
const ignored = new Set(["v", "ns", "background"])

const fromWire = Effect.fnUntraced(function*(index: Document): Effect.fn.Return<Index, DocumentStoreError> {
  const { expireAfterSeconds, key, name, partialFilterExpression, sparse, unique, ...others } = index
  const other = Object.keys(others).find((field) => !ignored.has(field))
  if (other !== undefined) return yield* unsupported(`${other} of an index`)
  if (!isDocument(key) || Object.keys(key).length === 0) return yield* failure("BadValue", "an index needs a key")
  return {
    fields: Object.entries(key).map(([field, kind]) => [field, kindOf(kind) as string] as const),
    ...(typeof name === "string" ? { name } : {}),
    ...(unique === true ? { unique } : {}),
    ...(sparse === true ? { sparse } : {}),
    ...(isDocument(partialFilterExpression) ? { partialFilter: partialFilterExpression } : {}),
    ...(expireAfterSeconds === undefined ? {} : { expireAfter: Duration.seconds(numberOf(expireAfterSeconds, 0)) })
  }
})

export const listIndexes: Command = Effect.fnUntraced(function*(call) {
  const collection = yield* collectionOf(call)
  const indexes = yield* collection.listIndexes
  if (indexes.length === 0) return yield* noCollection(call, collection)
  return yield* listed(call, collection.name, indexes.map(toWire))
})

const toWire = (index: Index & { readonly name: string }): Document => ({
  v: 2,
  key: Object.fromEntries(index.fields),
  name: index.name,
  ...(index.unique === true ? { unique: true } : {}),
  ...(index.sparse === true ? { sparse: true } : {}),
  ...(index.partialFilter === undefined ? {} : { partialFilterExpression: index.partialFilter }),
  ...(index.expireAfter === undefined
    ? {}
    : { expireAfterSeconds: Duration.toSeconds(Duration.fromInputUnsafe(index.expireAfter)) })
})

export const dropIndexes: Command = Effect.fnUntraced(function*(call) {
  const collection = yield* collectionOf(call)
  const indexes = yield* collection.listIndexes
  if (indexes.length === 0) return yield* noCollection(call, collection)
  yield* Effect.forEach(namesToDrop(call.command["index"], indexes), collection.dropIndex, { discard: true })
  return { nIndexesWas: indexes.length, ok: 1 }
})

/** By name, by several names, by fields, or all of them. */
const namesToDrop = (
  wanted: unknown,
  indexes: ReadonlyArray<Index & { readonly name: string }>
): ReadonlyArray<string> => {
  if (wanted === "*") return indexes.map(({ name }) => name).filter((name) => name !== "_id_")
  if (Array.isArray(wanted)) return wanted.map(String)
  if (!isDocument(wanted)) return [String(wanted)]
  const fields = JSON.stringify(Object.entries(wanted).map(([field, kind]) => [field, kindOf(kind)]))
  return [indexes.find((index) => JSON.stringify(index.fields) === fields)?.name ?? fields]
}

const noCollection = ({ database }: Call, { name }: EngineCollection) =>
  failure("NamespaceNotFound", `ns does not exist: ${database}.${name}`, "Refused")

/** A list in the form of a cursor that has it all. */
const listed = ({ database, session, store }: Call, name: string, documents: ReadonlyArray<Document>) =>
  store.cursors.first(
    { namespace: `${database}.${name}`, session, source: ofResult(documents) },
    { limit: Infinity, single: false }
  )
