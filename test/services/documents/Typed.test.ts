import { assert, layer } from "@effect/vitest"
import { Decimal128, ObjectId } from "bson"
import { Effect, Option, Schema, Stream } from "effect"
import * as FakeDocumentStore from "../../../src/layers/fake/FakeDocumentStore.ts"
import * as Typed from "../../../src/services/documents/Typed.ts"
import { DocumentStore } from "../../../src/services/DocumentStore.ts"

class Order extends Schema.Class<Order>("test/Order")({
  _id: Typed.ObjectId,
  sku: Schema.NonEmptyString,
  price: Typed.Decimal128,
  placed: Schema.Date,
  lines: Schema.Array(Schema.Struct({ amount: Schema.Int })),
  note: Schema.optionalKey(Schema.String)
}) {
  get label() {
    return `${this.sku} at ${this.price.toString()}`
  }
}

const fresh = Effect.gen(function*() {
  const client = yield* (yield* DocumentStore).connect("embedded:")
  return Typed.make(client.collection("orders"), Order)
})

const order = (sku: string) =>
  new Order({
    _id: new ObjectId(),
    sku,
    price: Decimal128.fromString("1.50"),
    placed: new Date(0),
    lines: [{ amount: 2 }]
  })

layer(FakeDocumentStore.layer())("Typed", (it) => {
  it.effect("documents go in encoded and come out decoded, with their kinds", () =>
    Effect.gen(function*() {
      const orders = yield* fresh
      yield* orders.insertOne(order("A1"))
      yield* orders.insertMany([order("A2"), order("A3")])
      yield* orders.replaceOne({ sku: "A3" }, order("A4"), { upsert: true }).pipe(Effect.flip)

      const found = Option.getOrThrow(yield* orders.findOne({ sku: "A1" }))
      const all = yield* Stream.runCollect(orders.find({}, { sort: [["sku", -1]] }))

      assert.instanceOf(found, Order)
      assert.strictEqual(found.label, "A1 at 1.50")
      assert.instanceOf(found.placed, Date)
      assert.deepStrictEqual(all.map(({ sku }) => sku), ["A3", "A2", "A1"])
      assert.isTrue(Option.isNone(yield* orders.findOne({ sku: "none" })))
    }))

  it.effect("a document that is not as the schema says is Invalid, with its _id and every field", () =>
    Effect.gen(function*() {
      const orders = yield* fresh
      yield* orders.collection.insertOne({
        _id: new ObjectId("65a000000000000000000001"),
        sku: "",
        price: 1.5,
        placed: new Date(0),
        lines: [{ amount: 1 }, { amount: "two" }]
      })

      const one = yield* Effect.flip(orders.findOne())
      const stream = yield* Effect.flip(Stream.runDrain(orders.find()))

      for (const error of [one, stream]) {
        assert.strictEqual(error.reason, "Invalid")
        for (const part of ["65a000000000000000000001", "sku: ", "price: ", "lines.1.amount: "]) {
          assert.include(error.message, part)
        }
        assert.notInclude(error.message, "placed")
      }
    }))

  it.effect("a value that cannot be encoded is Invalid, and nothing is inserted", () =>
    Effect.gen(function*() {
      const orders = yield* fresh
      const wrong = { ...order("A1"), lines: [{ amount: 1.5 }] } as unknown as Order

      const error = yield* Effect.flip(orders.insertMany([order("A0"), wrong]))

      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(yield* orders.collection.count(), 0)
    }))
})
