/** Writes numbered documents to a kept store for ever, and says each number once it is promised. Ended by a kill. */
import { Effect, Layer } from "effect"
import { writeSync } from "node:fs"
import * as JournalDocumentStore from "../../src/layers/embedded/JournalDocumentStore.ts"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { DocumentStore } from "../../src/services/DocumentStore.ts"

const program = Effect.gen(function*() {
  const client = yield* (yield* DocumentStore).connect(`embedded:${process.argv[2]}`)
  const [orders, pairs] = [client.collection("orders"), client.collection("pairs")]
  for (let n = 0;; n++) {
    yield* orders.insertOne({ _id: n, text: "x".repeat(n % 300) })
    yield* client.transaction(Effect.andThen(pairs.insertOne({ n }), pairs.insertOne({ n })))
    writeSync(1, `${n}\n`)
  }
})

const store = JournalDocumentStore.layer({ sync: "always" }).pipe(Layer.provide(FileJournal.layer()))
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(store)))
