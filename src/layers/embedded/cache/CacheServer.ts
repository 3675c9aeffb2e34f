/** What the policy of the cache needs of a server: bytes by key. `RedisCacheStore` and `FakeCacheStore` have one each. */
import type { Effect, Scope } from "effect"
import type { CacheError } from "../../../services/CacheStore.ts"
import type { Health } from "../../../services/Health.ts"
import type { Times } from "./CacheCodec.ts"

export interface CacheServer {
  /** Bytes in the order of the keys, which are distinct. */
  readonly get: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Uint8Array | undefined>, CacheError>
  /**
   * Keys are distinct. From its answer on, changes of these keys by others are told. Who may wait does so while a connection
   * is made.
   */
  readonly set: (items: ReadonlyArray<Item>, mayWait: boolean) => Effect.Effect<unknown, CacheError>
  /** Answers with how many of the keys, which are distinct, had a good value at `now`. Others are told of missing keys too. */
  readonly delete: (keys: ReadonlyArray<string>, now: number) => Effect.Effect<number, CacheError>
  /** Replaces the times in the head of a value that is good at `now`; answers with whether there was one. */
  readonly expire: (key: string, times: Times, now: number) => Effect.Effect<boolean, CacheError>
  readonly health: Effect.Effect<Health>
}

/** A value to keep for `keepMillis`, its grace included. */
export interface Item {
  readonly key: string
  readonly bytes: Uint8Array
  readonly keepMillis: number
}

/** Whom a server tells, at once and before it answers anything that comes after. */
export interface Listener {
  /** Others changed these keys. */
  readonly changed: (keys: ReadonlyArray<string>) => void
  /** Any key may have been changed: everything was removed, or messages may have been missed. */
  readonly changedAll: () => void
}

export type Connect = (listener: Listener) => Effect.Effect<CacheServer, CacheError, Scope.Scope>
