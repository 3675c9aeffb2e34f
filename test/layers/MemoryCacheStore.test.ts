/** The cache without a server passes the suite; what its URLs mean. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import * as MemoryCacheStore from "../../src/layers/embedded/MemoryCacheStore.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"
import { TestCache, tests, timeTests } from "../services/CacheStoreSuite.ts"

layer(Layer.merge(MemoryCacheStore.layer, Layer.succeed(TestCache, { url: "embedded:suite", prefix: "test" })))(
  "MemoryCacheStore",
  (it) => {
    tests(it)
    timeTests(it)

    it.effect("embedded: is a cache of its own for each connect", () =>
      Effect.gen(function*() {
        const store = yield* CacheStore
        const one = yield* (yield* store.connect("embedded:")).cache({ name: "n", schema: Schema.String })
        const other = yield* (yield* store.connect("embedded:")).cache({ name: "n", schema: Schema.String })
        yield* one.set("k", "v")

        assert.deepStrictEqual(yield* other.get("k"), Option.none())
      }))

    it.effect("embedded:NAME is kept between clients", () =>
      Effect.gen(function*() {
        const store = yield* CacheStore
        const cache = Effect.flatMap(store.connect("embedded:kept"), (client) =>
          client.cache({ name: "n", schema: Schema.String }))
        yield* Effect.scoped(Effect.flatMap(cache, (cache) =>
          cache.set("k", "v")))

        assert.deepStrictEqual(yield* Effect.flatMap(cache, (cache) => cache.get("k")), Option.some("v"))
      }))

    for (const url of ["embedded:./folder", "redis://:geheim@host", "embedded:a b", ""]) {
      it.effect(`${JSON.stringify(url)} is refused without being repeated`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip((yield* CacheStore).connect(url))

          assert.strictEqual(error.reason, "Invalid")
          assert.notInclude(`${error.message} ${error.hint}`, "geheim")
        }))
    }
  }
)
