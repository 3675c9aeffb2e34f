/** Robogo's calls of `mongodb` and `rabbitmq` as inputs of `mongo` and `amqp`. */
import { assert, describe, it } from "@effect/vitest"
import type { Value, ValueRecord } from "../../src/core/Value.ts"
import { mongo } from "../../src/scenario/actions/mongo.ts"
import * as RobogoAmqp from "../../src/scenario/robogo/RobogoAmqp.ts"
import * as RobogoMongo from "../../src/scenario/robogo/RobogoMongo.ts"

const url = "mongodb://db"

describe("mongodb of Robogo", () => {
  it.each<readonly [args: ReadonlyArray<Value>, options: ValueRecord, input: ValueRecord]>([
    [["find", url, "shop.orders"], { filter: { a: 1 }, sort: { a: -1 }, limit: "3", many: true }, {
      url,
      database: "shop",
      collection: "orders",
      find: { a: 1 },
      sort: { a: -1 },
      limit: "3"
    }],
    [["find", url, "shop.orders.old"], {}, { url, database: "shop", collection: "orders.old", find: {} }],
    [["insert", url, "orders"], { document: { a: 1 } }, { url, collection: "orders", insert: { a: 1 } }],
    [["insert", url, "orders"], { documents: [{ a: 1 }] }, { url, collection: "orders", insert: [{ a: 1 }] }],
    [["update", url, "orders"], { filter: { a: 1 }, update: { $set: {} }, upsert: true }, {
      url,
      collection: "orders",
      filter: { a: 1 },
      update_one: { $set: {} },
      upsert: true
    }],
    [["update", url, "orders"], { update: { $set: {} }, many: "true" }, {
      url,
      collection: "orders",
      update_many: { $set: {} },
      filter: {}
    }],
    [["delete", url, "orders"], { filter: { a: 1 } }, { url, collection: "orders", delete_one: { a: 1 } }],
    [["COUNT", url, "orders"], { timeout: "5s" }, { url, collection: "orders", count: {}, timeout: "5s" }]
  ])("%j %j", (args, options, input) => {
    assert.deepEqual({ ...RobogoMongo.input(args, options) }, input)
  })

  it("an operation that is not known leaves none, and the step says which there are", () => {
    const input = RobogoMongo.input(["mapReduce", url, "orders"], {})

    assert.include(mongo.validate?.(new Set(Object.keys(input)), input)[0], "give one of insert, find")
  })
})

describe("rabbitmq of Robogo", () => {
  it.each<readonly [args: ReadonlyArray<Value>, input: ValueRecord]>([
    [["publish", "amqp://mq", "orders", "hi"], {
      url: "amqp://mq",
      queue: "orders",
      publish: "hi",
      content_type: "text/plain"
    }],
    [["connect", "amqp://mq", "main"], { url: "amqp://mq", health: true, connect_as: "main" }],
    [["publish", "main", "events", "a.b", { id: 1 }], {
      url: "main",
      exchange: "events",
      routing_key: "a.b",
      publish: { id: 1 }
    }],
    [["consume", "main", "orders", "2s"], { url: "main", consume: "orders", as: "text", timeout: "2s" }],
    [["consume", "main", "orders"], { url: "main", consume: "orders", as: "text" }],
    [["close", "main"], { url: "main", health: true }],
    [["purge", "main"], { url: "main" }]
  ])("%j", (args, input) => {
    assert.deepEqual({ ...RobogoAmqp.input(args, {}) }, input)
  })

  it.each<readonly [input: object, output: ValueRecord, result: Value]>([
    [{ publish: "hi" }, { outcome: "kept" }, { status: "published" }],
    [{ consume: "orders" }, { message: { body: "hi" } }, "hi"],
    [{ connect_as: "main" }, { health: "up" }, { status: "connected" }],
    [{}, { health: "up" }, { status: "closed" }]
  ])("result of %j", (input, output, result) => {
    assert.deepEqual(RobogoAmqp.result(output, input), result)
  })
})
