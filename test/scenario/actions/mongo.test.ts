import { assert, describe, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import type { Value, ValueRecord } from "../../../src/core/Value.ts"
import * as JournalDocumentStore from "../../../src/layers/embedded/JournalDocumentStore.ts"
import * as FileJournal from "../../../src/layers/live/FileJournal.ts"
import type { ActionError } from "../../../src/scenario/Action.ts"
import { mongo } from "../../../src/scenario/actions/mongo.ts"
import { waitFor } from "../../../src/scenario/actions/wait_for.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { makeContext, runAction, runRobogo, type TestContext } from "./context.ts"

const services = Layer.mergeAll(
  Scenarios.layer,
  JournalDocumentStore.layer().pipe(Layer.provide(FileJournal.layer()))
)

const run = (input: ValueRecord, context: TestContext) =>
  Effect.map(runAction(mongo, { collection: "c", ...input }, { context }), (output) => output as ValueRecord)

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error as ActionError)

const plain = (value: Value | undefined): unknown => JSON.parse(JSON.stringify(value))

const problems = (input: ValueRecord) => mongo.validate?.(new Set(Object.keys(input)), input) ?? []

const insert = (_id: number) => ({ collection: "c", insert: { _id } })

const effect = (input: ValueRecord) =>
  typeof mongo.effect === "function" ? mongo.effect(input, new Set(Object.keys(input))) : mongo.effect

layer(services, { excludeTestServices: true, timeout: "30 seconds" })("mongo", (it) => {
  for (const { title, yaml } of mongo.examples) {
    it.effect(`example: ${title}`, () =>
      Effect.gen(function*() {
        const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${yaml}` }, [mongo, waitFor])

        const one = report.cases[0]
        assert.strictEqual(one?.status, "passed", JSON.stringify(one?.steps.map(({ failures }) => failures)))
      }))
  }

  it.effect("documents of a file are inserted up to one that is refused, and the error says how many at least are in", () =>
    Effect.gen(function*() {
      const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const files = yield* FileSystem.FileSystem
      const context = yield* makeContext({ directory: root })
      const lines = [...Array.from({ length: 2_500 }, (_, n) => `{"_id":${n}}`), "{\"_id\":7}"].join("\n")
      yield* files.writeFileString(`${root}/documents.jsonl`, lines)

      const error = yield* failure(run({ insert_from: "documents.jsonl" }, context))

      assert.strictEqual(error.reason, "Invalid")
      assert.include(error.message, "at least 2000 documents of \"documents.jsonl\" are in")
      assert.strictEqual((yield* run({ count: {} }, context))["count"], 2_500)
    }))

  describe("values", () => {
    it.effect("a saved _id, date or decimal finds its document again", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const { inserted_id } = yield* run({
          insert: { at: { $date: "2024-05-01T10:00:00Z" }, sum: { $numberDecimal: "1.10" }, big: 9007199254740993n }
        }, context)
        const { document } = yield* run({ find_one: { _id: inserted_id! } }, context)
        const { at, sum } = document as ValueRecord

        assert.deepEqual([plain(at), plain(sum)], [{ $date: "2024-05-01T10:00:00.000Z" }, { $numberDecimal: "1.10" }])
        for (const filter of [{ at: at! }, { sum: sum! }, { big: 9007199254740993n }, { at: { $lte: at! } }]) {
          assert.strictEqual((yield* run({ count: filter }, context))["count"], 1)
        }
        assert.strictEqual((document as ValueRecord)["big"], 9007199254740993n)
      }))

    it.effect("what no document can hold is an error with its place", () =>
      Effect.gen(function*() {
        const error = yield* failure(run({ find: { _id: { $in: [{ $oid: "zz" }] } } }, yield* makeContext()))

        assert.strictEqual(error.reason, "Invalid")
        assert.match(error.message, /^mongo: find\._id\.\$in\.0: .*24 character hex/)
      }))
  })

  describe("operations", () => {
    it.effect("a list of documents is inserted at once; ids come in order", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()

        assert.deepInclude(yield* run({ insert: [{ _id: 1 }, { _id: 2 }] }, context), {
          inserted_id: 1,
          inserted_ids: [1, 2],
          inserted_count: 2
        })
        assert.deepInclude(yield* run({ find: {}, sort: [["_id", -1]], skip: 1, limit: 1 }, context), { count: 1 })
      }))

    it.effect("a document that is not there is null", () =>
      Effect.gen(function*() {
        const output = yield* run({ find_one: { a: 1 } }, yield* makeContext())

        assert.deepInclude(output, { document: null, documents: [], count: 0 })
      }))

    it.effect("a write of bulk that is refused fails the step, unless that is looked at", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const bulk = [{ insert: { _id: 1 } }, { insert: { _id: 1 } }, { delete_one: { _id: 1 } }]
        const error = yield* failure(run({ bulk, ordered: true }, context))
        const output = yield* run({ bulk, ordered: false, any_write: true }, context)

        assert.match(error.message, /^mongo: write 1 of 3 was refused: /)
        assert.deepEqual(
          (output["items"] as ReadonlyArray<ValueRecord>).map(({ status }) => status),
          ["failed", "failed", "done"]
        )
        assert.strictEqual(output["failed"], 2)
      }))

    it.effect("indexes are made, listed with their parts, and removed", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const index = { fields: { at: 1 }, expire_after: "1h", partial: { state: "new" } }
        yield* run({ create_indexes: [index, { fields: [["a", 1], ["b", -1]], unique: true }] }, context)
        const { indexes } = yield* run({ list_indexes: true }, context)
        yield* run({ drop_index: "at_1" }, context)

        const found = plain(indexes) as ReadonlyArray<{ readonly name: string }>
        assert.deepInclude(found.find(({ name }) => name === "at_1"), {
          fields: { at: 1 },
          expire_after_ms: 3_600_000,
          partial: { state: "new" }
        } as never)
        assert.deepInclude(found.find(({ name }) => name === "a_1_b_-1"), { unique: true } as never)
        assert.strictEqual((yield* run({ list_indexes: true }, context))["count"], found.length - 1)
      }))

    it.effect("a transaction does all of its operations, or none", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const transaction = (items: ReadonlyArray<ValueRecord>) => runAction(mongo, { transaction: items }, { context })

        const output = yield* transaction([insert(1), { collection: "c", count: {} }])
        yield* failure(transaction([insert(2), insert(1)]))

        assert.deepInclude((output as { readonly results: ReadonlyArray<object> }).results[1], { count: 1 } as never)
        assert.strictEqual((yield* run({ count: {} }, context))["count"], 1)
      }))

    it.effect("changes are kept from start on, and too few of them are told", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ watch: "start", pipeline: [{ $match: { operationType: "insert" } }] }, context)
        yield* run({ insert: { _id: 1 } }, context)
        yield* run({ delete_one: { _id: 1 } }, context)
        const { change } = yield* run({ watch: "next", timeout: "10s" }, context)
        const error = yield* failure(run({ watch: "next", changes: 2, timeout: "20ms" }, context))

        assert.deepInclude(change, { kind: "insert", collection: "c", id: 1 } as never)
        assert.strictEqual(error.reason, "Timeout")
        assert.include(error.message, "0 of 2 changes of c came within 20ms")
      }))

    it.effect("how the store is", () =>
      Effect.gen(function*() {
        const output = yield* runAction(mongo, { health: true }, { context: yield* makeContext() })

        assert.deepInclude(output, { health: "up" })
      }))
  })

  describe("a step", () => {
    it.effect("has its operation attached, also when it fails", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ insert: { _id: 1 } }, context)
        yield* failure(run({ insert: { _id: 1 } }, context))

        const [first, second] = context.attachments.map((one) => ({ ...one }))
        assert.deepInclude(first, {
          _tag: "Operation",
          service: "mongo",
          operation: "insert",
          target: "c",
          sent: "{\"insert\":{\"_id\":1}}"
        } as never)
        assert.include((first as { readonly received: string }).received, "\"inserted_id\":1")
        assert.notProperty(second, "received")
      }))

    it.effect("that is of the case alone sees nothing of others; a name is shared; a folder is kept", () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const directory = yield* files.makeTempDirectoryScoped()
        const count = Effect.fnUntraced(function*(url: string) {
          const context = yield* makeContext({ directory })
          yield* run({ insert: { a: 1 }, url }, context)
          return (yield* run({ count: {}, url }, context))["count"]
        })
        const twice = (url: string) => Effect.all([Effect.scoped(count(url)), Effect.scoped(count(url))])

        assert.deepEqual(yield* twice("embedded:"), [1, 1])
        assert.deepEqual(yield* twice("embedded:./kept"), [1, 2])
        yield* Effect.scoped(Effect.gen(function*() {
          assert.strictEqual(yield* count("embedded:shared"), 1)
          assert.strictEqual(yield* count("embedded:shared"), 2)
        }))
        const error = yield* failure(count("embedded:../outside"))
        assert.strictEqual(error.reason, "Refused")
      }))

    it.effect("of Robogo has that tool's results", () =>
      Effect.gen(function*() {
        const context = yield* makeContext({ robogo: true })
        const call = (operation: string, options: ValueRecord) =>
          runRobogo(mongo, [operation, "embedded:", "shop.orders"], { context, options, name: "mongodb" })

        yield* call("insert", { documents: [{ _id: 1, n: 1 }, { _id: 2, n: 2 }] })
        assert.deepEqual(plain(yield* call("insert", { document: { _id: 3 } })), { inserted_id: 3 })
        assert.deepEqual(plain(yield* call("find", { filter: { _id: 1 } })), {
          documents: [{ _id: 1, n: 1 }],
          count: 1,
          collection: "shop.orders",
          filter: { _id: 1 }
        })
        assert.deepEqual(plain(yield* call("update", { filter: { _id: 1 }, update: { $inc: { n: 1 } } })), {
          matched_count: 1,
          modified_count: 1,
          upserted_id: null
        })
        assert.deepEqual(plain(yield* call("count", {})), { count: 3 })
        assert.deepEqual(plain(yield* call("aggregate", { pipeline: [{ $match: { _id: 2 } }] })), {
          results: [{ _id: 2, n: 2 }],
          count: 1,
          pipeline: [{ $match: { _id: 2 } }]
        })
        assert.deepEqual(plain(yield* call("delete", { many: true })), { deleted_count: 3 })
      }))
  })

  it("what does not fit together is found before anything runs", () => {
    const cases: ReadonlyArray<readonly [ValueRecord, string]> = [
      [{ collection: "c" }, "give one of insert, find,"],
      [{ collection: "c", find: {}, count: {} }, "give only one of find and count"],
      [{ find: {} }, "find needs collection"],
      [{ collection: "c", update_many: { $set: { a: 1 } } }, "update_many needs filter; {} means every document"],
      [{ collection: "c", find: {}, upsert: true }, "upsert belongs to update_one, update_many, replace"],
      [{ collection: "c", find: {}, changes: 2 }, "changes belongs to watch"],
      [{ transaction: [{ collection: "c", insert: {} }, { find: {} }] }, "transaction.1: find needs collection"],
      [{ collection: "c", find: {}, url: "mongdb://x" }, "did you mean mongodb:?"]
    ]
    for (const [input, problem] of cases) assert.include(problems(input).join("; "), problem)
    assert.isEmpty(problems({ collection: "c", filter: {}, update_many: { $set: {} }, upsert: true }))
  })

  it("steps that only look may run beside others", () => {
    assert.strictEqual(effect({ collection: "c", find: {} }), "read")
    assert.strictEqual(effect({ collection: "c", aggregate: [{ $match: {} }] }), "read")
    assert.strictEqual(effect({ collection: "c", aggregate: [{ $out: "x" }] }), "write")
    assert.strictEqual(effect({ collection: "c", insert: {} }), "write")
  })
})
