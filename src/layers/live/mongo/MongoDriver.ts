/** Clients of the `mongodb` driver. The one file that imports it: the others take its types from here. */
import { Duration, Effect, Redacted, type Scope } from "effect"
import { MongoClient, type MongoClientOptions, type OrderedBulkOperation, type UnorderedBulkOperation } from "mongodb"
import type { ConnectOptions } from "../../../services/DocumentStore.ts"
import type { Address } from "./MongoAddress.ts"

export type {
  AbstractCursor,
  AnyBulkWriteOperation,
  BulkWriteResult,
  ChangeStream,
  ChangeStreamDocument,
  ClientSession,
  Collection,
  Db,
  IndexDirection,
  MongoClient
} from "mongodb"

export type BulkOperation = OrderedBulkOperation | UnorderedBulkOperation

/**
 * Makes a client that connects when told to, and closes with the scope. Fails with the driver's own error, at once, when it
 * does not take the URL.
 */
export const open = (address: Address, options: ConnectOptions): Effect.Effect<MongoClient, unknown, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => new MongoClient(Redacted.value(address.url), clientOptions(address, options)),
      catch: (error) => error
    }),
    (client) => Effect.ignore(Effect.tryPromise(() => client.close()))
  )

/** Options win over parameters of the URL, and those over our defaults. */
const clientOptions = ({ parameters }: Address, options: ConnectOptions): MongoClientOptions => {
  const max = options.maxConnections ?? Number(parameters["maxpoolsize"] ?? 100)
  const settings: { readonly [Name in keyof MongoClientOptions]: readonly [given: unknown, fallback: unknown] } = {
    maxPoolSize: [options.maxConnections, max],
    // A pool of less than the usual minimum is no mistake.
    minPoolSize: [options.minConnections, max === 0 ? 10 : Math.min(10, max)],
    maxIdleTimeMS: [millis(options.idleTimeout), 30 * 60_000],
    connectTimeoutMS: [millis(options.connectTimeout), 10_000],
    socketTimeoutMS: [millis(options.socketTimeout), 30_000],
    serverSelectionTimeoutMS: [millis(options.selectionTimeout), 5_000],
    heartbeatFrequencyMS: [millis(options.heartbeat), 10_000],
    waitQueueTimeoutMS: [millis(options.acquireTimeout), 15_000],
    // The kind that was stored: an int64 is never rounded, and is one when it is written back.
    useBigInt64: [true, true],
    // Fields of documents that are left out; in filters they are null by then.
    ignoreUndefined: [true, true],
    retryReads: [options.retryReads, true],
    retryWrites: [options.retryWrites, true],
    appName: [options.applicationName, "skein"]
  }
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, [given, fallback]]) =>
      given === undefined && name.toLowerCase() in parameters ? [] : [[name, given ?? fallback]]
    )
  )
}

const millis = (input: Duration.Input | undefined): number | undefined =>
  input === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(input))
