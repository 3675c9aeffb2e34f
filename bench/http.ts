/**
 * HTTP exchanges with all that skein adds (redirects, caps, time-outs, exact errors) against bare `undici.request`, both
 * with 50 connections to a server in another process: at least 0.2 times as many requests a second (seen: 0.4 to 0.5 with a
 * `content-length`, 0.3 without).
 *
 * Run: `node bench/http.ts`
 */
import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import { fork } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Agent, request } from "undici"
import * as UndiciHttpClient from "../src/layers/live/UndiciHttpClient.ts"
import * as HttpExchange from "../src/services/HttpExchange.ts"

const rounds = 7
const requests = 5_000
const concurrency = 32
const goal = 0.2

const serve = (): void => {
  const body = JSON.stringify({ id: 7, items: [{ sku: "A1", amount: 2 }], text: "x".repeat(400) })
  const server = createServer((incoming, response) => {
    response.setHeader("content-type", "application/json")
    if (incoming.url === "/chunked") response.write(" ")
    else response.setHeader("content-length", body.length)
    response.end(body)
  })
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port))
}

const main = async (): Promise<void> => {
  const server = fork(import.meta.filename, ["server"])
  const port = await new Promise((resolve) => server.once("message", resolve))
  const agent = new Agent({ connections: 50 })

  const bare = async (url: string): Promise<void> => {
    let sent = 0
    const worker = async (): Promise<void> => {
      while (sent++ < requests) await (await request(url, { dispatcher: agent })).body.text()
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  const exchanges = (url: string) =>
    Effect.forEach(
      Array.from({ length: requests }),
      () => Effect.map(HttpExchange.execute({ url }), (answer) => answer.text),
      { concurrency, discard: true }
    )
  const perSecond = async (run: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await run()
    return requests / (performance.now() - started) * 1_000
  }

  const program = Effect.gen(function*() {
    const context = yield* Effect.context<HttpClient.HttpClient>()
    let worst = Infinity
    for (const path of ["/known-length", "/chunked"]) {
      const url = `http://127.0.0.1:${port}${path}`
      const rates: Array<{ readonly bare: number; readonly skein: number }> = []
      for (let round = 0; round <= rounds; round++) {
        const rate = {
          bare: yield* Effect.promise(() => perSecond(() => bare(url))),
          skein: yield* Effect.promise(() => perSecond(() => Effect.runPromiseWith(context)(exchanges(url))))
        }
        // The first round warms up.
        if (round > 0) rates.push(rate)
      }
      const ratio = median(rates.map((rate) => rate.skein / rate.bare))
      worst = Math.min(worst, ratio)
      console.log(
        `${path.slice(1).padEnd(14)} undici ${median(rates.map((rate) => rate.bare)).toFixed(0)}/s, skein ${
          median(rates.map((rate) => rate.skein)).toFixed(0)
        }/s, ratio ${ratio.toFixed(2)}`
      )
    }
    return worst
  })

  const worst = await Effect.runPromise(Effect.provide(program, UndiciHttpClient.layer()))
  server.kill()
  await agent.close()
  console.log(`at least ${goal}: ${worst >= goal ? "yes" : "NO"}`)
  process.exitCode = worst >= goal ? 0 : 1
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

if (process.argv[2] === "server") serve()
else await main()
