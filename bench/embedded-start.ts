/**
 * What a scenario waits for its embedded services: connecting to documents, messages and cache and doing one thing with each, in a new
 * process, after Effect itself is loaded: at most 30 ms. And the embedded Postgres, from the second process on, whose first one
 * leaves a snapshot: ready within a second.
 *
 * Run: `npm run build && node bench/embedded-start.ts`
 */
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { join } from "node:path"
import { goal, median, needBuild } from "./Alternate.ts"

const rounds = 9
const layers = join(import.meta.dirname, "../dist/lib/layers")

/** Prints the milliseconds that it took, in this process, which does nothing else. */
const start = async (what: string): Promise<void> => {
  const { layer } = await import(join(layers, "Connections.js")) as typeof import("../src/layers/Connections.ts")
  const services = join(import.meta.dirname, "../dist/lib/services")
  const tag = async (name: string) => (await import(join(services, `${name}.js`)) as Record<string, never>)[name]!
  const Documents = await tag("DocumentStore") as typeof import("../src/services/DocumentStore.ts").DocumentStore
  const Broker = await tag("MessageBroker") as typeof import("../src/services/MessageBroker.ts").MessageBroker
  const Caches = await tag("CacheStore") as typeof import("../src/services/CacheStore.ts").CacheStore
  const Postgres = await tag("Postgres") as typeof import("../src/services/Postgres.ts").Postgres

  const set = Effect.gen(function*() {
    const documents = yield* (yield* Documents).connect("embedded:")
    yield* documents.collection("c").insertOne({ a: 1 })
    const broker = yield* (yield* Broker).connect("embedded:")
    yield* broker.declare({ queues: [{ name: "q" }] })
    yield* broker.publish({ routingKey: "q", body: "hello" })
    const cache = yield* (yield* Caches).connect("embedded:")
    yield* cache.health
  })
  const database = Effect.gen(function*() {
    const client = yield* (yield* Postgres).connect("embedded:")
    yield* client.query("select 1")
  })
  const work: Effect.Effect<void, unknown, Effect.Services<typeof set> | Effect.Services<typeof database>> =
    what === "set" ? set : database
  const started = performance.now()
  await Effect.runPromise(Effect.scoped(work).pipe(Effect.provide(layer()), Effect.provide(NodeServices.layer)))
  console.log(performance.now() - started)
}

const show = (of: string, times: ReadonlyArray<number>) =>
  console.log(`${of}: ${median(times).toFixed(1)} ms (${times[0]!.toFixed(1)} to ${times.at(-1)!.toFixed(1)})`)

const [what] = process.argv.slice(2)
if (what === undefined) {
  needBuild()
  const { execFileSync } = await import("node:child_process")
  const millis = (of: string) =>
    Number(execFileSync(process.execPath, [import.meta.filename, of], { encoding: "utf8" }).trim())
  const several = (of: string) => Array.from({ length: rounds }, () => millis(of)).toSorted((a, b) => a - b)
  const set = several("set")
  show("documents, messages and cache", set)
  goal("start of the embedded set", median(set), "at most", 30, " ms")
  millis("postgres")
  const postgres = several("postgres")
  show("Postgres, the second time", postgres)
  goal("Postgres ready", median(postgres), "at most", 1_000, " ms")
} else await start(what)
