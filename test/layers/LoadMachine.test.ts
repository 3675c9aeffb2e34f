/** The real clock, threads and sockets of a load, on a server of this process. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { Masking } from "../../src/core/Masking.ts"
import * as LoadMachine from "../../src/layers/LoadMachine.ts"
import type { Plan } from "../../src/programs/load/Plan.ts"
import * as LoadTest from "../../src/programs/LoadTest.ts"
import type { Executor } from "../../src/scenario/LoadBlock.ts"
import { GeneratorHealth } from "../../src/services/GeneratorHealth.ts"
import { LoadClock, ticksPerMilli } from "../../src/services/LoadClock.ts"
import { LoadWorkers } from "../../src/services/LoadWorkers.ts"
import { program } from "../support/built.ts"
import { processorMillis } from "../support/processorTime.ts"

/** A server that counts its requests. */
const server = Effect.acquireRelease(
  Effect.callback<{ readonly server: Server; readonly url: string; readonly count: () => number }>((resume) => {
    let requests = 0
    const server = createServer((_, response) => {
      requests++
      response.end("hello")
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ server, url: `http://127.0.0.1:${port}/`, count: () => requests }))
    })
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

const planOf = (url: string, executor: Executor, threads: number): Plan => ({
  name: "test",
  seed: 1,
  threads,
  warmupMillis: 0,
  gracefulStopMillis: 5_000,
  thresholds: [],
  loads: [{
    name: "test",
    executor,
    work: {
      type: "url",
      method: "GET",
      url,
      headers: [],
      keepAlive: true,
      timeoutMillis: 5_000,
      resolve: {},
      insecure: false,
      http2: false,
      proxy: null
    }
  }],
  phases: false
})

const run = (plan: Plan) =>
  LoadTest.run(plan, {
    target: "test",
    known: { actions: ["http"], steps: [], tags: [], scenarios: [], metrics: [] }
  })

const worker = pathToFileURL(await program("worker"))
const layer = Layer.merge(LoadMachine.layer({ worker }), Masking.layer)

describe("the machine of a load", () => {
  it.live("an alarm goes off once for each wish, not before its time; the last wish counts", () =>
    Effect.scoped(Effect.gen(function*() {
      const clock = yield* LoadClock
      const rang: Array<number> = []
      const done = yield* Deferred.make<void>()
      let wished = 0
      const alarm = yield* clock.alarm(() => {
        rang.push(clock.now() - wished)
        wished = clock.now() + ticksPerMilli / 2
        if (rang.length < 20) alarm.at(wished)
        else Deferred.doneUnsafe(done, Effect.void)
      })
      alarm.at(Infinity)
      wished = clock.now() + 5 * ticksPerMilli
      alarm.at(clock.now() + 3_600_000 * ticksPerMilli)
      alarm.at(wished)
      yield* Deferred.await(done)

      assert.strictEqual(rang.length, 20)
      // Clocks of two threads may differ by a microsecond or two.
      assert.isAtLeast(Math.min(...rang), -50)
    })).pipe(Effect.provide(layer)))

  for (const threads of [1, 2]) {
    it.live(`${threads} thread(s): what was counted is what the server counted, to one`, () =>
      Effect.scoped(Effect.gen(function*() {
        const { count, url } = yield* server
        const closed = yield* run(
          planOf(url, { type: "shared-iterations", vus: 5, iterations: 301, maxMillis: 20_000 }, threads)
        )
        assert.strictEqual(closed.requests.total, 301)
        assert.strictEqual(count(), 301)

        const open = yield* run(planOf(url, {
          type: "constant-arrival-rate",
          rate: 500,
          durationMillis: 400,
          arrivals: "even",
          vus: 50,
          queue: 1_000
        }, threads))
        assert.strictEqual(open.requests.total, 200)
        assert.strictEqual(count(), 501)
        assert.strictEqual(open.generator.threads, threads)
        assert.strictEqual(open.iterations.dropped, 0)
        assert.isAbove(open.lateness_ms?.count ?? 0, 199)
      })).pipe(Effect.provide(layer)))
  }

  it.live("a worker that cannot begin fails the load with its reason", () =>
    Effect.scoped(Effect.gen(function*() {
      const workers = yield* LoadWorkers
      const error = yield* Effect.flip(workers.start([{ plan: { loads: [{}] }, share: { index: 0, of: 1 } }]))

      assert.strictEqual(error.worker, 0)
      assert.match(error.message, /^load worker 0: ./)
    })).pipe(Effect.provide(layer)))

  it.live("health tells of processor time, of timers that were late, and of memory", () =>
    Effect.scoped(Effect.gen(function*() {
      const health = yield* GeneratorHealth
      const watch = yield* health.watch
      const until = processorMillis() + 60
      while (processorMillis() < until);
      yield* Effect.sleep("30 millis")
      const busy = watch.sample()

      // A share of the time, of which other processes had theirs.
      assert.isAbove(busy.cpu, 0)
      assert.isAtLeast(busy.lag.max, 20 * ticksPerMilli)
      assert.isAbove(busy.rssBytes, busy.heapBytes)
      assert.isAbove(health.machine.cores, 0)
    })).pipe(Effect.provide(layer)))
})
