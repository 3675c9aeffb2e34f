/**
 * Claims of waiting for remote workflows:
 *
 * - three workflows of the same length take at most 1.05 times one, on a loopback server with 40 ms of latency
 * - 500 workflows of 20 sites take at most 1/20 of the requests of one poll for each of them
 * - an hour of virtual time takes less than 100 ms
 * - 100,000 waiting workflows, each of a parent of its own, fit into 400 MB, and an interruption ends them within 2 s
 * - so do those of a hundred parents in `skein wait` as a process, which ends within 2 s of Ctrl-C and prints what became of each
 *
 *     node --expose-gc bench/wait.ts [rounds]
 */
import { Duration, Effect, Fiber, Random } from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as UndiciHttpClient from "../src/layers/live/UndiciHttpClient.ts"
import * as WorkflowWait from "../src/programs/WorkflowWait.ts"
import * as HttpExchange from "../src/services/HttpExchange.ts"
import * as Alternate from "./Alternate.ts"

Alternate.needBuild()
const rounds = Number(process.argv[2] ?? 5)
const latency = 40
interface Counts {
  readonly requests: number
  /** Workflows that were asked for: one poll each would take as many requests. */
  readonly ids: number
}

type States = ReadonlyMap<string, WorkflowWait.Seen>
const running: WorkflowWait.Seen = { state: "running", text: "running" }

/** Tells of all workflows of a parent; each takes so many milliseconds from the time that the server heard `/begin`. */
const start = async (lengthOf: (id: string) => number) => {
  let begun = 0
  const counts = { requests: 0, ids: 0 }
  const server = createServer((request, response) => {
    counts.requests++
    const ids = new URL(request.url!, "http://x").searchParams.getAll("id")
    counts.ids += ids.length
    const now = performance.now()
    const body = JSON.stringify(ids.map((id) => [id, now - begun >= lengthOf(id)]))
    setTimeout(() => response.writeHead(200, { "content-type": "application/json" }).end(body), latency)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const poll = (_: string, ids: ReadonlyArray<string>) =>
    Effect.map(
      HttpExchange.execute({ url, query: { id: ids } }),
      ({ text }): States =>
        new Map(
          (JSON.parse(text) as ReadonlyArray<readonly [string, boolean]>).map((
            [id, done]
          ) => [id, done ? { state: "done", text: "done" } : running])
        )
    )
  /** Waits on quick intervals and answers with what it asked. */
  const wait = async (
    items: ReadonlyArray<WorkflowWait.Item>,
    intervals: ReadonlyArray<Duration.Input> = ["100 millis", "200 millis", "500 millis", "1 second"]
  ): Promise<Counts> => {
    begun = performance.now()
    Object.assign(counts, { requests: 0, ids: 0 })
    const options = {
      poll,
      concurrency: 50,
      intervals
    } as const
    // The same chance for all: it is the shared clock that is measured, not the luck of its jitter.
    const waiting = Random.withSeed(WorkflowWait.all(items, options), "the same")
    const result = await Effect.runPromise(Effect.provide(waiting, UndiciHttpClient.layer({})))
    if (result.verdict !== "met") throw new Error(`the verdict is ${result.verdict}`)
    return { ...counts }
  }
  return { wait, close: () => server.close() }
}

const items = (count: number, parents: number): ReadonlyArray<WorkflowWait.Item> =>
  Array.from({ length: count }, (_, n) => ({ parent: `site${n % parents}`, id: String(n) }))

const threeAndOne = async (): Promise<void> => {
  const server = await start(() => 3_000)
  const contestant = (count: number): Alternate.Contestant => ({
    name: `${count} at once`,
    run: () => Alternate.inProcess(() => server.wait(items(count, count), ["50 millis", "100 millis"]))
  })
  const results = await Alternate.alternate([contestant(1), contestant(3)], rounds, 0)
  server.close()
  Alternate.print(results)
  const ratio = Alternate.wall(results[1]!) / Alternate.wall(results[0]!)
  Alternate.goal("three workflows of the same length in times of one", ratio, "at most", 1.05)
}

const manyOfFewSites = async (): Promise<void> => {
  const server = await start((id) => 3_000 + Number(id) % 25 * 20)
  const { ids, requests } = await server.wait(items(500, 20))
  server.close()
  console.log(`500 workflows of 20 sites: ${requests} requests, one poll for each would be ${ids}`)
  Alternate.goal("500 workflows of 20 sites, requests in those of one poll each", requests / ids, "at most", 1 / 20)
}

const anHour = async (): Promise<void> => {
  const program = Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      WorkflowWait.all(items(3, 1), {
        poll: (_, ids) => Effect.succeed(new Map(ids.map((id) => [id, running]))),
        timeout: "1 hour"
      })
    )
    yield* TestClock.adjust("1 hour")
    const { polls, verdict } = yield* Fiber.join(fiber)
    if (verdict !== "timed out" || polls < 300) throw new Error(`${verdict} after ${polls} looks`)
  })
  const costs = await Alternate.alternate([{
    name: "an hour",
    run: () => Alternate.inProcess(() => Effect.runPromise(Effect.provide(program, TestClock.layer())))
  }], rounds)
  Alternate.goal("an hour of virtual time", Alternate.wall(costs[0]!), "at most", 100, " ms")
}

const manyAtOnce = async (): Promise<void> => {
  const poll = (_: string, ids: ReadonlyArray<string>) => Effect.succeed(new Map(ids.map((id) => [id, running])))
  const looks = { seen: 0 }
  const counted = (parent: string, ids: ReadonlyArray<string>) =>
    Effect.tap(poll(parent, ids), () => Effect.sync(() => looks.seen++))
  const fiber = Effect.runFork(WorkflowWait.all(items(100_000, 100_000), {
    poll: counted,
    concurrency: 50,
    intervals: ["20 seconds"]
  }))
  while (looks.seen < 100_000) await Effect.runPromise(Effect.sleep(Duration.millis(50)))
  globalThis.gc?.()
  Alternate.goal("100,000 waiting workflows, resident", process.memoryUsage().rss / 1e6, "at most", 400, " MB")
  const started = performance.now()
  await Effect.runPromise(Fiber.interrupt(fiber))
  Alternate.goal("until they are interrupted", (performance.now() - started) / 1_000, "at most", 2, " s")
}

const asProcess = async (): Promise<void> => {
  const server = createServer((_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(
      JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id: String(id), status: "running" })))
    )
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const folder = mkdtempSync(join(tmpdir(), "skein-wait-"))
  const handles = Array.from({ length: 100_000 }, (_, n) => `p${n % 100}/${Math.floor(n / 100)}`)
  writeFileSync(join(folder, "handles.txt"), handles.join("\n"))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/{parent}`
  const args = [
    "wait",
    "--list",
    url,
    "--state",
    "body.status",
    "--done",
    "ok",
    "--file",
    "handles.txt",
    "--format",
    "json"
  ]
  const child = spawn(process.execPath, [Alternate.skein, ...args, "--requests-per-second", "100"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"]
  })
  let said = 0
  child.stdout.on("data", (chunk: Buffer) => said += chunk.length)
  const closed = once(child, "close")
  await Effect.runPromise(Effect.sleep("20 seconds"))
  const [, peak = "0"] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? []
  const started = performance.now()
  child.kill("SIGINT")
  const [code] = await closed as [number]
  const seconds = (performance.now() - started) / 1_000
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
  if (code !== 130 || said < 100_000) throw new Error(`it ended with ${code} and ${said} bytes`)
  Alternate.goal("100,000 waiting workflows as a process, peak", Number(peak) / 1_000, "at most", 400, " MB")
  Alternate.goal("from Ctrl-C to its end", seconds, "at most", 2, " s")
}

await threeAndOne()
await manyOfFewSites()
await anHour()
await manyAtOnce()
await asProcess()
