/** The fake is the embedded Postgres, and fails when told. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as FakePostgres from "../../src/layers/fake/FakePostgres.ts"
import { Postgres } from "../../src/services/Postgres.ts"
import { TestDatabase, tests } from "../services/PostgresSuite.ts"
import { entry } from "../support/embedded.ts"

const database = Layer.succeed(TestDatabase, { url: "embedded:fake" })

layer(Layer.merge(FakePostgres.layer({ entry }), database), {
  excludeTestServices: true,
  timeout: "30 seconds"
})("FakePostgres", (it) => {
  tests(it, { backends: "one" })

  it.effect("statements and connects fail when told, as often as told, for that reason", () =>
    Effect.gen(function*() {
      const fake = yield* FakePostgres.FakePostgres
      const postgres = yield* Postgres
      const client = yield* postgres.connect("embedded:")
      yield* fake.failNext(2, "Deadlock")
      yield* fake.failNext(1, "Connection")
      yield* fake.failConnect(1, "Authentication")

      const first = yield* Effect.flip(client.query("select 1"))
      const second = yield* Effect.flip(Stream.runDrain(client.stream("select 2")))
      const third = yield* Effect.flip(client.query("select 3"))
      const connect = yield* Effect.flip(Effect.scoped(postgres.connect("embedded:")))

      assert.deepStrictEqual(
        [first, second, third, connect].map(({ reason }) => reason),
        ["Deadlock", "Deadlock", "Connection", "Authentication"]
      )
      assert.strictEqual((yield* client.query("select 4 as n")).rows[0]?.["n"], 4)
    }))

  it.effect("what was asked is recorded, with its values", () =>
    Effect.gen(function*() {
      const fake = yield* FakePostgres.FakePostgres
      const client = yield* (yield* Postgres).connect("embedded:")
      yield* client.query("select $1::text", ["recorded"])

      assert.deepStrictEqual((yield* fake.statements).at(-1), { text: "select $1::text", params: ["recorded"] })
    }))

  it.effect("a failure that was asked for makes the database down for once", () =>
    Effect.gen(function*() {
      const fake = yield* FakePostgres.FakePostgres
      const client = yield* (yield* Postgres).connect("embedded:")
      yield* fake.failNext(1, "Connection")

      const down = yield* client.health
      assert.strictEqual(down.status, "down")
      assert.include(down.problem, "made to fail with Connection")
      assert.strictEqual((yield* client.health).status, "up")
    }))
})

describe("FakePostgres without a database", () => {
  it.effect("delays are those of the test's clock", () =>
    Effect.gen(function*() {
      const fake = yield* FakePostgres.FakePostgres
      const client = yield* (yield* Postgres).connect("any:")
      yield* fake.delay("1 minute")
      const fiber = yield* Effect.forkChild(client.query("select 1"))

      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).command, "SELECT")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.provide(
          FakePostgres.over,
          Layer.mock(Postgres)({
            connect: () =>
              Effect.succeed({
                query: () => Effect.succeed({ command: "SELECT", columns: [], rows: [], rowsAffected: 0 })
              } as never)
          })
        )
      )
    ))
})
