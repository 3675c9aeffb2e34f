/**
 * Claim: against a server that answers 429 above 50 requests a second and 50 ms late, forty callers who would send a thousand a
 * second settle at 90 % of what it takes or more within ten seconds, and after that fewer than 2 % of requests are refused.
 * The server, in a process of its own, counts by its own clock. Also for one that says `Retry-After: 1`.
 *
 *     node bench/polite.ts [seconds]
 */
import { Effect, Layer } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as UndiciHttpClient from "../src/layers/live/UndiciHttpClient.ts"
import * as Client from "../src/services/polite/Client.ts"
import { PoliteHttp } from "../src/services/PoliteHttp.ts"
import * as Alternate from "./Alternate.ts"

const seconds = Number(process.argv[2] ?? 30)
const allowed = 50
const settleMs = 10_000

/** A token bucket that fills with `allowed` a second; tells its counts when asked. */
const serve = (): void => {
  const tokens = { left: allowed, at: performance.now() }
  let counts = { answered: 0, refused: 0 }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const now = performance.now()
    tokens.left = Math.min(allowed, tokens.left + (now - tokens.at) * allowed / 1_000)
    tokens.at = now
    const isRefused = tokens.left < 1
    if (!isRefused) tokens.left--
    counts[isRefused ? "refused" : "answered"]++
    setTimeout(() => {
      if (isRefused && request.url!.startsWith("/told")) response.setHeader("retry-after", "1")
      response.writeHead(isRefused ? 429 : 200).end()
    }, 50)
  })
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port))
  process.on("message", () => {
    process.send!(counts)
    counts = { answered: 0, refused: 0 }
  })
  process.on("disconnect", () => process.exit())
}

interface Counts {
  readonly answered: number
  readonly refused: number
}

const measure = async (path: string): Promise<void> => {
  const server = fork(import.meta.filename, ["server"], { execArgv: [] })
  const [port] = await once(server, "message")
  const taken = async (): Promise<Counts> => {
    server.send("taken")
    return (await once(server, "message"))[0] as Counts
  }
  const worker = (name: number) =>
    Effect.gen(function*() {
      const http = yield* PoliteHttp
      for (let n = 0;; n++) yield* Effect.ignore(http.execute({ url: `http://127.0.0.1:${port}/${path}/${name}-${n}` }))
    })
  const run = Effect.gen(function*() {
    yield* Effect.forkScoped(
      Effect.forEach(Array.from({ length: 40 }), (_, name) => worker(name), { concurrency: "unbounded" })
    )
    yield* Effect.sleep(settleMs)
    const first = yield* Effect.promise(taken)
    yield* Effect.sleep(seconds * 1_000)
    return { first, then: yield* Effect.promise(taken) }
  })
  const layer = Layer.merge(
    Client.layer({ concurrency: 40, requestsPerSecond: 1_000, retries: 20 }),
    UndiciHttpClient.layer({})
  )
  const { first, then } = await Effect.runPromise(Effect.provide(Effect.scoped(run), layer))
  server.disconnect()

  console.log(`${path}: first ${settleMs / 1_000} s ${first.answered} answered, ${first.refused} refused`)
  Alternate.goal(
    `${path}: share of the allowed rate, after ten seconds`,
    then.answered / seconds / allowed,
    "at least",
    0.9
  )
  Alternate.goal(
    `${path}: refused after ten seconds`,
    100 * then.refused / (then.answered + then.refused),
    "at most",
    2,
    " %"
  )
}

if (process.argv[2] === "server") serve()
else for (const path of ["told", "untold"]) await measure(path)
