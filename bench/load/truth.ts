/**
 * Claims: against a server whose delays are known (1, 5, 20 and 100 ms; it notes how long each answer really took it), p50, p95 and p99 are
 * right within 0.3 ms or 2 %; and a server that stands still for a second of five at 2,000 requests a second shows in the p99 as
 * arithmetic says, within 1 %. Beside it, on the same, what wrk, hey and autocannon say.
 *
 *     node bench/load/truth.ts [rounds]
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { goal, median, needBuild, quantile } from "../Alternate.ts"
import * as Target from "./Target.ts"
import * as Tools from "./Tools.ts"

const rounds = Number(process.argv[2] ?? 5)
const delays = [1, 5, 1, 20, 5, 1, 5, 100, 20, 5]
const quantiles = ["p50", "p95", "p99"] as const
type Quantiles = Readonly<Record<(typeof quantiles)[number], number>>

/** Answers after the next delay, and tells how long it took from the request to the answer, all of it by its own clock. */
const serve = (): void => {
  let taken: Array<number> = []
  let number = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
    const from = performance.now()
    const due = from + delays[number++ % delays.length]!
    const answer = (): void => {
      const left = due - performance.now()
      if (left > 2) return void setTimeout(answer, left - 2)
      // Timers are a millisecond coarse.
      if (left > 0) return void setImmediate(answer)
      response.writeHead(200, { "content-length": 2 }).end("ok")
      taken.push(performance.now() - from)
    }
    answer()
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port))
  process.on("message", () => {
    process.send!({ p50: quantile(taken, 0.5), p95: quantile(taken, 0.95), p99: quantile(taken, 0.99) })
    taken = []
  })
  process.on("disconnect", () => process.exit())
}

const knownDelays = async (): Promise<void> => {
  const server = fork(import.meta.filename, ["serve"], { execArgv: [] })
  const [port] = await once(server, "message")
  const truth = async (): Promise<Quantiles> => {
    server.send("taken")
    const [taken] = await once(server, "message")
    return taken as Quantiles
  }
  const tools = [Tools.skein, Tools.hey, Tools.autocannon, Tools.wrk]
  const off = new Map(
    tools.map(({ name }) => [name, { p50: [], p95: [], p99: [] } as Record<keyof Quantiles, Array<number>>])
  )
  try {
    const last = new Map<string, string>()
    for (let round = 0; round < rounds; round++) {
      for (const tool of tools) {
        // Eight connections ask about 500 times a second; who asks on schedule needs enough of them that nothing waits here.
        const load = tool === Tools.skein ? { connections: 100, rate: 300 } : { connections: 8 }
        const said = await tool.run({ url: `http://127.0.0.1:${port}/`, seconds: 3, ...load })
        const real = await truth()
        for (const q of quantiles) off.get(tool.name)![q].push(said[q] - real[q])
        last.set(tool.name, quantiles.map((q) => `${q} ${said[q].toFixed(2)} of ${real[q].toFixed(2)} ms`).join(", "))
      }
    }
    console.log("Known delays")
    for (const [name, text] of last) console.log(`  ${name.padEnd(11)} the last round: ${text}`)
    for (const q of quantiles) {
      const values = off.get("skein")![q]
      const bound = q === "p50" ? 0.3 : 2
      const best = values.toSorted((a, b) => Math.abs(a) - Math.abs(b))[0]!
      console.log(`  ${q} off by ${values.map((value) => value.toFixed(2)).join(", ")} ms`)
      goal(`${q}, off by, median of the rounds`, Math.abs(median(values)), "at most", bound, " ms")
      goal(`${q}, off by, best round`, Math.abs(best), "at most", bound, " ms")
    }
  } finally {
    server.kill()
  }
}

const stall = async (): Promise<void> => {
  const target = await Target.start()
  const [rate, seconds] = [2_000, 5]
  const work = { url: target.url, connections: 64, seconds, rate }
  try {
    console.log(`${rate} a second for ${seconds} s, the server stopped for one of them`)
    const off: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      const running = Tools.skein.run(work)
      await Target.sleep(2_000)
      const stopped = await target.stall(1_000)
      const said = await running
      // A fifth of all were due while it stood, evenly spread: of them a twentieth waited longer than this.
      const p99 = stopped - 0.01 * rate * seconds / rate * 1_000
      off.push(Math.abs(said.p99 / p99 - 1) * 100)
      console.log(
        `  skein       p50 ${said.p50.toFixed(2)}, p99 ${said.p99.toFixed(0)} ms; arithmetic says ${p99.toFixed(0)} ms`
      )
    }
    for (const tool of [Tools.hey, Tools.autocannon, Tools.wrk]) {
      const running = tool.run(work)
      await Target.sleep(2_000)
      await target.stall(1_000)
      const said = await running
      console.log(
        `  ${tool.name.padEnd(11)} p50 ${said.p50.toFixed(2)}, p99 ${said.p99.toFixed(0)} ms, ${said.requests} requests`
      )
    }
    goal("p99 of the run with a stop, off by, median of the rounds", median(off), "at most", 1, " %")
  } finally {
    await target.close()
  }
}

if (process.argv[2] === "serve") serve()
else {
  Target.need("nginx", "wrk", "hey")
  needBuild()
  Tools.installPeers()
  await knownDelays()
  await stall()
}
