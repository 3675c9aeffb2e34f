/** What every `DocumentStore` must do. Each layer's test file calls it once, with the store to do it on. */
import { assert, describe, layer, type Vitest } from "@effect/vitest"
import { Binary, Decimal128, Double, EJSON, Long, ObjectId, Timestamp } from "bson"
import { Context, Effect, Exit, Fiber, type Layer, Option, Stream } from "effect"
import {
  type Collection,
  type Document,
  DocumentStore,
  type DocumentStoreError,
  type Write
} from "../../src/services/DocumentStore.ts"
import { day, filters, someId, updates, zoo } from "../support/documentCases.ts"
import * as Model from "../support/documentModel.ts"

/** The store that a suite may use as it likes. */
export class TestStore extends Context.Service<TestStore, { readonly url: string }>()("test/TestStore") {}

export interface SuiteOptions {
  /** A standalone mongod has neither transactions nor changes. @default true */
  readonly replicas?: boolean | undefined
  /** Longest wait for a document whose time has come: MongoDB looks once a minute. @default "10 seconds" */
  readonly expiry?: `${number} seconds` | undefined
}

const connect = Effect.flatMap(TestStore, ({ url }) => Effect.flatMap(DocumentStore, (store) => store.connect(url)))

let counter = 0

/** A client, and a collection of its own for each test, dropped with it. */
const fresh = Effect.gen(function*() {
  const client = yield* connect
  const collection = client.collection(`suite_${process.pid}_${++counter}`)
  yield* Effect.addFinalizer(() => Effect.ignore(collection.drop))
  return { client, collection }
})

const all = (collection: Collection, filter: Document = {}) =>
  Stream.runCollect(collection.find(filter, { sort: [["_id", 1]] }))

const ids = (collection: Collection, filter: Document) =>
  Effect.map(Stream.runCollect(collection.find(filter)), (found) => found.map(({ _id: id }) => String(id)).sort())

/** Runs an effect outside of the transaction that the fiber is in. */
const apart = <A, E>(effect: Effect.Effect<A, E>) => Effect.promise(() => Effect.runPromise(effect))

/** As text that shows kinds and the order of fields. */
export const shown = (value: unknown): string => EJSON.stringify(value, { relaxed: false })

const numbers = (count: number): Array<Document> => Array.from({ length: count }, (_, n) => ({ _id: n, n }))

export const suite = <E>(
  name: string,
  of: Layer.Layer<DocumentStore | TestStore, E>,
  options: SuiteOptions = {}
): void => layer(of, { excludeTestServices: true, timeout: "30 seconds" })(name, (it) => tests(it, options))

/** The same for those who have built the layer and go on with tests of their own. */
export const tests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>, options: SuiteOptions = {}): void => {
  describe("documents", () => {
    it.effect("come back with their fields in order and every kind of value", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        const document = {
          _id: someId,
          z: 1,
          a: { y: [1, "two", null, { three: true }], b: {} },
          fraction: 1.5,
          whole: 2 ** 40,
          negative: -0,
          long: 2n ** 62n,
          decimal: Decimal128.fromString("1.50"),
          date: day,
          bytes: new Binary(new Uint8Array([0, 255]), 0),
          uuid: new Binary(new Uint8Array(16), 4),
          time: new Timestamp({ t: 7, i: 2 }),
          pattern: /a.b/i,
          text: "ü€😀"
        }

        const { insertedId } = yield* collection.insertOne(document)
        const found = Option.getOrThrow(yield* collection.findOne({ _id: someId }))

        assert.strictEqual(shown(insertedId), shown(someId))
        assert.strictEqual(shown(found), shown(document))
        assert.isTrue(Object.is(found["negative"], -0))
        assert.strictEqual(found["long"], 2n ** 62n)
        assert.instanceOf(found["date"], Date)
        assert.instanceOf(found["bytes"], Binary)
      }))

    it.effect("with a small int64 come back with a bigint, bytes as Binary, and without what is undefined", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({
          _id: 1,
          long: Long.fromNumber(5),
          big: 6n,
          bytes: new Uint8Array([1]),
          whole: new Double(7),
          nothing: undefined
        })

        const found = Option.getOrThrow(yield* collection.findOne({}))

        assert.deepStrictEqual(found, { _id: 1, long: 5n, big: 6n, bytes: new Binary(new Uint8Array([1])), whole: 7 })
      }))

    it.effect("get an _id when they have none, and it is first", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const { insertedId } = yield* collection.insertOne({ a: 1 })
        const found = Option.getOrThrow(yield* collection.findOne({}))

        assert.instanceOf(insertedId, ObjectId)
        assert.deepStrictEqual(Object.keys(found), ["_id", "a"])
        assert.strictEqual(shown(found["_id"]), shown(insertedId))
      }))

    it.effect("of the same _id are refused, whatever the kind of the number", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({ _id: 1 })

        const error = yield* Effect.flip(collection.insertOne({ _id: Long.fromNumber(1) }))

        assert.strictEqual(error.reason, "DuplicateKey")
        assert.strictEqual(error.code, 11000)
        assert.strictEqual(error.index, "_id_")
      }))

    it.effect("that a caller goes on changing are not changed in the store", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        const mine = { _id: 1, list: [1], date: new Date(0) }
        yield* collection.insertOne(mine)
        mine.list.push(2)
        mine.date.setTime(1)

        const found = Option.getOrThrow(yield* collection.findOne({})) as { list: Array<number> }
        found.list.push(3)

        assert.deepStrictEqual(yield* all(collection), [{ _id: 1, list: [1], date: new Date(0) }])
      }))

    it.effect("insertMany answers with the ids in order, and fails with the first that was refused", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const { insertedIds } = yield* collection.insertMany([{ _id: 3 }, { _id: 1 }])
        const error = yield* Effect.flip(collection.insertMany([{ _id: 5 }, { _id: 1 }, { _id: 6 }]))
        yield* Effect.flip(collection.insertMany([{ _id: 1 }, { _id: 7 }], { ordered: false }))

        assert.deepStrictEqual(insertedIds, [3, 1])
        assert.strictEqual(error.reason, "DuplicateKey")
        assert.deepStrictEqual(yield* ids(collection, {}), ["1", "3", "5", "7"])
      }))
  })

  describe("filters", () => {
    it.effect("mean what they mean in MongoDB", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany(zoo)

        for (const [filter, expected, because] of filters) {
          assert.deepStrictEqual(yield* ids(collection, filter), [...expected].sort(), `${because}: ${shown(filter)}`)
        }
      }))

    it.effect("find the same through an index", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany(zoo)
        yield* collection.createIndexes([{ fields: [["v", 1]] }, { fields: [["v.x", -1], ["v.y", 1]] }])

        for (const [filter, expected, because] of filters) {
          assert.deepStrictEqual(yield* ids(collection, filter), [...expected].sort(), `${because}: ${shown(filter)}`)
        }
      }))

    it.effect("with undefined mean null, and do not match everything", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([{ _id: 1, owner: "a" }, { _id: 2 }, { _id: 3, owner: null }])
        const nested = { $or: [{ owner: undefined }] }

        assert.deepStrictEqual(yield* ids(collection, { owner: undefined }), ["2", "3"])
        assert.strictEqual(yield* collection.count(nested), 2)
        const matched = collection.aggregate([{ $match: { owner: undefined } }])
        assert.deepStrictEqual((yield* Stream.runCollect(matched)).map(({ _id: id }) => id), [2, 3])
        yield* collection.bulkWrite([{ deleteOne: { filter: nested } }])
        yield* collection.deleteMany({ owner: undefined })
        assert.deepStrictEqual(yield* ids(collection, {}), ["1"])
      }))

    it.effect("that are wrong are Invalid", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({ v: 1 })
        const wrong: ReadonlyArray<Document> = [{ $nope: 1 }, { v: { $nope: 1 } }, { v: { $in: 1 } }, { $and: [] }]

        for (const filter of wrong) {
          const error = yield* Effect.flip(Stream.runDrain(collection.find(filter)))
          assert.strictEqual(error.reason, "Invalid", `${shown(filter)} ${error.message}`)
        }
      }))
  })

  describe("find", () => {
    it.effect("sorts by kind and value, and takes of a list the least or the greatest", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([
          { _id: "text", v: "a" },
          { _id: "nine", v: 9 },
          { _id: "null", v: null },
          { _id: "list", v: [3, 12] },
          { _id: "date", v: day },
          { _id: "true", v: true },
          { _id: "doc", v: {} }
        ])
        const sorted = (direction: 1 | -1) =>
          Effect.map(
            Stream.runCollect(collection.find({}, { sort: [["v", direction]] })),
            (found) => found.map(({ _id: id }) => id)
          )

        assert.deepStrictEqual(yield* sorted(1), ["null", "list", "nine", "text", "doc", "true", "date"])
        assert.deepStrictEqual(yield* sorted(-1), ["date", "true", "doc", "text", "list", "nine", "null"])
      }))

    it.effect("sorts by several fields, skips and limits", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany(numbers(20).map(({ n }) => ({ _id: n, even: Number(n) % 2 === 0, n })))

        const found = yield* Stream.runCollect(
          collection.find({}, { sort: [["even", -1], ["n", -1]], skip: 2, limit: 3, projection: { n: 1, _id: 0 } })
        )

        assert.deepStrictEqual(found, [{ n: 14 }, { n: 12 }, { n: 10 }])
      }))

    const projections: ReadonlyArray<readonly [projection: Document, result: Document]> = [
      [{ a: 1 }, { _id: 1, a: 1 }],
      [{ a: 1, _id: 0 }, { a: 1 }],
      [{ "d.x": 1 }, { _id: 1, d: { x: 1 } }],
      [{ d: 0, l: 0, o: 0 }, { _id: 1, a: 1 }],
      [{ "d.x": 0, l: 0, o: 0, a: 0 }, { _id: 1, d: { y: 2 } }],
      [{ "o.k": 1 }, { _id: 1, o: [{ k: 1 }, { k: 2 }] }],
      [{ l: { $slice: 2 }, o: 0, d: 0, a: 0 }, { _id: 1, l: [1, 2] }],
      [{ l: { $slice: [-2, 1] }, o: 0, d: 0, a: 0 }, { _id: 1, l: [2] }],
      [{ o: { $elemMatch: { k: 2 } } }, { _id: 1, o: [{ k: 2, m: 2 }] }],
      [{ sum: { $add: ["$a", 1] } }, { _id: 1, sum: 2 }]
    ]
    it.effect("projects", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({
          _id: 1,
          a: 1,
          d: { x: 1, y: 2 },
          l: [1, 2, 3],
          o: [{ k: 1, m: 1 }, { k: 2, m: 2 }]
        })

        for (const [projection, expected] of projections) {
          const found = yield* collection.findOne({}, { projection })
          assert.deepStrictEqual(Option.getOrThrow(found), expected, shown(projection))
        }
      }))

    it.effect("streams more than one answer holds, and may be left early", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany(numbers(2_500))

        const everything = yield* all(collection)
        const some = yield* Stream.runCollect(
          Stream.take(collection.find({}, { sort: [["n", 1]], batchSize: 10 }), 15)
        )

        assert.deepStrictEqual(everything.map(({ n }) => n), numbers(2_500).map(({ n }) => n))
        assert.deepStrictEqual(some.map(({ n }) => n), numbers(15).map(({ n }) => n))
      }))

    it.effect("of a collection that is not there finds nothing", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        assert.deepStrictEqual(yield* all(collection), [])
        assert.isTrue(Option.isNone(yield* collection.findOne({ a: 1 })))
        assert.strictEqual(yield* collection.count(), 0)
        assert.deepStrictEqual(yield* collection.deleteMany({}), { deletedCount: 0 })
      }))

    it.effect("count and distinct", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([{ a: 1 }, { a: [2, 3] }, { a: 3 }, { b: 1 }, { a: "x" }])

        assert.strictEqual(yield* collection.count(), 5)
        assert.strictEqual(yield* collection.count({ a: 3 }), 2)
        assert.strictEqual(yield* collection.count({}, { skip: 1, limit: 3 }), 3)
        assert.deepStrictEqual(yield* collection.distinct("a"), [1, 2, 3, "x"])
        assert.deepStrictEqual(yield* collection.distinct("a", { a: 3 }), [2, 3])
      }))
  })

  describe("updates", () => {
    it.effect("make of documents what they make of them in MongoDB", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        for (const [number, [before, update, after, how]] of updates.entries()) {
          yield* collection.insertOne({ _id: number, ...before })
          const { filter, ...rest } = how ?? {}
          const done = yield* Effect.exit(collection.updateOne({ _id: number, ...filter }, update, rest))
          const what = `${shown(before)} ${shown(update)}`
          if (after instanceof RegExp) {
            const error = Exit.isFailure(done) ? Option.getOrThrow(Exit.findErrorOption(done)) : assert.fail(what)
            assert.strictEqual(error.reason, "Invalid", what)
            assert.match(error.message, after)
          } else {
            const found = yield* collection.findOne({ _id: number })
            assert.isTrue(Exit.isSuccess(done), `${what} ${String(done)}`)
            assert.strictEqual(shown(Option.getOrThrow(found)), shown({ _id: number, ...after }), what)
          }
        }
      }))

    it.effect("tell how many matched, and how many differ now", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([{ _id: 1, a: 1 }, { _id: 2, a: 2 }, { _id: 3, a: 2 }])

        const many = yield* collection.updateMany({}, { $set: { a: 2 } })
        const one = yield* collection.updateOne({ a: 2 }, { $inc: { a: 1 } })
        const none = yield* collection.updateOne({ a: 99 }, { $inc: { a: 1 } })

        assert.deepStrictEqual(many, { matchedCount: 3, modifiedCount: 1 })
        assert.deepStrictEqual(one, { matchedCount: 1, modifiedCount: 1 })
        assert.deepStrictEqual(none, { matchedCount: 0, modifiedCount: 0 })
      }))

    it.effect("with upsert insert what the filter and the update say", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const made = yield* collection.updateOne(
          { _id: 7, "a.b": 1, c: { $gt: 5 }, d: { $eq: 2 } },
          { $inc: { n: 1 }, $setOnInsert: { first: true } },
          { upsert: true }
        )
        const again = yield* collection.updateOne({ _id: 7 }, { $inc: { n: 1 }, $setOnInsert: { first: false } }, {
          upsert: true
        })
        const other = yield* collection.replaceOne({ x: 1 }, { y: 1 }, { upsert: true })

        assert.deepStrictEqual(made, { matchedCount: 0, modifiedCount: 0, upsertedId: 7 })
        assert.deepStrictEqual(again, { matchedCount: 1, modifiedCount: 1 })
        assert.instanceOf(other.upsertedId, ObjectId)
        assert.deepStrictEqual(Option.getOrThrow(yield* collection.findOne({ _id: 7 })), {
          _id: 7,
          a: { b: 1 },
          d: 2,
          first: true,
          n: 2
        })
        assert.deepStrictEqual((yield* all(collection, { y: 1 })).length, 1)
      }))

    it.effect("$currentDate sets the date of now", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({ _id: 1 })
        yield* collection.updateOne({ _id: 1 }, { $currentDate: { at: true, stamp: { $type: "timestamp" } } })

        const found = Option.getOrThrow(yield* collection.findOne({}))

        assert.instanceOf(found["at"], Date)
        assert.isAbove((found["at"] as Date).getTime(), day.getTime())
        assert.strictEqual((found["stamp"] as { _bsontype: string })._bsontype, "Timestamp")
      }))

    it.effect("replace, and delete one or many", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([{ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 1 }, { _id: 4, a: 2 }])

        const replaced = yield* collection.replaceOne({ _id: 4 }, { b: 1 })
        const error = yield* Effect.flip(collection.replaceOne({ _id: 4 }, { _id: 5 }))
        const one = yield* collection.deleteOne({ a: 1 })
        const many = yield* collection.deleteMany({ a: 1 })

        assert.deepStrictEqual(replaced, { matchedCount: 1, modifiedCount: 1 })
        assert.strictEqual(error.reason, "Invalid")
        assert.deepStrictEqual([one.deletedCount, many.deletedCount], [1, 2])
        assert.deepStrictEqual(yield* all(collection), [{ _id: 4, b: 1 }])
      }))
  })

  bulkTests(it)
  aggregateTests(it)
  indexTests(it, options)
  if (options.replicas ?? true) {
    transactionTests(it)
    watchTests(it)
  }

  describe("client", () => {
    it.effect("answers a ping, its version and its health, and lists collections", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        yield* collection.insertOne({})
        yield* client.ping

        const health = yield* client.health

        assert.strictEqual(health.status, "up")
        assert.strictEqual(health.version, yield* client.version)
        assert.include(yield* client.collections, collection.name)
        yield* collection.drop
        assert.notInclude(yield* client.collections, collection.name)
        yield* collection.drop
      }))

    it.effect("clients of one URL see the same documents; databases are apart", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        const other = yield* connect
        yield* collection.insertOne({ _id: 1 })

        const elsewhere = client.collection(collection.name, { database: "suite_elsewhere" })
        yield* Effect.addFinalizer(() => Effect.ignore(elsewhere.drop))
        yield* elsewhere.insertOne({ _id: 2 })

        assert.deepStrictEqual(yield* all(other.collection(collection.name)), [{ _id: 1 }])
        assert.deepStrictEqual(yield* all(elsewhere), [{ _id: 2 }])
      }))
  })
}

const bulkTests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>) => {
  describe("bulkWrite", () => {
    it.effect("does writes of every kind, and tells of each", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const result = yield* collection.bulkWrite([
          { insertOne: { document: { _id: 1, a: 1 } } },
          { insertOne: { document: { _id: 2, a: 1 } } },
          { updateMany: { filter: { a: 1 }, update: { $inc: { a: 1 } } } },
          { updateOne: { filter: { _id: 9 }, update: { $set: { a: 9 } }, upsert: true } },
          { replaceOne: { filter: { _id: 1 }, replacement: { b: 1 } } },
          { deleteOne: { filter: { _id: 2 } } },
          { deleteMany: { filter: { a: 9 } } }
        ])

        assert.deepStrictEqual({ ...result, items: result.items.map(({ status }) => status) }, {
          insertedCount: 2,
          matchedCount: 3,
          modifiedCount: 3,
          deletedCount: 2,
          upsertedCount: 1,
          items: Array.from({ length: 7 }, () => "done")
        })
        assert.deepStrictEqual(result.items[3], { status: "done", upsertedId: 9 })
        assert.deepStrictEqual(yield* all(collection), [{ _id: 1, b: 1 }])
      }))

    const withMistake: ReadonlyArray<Write> = [
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: 1 } } },
      { insertOne: { document: { _id: 2 } } }
    ]

    it.effect("ordered, attempts nothing after a failure", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const { insertedCount, items } = yield* collection.bulkWrite(withMistake)

        assert.strictEqual(insertedCount, 1)
        assert.deepStrictEqual(items.map(({ status }) => status), ["done", "failed", "not attempted"])
        assert.strictEqual(items[1]?.status === "failed" ? items[1].error.reason : "", "DuplicateKey")
      }))

    it.effect("not ordered, goes on", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const { insertedCount, items } = yield* collection.bulkWrite(withMistake, { ordered: false })

        assert.strictEqual(insertedCount, 2)
        assert.deepStrictEqual(items.map(({ status }) => status), ["done", "failed", "done"])
      }))

    it.effect("does many in chunks, and keeps their places", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        const writes = numbers(2_500).map((document): Write => ({ insertOne: { document } }))
        writes[1_700] = { insertOne: { document: { _id: 3 } } }

        const ordered = yield* collection.bulkWrite(writes, { chunkSize: 1_000 })
        const rest = yield* collection.bulkWrite(writes, { ordered: false, chunkSize: 100 })
        const nothing = yield* collection.bulkWrite([])

        assert.strictEqual(ordered.insertedCount, 1_700)
        assert.strictEqual(ordered.items.findIndex(({ status }) => status === "failed"), 1_700)
        assert.strictEqual(ordered.items.filter(({ status }) => status === "not attempted").length, 799)
        assert.strictEqual(rest.insertedCount, 799)
        assert.strictEqual(rest.items.length, 2_500)
        assert.deepStrictEqual(nothing.items, [])
      }))
  })
}

const aggregateTests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>) => {
  describe("aggregate", () => {
    it.effect("groups, unwinds, sorts and projects", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([
          { _id: 1, sku: "a", prices: [1, 2] },
          { _id: 2, sku: "b", prices: [5] },
          { _id: 3, sku: "a", prices: [3] },
          { _id: 4, sku: "c", prices: [] }
        ])

        const found = yield* Stream.runCollect(collection.aggregate([
          { $match: { _id: { $gt: 0 } } },
          { $unwind: "$prices" },
          { $group: { _id: "$sku", total: { $sum: "$prices" }, dearest: { $max: "$prices" }, n: { $sum: 1 } } },
          { $sort: { total: -1, _id: 1 } },
          { $project: { _id: 0, sku: "$_id", total: 1, mean: { $divide: ["$total", "$n"] } } }
        ]))

        assert.deepStrictEqual(found, [{ total: 6, sku: "a", mean: 2 }, { total: 5, sku: "b", mean: 5 }])
      }))

    it.effect("looks up in another collection by ObjectId", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        const people = client.collection(`${collection.name}_people`)
        yield* Effect.addFinalizer(() => Effect.ignore(people.drop))
        yield* people.insertOne({ _id: someId, name: "Ann" })
        yield* collection.insertMany([{ _id: 1, by: new ObjectId(someId.toHexString()) }, { _id: 2 }])

        const found = yield* Stream.runCollect(collection.aggregate([
          { $lookup: { from: people.name, localField: "by", foreignField: "_id", as: "who" } },
          { $sort: { _id: 1 } },
          { $project: { names: "$who.name" } }
        ]))

        assert.deepStrictEqual(found, [{ _id: 1, names: ["Ann"] }, { _id: 2, names: [] }])
      }))

    it.effect("sums decimals and compares ObjectIds", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany([
          { _id: 1, price: Decimal128.fromString("0.10"), by: someId },
          { _id: 2, price: Decimal128.fromString("0.20") }
        ])

        const found = yield* Stream.runCollect(collection.aggregate([
          {
            $group: { _id: null, sum: { $sum: "$price" }, mine: { $sum: { $cond: [{ $eq: ["$by", someId] }, 1, 0] } } }
          }
        ]))

        assert.strictEqual(shown(found), shown([{ _id: null, sum: Decimal128.fromString("0.30"), mine: 1 }]))
      }))

    it.effect("that is wrong is Invalid", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({ a: 1 })

        for (const stage of [{ $nope: {} }, { $group: { a: 1 } }]) {
          const error = yield* Effect.flip(Stream.runDrain(collection.aggregate([stage])))
          assert.strictEqual(error.reason, "Invalid", error.message)
        }
      }))
  })
}

const indexTests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>, { expiry = "10 seconds" }: SuiteOptions) => {
  describe("indexes", () => {
    it.effect("are made once, listed and dropped", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh

        const names = yield* collection.createIndexes([
          { fields: [["a", 1], ["b", -1]] },
          { name: "mine", fields: [["c", 1]], unique: true, sparse: true },
          { name: "some", fields: [["d", 1]], partialFilter: { d: { $gt: 5 } } }
        ])
        yield* collection.createIndexes([{ fields: [["a", 1], ["b", -1]] }])
        const listed = yield* collection.listIndexes
        yield* collection.dropIndex("mine")
        const missing = yield* Effect.flip(collection.dropIndex("mine"))

        assert.deepStrictEqual(names, ["a_1_b_-1", "mine", "some"])
        assert.deepStrictEqual(listed.map(({ name }) => name), ["_id_", "a_1_b_-1", "mine", "some"])
        assert.deepStrictEqual(listed[1]!.fields, [["a", 1], ["b", -1]])
        assert.isTrue(listed[2]!.unique && listed[2]!.sparse)
        assert.deepStrictEqual(listed[3]!.partialFilter, { d: { $gt: 5 } })
        assert.deepStrictEqual((yield* collection.listIndexes).map(({ name }) => name), ["_id_", "a_1_b_-1", "some"])
        assert.strictEqual(missing.code, 27)
      }))

    it.effect("that are unique refuse, on insert, on update and when they are made", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.createIndexes([{ name: "mail", fields: [["mail", 1]], unique: true }])
        yield* collection.insertMany([{ _id: 1, mail: "a" }, { _id: 2, mail: "b" }, { _id: 3 }])

        const insert = yield* Effect.flip(collection.insertOne({ mail: "a" }))
        const update = yield* Effect.flip(collection.updateOne({ _id: 2 }, { $set: { mail: "a" } }))
        const second = yield* Effect.flip(collection.insertOne({ _id: 4 }))
        yield* collection.updateOne({ _id: 1 }, { $set: { mail: "c" } })
        yield* collection.insertOne({ _id: 5, mail: "a" })
        yield* collection.insertMany([{ _id: 6, mail: "x", twin: 1 }, { _id: 7, mail: "y", twin: 1 }])
        const late = yield* Effect.flip(
          collection.createIndexes([{ fields: [["twin", 1]], unique: true, sparse: true }])
        )

        for (const error of [insert, update, second, late]) assert.strictEqual(error.reason, "DuplicateKey")
        assert.strictEqual(insert.index, "mail")
        assert.include(insert.message, "mail")
      }))

    it.effect("that are sparse or partial bind only what is in them", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.createIndexes([
          { fields: [["a", 1]], unique: true, sparse: true },
          { fields: [["b", 1]], unique: true, partialFilter: { b: { $gt: 5 } } }
        ])

        yield* collection.insertMany([{ _id: 1, b: 1 }, { _id: 2, b: 1 }, { _id: 3, b: 9 }, { _id: 4, a: null }])
        const sparse = yield* Effect.flip(collection.insertOne({ _id: 5, a: null }))
        const partial = yield* Effect.flip(collection.insertOne({ _id: 6, b: 9 }))

        assert.strictEqual(sparse.reason, "DuplicateKey")
        assert.strictEqual(partial.reason, "DuplicateKey")
        assert.deepStrictEqual(yield* ids(collection, { a: null }), ["1", "2", "3", "4"])
        assert.deepStrictEqual(yield* ids(collection, { b: { $gt: 0 } }), ["1", "2", "3"])
        assert.deepStrictEqual(yield* ids(collection, { b: { $gt: 6 } }), ["3"])
      }))

    it.effect("are chosen for filters and sorts, and explain says so", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertMany(
          numbers(500).map(({ n }) => ({ _id: n, n, group: Number(n) % 10, text: `t${String(n)}` }))
        )
        const scan = yield* collection.explain({ n: 77 })
        yield* collection.createIndexes([{ fields: [["n", 1]] }, { fields: [["group", 1], ["n", -1]] }])

        const equal = yield* collection.explain({ n: 77 })
        const range = yield* collection.explain({ n: { $gte: 100, $lt: 120 } })
        const compound = yield* collection.explain({ group: 3 }, { sort: [["n", -1]], limit: 5 })
        const sorted = yield* collection.explain({}, { sort: [["n", 1]], limit: 5 })
        const unsorted = yield* collection.explain({ n: { $lt: 10 } }, { sort: [["text", 1]] })
        const byId = yield* collection.explain({ _id: 5 })
        const hinted = yield* collection.explain({ n: { $gte: 0 } }, { hint: "n_1" })
        const found = yield* Stream.runCollect(collection.find({ group: 3 }, { sort: [["n", -1]], limit: 2 }))

        assert.deepInclude(scan, { plan: "collection scan", documentsExamined: 500, returned: 1 })
        assert.deepInclude(equal, {
          plan: "index scan",
          index: "n_1",
          keysExamined: 1,
          documentsExamined: 1,
          returned: 1
        })
        assert.deepInclude(range, { plan: "index scan", index: "n_1", returned: 20 })
        assert.isAtMost(range.keysExamined, 21)
        assert.deepInclude(compound, { plan: "index scan", index: "group_1_n_-1", sorted: false, returned: 5 })
        assert.deepInclude(sorted, { plan: "index scan", index: "n_1", sorted: false, returned: 5 })
        assert.deepInclude(unsorted, { index: "n_1", sorted: true, returned: 10 })
        assert.deepInclude(byId, { plan: "id lookup", returned: 1 })
        assert.deepInclude(hinted, { index: "n_1", returned: 500 })
        assert.deepStrictEqual(found.map(({ n }) => n), [493, 483])
      }))

    it.effect("with a time remove documents when it has come", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        const now = Date.now()
        yield* collection.createIndexes([{ name: "ttl", fields: [["at", 1]], expireAfter: "1 minute" }])
        yield* collection.insertMany([
          { _id: "old", at: new Date(now - 61_000) },
          { _id: "listed", at: [new Date(now + 60_000), new Date(now - 3_600_000)] },
          { _id: "new", at: new Date(now + 600_000) },
          { _id: "text", at: "2000-01-01" },
          { _id: "none" }
        ])

        yield* Effect.repeat(Effect.andThen(Effect.sleep(100), ids(collection, {})), {
          until: (left) => left.length === 3
        }).pipe(Effect.timeout(expiry))

        assert.deepStrictEqual(yield* ids(collection, {}), ["new", "none", "text"])
      }))

    it.effect("random operations leave what a simple model says, with and without indexes", () =>
      Effect.gen(function*() {
        const { client } = yield* fresh
        for (const seed of [1, 2, 3, 4, 5]) {
          const [bare, indexed] = [1, 2].map((n) => client.collection(`suite_${process.pid}_${++counter}_${n}`))
          yield* indexed!.createIndexes(Model.indexes)
          yield* Effect.ensuring(
            Model.check(seed, [bare!, indexed!]),
            Effect.ignore(Effect.all([bare!.drop, indexed!.drop]))
          )
        }
      }))
  })
}

const transactionTests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>) => {
  describe("transactions", () => {
    it.effect("are done as a whole; until then only they see it", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        const other = yield* connect
        yield* collection.insertMany([{ _id: 1, n: 1 }, { _id: 2, n: 1 }])

        yield* client.transaction(Effect.gen(function*() {
          yield* collection.updateOne({ _id: 1 }, { $inc: { n: 1 } })
          yield* collection.insertOne({ _id: 3, n: 3 })
          yield* collection.deleteOne({ _id: 2 })
          const inside = yield* all(collection)
          const outside = yield* all(other.collection(collection.name))
          assert.deepStrictEqual(inside, [{ _id: 1, n: 2 }, { _id: 3, n: 3 }])
          assert.deepStrictEqual(outside.length, 2)
          assert.strictEqual(yield* collection.count(), 2)
        }))

        assert.deepStrictEqual(yield* all(collection), [{ _id: 1, n: 2 }, { _id: 3, n: 3 }])
      }))

    it.effect("that fail or are interrupted leave nothing", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        yield* collection.insertOne({ _id: 1, n: 1 })
        const change = Effect.andThen(collection.updateMany({}, { $inc: { n: 1 } }), collection.insertOne({ _id: 2 }))

        const error = yield* Effect.flip(client.transaction(Effect.andThen(change, Effect.fail("no" as const))))
        const fiber = yield* Effect.forkChild(client.transaction(Effect.andThen(change, Effect.never)))
        yield* Effect.sleep(100)
        yield* Fiber.interrupt(fiber)

        assert.strictEqual(error, "no")
        assert.deepStrictEqual(yield* all(collection), [{ _id: 1, n: 1 }])
      }))

    it.effect("inside of another are part of it, and one that fails inside fails the whole", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        yield* collection.insertOne({ _id: 0 })
        const insert = (id: number) => collection.insertOne({ _id: id })

        yield* client.transaction(Effect.andThen(insert(1), client.transaction(insert(2))))
        const error = yield* Effect.flip(client.transaction(
          Effect.andThen(insert(3), Effect.ignore(client.transaction(Effect.andThen(insert(4), Effect.fail("no")))))
        )) as Effect.Effect<DocumentStoreError>

        assert.strictEqual(error.reason, "Refused")
        assert.deepStrictEqual(yield* ids(collection, {}), ["0", "1", "2"])
      }))

    it.effect("of which two write the same document conflict: the second fails and can be tried again", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        const other = yield* connect
        yield* collection.insertOne({ _id: 1, n: 0 })
        const increment = collection.updateOne({ _id: 1 }, { $inc: { n: 1 } })
        const second = other.transaction(other.collection(collection.name).updateOne({ _id: 1 }, { $inc: { n: 10 } }))

        const inside = yield* client.transaction(
          Effect.andThen(increment, apart(Effect.flip(second)))
        )
        yield* second

        assert.strictEqual(inside.reason, "Conflict")
        assert.deepStrictEqual(yield* all(collection), [{ _id: 1, n: 11 }])
      }))

    it.effect("see what was there when they began", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        const other = (yield* connect).collection(collection.name)
        yield* collection.insertMany([{ _id: 1, n: 1 }, { _id: 2, n: 2 }])
        yield* collection.createIndexes([{ fields: [["n", 1]] }])

        const seen = yield* client.transaction(Effect.gen(function*() {
          const before = yield* all(collection)
          yield* apart(Effect.all([
            other.updateOne({ _id: 1 }, { $set: { n: 50 } }),
            other.insertOne({ _id: 3, n: 3 }),
            other.deleteOne({ _id: 2 })
          ]))
          const after = yield* all(collection)
          const indexed = yield* ids(collection, { n: { $lt: 10 } })
          return { before, after, indexed }
        }))

        assert.deepStrictEqual(seen.after, seen.before)
        assert.deepStrictEqual(seen.indexed, ["1", "2"])
        assert.deepStrictEqual(yield* ids(collection, {}), ["1", "3"])
      }))
  })
}

const watchTests = (it: Vitest.MethodsNonLive<DocumentStore | TestStore>) => {
  describe("watch", () => {
    it.effect("emits what changes from now on, in order", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({ _id: 0 })
        const changes = yield* collection.watch({ fullDocument: true })

        yield* collection.insertOne({ _id: 1, a: { b: 1, c: 1 } })
        yield* collection.updateOne({ _id: 1 }, { $set: { "a.b": 2, d: 3 }, $unset: { "a.c": "" } })
        yield* collection.replaceOne({ _id: 1 }, { e: 1 })
        yield* collection.deleteOne({ _id: 1 })
        const seen = yield* Stream.runCollect(Stream.take(changes, 4))

        assert.deepStrictEqual(seen.map(({ id, kind }) => [kind, id]), [
          ["insert", 1],
          ["update", 1],
          ["replace", 1],
          ["delete", 1]
        ])
        assert.deepStrictEqual(seen[0]!.document, { _id: 1, a: { b: 1, c: 1 } })
        assert.deepStrictEqual(seen[1]!.updated, { "a.b": 2, d: 3 })
        assert.deepStrictEqual(seen[1]!.removed, ["a.c"])
        assert.deepStrictEqual(seen[2]!.document, { _id: 1, e: 1 })
        assert.isTrue(seen.every((change) => change.collection === collection.name))
      }))

    it.effect("goes on after a token, and leaves nothing out", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        const first = yield* Effect.scoped(Effect.gen(function*() {
          const changes = yield* collection.watch()
          yield* collection.insertMany(numbers(5))
          return yield* Stream.runCollect(Stream.take(changes, 2))
        }))
        yield* collection.insertMany(numbers(8).slice(5))

        const changes = yield* collection.watch({ resumeAfter: first[1]!.token })
        const rest = yield* Stream.runCollect(Stream.take(changes, 6))

        assert.deepStrictEqual([...first, ...rest].map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6, 7])
      }))

    it.effect("takes stages, tells of a transaction when it is committed, and ends when the collection is dropped", () =>
      Effect.gen(function*() {
        const { client, collection } = yield* fresh
        yield* collection.insertOne({ _id: 0 })
        const changes = yield* collection.watch({
          pipeline: [{ $match: { operationType: { $in: ["insert", "drop"] }, "documentKey._id": { $ne: 2 } } }]
        })

        yield* client.transaction(collection.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]))
        yield* Effect.ignore(client.transaction(Effect.andThen(collection.insertOne({ _id: 4 }), Effect.fail("no"))))
        yield* collection.updateOne({ _id: 1 }, { $set: { a: 1 } })
        yield* collection.drop
        const seen = yield* Stream.runCollect(changes)

        assert.deepStrictEqual(seen.map(({ id, kind }) => [kind, id]), [["insert", 1], ["insert", 3], [
          "drop",
          undefined
        ]])
      }))

    it.effect("refuses a token that is none", () =>
      Effect.gen(function*() {
        const { collection } = yield* fresh
        yield* collection.insertOne({})

        const opened = Effect.flatMap(collection.watch({ resumeAfter: "nonsense" }), Stream.runDrain)

        assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.scoped(opened))))
      }))
  })
}
