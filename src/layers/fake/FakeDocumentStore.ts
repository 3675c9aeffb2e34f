/**
 * The embedded document store for tests: real queries and updates, with failures, delays and lost answers on demand and a record
 * of what was asked. Folders are kept on a disk in memory, for as long as the layer.
 *
 * Delays are of the fiber's clock, so that a `TestClock` decides them.
 */
import { Context, Duration, Effect, Layer, Stream } from "effect"
import {
  type Collection,
  type Document,
  type DocumentClient,
  DocumentStore,
  DocumentStoreError
} from "../../services/DocumentStore.ts"
import * as JournalDocumentStore from "../embedded/JournalDocumentStore.ts"
import * as MemoryJournal from "./MemoryJournal.ts"

/** One operation that was asked for, also one that was made to fail. */
export interface Asked {
  /** As the method is called: `insertOne`, `find`, `transaction`, ... */
  readonly operation: string
  /** Empty for operations of the client. */
  readonly collection: string
  /** What it was called with: the filter, the update, the options. */
  readonly arguments: ReadonlyArray<unknown>
}

type Reason = DocumentStoreError["reason"]

export class FakeDocumentStore extends Context.Service<FakeDocumentStore, {
  /** Makes the next `times` operations fail before they are done, whoever asks; added to those that are still to fail. */
  readonly failNext: (times: number, reason: Reason) => Effect.Effect<void>
  /** Lets the next `times` operations be done and their answers be lost: they fail with `Connection`. */
  readonly loseAnswers: (times: number) => Effect.Effect<void>
  /** Makes the next `times` connects fail. */
  readonly failConnect: (times: number, reason: Reason) => Effect.Effect<void>
  /** Delays every operation from now on; zero ends that. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>
  /** What was asked so far, oldest first. */
  readonly operations: Effect.Effect<ReadonlyArray<Asked>>
}>()("skein/layers/FakeDocumentStore") {}

/** What is to go wrong, and what was asked. */
class Script {
  readonly failing: Array<Reason> = []
  readonly failingConnects: Array<Reason> = []
  readonly asked: Array<Asked> = []
  losing = 0
  delay = Duration.zero

  /** Notes the operation and fails it when it is its turn; what remains of the fault comes after it. */
  readonly before = (operation: string, collection: string, args: ReadonlyArray<unknown>) =>
    Effect.suspend((): Effect.Effect<boolean, DocumentStoreError> => {
      this.asked.push({ operation, collection, arguments: args })
      const reason = this.failing.shift()
      const isLost = reason === undefined && this.losing > 0
      if (isLost) this.losing--
      const next = reason === undefined ? Effect.succeed(isLost) : Effect.fail(made(reason, operation))
      return Duration.toMillis(this.delay) > 0 ? Effect.andThen(Effect.sleep(this.delay), next) : next
    })

  readonly around = <A, E, R>(
    operation: string,
    collection: string,
    args: ReadonlyArray<unknown>,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | DocumentStoreError, R> =>
    Effect.flatMap(
      this.before(operation, collection, args),
      (isLost) => isLost ? Effect.andThen(effect, Effect.fail(lost(operation))) : effect
    )
}

/** Puts the controls over any `DocumentStore`. */
export const over: Layer.Layer<DocumentStore | FakeDocumentStore, never, DocumentStore> = Layer.effectContext(
  Effect.map(DocumentStore, (real) => {
    const script = new Script()
    return Context.make(DocumentStore, {
      connect: Effect.fnUntraced(function*(url, options) {
        const reason = script.failingConnects.shift()
        if (reason !== undefined) return yield* made(reason, "connect")
        return wrapClient(script, yield* real.connect(url, options))
      })
    }).pipe(Context.add(FakeDocumentStore, {
      failNext: (times, reason) => Effect.sync(() => void script.failing.push(...repeated(times, reason))),
      loseAnswers: (times) => Effect.sync(() => void (script.losing += times)),
      failConnect: (times, reason) => Effect.sync(() => void script.failingConnects.push(...repeated(times, reason))),
      delay: (duration) => Effect.sync(() => void (script.delay = Duration.fromInputUnsafe(duration))),
      operations: Effect.sync(() => [...script.asked])
    }))
  })
)

/** The embedded document store with controls. */
export const layer = (
  options: JournalDocumentStore.Options = {}
): Layer.Layer<DocumentStore | FakeDocumentStore | MemoryJournal.MemoryJournal> =>
  Layer.provide(over, JournalDocumentStore.layer(options)).pipe(Layer.provideMerge(MemoryJournal.layer))

const wrapClient = (script: Script, client: DocumentClient): DocumentClient => {
  const around = <A, E, R>(operation: string, effect: Effect.Effect<A, E, R>) =>
    script.around(operation, "", [], effect)
  return {
    collection: (name, options) => wrapCollection(script, client.collection(name, options)),
    collections: around("collections", client.collections),
    transaction: (effect) => around("transaction", client.transaction(effect)),
    ping: around("ping", client.ping),
    version: around("version", client.version),
    health: Effect.catch(
      around("health", client.health),
      ({ message }) => Effect.succeed({ status: "down" as const, problem: message })
    )
  }
}

const wrapCollection = (script: Script, real: Collection): Collection => {
  const effect = <Arguments extends ReadonlyArray<unknown>, A, R>(
    operation: string,
    call: (...args: Arguments) => Effect.Effect<A, DocumentStoreError, R>
  ) =>
  (...args: Arguments) => script.around(operation, real.name, args, call(...args))
  const stream = <Arguments extends ReadonlyArray<unknown>>(
    operation: string,
    call: (...args: Arguments) => Stream.Stream<Document, DocumentStoreError>
  ) =>
  (...args: Arguments) => Stream.unwrap(script.around(operation, real.name, args, Effect.sync(() => call(...args))))

  return {
    name: real.name,
    insertOne: effect("insertOne", real.insertOne),
    insertMany: effect("insertMany", real.insertMany),
    find: stream("find", real.find),
    findOne: effect("findOne", real.findOne),
    updateOne: effect("updateOne", real.updateOne),
    updateMany: effect("updateMany", real.updateMany),
    replaceOne: effect("replaceOne", real.replaceOne),
    deleteOne: effect("deleteOne", real.deleteOne),
    deleteMany: effect("deleteMany", real.deleteMany),
    count: effect("count", real.count),
    distinct: effect("distinct", real.distinct),
    bulkWrite: effect("bulkWrite", real.bulkWrite),
    aggregate: stream("aggregate", real.aggregate),
    createIndexes: effect("createIndexes", real.createIndexes),
    listIndexes: script.around("listIndexes", real.name, [], real.listIndexes),
    dropIndex: effect("dropIndex", real.dropIndex),
    explain: effect("explain", real.explain),
    watch: effect("watch", real.watch),
    drop: script.around("drop", real.name, [], real.drop)
  }
}

const repeated = (times: number, reason: Reason) => Array.from({ length: times }, () => reason)

const made = (reason: Reason, what: string) =>
  new DocumentStoreError({ reason, message: `on the fake document store, ${what}: made to fail with ${reason}` })

const lost = (what: string) =>
  new DocumentStoreError({
    reason: "Connection",
    message: `on the fake document store, ${what}: it was done, and its answer was made to be lost`
  })
