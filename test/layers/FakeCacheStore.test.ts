/** The fake passes the suite, also as two processes; its faults are those that a real server has. */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as FakeCacheStore from "../../src/layers/fake/FakeCacheStore.ts"
import { CacheStore } from "../../src/services/CacheStore.ts"
import { serverTests, TestCache, tests, timeTests } from "../services/CacheStoreSuite.ts"

const suite = Layer.effect(
  TestCache,
  Effect.map(FakeCacheStore.FakeCacheStore, (fake) => ({
    url: "redis://fake",
    prefix: "test",
    another: fake.anotherProcess("redis://fake")
  }))
)

layer(Layer.provideMerge(suite, FakeCacheStore.layer))("FakeCacheStore", (it) => {
  tests(it)
  timeTests(it)
  serverTests(it)

  /** A server of its own for each test, with a cache of two processes. */
  let counter = 0
  const pair = Effect.gen(function*() {
    const fake = yield* FakeCacheStore.FakeCacheStore
    const url = `redis://fake/${counter++}`
    const client = yield* (yield* CacheStore).connect(url)
    const options = { name: "n", schema: Schema.String, jitter: 0, ttl: "1 hour", grace: "1 hour" } as const
    return {
      fake,
      client,
      mine: yield* client.cache(options),
      theirs: yield* (yield* fake.anotherProcess(url)).cache(options)
    }
  })

  it.effect("commands fail as often as told, for that reason; reads count as missing then", () =>
    Effect.gen(function*() {
      const { client, fake, mine } = yield* pair
      yield* fake.failNext(2, "Timeout")

      assert.deepStrictEqual(yield* mine.get("k"), Option.none())
      assert.strictEqual((yield* Effect.flip(mine.set("k", "v"))).reason, "Timeout")
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("v"))
      yield* mine.set("k", "w")
      assert.strictEqual((yield* client.statistics).server?.failures, 1)
    }))

  it.effect("connects fail as often as told", () =>
    Effect.gen(function*() {
      const { fake } = yield* pair
      yield* fake.failConnect(1, "Authentication")
      const connect = Effect.flatMap(CacheStore, (store) => store.connect("redis://fake/other"))

      assert.strictEqual((yield* Effect.flip(connect)).reason, "Authentication")
      yield* connect
    }))

  it.effect("what was asked of the server is recorded", () =>
    Effect.gen(function*() {
      const { fake, mine } = yield* pair
      const before = (yield* fake.commands).length
      yield* mine.set("k", "v")
      yield* mine.get("k")
      yield* mine.getMany(["k", "a", "b"])
      yield* mine.expire("k", "1 minute")
      yield* mine.delete("k")

      assert.deepStrictEqual((yield* fake.commands).slice(before), [
        { command: "set", keys: ["n:k"] },
        { command: "get", keys: ["n:a", "n:b"] },
        { command: "expire", keys: ["n:k"] },
        { command: "delete", keys: ["n:k"] }
      ])
    }))

  it.effect("delays are those of the test's clock", () =>
    Effect.gen(function*() {
      const { fake, mine } = yield* pair
      yield* fake.delay("1 minute")
      const fiber = yield* Effect.forkChild(mine.get("k"))
      yield* TestClock.adjust(59_999)
      assert.isUndefined(fiber.pollUnsafe())

      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      yield* fake.delay(0)
    }))

  it.effect("R41 while the server is down, memory and loaders go on, health says degraded, and changes fail", () =>
    Effect.gen(function*() {
      const { client, fake, mine, theirs } = yield* pair
      yield* mine.set("known", "v")
      yield* fake.down

      assert.deepStrictEqual(yield* mine.get("known"), Option.some("v"))
      assert.deepStrictEqual(yield* mine.getOrLoad("k", Effect.succeedSome("loaded")), Option.some("loaded"))
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("loaded"))
      assert.strictEqual((yield* Effect.flip(mine.delete("k"))).reason, "Connection")
      assert.deepStrictEqual(yield* mine.get("k"), Option.none())
      const { hint, status } = yield* client.health
      assert.strictEqual(status, "degraded")
      assert.isString(hint)

      yield* fake.up
      assert.strictEqual((yield* client.statistics).memory.entries, 0)
      yield* theirs.set("known", "w")
      assert.deepStrictEqual(yield* mine.get("known"), Option.some("w"))
      yield* mine.set("known", "x")
      assert.strictEqual((yield* client.health).status, "up")
    }))

  it.effect("R41 a lost invalidation is bounded by the time of promotion", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      yield* mine.set("k", "old")
      yield* fake.loseInvalidations(1)
      yield* theirs.set("k", "new")

      yield* TestClock.adjust(299_999)
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("old"))
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("new"))
    }))

  it.effect("R41 while the server is down, a value past its time of promotion stands in for a failed loader", () =>
    Effect.gen(function*() {
      const { fake, mine } = yield* pair
      yield* mine.set("k", "old")
      yield* fake.down
      yield* TestClock.adjust("10 minutes")

      assert.deepStrictEqual(yield* mine.get("k"), Option.none())
      assert.deepStrictEqual(yield* mine.getOrLoad("k", Effect.fail("no")), Option.some("old"))
      yield* fake.up
    }))

  it.effect("R41 what was being fetched when another changed it does not stay in memory", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      yield* theirs.set("k", "old")
      yield* fake.delay("10 seconds")
      const reading = yield* Effect.forkChild(mine.get("k"))
      yield* TestClock.adjust("6 seconds")
      yield* fake.delay(0)
      yield* theirs.set("k", "new")
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("new"))
      yield* TestClock.adjust("4 seconds")

      assert.deepStrictEqual(yield* Fiber.join(reading), Option.some("old"))
      assert.deepStrictEqual(yield* mine.get("k"), Option.some("new"))
    }))

  for (const what of ["set", "getOrLoad"] as const) {
    it.effect(`R41 what ${what} was writing when another deleted it does not stay`, () =>
      Effect.gen(function*() {
        const { fake, mine, theirs } = yield* pair
        const gate = yield* Effect.forkChild(
          Effect.gen(function*() {
            if (what === "set") return yield* mine.set("k", "old")
            return yield* Effect.asVoid(mine.getOrLoad("k", Effect.as(fake.delay("10 seconds"), Option.some("old"))))
          }),
          { startImmediately: what === "getOrLoad" }
        )
        if (what === "set") yield* fake.delay("10 seconds")
        yield* TestClock.adjust("6 seconds")
        yield* fake.delay(0)
        yield* theirs.delete("k")
        yield* TestClock.adjust("4 seconds")
        yield* Fiber.join(gate)

        assert.deepStrictEqual(yield* theirs.get("k"), Option.none())
        assert.deepStrictEqual(yield* mine.get("k"), Option.none())
      }))
  }

  it.effect("R41 what getOrLoad wrote over another's delete is taken back", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      const load = Effect.as(fake.delay("10 seconds"), Option.some("old"))
      const loading = yield* Effect.forkChild(mine.getOrLoad("k", load), { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      yield* fake.delay(0)
      yield* theirs.delete("k")
      yield* TestClock.adjust("7 seconds")
      yield* Fiber.join(loading)

      assert.deepStrictEqual([yield* theirs.get("k"), yield* mine.get("k")], [Option.none(), Option.none()])
    }))

  it.effect("R41 what was loading when another deleted it is not written at all", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      yield* mine.getOrLoad("k", Effect.as(Effect.orDie(theirs.delete("k")), Option.some("old")))

      assert.isFalse((yield* fake.commands).slice(-2).some(({ command }) => command === "set"))
    }))

  it.effect("R41 what was read while a delete of our own waited does not stay", () =>
    Effect.gen(function*() {
      const { fake, mine } = yield* pair
      yield* mine.set("k", "old")
      yield* fake.delay("10 seconds")
      const deleting = yield* Effect.forkChild(mine.delete("k"), { startImmediately: true })
      yield* fake.delay("2 seconds")
      const reading = yield* Effect.forkChild(mine.get("k"), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      yield* fake.delay(0)

      assert.deepStrictEqual(yield* Fiber.join(reading), Option.some("old"))
      assert.isTrue(yield* Fiber.join(deleting))
      assert.deepStrictEqual(yield* mine.get("k"), Option.none())
    }))

  it.effect("R41 a change of our own that is on its way keeps an older answer out of memory", () =>
    Effect.gen(function*() {
      const { fake, mine } = yield* pair
      yield* mine.set("k", "old")
      yield* fake.delay("10 seconds")
      const writing = yield* Effect.forkChild(mine.set("k", "new"))
      yield* TestClock.adjust("4 seconds")
      const reading = yield* Effect.forkChild(mine.get("k"))
      // Read after the write was done there, answered after it.
      yield* TestClock.adjust("10 seconds")
      yield* Effect.all([Fiber.join(writing), Fiber.join(reading)])
      yield* fake.delay(0)

      assert.deepStrictEqual(yield* mine.get("k"), Option.some("new"))
    }))

  it.effect("R41 a change that was interrupted leaves no older value in memory", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      yield* mine.set("k", "old")
      yield* fake.delay("10 seconds")
      const writing = yield* Effect.forkChild(mine.delete("k"))
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.interrupt(writing)
      yield* fake.delay(0)

      assert.deepStrictEqual(yield* mine.get("k"), Option.none())
      assert.deepStrictEqual(yield* theirs.get("k"), Option.none())
    }))

  it.effect("1,000 who read one key that memory does not have cause one command", () =>
    Effect.gen(function*() {
      const { fake, mine, theirs } = yield* pair
      yield* theirs.set("k", "v")
      const before = (yield* fake.commands).length
      yield* fake.delay("1 second")
      const reading = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 1_000 }, () => mine.get("k")), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      yield* fake.delay(0)

      assert.deepStrictEqual(new Set((yield* Fiber.join(reading)).map(Option.getOrThrow)), new Set(["v"]))
      assert.strictEqual((yield* fake.commands).length - before, 1)
    }))
})
