/** The contract on the machine's own Redis: `SKEIN_TEST_REDIS_URL`, by default the loopback. */
import { layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as RedisCacheStore from "../../src/layers/live/RedisCacheStore.ts"
import { CacheStore, type ConnectOptions } from "../../src/services/CacheStore.ts"
import { serverTests, TestCache, tests } from "../services/CacheStoreSuite.ts"

const url = process.env["SKEIN_TEST_REDIS_URL"] ?? "redis://127.0.0.1:6379"

const testCache = (options: ConnectOptions) =>
  Layer.succeed(TestCache, {
    url,
    prefix: `skein-test-${randomUUID().slice(0, 8)}-`,
    options,
    // Other options make another client, as another process would be.
    another: Effect.flatMap(CacheStore, (store) => store.connect(url, { ...options, maxEntries: 9_999 }))
  })

const kinds: Readonly<Record<string, ConnectOptions>> = {
  "one connection, tracking": {},
  "one connection, pub/sub": { invalidation: "pubsub" },
  "three connections, tracking": { connections: 3, minConnections: 2 }
}
for (const [kind, options] of Object.entries(kinds)) {
  layer(Layer.merge(RedisCacheStore.layer, testCache(options)), { excludeTestServices: true, timeout: "30 seconds" })(
    `RedisCacheStore, ${kind}`,
    (it) => {
      tests(it)
      serverTests(it)
    }
  )
}
