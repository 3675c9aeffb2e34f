/**
 * Another process with a cache, forked with a URL and the name of the cache. It deletes each key that it is sent, and answers
 * with the moment at which that was done, in milliseconds since 1970.
 */
import { Effect, Queue, Schema } from "effect"
import * as RedisCacheStore from "../../src/layers/live/RedisCacheStore.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"

const [url = "", name = ""] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const client = yield* (yield* CacheStore).connect(url)
  const cache = yield* client.cache({ name, schema: Schema.String })
  const keys = yield* Queue.unbounded<string>()
  process.on("message", (key) => Queue.offerUnsafe(keys, String(key)))
  process.send?.("ready")
  return yield* Effect.forever(Effect.gen(function*() {
    yield* cache.delete(yield* Queue.take(keys))
    process.send?.(performance.timeOrigin + performance.now())
  }))
})

process.once("disconnect", () => process.exit(0))
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(RedisCacheStore.layer)))
