/**
 * Claims: 10,000 items of 5 ms fifty at a time take at most 1.10 times as long as they must; a million items with a journal fit
 * in 250 MB, take less than 100 bytes of it each, and are gone through again in less than two seconds; 200 requests of 50 ms, 100 at
 * once, are done at least five times as fast as by GNU parallel with curl as it comes: one at once for each processor. What it
 * takes with 100 at once too is told beside it.
 *
 *     node bench/batch.ts
 *
 * The last one needs the packages `parallel` and `curl`, and says so when they are missing.
 */
import { Effect, Stream } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as FileJournal from "../src/layers/live/FileJournal.ts"
import * as Batch from "../src/programs/Batch.ts"
import * as ItemJournal from "../src/programs/batch/ItemJournal.ts"
import { alternate, goal, inProcess, needBuild, node, print, ratio, skein, wall } from "./Alternate.ts"
import * as Server from "./Server.ts"

const folder = mkdtempSync(join(process.env["SKEIN_BENCH_FOLDER"] ?? import.meta.dirname, ".batch-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const count = (items: number, options: Omit<Batch.Options<never>, "operation">) =>
  Stream.range(1, items).pipe(
    (numbers) => Batch.events(numbers, { operation: "bench", ...options }),
    Stream.runFold(() => 0, (ended, event) => event._tag === "Ended" ? ended + 1 : ended),
    Effect.scoped,
    Effect.provide(FileJournal.layer()),
    Effect.runPromise
  )

/** The part of this file that runs in a process of its own, so that its memory is its own. */
const million = 1_000_000
if (process.argv[2] === "million") {
  await count(million, { run: () => Effect.succeed(null), concurrency: 50, journal: process.argv[3]! })
  process.exit()
}
if (process.argv[2] === "scan") {
  const started = performance.now()
  const found = await Effect.runPromise(
    Effect.scoped(Effect.map(ItemJournal.open(process.argv[3]!, "bench", "resume"), ({ found }) => found.size)).pipe(
      Effect.provide(FileJournal.layer())
    )
  )
  writeFileSync(join(process.argv[3]!, "scan.json"), JSON.stringify({ found, ms: performance.now() - started }))
  process.exit()
}

const items = 10_000
const concurrency = 50
// A timer rings late on a busy machine, in this loop just as in a batch: what must be is measured, not reckoned.
const bound = async () => {
  let left = items
  const worker = async () => {
    while (left-- > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}
console.log(`${items} items of 5 ms, ${concurrency} at once`)
const pace = await alternate([
  { name: "bare timers", run: () => inProcess(bound) },
  {
    name: "skein, no journal",
    run: () => inProcess(() => count(items, { run: () => Effect.as(Effect.sleep(5), null), concurrency }))
  },
  {
    name: "skein, journal",
    run: () =>
      inProcess(() =>
        count(items, {
          run: () => Effect.as(Effect.sleep(5), null),
          concurrency,
          journal: join(folder, "pace"),
          earlier: "anew"
        })
      )
  }
], 5)
print(pace)
goal("times the bound, with a journal", ratio(pace[2]!, pace[0]!).median, "at most", 1.1)

console.log(`\n${million.toLocaleString("en")} items with a journal`)
const journal = join(folder, "million")
// As the command line does for so many; `Machine.staySmall`.
const small = ["--optimize-for-size", "--semi-space-growth-factor=1"]
const cost = await node([...small, import.meta.filename, "million", journal])
const bytes = statSync(join(journal, "skein.journal")).size
console.log(
  `  ${(cost.wallMs / 1_000).toFixed(1)} s, ${Math.round(million / cost.wallMs * 1_000).toLocaleString("en")} items/s`
)
goal("peak memory", cost.peakMb ?? NaN, "at most", 250, " MB")
goal("bytes of journal for an item", bytes / million, "at most", 100)
await node([import.meta.filename, "scan", journal])
const scan = JSON.parse(await import("node:fs").then((fs) => fs.readFileSync(join(journal, "scan.json"), "utf8"))) as {
  readonly found: number
  readonly ms: number
}
if (scan.found !== million) throw new Error(`the scan found ${scan.found} items`)
goal("resume scan", scan.ms / 1_000, "at most", 2, " s")

const missing = ["parallel", "curl"].filter((name) => spawnSync(name, ["--version"]).status !== 0)
if (missing.length > 0) {
  console.log(`\nnot compared with GNU parallel: apt-get install ${missing.join(" ")}`)
} else {
  needBuild()
  await against()
}

/** The whole command each time: its start, 200 requests, its end. */
async function against() {
  const server = await Server.start()
  const list = join(folder, "items.txt")
  const total = 200
  writeFileSync(list, Array.from({ length: total }, (_, n) => `${n}\n`).join(""))
  const check = async () => {
    const taken = await server.taken()
    if (taken !== total) throw new Error(`${taken} requests, not ${total}`)
  }
  const url = (item: string) => `${server.url}/items/${item}?delay=50`
  const ours = (at: number) => async () => {
    const flags = ["--from", list, "-c", String(at), "--rate", "100000", "-q"]
    const cost = await node([skein, "batch", "http", "--with", `url=${url("${item}")}`, ...flags], {
      directory: folder
    })
    await check()
    return cost
  }
  const theirs = (jobs: ReadonlyArray<string>) => () =>
    inProcess(async () => {
      const args = [...jobs, "-a", list, "curl", "-sf", "-o", "/dev/null", url("{}")]
      const [code] = await once(spawn("parallel", args, { stdio: "ignore" }), "close")
      if (code !== 0) throw new Error(`parallel ended with ${code}`)
      await check()
    })
  console.log(`\n${total} requests of 50 ms`)
  const same = await alternate(
    [
      { name: "skein batch -c 100", run: ours(100) },
      { name: "GNU parallel -j 100, curl", run: theirs(["-j", "100"]) },
      { name: "GNU parallel as it comes, curl", run: theirs([]) }
      // Its slowest needs no warm-up, and would take a quarter of the time of the whole bench for it.
    ],
    3,
    0
  )
  server.close()
  print(same)
  goal("times as fast as GNU parallel as it comes", wall(same[2]!) / wall(same[0]!), "at least", 5)
  console.log(`and ${(wall(same[1]!) / wall(same[0]!)).toPrecision(3)} times as fast as with -j 100`)
}
