/**
 * A RabbitMQ of the test's own, killed and starved; its binaries are those of the machine. Cuts and silence without a kill are in
 * `test/layers/AmqpMessageBroker.live.test.ts`, a hundred thousand messages in `bench/broker-chaos.ts`.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as AmqpMessageBroker from "../../src/layers/live/AmqpMessageBroker.ts"
import * as PgPostgres from "../../src/layers/live/PgPostgres.ts"
import { MessageBroker } from "../../src/services/MessageBroker.ts"
import * as BrokerChaos from "../support/BrokerChaos.ts"
import * as RealPostgres from "../support/RealPostgres.ts"
import * as RealRabbit from "../support/RealRabbit.ts"

class Broker extends Context.Service<Broker, RealRabbit.RealRabbit>()("test/Broker") {}

const Real = Layer.mergeAll(AmqpMessageBroker.layer, PgPostgres.layer, Layer.effect(Broker, RealRabbit.make))

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

const connect = Effect.gen(function*() {
  const { url } = yield* Broker
  return yield* (yield* MessageBroker).connect(url)
})

const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, isWanted: (answer: A) => boolean) =>
  Effect.repeat(ask, { until: isWanted, schedule: Schedule.spaced("50 millis") }).pipe(Effect.timeout("30 seconds"))

layer(Real, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
  it.effect(
    "R36 a broker killed twice and a database restarted once: what was confirmed is consumed, doubles have its id",
    () =>
      Effect.gen(function*() {
        const report = yield* BrokerChaos.run(
          yield* Broker,
          yield* RealPostgres.start,
          { messages: 4_000, kills: 2, restarts: 1 },
          collect
        )

        assert.deepInclude(report, { confirmed: 4_000, consumed: 4_000, lost: 0, strangers: 0 })
        assert.isAtLeast(report.reconnects, 4)
        assert.isAtLeast(report.resent, 1)
        for (const recovery of report.recoveries) assert.isBelow(recovery, 15_000)
        assert.isBelow(report.heapMb[1] - report.heapMb[0], 20)
      }),
    120_000
  )

  it.effect(
    "R36 without memory the broker holds publishers back: they wait, others go on, and all is kept after it",
    () =>
      Effect.gen(function*() {
        const { control } = yield* Broker
        const client = yield* connect
        yield* client.declare({ queues: [{ name: "alarm" }] })
        yield* client.publish({ routingKey: "alarm", body: "before" })
        yield* control("set_vm_memory_high_watermark", "0.00001")

        const messages = Stream.range(1, 5_000).pipe(
          Stream.map((n) => ({ routingKey: "alarm", messageId: `m-${n}`, body: "x".repeat(1_000) }))
        )
        const publishing = yield* Effect.forkChild(Stream.runCount(client.publishMany(messages)))
        const held = yield* eventually(client.statistics, ({ blocked }) => blocked)
        const { problem, status } = yield* client.health
        yield* Effect.sleep("500 millis")
        const later = yield* client.statistics

        assert.strictEqual(later.published, held.published)
        assert.isAtMost(later.unconfirmed, 256)
        assert.deepStrictEqual([status, typeof problem], ["degraded", "string"])
        const first = yield* client.get("alarm")
        assert.strictEqual(Option.isSome(first), true)
        yield* Option.getOrThrow(first).ack

        yield* control("set_vm_memory_high_watermark", "0.4")
        assert.strictEqual(yield* Fiber.join(publishing), 5_000)
        assert.strictEqual((yield* client.statistics).blocked, false)
        assert.strictEqual(yield* client.purge("alarm"), 5_000)
      }),
    120_000
  )

  it.effect(
    "R36 a message that kills each of its consumers' work goes to the dead letters, counted by the broker",
    () =>
      Effect.gen(function*() {
        const client = yield* connect
        yield* client.declare({
          queues: [
            { name: "poisoned" },
            {
              name: "work",
              deadLetterExchange: "",
              deadLetterRoutingKey: "poisoned",
              arguments: { "x-queue-type": "quorum", "x-delivery-limit": 3 }
            }
          ]
        })
        let attempts = 0
        yield* Effect.forkChild(
          Stream.runForEach(client.consume("work", { prefetch: 1 }), ({ ack, messageId, nack }) => {
            if (messageId !== "poison") return ack
            attempts++
            return nack({ requeue: true })
          })
        )

        yield* client.publish({ routingKey: "work", messageId: "poison", body: "x" })
        const good = yield* client.publish({ routingKey: "work", body: "x" })
        const dead = yield* eventually(client.get("poisoned"), Option.isSome)

        assert.strictEqual(good.outcome, "kept")
        assert.strictEqual(Option.getOrThrow(dead).messageId, "poison")
        assert.strictEqual(attempts, 4)
        yield* eventually(client.queue("work"), ({ depth }) => depth === 0)
      }),
    60_000
  )
})
