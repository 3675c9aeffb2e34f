/**
 * Caches for tests: the policy of the real ones over a pretend server in this process, in the time of the test's clock, with
 * failures and delays on demand and a record of what was asked of the server.
 *
 * Whatever a URL is, there is a server behind it, which its clients share; `embedded:` has one of its own for each `connect`.
 */
import { Clock, Context, Duration, Effect, Layer, RcMap, Redacted, type Scope } from "effect"
import { type CacheClient, CacheError, CacheStore, type ConnectOptions } from "../../services/CacheStore.ts"
import * as CacheCodec from "../embedded/cache/CacheCodec.ts"
import * as CachePolicy from "../embedded/cache/CachePolicy.ts"
import type { CacheServer, Listener } from "../embedded/cache/CacheServer.ts"

/** One command that reached for the server, also one that was made to fail. Keys have the name of their cache before them. */
export interface Asked {
  readonly command: "get" | "set" | "delete" | "expire"
  readonly keys: ReadonlyArray<string>
}

export class FakeCacheStore extends Context.Service<FakeCacheStore, {
  /** Makes the next `times` commands fail, whoever asks; added to those that are still to fail. */
  readonly failNext: (times: number, reason: CacheError["reason"]) => Effect.Effect<void>
  /** Makes the next `times` connects fail. */
  readonly failConnect: (times: number, reason: CacheError["reason"]) => Effect.Effect<void>
  /** Every server is down from now on; what it keeps, it keeps. */
  readonly down: Effect.Effect<void>
  /** Every server is back; memory levels are empty then, as changes may have been missed. */
  readonly up: Effect.Effect<void>
  /** Delays every command from now on, half of it on the way there and half on the way back; zero ends that. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>
  /** The next `times` keys that were changed are not told to others. */
  readonly loseInvalidations: (times: number) => Effect.Effect<void>
  /** A client as another process has it: the same server, a memory level of its own. */
  readonly anotherProcess: (
    url: string,
    options?: ConnectOptions
  ) => Effect.Effect<CacheClient, CacheError, Scope.Scope>
  /** What was asked so far, oldest first. */
  readonly commands: Effect.Effect<ReadonlyArray<Asked>>
}>()("skein/layers/FakeCacheStore") {}

const make = Effect.gen(function*() {
  const faults: Faults = { failing: [], delay: Duration.zero, isDown: false, lost: 0, asked: [] }
  const failingConnects: Array<CacheError["reason"]> = []
  const servers = new Map<string, Server>()
  const listeners = new Set<Listener>()

  const open = Effect.fnUntraced(function*(url: string, options: ConnectOptions) {
    const known = servers.get(url)
    const server = known ?? { values: new Map(), readers: new Map() }
    if (url !== "embedded:") servers.set(url, server)
    return yield* CachePolicy.open(options, (listener) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          listeners.add(listener)
          return connection(server, faults, listener)
        }),
        () =>
          Effect.sync(() => {
            listeners.delete(listener)
            for (const readers of server.readers.values()) readers.delete(listener)
          })
      ))
  })
  const clients = yield* RcMap.make({
    lookup: ({ options, url }: { readonly url: string; readonly options: ConnectOptions }) => open(url, options),
    idleTimeToLive: "Infinity"
  })

  return Context.make(CacheStore, {
    connect: Effect.fnUntraced(function*(url, options = {}) {
      const reason = failingConnects.shift()
      if (reason !== undefined) return yield* made(reason, "connect")
      const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
      return yield* text === "embedded:" ? open(text, options) : RcMap.get(clients, { url: text, options })
    })
  }).pipe(Context.add(FakeCacheStore, {
    failNext: (times, reason) =>
      Effect.sync(() => void faults.failing.push(...Array.from({ length: times }, () => reason))),
    failConnect: (times, reason) =>
      Effect.sync(() => void failingConnects.push(...Array.from({ length: times }, () => reason))),
    down: Effect.sync(() => void (faults.isDown = true)),
    up: Effect.sync(() => {
      faults.isDown = false
      for (const { readers } of servers.values()) readers.clear()
      for (const listener of listeners) listener.changedAll()
    }),
    delay: (duration) => Effect.sync(() => void (faults.delay = Duration.fromInputUnsafe(duration))),
    loseInvalidations: (times) => Effect.sync(() => void (faults.lost += times)),
    anotherProcess: (url, options = {}) => open(url, options),
    commands: Effect.sync(() => [...faults.asked])
  }))
})

/** Holds nothing until the first `connect`; when it closes, all is gone. */
export const layer: Layer.Layer<CacheStore | FakeCacheStore> = Layer.effectContext(make)

interface Faults {
  readonly failing: Array<CacheError["reason"]>
  delay: Duration.Duration
  isDown: boolean
  /** Changes that are still to be kept from others. */
  lost: number
  readonly asked: Array<Asked>
}

interface Server {
  readonly values: Map<string, { bytes: Uint8Array; until: number }>
  /** Who has to be told when a key is changed. */
  readonly readers: Map<string, Set<Listener>>
}

const connection = (server: Server, faults: Faults, self: Listener): CacheServer => {
  const value = (key: string, now: number): Uint8Array | undefined => {
    const kept = server.values.get(key)
    return kept === undefined || kept.until <= now ? undefined : kept.bytes
  }
  const read = (key: string): void => {
    const readers = server.readers.get(key)
    if (readers === undefined) server.readers.set(key, new Set([self]))
    else readers.add(self)
  }
  const tell = (key: string): void => {
    const readers = server.readers.get(key)
    server.readers.delete(key)
    if (faults.lost > 0) return void faults.lost--
    for (const reader of readers ?? []) if (reader !== self) reader.changed([key])
  }

  /** Does a command in the middle of its delay. */
  const command = <A>(asked: Asked, work: (now: number) => A): Effect.Effect<A, CacheError> =>
    Effect.suspend(() => {
      faults.asked.push(asked)
      const half = Duration.divideUnsafe(faults.delay, 2)
      const way = Duration.isZero(half) ? Effect.void : Effect.sleep(half)
      const there = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const reason = faults.isDown ? "Connection" : faults.failing.shift()
        return reason === undefined ? Effect.sync(() => work(now)) : Effect.fail(made(reason, asked.command))
      })
      return Effect.tap(Effect.andThen(way, there), way)
    })

  return {
    get: (keys) =>
      command({ command: "get", keys }, (now) =>
        keys.map((key) => {
          read(key)
          return value(key, now)
        })),
    set: (items) =>
      command({ command: "set", keys: items.map(({ key }) => key) }, (now) => {
        for (const { bytes, keepMillis, key } of items) {
          server.values.set(key, { bytes, until: now + keepMillis })
          tell(key)
          read(key)
        }
      }),
    delete: (keys) =>
      command({ command: "delete", keys }, (now) =>
        keys.filter((key) => {
          const isGood = CacheCodec.isGood(value(key, now), now)
          server.values.delete(key)
          tell(key)
          return isGood
        }).length),
    expire: (key, times) =>
      command({ command: "expire", keys: [key] }, (now) => {
        const old = value(key, now)
        if (old === undefined || !CacheCodec.isGood(old, now)) return false
        const bytes = Buffer.from(old)
        CacheCodec.times(times).copy(bytes, 2)
        server.values.set(key, { bytes, until: times.expiresAt + times.graceMillis })
        tell(key)
        return true
      }),
    health: Effect.sync(() =>
      faults.isDown
        ? { status: "degraded", problem: "the fake cache server is down", hint: "FakeCacheStore.up" }
        : { status: "up", version: "fake", latency: faults.delay, pool: { max: 1, open: 1, busy: 0, waiting: 0 } }
    )
  }
}

const made = (reason: CacheError["reason"], what: string) =>
  new CacheError({ reason, message: `on the fake cache, ${what}: made to fail with ${reason}` })
