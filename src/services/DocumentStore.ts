/**
 * Access to Mongo-like document stores, named by URL.
 *
 * Implementations: `layers/live/MongoDocumentStore` (a server), `layers/embedded/JournalDocumentStore` (none needed),
 * `layers/fake/FakeDocumentStore`; `layers/Connections` picks by URL. All pass `test/services/DocumentStoreSuite`.
 * `services/documents/Typed` decodes documents with a Schema.
 */
import {
  Context,
  type Duration,
  type Effect,
  type Option,
  type Redacted,
  Schema,
  type Scope,
  type Stream
} from "effect"
import type { Health } from "./Health.ts"

export class DocumentStore extends Context.Service<DocumentStore, {
  /**
   * Hands out a client for the database that `url` names (`test` when it names none), good until the scope closes.
   *
   * `mongodb://` and `mongodb+srv://` reach a server; `embedded:` is a store of its own, `embedded:NAME` one that all of this
   * name share, `embedded:./folder` one that is kept. Clients of one URL with the same options share their connections.
   */
  readonly connect: (
    url: string | Redacted.Redacted<string>,
    options?: ConnectOptions
  ) => Effect.Effect<DocumentClient, DocumentStoreError, Scope.Scope>
}>()("skein/services/DocumentStore") {}

/** Bounds of the connections of one URL. */
export interface ConnectOptions {
  /** Most connections open at a time. @default 100 */
  readonly maxConnections?: number | undefined
  /** Connections kept open when nobody uses them. @default 10 */
  readonly minConnections?: number | undefined
  /** A connection not used for this long is closed. @default "30 minutes" */
  readonly idleTimeout?: Duration.Input | undefined
  /** Bound on making one connection, TLS and login included. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** Longest silence on a connection while an answer is awaited. @default "30 seconds" */
  readonly socketTimeout?: Duration.Input | undefined
  /** Longest search for a server that can do the operation. @default "5 seconds" */
  readonly selectionTimeout?: Duration.Input | undefined
  /** How often each server is asked whether it is there. @default "10 seconds" */
  readonly heartbeat?: Duration.Input | undefined
  /** Longest wait for a connection while all are in use; then `Busy`. @default "15 seconds" */
  readonly acquireTimeout?: Duration.Input | undefined
  /** Bound on each operation, on the server too. @default none */
  readonly operationTimeout?: Duration.Input | undefined
  /** Reads are tried once more after a lost connection. @default true */
  readonly retryReads?: boolean | undefined
  /** Single writes are tried once more after a lost connection, where the server can tell a repetition. @default true */
  readonly retryWrites?: boolean | undefined
  /** What the server shows of us. @default "skein" */
  readonly applicationName?: string | undefined
}

/**
 * A document: fields in their order, with values of JavaScript (null, boolean, number, bigint, string, Date, RegExp, bytes,
 * lists, documents) and the kinds of `bson` (ObjectId, Decimal128, Long, Binary, Timestamp, ...), which keep their kind.
 *
 * As they come back: int32 and double are numbers, int64 is a `bigint`, bytes are a `Binary`. A field that is `undefined` is
 * left out.
 */
export type Document = { readonly [field: string]: unknown }

export interface DocumentClient {
  /** The collection `name`; nothing is asked before its first operation. */
  readonly collection: (name: string, options?: { readonly database?: string | undefined }) => Collection
  /** Names of the collections of the database. */
  readonly collections: Effect.Effect<ReadonlyArray<string>, DocumentStoreError>
  /**
   * Runs `effect` in a transaction: what its fibers do with this client is done as a whole, or not at all when it fails or is
   * interrupted. `Conflict` when another one was first; `Unsupported` where the server has none (a standalone mongod).
   */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DocumentStoreError, R>
  readonly ping: Effect.Effect<void, DocumentStoreError>
  /** What the server calls itself, such as `MongoDB 8.0.4`. */
  readonly version: Effect.Effect<string, DocumentStoreError>
  readonly health: Effect.Effect<Health>
}

export interface Collection {
  readonly name: string
  /** Answers with the `_id`, which is made when the document has none. */
  readonly insertOne: (document: Document) => Effect.Effect<{ readonly insertedId: unknown }, DocumentStoreError>
  /** As {@link Collection.bulkWrite} of inserts, failing with its first failure. Answers with the ids in order. */
  readonly insertMany: (
    documents: Iterable<Document>,
    options?: BulkOptions
  ) => Effect.Effect<{ readonly insertedIds: ReadonlyArray<unknown> }, DocumentStoreError>
  /** Emits what matches as it comes, holding a cursor until the stream ends. */
  readonly find: (filter?: Document, options?: FindOptions) => Stream.Stream<Document, DocumentStoreError>
  readonly findOne: (
    filter?: Document,
    options?: FindOptions
  ) => Effect.Effect<Option.Option<Document>, DocumentStoreError>
  readonly updateOne: (
    filter: Document,
    update: Update,
    options?: UpdateOptions
  ) => Effect.Effect<UpdateResult, DocumentStoreError>
  readonly updateMany: (
    filter: Document,
    update: Update,
    options?: UpdateOptions
  ) => Effect.Effect<UpdateResult, DocumentStoreError>
  readonly replaceOne: (
    filter: Document,
    replacement: Document,
    options?: { readonly upsert?: boolean | undefined }
  ) => Effect.Effect<UpdateResult, DocumentStoreError>
  readonly deleteOne: (filter: Document) => Effect.Effect<{ readonly deletedCount: number }, DocumentStoreError>
  readonly deleteMany: (filter: Document) => Effect.Effect<{ readonly deletedCount: number }, DocumentStoreError>
  readonly count: (
    filter?: Document,
    options?: { readonly skip?: number | undefined; readonly limit?: number | undefined }
  ) => Effect.Effect<number, DocumentStoreError>
  readonly distinct: (
    field: string,
    filter?: Document
  ) => Effect.Effect<ReadonlyArray<unknown>, DocumentStoreError>
  /** Many writes in few round trips. A refused write is in the result; it fails only when the result is unknown. */
  readonly bulkWrite: (
    writes: Iterable<Write>,
    options?: BulkOptions
  ) => Effect.Effect<BulkResult, DocumentStoreError>
  readonly aggregate: (
    pipeline: ReadonlyArray<Document>,
    options?: { readonly batchSize?: number | undefined }
  ) => Stream.Stream<Document, DocumentStoreError>
  /** Makes indexes that are not there yet; answers with their names. */
  readonly createIndexes: (
    indexes: ReadonlyArray<Index>
  ) => Effect.Effect<ReadonlyArray<string>, DocumentStoreError>
  readonly listIndexes: Effect.Effect<ReadonlyArray<Index & { readonly name: string }>, DocumentStoreError>
  readonly dropIndex: (name: string) => Effect.Effect<void, DocumentStoreError>
  /** Finds as `find` would, and says how. */
  readonly explain: (filter?: Document, options?: FindOptions) => Effect.Effect<Explanation, DocumentStoreError>
  /** Emits changes from now on, or after a token; a lost connection is mended and nothing is left out. `Unsupported` where the server has no oplog. */
  readonly watch: (options?: WatchOptions) => Effect.Effect<
    Stream.Stream<Change, DocumentStoreError>,
    DocumentStoreError,
    Scope.Scope
  >
  /** Removes the collection and its indexes. */
  readonly drop: Effect.Effect<void, DocumentStoreError>
}

/** Operators (`{ $set: ... }`) or a pipeline. */
export type Update = Document | ReadonlyArray<Document>

export interface FindOptions {
  readonly projection?: Document | undefined
  /** Field and direction, 1 or -1, first to last. */
  readonly sort?: ReadonlyArray<readonly [field: string, direction: 1 | -1]> | undefined
  readonly skip?: number | undefined
  readonly limit?: number | undefined
  /** Documents that come in one answer. @default 1000 */
  readonly batchSize?: number | undefined
  /** Name of the index to use. */
  readonly hint?: string | undefined
}

export interface UpdateOptions {
  /** Inserts a document when none matches. @default false */
  readonly upsert?: boolean | undefined
  readonly arrayFilters?: ReadonlyArray<Document> | undefined
}

export interface UpdateResult {
  readonly matchedCount: number
  /** Documents that differ now. */
  readonly modifiedCount: number
  /** The `_id` of the document that was inserted, when none matched. */
  readonly upsertedId?: unknown
}

/** One write of many. */
export type Write =
  | { readonly insertOne: { readonly document: Document } }
  | { readonly updateOne: { readonly filter: Document; readonly update: Update } & UpdateOptions }
  | { readonly updateMany: { readonly filter: Document; readonly update: Update } & UpdateOptions }
  | {
    readonly replaceOne: {
      readonly filter: Document
      readonly replacement: Document
      readonly upsert?: boolean | undefined
    }
  }
  | { readonly deleteOne: { readonly filter: Document } }
  | { readonly deleteMany: { readonly filter: Document } }

export interface BulkOptions {
  /** One after the other, and nothing after the first failure. @default true */
  readonly ordered?: boolean | undefined
  /** Writes of one round trip. @default 1000 */
  readonly chunkSize?: number | undefined
}

export interface BulkResult {
  readonly insertedCount: number
  readonly matchedCount: number
  readonly modifiedCount: number
  readonly deletedCount: number
  readonly upsertedCount: number
  /** One for each write, in order. */
  readonly items: ReadonlyArray<BulkItem>
}

export type BulkItem =
  | { readonly status: "done"; readonly insertedId?: unknown; readonly upsertedId?: unknown }
  | { readonly status: "failed"; readonly error: DocumentStoreError }
  /** After a failure of an ordered one. */
  | { readonly status: "not attempted" }

export interface Index {
  /** @default made of the fields: `name_1_age_-1` */
  readonly name?: string | undefined
  /** Fields and direction, first to last. A kind other than 1 and -1 (`"text"`, `"hashed"`) is `Unsupported` where it is not known. */
  readonly fields: ReadonlyArray<readonly [field: string, direction: 1 | -1 | string]>
  readonly unique?: boolean | undefined
  /** Leaves out documents that lack the field. */
  readonly sparse?: boolean | undefined
  /** Documents go so long after the date in the one field. */
  readonly expireAfter?: Duration.Input | undefined
  /** Only documents that match are in it. */
  readonly partialFilter?: Document | undefined
}

/** How a `find` is done. */
export interface Explanation {
  /** `collection scan` reads every document. */
  readonly plan: "collection scan" | "index scan" | "id lookup"
  /** The name of the index, with an index scan. */
  readonly index?: string | undefined
  /** Whether the result had to be sorted in memory. */
  readonly sorted: boolean
  readonly keysExamined: number
  readonly documentsExamined: number
  readonly returned: number
}

export interface WatchOptions {
  /** `token` of the last change that was seen. */
  readonly resumeAfter?: string | undefined
  /** Stages over the changes, as the server has them: `[{ $match: ... }]`. */
  readonly pipeline?: ReadonlyArray<Document> | undefined
  /** Also what an updated document is now. @default false */
  readonly fullDocument?: boolean | undefined
}

export interface Change {
  /** For {@link WatchOptions.resumeAfter}. */
  readonly token: string
  readonly kind: "insert" | "update" | "replace" | "delete" | "drop"
  readonly collection: string
  /** `_id` of the document; absent with `drop`. */
  readonly id?: unknown
  /** The document, with insert and replace, and with update when wanted and still there. */
  readonly document?: Document | undefined
  /** Fields that were set, by path, and those that were removed; with update. */
  readonly updated?: Document | undefined
  readonly removed?: ReadonlyArray<string> | undefined
}

/**
 * Failure of one operation. `reason` says what kind:
 *
 * - `Connection` the server was not reached, or was lost; a write may or may not have been done
 * - `Authentication` the server refused the user, the password or the right to do this
 * - `Timeout` the operation took longer than it may
 * - `Busy` no connection became free in time
 * - `DuplicateKey` a unique index has this key already; `index` names it
 * - `Invalid` the filter, update, pipeline or document is wrong
 * - `Conflict` another transaction was first; it can be tried again
 * - `Unsupported` this server, or the embedded store, cannot do it
 * - `Storage` the folder of an embedded store cannot be used: held by another process, full, damaged
 * - `Refused` anything else that the server refused
 *
 * No message holds a password.
 */
export class DocumentStoreError extends Schema.TaggedError<DocumentStoreError>()("DocumentStoreError", {
  reason: Schema.Literals([
    "Connection",
    "Authentication",
    "Timeout",
    "Busy",
    "DuplicateKey",
    "Invalid",
    "Conflict",
    "Unsupported",
    "Storage",
    "Refused"
  ]),
  /** What was tried, on what, and what went wrong. */
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String),
  /** MongoDB's number, such as 11000. */
  code: Schema.optionalKey(Schema.Int),
  index: Schema.optionalKey(Schema.String)
}) {}
