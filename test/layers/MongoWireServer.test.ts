/** The wire server as MongoDB's own driver sees it, and as a client does that keeps no rules. */
import { assert, describe, layer } from "@effect/vitest"
import { Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } from "bson"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { type ChangeStream, type Document, MongoClient, type MongoServerError } from "mongodb"
import { randomUUID } from "node:crypto"
import { setImmediate } from "node:timers/promises"
import { Cursors, ofResult } from "../../src/layers/embedded/mongo/MongoWireCursors.ts"
import * as MongoServers from "../support/MongoServers.ts"

class Server
  extends Context.Service<Server, { readonly url: string; readonly port: number; readonly client: MongoClient }>()(
    "test/Server"
  )
{}

const Live = Layer.effect(
  Server,
  Effect.gen(function*() {
    const { port, url } = yield* MongoServers.start
    const client = yield* Effect.acquireRelease(
      Effect.promise(() => MongoClient.connect(url)),
      (client) => Effect.promise(() => client.close())
    )
    return { url, port, client }
  })
)

/** A collection of its own for each test, and the client. */
const fresh = Effect.map(Server, ({ client, port, url }) => {
  const db = client.db(`db${randomUUID().slice(0, 8)}`)
  return { client, port, url, db, things: db.collection<Document>("things") }
})

const promise = <A>(call: () => Promise<A>) => Effect.promise(call)

/** The error that a call of the driver fails with. */
const failureOf = (call: () => Promise<unknown>) =>
  promise(() => call().then(() => assert.fail("it should have failed"), (error: MongoServerError) => error))

const openCursors = (client: MongoClient) =>
  promise(async () => {
    const { metrics } = await client.db("admin").command({ serverStatus: 1 })
    return (metrics as { readonly cursor: { readonly open: { readonly total: number } } }).cursor.open.total
  })

const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ _id: n as never, n }))

layer(Live, { excludeTestServices: true, timeout: "30 seconds" })("MongoWireServer", (it) => {
  describe("itself", () => {
    it.effect("presents itself as the primary of a replica set, and says what it is", () =>
      Effect.gen(function*() {
        const { client, port } = yield* fresh
        const hello = yield* promise(() => client.db("admin").command({ hello: 1 }))
        const built = yield* promise(() => client.db("admin").command({ buildInfo: 1 }))

        assert.deepInclude(hello, { isWritablePrimary: true, setName: "skein", me: `127.0.0.1:${port}` })
        assert.match(String(built["version"]), /^7\.0\.0-skein$/)
      }))

    it.effect("lists databases and collections, makes them, and drops them", () =>
      Effect.gen(function*() {
        const { client, db, things } = yield* fresh
        yield* promise(() => db.createCollection("empty"))
        yield* promise(() => things.insertOne({ n: 1 }))
        const names = async () => (await db.listCollections().toArray()).map(({ name }) => name).sort()

        assert.deepStrictEqual(yield* promise(names), ["empty", "things"])
        assert.deepStrictEqual(
          (yield* promise(() => db.listCollections({ name: "things" }, { nameOnly: true }).toArray())).length,
          1
        )
        const { databases } = yield* promise(() => client.db().admin().listDatabases())
        assert.include(databases.map(({ name }) => name), db.databaseName)
        yield* promise(() => things.drop())
        assert.deepStrictEqual(yield* promise(names), ["empty"])
        yield* promise(() => db.dropDatabase())
        assert.deepStrictEqual(yield* promise(names), [])
      }))

    it.effect("an unknown command, and what it would have to leave out, are refused with MongoDB's numbers", () =>
      Effect.gen(function*() {
        const { db, things } = yield* fresh
        const error = yield* failureOf(() => db.command({ mapReduce: "things" }))
        assert.deepInclude(error, { code: 59, codeName: "CommandNotFound" })
        assert.strictEqual((yield* failureOf(() => db.command({ constructor: 1 }))).code, 59)
        const collation = yield* failureOf(() => things.find({}, { collation: { locale: "de" } }).toArray())
        assert.strictEqual(collation.code, 115)
        assert.include(collation.message, "collation")
        assert.strictEqual((yield* failureOf(() => db.createCollection("logs", { capped: true, size: 9 }))).code, 115)
        assert.strictEqual((yield* failureOf(() => db.command({ find: "a$b" }))).code, 73)
      }))

    it.effect("a user in the URL is refused, plainly", () =>
      Effect.gen(function*() {
        const { port } = yield* fresh
        const client = new MongoClient(`mongodb://me:secret@127.0.0.1:${port}`, { serverSelectionTimeoutMS: 2_000 })

        const error = yield* failureOf(() => client.connect().then(() => client.db().command({ ping: 1 })))
        yield* promise(() => client.close())

        assert.include(error.message, "this server knows no users")
      }))
  })

  describe("documents", () => {
    const at = new Date("2024-02-29T12:00:00.123Z")
    const kinds: ReadonlyArray<readonly [kind: string, value: unknown]> = [
      ["int32", new Int32(7)],
      ["int64", Long.fromNumber(7)],
      ["the largest int64", Long.MAX_VALUE],
      ["int64 beyond 2^53", Long.fromString("9007199254740993")],
      ["double", new Double(1.5)],
      ["whole double", new Double(7)],
      ["large whole double", new Double(2 ** 60)],
      ["infinity", new Double(-Infinity)],
      ["decimal", Decimal128.fromString("12.50")],
      ["text", "grün \u0000 💚"],
      ["id", new ObjectId()],
      ["date", at],
      ["timestamp", new Timestamp({ t: 1, i: 2 })],
      ["bytes", new Binary(Buffer.from([0, 255]))],
      ["uuid", new UUID()],
      ["pattern", /^a.b$/i],
      ["null", null],
      ["boolean", false],
      ["smallest", new MinKey()],
      ["largest", new MaxKey()],
      ["list", [new Int32(1), ["x", []], { a: null }]],
      ["document", { b: new Int32(1), a: { __proto__x: "y" } }]
    ]

    it.effect("values come back as the kind they went in", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        yield* promise(() => things.insertMany(kinds.map(([kind, value]) => ({ kind, value }))))

        for (const [kind, value] of kinds) {
          const found = yield* promise(() => things.findOne({ kind }, { promoteValues: false, bsonRegExp: false }))
          assert.deepStrictEqual(JSON.stringify(found?.["value"]), JSON.stringify(value), kind)
          assert.strictEqual(
            (found?.["value"] as { _bsontype?: string } | null)?._bsontype,
            (value as { _bsontype?: string } | null)?._bsontype,
            kind
          )
        }
      }))

    it.effect("finds in batches, by filter, projection, sort, skip and limit", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertMany(numbers(1_000)))

        const all = yield* promise(() => things.find({}, { batchSize: 64 }).toArray())
        const some = yield* promise(() =>
          things.find({ n: { $gte: 10 } }, { projection: { _id: 0 }, sort: { n: -1 }, skip: 5, limit: 3 }).toArray()
        )

        assert.deepStrictEqual(all.map(({ n }) => n as number), numbers(1_000).map(({ n }) => n))
        assert.deepStrictEqual<unknown>(some, [{ n: 994 }, { n: 993 }, { n: 992 }])
        assert.strictEqual(yield* openCursors(client), 0)
      }))

    it.effect("answers of more than 16 MB come in several batches", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        const text = "x".repeat(3_000_000)
        for (let n = 0; n < 8; n++) yield* promise(() => things.insertOne({ n, text }))

        const sizes: Array<number> = []
        const cursor = things.find({}, { batchSize: 100 })
        while (yield* promise(() => cursor.hasNext())) sizes.push(cursor.readBufferedDocuments().length)

        assert.deepStrictEqual(sizes, [5, 3])
      }))

    it.effect("a write that is refused is told with its place; ordered ones end there, others go on", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        const documents = [{ _id: 1 as never }, { _id: 1 as never }, { _id: 2 as never }]

        const ordered = yield* failureOf(() => things.insertMany(documents))
        assert.deepInclude(ordered, { code: 11000 })
        assert.match(ordered.message, /^E11000 .*index: _id_ /)
        assert.strictEqual(yield* promise(() => things.countDocuments()), 1)

        yield* failureOf(() => things.insertMany(documents, { ordered: false }))
        assert.strictEqual(yield* promise(() => things.countDocuments()), 2)
      }))

    it.effect("updates with operators, array filters, pipelines and upserts, replaces and deletes", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        yield* promise(() => things.insertMany([{ n: 1, list: [1, 5, 9] }, { n: 2, list: [] }]))

        const filtered = yield* promise(() =>
          things.updateOne({ n: 1 }, { $inc: { "list.$[big]": 100 } }, { arrayFilters: [{ big: { $gt: 4 } }] })
        )
        const piped = yield* promise(() => things.updateMany({}, [{ $set: { twice: { $multiply: ["$n", 2] } } }]))
        const upserted = yield* promise(() => things.updateOne({ n: 3 }, { $set: { a: 1 } }, { upsert: true }))
        const replaced = yield* promise(() => things.replaceOne({ n: 2 }, { n: 2, whole: true }))
        const deleted = yield* promise(() => things.deleteMany({ n: { $in: [2, 3] } }))

        assert.deepInclude(filtered, { matchedCount: 1, modifiedCount: 1 })
        assert.deepInclude(piped, { matchedCount: 2, modifiedCount: 2 })
        assert.deepInclude(upserted, { matchedCount: 0, upsertedCount: 1 })
        assert.strictEqual(upserted.upsertedId?._bsontype, "ObjectId")
        assert.deepInclude(replaced, { matchedCount: 1, modifiedCount: 1 })
        assert.deepInclude(deleted, { deletedCount: 2 })
        const left = yield* promise(() => things.find({}, { projection: { _id: 0 } }).toArray())
        assert.deepStrictEqual<unknown>(left, [{ n: 1, list: [1, 105, 109], twice: 2 }])
      }))

    it.effect("finds and modifies in one step", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        yield* promise(() => things.insertMany([{ n: 1, by: "a" }, { n: 2, by: "a" }]))
        const options = { projection: { _id: 0 } } as const

        const before = yield* promise(() =>
          things.findOneAndUpdate({ by: "a" }, { $set: { by: "b" } }, { ...options, sort: { n: -1 } })
        )
        const after = yield* promise(() =>
          things.findOneAndUpdate({ n: 9 }, { $inc: { hits: 1 } }, {
            ...options,
            upsert: true,
            returnDocument: "after"
          })
        )
        const removed = yield* promise(() => things.findOneAndDelete({ by: "b" }, options))
        const none = yield* promise(() => things.findOneAndReplace({ by: "nobody" }, { n: 0 }))

        assert.deepStrictEqual(before, { n: 2, by: "a" } as never)
        assert.deepStrictEqual(after, { n: 9, hits: 1 } as never)
        assert.deepStrictEqual(removed, { n: 2, by: "b" } as never)
        assert.isNull(none)
      }))

    it.effect("counts, lists distinct values, aggregates and joins", () =>
      Effect.gen(function*() {
        const { db, things } = yield* fresh
        yield* promise(() => things.insertMany(numbers(10).map(({ n }) => ({ n, even: n % 2 === 0 }))))
        yield* promise(() => db.collection("names").insertMany([{ n: 1, name: "one" }, { n: 2, name: "two" }]))

        const distinct = yield* promise(() => things.distinct("even"))
        const sums = yield* promise(() =>
          things.aggregate([{ $group: { _id: "$even", sum: { $sum: "$n" } } }, { $sort: { _id: 1 } }]).toArray()
        )
        const joined = yield* promise(() =>
          things.aggregate([
            { $match: { n: 2 } },
            { $lookup: { from: "names", localField: "n", foreignField: "n", as: "names" } },
            { $project: { _id: 0, names: "$names.name" } }
          ]).toArray()
        )

        assert.strictEqual(yield* promise(() => things.countDocuments({ n: { $lt: 3 } })), 3)
        assert.strictEqual(yield* promise(() => things.estimatedDocumentCount()), 10)
        assert.deepStrictEqual(distinct.sort(), [false, true])
        assert.deepStrictEqual(sums, [{ _id: false, sum: 25 }, { _id: true, sum: 20 }])
        assert.deepStrictEqual(joined, [{ names: ["two"] }])
      }))

    it.effect("makes indexes that are used, lists them and drops them", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        yield* promise(() => things.insertMany(numbers(100)))
        const made = yield* promise(() =>
          things.createIndexes([{ key: { n: 1 }, unique: true }, { key: { at: -1 }, expireAfterSeconds: 3_600 }])
        )
        const explained = yield* promise(() => things.find({ n: 7 }).explain("executionStats"))
        const byHint = yield* promise(() => things.find({ n: { $gte: 0 } }, { hint: { n: 1 } }).explain())

        assert.deepStrictEqual(made, ["n_1", "at_-1"])
        const listed = yield* promise(() => things.indexes())
        assert.deepStrictEqual(listed.map(({ name }) => name), ["_id_", "n_1", "at_-1"])
        assert.deepInclude(listed[1], { unique: true, key: { n: 1 } })
        assert.deepInclude(listed[2], { expireAfterSeconds: 3_600, key: { at: -1 } })
        for (const { queryPlanner } of [explained, byHint] as ReadonlyArray<Document>) {
          assert.deepNestedInclude(queryPlanner, { "winningPlan.inputStage.indexName": "n_1" })
        }
        assert.deepNestedInclude(explained, { "executionStats.totalDocsExamined": 1 })
        assert.strictEqual((yield* failureOf(() => things.insertOne({ n: 7 }))).code, 11000)
        yield* promise(() => things.dropIndex("n_1"))
        yield* promise(() => things.dropIndexes())
        assert.deepStrictEqual((yield* promise(() => things.indexes())).map(({ name }) => name), ["_id_"])
      }))
  })

  describe("cursors", () => {
    it.effect("one that is left early is closed on the server", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertMany(numbers(100)))
        const cursor = things.find({}, { batchSize: 10 })
        yield* promise(() => cursor.next())
        assert.strictEqual(yield* openCursors(client), 1)

        yield* promise(() => cursor.close())

        assert.strictEqual(yield* openCursors(client), 0)
      }))

    it.effect("a client that goes while it waits for changes leaves no cursor", () =>
      Effect.gen(function*() {
        const { client, db, port } = yield* fresh
        const { command, leave } = yield* MongoServers.raw(port)
        const $db = db.databaseName
        const watch = { aggregate: "things", pipeline: [{ $changeStream: {} }], cursor: {}, $db }
        const { cursor } = yield* promise(() => command(watch))
        const { id } = cursor as { readonly id: bigint }
        assert.strictEqual(yield* openCursors(client), 1)

        leave({ getMore: id, collection: "things", maxTimeMS: 60_000, $db })

        yield* MongoServers.until(Effect.map(openCursors(client), (open) => open === 0))
      }))

    it.effect("one that nobody asks for is closed after ten minutes", () =>
      Effect.gen(function*() {
        const cursors = new Cursors()
        const open = (documents: ReadonlyArray<Document>) =>
          cursors.first(
            { namespace: "shop.orders", session: undefined, source: ofResult(documents) },
            { limit: 1, single: false }
          )
        yield* open([{ n: 1 }, { n: 2 }, { n: 3 }])
        yield* open([{ n: 1 }, { n: 2 }, { n: 3 }])
        assert.strictEqual(cursors.count, 2)

        yield* TestClock.adjust("9 minutes")
        yield* cursors.more(1n, { limit: 1, waitMillis: 0 })
        yield* TestClock.adjust("2 minutes")
        yield* cursors.sweep

        assert.strictEqual(cursors.count, 1)
        assert.deepInclude(yield* Effect.flip(cursors.more(2n, { limit: 1, waitMillis: 0 })), { code: 43 })
      }).pipe(Effect.provide(TestClock.layer())))

    it.effect("an unknown cursor is not found, and killing it again is no mistake", () =>
      Effect.gen(function*() {
        const { db } = yield* fresh
        const error = yield* failureOf(() => db.command({ getMore: Long.fromNumber(99_999), collection: "things" }))
        assert.deepInclude(error, { code: 43, codeName: "CursorNotFound" })
        const answer = yield* promise(() => db.command({ killCursors: "things", cursors: [Long.fromNumber(99_999)] }))
        assert.strictEqual((answer["cursorsNotFound"] as ReadonlyArray<unknown>).length, 1)
      }))
  })

  describe("transactions", () => {
    it.effect("what is done in one is seen after its commit, and not after an abort", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertOne({ n: 0 }))
        const session = client.startSession()

        session.startTransaction()
        yield* promise(() => things.insertOne({ n: 1 }, { session }))
        assert.strictEqual(yield* promise(() => things.countDocuments({}, { session })), 2)
        assert.strictEqual(yield* promise(() => things.countDocuments()), 1)
        yield* promise(() => session.commitTransaction())
        assert.strictEqual(yield* promise(() => things.countDocuments()), 2)
        // A driver that did not see the answer asks again.
        yield* promise(() => session.commitTransaction())

        session.startTransaction()
        yield* promise(() => things.deleteMany({}, { session }))
        yield* promise(() => session.abortTransaction())
        assert.strictEqual(yield* promise(() => things.countDocuments()), 2)
        yield* promise(() => session.endSession())
      }))

    it.effect("the second of two that write the same document can be tried again, which withTransaction does", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertOne({ _id: 1 as never, n: 0 }))
        const [one, two] = [client.startSession(), client.startSession()]
        one.startTransaction()
        two.startTransaction()
        yield* promise(() => things.findOne({}, { session: two }))
        yield* promise(() => things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session: one }))

        const error = yield* failureOf(() =>
          things.updateOne({ _id: 1 as never }, { $inc: { n: 1 } }, { session: two })
        )
        assert.strictEqual(error.code, 112)
        assert.isTrue(error.hasErrorLabel("TransientTransactionError"))
        yield* promise(() => one.commitTransaction())
        yield* promise(() => two.abortTransaction())

        const add = () =>
          client.withSession((session) =>
            session.withTransaction(async () => {
              const found = await things.findOne({ _id: 1 as never }, { session })
              await things.updateOne({ _id: 1 as never }, { $set: { n: Number(found?.["n"]) + 1 } }, { session })
            })
          )
        yield* promise(() => Promise.all([add(), add(), add(), add(), add()]))
        assert.deepInclude(yield* promise(() => things.findOne()), { n: 6 })
      }))

    it.effect("an operation that fails ends it, as in MongoDB", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertOne({ _id: 1 as never }))
        const session = client.startSession()
        session.startTransaction()
        yield* promise(() => things.insertOne({ _id: 2 as never }, { session }))
        yield* failureOf(() => things.insertOne({ _id: 1 as never }, { session }))

        const error = yield* failureOf(() => things.insertOne({ _id: 3 as never }, { session }))

        assert.deepInclude(error, { code: 251, codeName: "NoSuchTransaction" })
        yield* promise(() => session.endSession())
        assert.strictEqual(yield* promise(() => things.countDocuments()), 1)
      }))

    it.effect("what cannot be in one is refused", () =>
      Effect.gen(function*() {
        const { client, db, things } = yield* fresh
        const error = yield* failureOf(() =>
          client.withSession((session) =>
            session.withTransaction(() => db.command({ listCollections: 1 }, { session }))
          )
        )
        const watched = yield* failureOf(() =>
          client.withSession((session) =>
            session.withTransaction(() => things.aggregate([{ $changeStream: {} }], { session }).toArray())
          )
        )
        assert.deepStrictEqual([error.code, watched.code], [263, 263])
      }))

    it.effect("endSessions aborts what the session had begun", () =>
      Effect.gen(function*() {
        const { db, port, things } = yield* fresh
        yield* promise(() => things.insertOne({ _id: 1 as never, n: 0 }))
        const { command } = yield* MongoServers.raw(port)
        const lsid = { id: new Binary(Buffer.alloc(16, 9), Binary.SUBTYPE_UUID) }
        const $db = db.databaseName
        yield* promise(() =>
          command({
            update: "things",
            updates: [{ q: { _id: 1 }, u: { $set: { n: 1 } } }],
            lsid,
            txnNumber: Long.fromNumber(1),
            autocommit: false,
            startTransaction: true,
            $db
          })
        )

        yield* promise(() => command({ endSessions: [lsid], $db: "admin" }))

        // It would wait for the transaction.
        yield* promise(() => things.updateOne({ _id: 1 as never }, { $set: { n: 2 } }))
        assert.deepInclude(yield* promise(() => things.findOne()), { n: 2 })
      }))
  })

  it.effect("a retryable write that is sent again is done once, and gets the same answer", () =>
    Effect.gen(function*() {
      const { db, port, things } = yield* fresh
      const insert = (number: number) => ({
        insert: "things",
        documents: [{ n: number }],
        lsid: { id: new Binary(Buffer.alloc(16, 3), Binary.SUBTYPE_UUID) },
        txnNumber: Long.fromNumber(number),
        $db: db.databaseName
      })
      const first = yield* MongoServers.raw(port)
      const second = yield* MongoServers.raw(port)

      const answers = yield* promise(() => Promise.all([first.command(insert(5)), second.command(insert(5))]))
      assert.deepStrictEqual(answers, [{ n: 1, ok: 1 }, { n: 1, ok: 1 }])
      assert.strictEqual(yield* promise(() => things.countDocuments()), 1)

      yield* promise(() => first.command(insert(6)))
      assert.strictEqual(yield* promise(() => things.countDocuments()), 2)
      assert.deepInclude(yield* promise(() => second.command(insert(5))), { ok: 0, code: 225 })
    }))

  it.effect("maxTimeMS ends a write that waits for a transaction", () =>
    Effect.gen(function*() {
      const { client, db, things } = yield* fresh
      yield* promise(() => things.insertOne({ _id: 1 as never, n: 0 }))
      const session = client.startSession()
      session.startTransaction()
      yield* promise(() => things.updateOne({ _id: 1 as never }, { $set: { n: 1 } }, { session }))

      const error = yield* failureOf(() =>
        db.command({ update: "things", updates: [{ q: { _id: 1 }, u: { $set: { n: 2 } } }], maxTimeMS: 50 })
      )

      assert.deepInclude(error, { code: 50, codeName: "MaxTimeMSExpired" })
      yield* promise(() => session.abortTransaction())
      yield* promise(() => session.endSession())
    }))

  describe("change streams", () => {
    /** Watches from now on: the server has answered once. */
    const watching = <A extends Document, B extends Document>(stream: ChangeStream<A, B>) =>
      Effect.acquireRelease(
        promise(async () => {
          const first = stream.next()
          first.catch(() => {})
          await new Promise((resolve) => stream.once("resumeTokenChanged", resolve))
          await setImmediate()
          return { first: () => first }
        }),
        () => promise(() => stream.close())
      )

    it.effect("tell what happens to a collection, and go on after a token", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        const stream = things.watch([], { fullDocument: "updateLookup" })
        const { first } = yield* watching(stream)
        yield* promise(() => things.insertOne({ _id: 1 as never, n: 1 }))
        yield* promise(() => things.updateOne({}, { $set: { n: 2 }, $unset: { x: "" } }))
        yield* promise(() => things.replaceOne({}, { n: 3 }))
        yield* promise(() => things.deleteOne({}))

        const inserted = yield* promise(first)
        const rest = []
        for (let times = 0; times < 3; times++) rest.push(yield* promise(() => stream.next()))
        const again = things.watch([], { resumeAfter: inserted._id })
        const resumed = yield* promise(() => again.next())
        yield* promise(() => again.close())

        assert.deepInclude(inserted as object, {
          operationType: "insert",
          documentKey: { _id: 1 },
          fullDocument: { _id: 1, n: 1 }
        })
        assert.deepStrictEqual(rest.map(({ operationType }) => operationType), ["update", "replace", "delete"])
        assert.deepNestedInclude(rest[0], { "updateDescription.updatedFields": { n: 2 } })
        assert.deepStrictEqual(resumed._id, rest[0]?._id)
      }))

    it.effect("are of a collection, of a database or of everything, through a pipeline", () =>
      Effect.gen(function*() {
        const { client, db, things } = yield* fresh
        const match = [{ $match: { operationType: "insert" } }]
        const firsts = []
        for (const target of [things, db, client]) firsts.push(yield* watching(target.watch(match)))
        yield* promise(() => things.insertOne({ n: 1 }))

        for (const { first } of firsts) {
          assert.deepInclude(yield* promise(first), { ns: { db: db.databaseName, coll: "things" } })
        }
      }))

    it.effect("end when their collection is dropped, and leave no cursor behind when closed", () =>
      Effect.gen(function*() {
        const { client, things } = yield* fresh
        yield* promise(() => things.insertOne({ n: 1 }))
        const stream = things.watch()
        const { first } = yield* watching(stream)
        yield* promise(() => things.drop())

        assert.strictEqual((yield* promise(first)).operationType, "drop")
        assert.strictEqual((yield* promise(() => stream.next())).operationType, "invalidate")

        const waiting = things.watch()
        yield* watching(waiting)
        yield* promise(() => waiting.close())
        yield* MongoServers.until(Effect.map(openCursors(client), (open) => open === 0))
      }))

    it.effect("an option that is not known is refused", () =>
      Effect.gen(function*() {
        const { things } = yield* fresh
        const error = yield* failureOf(() =>
          things.watch([], { startAtOperationTime: new Timestamp({ t: 1, i: 1 }) }).next()
        )
        assert.strictEqual(error.code, 115)
        assert.include(error.message, "startAtOperationTime")
      }))
  })

  describe("what is no client of MongoDB", () => {
    it.effect("bytes of another protocol end their connection, and the server goes on", () =>
      Effect.gen(function*() {
        const { client, port } = yield* fresh
        const { bytes } = yield* MongoServers.raw(port)

        const answer = yield* promise(() => bytes(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")))

        assert.include(answer.toString("latin1"), "cannot read a message of")
        assert.deepInclude(yield* promise(() => client.db().command({ ping: 1 })), { ok: 1 })
      }))

    it.effect("a message that says it is larger than may be is not read", () =>
      Effect.gen(function*() {
        const { port } = yield* fresh
        const { bytes } = yield* MongoServers.raw(port)
        const head = Buffer.alloc(16)
        head.writeInt32LE(48_000_001, 0)

        assert.include((yield* promise(() => bytes(head))).toString("latin1"), "48000001 bytes")
      }))

    it.effect("compression, which nobody offered, is refused in words", () =>
      Effect.gen(function*() {
        const { port } = yield* fresh
        const { bytes } = yield* MongoServers.raw(port)
        const message = Buffer.alloc(30)
        message.writeInt32LE(30, 0)
        message.writeInt32LE(2012, 12)

        assert.include((yield* promise(() => bytes(message))).toString("latin1"), "compressed")
      }))
  })
})
