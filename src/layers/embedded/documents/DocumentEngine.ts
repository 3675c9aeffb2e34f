/**
 * The embedded document store below its clients: databases of collections in memory, kept in a journal when there is one.
 * `JournalDocumentStore` is the `DocumentStore` over it; a server of the wire protocol is another way in.
 *
 * Documents that come out are the stored ones: they are never changed in place, and nobody else may. In them an int64 is a
 * `bigint`, bytes are `Binary`, an int32 and a double with a fraction are numbers, and a whole double in the range of int32
 * stays a `Double`, so that `bson.serialize` gives back the kind that was stored.
 *
 * Each operation is done at one moment: no other one is seen half done, except that a bulk of writes, outside of a
 * transaction, is one write after the other. Answers to writes come when the journal has them.
 */
import { Duration, Effect, Schedule, type Scope } from "effect"
import type * as Store from "../../../services/DocumentStore.ts"
import type { JournalHandle } from "../../../services/Journal.ts"
import * as Collection from "./DocumentCollection.ts"
import { sweep } from "./DocumentExpiry.ts"
import { recover } from "./DocumentRecovery.ts"
import { namesOf, State, Transaction } from "./DocumentState.ts"
import { watch } from "./DocumentWatch.ts"
import { Work } from "./DocumentWork.ts"
import * as Writer from "./DocumentWriter.ts"

type Document = Store.Document
type Failure = Store.DocumentStoreError

export interface DocumentEngine {
  /** Names of databases that have a collection, sorted. */
  readonly databases: Effect.Effect<ReadonlyArray<string>>
  readonly dropDatabase: (database: string) => Effect.Effect<void, Failure>
  /** Names of the collections of a database, sorted. */
  readonly collections: (database: string) => Effect.Effect<ReadonlyArray<string>>
  /** A collection, which is made with its first write or index, or by `create`. */
  readonly collection: (database: string, name: string) => EngineCollection
  /**
   * Begins a transaction. It sees what was committed before, and its own writes; a write to what another one wrote since is
   * a `Conflict` (112), and the transaction should then be aborted. Without `commit` or `abort` it ends by itself after
   * {@link Options.transactionTimeout}.
   */
  readonly begin: Effect.Effect<EngineTransaction>
  /** Why every write fails, when the journal does. Reads go on. */
  readonly broken: Effect.Effect<Failure | undefined>
  /** A cursor over the changes of everything, of a database or of a collection, from now on or after a token. */
  readonly watch: (
    target: { readonly database?: string | undefined; readonly collection?: string | undefined },
    options?: Store.WatchOptions
  ) => Effect.Effect<ChangeCursor, Failure>
}

/** A transaction that is open until it is committed or aborted. Its operations fail with code 251 after that. */
export interface EngineTransaction {
  /** Makes its writes visible and kept, all of them or none: `Conflict` or `DuplicateKey`, and then it is aborted. Twice is once. */
  readonly commit: Effect.Effect<void, Failure>
  /** Forgets its writes. Nothing to do when it has ended. */
  readonly abort: Effect.Effect<void>
}

/** The transaction that an operation is part of. */
export interface Within {
  readonly transaction?: EngineTransaction | undefined
}

export interface EngineCollection {
  readonly database: string
  readonly name: string
  /** Makes an empty collection; nothing to do when it is there. */
  readonly create: Effect.Effect<void, Failure>
  /** Removes the collection with its indexes, and says whether it was there. */
  readonly drop: Effect.Effect<boolean, Failure>
  /**
   * Does writes one after the other. A refused one is in the result; the whole fails when the journal does, and in a
   * transaction with `Conflict`. Outside of one, a write waits for transactions that have written the document.
   */
  readonly write: (
    writes: Iterable<Store.Write>,
    options?: Within & { readonly ordered?: boolean | undefined }
  ) => Effect.Effect<Store.BulkResult, Failure>
  /** Changes or removes the first document that matches, and answers with it. */
  readonly findAndModify: (
    options: FindAndModify & Within
  ) => Effect.Effect<{ readonly document: Document | undefined; readonly upsertedId?: unknown }, Failure>
  /** What matches at this moment; projected while it is iterated. `batchSize` is the caller's. */
  readonly find: (
    filter: Document,
    options?: Store.FindOptions & Within
  ) => Effect.Effect<Iterable<Document>, Failure>
  readonly count: (
    filter: Document,
    options?: Within & { readonly skip?: number | undefined; readonly limit?: number | undefined }
  ) => Effect.Effect<number, Failure>
  readonly distinct: (
    field: string,
    filter: Document,
    options?: Within
  ) => Effect.Effect<ReadonlyArray<unknown>, Failure>
  /** Result of a pipeline; `$out` and `$merge` are `Unsupported`, `$changeStream` is {@link DocumentEngine.watch}. */
  readonly aggregate: (
    pipeline: ReadonlyArray<Document>,
    options?: Within & { readonly let?: Document | undefined }
  ) => Effect.Effect<Iterable<Document>, Failure>
  readonly createIndexes: (indexes: ReadonlyArray<Store.Index>) => Effect.Effect<ReadonlyArray<string>, Failure>
  /** `_id_` first. Empty when the collection is not there. */
  readonly listIndexes: Effect.Effect<ReadonlyArray<Store.Index & { readonly name: string }>>
  /** `Refused` (27) when there is none of this name, or it is `_id_`. */
  readonly dropIndex: (name: string) => Effect.Effect<void, Failure>
  readonly explain: (filter: Document, options?: Store.FindOptions) => Effect.Effect<Store.Explanation, Failure>
}

export interface FindAndModify {
  readonly filter: Document
  readonly sort?: Store.FindOptions["sort"]
  readonly projection?: Document | undefined
  /** What is done with it. */
  readonly change:
    | { readonly kind: "remove" }
    | {
      readonly kind: "update"
      readonly update: Store.Update
      readonly arrayFilters?: ReadonlyArray<Document> | undefined
    }
    | { readonly kind: "replace"; readonly replacement: Document }
  readonly upsert?: boolean | undefined
  /** Which document is the answer. @default "before" */
  readonly answer?: "before" | "after" | undefined
}

/** A place in the history of changes. It holds nothing: one that is not used any more is just left. */
export interface ChangeCursor {
  /** Token of the place reached so far. */
  readonly token: Effect.Effect<string>
  /**
   * The next changes, at most `limit`, none when there are none yet: documents as MongoDB has them (`_id: { _data: token }`,
   * `operationType`, `ns`, `documentKey`, `fullDocument`, `updateDescription`), with the pipeline done. Fails with `Refused`
   * (286) when the changes after its place are forgotten.
   */
  readonly next: (limit: number) => Effect.Effect<ReadonlyArray<Document>, Failure>
  /** Waits until there may be some. */
  readonly wait: Effect.Effect<void>
}

export interface Options {
  /** Where it is kept; in memory only without it. */
  readonly journal?: JournalHandle | undefined
  /** Changes that are remembered for those who watch, fewer when they are large; one who is further behind has lost some. @default 50000 */
  readonly maxChanges?: number | undefined
  /** How often documents are looked for whose time has come. @default "1 second" */
  readonly sweepInterval?: Duration.Input | undefined
  /** A transaction that is still open after this long is aborted. @default "1 minute" */
  readonly transactionTimeout?: Duration.Input | undefined
}

/** Opens an engine for as long as the scope lives, with what the journal has. Fails with `Storage`. */
export const open = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<DocumentEngine, Failure, Scope.Scope> {
  const state = new State(options.journal !== undefined, options.maxChanges ?? 50_000)
  if (options.journal !== undefined) yield* recover(state, options.journal)
  const writer = options.journal === undefined ? Writer.none : yield* Writer.make(state, options.journal)
  const work = new Work(state, writer)
  const timeout = Duration.toMillis(Duration.fromInputUnsafe(options.transactionTimeout ?? "1 minute"))
  const transactions = new WeakMap<EngineTransaction, Transaction>()

  const transactionOf = (within: Within | undefined): Transaction | undefined => {
    if (within?.transaction === undefined) return undefined
    return transactions.get(within.transaction) ?? foreign
  }

  const begin = Effect.clockWith((clock) =>
    Effect.sync((): EngineTransaction => {
      const transaction = new Transaction(clock.currentTimeMillisUnsafe() + timeout)
      state.open.add(transaction)
      const handle = { commit: commit(work, transaction), abort: Effect.sync(() => state.abort(transaction)) }
      transactions.set(handle, transaction)
      return handle
    })
  )

  yield* sweep(work).pipe(
    Effect.repeat(Schedule.spaced(options.sweepInterval ?? "1 second")),
    Effect.forkScoped
  )

  return {
    databases: Effect.sync(() => unique([...state.tables.keys()].map((name) => namesOf(name)[0]))),
    dropDatabase: (database) =>
      work.change((now) => {
        for (const name of state.tables.keys()) if (namesOf(name)[0] === database) state.drop(name, now)
      }),
    collections: (database) =>
      Effect.sync(() =>
        unique([...state.tables.keys()].map(namesOf).filter(([one]) => one === database).map(([, name]) => name))
      ),
    collection: (database, name) => Collection.make(work, transactionOf, database, name),
    begin,
    broken: Effect.sync(writer.broken),
    watch: (target, options = {}) => watch(work, target, options)
  }
})

const unique = (names: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(names)].sort()

/** What a transaction of another store is here: one that has ended. */
const foreign = new Transaction(0)
foreign.state = "aborted"

/** Once begun it goes on to its end: whether it was done must be known. */
const commit = (work: Work, transaction: Transaction) =>
  Effect.suspend(() => {
    if (transaction.state === "committed") return work.writer.flushed
    return work.change((now) => {
      try {
        work.state.commit(transaction, now)
      } catch (error) {
        work.state.abort(transaction)
        throw error
      }
    })
  }).pipe(Effect.uninterruptible)
