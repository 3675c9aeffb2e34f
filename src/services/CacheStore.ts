/**
 * Caches, named by URL: a bounded level in memory, in front of a Redis where the URL names one.
 *
 * Implementations: `layers/live/RedisCacheStore` (two levels), `layers/embedded/MemoryCacheStore` (memory only),
 * `layers/fake/FakeCacheStore`; `layers/Connections` picks by URL. All pass `test/services/CacheStoreSuite`.
 */
import { Context, type Duration, type Effect, type Option, type Redacted, Schema, type Scope } from "effect"
import type { Health } from "./Health.ts"

export class CacheStore extends Context.Service<CacheStore, {
  /**
   * Hands out a client for the cache at `url`, good until the scope closes.
   *
   * `redis://` and `rediss://` reach a server; `embedded:` is a cache of its own, `embedded:NAME` one that all of this name share.
   * Clients of one URL with the same options share the connection and the memory level. A Redis that is down is no failure:
   * the memory level and the loaders go on, and `health` says `degraded`.
   */
  readonly connect: (
    url: string | Redacted.Redacted<string>,
    options?: ConnectOptions
  ) => Effect.Effect<CacheClient, CacheError, Scope.Scope>
}>()("skein/services/CacheStore") {}

export interface ConnectOptions {
  /** Most entries of the memory level; the least recently used goes. @default 10000 */
  readonly maxEntries?: number | undefined
  /** Most bytes of encoded values and their keys in the memory level. @default 64 MiB */
  readonly maxBytes?: number | undefined
  /** The longest that the memory level trusts a value that came from Redis. @default "5 minutes" */
  readonly promotionTtl?: Duration.Input | undefined
  /**
   * How other processes' memory levels learn of a change: `tracking` (RESP3, the server remembers who read what), `pubsub`
   * (every change is announced), `none` (at the end of `promotionTtl`). @default "tracking"
   */
  readonly invalidation?: "tracking" | "pubsub" | "none" | undefined
  /** Values of at least so many bytes are kept deflated on the server. @default 16 KiB */
  readonly compressAbove?: number | undefined
  /**
   * Connections: one is the fastest, since commands are pipelined; more serve where one processor of the server is not enough.
   * @default 1
   */
  readonly connections?: number | undefined
  /** Those of them that are opened at the start; the others when they are first needed. @default 1 */
  readonly minConnections?: number | undefined
  /** Bound on making a connection, TLS and login included. @default "5 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** Bound on one command, watched in steps of a quarter. Its connection is given up then. @default "10 seconds" */
  readonly commandTimeout?: Duration.Input | undefined
  /** Commands on their way on one connection; with 1 it is a pool as others have it. @default 10000 */
  readonly maxQueued?: number | undefined
  /** Longest wait of a command while `maxQueued` are on their way, and of a change for a connection. @default "15 seconds" */
  readonly acquireTimeout?: Duration.Input | undefined
  /**
   * How many tries to connect again a change waits for; then changes fail at once until the server is back. Reads never
   * wait, and nothing that was sent is sent again. @default 5
   */
  readonly retries?: number | undefined
}

export interface CacheClient {
  /** The values of one kind: their keys begin with `name`, and are decoded by `schema` whichever level they come from. */
  readonly cache: <A, I>(options: CacheOptions<A, I>) => Effect.Effect<Cache<A>>
  readonly health: Effect.Effect<Health>
  /** Of all caches of this client together. */
  readonly statistics: Effect.Effect<Statistics>
}

export interface CacheOptions<A, I> {
  /** Prefix of the keys, before a colon. Two caches of one name share their entries. */
  readonly name: string
  /**
   * What is kept: dates, big integers, maps and class instances come out as they went in, from both levels. A stored value
   * that does not fit counts as missing.
   */
  readonly schema: Schema.Codec<A, I>
  /** How long a value is good. @default "1 hour" */
  readonly ttl?: Duration.Input | undefined
  /** Part of the `ttl`, 0 to 1, by which an entry's is shorter at random, so that not all end together. @default 0.1 */
  readonly jitter?: number | undefined
  /** How long "there is none" is remembered, when a loader answers so. @default "30 seconds" */
  readonly negativeTtl?: Duration.Input | undefined
  /** How long after its `ttl` a value is still given out when the loader fails. @default "0 seconds" */
  readonly grace?: Duration.Input | undefined
}

/**
 * Values of one kind by key. Reads never fail because of the server: what it cannot answer is missing. Values are shared by
 * all who read them, not copied: do not change them.
 */
export interface Cache<A> {
  readonly get: (key: string) => Effect.Effect<Option.Option<A>>
  /** Answers in the order of `keys`. One round trip for each 1,000 that memory does not have. */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Option.Option<A>>>
  /**
   * Fails with `Connection` when the server was not reached; the memory level of this process has the value then. With a
   * `ttl` of zero it deletes.
   */
  readonly set: (key: string, value: A, options?: SetOptions) => Effect.Effect<void, CacheError>
  /** As {@link Cache.set}; the last one of equal keys counts. One round trip for each 500. */
  readonly setMany: (
    entries: Iterable<readonly [key: string, value: A]>,
    options?: SetOptions
  ) => Effect.Effect<void, CacheError>
  /** Removes the entry from every level of every process; answers with whether `get` would have found it on the server. */
  readonly delete: (key: string) => Effect.Effect<boolean, CacheError>
  /** Answers with how many there were. */
  readonly deleteMany: (keys: ReadonlyArray<string>) => Effect.Effect<number, CacheError>
  /** Gives the entry a new time to live, without jitter; answers with whether it is there. Zero deletes it. */
  readonly expire: (key: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
  /** What is left of the time to live. */
  readonly ttl: (key: string) => Effect.Effect<Option.Option<Duration.Duration>>
  /**
   * Returns the value, or loads and keeps it. `None` of the loader is remembered too, for `negativeTtl`.
   *
   * One load per key runs in this process: who asks meanwhile gets its outcome, failure included. It runs with the services
   * of the first, goes on when that one is interrupted, and ends when all who wait are. When it fails and an older value is
   * within its `grace`, that is returned. What it loads is given out but not kept when the key is changed meanwhile, by
   * whatever process, or when it does not fit the schema.
   */
  readonly getOrLoad: <E, R>(
    key: string,
    load: Effect.Effect<Option.Option<A>, E, R>,
    options?: SetOptions
  ) => Effect.Effect<Option.Option<A>, E, R>
}

export interface SetOptions {
  readonly ttl?: Duration.Input | undefined
}

/** Counts since the client was made. */
export interface Statistics {
  readonly memory: Level & { readonly entries: number; readonly bytes: number; readonly evictions: number }
  /** Absent without a server. */
  readonly server?: Level & { readonly failures: number } | undefined
  readonly loads: number
  readonly loadFailures: number
  /** Asks that waited for the load of another one. */
  readonly joined: number
  /** Values given out within their grace. */
  readonly stale: number
  /** Entries of the memory level that another process made invalid. */
  readonly invalidations: number
  /** Values that did not fit their schema: stored ones, which count as missing, and loaded ones, which are not kept. */
  readonly unfit: number
}

export interface Level {
  readonly hits: number
  readonly misses: number
}

/**
 * Failure of one operation. `reason` says what kind:
 *
 * - `Connection` the server was not reached, or was lost; a change may or may not have been done
 * - `Authentication` the server refused the user, the password or the right to do this
 * - `Timeout` the command took longer than it may
 * - `Busy` too many commands wait
 * - `Invalid` the URL, or a value that its schema cannot encode
 * - `Refused` anything else that the server refused
 *
 * No message holds a password or a value.
 */
export class CacheError extends Schema.TaggedError<CacheError>()("CacheError", {
  reason: Schema.Literals(["Connection", "Authentication", "Timeout", "Busy", "Invalid", "Refused"]),
  /** What was tried, on what, and what went wrong. */
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String)
}) {}
