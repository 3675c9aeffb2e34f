/**
 * The contract on the machine's own RabbitMQ (`SKEIN_TEST_AMQP_URL`, by default guest on the loopback), and what only a server
 * can be asked: connections that are shared, cut and frozen. `test/reliability/broker.live.test.ts` kills a broker.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Result, Schedule, Scope, Stream } from "effect"
import * as AmqpMessageBroker from "../../src/layers/live/AmqpMessageBroker.ts"
import { type BrokerClient, type ConnectOptions, MessageBroker } from "../../src/services/MessageBroker.ts"
import { declare, suite, TestBroker, textOf } from "../services/MessageBrokerSuite.ts"
import * as TcpProxy from "../support/TcpProxy.ts"

const url = process.env["SKEIN_TEST_AMQP_URL"] ?? "amqp://guest:guest@127.0.0.1:5672"

suite("RabbitMQ", Layer.merge(AmqpMessageBroker.layer, Layer.succeed(TestBroker, { url })))

const connect = (to = url, options?: ConnectOptions) =>
  Effect.flatMap(MessageBroker, (broker) => broker.connect(to, options))

/** The same broker behind a proxy that can be cut and frozen. */
const behindProxy = Effect.map(TcpProxy.to(Number(new URL(url).port || 5672)), (proxy) => {
  const address = new URL(url)
  address.hostname = "127.0.0.1"
  address.port = String(proxy.port)
  return { ...proxy, url: address.href }
})

let made = 0
const named = (what: string) => `skein.live.${process.pid}.${Date.now().toString(36)}.${++made}.${what}`

const aQueue = (client: BrokerClient) => {
  const name = named("queue")
  return Effect.as(declare(client, { queues: [{ name }] }), name)
}

const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, isWanted: (answer: A) => boolean) =>
  Effect.repeat(ask, { until: isWanted, schedule: Schedule.spaced("10 millis") }).pipe(Effect.timeout("20 seconds"))

/** Takes messages until `count` different ones have come; answers with their ids, in order and as often as they came. */
const consumeAll = (client: BrokerClient, queue: string, count: number) => {
  const seen = new Set<string>()
  const ids: Array<string> = []
  return client.consume(queue).pipe(
    Stream.takeUntil(({ messageId = "" }) => {
      ids.push(messageId)
      return seen.add(messageId).size === count
    }),
    Stream.runForEach(({ ack }) => Effect.ignore(ack)),
    Effect.as(ids)
  )
}

const many = (queue: string, count: number) =>
  Stream.map(Stream.range(1, count), (n) => ({ messageId: `m-${n}`, routingKey: queue, body: String(n) }))

const sockets = () => process.getActiveResourcesInfo().filter((name) => name.includes("TCPSocket")).length

layer(AmqpMessageBroker.layer, { excludeTestServices: true })("AmqpMessageBroker", (it) => {
  describe("connections", () => {
    it.effect("clients of one URL share two; others with other options have their own", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy

        const [one] = yield* Effect.all([connect(proxy.url), connect(proxy.url)], { concurrency: 2 })
        const queue = yield* aQueue(one)
        yield* one.publish({ routingKey: queue, body: "x" })
        assert.strictEqual(proxy.connections(), 2)

        yield* connect(proxy.url, { applicationName: "another" })
        assert.strictEqual(proxy.connections(), 4)
      }))

    it.effect("R44 nothing is left when the layer has closed: no connection, no socket, whatever was going on", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const before = sockets()
        const scope = yield* Scope.make()
        const own = Context.get(
          yield* Layer.buildWithScope(Layer.fresh(AmqpMessageBroker.layer), scope),
          MessageBroker
        )
        const client = yield* Scope.provide(own.connect(proxy.url), scope)
        const queue = yield* Effect.flatMap(connect(url), aQueue)
        yield* client.declare({ queues: [{ name: named("exclusive"), exclusive: true }] })
        const left = yield* Effect.forEach([
          Stream.runDrain(client.consume(queue)),
          Stream.runDrain(client.publishMany(Stream.forever(many(queue, 100)))),
          Effect.forever(client.publish({ routingKey: queue, body: "x" })),
          client.request({ routingKey: queue, body: "x" }, { timeout: "1 hour" }),
          client.get(named("nowhere"))
        ], (going) => Effect.forkChild(Effect.result(going)))
        yield* eventually(client.statistics, ({ confirmed }) => confirmed > 1_000)
        yield* Fiber.interrupt(left[2]!)

        yield* Scope.close(scope, Exit.void)

        yield* eventually(
          Effect.sync(() => [proxy.connections(), sockets()]),
          ([open, here]) => open === 0 && here! <= before
        )
        for (const fiber of left.slice(0, 2)) {
          const result = yield* Fiber.join(fiber)
          assert.strictEqual(Result.isFailure(result) && result.failure.reason, "Connection")
        }
        yield* Fiber.interruptAll(left)
      }))

    it.effect("R44 a thousand clients leave no more than one", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        for (let n = 0; n < 1_000; n++) yield* Effect.scoped(connect(proxy.url))

        assert.strictEqual(proxy.connections(), 2)
      }))

    const refused: ReadonlyArray<readonly [change: (url: URL) => void, reason: string, because: string]> = [
      [(url) => url.password = "s3cr3t-wrong", "Authentication", "a wrong password"],
      [(url) => url.pathname = "/no-such-host", "Authentication", "an unknown virtual host"],
      [(url) => url.port = "1", "Connection", "nobody who listens"]
    ]
    for (const [change, reason, because] of refused) {
      it.effect(`R15 ${because} fails with ${reason} at once, and without the password`, () =>
        Effect.gen(function*() {
          const address = new URL(url)
          address.password = "s3cr3t-guest"
          change(address)

          const error = yield* Effect.flip(connect(address.href))
          assert.notInclude(yield* textOf(error), "s3cr3t")
          if (because !== "an unknown virtual host") assert.strictEqual(error.reason, reason)
        }))
    }

    it.effect("a broker that accepts and says nothing is given up in time", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        proxy.freeze(true)

        const error = yield* Effect.flip(connect(proxy.url, { connectTimeout: "200 millis" }))

        assert.strictEqual(error.reason, "Connection")
        yield* eventually(Effect.sync(() => proxy.connections()), (open) => open === 0)
      }))
  })

  describe("publishing", () => {
    it.effect("R36 a missing exchange closes only its own channel: messages to others are sent once", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)
        const nowhere = named("nowhere")

        const outcomes = yield* Effect.forEach(
          Array.from({ length: 300 }, (_, n) => n),
          (n) =>
            Effect.result(
              client.publish({ exchange: n % 10 === 0 ? nowhere : "", routingKey: queue, body: String(n) })
            ),
          { concurrency: 50 }
        )

        const failed = outcomes.filter(Result.isFailure).map(({ failure }) => failure.reason)
        const kept = outcomes.filter(Result.isSuccess).map(({ success }) => success)
        assert.deepStrictEqual(failed, Array.from({ length: 30 }, () => "Missing"))
        assert.isTrue(kept.every(({ attempts, outcome }) => attempts === 1 && outcome === "kept"))
        assert.strictEqual((yield* client.queue(queue)).depth, 270)
      }))

    it.effect("R36 a message for which the broker closes the channel fails alone; its neighbours are sent again", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)

        const outcomes = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, n) => n),
          (n) =>
            Effect.result(client.publish({
              messageId: `m-${n}`,
              routingKey: queue,
              body: String(n),
              // A list is wanted here.
              headers: n === 20 ? { CC: 1 } : {}
            })),
          { concurrency: "unbounded" }
        )

        assert.deepStrictEqual(
          outcomes.flatMap((outcome, n) => Result.isFailure(outcome) ? [[n, outcome.failure.reason]] : []),
          [[20, "Refused"]]
        )
        assert.strictEqual(new Set(yield* consumeAll(client, queue, 39)).size, 39)
      }))

    it.effect("R36 no more messages wait for confirms than may, and all others wait for them", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { maxUnconfirmed: 8 })
        const queue = yield* aQueue(client)
        yield* client.publish({ routingKey: queue, body: "first" })
        proxy.freeze(true)
        const all = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 100 }), () => client.publish({ routingKey: queue, body: "x" }), {
            concurrency: "unbounded"
          })
        )
        yield* eventually(client.statistics, ({ unconfirmed }) => unconfirmed === 8)
        assert.strictEqual((yield* client.statistics).published, 9)

        proxy.freeze(false)

        assert.strictEqual((yield* Fiber.join(all)).filter(({ outcome }) => outcome === "kept").length, 100)
        assert.strictEqual((yield* client.statistics).unconfirmed, 0)
      }))

    it.effect("a publish that is interrupted before it was sent never is, and leaves nothing behind", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { maxUnconfirmed: 1 })
        const queue = yield* aQueue(client)
        yield* client.publish({ routingKey: queue, body: "first" })
        proxy.freeze(true)
        const sent = yield* Effect.forkChild(client.publish({ routingKey: queue, body: "sent" }), {
          startImmediately: true
        })
        const waits = yield* Effect.forkChild(client.publish({ routingKey: queue, body: "never" }), {
          startImmediately: true
        })
        yield* eventually(client.statistics, ({ unconfirmed }) => unconfirmed === 1)

        yield* Fiber.interruptAll([sent, waits])
        proxy.freeze(false)
        yield* eventually(client.statistics, ({ unconfirmed }) => unconfirmed === 0)

        assert.strictEqual((yield* client.statistics).published, 2)
        assert.strictEqual((yield* client.queue(queue)).depth, 2)
      }))

    it.effect("when all channels are in use, a message to another exchange waits its time, then it is Busy", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { maxChannels: 1, acquireTimeout: "200 millis" })
        const queue = yield* aQueue(client)
        yield* client.publish({ routingKey: queue, body: "first" })
        proxy.freeze(true)
        const holds = yield* Effect.forkChild(client.publish({ routingKey: queue, body: "x" }), {
          startImmediately: true
        })

        const busy = yield* Effect.flip(client.publish({ exchange: "amq.topic", routingKey: "a", body: "x" }))
        proxy.freeze(false)

        assert.strictEqual(busy.reason, "Busy")
        assert.strictEqual((yield* Fiber.join(holds)).outcome, "kept")
        const free = yield* Effect.flip(
          client.publish({ exchange: "amq.topic", routingKey: named("nobody"), body: "x" })
        )
        assert.strictEqual(free.reason, "Unroutable")
      }))

    it.effect("two exchanges share one channel in turns, and none starves", () =>
      Effect.gen(function*() {
        const client = yield* connect(url, { maxChannels: 1 })
        const [queue, exchange] = [named("queue"), named("exchange")]
        yield* declare(client, {
          queues: [{ name: queue }],
          exchanges: [{ name: exchange, type: "fanout" }],
          bindings: [{ exchange, queue }]
        })
        const busy = yield* Effect.forkChild(
          Stream.runDrain(client.publishMany(Stream.forever(Stream.make({ routingKey: queue, body: "x" }))))
        )
        yield* eventually(client.statistics, ({ confirmed }) => confirmed > 100)

        for (let n = 0; n < 3; n++) {
          assert.strictEqual((yield* client.publish({ exchange, routingKey: "", body: "x" })).outcome, "kept")
        }
        assert.strictEqual((yield* client.statistics).channels.open, 1)
        yield* Fiber.interrupt(busy)
      }))

    it.effect("channels that nobody uses are closed down to the least number, old ones are replaced", () =>
      Effect.gen(function*() {
        const client = yield* connect(url, { idleTimeout: "100 millis", minChannels: 1, acquireTimeout: "1 second" })
        const nobody = (exchange: string) =>
          Effect.flip(client.publish({ exchange, routingKey: named("nobody"), body: "x" }))
        yield* Effect.forEach(["amq.direct", "amq.topic", "amq.headers"], nobody, { concurrency: 3 })

        const { channels } = yield* eventually(client.statistics, ({ channels }) => channels.open === 1)
        assert.isAtLeast(channels.opened, 2)

        const short = yield* connect(url, { maxLifetime: "50 millis", acquireTimeout: "1 second" })
        const opened = Effect.map(short.statistics, ({ channels }) => channels.opened)
        yield* Effect.flip(short.publish({ exchange: "amq.topic", routingKey: "nobody", body: "x" }))
        yield* Effect.sleep("300 millis")
        yield* Effect.flip(short.publish({ exchange: "amq.topic", routingKey: "nobody", body: "x" }))
        assert.isAtLeast(yield* opened, 2)
      }))

    it.effect("unused channels that do not answer are closed", () =>
      Effect.gen(function*() {
        const client = yield* connect(url, { healthInterval: "50 millis", confirmTimeout: "1 second" })
        const queue = yield* aQueue(client)
        yield* client.publish({ routingKey: queue, body: "x" })
        yield* Effect.sleep("500 millis")

        assert.strictEqual((yield* client.publish({ routingKey: queue, body: "x" })).outcome, "kept")
        assert.strictEqual((yield* client.health).status, "up")
      }))
  })

  describe("lost connections", () => {
    it.effect("R36 connections cut ten times: what was confirmed is there, and what came twice has the same id", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { reconnectDelay: "10 millis" })
        const queue = yield* aQueue(client)
        const publishing = yield* Effect.forkChild(Stream.runCollect(client.publishMany(many(queue, 5_000))))
        const consuming = yield* Effect.forkChild(consumeAll(client, queue, 5_000))
        for (let cut = 1; cut <= 10; cut++) {
          yield* eventually(client.statistics, ({ confirmed }) => confirmed >= cut * 400)
          proxy.cut()
        }

        const confirms = yield* Fiber.join(publishing)
        const ids = yield* Fiber.join(consuming)
        const { reconnects, resent, unconfirmed } = yield* client.statistics

        assert.deepStrictEqual(
          confirms.map(({ messageId }) => messageId),
          Array.from({ length: 5_000 }, (_, n) => `m-${n + 1}`)
        )
        assert.strictEqual(new Set(ids).size, 5_000)
        assert.isAtLeast(reconnects, 10)
        assert.strictEqual(confirms.reduce((sum, { attempts }) => sum + attempts - 1, 0), resent)
        assert.strictEqual(unconfirmed, 0)
      }))

    it.effect("R36 a consumer goes on, what was not acknowledged comes again, and acks of before say that it does", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { reconnectDelay: "10 millis" })
        const queue = yield* aQueue(client)
        yield* client.publish({ messageId: "one", routingKey: queue, body: "x" })
        const errors: Array<string> = []

        const seen = yield* client.consume(queue).pipe(
          Stream.tap(({ ack, redelivered }) =>
            redelivered ? ack : Effect.gen(function*() {
              proxy.cut()
              yield* eventually(client.statistics, ({ reconnects }) => reconnects > 0)
              errors.push((yield* Effect.flip(ack)).reason)
            }).pipe(Effect.orDie)
          ),
          Stream.take(2),
          Stream.runCollect
        )

        assert.deepStrictEqual(seen.map(({ messageId, redelivered }) => [messageId, redelivered]), [
          ["one", false],
          ["one", true]
        ])
        assert.deepStrictEqual(errors, ["Connection"])
      }))

    it.effect("R36 what only lived with the connection is declared again before anything is published", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, { reconnectDelay: "10 millis" })
        const [queue, exchange] = [named("exclusive"), named("exchange")]
        yield* declare(client, {
          exchanges: [{ name: exchange, type: "direct", autoDelete: true }],
          queues: [{ name: queue, durable: false, exclusive: true }],
          bindings: [{ exchange, queue, routingKey: "a" }]
        })
        const consuming = yield* Effect.forkChild(consumeAll(client, queue, 1))
        yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)

        proxy.cut()

        assert.strictEqual((yield* client.publish({ exchange, routingKey: "a", body: "x" })).outcome, "kept")
        assert.strictEqual((yield* Fiber.join(consuming)).length, 1)
      }))

    it.effect("R36 a connection that went silent: Timeout for what was sent, and a new connection by the heartbeats", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, {
          heartbeat: "1 second",
          confirmTimeout: "1 second",
          connectTimeout: "1 second",
          reconnectDelay: "10 millis",
          maxReconnectDelay: "100 millis"
        })
        const queue = yield* Effect.flatMap(connect(), aQueue)
        yield* client.publish({ routingKey: queue, body: "x" })
        proxy.freeze(true)

        const error = yield* Effect.flip(client.publish({ messageId: "in doubt", routingKey: queue, body: "x" }))
        assert.deepStrictEqual([error.reason, error.messageId], ["Timeout", "in doubt"])
        const asked = yield* Effect.flip(client.queue(queue))
        assert.strictEqual(asked.reason, "Timeout")
        const { problem } = yield* eventually(client.health, ({ status }) => status === "down")
        assert.notInclude(problem, "guest:guest")

        proxy.freeze(false)
        proxy.cut()
        assert.strictEqual((yield* client.publish({ routingKey: queue, body: "x" })).outcome, "kept")
        // Its other connections come back when each has noticed.
        yield* eventually(client.health, ({ status }) => status === "up")
      }))

    it.effect("what waits longer than reconnectTimeout fails with Connection, and all is well when it is back", () =>
      Effect.gen(function*() {
        const proxy = yield* behindProxy
        const client = yield* connect(proxy.url, {
          connectTimeout: "500 millis",
          reconnectTimeout: "1 second",
          reconnectDelay: "10 millis"
        })
        const queue = yield* Effect.flatMap(connect(), aQueue)
        yield* client.publish({ routingKey: queue, body: "x" })
        proxy.freeze(true)
        proxy.cut()
        yield* eventually(client.health, ({ status }) => status === "down")

        const failed = yield* Effect.all([
          Effect.flip(client.publish({ routingKey: queue, body: "x" })),
          Effect.flip(client.queue(queue)),
          Effect.flip(Stream.runDrain(client.consume(queue)))
        ], { concurrency: 3 })
        proxy.freeze(false)

        assert.deepStrictEqual(failed.map(({ reason }) => reason), ["Connection", "Connection", "Connection"])
        const kept = yield* Effect.retry(client.publish({ routingKey: queue, body: "x" }), {
          schedule: Schedule.spaced("50 millis"),
          times: 200
        })
        assert.strictEqual(kept.outcome, "kept")
      }))
  })
})
