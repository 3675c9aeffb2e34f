/**
 * Claims: a journal takes 500,000 small records a second in batches, appends that wait share a sync, reading back and checking
 * is faster than that, and the checksum of our own is faster than zlib's on records of their usual size.
 *
 *     node bench/journal.ts
 */
import { Effect, Stream } from "effect"
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { crc32c } from "../src/core/Crc32c.ts"
import * as FileJournal from "../src/layers/live/FileJournal.ts"
import { Journal, type JournalHandle, type OpenOptions } from "../src/services/Journal.ts"
import { alternate, inProcess, print, wall } from "./Alternate.ts"

const base = mkdtempSync(join(process.env["SKEIN_BENCH_FOLDER"] ?? import.meta.dirname, ".journal-"))
process.once("exit", () => rmSync(base, { recursive: true, force: true }))
let missed = false
let number = 0

const record = Buffer.from(
  JSON.stringify({ _id: 12_345, name: "a small record of about a hundred bytes", tags: ["a", "b"], price: 12.5 })
)
const batchOf = (size: number) => Array.from({ length: size }, () => record)

const within = <A, E>(
  use: (journal: JournalHandle) => Effect.Effect<A, E>,
  sync: OpenOptions["sync"],
  folder = join(base, String(++number))
) =>
  Effect.runPromise(
    Effect.scoped(Effect.gen(function*() {
      const journal = yield* Journal
      return yield* use(yield* journal.open(folder, { format: { name: "bench", version: 1 }, sync }))
    })).pipe(Effect.provide(FileJournal.layer()))
  )

const appendAll = (batch: ReadonlyArray<Uint8Array>, times: number) => (journal: JournalHandle) =>
  Effect.replicateEffect(journal.append(batch), times, { discard: true })

const claim = (what: string, perSecond: number, wanted: number) => {
  const ok = perSecond >= wanted
  missed ||= !ok
  console.log(
    `${ok ? "holds " : "MISSED"} ${what}: ${Math.round(perSecond).toLocaleString("en")} records/s (wanted ${
      wanted.toLocaleString("en")
    })`
  )
}

const records = 500_000
console.log(`${records.toLocaleString("en")} records of ${record.length} bytes`)
const writes = await alternate([
  {
    name: "batches of 1,000, sync 1 second",
    run: () => inProcess(() => within(appendAll(batchOf(1_000), 500), "1 second"))
  },
  {
    name: "batches of 1,000, sync always",
    run: () => inProcess(() => within(appendAll(batchOf(1_000), 500), "always"))
  },
  {
    name: "naive: JSON lines, one write a batch, no checksum",
    run: () =>
      inProcess(() => {
        const path = join(base, String(++number))
        const text = record.toString()
        const fd = openSync(path, "a")
        for (let at = 0; at < 500; at++) writeSync(fd, Array.from({ length: 1_000 }, () => text).join("\n"))
        closeSync(fd)
      })
  }
], 5)
print(writes)
claim("in batches of 1,000", records / wall(writes[0]!) * 1_000, 500_000)

const singles = 20_000
console.log(`\n${singles.toLocaleString("en")} records, one at a time`)
const few = await alternate([
  { name: "append, sync 1 second", run: () => inProcess(() => within(appendAll([record], singles), "1 second")) },
  {
    name: "append, sync always, 100 fibers",
    run: () =>
      inProcess(() =>
        within((journal) =>
          Effect.forEach(batchOf(100), () => appendAll([record], singles / 100)(journal), {
            concurrency: "unbounded",
            discard: true
          }), "always")
      )
  },
  {
    name: "append, sync always, one fiber",
    run: () => inProcess(() => within(appendAll([record], singles), "always"))
  },
  {
    name: "naive: appendFileSync",
    run: () =>
      inProcess(() => {
        const path = join(base, String(++number))
        for (let at = 0; at < singles; at++) appendFileSync(path, record)
      })
  }
], 3)
print(few)

const folder = join(base, "read")
await within(appendAll(batchOf(1_000), 500), "never", folder)
console.log("\nreading them back")
const reads = await alternate([
  {
    name: "open, check and read",
    run: () => inProcess(() => within((journal) => Stream.runDrain(journal.records), "never", folder))
  },
  { name: "open and check", run: () => inProcess(() => within(() => Effect.void, "never", folder)) }
], 5)
print(reads)
claim("opened and read", records / wall(reads[0]!) * 1_000, 500_000)

for (const size of [32, 100, 200, 1_000]) {
  const bytes = Buffer.alloc(size, 7)
  const times = 20_000_000 / size
  const sum = (checksum: (seed: number) => number) => () =>
    inProcess(() => {
      let seed = 0
      for (let at = 0; at < times; at++) seed = checksum(seed) >>> 0
    })
  console.log(`\nchecksums of 20 MB in records of ${size} bytes`)
  print(
    await alternate([
      { name: "crc32c", run: sum((seed) => crc32c(bytes, 0, size, seed)) },
      { name: "zlib.crc32", run: sum((seed) => crc32(bytes, seed)) }
    ], 5)
  )
}

process.exitCode = missed ? 1 : 0
