/** The fake is the embedded document store, and fails when told. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as FakeDocumentStore from "../../src/layers/fake/FakeDocumentStore.ts"
import { DocumentStore } from "../../src/services/DocumentStore.ts"
import { tests, TestStore } from "../services/DocumentStoreSuite.ts"

const store = Layer.merge(FakeDocumentStore.layer(), Layer.succeed(TestStore, { url: "embedded:/kept/in/memory" }))

/** A collection of a store of its own, and the controls. */
const fresh = Effect.gen(function*() {
  const fake = yield* FakeDocumentStore.FakeDocumentStore
  const client = yield* (yield* DocumentStore).connect("embedded:")
  return { fake, client, collection: client.collection("orders") }
})

layer(store, { excludeTestServices: true, timeout: "30 seconds" })("FakeDocumentStore", (it) => {
  tests(it)

  it.effect("operations and connects fail when told, as often as told, for that reason, and are not done", () =>
    Effect.gen(function*() {
      const { collection, fake } = yield* fresh
      yield* fake.failNext(2, "Conflict")
      yield* fake.failNext(1, "Timeout")
      yield* fake.failConnect(1, "Authentication")

      const first = yield* Effect.flip(collection.insertOne({ _id: 1 }))
      const second = yield* Effect.flip(Stream.runDrain(collection.find()))
      const third = yield* Effect.flip(collection.listIndexes)
      const connect = yield* Effect.flip(Effect.scoped((yield* DocumentStore).connect("embedded:")))

      assert.deepStrictEqual(
        [first, second, third, connect].map(({ reason }) => reason),
        ["Conflict", "Conflict", "Timeout", "Authentication"]
      )
      assert.strictEqual(yield* collection.count(), 0)
    }))

  it.effect("an answer that is lost fails, and the write was done", () =>
    Effect.gen(function*() {
      const { client, collection, fake } = yield* fresh
      yield* fake.loseAnswers(1)
      const insert = yield* Effect.flip(collection.insertOne({ _id: 1 }))
      yield* fake.loseAnswers(1)
      const commit = yield* Effect.flip(client.transaction(Effect.void))

      assert.deepStrictEqual([insert.reason, commit.reason], ["Connection", "Connection"])
      assert.include(insert.message, "it was done")
      assert.strictEqual(yield* collection.count(), 1)
    }))

  it.effect("what was asked is recorded, with its arguments", () =>
    Effect.gen(function*() {
      const { collection, fake } = yield* fresh
      yield* collection.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true })

      assert.deepStrictEqual((yield* fake.operations).at(-1), {
        operation: "updateOne",
        collection: "orders",
        arguments: [{ _id: 1 }, { $inc: { n: 1 } }, { upsert: true }]
      })
    }))

  it.effect("a failure that was asked for makes the store down for once", () =>
    Effect.gen(function*() {
      const { client, fake } = yield* fresh
      yield* fake.failNext(1, "Connection")

      const down = yield* client.health

      assert.strictEqual(down.status, "down")
      assert.include(down.problem, "made to fail with Connection")
      assert.strictEqual((yield* client.health).status, "up")
    }))
})

describe("FakeDocumentStore on a test clock", () => {
  it.effect("delays last as long as the clock says", () =>
    Effect.gen(function*() {
      const { collection, fake } = yield* fresh
      yield* fake.delay("10 seconds")
      const fiber = yield* Effect.forkChild(collection.insertOne({ _id: 1 }))

      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(FakeDocumentStore.layer())))

  it.effect("documents go when the clock says that their time has come", () =>
    Effect.gen(function*() {
      const { collection } = yield* fresh
      yield* collection.createIndexes([{ fields: [["at", 1]], expireAfter: "1 minute" }])
      yield* collection.insertOne({ _id: 1, at: new Date(0) })

      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* collection.count(), 1)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* collection.count(), 0)
    }).pipe(Effect.provide(FakeDocumentStore.layer())))

  it.effect("a transaction that is left open is given up, and others go on", () =>
    Effect.gen(function*() {
      const { client, collection } = yield* fresh
      yield* collection.insertOne({ _id: 1, n: 0 })
      const stuck = yield* Effect.forkChild(
        Effect.flip(client.transaction(
          Effect.andThen(collection.updateOne({ _id: 1 }, { $set: { n: 1 } }), Effect.sleep("2 minutes"))
        ))
      )
      yield* TestClock.adjust("1 second")
      const waiting = yield* Effect.forkChild(collection.updateOne({ _id: 1 }, { $set: { n: 2 } }))
      yield* TestClock.adjust("57 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(waiting)
      yield* TestClock.adjust("2 minutes")

      assert.strictEqual((yield* Fiber.join(stuck)).code, 251)
      assert.strictEqual(yield* collection.count({ n: 2 }), 1)
    }).pipe(Effect.provide(FakeDocumentStore.layer())))
})
