/** The client of an embedded document store, over its engine. */
import { Array as Arr, Cause, Context, Effect, Exit, Option, Stream } from "effect"
import { version } from "../../../core/Version.ts"
import {
  type BulkItem,
  type Change,
  type Collection,
  type Document,
  type DocumentClient,
  DocumentStoreError,
  type Write
} from "../../../services/DocumentStore.ts"
import type { ChangeCursor, DocumentEngine, EngineCollection, EngineTransaction } from "./DocumentEngine.ts"
import { copy } from "./DocumentKinds.ts"

/** Documents that a stream takes at a time, when it is not told otherwise. */
const batchSize = 1_000

/** The transaction that the fibers of an effect are in, and the engine it is of. */
interface Running {
  readonly engine: DocumentEngine
  readonly transaction: EngineTransaction
  failed: boolean
}

const Current = Context.Reference<ReadonlyArray<Running>>("skein/layers/DocumentTransactions", {
  defaultValue: () => []
})

const shownVersion = `skein embedded ${version}`

export const makeClient = (engine: DocumentEngine): DocumentClient => {
  const running = Effect.map(Current, (all) => all.find((one) => one.engine === engine))
  return {
    collection: (name, options) => collection(engine, engine.collection(options?.database ?? "test", name), running),
    collections: engine.collections("test"),
    transaction: (effect) =>
      Effect.flatMap(running, (outer) => outer === undefined ? whole(engine, effect) : part(outer, effect)),
    ping: Effect.void,
    version: Effect.succeed(shownVersion),
    health: Effect.map(engine.broken, (broken) => ({
      status: broken === undefined ? "up" : "degraded",
      version: shownVersion,
      ...(broken === undefined ? {} : { problem: `writes fail: ${broken.message}`, hint: broken.hint })
    }))
  }
}

/** Committed when it succeeds, aborted when it fails or is interrupted. */
const whole = <A, E, R>(engine: DocumentEngine, effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    engine.begin,
    (transaction) =>
      Effect.flatMap(Current, (others) => {
        const running: Running = { engine, transaction, failed: false }
        return Effect.provideService(effect, Current, [...others, running]).pipe(
          Effect.tap(() => running.failed ? Effect.fail(brokenInside) : transaction.commit)
        )
      }),
    ({ abort }) => abort
  )

/** One inside of another is part of it. */
const part = <A, E, R>(outer: Running, effect: Effect.Effect<A, E, R>) =>
  Effect.onExit(effect, (exit) => Effect.sync(() => void (outer.failed ||= Exit.isFailure(exit))))

const brokenInside = new DocumentStoreError({
  reason: "Refused",
  message: "a transaction was not committed: one inside of it had failed",
  hint: "there are no savepoints: let the failure of the inner transaction end the outer one"
})

const copied = <A>(value: A): A => copy(value) as A

const collection = (
  engine: DocumentEngine,
  inner: EngineCollection,
  running: Effect.Effect<Running | undefined>
): Collection => {
  /** Adds the transaction that the fiber is in. */
  const within = <A, E, R>(use: (within: { readonly transaction?: EngineTransaction }) => Effect.Effect<A, E, R>) =>
    Effect.flatMap(running, (one) => use(one === undefined ? {} : { transaction: one.transaction }))

  const bulk = (writes: Iterable<Write>, ordered?: boolean) =>
    within((within) => inner.write(writes, { ...within, ordered }))
  /** One write, failing as it does. */
  const single = (write: Write) =>
    Effect.flatMap(bulk([write]), (result) => {
      const item = result.items[0]!
      return item.status === "failed" ? Effect.fail(item.error) : Effect.succeed({ ...result, item })
    })
  const update = (write: Write) =>
    Effect.map(single(write), ({ item, matchedCount, modifiedCount }) => ({
      matchedCount,
      modifiedCount,
      ...("upsertedId" in item ? { upsertedId: copied(item.upsertedId) } : {})
    }))
  const remove = (write: Write) => Effect.map(single(write), ({ deletedCount }) => ({ deletedCount }))

  return {
    name: inner.name,
    insertOne: Effect.fn("DocumentStore.insertOne")((document: Document) =>
      Effect.map(single({ insertOne: { document } }), ({ item }) => ({ insertedId: copied(insertedId(item)) }))
    ),
    insertMany: Effect.fn("DocumentStore.insertMany")((documents: Iterable<Document>, options) =>
      Effect.flatMap(bulk(insertions(documents), options?.ordered), ({ items }) => {
        const failed = items.find((item) => item.status === "failed")
        return failed === undefined
          ? Effect.succeed({ insertedIds: items.map((item) => copied(insertedId(item))) })
          : Effect.fail(failed.error)
      })
    ),
    find: (filter = {}, options = {}) =>
      streamed(within((within) => inner.find(filter, { ...options, ...within })), options.batchSize),
    findOne: Effect.fn("DocumentStore.findOne")((filter = {}, options = {}) =>
      Effect.map(
        within((within) => inner.find(filter, { ...options, ...within, limit: 1 })),
        ([found]) => found === undefined ? Option.none() : Option.some(copied(found))
      )
    ),
    updateOne: Effect.fn("DocumentStore.updateOne")((filter, update_, options) =>
      update({ updateOne: { ...options, filter, update: update_ } })
    ),
    updateMany: Effect.fn("DocumentStore.updateMany")((filter, update_, options) =>
      update({ updateMany: { ...options, filter, update: update_ } })
    ),
    replaceOne: Effect.fn("DocumentStore.replaceOne")((filter, replacement, options) =>
      update({ replaceOne: { ...options, filter, replacement } })
    ),
    deleteOne: Effect.fn("DocumentStore.deleteOne")((filter) => remove({ deleteOne: { filter } })),
    deleteMany: Effect.fn("DocumentStore.deleteMany")((filter) => remove({ deleteMany: { filter } })),
    count: Effect.fn("DocumentStore.count")((filter = {}, options = {}) =>
      within((within) => inner.count(filter, { ...options, ...within }))
    ),
    distinct: Effect.fn("DocumentStore.distinct")((field, filter = {}) =>
      Effect.map(within((within) => inner.distinct(field, filter, within)), copied)
    ),
    bulkWrite: Effect.fn("DocumentStore.bulkWrite")((writes, options) => bulk(writes, options?.ordered)),
    aggregate: (pipeline, options) =>
      streamed(within((within) => inner.aggregate(pipeline, within)), options?.batchSize),
    createIndexes: Effect.fn("DocumentStore.createIndexes")(inner.createIndexes),
    listIndexes: inner.listIndexes,
    dropIndex: Effect.fn("DocumentStore.dropIndex")(inner.dropIndex),
    explain: Effect.fn("DocumentStore.explain")((filter = {}, options = {}) => inner.explain(filter, options)),
    watch: Effect.fn("DocumentStore.watch")((options = {}) =>
      Effect.map(
        engine.watch({ database: inner.database, collection: inner.name }, options),
        changes
      )
    ),
    drop: Effect.asVoid(inner.drop)
  }
}

function* insertions(documents: Iterable<Document>): Generator<Write> {
  for (const document of documents) yield { insertOne: { document } }
}

const insertedId = (item: BulkItem): unknown => item.status === "done" ? item.insertedId : undefined

/** Copies documents when they are asked for, a batch at a time. */
const streamed = (
  found: Effect.Effect<Iterable<Document>, DocumentStoreError>,
  size = batchSize
): Stream.Stream<Document, DocumentStoreError> =>
  Stream.unwrap(Effect.map(found, (documents) => Stream.fromIteratorSucceed(copies(documents), size)))

function* copies(documents: Iterable<Document>): Generator<Document> {
  for (const document of documents) yield copied(document)
}

/** Emits changes until the collection is dropped. */
const changes = (cursor: ChangeCursor): Stream.Stream<Change, DocumentStoreError> => {
  let isOver = false
  const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Change>, DocumentStoreError | Cause.Done> = Effect.suspend(() => {
    if (isOver) return Cause.done()
    return Effect.flatMap(cursor.next(batchSize), (events) => {
      isOver = events.some(({ operationType }) => operationType === "invalidate")
      const found = events.filter(({ operationType }) => operationType !== "invalidate").map(toChange)
      if (Arr.isReadonlyArrayNonEmpty(found)) return Effect.succeed(found)
      return isOver ? Cause.done() : Effect.andThen(cursor.wait, pull)
    })
  })
  return Stream.fromPull(Effect.succeed(pull))
}

const toChange = (event: Document): Change => {
  const key = event["documentKey"] as Document | undefined
  const described = event["updateDescription"] as
    | { readonly updatedFields: Document; readonly removedFields: ReadonlyArray<string> }
    | undefined
  const document = event["fullDocument"] as Document | null | undefined
  return copied({
    token: (event["_id"] as { readonly _data: string })._data,
    kind: event["operationType"] as Change["kind"],
    collection: (event["ns"] as { readonly coll: string }).coll,
    ...(key === undefined ? {} : { id: key["_id"] }),
    ...(document === undefined || document === null ? {} : { document }),
    ...(described === undefined ? {} : { updated: described.updatedFields, removed: described.removedFields })
  })
}
