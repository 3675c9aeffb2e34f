/**
 * The cache: a memory hit against bentocache and Effect's own `Cache`; a stampede; how often each level answers, and how fast,
 * on a Zipf trace; how long another process's delete goes unseen; one shared connection against pools of them.
 *
 * Needs a Redis: `SKEIN_TEST_REDIS_URL`, by default the loopback. Run: `node bench/cache.ts`
 */
import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { Cache, Effect, Option, Schema, type Scope } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { createClient, createClientPool } from "redis"
import * as MemoryCacheStore from "../src/layers/embedded/MemoryCacheStore.ts"
import * as RedisCacheStore from "../src/layers/live/RedisCacheStore.ts"
import { CacheStore, type ConnectOptions } from "../src/services/CacheStore.ts"
import { alternate, goal, inProcess, print, quantile, ratio } from "./Alternate.ts"

const redisUrl = process.env["SKEIN_TEST_REDIS_URL"] ?? "redis://127.0.0.1:6379"
const name = process.argv[3] ?? `skein-bench-${process.pid}`
const rounds = 9

const keysOf = (count: number) => Array.from({ length: count }, (_, at) => `key-${at}`)
const connect = (url: string, options?: ConnectOptions) =>
  Effect.flatMap(CacheStore, (store) => store.connect(url, options))
const run = <A, E>(effect: Effect.Effect<A, E, CacheStore | Scope.Scope>, url: string) =>
  Effect.runPromise(
    Effect.scoped(effect).pipe(Effect.provide(url.startsWith("redis") ? RedisCacheStore.layer : MemoryCacheStore.layer))
  )

const memoryHits = () =>
  run(
    Effect.gen(function*() {
      const keys = keysOf(1_000)
      const operations = 200_000
      const skein = yield* (yield* connect("embedded:")).cache({ name: "hits", schema: Schema.String })
      yield* skein.setMany(keys.map((key) => [key, key] as const))
      const own = yield* Cache.make({
        capacity: 10_000,
        lookup: (key: string) => Effect.succeed(key),
        timeToLive: "1 hour"
      })
      const bento = new BentoCache({ default: "memory", stores: { memory: bentostore().useL1Layer(memoryDriver({})) } })
      for (const key of keys) yield* Effect.promise(() => bento.set({ key, value: key, ttl: "1h" }))

      const many = (get: (key: string) => Effect.Effect<unknown>) =>
        inProcess(() =>
          Effect.runPromise(Effect.gen(function*() {
            for (let at = 0; at < operations; at++) yield* get(keys[at % keys.length]!)
          }))
        )
      const results = yield* Effect.promise(() =>
        alternate(
          [
            { name: "skein get", run: () => many(skein.get) },
            { name: "skein getOrLoad", run: () => many((key) => skein.getOrLoad(key, Effect.succeedNone)) },
            { name: "Effect Cache.get", run: () => many((key) => Cache.get(own, key)) },
            {
              name: "bentocache get",
              run: () =>
                inProcess(async () => {
                  for (let at = 0; at < operations; at++) await bento.get({ key: keys[at % keys.length]! })
                })
            }
          ],
          rounds,
          2
        )
      )
      console.log(`\n${operations} memory hits`)
      print(results)
      const [get, , effect, other] = results
      goal("bentocache, in times of a memory hit", ratio(other!, get!).median, "at least", 3)
      goal("a memory hit, in times of Effect's Cache.get", ratio(get!, effect!).median, "at most", 2)
    }),
    "embedded:"
  )

const stampede = () =>
  run(
    Effect.gen(function*() {
      const cache = yield* (yield* connect(redisUrl)).cache({ name, schema: Schema.Finite })
      let loads = 0
      const load = Effect.sync(() => Option.some(++loads)).pipe(Effect.delay("20 millis"))
      yield* Effect.all(Array.from({ length: 1_000 }, () => cache.getOrLoad("stampede", load)), {
        concurrency: "unbounded"
      })
      yield* cache.delete("stampede")
      goal("loads for 1,000 concurrent misses", loads, "at most", 1)
    }),
    redisUrl
  )

/** Ranks by Zipf's law with exponent 1: the n-th most wanted key is wanted 1/n times as often as the first. */
const zipf = (keys: number, length: number): ReadonlyArray<number> => {
  const sums: Array<number> = []
  for (let at = 0; at < keys; at++) sums.push((sums[at - 1] ?? 0) + 1 / (at + 1))
  let state = 42
  // Mulberry32.
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  return Array.from({ length }, () => {
    const wanted = random() * sums.at(-1)!
    let low = 0
    for (let high = keys - 1; low < high;) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  })
}

const trace = () =>
  run(
    Effect.gen(function*() {
      const client = yield* connect(redisUrl, { maxEntries: 10_000 })
      const cache = yield* client.cache({
        name: `${name}-zipf`,
        schema: Schema.Struct({ id: Schema.Int, text: Schema.String })
      })
      const wanted = zipf(100_000, 200_000)
      const micros = { memory: [] as Array<number>, redis: [] as Array<number>, loader: [] as Array<number> }
      let loads = 0
      for (const [at, id] of wanted.entries()) {
        const load = Effect.sync(() => (loads++, Option.some({ id, text: "x".repeat(100) })))
        const before = { loads, hits: at < 100_000 ? 0 : (yield* client.statistics).memory.hits }
        const began = performance.now()
        yield* cache.getOrLoad(`k${id}`, load)
        const took = (performance.now() - began) * 1_000
        // The first half fills the levels.
        if (at < 100_000) continue
        const level = loads > before.loads
          ? "loader"
          : (yield* client.statistics).memory.hits > before.hits
          ? "memory"
          : "redis"
        micros[level].push(took)
      }
      console.log("\nZipf(1.0), 100,000 keys, 10 % in memory, 100,000 asks after 100,000 that filled the levels")
      for (const [level, all] of Object.entries(micros)) {
        console.log(
          `${level.padEnd(7)} ${(all.length / 1_000).toFixed(1).padStart(5)} %  p50 ${
            quantile(all, 0.5).toFixed(1)
          } us  p99 ${quantile(all, 0.99).toFixed(1)} us`
        )
      }
      goal("asks that memory answers", micros.memory.length / 1_000, "at least", 70, " %")
      yield* cache.deleteMany(Array.from({ length: 100_000 }, (_, at) => `k${at}`))
    }),
    redisUrl
  )

/** Another process: deletes each key that it is sent and answers with the moment at which the server had done it. */
const other = () =>
  run(
    Effect.gen(function*() {
      const cache = yield* (yield* connect(redisUrl)).cache({ name, schema: Schema.String })
      process.on("message", (key) =>
        void Effect.runPromise(cache.delete(String(key))).then(() =>
          process.send?.(performance.timeOrigin + performance.now())
        ))
      process.send?.("ready")
      return yield* Effect.never
    }),
    redisUrl
  )

const staleness = () =>
  run(
    Effect.gen(function*() {
      const child = fork(import.meta.filename, ["other", name])
      yield* Effect.promise(() => once(child, "message"))
      const cache = yield* (yield* connect(redisUrl)).cache({ name, schema: Schema.String })
      const all: Array<number> = []
      for (let at = 0; at < 1_000; at++) {
        const key = `stale-${at}`
        yield* cache.set(key, "v")
        const answer = once(child, "message")
        child.send(key)
        yield* Effect.repeat(Effect.tap(cache.get(key), Effect.promise(() => new Promise(setImmediate))), {
          until: Option.isNone
        })
        const seen = performance.timeOrigin + performance.now()
        const [done] = yield* Effect.promise(() => answer)
        all.push(Math.max(0, seen - Number(done)))
      }
      child.kill()
      console.log(`\nstaleness after another process's delete, of 1,000: p50 ${quantile(all, 0.5).toFixed(2)} ms`)
      goal("staleness at p99", quantile(all, 0.99), "at most", 50, " ms")
    }),
    redisUrl
  )

const pools = () =>
  run(
    Effect.gen(function*() {
      const keys = keysOf(10_000)
      const filled = yield* (yield* connect(redisUrl)).cache({ name: `${name}-pool`, schema: Schema.String })
      yield* filled.setMany(keys.map((key) => [key, "x".repeat(100)] as const), { ttl: "5 minutes" })
      // A memory level of one entry answers nothing.
      const shared = yield* connect(redisUrl, { maxEntries: 1 })
      const ten = yield* connect(redisUrl, { maxEntries: 1, connections: 10, minConnections: 10, maxQueued: 1 })
      const fifty = yield* connect(redisUrl, { maxEntries: 1, connections: 50, minConnections: 50, maxQueued: 1 })
      const driver = yield* Effect.forEach([10, 50], (size) =>
        Effect.promise(() =>
          createClientPool({ url: redisUrl }, { minimum: size, maximum: size, acquireTimeout: 15_000 }).connect()
        ))

      const bare = yield* Effect.promise(() =>
        createClient({ url: redisUrl }).connect()
      )

      const reads = Effect.fnUntraced(function*(client: typeof shared) {
        const cache = yield* client.cache({ name: `${name}-pool`, schema: Schema.String })
        return yield* Effect.forEach(keys, cache.get, { concurrency: 200, discard: true })
      })
      const driverReads = async (get: (key: string) => Promise<unknown>) => {
        let next = 0
        const worker = async () => {
          while (next < keys.length) {
            await get(`${name}-pool:${keys[next++]}`)
          }
        }
        await Promise.all(Array.from({ length: 200 }, worker))
      }
      const results = yield* Effect.promise(() =>
        alternate([
          {
            name: "one connection",
            run: () => inProcess(() => Effect.runPromise(reads(shared)))
          },
          { name: "10, one command each", run: () => inProcess(() => Effect.runPromise(reads(ten))) },
          { name: "50, one command each", run: () => inProcess(() => Effect.runPromise(reads(fifty))) },
          { name: "bare driver, one connection", run: () => inProcess(() => driverReads((key) => bare.get(key))) },
          { name: "bare driver, pool of 10", run: () => inProcess(() => driverReads((key) => driver[0]!.get(key))) },
          { name: "bare driver, pool of 50", run: () => inProcess(() => driverReads((key) => driver[1]!.get(key))) }
        ], rounds)
      )
      console.log("\n10,000 reads from Redis, 200 at a time")
      print(results)
      goal("a pool of 10, in times of one connection", ratio(results[1]!, results[0]!).median, "at least", 1)
      goal("a pool of 50, in times of one connection", ratio(results[2]!, results[0]!).median, "at least", 1)
      goal(
        "the driver's pool of 10, in times of its one connection",
        ratio(results[4]!, results[3]!).median,
        "at least",
        1
      )
      yield* filled.deleteMany(keys)
      for (const client of [bare, ...driver]) client?.destroy()
    }),
    redisUrl
  )

if (process.argv[2] === "other") await other()
else if (process.argv[2] === "pools") await pools()
else {
  await memoryHits()
  await stampede()
  await trace()
  await staleness()
  await pools()
}
