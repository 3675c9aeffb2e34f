/**
 * Claim: bulkWrite of 100,000 updates through the document store is at least 0.9 times as fast as the driver's own bulkWrite,
 * on the same server: our wire server in another process, or the one of `SKEIN_TEST_MONGO_URL`. Each has a client of its own;
 * they take turns.
 *
 *     node bench/mongo.ts [rounds]
 */
import { Context, Effect, Layer } from "effect"
import { MongoClient } from "mongodb"
import { fork } from "node:child_process"
import { once } from "node:events"
import * as FakeServers from "../src/layers/embedded/FakeServers.ts"
import * as FileJournal from "../src/layers/live/FileJournal.ts"
import * as MongoDocumentStore from "../src/layers/live/MongoDocumentStore.ts"
import { DocumentStore, type Write } from "../src/services/DocumentStore.ts"
import { FakeServer } from "../src/services/FakeServer.ts"
import * as Alternate from "./Alternate.ts"

const count = 100_000

const serve = Effect.gen(function*() {
  const { url } = yield* FakeServer.use((server) => server.mongo())
  process.send?.(url)
  return yield* Effect.never
}).pipe(Effect.scoped, Effect.provide(FakeServers.layer.pipe(Layer.provide(FileJournal.layer()))))

const documents = Array.from({ length: count }, (_, _id) => ({ _id, amount: _id % 100, name: `item ${_id}` }))

/** Updates that change every document, another one each time. */
const updates = (round: number): ReadonlyArray<Write> =>
  documents.map(({ _id }) => ({
    updateOne: { filter: { _id }, update: { $set: { seen: round }, $inc: { amount: 1 } } }
  }))

const measure = (url: string, rounds: number) =>
  Effect.gen(function*() {
    const context = yield* Effect.context<DocumentStore>()
    const store = Context.get(context, DocumentStore)
    const ours = (yield* store.connect(url)).collection("ours")
    const driver = yield* Effect.acquireRelease(
      Effect.promise(() => MongoClient.connect(url, { minPoolSize: 10 })),
      (client) => Effect.promise(() => client.close())
    )
    const theirs = driver.db("test").collection<{ _id: number }>("theirs")
    yield* ours.drop
    yield* Effect.promise(() => theirs.drop())
    yield* ours.insertMany(documents)
    yield* Effect.promise(() => theirs.insertMany([...documents]))

    for (const ordered of [true, false]) {
      let round = 0
      const contestant = (name: string, run: (writes: ReadonlyArray<Write>) => Promise<{ modifiedCount: number }>) => ({
        name,
        run: async () => {
          const writes = updates(++round)
          globalThis.gc?.()
          return Alternate.inProcess(async () => {
            const { modifiedCount } = await run(writes)
            if (modifiedCount !== count) throw new Error(`${name} changed ${modifiedCount} documents`)
          })
        }
      })
      const results = yield* Effect.promise(() =>
        Alternate.alternate([
          contestant("skein", (writes) => Effect.runPromise(ours.bulkWrite(writes, { ordered }))),
          contestant("driver", (writes) => theirs.bulkWrite(writes as never, { ordered }))
        ], rounds)
      )
      const [skein, alone] = results
      console.log(`\n${count} updates, ${ordered ? "ordered" : "unordered"}`)
      Alternate.print(results)
      console.log(`skein: ${Math.round(count / Alternate.wall(skein!) * 1_000)} updates/s`)
      Alternate.goal(
        "bulkWrite against the driver's own",
        Alternate.ratio(alone!, skein!).median,
        "at least",
        0.9,
        " times"
      )
    }
  }).pipe(Effect.scoped, Effect.provide(MongoDocumentStore.layer))

if (process.argv[2] === "serve") await Effect.runPromise(serve)
else {
  const given = process.env["SKEIN_TEST_MONGO_URL"]
  const server = given === undefined ? fork(import.meta.filename, ["serve"]) : undefined
  const url = given ?? (await once(server!, "message"))[0] as string
  await Effect.runPromise(measure(url, Number(process.argv[2] ?? 7)))
  server?.kill()
}
