/**
 * The memory level of a cache: entries under full keys, bounded in number and bytes, the least recently used goes first.
 *
 * A value that is on its way into it is watched: when its key is changed meanwhile, it must not come in, since it may be the
 * old one. So whoever reads from a server or loads is `watching` its key, and puts only while the {@link Watch} is valid.
 */
import { Effect, type Exit, type Option, type Schema } from "effect"
import { LRUCache } from "lru-cache"

/** A value as readers get it. All times are milliseconds since 1970. */
export interface Entry {
  /** What a reader is answered, as an effect. */
  readonly answer: Exit.Exit<Option.Option<unknown>>
  /** The answer is that there is none. */
  readonly isNone: boolean
  /** How the value is written down, for a reader with another schema. */
  readonly format: Format
  /** Until then memory answers without asking anybody. */
  readonly freshUntil: number
  /** The end of its time to live. */
  readonly expiresAt: number
  /** Until then it may stand in when its loader fails. */
  readonly staleUntil: number
  readonly bytes: number
}

/** The values of one schema as JSON. What fails names the value: show it to nobody. */
export interface Format {
  readonly encode: (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>
  readonly decode: (json: unknown) => Effect.Effect<unknown, Schema.SchemaError>
}

/** One value on its way in. */
export interface Watch {
  readonly key: string
  /** False once the key was changed. */
  isValid: boolean
}

export interface CacheLevel {
  /** The entry, fresh or not, as the most recently used one. */
  readonly get: (key: string) => Entry | undefined
  /** Watches keys, in their order, while `use` runs. */
  readonly watching: <A, E, R>(
    keys: ReadonlyArray<string>,
    use: (watches: ReadonlyArray<Watch>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Keeps the entry, unless it is larger than the level. Whose watch is not valid any more must not. */
  readonly put: (key: string, entry: Entry) => void
  /** Takes note that the key is changed: what is here of it, and what is on its way, is old. True when there was an entry. */
  readonly change: (key: string) => boolean
  /** The same for all keys. */
  readonly changeAll: () => void
  readonly size: () => { readonly entries: number; readonly bytes: number; readonly evictions: number }
}

export const make = (maxEntries: number, maxBytes: number): CacheLevel => {
  let evictions = 0
  const entries = new LRUCache<string, Entry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }, key) => bytes + key.length,
    dispose: (_entry, _key, reason) => {
      if (reason === "evict") evictions++
    }
  })
  const watched = new Map<string, Set<Watch>>()
  const watch = (key: string): Watch => {
    const watch = { key, isValid: true }
    const others = watched.get(key)
    if (others === undefined) watched.set(key, new Set([watch]))
    else others.add(watch)
    return watch
  }
  const unwatch = (watch: Watch): void => {
    const watches = watched.get(watch.key)
    watches?.delete(watch)
    if (watches?.size === 0) watched.delete(watch.key)
  }

  return {
    get: (key) => entries.get(key),
    watching: (keys, use) =>
      Effect.acquireUseRelease(
        Effect.sync(() => keys.map(watch)),
        use,
        (watches) => Effect.sync(() => watches.forEach(unwatch))
      ),
    put: (key, entry) => void entries.set(key, entry),
    change: (key) => {
      const watches = watched.get(key)
      if (watches !== undefined) invalidate(watches)
      return entries.delete(key)
    },
    changeAll: () => {
      for (const watches of watched.values()) invalidate(watches)
      entries.clear()
    },
    size: () => ({ entries: entries.size, bytes: entries.calculatedSize, evictions })
  }
}

const invalidate = (watches: Iterable<Watch>): void => {
  for (const watch of watches) watch.isValid = false
}
