/** The reading half of the cache's policy: from the server into memory, and through loaders into both. */
import { Clock, type Duration, Effect, Exit, type Option } from "effect"
import type { CacheEntries } from "./CacheEntries.ts"
import type { Entry, Watch } from "./CacheLevel.ts"
import type { CacheState } from "./CacheState.ts"

export interface CacheReads<A> {
  /** What memory has and may give out. Counts a hit or a miss. */
  readonly inMemory: (key: string, now: number) => Entry | undefined
  /**
   * Asks the server for keys, which are distinct, and keeps in memory what it has. Never fails: what the server cannot
   * answer is missing. An entry may be one whose time is over, within its grace.
   */
  readonly fetch: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Entry | undefined>>
  /** The same for one key: one at a time, for all who ask. */
  readonly fetchOne: (key: string) => Effect.Effect<Entry | undefined>
  /** What the server has, or the outcome of the loader: one at a time, for all who ask. */
  readonly load: <E, R>(
    key: string,
    loader: Effect.Effect<Option.Option<A>, E, R>,
    ttl: Duration.Input | undefined
  ) => Effect.Effect<Entry, E, R>
}

export const make = <A>(state: CacheState, entries: CacheEntries<A>): CacheReads<A> => {
  const { change, counts, fetches, level, loads, server } = state

  const inMemory = (key: string, now: number): Entry | undefined => {
    const entry = level.get(key)
    if (entry !== undefined && entry.freshUntil > now) {
      counts.memory.hits++
      return entry
    }
    counts.memory.misses++
    return undefined
  }

  const receive = Effect.fnUntraced(function*(watch: Watch, bytes: Uint8Array | undefined) {
    const entry = bytes === undefined ? undefined : yield* entries.open(bytes)
    if (entry !== undefined && watch.isValid) level.put(watch.key, entry)
    if (isGood(entry, yield* Clock.currentTimeMillis)) counts.server.hits++
    else counts.server.misses++
    return entry
  })

  const fetch = (keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Entry | undefined>> => {
    const nothing = keys.map(() => undefined)
    if (server === undefined || keys.length === 0) return Effect.succeed(nothing)
    return level.watching(keys, (watches) =>
      Effect.matchEffect(server.get(keys), {
        onSuccess: (answers) => Effect.forEach(answers, (bytes, at) => receive(watches[at]!, bytes)),
        onFailure: () => {
          counts.server.failures++
          return Effect.succeed(nothing)
        }
      }))
  }

  const fetchOne = (key: string): Effect.Effect<Entry | undefined> =>
    server === undefined
      ? Effect.undefined
      : fetches.join(key, Effect.map(Effect.suspend(() => fetch([key])), ([entry]) => entry))

  /** Keeps what was loaded in both levels, unless the key was changed since: then it may be the old value. */
  const keep = Effect.fnUntraced(
    function*(watch: Watch, value: Option.Option<A>, ttl: Duration.Input | undefined) {
      const { key } = watch
      const { bytes, entry, keepMillis } = yield* entries.seal(value, ttl)
      if (keepMillis <= 0 || !watch.isValid) return entry
      if (server !== undefined) {
        const sent = yield* Effect.exit(server.set([{ key, bytes, keepMillis }], false))
        if (Exit.isFailure(sent)) counts.server.failures++
        else if (!watch.isValid) {
          // It was changed while our value was on its way, which may have come to lie on top.
          yield* Effect.ignore(server.delete([key], 0))
          return entry
        }
      }
      if (watch.isValid) {
        change(key)
        level.put(key, entry)
      }
      return entry
    },
    (kept, watch, value) =>
      Effect.catch(
        kept,
        () =>
          Effect.as(
            Effect.logWarning(`cache: what was loaded for "${watch.key}" does not fit its schema`),
            entries.unkept(value)
          )
      ),
    // Once it is sent, it must be known whether it may stay.
    Effect.uninterruptible
  )

  const loadOne = Effect.fnUntraced(function*<E, R>(
    key: string,
    loader: Effect.Effect<Option.Option<A>, E, R>,
    ttl: Duration.Input | undefined
  ) {
    const inLevel = level.get(key)
    const found = yield* fetchOne(key)
    if (isGood(found, yield* Clock.currentTimeMillis)) return found

    const older = found ?? inLevel
    counts.others.loads++
    return yield* level.watching([key], ([watch]) =>
      Effect.matchEffect(loader, {
        onSuccess: (value) => keep(watch!, value, ttl),
        onFailure: (error) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            counts.others.loadFailures++
            if (older === undefined || older.staleUntil <= now || !watch!.isValid) return Effect.fail(error)
            counts.others.stale++
            return Effect.succeed(older)
          })
      }))
  })

  return {
    inMemory,
    fetch,
    fetchOne,
    load: (key, loader, ttl) => loads.join(key, Effect.suspend(() => loadOne(key, loader, ttl)))
  }
}

/** There, and its time is not over. */
export const isGood = (entry: Entry | undefined, now: number): entry is Entry =>
  entry !== undefined && entry.expiresAt > now
