/**
 * The transport of `skein load` against wrk: one thread, 64 connections, answers of 100 bytes from one nginx worker on the other core,
 * every status looked at; plain and TLS, in turn, the best of each: at least 0.9 times wrk, 0.7 over TLS. Where the server is
 * not the limit the processor time of a request decides: at most wrk's divided by 0.6. And all requests are counted as nginx counts them.
 *
 * Needs Linux with two cores, `apt-get install nginx-light wrk`. Run: `node bench/load/transport.ts`
 */
import { Effect, Layer, Result } from "effect"
import { spawnSync } from "node:child_process"
import * as SocketLoadTransport from "../../src/layers/live/SocketLoadTransport.ts"
import { LoadClock, ticksPerMilli } from "../../src/services/LoadClock.ts"
import * as LoadTransport from "../../src/services/LoadTransport.ts"
import { goal } from "../Alternate.ts"
import * as Target from "./Target.ts"

const rounds = Number(process.env["SKEIN_BENCH_ROUNDS"] ?? 7)
const seconds = 2
const connections = 64

interface Run {
  readonly perSecond: number
  /** Processor time of one request. */
  readonly microseconds: number
}

const clock = Layer.succeed(LoadClock, {
  now: () => performance.now() * ticksPerMilli,
  originMillis: performance.timeOrigin,
  alarm: () => Effect.die("the closed loop needs no alarm")
})

/** The closed loop of all connections: each sends the next request when it has its answer, until the time is over. */
const loop = (
  transport: ReadonlyArray<LoadTransport.LoadConnection>,
  request: LoadTransport.LoadRequest,
  millis: number
) =>
  Effect.callback<number, LoadTransport.LoadFailure | string>((resume) => {
    const end = (performance.now() + millis) * ticksPerMilli
    let requests = 0
    let running = transport.length
    for (const connection of transport) {
      const sink: LoadTransport.Sink = {
        onResponse: ({ ended, status }) => {
          requests++
          if (status !== 200) resume(Effect.fail(`status ${status}`))
          else if (ended < end) connection.send(request, sink)
          else if (--running === 0) resume(Effect.succeed(requests))
        },
        onError: (failure) => resume(Effect.fail(failure))
      }
      connection.send(request, sink)
    }
  })

const client = Effect.fnUntraced(function*(url: URL) {
  const { open } = yield* LoadTransport.LoadTransport
  const options = { connection: { insecure: true } }
  const all = yield* Effect.forEach(Array.from({ length: connections }), () => open(url, options))
  yield* Effect.forEach(all, ({ connect }) => connect, { concurrency: connections })
  const request = Result.getOrThrow(LoadTransport.request({ method: "GET", url }))
  const warmed = yield* loop(all, request, 500)
  const before = process.cpuUsage()
  const started = performance.now()
  const requests = yield* loop(all, request, seconds * 1_000)
  const elapsed = performance.now() - started
  const { system, user } = process.cpuUsage(before)
  console.log(JSON.stringify({
    perSecond: requests / elapsed * 1_000,
    microseconds: (system + user) / requests,
    requests: warmed + requests
  }))
})

const run = (command: string, args: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = spawnSync("taskset", ["-c", "0", command, ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
  return stdout + stderr
}

const skein = (url: string): Run & { readonly requests: number } =>
  JSON.parse(run(process.execPath, [import.meta.filename, url])) as Run & { readonly requests: number }

const wrk = (url: string): Run => {
  const timed = `TIMEFORMAT='cpu %U %S'; time wrk -t1 -c${connections} -d${seconds}s ${url}`
  const said = run("bash", ["-c", timed])
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? NaN)
  const cpu = number(/cpu ([\d.]+)/) + number(/cpu [\d.]+ ([\d.]+)/)
  return { perSecond: number(/Requests\/sec:\s+([\d.]+)/), microseconds: cpu * 1e6 / number(/(\d+) requests in/) }
}

const most = (runs: ReadonlyArray<Run>): number => Math.max(...runs.map(({ perSecond }) => perSecond))
const least = (runs: ReadonlyArray<Run>): number => Math.min(...runs.map(({ microseconds }) => microseconds))

const compare = (name: string, url: string, atLeast: number): void => {
  const ours: Array<Run> = []
  const theirs: Array<Run> = []
  for (let round = 0; round < rounds; round++) {
    ours.push(skein(url))
    theirs.push(wrk(url))
  }
  const shown = (runs: ReadonlyArray<Run>) => `${most(runs).toFixed(0)}/s, ${least(runs).toFixed(2)} us each`
  console.log(`${name}: skein ${shown(ours)}; wrk ${shown(theirs)}; ${rounds} rounds, the best of each`)
  goal(`${name}: requests a second, times wrk`, most(ours) / most(theirs), "at least", atLeast)
  goal(`${name}: processor time of wrk over ours`, least(theirs) / least(ours), "at least", 0.6)
}

const main = async (): Promise<void> => {
  Target.need("nginx", "wrk")
  const server = await Target.start()
  try {
    const before = await server.requests()
    const { requests } = skein(server.url)
    // The first look of ours is counted too.
    const counted = await server.requests() - before - 1
    goal("requests that nginx counted and we did not", Math.abs(counted - requests), "at most", 0)
    compare("HTTP", server.url, 0.9)
    compare("TLS", server.tlsUrl, 0.7)
  } finally {
    await server.close()
  }
}

const [url] = process.argv.slice(2)
if (url === undefined) await main()
else {
  await Effect.runPromise(
    Effect.scoped(client(new URL(url))).pipe(Effect.provide(Layer.provide(SocketLoadTransport.layer, clock)))
  )
}
