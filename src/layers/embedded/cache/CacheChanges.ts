/**
 * The changing half of the cache's policy.
 *
 * A change is noted before it is sent and again after it is answered: what somebody read between the two may be the old
 * value, and the server does not tell us of our own changes.
 */
import { Clock, Duration, Effect, Option } from "effect"
import { CacheError } from "../../../services/CacheStore.ts"
import * as CacheCodec from "./CacheCodec.ts"
import type { CacheEntries } from "./CacheEntries.ts"
import type { Entry } from "./CacheLevel.ts"
import { isGood } from "./CacheReads.ts"
import type { CacheState } from "./CacheState.ts"

export interface CacheChanges<A> {
  readonly set: (values: ReadonlyMap<string, A>, ttl: Duration.Input | undefined) => Effect.Effect<void, CacheError>
  /** Answers with how many of the keys, which are distinct, were there. */
  readonly remove: (keys: ReadonlyArray<string>) => Effect.Effect<number, CacheError>
  readonly expire: (key: string, ttl: Duration.Input) => Effect.Effect<boolean, CacheError>
}

export const make = <A>(state: CacheState, entries: CacheEntries<A>): CacheChanges<A> => {
  const { change, level, server } = state

  /** Runs a change on the server; what was read meanwhile does not stay in memory. */
  const noted = <B>(keys: ReadonlyArray<string>, work: Effect.Effect<B, CacheError>): Effect.Effect<B, CacheError> =>
    Effect.suspend(() => {
      keys.forEach(change)
      return Effect.ensuring(work, Effect.sync(() => keys.forEach(change)))
    })

  const set = Effect.fnUntraced(function*(values: ReadonlyMap<string, A>, ttl: Duration.Input | undefined) {
    const keys = [...values.keys()]
    if (ttl !== undefined && millis(ttl) <= 0) return yield* Effect.asVoid(remove(keys))
    const sealed = yield* Effect.forEach(
      values,
      ([key, value]) => Effect.mapError(entries.seal(Option.some(value), ttl), () => doesNotFit(key))
    )
    const put = (isValid: (at: number) => boolean) =>
      sealed.forEach(({ entry }, at) => {
        const key = keys[at]!
        const stays = isValid(at)
        change(key)
        if (stays) level.put(key, entry)
      })
    if (server === undefined) return put(() => true)

    keys.forEach(change)
    const items = sealed.map(({ bytes, keepMillis }, at) => ({ key: keys[at]!, bytes, keepMillis }))
    yield* level.watching(keys, (watches) =>
      server.set(items, true).pipe(
        Effect.map(() => put((at) => watches[at]!.isValid)),
        // That the server is not there is no reason to forget what we were told.
        Effect.tapError(() => Effect.sync(() => put(() => true))),
        Effect.onInterrupt(() => Effect.sync(() => keys.forEach(change)))
      ))
  })

  const remove = Effect.fnUntraced(function*(keys: ReadonlyArray<string>) {
    const now = yield* Clock.currentTimeMillis
    if (server === undefined) {
      const there = keys.filter((key) => isThere(level.get(key), now)).length
      keys.forEach(change)
      return there
    }
    return yield* noted(keys, server.delete(keys, now))
  })

  const expire = Effect.fnUntraced(function*(key: string, ttl: Duration.Input) {
    if (millis(ttl) <= 0) return (yield* remove([key])) > 0
    const now = yield* Clock.currentTimeMillis
    const expiresAt = Math.min(Math.ceil(now + millis(ttl)), CacheCodec.never)
    const { graceMillis } = entries
    if (server !== undefined) return yield* noted([key], server.expire(key, { expiresAt, graceMillis }, now))

    const entry = level.get(key)
    if (!isThere(entry, now)) return false
    change(key)
    const times = { freshUntil: expiresAt, expiresAt, staleUntil: expiresAt + graceMillis }
    level.put(key, { ...entry, ...times })
    return true
  })

  return { set, remove, expire }
}

const isThere = (entry: Entry | undefined, now: number): entry is Entry => isGood(entry, now) && !entry.isNone

const doesNotFit = (key: string) =>
  new CacheError({ reason: "Invalid", message: `cache: the value for "${key}" does not fit its schema` })

const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))
