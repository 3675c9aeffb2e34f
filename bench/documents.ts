/**
 * The embedded document store. Goals: 50,000 updates a second in bulk, in memory and kept in a folder; with an index, finds by
 * equality and by range among 1,000,000 documents in less than a millisecond, against a scan of the collection and against plain
 * mingo over an array; and a store from nothing within 30 ms (some 10, mostly of code that runs for the first time).
 *
 * Run: `node bench/documents.ts`
 */
import { Effect, Layer, Stream } from "effect"
import { Query } from "mingo"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as JournalDocumentStore from "../src/layers/embedded/JournalDocumentStore.ts"
import * as FileJournal from "../src/layers/live/FileJournal.ts"
import { type Collection, type DocumentClient, DocumentStore, type Write } from "../src/services/DocumentStore.ts"
import { alternate, goal, inProcess, median, print, wall } from "./Alternate.ts"

const documents = 1_000_000
const updates = 100_000
const finds = 200
const rounds = 5

const make = (n: number) => ({ _id: n, n: n * 7_919 % documents, name: `name ${n}`, tags: ["a", "b"], inner: { x: n } })

const bulk: ReadonlyArray<Write> = Array.from({ length: updates }, (_, n) => ({
  updateOne: { filter: { _id: n * 7 % updates }, update: { $inc: { "inner.x": 1 }, $set: { name: `new ${n}` } } }
}))

/** Inserts in slices, so that a million writes are never held at once. */
const fill = (collection: Collection, count: number) =>
  Effect.forEach(
    Array.from({ length: count / 10_000 }, (_, part) => part * 10_000),
    (from) => collection.insertMany(Array.from({ length: 10_000 }, (_, n) => make(from + n))),
    { discard: true }
  )

const using = <A>(folder: string, use: (client: DocumentClient) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(DocumentStore, (store) => Effect.flatMap(store.connect(`embedded:${folder}`), use)))
      .pipe(
        Effect.provide(JournalDocumentStore.layer().pipe(Layer.provide(FileJournal.layer())))
      )
  )

const writing = async (folder: string): Promise<void> => {
  await using("", (memory) =>
    Effect.promise(() =>
      using(folder, (kept) =>
        Effect.gen(function*() {
          const collections = [memory.collection("orders"), kept.collection("orders")]
          for (const collection of collections) yield* fill(collection, updates)
          const [inMemory, inFolder] = yield* Effect.promise(() =>
            alternate(
              collections.map((collection, at) => ({
                name: ["in memory", "in a folder"][at]!,
                run: () => inProcess(() => Effect.runPromise(collection.bulkWrite(bulk)))
              })),
              rounds
            )
          )
          console.log(`bulkWrite of ${updates} updates`)
          print([inMemory!, inFolder!])
          for (const one of [inMemory!, inFolder!]) {
            goal(`updates ${one.name}`, updates / wall(one) * 1_000, "at least", 50_000, "/s")
          }
        }))
    ))
}

const finding = () =>
  using("", (client) =>
    Effect.gen(function*() {
      const orders = client.collection("orders")
      yield* fill(orders, documents)
      const plain = Array.from({ length: documents }, (_, n) => make(n))
      const kinds = [
        { name: "equality", filter: (n: number) => ({ n: n * 31 }) },
        { name: "range of 20", filter: (n: number) => ({ n: { $gte: n * 31, $lt: n * 31 + 20 } }) }
      ]
      const each = (times: number, filter: (n: number) => object) =>
        inProcess(async () => {
          for (let n = 0; n < times; n++) {
            await Effect.runPromise(Stream.runCollect(orders.find(filter(n) as never)))
          }
        })
      for (const { filter, name } of kinds) {
        yield* Effect.ignore(orders.dropIndex("n_1"))
        const scans = yield* Effect.promise(() => each(5, filter))
        const mingo = yield* Effect.promise(() =>
          inProcess(() => {
            for (let n = 0; n < 2; n++) new Query(filter(n)).find(plain).all()
          })
        )
        yield* orders.createIndexes([{ fields: [["n", 1]] }])
        const indexed: Array<number> = []
        for (let round = 0; round < rounds + 1; round++) {
          const { wallMs } = yield* Effect.promise(() => each(finds, filter))
          if (round > 0) indexed.push(wallMs / finds)
        }
        console.log(
          `${name}: index ${median(indexed).toFixed(3)} ms, scan ${(scans.wallMs / 5).toFixed(0)} ms, ` +
            `mingo over an array ${(mingo.wallMs / 2).toFixed(0)} ms`
        )
        goal(`${name} among ${documents} documents, with an index`, median(indexed), "at most", 1, " ms")
      }
    }))

/** The first thing that a process does with a store, its modules loaded. */
const start = async (): Promise<void> => {
  const { wallMs } = await inProcess(() =>
    using("", (client) => {
      const orders = client.collection("orders")
      return Effect.andThen(orders.insertOne({ a: 1 }), orders.findOne({ a: 1 }))
    })
  )
  goal("a store from nothing, its first insert and find", wallMs, "at most", 30, " ms")
}

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "skein-bench-documents-"))
  try {
    await start()
    await writing(join(folder, "kept"))
    await finding()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

await main()
