/**
 * Claims of `skein paginate`, against a server in another process that waits before each answer:
 *
 * - 5 pages of 200 ms, total known: at most 1.10 times the bound of (1 + ceil(4/c)) x 200 ms, and at least 2 times as fast as one
 *   page after the other; 1,000 pages of 200 ms with 10 at once: at most 1.05 times the bound
 * - 1,000,000 rows in 1,000 pages to JSON lines: under 150 MB, at least 100,000 rows/s, and exact after 5 kill -9
 *
 *     npm run build && node bench/paginate.ts
 */
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import * as UndiciHttpClient from "../src/layers/live/UndiciHttpClient.ts"
import * as Pagination from "../src/programs/Pagination.ts"
import * as Client from "../src/services/polite/Client.ts"
import { alternate, goal, inProcess, median, needBuild, node, print, ratio, skein, wall } from "./Alternate.ts"

/** `/list?page=1&rows=1000&size=10&delay=200` */
const serve = (): void => {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const { searchParams } = new URL(request.url!, "http://127.0.0.1")
    const [page, rows, size, delay] = ["page", "rows", "size", "delay"].map((name) => Number(searchParams.get(name)))
    const items: Array<string> = []
    for (let id = (page! - 1) * size!; id < Math.min(rows!, page! * size!); id++) {
      items.push(`{"id":${id},"name":"site ${id}","plan":"basic","frozen":false,"owner":{"name":"owner ${id % 7}"}}`)
    }
    const body = `{"total":${rows},"items":[${items.join(",")}]}`
    const answer = () => response.writeHead(200, { "content-type": "application/json" }).end(body)
    if (delay! > 0) global.setTimeout(answer, delay)
    else answer()
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port))
  process.on("disconnect", () => process.exit())
}

const bench = async (): Promise<void> => {
  needBuild()
  const child = fork(import.meta.filename, ["serve"])
  const [port] = await once(child, "message")
  const base = `http://127.0.0.1:${port}/list?page=1`
  const folder = mkdtempSync(join(import.meta.dirname, ".paginate-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

  await fivePages(base)
  await thousandPages(base)
  await millionRows(base, folder)
  await killed(base, folder)
  child.disconnect()
}

/** Reads a list; fails when it is not whole. One pool of connections for all readings. */
const reader = (concurrency: number) => {
  const services = ManagedRuntime.make(
    Layer.merge(UndiciHttpClient.layer(), Client.layer({ requestsPerSecond: Infinity, concurrency }))
  )
  return (url: string, rows: number) =>
    Pagination.stream({ request: { url } }, { concurrency }).pipe(
      Stream.runCount,
      Effect.tap((count) => count === rows ? Effect.void : Effect.die(`${count} rows of ${rows}`)),
      services.runPromise
    )
}

const fivePages = async (base: string): Promise<void> => {
  const url = `${base}&rows=50&size=10&delay=200`
  const rounds = await alternate(
    [1, 2, 4].map((concurrency) => {
      const read = reader(concurrency)
      return { name: `5 pages of 200 ms, ${concurrency} at once`, run: () => inProcess(() => read(url, 50)) }
    }),
    5
  )
  print(rounds)
  const [serial, two, four] = rounds
  goal("5 pages, 2 at once, over the bound of 600 ms", wall(two!) / 600, "at most", 1.1)
  goal("5 pages, 4 at once, over the bound of 400 ms", wall(four!) / 400, "at most", 1.1)
  goal("5 pages, 4 at once, times as fast as one after the other", 1 / ratio(four!, serial!).median, "at least", 2)
}

const thousandPages = async (base: string): Promise<void> => {
  const read = reader(10)
  const rounds = await alternate(
    [{
      name: "1,000 pages of 200 ms, 10 at once",
      run: () => inProcess(() => read(`${base}&rows=10000&size=10&delay=200`, 10_000))
    }],
    1,
    0
  )
  print(rounds)
  goal("1,000 pages, 10 at once, over the bound of 20.2 s", wall(rounds[0]!) / 20_200, "at most", 1.05)
}

const command = (url: string, file: string) => [
  skein,
  "paginate",
  url,
  "--requests-per-second",
  "1000000",
  "--output",
  file
]

const millionRows = async (base: string, folder: string): Promise<void> => {
  const file = join(folder, "a.jsonl")
  const costs = []
  for (let round = 0; round < 3; round++) {
    costs.push(await node(command(`${base}&rows=1000000&size=1000&delay=0`, file)))
    await checkRows(file, 1_000_000)
  }
  goal("a million rows: rows a second", 1e9 / median(costs.map(({ wallMs }) => wallMs)), "at least", 100_000)
  goal("a million rows: peak memory", Math.max(...costs.map(({ peakMb }) => peakMb ?? NaN)), "at most", 150, " MB")
}

const killed = async (base: string, folder: string): Promise<void> => {
  const file = join(folder, "killed.jsonl")
  const args = [...command(`${base}&rows=1000000&size=1000&delay=0`, file), "--resume", join(folder, "journal")]
  let kills = 0
  for (; kills < 5; kills++) {
    const child = spawn(process.execPath, args, { stdio: "ignore" })
    await setTimeout(700 + 300 * kills)
    if (existsSync(file)) break
    child.kill("SIGKILL")
    await once(child, "close")
  }
  await node(args)
  await checkRows(file, 1_000_000)
  goal("a million rows: kill -9 after which it is exact", kills, "at least", 5)
}

/** Every row once and in order. */
const checkRows = async (file: string, rows: number): Promise<void> => {
  let id = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!line.startsWith(`{"id":${id},`)) throw new Error(`row ${id} is ${line}`)
    id++
  }
  if (id !== rows) throw new Error(`${id} rows of ${rows}`)
}

if (process.argv[2] === "serve") serve()
else await bench()
