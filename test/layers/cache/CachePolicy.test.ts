/** The policy of the cache against a naive model: two processes on one server, in any order, as time passes. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Result, Schema, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import * as MemoryCacheStore from "../../../src/layers/embedded/MemoryCacheStore.ts"
import * as FakeCacheStore from "../../../src/layers/fake/FakeCacheStore.ts"
import { type Cache, type CacheClient, CacheStore } from "../../../src/services/CacheStore.ts"
import { sampled } from "../../support/seeds.ts"

const ttl = 600_000
const negativeTtl = 60_000
const grace = 300_000
const options = { name: "model", schema: Schema.Finite, jitter: 0, ttl, negativeTtl, grace } as const

/** What there is, as one list of all that was ever kept would have it. */
class Model {
  readonly entries = new Map<string, { readonly value: number | undefined; expiresAt: number; graceMillis: number }>()
  now = 0

  good(key: string): number | "none" | "missing" {
    const entry = this.entries.get(key)
    return entry === undefined || entry.expiresAt <= this.now ? "missing" : entry.value ?? "none"
  }
  get(key: string): Option.Option<number> {
    const found = this.good(key)
    return typeof found === "number" ? Option.some(found) : Option.none()
  }
  set(key: string, value: number | undefined, millis: number): void {
    const graceMillis = value === undefined ? 0 : grace
    this.entries.set(key, { value, expiresAt: this.now + millis, graceMillis })
  }
  load(key: string, loaded: number | "none" | "fails"): Result.Result<Option.Option<number>, string> {
    if (this.good(key) !== "missing") return Result.succeed(this.get(key))
    if (loaded === "fails") {
      const entry = this.entries.get(key)
      return entry?.value !== undefined && entry.expiresAt + entry.graceMillis > this.now
        ? Result.succeed(Option.some(entry.value))
        : Result.fail("no")
    }
    this.set(key, loaded === "none" ? undefined : loaded, loaded === "none" ? negativeTtl : ttl)
    return Result.succeed(this.get(key))
  }
}

const key = fc.constantFrom("a", "b", "c")
const by = fc.nat(1)
const duration = fc.constantFrom(1, 59_999, 60_000, 299_999, 300_000, 600_000)
const step = fc.oneof(
  fc.record({ do: fc.constant("get" as const), by, key }),
  fc.record({ do: fc.constant("getMany" as const), by }),
  fc.record({
    do: fc.constant("set" as const),
    by,
    key,
    value: fc.nat(99),
    millis: fc.option(duration, { nil: undefined })
  }),
  fc.record({ do: fc.constant("delete" as const), by, key }),
  fc.record({ do: fc.constant("expire" as const), by, key, millis: duration }),
  fc.record({ do: fc.constant("ttl" as const), by, key }),
  fc.record({
    do: fc.constant("load" as const),
    by,
    key,
    loaded: fc.constantFrom(7, 8, "none" as const, "fails" as const)
  }),
  fc.record({ do: fc.constant("pass" as const), millis: duration })
)
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

const run = Effect.fnUntraced(function*(steps: ReadonlyArray<Step>, processes: ReadonlyArray<Cache<number>>) {
  const model = new Model()
  for (const [at, step] of steps.entries()) {
    const because = `step ${at} of ${JSON.stringify(steps)}`
    if (step.do === "pass") {
      yield* TestClock.adjust(step.millis)
      model.now += step.millis
      continue
    }
    const cache = processes[step.by % processes.length]!
    if (step.do === "get") assert.deepStrictEqual(yield* cache.get(step.key), model.get(step.key), because)
    if (step.do === "getMany") {
      const keys = ["a", "b", "c", "a"]
      assert.deepStrictEqual(yield* cache.getMany(keys), keys.map((key) => model.get(key)), because)
    }
    if (step.do === "set") {
      yield* cache.set(step.key, step.value, { ttl: step.millis })
      model.set(step.key, step.value, step.millis ?? ttl)
    }
    if (step.do === "delete") {
      assert.strictEqual(yield* cache.delete(step.key), Option.isSome(model.get(step.key)), because)
      model.entries.delete(step.key)
    }
    if (step.do === "expire") {
      const isThere = Option.isSome(model.get(step.key))
      assert.strictEqual(yield* cache.expire(step.key, step.millis), isThere, because)
      if (isThere) model.entries.get(step.key)!.expiresAt = model.now + step.millis
    }
    if (step.do === "ttl") {
      const left = Option.map(model.get(step.key), () => model.entries.get(step.key)!.expiresAt - model.now)
      const found = Option.map(yield* cache.ttl(step.key), Duration.toMillis)
      assert.deepStrictEqual(found, left, because)
    }
    if (step.do === "load") {
      const { loaded } = step
      const loader = loaded === "fails"
        ? Effect.fail("no")
        : Effect.succeed(loaded === "none" ? Option.none() : Option.some(loaded))
      assert.deepStrictEqual(
        yield* Effect.result(cache.getOrLoad(step.key, loader)),
        model.load(step.key, loaded),
        because
      )
    }
  }
})

/** Checks random steps; each run has caches of its own, which `open` hands out. */
const check = <E>(
  layer: Layer.Layer<CacheStore | FakeCacheStore.FakeCacheStore, E>,
  open: Effect.Effect<ReadonlyArray<CacheClient>, unknown, CacheStore | FakeCacheStore.FakeCacheStore | Scope.Scope>
) =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) =>
      Effect.flatMap(
        open,
        Effect.forEach((client) => client.cache(options))
      ).pipe(
        Effect.flatMap((processes) => run(steps, processes)),
        Effect.scoped,
        Effect.provide(Layer.merge(layer, TestClock.layer())),
        Effect.runPromise
      )),
    { numRuns: sampled(300) }
  )

describe("CachePolicy", () => {
  const fake = Layer.provideMerge(MemoryCacheStore.layer, Layer.mock(FakeCacheStore.FakeCacheStore)({}))

  it("R41 in memory alone it does what a plain map with times does", () =>
    check(fake, Effect.flatMap(CacheStore, (store) => Effect.map(store.connect("embedded:"), Array.of))))

  it("R41 two processes on one server do what a plain map with times does", () =>
    check(
      FakeCacheStore.layer,
      Effect.flatMap(FakeCacheStore.FakeCacheStore, (fake) =>
        Effect.all([fake.anotherProcess("redis://fake"), fake.anotherProcess("redis://fake")]))
    ))
})
