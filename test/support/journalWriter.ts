/** Writes numbered records to a journal until it is killed, and says after each append up to where they are acknowledged. */
import { Effect } from "effect"
import { writeSync } from "node:fs"
import * as FileJournal from "../../src/layers/live/FileJournal.ts"
import { Journal } from "../../src/services/Journal.ts"

const [folder = "", first = "0"] = process.argv.slice(2)

const record = (number: number) => Buffer.from(`${number} ${"x".repeat(number % 300)}`)

const write = Effect.gen(function*() {
  const journal = yield* (yield* Journal).open(folder, { format: { name: "numbers", version: 1 }, sync: "always" })
  let next = Number(first)
  writeSync(1, "open\n")
  for (let round = 1;; round++) {
    const batch = Array.from({ length: 1 + round % 7 }, () => record(next++))
    yield* journal.append(batch)
    if (round % 20 === 0) yield* journal.rewrite([Buffer.from(`upto ${next}`)])
    writeSync(1, `${next}\n`)
  }
})

await Effect.runPromise(Effect.scoped(write).pipe(Effect.provide(FileJournal.layer())))
