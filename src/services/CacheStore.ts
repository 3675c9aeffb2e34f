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
  /** Most bytes of encoded values in the memory level. @default 64 MiB */
  readonly maxBytes?: number | undefined
  /** The longest that the memory level trusts a value that came from Redis. @default "5 minutes" */
  readonly promotionTtl?: Duration.Input | undefined
  /**
   * How other processes' memory levels learn of a change: `tracking` (RESP3, the server remembers who read what), `pubsub`
   * (every change is announced), `none` (at the end of `promotionTtl`). @default "tracking"
   */
  readonly invalidation?: "tracking" | "pubsub" | "none" | undefined
  /** Bound on making the connection, TLS and login included. @default "5 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** Bound on one command. @default "10 seconds" */
  readonly commandTimeout?: Duration.Input | undefined
  /** Commands that wait for an answer on a connection; further ones fail. @default 10000 */
  readonly maxQueued?: number | undefined
  /**
   * Connections: one is the fastest, since commands are pipelined; more serve where one processor of the server is not enough.
   * @default 1
   */
  readonly connections?: number | undefined
  /** Longest wait for a connection while all are full. @default "15 seconds" */
  readonly acquireTimeout?: Duration.Input | undefined
  /** How often a command that did not reach the server is tried again. @default 5 */
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
  /** What is kept, and how it looks as JSON. A stored value that does not fit counts as missing. */
  readonly schema: Schema.Codec<A, I>
  /** How long a value is good. @default "1 hour" */
  readonly ttl?: Duration.Input | undefined
  /** Part of the `ttl` by which each entry's differs at random, so that they do not end together. @default 0.1 */
  readonly jitter?: number | undefined
  /** How long "there is none" is remembered, when a loader answers so. @default "30 seconds" */
  readonly negativeTtl?: Duration.Input | undefined
  /** How long after its `ttl` a value is still given out when the loader fails. @default "0 seconds" */
  readonly grace?: Duration.Input | undefined
}

/** Values of one kind by key. Reads never fail because of the server: what it cannot answer is missing. */
export interface Cache<A> {
  readonly get: (key: string) => Effect.Effect<Option.Option<A>>
  /** Answers in the order of `keys`. One round trip. */
  readonly getMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Option.Option<A>>>
  /** Fails with `Connection` when the server was not reached; the memory level of this process has the value then. */
  readonly set: (key: string, value: A, options?: SetOptions) => Effect.Effect<void, CacheError>
  readonly setMany: (
    entries: Iterable<readonly [key: string, value: A]>,
    options?: SetOptions
  ) => Effect.Effect<void, CacheError>
  /** Removes the entry from every level of every process; answers with whether it was there. */
  readonly delete: (key: string) => Effect.Effect<boolean, CacheError>
  readonly deleteMany: (keys: ReadonlyArray<string>) => Effect.Effect<number, CacheError>
  /** Gives the entry a new time to live; answers with whether it is there. */
  readonly expire: (key: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
  /** What is left of the time to live. */
  readonly ttl: (key: string) => Effect.Effect<Option.Option<Duration.Duration>>
  /**
   * Returns the value, or loads and keeps it. At most one load per key runs in this process, for all who ask. `None` of the loader is
   * remembered too. When the loader fails and an older value is within its `grace`, that is returned.
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
