/** A collection over one of the driver: each operation once, in our words. */
import { Duration, Effect, Option } from "effect"
import type { Collection, Document, FindOptions, Index, Update, UpdateResult } from "../../../services/DocumentStore.ts"
import * as Bulk from "./MongoBulk.ts"
import * as Cursor from "./MongoCursor.ts"
import type * as Driver from "./MongoDriver.ts"
import * as Explanation from "./MongoExplanation.ts"
import type { CallOptions, Operations } from "./MongoOperation.ts"
import { fromBytes, own, wanted } from "./MongoValues.ts"
import * as Watch from "./MongoWatch.ts"

type DriverCollection = Driver.Collection<Document>

export const make = (operations: Operations, collection: DriverCollection): Collection => {
  const name = collection.collectionName
  /** One call, with a span of its name. */
  const perform = <A>(verb: string, call: (options: CallOptions) => Promise<A>) =>
    Effect.withSpan(operations.perform(`${verb} in ${name}`, call), `DocumentStore.${verb}`, {
      attributes: { "db.system.name": "mongodb", "db.collection.name": name }
    })
  const bulkWrite: Collection["bulkWrite"] = (writes, options) =>
    Effect.withSpan(Bulk.write(operations, collection, writes, options), "DocumentStore.bulkWrite")

  return {
    name,
    insertOne: (document) => {
      const whole = Bulk.withId(document)
      return Effect.as(perform("insertOne", (options) => collection.insertOne(whole, options)), {
        insertedId: whole["_id"]
      })
    },
    insertMany: (documents, options) =>
      Effect.flatMap(bulkWrite(inserts(documents), options), ({ items }) => {
        const insertedIds: Array<unknown> = []
        for (const item of items) {
          if (item.status === "failed") return Effect.fail(item.error)
          if (item.status === "done") insertedIds.push(item.insertedId)
        }
        return Effect.succeed({ insertedIds })
      }),
    find: (filter = {}, options = {}) =>
      Cursor.stream(
        operations,
        `find in ${name}`,
        (call) => collection.find(wanted(filter), { ...toFind(options), ...call })
      ),
    findOne: (filter = {}, options = {}) =>
      Effect.map(
        perform("findOne", (call) => collection.findOne(wanted(filter), { ...toFind(options), ...call, raw: true })),
        (found) => Option.map(Option.fromNullOr(found), fromBytes)
      ),
    updateOne: (filter, update, options) =>
      Effect.map(
        perform("updateOne", (call) =>
          collection.updateOne(wanted(filter), toUpdate(update), { ...toOptions(options), ...call })),
        toResult
      ),
    updateMany: (filter, update, options) =>
      Effect.map(
        perform("updateMany", (call) =>
          collection.updateMany(wanted(filter), toUpdate(update), { ...toOptions(options), ...call })),
        toResult
      ),
    replaceOne: (filter, replacement, options) =>
      Effect.map(
        perform("replaceOne", (call) =>
          collection.replaceOne(wanted(filter), replacement, { ...toOptions(options), ...call })),
        toResult
      ),
    deleteOne: (filter) =>
      Effect.map(perform("deleteOne", (call) => collection.deleteOne(wanted(filter), call)), toDeleted),
    deleteMany: (filter) =>
      Effect.map(perform("deleteMany", (call) => collection.deleteMany(wanted(filter), call)), toDeleted),
    count: (filter = {}, options) =>
      perform("count", (call) => collection.countDocuments(wanted(filter), { ...toOptions(options), ...call })),
    distinct: (field, filter = {}) =>
      Effect.map(perform("distinct", (call) => collection.distinct(field, wanted(filter), call)), own),
    bulkWrite,
    aggregate: (pipeline, options) =>
      Cursor.stream(
        operations,
        `aggregate in ${name}`,
        (call) =>
          collection.aggregate<Document>(wanted([...pipeline]), {
            batchSize: options?.batchSize ?? defaultBatch,
            ...call
          })
      ),
    createIndexes: (indexes) =>
      indexes.length === 0
        ? Effect.succeed([])
        : perform("createIndexes", (call) => collection.createIndexes(indexes.map(toDriverIndex), call)),
    listIndexes: Effect.map(
      // A collection that is not there has none.
      Effect.catchIf(
        perform("listIndexes", (call) => collection.listIndexes(call).toArray()),
        ({ code }) => code === namespaceNotFound,
        () => Effect.succeed([])
      ),
      (indexes) => indexes.map(fromDriverIndex)
    ),
    dropIndex: (index) => Effect.asVoid(perform("dropIndex", (call) => collection.dropIndex(index, call))),
    explain: (filter = {}, options = {}) =>
      Effect.map(
        perform(
          "explain",
          (call) => collection.find(wanted(filter), { ...toFind(options), ...call }).explain("executionStats")
        ),
        Explanation.read
      ),
    watch: (options) => Watch.watch(operations, collection, options),
    drop: Effect.asVoid(
      Effect.catchIf(
        perform<unknown>("drop", (call) => collection.drop(call)),
        ({ code }) => code === namespaceNotFound,
        () => Effect.void
      )
    )
  }
}

/** The server's number for a collection that is not there. */
const namespaceNotFound = 26

const defaultBatch = 1_000

function* inserts(documents: Iterable<Document>) {
  for (const document of documents) yield { insertOne: { document } }
}

type Writable<A> = A extends ReadonlyArray<infer B> ? Array<B> : A

/** Leaves out what is not given: the driver takes `undefined` for a value here and there. */
const toOptions = <A extends object>(
  options: A | undefined
): { -readonly [K in keyof A]?: Writable<Exclude<A[K], undefined>> } =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as never

const toFind = ({ sort, ...options }: FindOptions) => ({
  batchSize: defaultBatch,
  ...toOptions(options),
  ...(sort === undefined ? {} : { sort: sort.map(([field, direction]): [string, 1 | -1] => [field, direction]) })
})

const toUpdate = (update: Update) => isPipeline(update) ? [...update] : { ...update }

const isPipeline = (update: Update): update is ReadonlyArray<Document> => Array.isArray(update)

interface DriverResult {
  readonly matchedCount: number
  readonly modifiedCount: number
  readonly upsertedCount: number
  readonly upsertedId: unknown
}

const toResult = ({ matchedCount, modifiedCount, upsertedCount, upsertedId }: DriverResult): UpdateResult =>
  upsertedCount === 0 ? { matchedCount, modifiedCount } : { matchedCount, modifiedCount, upsertedId: own(upsertedId) }

const toDeleted = ({ deletedCount }: { readonly deletedCount: number }) => ({ deletedCount })

const toDriverIndex = ({ expireAfter, fields, name, partialFilter, sparse, unique }: Index) => ({
  key: new Map(fields) as Map<string, Driver.IndexDirection>,
  ...toOptions({
    name,
    unique,
    sparse,
    partialFilterExpression: partialFilter,
    expireAfterSeconds: expireAfter === undefined
      ? undefined
      : Math.round(Duration.toSeconds(Duration.fromInputUnsafe(expireAfter)))
  })
})

const fromDriverIndex = (index: DriverIndex): Index & { readonly name: string } => ({
  name: index.name,
  fields: Object.entries(index.key),
  ...toOptions({
    unique: index.unique === true ? true : undefined,
    sparse: index.sparse === true ? true : undefined,
    partialFilter: index.partialFilterExpression,
    expireAfter: index.expireAfterSeconds === undefined ? undefined : Duration.seconds(index.expireAfterSeconds)
  })
})

interface DriverIndex {
  readonly name: string
  readonly key: Readonly<Record<string, 1 | -1 | string>>
  readonly unique?: boolean
  readonly sparse?: boolean
  readonly partialFilterExpression?: Document
  readonly expireAfterSeconds?: number
}
