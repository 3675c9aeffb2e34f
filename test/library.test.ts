/** skein inside another program: it leaves the process as it found it. */
import { NodeServices } from "@effect/platform-node"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, ManagedRuntime } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout } from "node:timers/promises"
import * as Skein from "../src/layers/Live.ts"
import * as Runner from "../src/programs/Runner.ts"
import { builtin } from "../src/scenario/actions/builtin.ts"
import { sampled } from "./support/seeds.ts"

const mocks = "mocks: { api: { routes: { \"GET /slow\": { delay: 1h } } } }\n"
const scenarios = {
  http: "steps: [{ http: \"${url}\", expect: body.n == 1 }]",
  hanging: `${mocks}steps: [{ http: "\${mocks.api.url}/slow", timeout: 1h }]`,
  program: "steps: [{ shell: [sleep, 1000] }]",
  threads: "steps: [{ jq: { data: [1], query: \".[0]\" } }, { postgres: { query: select 1 } }]"
}

/** Keeps connections open, as servers do, for as long as the other side wants. */
const server = createServer((_, response) => response.setHeader("content-type", "application/json").end("{\"n\":1}"))
server.keepAliveTimeout = 600_000

const open = () => ManagedRuntime.make(Skein.layer().pipe(Layer.provideMerge(NodeServices.layer)))

const run = Effect.fnUntraced(function*(scenario: keyof typeof scenarios) {
  const plan = yield* Runner.compile(scenarios[scenario], {
    actions: builtin,
    workingDirectory: import.meta.dirname,
    variables: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
  })
  return yield* Runner.run(plan, { concurrency: 1 })
})

const soak = process.env["SKEIN_SOAK"] === "1"

/** What a process has that it could have more of afterwards. */
const state = () => ({
  resources: Object.fromEntries(
    Object.entries(Object.groupBy(process.getActiveResourcesInfo(), (name) => name))
      // Those of the test runner come and go.
      .filter(([name]) => !["Timeout", "Immediate", "MessagePort", "FSReqPromise"].includes(name))
      .map(([name, all]) => [name, all?.length])
  ),
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  globals: Reflect.ownKeys(globalThis).map(String),
  environment: { ...process.env },
  directory: process.cwd(),
  exitCode: process.exitCode
})

/** Sockets close a moment after they were told to. */
const settled = async (before: ReturnType<typeof state>) => {
  for (let i = 0; i < 1_000 && JSON.stringify(state()) !== JSON.stringify(before); i++) await setTimeout(10)
  return state()
}

/** Starts the server. What is loaded on first use stays loaded; that is no leak. */
const prepare = async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  for (const scenario of ["http", "threads"] as const) {
    const runtime = open()
    await runtime.runPromise(run(scenario))
    await runtime.dispose()
  }
  return () => new Promise((closed) => server.close(closed))
}

describe("embedding", () => {
  beforeAll(prepare)

  const many = sampled(1_000)
  it(`R44 ${many} runtimes, opened, used and closed, leave nothing behind`, async () => {
    const before = state()

    for (let i = 0; i < many; i++) {
      const runtime = open()
      // A run in all of them takes too long for every day.
      if (soak || i % 10 === 0) assert.strictEqual((await runtime.runPromise(run("http"))).summary.passed, 1)
      else await runtime.context()
      await runtime.dispose()
    }

    assert.deepStrictEqual(await settled(before), before)
  }, 120_000)

  it("R44 an interrupted run closes its sockets, its servers and its programs", async () => {
    const before = state()

    for (const scenario of ["hanging", "program", "hanging"] as const) {
      const runtime = open()
      const fiber = runtime.runFork(run(scenario))
      const resource = scenario === "program" ? "ProcessWrap" : "TCPSocketWrap"
      while (!process.getActiveResourcesInfo().includes(resource)) await setTimeout(5)
      await Effect.runPromise(Fiber.interrupt(fiber))
      await runtime.dispose()
    }

    assert.deepStrictEqual(await settled(before), before)
  })

  it("R44 runtimes side by side do not know of each other", async () => {
    const runtimes = Array.from({ length: 8 }, open)
    const reports = await Promise.all(runtimes.map((runtime) => runtime.runPromise(run("http"))))
    await runtimes[0]!.dispose()
    const again = await runtimes[1]!.runPromise(run("http"))
    await Promise.all(runtimes.map((runtime) => runtime.dispose()))

    assert.deepStrictEqual([...reports, again].map(({ summary }) => summary.passed), Array.from({ length: 9 }, () => 1))
  })
})
