/**
 * Claim: the embedded broker takes, delivers and acknowledges 100,000 messages of 100 bytes a second in memory, one after the other
 * and at the same time. In a folder it is only measured.
 *
 *     node bench/embedded-messages.ts
 */
import { Effect, Fiber, Layer, Stream } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as MemoryMessageBroker from "../src/layers/embedded/MemoryMessageBroker.ts"
import * as FileJournal from "../src/layers/live/FileJournal.ts"
import { type BrokerClient, MessageBroker } from "../src/services/MessageBroker.ts"

const folder = mkdtempSync(join(process.env["SKEIN_BENCH_FOLDER"] ?? import.meta.dirname, ".messages-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
const wanted = 100_000
const rounds = 5
const message = { exchange: "orders", routingKey: "order.7.paid", body: new Uint8Array(100) }

const publish = (client: BrokerClient, count: number) =>
  client.publishMany(Stream.map(Stream.range(1, count), () => message)).pipe(Stream.runDrain)

const consume = (client: BrokerClient, count: number) =>
  client.consume("shipping", { prefetch: 256 }).pipe(Stream.take(count), Stream.runForEach(({ ack }) => ack))

const inTurn = (client: BrokerClient, count: number) => Effect.andThen(publish(client, count), consume(client, count))

const together = Effect.fnUntraced(function*(client: BrokerClient, count: number) {
  const consumer = yield* Effect.forkChild(consume(client, count))
  yield* publish(client, count)
  yield* Fiber.join(consumer)
})

/** Messages a second, the median of the rounds. */
const measure = (url: string, count: number, run: typeof inTurn) =>
  Effect.gen(function*() {
    const client = yield* (yield* MessageBroker).connect(url)
    yield* client.declare({
      exchanges: [{ name: "orders", type: "topic" }],
      queues: [{ name: "shipping" }],
      bindings: [{ exchange: "orders", queue: "shipping", routingKey: "order.*.paid" }]
    })
    yield* run(client, count)
    const rates: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      const started = performance.now()
      yield* run(client, count)
      rates.push(count / (performance.now() - started) * 1000)
    }
    return rates.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.provide(MemoryMessageBroker.layer(), FileJournal.layer())),
    Effect.runPromise
  )

const shown = (rate: number) => `${Math.round(rate).toLocaleString("en")} messages/s`

for (const [name, run] of [["one after the other", inTurn], ["at the same time", together]] as const) {
  const rate = await measure("embedded:", 100_000, run)
  const ok = rate >= wanted
  if (!ok) process.exitCode = 1
  console.log(`${ok ? "holds " : "MISSED"} in memory, ${name}: ${shown(rate)} (wanted ${shown(wanted)})`)
  console.log(`        in a folder, ${name}: ${shown(await measure(`embedded:${join(folder, name)}`, 20_000, run))}`)
}
