import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Stream } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Records from "../../src/layers/embedded/documents/DocumentRecords.ts"
import * as Store from "../../src/layers/embedded/JournalDocumentStore.ts"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { type Document, type DocumentClient, DocumentStore, type Write } from "../../src/services/DocumentStore.ts"
import { Journal } from "../../src/services/Journal.ts"
import { shown, suite, TestStore } from "../services/DocumentStoreSuite.ts"
import { program } from "../support/built.ts"
import { zoo } from "../support/documentCases.ts"

const store = Store.layer().pipe(Layer.provideMerge(MemoryJournal.layer))
const at = (url: string) => Layer.succeed(TestStore, { url })

suite("DocumentStore in memory", Layer.merge(store, at("embedded:suite")))
suite("DocumentStore in a folder", Layer.merge(store, at("embedded:/suite")))

/** Uses a client of `url` until it is closed. */
const using = <A, E, R>(url: string, use: (client: DocumentClient) => Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(DocumentStore, (store) => Effect.flatMap(store.connect(url), use)))

const insert = (client: DocumentClient) => client.collection("orders").insertOne({ _id: 1 })

const all = (client: DocumentClient, name = "orders") => Stream.runCollect(client.collection(name).find())

const ticks = Effect.repeat(Effect.promise(() => new Promise((resolve) => setImmediate(resolve))), { times: 20 })

describe("URLs of embedded document stores", () => {
  it.effect("embedded: is one of its own, embedded:NAME lasts as long as the layer, whoever holds it", () =>
    Effect.gen(function*() {
      const documents = yield* DocumentStore
      const own = yield* documents.connect("embedded:")
      yield* insert(own)

      const shared = yield* Effect.scoped(Effect.gen(function*() {
        yield* insert(yield* documents.connect("embedded:shop"))
        return yield* all(yield* documents.connect("embedded:shop"))
      }))

      assert.deepStrictEqual(shared, [{ _id: 1 }])
      assert.deepStrictEqual(yield* using("embedded:shop", all), [{ _id: 1 }])
      assert.deepStrictEqual(yield* using("embedded:other", all), [])
      assert.deepStrictEqual(yield* using("embedded:", all), [])
      assert.deepStrictEqual(yield* all(own), [{ _id: 1 }])
    }).pipe(Effect.provide(store)))

  it.effect("another one is Invalid, without its password", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(using("embedded:user:secret@host/?", () => Effect.void))

      assert.strictEqual(error.reason, "Invalid")
      assert.notInclude(JSON.stringify(error), "secret")
    }).pipe(Effect.provide(store)))
})

layer(store, { excludeTestServices: true })("a document store in a folder", (it) => {
  it.effect("has everything when it is opened again: documents, kinds, indexes, and the changes since a token", () =>
    Effect.gen(function*() {
      const url = "embedded:/kept"
      const token = yield* using(url, (client) =>
        Effect.gen(function*() {
          const orders = client.collection("orders")
          const changes = yield* orders.watch()
          yield* orders.createIndexes([{ fields: [["n", 1]], unique: true, sparse: true }, {
            fields: [["at", 1]],
            expireAfter: "1 hour"
          }])
          yield* orders.insertMany(zoo)
          yield* orders.updateOne({ _id: "int" }, { $set: { n: 1 }, $push: { l: { a: 1 } } })
          yield* orders.deleteOne({ _id: "none" })
          yield* client.collection("gone").insertOne({})
          yield* client.collection("gone").drop
          const [first] = yield* Stream.runCollect(Stream.take(changes, zoo.length))
          return first!.token
        }))

      yield* using(url, (client) =>
        Effect.gen(function*() {
          const orders = client.collection("orders")
          const found = yield* all(client)
          const expected = zoo.filter(({ _id: id }) => id !== "none").map((document) =>
            document["_id"] === "int" ? { ...document, l: [{ a: 1 }], n: 1 } : document
          )
          assert.strictEqual(shown(found), shown(expected))
          assert.deepStrictEqual(yield* client.collections, ["orders"])
          assert.deepStrictEqual((yield* orders.listIndexes).map(({ name }) => name), ["_id_", "n_1", "at_1"])
          assert.strictEqual((yield* Effect.flip(orders.insertOne({ n: 1 }))).reason, "DuplicateKey")

          const changes = yield* orders.watch({ resumeAfter: token })
          const seen = yield* Stream.runCollect(Stream.take(changes, zoo.length + 1))
          assert.deepStrictEqual(seen.slice(-2).map(({ kind, updated }) => [kind, updated]), [
            ["update", { l: [{ a: 1 }], n: 1 }],
            ["delete", undefined]
          ])
        }))
    }))

  it.effect("is made compact when most of the journal is history, and loses nothing by it", () =>
    Effect.gen(function*() {
      const url = "embedded:/compact"
      const text = "x".repeat(1_000)
      const rounds = 12
      yield* using(url, (client) =>
        Effect.gen(function*() {
          const orders = client.collection("orders")
          yield* orders.createIndexes([{ fields: [["n", 1]] }])
          yield* orders.insertMany(Array.from({ length: 1_000 }, (_, n) => ({ _id: n, n: 0, text })))
          const updates = Array.from({ length: 1_000 }, (_, n): Write => ({
            updateOne: { filter: { _id: n }, update: { $inc: { n: 1 } } }
          }))
          for (let round = 0; round < rounds; round++) yield* orders.bulkWrite(updates)
        }))

      const size = yield* sizeOf("/compact")
      yield* using(url, (client) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* client.collection("orders").count({ n: rounds }), 1_000)
          assert.deepInclude(yield* client.collection("orders").explain({ n: 1 }), { index: "n_1" })
        }))
      assert.isBelow(size, 9_000_000)
    }))

  it.effect("R30 torn in the middle of a transaction, it has none of it, and all that was promised before", () =>
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      const url = "embedded:/torn"
      const outcome = yield* using(url, (client) =>
        Effect.gen(function*() {
          const orders = client.collection("orders")
          yield* orders.insertOne({ _id: 1 })
          yield* journal.tearAfter(300)
          const big = (id: number) => orders.insertOne({ _id: id, text: "x".repeat(100) })
          const exit = yield* Effect.exit(client.transaction(Effect.all([big(2), big(3), big(4), big(5)])))
          const after = yield* Effect.flip(orders.insertOne({ _id: 6 }))
          yield* journal.crash("kept")
          return { exit, after }
        }))

      assert.isTrue(Exit.isFailure(outcome.exit))
      assert.strictEqual(outcome.after.reason, "Storage")
      assert.deepStrictEqual(yield* using(url, all), [{ _id: 1 }])
      yield* using(url, (client) => client.collection("orders").insertOne({ _id: 7 }))
      assert.deepStrictEqual(yield* using(url, all), [{ _id: 1 }, { _id: 7 }])
    }))

  it.effect("R31 a full disk fails writes with Storage, and reads go on", () =>
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      yield* using("embedded:/full", (client) =>
        Effect.gen(function*() {
          yield* client.collection("orders").insertOne({ _id: 1 })
          yield* journal.limit(0)
          const error = yield* Effect.flip(client.collection("orders").insertOne({ _id: 2 }))
          yield* journal.limit(Infinity)

          assert.strictEqual(error.reason, "Storage")
          assert.isAtLeast((yield* all(client)).length, 1)
          const health = yield* client.health
          assert.strictEqual(health.status, "degraded")
          assert.include(health.problem, "no space left")
        }))
    }))

  it.effect("R32 held by another process, it is refused with its number", () =>
    Effect.gen(function*() {
      const journal = yield* MemoryJournal.MemoryJournal
      yield* journal.heldBy("/held", "process 4711 on host")

      const error = yield* Effect.flip(using("embedded:/held", () => Effect.void))

      assert.strictEqual(error.reason, "Storage")
      assert.include(error.message, "process 4711")
    }))

  it.effect("is shared by clients of one scope and the next, and let go after the last one", () =>
    Effect.gen(function*() {
      const documents = yield* DocumentStore
      yield* Effect.scoped(Effect.gen(function*() {
        const [one, two] = yield* Effect.all([documents.connect("embedded:/both"), documents.connect("embedded:/both")])
        yield* one.collection("orders").insertOne({ _id: 1 })
        assert.deepStrictEqual(yield* all(two), [{ _id: 1 }])
      }))
      assert.deepStrictEqual(yield* using("embedded:/both", all), [{ _id: 1 }])
    }))

  it.effect("one who watches and falls too far behind is told so", () =>
    Effect.gen(function*() {
      const error = yield* using("embedded:", (client) =>
        Effect.gen(function*() {
          const orders = client.collection("orders")
          const changes = yield* orders.watch()
          yield* orders.insertMany(Array.from({ length: 250 }, (_, n) => ({ n })))
          return yield* Effect.flip(Stream.runDrain(changes))
        })).pipe(
          Effect.provide(Store.layer({ maxChanges: 100 }).pipe(Layer.provide(MemoryJournal.layer)), { local: true })
        )

      assert.strictEqual(error.code, 286)
      assert.include(error.message, "forgotten")
    }))

  it.effect("a write waits for the transaction that has written the document", () =>
    using("embedded:", (client) =>
      Effect.gen(function*() {
        const orders = client.collection("orders")
        yield* orders.insertOne({ _id: 1, n: 0 })
        const waiting = yield* client.transaction(Effect.gen(function*() {
          yield* orders.updateOne({ _id: 1 }, { $set: { n: 5 } })
          const fiber = Effect.runFork(orders.updateOne({ _id: 1 }, { $inc: { n: 1 } }))
          yield* ticks
          assert.isUndefined(fiber.pollUnsafe())
          return fiber
        }))
        yield* Fiber.join(waiting)

        assert.deepStrictEqual(yield* all(client), [{ _id: 1, n: 6 }])
      })))

  it.effect(
    "R32 killed -9 in the middle of writes it has all that was promised, and its lock is taken over",
    () =>
      Effect.gen(function*() {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-documents-"))),
          (path) => Effect.sync(() => rmSync(path, { recursive: true }))
        )
        for (const wanted of [20, 60]) {
          const promised = yield* Effect.promise(() => writeUntilKilled(join(folder, String(wanted)), wanted))
          const files = Store.layer().pipe(Layer.provide(FileJournal.layer()))
          const { orders, pairs } = yield* using(`embedded:${join(folder, String(wanted))}`, (client) =>
            Effect.gen(function*() {
              return { orders: yield* all(client), pairs: yield* all(client, "pairs") }
            })).pipe(Effect.provide(files, { local: true }))

          assert.isAtLeast(promised, wanted)
          assert.deepStrictEqual(
            orders.slice(0, promised + 1),
            Array.from({ length: promised + 1 }, (_, n): Document => ({ _id: n, text: "x".repeat(n % 300) }))
          )
          assert.isAtLeast(pairs.length, (promised + 1) * 2)
          assert.strictEqual(pairs.length % 2, 0)
        }
      }),
    30_000
  )
})

/** Runs a process that writes to the folder, and kills it once it has promised so much. Answers with the last number that it promised. */
const writeUntilKilled = async (folder: string, wanted: number): Promise<number> => {
  const child = spawn(process.execPath, [await program("documentWriter"), folder], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  let said = ""
  child.stdout.on("data", (chunk) => {
    said += chunk
    if (said.split("\n").length > wanted + 1) child.kill("SIGKILL")
  })
  const [code] = await once(child, "close")
  assert.isNull(code, "it ended by itself")
  return Number(said.trim().split("\n").at(-1))
}

const sizeOf = (folder: string) =>
  Effect.scoped(Effect.gen(function*() {
    const handle = yield* (yield* Journal).open(folder, { format: Records.format })
    return yield* handle.size
  }))
