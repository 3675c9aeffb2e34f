/**
 * Caches of two levels: memory in front of a Redis. Connections and the memory level are shared by all who name the same URL
 * with the same options, and end half a minute after the last of them or with the layer.
 *
 * The server tells of other processes' changes on the connection on which a key was read (RESP3 client tracking), before it
 * answers anything that comes after; so each key has its own connection. Needs Redis 6 or later, or Valkey.
 */
import { Duration, Effect, Layer, RcMap, Redacted, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { createClient, RESP_TYPES } from "redis"
import { type CacheError, CacheStore, type ConnectOptions } from "../../services/CacheStore.ts"
import * as CachePolicy from "../embedded/cache/CachePolicy.ts"
import type { CacheServer, Listener } from "../embedded/cache/CacheServer.ts"
import * as Address from "./redis/RedisAddress.ts"
import * as RedisCommands from "./redis/RedisCommands.ts"
import * as RedisFailure from "./redis/RedisFailure.ts"
import type * as RedisLink from "./redis/RedisLink.ts"
import * as RedisLinks from "./redis/RedisLinks.ts"

const make = Effect.gen(function*() {
  const clients = yield* RcMap.make({
    lookup: ({ address, options }: { readonly address: Address.Address; readonly options: ConnectOptions }) =>
      CachePolicy.open(options, (listener) => connectServer(targetOf(address, options, listener))),
    idleTimeToLive: "30 seconds"
  })

  return CacheStore.of({
    connect: Effect.fn("CacheStore.connect")(function*(url, options = {}) {
      const address = yield* Effect.fromResult(Address.parse(url))
      const key = { address, options }
      // A refusal is not kept: the password may be right the next time.
      return yield* Effect.tapError(RcMap.get(clients, key), () => RcMap.invalidate(clients, key))
    })
  })
})

/** Opens nothing until the first `connect`; closes every connection when it closes. */
export const layer: Layer.Layer<CacheStore> = Layer.effect(CacheStore, make)

/** One client of one server. */
interface Target {
  readonly address: Address.Address
  readonly options: ConnectOptions
  readonly listener: Listener
  readonly invalidation: RedisCommands.Invalidation
}

const targetOf = (address: Address.Address, options: ConnectOptions, listener: Listener): Target => {
  const mode = options.invalidation ?? "tracking"
  // Channels, unlike keys, are those of all databases of a server.
  const channel = `skein:cache:${address.database}`
  return {
    address,
    options,
    listener,
    invalidation: mode === "pubsub" ? { mode, channel, by: randomUUID() } : { mode }
  }
}

type Client = ReturnType<typeof makeClient>
type Link = RedisLink.RedisLink<Client>

/** Keys in one command, and values in one transaction: enough to fill a round trip, too few to keep others waiting. */
const keysAtOnce = 1_000
const valuesAtOnce = 500
const chunksAtOnce = 4

const connectServer = Effect.fnUntraced(function*(
  target: Target
): Effect.fn.Return<CacheServer, CacheError, Scope.Scope> {
  const { invalidation } = target
  const links = yield* RedisLinks.make(target.options, linkOptions(target))

  /** Does work on the connection of each key, in chunks; `places` are those of the items that were answered. */
  const spread = Effect.fnUntraced(function*<A, B>(
    items: ReadonlyArray<A>,
    keyOf: (item: A) => string,
    size: number,
    work: (link: Link, chunk: ReadonlyArray<A>) => Effect.Effect<B, CacheError>
  ) {
    const [first] = items
    if (first !== undefined && items.length === 1) {
      return [{ places: [0], answer: yield* work(yield* links.at(links.slotOf(keyOf(first))), items) }]
    }
    const slots = Map.groupBy(items.keys(), (at) => links.slotOf(keyOf(items[at]!)))
    const chunks = [...slots].flatMap(([slot, places]) =>
      Array.from({ length: Math.ceil(places.length / size) }, (_, at) => ({
        slot,
        places: places.slice(at * size, (at + 1) * size)
      }))
    )
    return yield* Effect.forEach(
      chunks,
      ({ places, slot }) =>
        Effect.flatMap(links.at(slot), (link) => work(link, places.map((at) => items[at]!))).pipe(
          Effect.map((answer) => ({ places, answer }))
        ),
      { concurrency: chunksAtOnce }
    )
  })

  return {
    get: Effect.fnUntraced(function*(keys) {
      const chunks = yield* spread(
        keys,
        itself,
        keysAtOnce,
        (link, chunk) => link.send(false, (client) => RedisCommands.get(client, chunk))
      )
      const found: Array<Uint8Array | undefined> = []
      for (const { answer, places } of chunks) answer.forEach((bytes, at) => found[places[at]!] = bytes)
      return found
    }),
    set: (items, mayWait) =>
      spread(
        items,
        ({ key }) => key,
        valuesAtOnce,
        (link, chunk) => link.send(mayWait, (client) => RedisCommands.set(client, chunk, invalidation))
      ),
    delete: (keys, now) =>
      Effect.map(
        spread(keys, itself, keysAtOnce, (link, chunk) =>
          link.send(true, (client) =>
            RedisCommands.delete(client, chunk, now, invalidation))),
        (chunks) =>
          chunks.reduce((count, { answer }) =>
            count + answer, 0)
      ),
    expire: (key, times, now) =>
      Effect.flatMap(
        links.at(links.slotOf(key)),
        (link) => link.send(true, (client) => RedisCommands.expire(client, key, times, now, invalidation))
      ),
    health: links.health
  }
})

const itself = (key: string) => key

const linkOptions = (target: Target): RedisLink.Options<Client> => {
  const { address, listener, options } = target
  return {
    shown: address.shown,
    open: (lost) => connect(target, lost),
    close: (client) => client.destroy(),
    onReopen: listener.changedAll,
    failure: (error) => RedisFailure.of(address.shown, error),
    connectTimeout: Duration.fromInputUnsafe(options.connectTimeout ?? "5 seconds"),
    commandTimeout: Duration.fromInputUnsafe(options.commandTimeout ?? "10 seconds"),
    acquireTimeout: Duration.fromInputUnsafe(options.acquireTimeout ?? "15 seconds"),
    maxQueued: options.maxQueued ?? 10_000,
    retries: options.retries ?? 5
  }
}

const makeClient = ({ address, invalidation }: Target) =>
  createClient({
    url: Redacted.value(address.url),
    name: "skein",
    RESP: 3,
    // Connecting again, waiting and time-outs are those of the link.
    socket: { reconnectStrategy: false },
    disableOfflineQueue: true,
    emitInvalidate: invalidation.mode === "tracking",
    maintNotifications: "disabled",
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }
  })

const connect = (target: Target, lost: (error: CacheError) => void): Effect.Effect<Client, CacheError> => {
  const failure = (error: unknown) => RedisFailure.of(target.address.shown, error)
  return Effect.flatMap(
    Effect.try({ try: () => makeClient(target), catch: failure }),
    (client) =>
      Effect.callback((resume) => {
        client.on("error", (error) => lost(failure(error)))
        client.connect().then(() => listen(client, target)).then(
          () => resume(Effect.succeed(client)),
          (error) => {
            client.destroy()
            resume(Effect.fail(failure(error)))
          }
        )
        return Effect.sync(() => client.destroy())
      })
  )
}

/** Has the server tell of others' changes. */
const listen = async (client: Client, { invalidation, listener }: Target): Promise<void> => {
  if (invalidation.mode === "tracking") {
    // A key comes as text or as bytes, as the command whose answer is next wants it; null stands for all.
    client.on("invalidate", (key: unknown) => key === null ? listener.changedAll() : listener.changed([String(key)]))
    // Of our own changes we know.
    await client.sendCommand(["CLIENT", "TRACKING", "ON", "NOLOOP"])
  }
  if (invalidation.mode === "pubsub") {
    await client.subscribe(invalidation.channel, (message) => {
      const { by, keys } = JSON.parse(message) as RedisCommands.Announcement
      if (by !== invalidation.by) listener.changed(keys)
    })
  }
}
