/**
 * Claim: arrays and lines of JSON of any size are read in constant memory: 1 GB with less than 100 MB more than at the start,
 * at about the pace of reading all of it and `JSON.parse`, which needs several times the size of the file and here does less:
 * it keeps no integer exact.
 *
 *     node bench/streaming.ts [megabytes]
 *
 * The file is made on the fly and removed. The naive way stops at 400 MB: no string is longer than 512 MB.
 */
import { NodeServices } from "@effect/platform-node"
import { JSONParser } from "@streamparser/json"
import { Effect, FileSystem, Stream } from "effect"
import { spawnSync } from "node:child_process"
import { closeSync, createReadStream, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as JsonStream from "../src/core/JsonStream.ts"

const row = (id: number) =>
  `{"id":${id},"sku":"A${id}","name":"a part with a name","price":${
    id % 1_000 / 8
  },"tags":["x","y\\"z"],"at":{"shelf":${id % 77}},"note":"é ☃"}`

const make = (path: string, format: JsonStream.Format, megabytes: number) => {
  const file = openSync(path, "w")
  let id = 0
  for (let written = 0; written < megabytes * 1e6;) {
    const rows = Array.from({ length: 5_000 }, () => row(id++)).join(format === "json" ? ",\n" : "\n")
    const before = format === "json" ? written === 0 ? "[" : ",\n" : ""
    written += writeSync(file, `${before}${rows}${format === "json" ? "" : "\n"}`)
  }
  if (format === "json") writeSync(file, "]\n")
  closeSync(file)
  return id
}

/** Each counts the items of a file; it runs in a process of its own. */
const ways: Readonly<Record<string, (path: string, format: JsonStream.Format) => Promise<number>>> = {
  streaming: (path, format) =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      return yield* files.stream(path).pipe(
        JsonStream.decode(format),
        Stream.runFold(() => 0, (count) => count + 1)
      )
    }).pipe(Effect.provide(NodeServices.layer), Effect.runPromise),
  naive: async (path, format) => {
    const text = readFileSync(path, "utf8")
    return format === "json"
      ? (JSON.parse(text) as ReadonlyArray<unknown>).length
      : text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as unknown).length
  },
  streamparser: async (path) => {
    let count = 0
    const parser = new JSONParser({ paths: ["$.*"], keepStack: false })
    parser.onValue = () => count++
    for await (const chunk of createReadStream(path)) parser.write(chunk as Buffer)
    return count
  }
}

const [way, file, wayFormat] = process.argv.slice(2)
if (way !== undefined && file !== undefined && way in ways) {
  const start = process.memoryUsage().rss
  let most = start
  const watch = setInterval(() => most = Math.max(most, process.memoryUsage().rss), 20)
  const began = performance.now()
  const cpu = process.cpuUsage()
  const count = await ways[way]!(file, wayFormat as JsonStream.Format)
  clearInterval(watch)
  most = Math.max(most, process.memoryUsage().rss)
  const ms = performance.now() - began
  const { system, user } = process.cpuUsage(cpu)
  console.log(JSON.stringify({ count, ms, cpuMs: (system + user) / 1e3, grownMb: (most - start) / 1e6 }))
} else {
  const size = Number(way ?? 1_000)
  const folder = mkdtempSync(join(process.env["SKEIN_BENCH_FOLDER"] ?? tmpdir(), "skein-streaming-"))
  try {
    measure(folder, size)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Outcome {
  readonly count: number
  readonly ms: number
  /** Of the reading, garbage collection included: fair on a machine that has other things to do. */
  readonly cpuMs: number
  readonly grownMb: number
}

function measure(folder: string, size: number): void {
  const run = (way: string, path: string, format: JsonStream.Format): Outcome => {
    const child = spawnSync(process.execPath, [
      ...way === "naive" ? ["--max-old-space-size=8000"] : [],
      import.meta.filename,
      way,
      path,
      format
    ], {
      encoding: "utf8"
    })
    if (child.status !== 0) throw new Error(`${way}: ${child.stderr}`)
    return JSON.parse(child.stdout) as Outcome
  }
  let missed = false
  for (const format of JsonStream.formats) {
    const contests = [[size, ["streaming"]], [Math.min(size, 400), [
      "streaming",
      "naive",
      ...format === "json" ? ["streamparser"] : []
    ]]] as const
    for (const [megabytes, contestants] of contests) {
      const path = join(folder, `${megabytes}.${format}`)
      const made = make(path, format, megabytes)
      const bytes = statSync(path).size
      console.log(`\n${(bytes / 1e6).toFixed(0)} MB of ${format}, ${made.toLocaleString("en")} items`)
      for (const way of contestants) {
        const { count, cpuMs, grownMb, ms } = run(way, path, format)
        if (count !== made) throw new Error(`${way} found ${count} items of ${made}`)
        const speed = bytes / 1e6 / (cpuMs / 1e3)
        console.log(
          `${way.padEnd(13)} wall ${(ms / 1e3).toFixed(2).padStart(6)} s  cpu ${
            (cpuMs / 1e3).toFixed(2).padStart(6)
          } s  ${speed.toFixed(0).padStart(4)} MB per cpu second  memory +${grownMb.toFixed(0)} MB`
        )
        if (way === "streaming" && grownMb >= 100) {
          missed = true
          console.log("MISSED 100 MB")
        }
      }
      rmSync(path)
    }
  }
  process.exitCode = missed ? 1 : 0
}
