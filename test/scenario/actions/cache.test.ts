import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as FakeCacheStore from "../../../src/layers/fake/FakeCacheStore.ts"
import * as UndiciHttpClient from "../../../src/layers/live/UndiciHttpClient.ts"
import type { ActionError } from "../../../src/scenario/Action.ts"
import { assert as assertAction } from "../../../src/scenario/actions/assert.ts"
import { cache } from "../../../src/scenario/actions/cache.ts"
import { http } from "../../../src/scenario/actions/http.ts"
import { waitFor } from "../../../src/scenario/actions/wait_for.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { makeContext, runAction, type TestContext } from "./context.ts"

const services = Layer.mergeAll(Scenarios.layer, FakeCacheStore.layer, UndiciHttpClient.layer())

const run = (input: ValueRecord, context: TestContext) =>
  Effect.map(runAction(cache, input, { context }), (output) => output as ValueRecord)

const problems = (input: ValueRecord) => cache.validate?.(new Set(Object.keys(input)), input) ?? []

layer(services, { excludeTestServices: true })("cache", (it) => {
  for (const { title, yaml } of cache.examples) {
    it.effect(`example: ${title}`, () =>
      Effect.gen(function*() {
        const actions = [cache, http, assertAction, waitFor]
        const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${yaml}` }, actions)

        const one = report.cases[0]
        assert.strictEqual(one?.status, "passed", JSON.stringify(one?.steps.map(({ failures }) => failures)))
      }))
  }

  describe("a value", () => {
    it.effect("comes out as it went in, by a process that has not seen it too", () =>
      Effect.gen(function*() {
        const value = {
          big: 9007199254740993n,
          bytes: new Uint8Array([1, 2]),
          list: [null, true, "x"],
          deep: { n: 1.5 }
        }
        yield* Effect.scoped(
          Effect.flatMap(makeContext(), (context) => run({ set: "k", value, url: "redis://one" }, context))
        )
        const other = yield* makeContext({ settings: { cache: { max_entries: 5 } } })

        assert.deepEqual(
          JSON.stringify((yield* run({ get: "k", url: "redis://one" }, other))["value"], text),
          JSON
            .stringify(value, text)
        )
      }))

    it.effect("is one cache's own: another name, another value", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ set: "k", value: 1 }, context)
        yield* run({ set: "k", value: 2, name: "other" }, context)

        assert.deepInclude(yield* run({ get: "k" }, context), { value: 1, found: true })
        assert.deepInclude(yield* run({ get: "k", name: "other" }, context), { value: 2 })
      }))

    it.effect("that is null for a loader is remembered as none", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const look = () => run({ get_or_set: "k", value: null }, context)

        assert.deepEqual({ ...yield* look() }, { value: null, found: false, loaded: true })
        assert.deepEqual({ ...yield* look() }, { value: null, found: false, loaded: false })
      }))
  })

  it.effect("a server that is down fails steps that need it, also those that read; health says degraded", () =>
    Effect.gen(function*() {
      const fake = yield* FakeCacheStore.FakeCacheStore
      const context = yield* makeContext()
      yield* run({ set: "k", value: 1, url: "redis://down" }, context)
      yield* fake.down
      const error = yield* Effect.flip(run({ set: "k", value: 2, url: "redis://down" }, context))
      const read = yield* Effect.flip(run({ get: "k", url: "redis://down" }, context))
      const { health } = yield* run({ health: true, url: "redis://down" }, context)
      yield* fake.up

      assert.strictEqual((error as ActionError).reason, "Connection")
      assert.deepInclude(read, { reason: "Connection", hint: "FakeCacheStore.up" })
      assert.strictEqual(health, "degraded")
    }))

  it.effect("statistics are in the words of files", () =>
    Effect.gen(function*() {
      const context = yield* makeContext()
      yield* run({ get: "k" }, context)
      const { statistics } = yield* run({ statistics: true }, context)

      assert.containsAllKeys(statistics, ["memory", "loads", "load_failures"])
    }))

  it("what does not fit together is found before anything runs", () => {
    const cases: ReadonlyArray<readonly [ValueRecord, string]> = [
      [{}, "give one of get, set,"],
      [{ get: "a", delete: "b" }, "give only one of get and delete"],
      [{ get: "a", ttl: "1s" }, "ttl belongs to set, expire, get_or_set"],
      [{ expire: "a" }, "expire needs ttl"],
      [{ set: "a" }, "set needs value"],
      [{ set: { a: 1 }, value: 2 }, "a map of keys has its values"],
      [{ get_or_set: "a" }, "give value or load"],
      [{ get: "a", url: "rediss:/" }, ""],
      [{ get: "a", url: "memcached://x" }, "no such URL begins with memcached:"]
    ]
    for (const [input, problem] of cases) assert.include(problems(input).join("; "), problem)
    assert.isEmpty(problems({ set: "a", value: 1, ttl: "1m", jitter: 0 }))
  })
})

const text = (_key: string, value: unknown) => typeof value === "bigint" ? String(value) : value
