/**
 * What a cache does, whatever is behind it: a level in memory, in front of a server where there is one.
 *
 * A value is looked for in memory, then on the server, then its loader is asked; and it goes back into both. Every layer of
 * `CacheStore` is this policy over its own `CacheServer`, or over none: then memory is all there is.
 */
import { Clock, Duration, Effect, Option, type Scope } from "effect"
import type { Cache, CacheClient, CacheError, CacheOptions, ConnectOptions } from "../../../services/CacheStore.ts"
import * as CacheChanges from "./CacheChanges.ts"
import * as CacheCodec from "./CacheCodec.ts"
import * as CacheEntries from "./CacheEntries.ts"
import type { Entry } from "./CacheLevel.ts"
import * as CacheReads from "./CacheReads.ts"
import type { Connect } from "./CacheServer.ts"
import * as CacheState from "./CacheState.ts"

/** Makes a client; what it holds ends with the scope. Without `connect` there is no server. */
export const open = Effect.fnUntraced(function*(
  options: ConnectOptions,
  connect?: Connect
): Effect.fn.Return<CacheClient, CacheError, Scope.Scope> {
  const state = yield* CacheState.make(options, connect)
  const settings: CacheEntries.Settings = {
    promotionMillis: state.server === undefined
      ? Infinity
      : Duration.toMillis(Duration.fromInputUnsafe(options.promotionTtl ?? "5 minutes")),
    compressAbove: state.server === undefined ? Infinity : options.compressAbove ?? 16 * 1024,
    onUnfit: () => state.counts.others.unfit++
  }
  return {
    cache: (options) => Effect.sync(() => makeCache(state, options, CacheEntries.make(options, settings))),
    health: state.server?.health ?? Effect.succeed({ status: "up", version: "in memory" }),
    statistics: Effect.sync(state.statistics)
  }
})

const makeCache = <A, I>(
  state: CacheState.CacheState,
  { name }: CacheOptions<A, I>,
  entries: CacheEntries.CacheEntries<A>
): Cache<A> => {
  const { fetch, fetchOne, inMemory, load } = CacheReads.make(state, entries)
  const { expire, remove, set } = CacheChanges.make(state, entries)
  const prefix = `${name}:`

  const answer = (entry: Entry | undefined): Effect.Effect<Option.Option<A>> =>
    Clock.clockWith((clock) =>
      CacheReads.isGood(entry, clock.currentTimeMillisUnsafe()) ? entries.answer(entry) : Effect.succeedNone
    )

  return {
    get: (key) =>
      Effect.withFiber((fiber) => {
        const full = prefix + key
        const entry = inMemory(full, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
        return entry === undefined ? Effect.flatMap(fetchOne(full), answer) : entries.answer(entry)
      }),

    getMany: Effect.fn("Cache.getMany")(function*(keys) {
      const now = yield* Clock.currentTimeMillis
      const found = new Map(keys.map((key) => [key, inMemory(prefix + key, now)]))
      const missing = [...found].flatMap(([key, entry]) => entry === undefined ? [key] : [])
      const fetched = yield* fetch(missing.map((key) => prefix + key))
      missing.forEach((key, at) => found.set(key, fetched[at]))
      return yield* Effect.forEach(keys, (key) => answer(found.get(key)))
    }),

    getOrLoad: (key, loader, options) =>
      Effect.withFiber((fiber) => {
        const full = prefix + key
        const entry = inMemory(full, fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
        // What a load gives out may be a stale value.
        return entry === undefined
          ? Effect.flatMap(load(full, loader, options?.ttl), entries.answer)
          : entries.answer(entry)
      }),

    ttl: Effect.fnUntraced(function*(key) {
      const now = yield* Clock.currentTimeMillis
      const entry = inMemory(prefix + key, now) ?? (yield* fetchOne(prefix + key))
      if (!CacheReads.isGood(entry, now) || entry.isNone) return Option.none()
      return Option.some(
        entry.expiresAt === CacheCodec.never ? Duration.infinity : Duration.millis(entry.expiresAt - now)
      )
    }),

    set: Effect.fn("Cache.set")((key, value, options) => set(new Map([[prefix + key, value]]), options?.ttl)),
    setMany: Effect.fn("Cache.setMany")((values, options) =>
      set(new Map(Array.from(values, ([key, value]) => [prefix + key, value])), options?.ttl)
    ),
    delete: Effect.fn("Cache.delete")((key) => Effect.map(remove([prefix + key]), (count) => count > 0)),
    deleteMany: Effect.fn("Cache.deleteMany")((keys) => remove(Array.from(new Set(keys), (key) => prefix + key))),
    expire: Effect.fn("Cache.expire")((key, ttl) => expire(prefix + key, ttl))
  }
}
