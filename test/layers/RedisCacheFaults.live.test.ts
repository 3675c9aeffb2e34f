/** Redis of the test's own that is killed, frozen, full or closed to us; and another process on the same one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schedule, Schema, type Scope } from "effect"
import { fork } from "node:child_process"
import { createConnection } from "node:net"
import { fileURLToPath } from "node:url"
import * as RedisCacheStore from "../../src/layers/live/RedisCacheStore.ts"
import {
  type Cache,
  type CacheClient,
  type CacheError,
  CacheStore,
  type ConnectOptions
} from "../../src/services/CacheStore.ts"
import * as RealRedis from "../support/RealRedis.ts"

/** A server that runs, a client of it and a cache. */
const connected = Effect.fnUntraced(function*(options: ConnectOptions = {}, args: ReadonlyArray<string> = []) {
  const redis = yield* RealRedis.make(args)
  yield* redis.start
  const client = yield* (yield* CacheStore).connect(redis.url, options)
  return { redis, client, cache: yield* texts(client) }
})

const texts = (client: CacheClient): Effect.Effect<Cache<string>> =>
  client.cache({ name: "t", schema: Schema.String, ttl: "10 minutes", grace: "10 minutes" })

/** The same server as another process sees it. */
const another = (url: string) =>
  Effect.flatMap(CacheStore, (store) => Effect.flatMap(store.connect(url, { maxEntries: 77 }), texts))

const until = <A>(look: Effect.Effect<A>, isIt: (value: A) => boolean) =>
  Effect.repeat(look, { until: isIt, schedule: Schedule.spaced("5 millis") }).pipe(Effect.timeout("20 seconds"))
const isUp = (client: CacheClient) => until(client.health, ({ status }) => status === "up")

const test = (title: string, body: Effect.Effect<void, unknown, CacheStore | Scope.Scope>) =>
  it.live(title, () => Effect.scoped(body).pipe(Effect.provide(RedisCacheStore.layer)))

describe("RedisCacheStore on a server with faults", () => {
  test(
    "R41 Redis killed -9: memory and loaders go on, health is degraded with a hint; when it is back it is used again",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected()
      yield* cache.set("known", "v")
      yield* redis.kill
      yield* until(client.health, ({ status }) => status === "degraded")

      assert.deepStrictEqual(yield* cache.get("known"), Option.some("v"))
      assert.deepStrictEqual(yield* cache.get("unknown"), Option.none())
      assert.deepStrictEqual(yield* cache.getOrLoad("k", Effect.succeedSome("loaded")), Option.some("loaded"))
      const health = yield* client.health
      assert.deepStrictEqual([health.status, health.pool?.open], ["degraded", 0])
      assert.isString(health.hint)
      assert.include(health.problem, redis.url)

      yield* redis.start
      yield* isUp(client)
      assert.strictEqual((yield* client.statistics).memory.entries, 0, "what was missed is not trusted")
      assert.deepStrictEqual(yield* cache.get("known"), Option.none(), "the server lost it")
      yield* cache.set("known", "again")
      assert.deepStrictEqual(yield* (yield* another(redis.url)).get("known"), Option.some("again"))
    })
  )

  test(
    "R41 Redis killed -9 and started three times under load: nobody who reads sees a failure, and every client comes back",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected()
      const reader = yield* Effect.forkChild(Effect.forever(
        Effect.forEach(
          Array.from({ length: 50 }, (_, at) => `k${at}`),
          (key) => Effect.andThen(cache.getOrLoad(key, Effect.succeedSome("v")), Effect.ignore(cache.delete(key))),
          { concurrency: 50, discard: true }
        )
      ))
      for (let round = 0; round < 3; round++) {
        yield* Effect.sleep("50 millis")
        yield* redis.kill
        yield* Effect.sleep("50 millis")
        yield* redis.start
        yield* isUp(client)
      }
      assert.isUndefined(reader.pollUnsafe())
      yield* Fiber.interrupt(reader)
      assert.deepStrictEqual((yield* client.health).pool?.waiting, 0)
    })
  )

  test(
    "R41 Redis that is down at the start is no failure, and is used when it comes",
    Effect.gen(function*() {
      const redis = yield* RealRedis.make()
      const client = yield* (yield* CacheStore).connect(redis.url)
      const cache = yield* texts(client)
      assert.deepStrictEqual(yield* cache.getOrLoad("k", Effect.succeedSome("v")), Option.some("v"))
      assert.deepStrictEqual(yield* cache.get("k"), Option.some("v"))
      assert.strictEqual((yield* client.health).status, "degraded")

      yield* redis.start
      yield* isUp(client)
      yield* cache.set("k", "w")
      assert.deepStrictEqual(yield* (yield* another(redis.url)).get("k"), Option.some("w"))
    })
  )

  test(
    "R41 what was on its way when Redis died fails, and is not done later by a new one",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected()
      yield* redis.freeze
      const setting = yield* Effect.forkChild(Effect.flip(cache.set("k", "v")), { startImmediately: true })
      const reading = yield* Effect.forkChild(cache.get("other"), { startImmediately: true })
      yield* Effect.sleep("20 millis")
      yield* redis.kill

      assert.strictEqual((yield* Fiber.join(setting)).reason, "Connection")
      assert.deepStrictEqual(yield* Fiber.join(reading), Option.none())
      yield* redis.start
      yield* isUp(client)
      assert.deepStrictEqual(yield* (yield* another(redis.url)).get("k"), Option.none())
    })
  )

  test(
    "R41 Redis that hangs: commands fail in time, and the cache is well when it goes on",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected({ commandTimeout: "500 millis" })
      yield* redis.freeze
      assert.strictEqual((yield* Effect.flip(cache.set("k", "v"))).reason, "Timeout")
      assert.deepStrictEqual(yield* cache.getOrLoad("other", Effect.succeedSome("loaded")), Option.some("loaded"))
      yield* redis.thaw
      yield* isUp(client)
      yield* cache.set("k", "w")
      assert.deepStrictEqual(yield* cache.get("k"), Option.some("w"))
    })
  )

  test(
    "a change waits while the connection is made again",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected({ retries: 1_000 })
      yield* redis.kill
      yield* until(client.health, ({ status }) => status === "degraded")
      const setting = yield* Effect.forkChild(cache.set("k", "v"), { startImmediately: true })
      yield* redis.start
      yield* Fiber.join(setting)

      assert.deepStrictEqual(yield* (yield* another(redis.url)).get("k"), Option.some("v"))
    })
  )

  const refused: ReadonlyArray<readonly [string, string, ReadonlyArray<string>, CacheError["reason"]]> = [
    ["a wrong password", "redis://:geheim@", ["--requirepass", "other"], "Authentication"],
    ["a missing password", "redis://", ["--requirepass", "geheim"], "Authentication"]
  ]
  for (const [what, prefix, args, reason] of refused) {
    test(
      `${what} is told at once, without the password`,
      Effect.gen(function*() {
        const redis = yield* RealRedis.make(args)
        yield* redis.start
        const error = yield* Effect.flip((yield* CacheStore).connect(redis.url.replace("redis://", prefix)))

        assert.strictEqual(error.reason, reason)
        assert.notInclude(`${error.message} ${error.hint}`, "geheim")
      })
    )
  }

  test(
    "who was refused is let in once the server does so",
    Effect.gen(function*() {
      const redis = yield* RealRedis.make(["--requirepass", "other"])
      yield* redis.start
      const store = yield* CacheStore
      yield* Effect.flip(Effect.scoped(store.connect(redis.url)))
      yield* raw(Number(new URL(redis.url).port), "AUTH other\r\nCONFIG SET requirepass ''")
      const connect = Effect.scoped(Effect.asVoid(store.connect(redis.url)))

      yield* Effect.retry(connect, { schedule: Schedule.spaced("20 millis"), times: 50 })
    })
  )

  test(
    "a right password lets us in",
    Effect.gen(function*() {
      const redis = yield* RealRedis.make(["--requirepass", "a/b@c"])
      yield* redis.start
      const url = redis.url.replace("redis://", `redis://:${encodeURIComponent("a/b@c")}@`)
      const client = yield* (yield* CacheStore).connect(url)

      const { latency, status, version } = yield* client.health
      assert.strictEqual(status, "up")
      assert.match(version ?? "", /^(Redis|Valkey) \d+\./)
      assert.isDefined(latency)
    })
  )

  test(
    "a full server refuses, and memory has the value all the same",
    Effect.gen(function*() {
      const { cache } = yield* connected({}, ["--maxmemory", "1", "--maxmemory-policy", "noeviction"])
      const error = yield* Effect.flip(cache.set("k", "much-too-large".repeat(100)))

      assert.strictEqual(error.reason, "Refused")
      assert.notInclude(error.message, "much-too-large")
      assert.isTrue(Option.isSome(yield* cache.get("k")))
    })
  )

  test(
    "R41 a value whose time is over is loaded again",
    Effect.gen(function*() {
      const { cache, redis } = yield* connected()
      const others = yield* another(redis.url)
      yield* cache.set("k", "old", { ttl: "50 millis" })
      yield* until(others.get("k"), Option.isNone)
      yield* until(cache.get("k"), Option.isNone)

      assert.deepStrictEqual(yield* others.getOrLoad("k", Effect.succeedSome("new")), Option.some("new"))
      assert.deepStrictEqual(yield* cache.get("k"), Option.some("new"))
    })
  )

  test(
    "FLUSHALL empties memory too, and what others wrote under a key counts as missing",
    Effect.gen(function*() {
      const { cache, client, redis } = yield* connected()
      const port = Number(new URL(redis.url).port)
      yield* cache.set("k", "v")
      yield* raw(port, "FLUSHALL")
      yield* until(cache.get("k"), Option.isNone)

      for (const [at, command] of ["SET t:k0 plain", "LPUSH t:k1 item", "SET t:k2 ''"].entries()) {
        yield* raw(port, command)
        assert.deepStrictEqual(yield* cache.get(`k${at}`), Option.none())
        assert.isFalse(yield* cache.expire(`k${at}`, "1 minute"))
        assert.isFalse(yield* cache.delete(`k${at}`))
        yield* cache.set(`k${at}`, "ours")
        assert.deepStrictEqual(yield* cache.get(`k${at}`), Option.some("ours"))
      }
      assert.strictEqual((yield* client.statistics).unfit, 0)
    })
  )

  test(
    "the connections that a pool of others has: many, one command at a time on each",
    Effect.gen(function*() {
      const { cache, client } = yield* connected({
        connections: 80,
        minConnections: 10,
        maxQueued: 1,
        retries: 5,
        connectTimeout: "5 seconds",
        commandTimeout: "10 seconds",
        acquireTimeout: "15 seconds"
      })
      assert.deepStrictEqual((yield* client.health).pool, { max: 80, open: 10, busy: 0, waiting: 0 })
      const keys = Array.from({ length: 500 }, (_, at) => `k${at}`)
      yield* Effect.forEach(keys, (key) => cache.set(key, key), { concurrency: 200, discard: true })

      assert.isAbove((yield* client.health).pool?.open ?? 0, 60)
      assert.deepStrictEqual(yield* cache.getMany(keys), keys.map(Option.some))
    })
  )

  test(
    "R41 another process's delete is seen here, soon",
    Effect.gen(function*() {
      const { cache, redis } = yield* connected()
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          fork(fileURLToPath(new URL("../support/cacheProcess.ts", import.meta.url)), [redis.url, "t"])
        ),
        (child) => Effect.sync(() => child.kill())
      )
      const message = Effect.callback<unknown>((resume) => {
        child.once("message", (said) => resume(Effect.succeed(said)))
      })
      yield* message

      const staleness: Array<number> = []
      for (let at = 0; at < 100; at++) {
        const key = `k${at}`
        yield* cache.set(key, "v")
        const answer = yield* Effect.forkChild(message, { startImmediately: true })
        child.send(key)
        yield* Effect.repeat(Effect.tap(cache.get(key), Effect.yieldNow), { until: Option.isNone })
        const seen = performance.timeOrigin + performance.now()
        staleness.push(Math.max(0, seen - Number(yield* Fiber.join(answer))))
      }
      const sorted = staleness.toSorted((a, b) => a - b)
      console.log(
        `staleness after another process's delete: p50 ${sorted[50]!.toFixed(2)} ms, p99 ${sorted[99]!.toFixed(2)} ms`
      )
      assert.isBelow(sorted[99]!, 300_000)
    })
  )
})

/** A command of somebody else, on a connection of its own. */
const raw = (port: number, command: string) =>
  Effect.callback<void>((resume) => {
    const socket = createConnection(port, "127.0.0.1", () => socket.write(`${command}\r\n`))
    socket.once("data", () => {
      socket.destroy()
      resume(Effect.void)
    })
  })
