/**
 * MongoDB servers and replica sets through the `mongodb` driver: one client per URL, opened on first use, shared by all who
 * name the same URL with the same options, closed half a minute after the last of them or with the layer.
 *
 * `MongoDriver` is the one file that imports the driver, `MongoOperation` what every call goes through.
 */
import { Effect, Layer, Predicate, RcMap, type Scope } from "effect"
import {
  type ConnectOptions,
  type Document,
  type DocumentClient,
  DocumentStore,
  type DocumentStoreError
} from "../../services/DocumentStore.ts"
import * as Health from "../../services/Health.ts"
import * as Address from "./mongo/MongoAddress.ts"
import * as Collection from "./mongo/MongoCollection.ts"
import * as Driver from "./mongo/MongoDriver.ts"
import { fromDriver } from "./mongo/MongoFailure.ts"
import * as Operation from "./mongo/MongoOperation.ts"
import * as Pool from "./mongo/MongoPool.ts"
import { transaction } from "./mongo/MongoTransaction.ts"

const make = Effect.gen(function*() {
  const clients = yield* RcMap.make({
    lookup: ({ address, options }: { readonly address: Address.Address; readonly options: ConnectOptions }) =>
      open(address, options),
    idleTimeToLive: "30 seconds"
  })

  return DocumentStore.of({
    connect: Effect.fn("DocumentStore.connect")(function*(url, options = {}) {
      const address = yield* Effect.fromResult(Address.parse(url))
      const { client, reach } = yield* RcMap.get(clients, { address, options })
      yield* reach
      return client
    })
  })
})

/** Opens nothing until the first `connect`; closes every client when it closes. */
export const layer: Layer.Layer<DocumentStore> = Layer.effect(DocumentStore, make)

interface Opened {
  readonly client: DocumentClient
  /** Makes sure that the server answers; asks only until it has once. */
  readonly reach: Effect.Effect<void, DocumentStoreError>
}

const open = Effect.fnUntraced(function*(
  address: Address.Address,
  options: ConnectOptions
): Effect.fn.Return<Opened, DocumentStoreError, Scope.Scope> {
  const { database, server, shown } = address
  const driver = yield* Effect.mapError(
    Driver.open(address, options),
    (error) => fromDriver(error, { shown, what: "connect" })
  )
  const pool = yield* Pool.count(driver, server)
  const operations = Operation.make(driver, address, options)

  let reached = false
  const reach = Effect.suspend(() =>
    reached ? Effect.void : Effect.map(
      operations.perform("connect", () => driver.connect()),
      () => void (reached = true)
    )
  )
  return { client: clientOf(operations, { database, pool }), reach }
})

const clientOf = (
  operations: Operation.Operations,
  { database, pool }: { readonly database: string; readonly pool: () => Health.Pool }
): DocumentClient => {
  const { client, perform } = operations
  const admin = (command: Document) =>
    perform(Object.keys(command)[0]!, (options) => client.db("admin").command(command, options))
  const ping = Effect.asVoid(admin({ ping: 1 }))
  const version = Effect.map(admin({ buildInfo: 1 }), (built) => `MongoDB ${textOf(built, "version")}`)

  return {
    collection: (name, options) =>
      Collection.make(operations, client.db(options?.database ?? database).collection<Document>(name)),
    collections: Effect.map(
      perform(
        "collections",
        (options) => client.db(database).listCollections({}, { ...options, nameOnly: true }).toArray()
      ),
      (collections) => collections.map(({ name }) => name).sort()
    ),
    transaction: transaction(operations),
    ping,
    version,
    health: Health.ask({ version, ping, pool })
  }
}

const textOf = (of: unknown, field: string): string => Predicate.hasProperty(of, field) ? String(of[field]) : "unknown"
