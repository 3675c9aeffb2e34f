/**
 * What every `MessageBroker` must do. Each layer's test file calls it once, with the broker to do it on. What RabbitMQ does was
 * tried on RabbitMQ 3.10. Names are made for each test, and deleted with it, so that a shared server stays clean.
 */
import { assert, describe, layer, type Vitest } from "@effect/vitest"
import { Cause, Context, Duration, Effect, Exit, Fiber, type Layer, Option, Schedule, Schema, Stream } from "effect"
import { isArray, isRecord, type Value, type ValueRecord } from "../../src/core/Value.ts"
import {
  type BrokerClient,
  BrokerError,
  type ConnectOptions,
  type Delivery,
  type Exchange,
  type Message,
  MessageBroker,
  type Outgoing,
  type Queue,
  type Topology
} from "../../src/services/MessageBroker.ts"

/** The broker that a suite may use as it likes. */
export class TestBroker extends Context.Service<TestBroker, { readonly url: string }>()("test/TestBroker") {}

export const suite = <E>(name: string, of: Layer.Layer<MessageBroker | TestBroker, E>): void =>
  layer(of, { excludeTestServices: true, timeout: "30 seconds" })(name, tests)

const connect = (options?: ConnectOptions) =>
  Effect.flatMap(TestBroker, ({ url }) => Effect.flatMap(MessageBroker, (broker) => broker.connect(url, options)))

/** Another connection than that of `connect()`. */
const connectAgain = connect({ applicationName: "skein of another test" })

let made = 0
/** A name that no other test has. */
const named = (what: string): string => `skein.suite.${process.pid}.${Date.now().toString(36)}.${++made}.${what}`

/** Declares, and deletes with the test. */
export const declare = (client: BrokerClient, topology: Topology) =>
  Effect.acquireRelease(client.declare(topology), () =>
    Effect.ignore(
      Effect.forEach(topology.queues ?? [], ({ name }) => Effect.ignore(client.deleteQueue(name))).pipe(
        Effect.andThen(
          Effect.forEach(topology.exchanges ?? [], ({ name }) => Effect.ignore(client.deleteExchange(name)))
        )
      )
    ))

/** A queue of its own; answers with its name. */
const aQueue = (client: BrokerClient, queue: Omit<Queue, "name"> = {}) => {
  const name = named("queue")
  return Effect.as(declare(client, { queues: [{ ...queue, name }] }), name)
}

/** A queue with one for its dead letters behind it. */
const withDeadLetters = Effect.fnUntraced(function*(client: BrokerClient, queue: Omit<Queue, "name"> = {}) {
  const dead = yield* aQueue(client)
  const name = yield* aQueue(client, { deadLetterExchange: "", deadLetterRoutingKey: dead, ...queue })
  return { queue: name, dead }
})

const text = ({ body }: Message): string => new TextDecoder().decode(body)

const publishAll = (
  client: BrokerClient,
  routingKey: string,
  bodies: ReadonlyArray<string>,
  more: Partial<Outgoing> = {}
) => Effect.forEach(bodies, (body) => client.publish({ ...more, routingKey, body }))

/** Takes all that is there, acknowledged. */
const drain = Effect.fnUntraced(function*(client: BrokerClient, queue: string) {
  const all: Array<Delivery> = []
  for (let next = yield* client.get(queue); Option.isSome(next); next = yield* client.get(queue)) {
    all.push(next.value)
    yield* next.value.ack
  }
  return all
})

const texts = (client: BrokerClient, queue: string) => Effect.map(drain(client, queue), (all) => all.map(text))

/** Takes the first message, which may still be on its way. */
const arriving = (client: BrokerClient, queue: string) =>
  eventually(client.get(queue), Option.isSome).pipe(Effect.map(Option.getOrThrow), Effect.tap(({ ack }) => ack))

/** Asks until the answer is as wanted, for at most 10 seconds. */
const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, isWanted: (answer: A) => boolean) =>
  Effect.repeat(ask, { until: isWanted, schedule: Schedule.spaced("10 millis") }).pipe(Effect.timeout("10 seconds"))

const deathsOf = ({ headers }: Message): ReadonlyArray<ValueRecord> => {
  const deaths: Value | undefined = headers["x-death"]
  return deaths !== undefined && isArray(deaths) ? deaths.filter(isRecord) : []
}

/** Answers requests. */
const server = (client: BrokerClient, queue: string, answer: (message: Message) => string) =>
  client.consume(queue).pipe(
    Stream.runForEach((message) =>
      Effect.andThen(
        client.publish({
          routingKey: message.replyTo ?? "",
          ...message.correlationId === undefined ? {} : { correlationId: message.correlationId },
          body: answer(message)
        }),
        message.ack
      )
    ),
    Effect.forkScoped
  )

export const tests = (it: Vitest.MethodsNonLive<MessageBroker | TestBroker>): void => {
  describe("MessageBroker", () => {
    it.effect("a message comes out as it went in", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)
        const properties = {
          messageId: "m-1",
          correlationId: "c-1",
          replyTo: "r",
          type: "order",
          contentType: "application/x-bytes",
          contentEncoding: "identity",
          appId: "suite",
          headers: {
            text: "grün",
            whole: 7,
            fraction: 0.5,
            yes: true,
            nothing: null,
            list: [1, "two"],
            table: { a: "b" }
          },
          priority: 3,
          timestamp: 1_700_000_000_000,
          persistent: false
        }
        const body = Uint8Array.of(0, 255, 128, 10, 13)

        const confirm = yield* client.publish({ ...properties, routingKey: queue, body, expiration: "1 hour" })
        const { ack, body: received, expiration, nack, ...message } = Option.getOrThrow(yield* client.get(queue))
        yield* ack

        assert.deepStrictEqual(confirm, { messageId: "m-1", outcome: "kept", attempts: 1 })
        assert.deepStrictEqual(message, { ...properties, exchange: "", routingKey: queue, redelivered: false })
        assert.deepStrictEqual(Uint8Array.from(received), body)
        assert.strictEqual(Duration.toMillis(Duration.fromInputUnsafe(expiration!)), 3_600_000)
        assert.isFunction(nack)
      }))

    it.effect("text is sent as UTF-8, a message id is made, and messages are persistent", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)

        const { messageId } = yield* client.publish({ routingKey: queue, body: "Grüße 👋" })
        const message = yield* arriving(client, queue)

        assert.strictEqual(text(message), "Grüße 👋")
        assert.strictEqual(message.messageId, messageId)
        assert.isAbove(messageId.length, 10)
        assert.deepStrictEqual([message.persistent, message.headers, message.priority], [true, {}, undefined])
      }))

    it.effect("bodies may be empty, and large", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)
        const large = new Uint8Array(1_000_000).map((_, index) => index % 251)

        yield* client.publish({ routingKey: queue, body: "" })
        yield* client.publish({ routingKey: queue, body: large })

        assert.strictEqual((yield* arriving(client, queue)).body.length, 0)
        assert.isTrue(Buffer.from(large).equals((yield* arriving(client, queue)).body))
      }))

    it.effect("what is done to the bytes after they were published changes no message", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)
        const body = Uint8Array.of(1, 2, 3)
        yield* client.publish({ routingKey: queue, body })
        body.fill(9)

        assert.deepStrictEqual([...(yield* arriving(client, queue)).body], [1, 2, 3])
      }))

    it.effect("a message that no queue takes fails, unless it may vanish", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const exchange = named("unbound")
        yield* declare(client, { exchanges: [{ name: exchange, type: "topic" }] })

        const noQueue = yield* Effect.flip(
          client.publish({ routingKey: named("nobody"), body: "lost", messageId: "m-2" })
        )
        const noBinding = yield* Effect.flip(client.publish({ exchange, routingKey: "a.b", body: "lost" }))
        const vanished = yield* client.publish({ exchange, routingKey: "a.b", body: "lost", mandatory: false })

        assert.deepStrictEqual([noQueue.reason, noQueue.messageId, noBinding.reason], [
          "Unroutable",
          "m-2",
          "Unroutable"
        ])
        assert.include(noBinding.message, "a.b")
        assert.strictEqual(vanished.outcome, "kept")
        assert.strictEqual((yield* client.statistics).returned, 2)
      }))

    it.effect("an exchange that is not there is missing, and the client goes on", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const queue = yield* aQueue(client)

        const error = yield* Effect.flip(client.publish({ exchange: named("nowhere"), routingKey: "a", body: "x" }))

        assert.deepStrictEqual([error.reason, error.code], ["Missing", 404])
        assert.strictEqual((yield* client.publish({ routingKey: queue, body: "x" })).outcome, "kept")
      }))

    it.effect("nobody publishes to an internal exchange", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const exchange = named("internal")
        yield* declare(client, { exchanges: [{ name: exchange, type: "fanout", internal: true }] })

        const error = yield* Effect.flip(client.publish({ exchange, routingKey: "", body: "x" }))

        assert.deepStrictEqual([error.reason, error.code], ["Refused", 403])
      }))

    describe("topology", () => {
      it.effect("what is there as declared stays as it is, with its messages", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const exchange: Exchange = { name: named("exchange"), type: "topic" }
          const queue: Queue = { name: named("queue"), maxLength: 10, messageTtl: "1 hour" }
          const topology = {
            exchanges: [exchange],
            queues: [queue],
            bindings: [{ exchange: exchange.name, queue: queue.name, routingKey: "a.#" }]
          }
          yield* declare(client, topology)
          yield* client.publish({ exchange: exchange.name, routingKey: "a.b", body: "stays" })

          yield* client.declare(topology)

          assert.deepStrictEqual(yield* texts(client, queue.name), ["stays"])
        }))

      const others: ReadonlyArray<readonly [queue: Omit<Queue, "name">, because: string]> = [
        [{ maxLength: 1 }, "a limit"],
        [{ durable: false }, "whether it is durable"],
        [{ autoDelete: true }, "whether it goes with its consumers"],
        [{ deadLetterExchange: "" }, "where dead letters go"],
        [{ maxPriority: 5 }, "priorities"]
      ]
      for (const [queue, because] of others) {
        it.effect(`a queue declared with other properties is a mismatch: ${because}`, () =>
          Effect.gen(function*() {
            const client = yield* connect()
            const name = yield* aQueue(client)

            const error = yield* Effect.flip(client.declare({ queues: [{ name, ...queue }] }))

            assert.deepStrictEqual([error.reason, error.code], ["Mismatch", 406])
            assert.include(error.message, name)
            assert.strictEqual((yield* client.queue(name)).depth, 0)
          }))
      }

      it.effect("an exchange declared with another type is a mismatch", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const name = named("exchange")
          yield* declare(client, { exchanges: [{ name, type: "topic" }] })

          const error = yield* Effect.flip(client.declare({ exchanges: [{ name, type: "direct" }] }))

          assert.deepStrictEqual([error.reason, error.code], ["Mismatch", 406])
        }))

      it.effect("a key that no binding takes is refused before anything is declared", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, queue] = [named("cptm8"), named("qnum8")]

          const error = yield* Effect.flip(client.declare({
            exchanges: [{ name: exchange, type: "topic" }],
            queues: [{ name: queue }],
            bindings: [{ exchange, queue, routingKey: "cptm8.qnum8.#" }],
            publishes: [{ exchange, routingKey: "cptm8.num8.get.scan" }]
          }))

          assert.strictEqual(error.reason, "Unroutable")
          assert.include(error.hint, "cptm8.num8.#")
          assert.strictEqual((yield* Effect.flip(client.queue(queue))).reason, "Missing")
        }))

      it.effect("settings that no broker takes are invalid, all at once", () =>
        Effect.gen(function*() {
          const client = yield* connect()

          const error = yield* Effect.flip(
            client.declare({ queues: [{ name: "amq.mine" }, { name: named("q"), maxPriority: 1000, expires: 0 }] })
          )

          assert.strictEqual(error.reason, "Invalid")
          assert.include(error.message, "3 problems")
        }))

      it.effect("a binding to what is not there is missing", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)

          const exchange = yield* Effect.flip(client.declare({ bindings: [{ exchange: named("no"), queue }] }))
          const target = yield* Effect.flip(
            client.declare({ bindings: [{ exchange: "amq.topic", queue: named("no") }] })
          )

          assert.deepStrictEqual([exchange.reason, target.reason], ["Missing", "Missing"])
        }))

      it.effect("the broker's own exchanges stay", () =>
        Effect.gen(function*() {
          const client = yield* connect()

          assert.strictEqual((yield* Effect.flip(client.deleteExchange("amq.topic"))).reason, "Refused")
          assert.strictEqual((yield* Effect.flip(client.deleteExchange(""))).reason, "Refused")
        }))

      it.effect("deleting what is not there is no error", () =>
        Effect.gen(function*() {
          const client = yield* connect()

          yield* client.deleteExchange(named("no"))
          assert.strictEqual(yield* client.deleteQueue(named("no")), 0)
        }))

      it.effect("a deleted queue takes its messages and bindings with it, and tells how many", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, queue] = [named("exchange"), named("queue")]
          const topology: Topology = {
            exchanges: [{ name: exchange, type: "direct" }],
            queues: [{ name: queue }],
            bindings: [{ exchange, queue, routingKey: "a" }]
          }
          yield* declare(client, topology)
          yield* client.publish({ exchange, routingKey: "a", body: "x" })

          assert.strictEqual(yield* client.deleteQueue(queue), 1)
          yield* client.declare({ queues: [{ name: queue }] })

          const error = yield* Effect.flip(client.publish({ exchange, routingKey: "a", body: "x" }))
          assert.strictEqual(error.reason, "Unroutable")
        }))

      it.effect("an auto-delete exchange goes with its last binding", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, queue] = [named("exchange"), named("queue")]
          yield* declare(client, {
            exchanges: [{ name: exchange, type: "fanout", autoDelete: true }],
            queues: [{ name: queue }],
            bindings: [{ exchange, queue }]
          })
          yield* client.publish({ exchange, routingKey: "", body: "x" })
          yield* client.deleteQueue(queue)

          const error = yield* Effect.flip(client.publish({ exchange, routingKey: "", body: "x" }))
          assert.strictEqual(error.reason, "Missing")
        }))

      it.effect("an auto-delete queue goes with its last consumer, not before its first", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { autoDelete: true })
          yield* publishAll(client, queue, ["a"])
          assert.strictEqual((yield* client.queue(queue)).depth, 1)

          yield* Stream.runDrain(Stream.take(client.consume(queue), 1))

          const gone = eventually(Effect.result(client.queue(queue)), ({ _tag }) => _tag === "Failure")
          assert.strictEqual((yield* gone)._tag, "Failure")
        }))

      it.effect("a queue that nobody uses goes when it expires", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { expires: "200 millis" })

          // Asking for it is using it: so not too often.
          const gone = yield* Effect.repeat(Effect.delay(Effect.result(client.queue(queue)), "500 millis"), {
            until: ({ _tag }) => _tag === "Failure",
            times: 20
          })

          assert.strictEqual(gone._tag === "Failure" && gone.failure.reason, "Missing")
        }))

      it.effect("a client that could not have a queue for itself leaves it as it is", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const name = yield* aQueue(client)
          yield* publishAll(client, name, ["stays"])

          const error = yield* Effect.scoped(
            Effect.flatMap(connect(), (other) => Effect.flip(other.declare({ queues: [{ name, exclusive: true }] })))
          )

          assert.deepStrictEqual([error.reason, error.code], ["Refused", 405])
          assert.deepStrictEqual(yield* texts(client, name), ["stays"])
        }))

      it.effect("an exclusive queue is for its connection only, and gone with it", () =>
        Effect.gen(function*() {
          const other = yield* connectAgain
          const queue = named("exclusive")
          yield* Effect.scoped(Effect.gen(function*() {
            const client = yield* connect({ applicationName: "skein of an owner" })
            yield* client.declare({ queues: [{ name: queue, durable: false, exclusive: true }] })

            const asked = yield* Effect.flip(other.queue(queue))
            const consumed = yield* Effect.flip(Stream.runDrain(other.consume(queue)))
            // Publishing goes by routes, which are nobody's.
            yield* other.publish({ routingKey: queue, body: "x" })

            assert.deepStrictEqual([asked.reason, asked.code, consumed.reason], ["Refused", 405, "Refused"])
            assert.strictEqual((yield* client.queue(queue)).depth, 1)
          }))

          const gone = yield* eventually(
            Effect.result(other.queue(queue)),
            (result) => result._tag === "Failure" && result.failure.reason === "Missing"
          )
          assert.strictEqual(gone._tag, "Failure")
        }))
    })

    describe("routing", () => {
      const ways: ReadonlyArray<
        readonly [
          type: Exchange["type"],
          binding: { readonly routingKey?: string; readonly arguments?: ValueRecord },
          taken: Partial<Outgoing> & { readonly routingKey: string },
          not: Partial<Outgoing> & { readonly routingKey: string } | undefined
        ]
      > = [
        ["direct", { routingKey: "a" }, { routingKey: "a" }, { routingKey: "a.b" }],
        ["topic", { routingKey: "a.*.#" }, { routingKey: "a.b.c.d" }, { routingKey: "a" }],
        ["topic", { routingKey: "#.z" }, { routingKey: "z" }, { routingKey: "z.a" }],
        ["topic", { routingKey: "#" }, { routingKey: "" }, undefined],
        ["fanout", {}, { routingKey: "anything" }, undefined],
        [
          "headers",
          { arguments: { "x-match": "all", kind: "order", n: 1 } },
          { routingKey: "", headers: { kind: "order", n: 1, more: true } },
          { routingKey: "", headers: { kind: "order", n: "1" } }
        ],
        [
          "headers",
          { arguments: { "x-match": "any", kind: "order", n: 1 } },
          { routingKey: "", headers: { n: 1 } },
          { routingKey: "", headers: { kind: "offer" } }
        ]
      ]
      for (const [type, binding, taken, not] of ways) {
        it.effect(`${type} ${JSON.stringify(binding)} takes ${JSON.stringify(taken)}${not ? `, not ${JSON.stringify(not)}` : ""}`, () =>
          Effect.gen(function*() {
            const client = yield* connect()
            const [exchange, queue] = [named("exchange"), named("queue")]
            yield* declare(client, {
              exchanges: [{ name: exchange, type }],
              queues: [{ name: queue }],
              bindings: [{ exchange, queue, ...binding }]
            })

            assert.strictEqual((yield* client.publish({ ...taken, exchange, body: "taken" })).outcome, "kept")
            if (not !== undefined) {
              assert.strictEqual(
                (yield* Effect.flip(client.publish({ ...not, exchange, body: "not" }))).reason,
                "Unroutable"
              )
            }
            assert.deepStrictEqual(yield* texts(client, queue), ["taken"])
          }))
      }

      it.effect("a queue with two bindings that fit has a message once", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, queue] = [named("exchange"), named("queue")]
          yield* declare(client, {
            exchanges: [{ name: exchange, type: "topic" }],
            queues: [{ name: queue }],
            bindings: [{ exchange, queue, routingKey: "a.*" }, { exchange, queue, routingKey: "*.b" }]
          })
          yield* client.publish({ exchange, routingKey: "a.b", body: "once" })

          assert.deepStrictEqual(yield* texts(client, queue), ["once"])
        }))

      it.effect("bindings lead to other exchanges, and what none takes to the alternate one", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [first, second, spare] = [named("first"), named("second"), named("spare")]
          const [taken, rest] = [named("taken"), named("rest")]
          yield* declare(client, {
            exchanges: [
              { name: spare, type: "fanout" },
              { name: first, type: "direct", alternateExchange: spare },
              { name: second, type: "topic" }
            ],
            queues: [{ name: taken }, { name: rest }],
            bindings: [
              { exchange: first, toExchange: second, routingKey: "a.b" },
              { exchange: second, queue: taken, routingKey: "a.#" },
              { exchange: spare, queue: rest }
            ]
          })

          yield* client.publish({ exchange: first, routingKey: "a.b", body: "one" })
          yield* client.publish({ exchange: first, routingKey: "other", body: "two" })

          assert.deepStrictEqual([yield* texts(client, taken), yield* texts(client, rest)], [["one"], ["two"]])
        }))

      it.effect("headers CC and BCC are more keys; BCC is not shown", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [one, two, three] = [yield* aQueue(client), yield* aQueue(client), yield* aQueue(client)]
          yield* client.publish({ routingKey: one, body: "x", headers: { CC: [two], BCC: [three] } })

          for (const queue of [one, two, three]) {
            assert.deepStrictEqual((yield* arriving(client, queue)).headers, { CC: [two] })
          }
        }))
    })

    describe("consume", () => {
      it.effect("emits messages in order, those that were there and those that come", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2"])
          const consumer = yield* client.consume(queue).pipe(
            Stream.tap(({ ack }) => ack),
            Stream.map(text),
            Stream.take(4),
            Stream.runCollect,
            Effect.forkChild
          )
          yield* publishAll(client, queue, ["3", "4"])

          assert.deepStrictEqual(yield* Fiber.join(consumer), ["1", "2", "3", "4"])
          assert.strictEqual((yield* eventually(client.queue(queue), ({ consumers }) => consumers === 0)).depth, 0)
        }))

      it.effect("no more than prefetch are delivered and not acknowledged", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2", "3", "4", "5"])
          const taken: Array<Delivery> = []
          yield* client.consume(queue, { prefetch: 2 }).pipe(
            Stream.runForEach((delivery) => Effect.sync(() => taken.push(delivery))),
            Effect.forkScoped
          )

          yield* eventually(Effect.sync(() => taken.length), (n) => n === 2)
          assert.deepStrictEqual(yield* client.queue(queue), { depth: 3, consumers: 1 })
          yield* taken[0]!.ack
          yield* eventually(Effect.sync(() => taken.length), (n) => n === 3)

          assert.deepStrictEqual(taken.map(text), ["1", "2", "3"])
        }))

      it.effect("what is not acknowledged when the stream ends goes back in order, as redelivered", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2", "3"])

          const [first] = yield* Stream.runCollect(Stream.take(client.consume(queue, { prefetch: 2 }), 1))
          yield* eventually(client.queue(queue), ({ depth }) => depth === 3)

          assert.strictEqual((yield* Effect.flip(first!.ack)).reason, "Connection")
          assert.strictEqual((yield* Effect.flip(first!.nack({ requeue: true }))).reason, "Connection")
          assert.deepStrictEqual((yield* drain(client, queue)).map((message) => [text(message), message.redelivered]), [
            ["1", true],
            ["2", true],
            ["3", false]
          ])
        }))

      it.effect("a consumer that is interrupted loses nothing", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const consumer = yield* client.consume(queue).pipe(
            Stream.runForEach(() => Effect.never),
            Effect.forkChild
          )
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)
          yield* publishAll(client, queue, ["1", "2", "3"])
          yield* eventually(client.queue(queue), ({ depth }) => depth === 0)

          yield* Fiber.interrupt(consumer)

          yield* eventually(client.queue(queue), ({ depth }) => depth === 3)
          assert.deepStrictEqual(yield* texts(client, queue), ["1", "2", "3"])
        }))

      it.effect("acknowledged twice is acknowledged", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2"])
          yield* client.consume(queue, { prefetch: 1 }).pipe(
            Stream.tap(({ ack, nack }) => Effect.andThen(ack, Effect.andThen(ack, nack({ requeue: true })))),
            Stream.take(2),
            Stream.runDrain
          )

          assert.strictEqual((yield* eventually(client.queue(queue), ({ consumers }) => consumers === 0)).depth, 0)
        }))

      it.effect("requeued messages come again at their old place, as redelivered", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2", "3", "4"])
          const [one, two, three] = yield* Effect.forEach([1, 2, 3], () =>
            Effect.map(client.get(queue), Option.getOrThrow))

          yield* three!.nack({ requeue: true })
          yield* one!.nack({ requeue: true })
          yield* eventually(client.queue(queue), ({ depth }) =>
            depth === 3)

          assert.deepStrictEqual((yield* drain(client, queue)).map((message) => [text(message), message.redelivered]), [
            ["1", true],
            ["3", true],
            ["4", false]
          ])
          yield* two!.nack({ requeue: true })
          assert.strictEqual(text(yield* arriving(client, queue)), "2")
        }))

      it.effect("with autoAck deliveries are acknowledged when they are sent", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2", "3"])

          const taken = yield* client.consume(queue, { autoAck: true }).pipe(Stream.take(3), Stream.runCollect)
          yield* taken[0]!.ack

          assert.deepStrictEqual(taken.map(text), ["1", "2", "3"])
          assert.strictEqual((yield* eventually(client.queue(queue), ({ consumers }) => consumers === 0)).depth, 0)
        }))

      it.effect("consumers take turns, those with a higher priority first", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const taken: Array<string> = []
          const consumer = (name: string, priority: number) =>
            client.consume(queue, { prefetch: 2, priority }).pipe(
              Stream.runForEach(({ body }) =>
                Effect.sync(() => taken.push(`${name}${new TextDecoder().decode(body)}`))
              ),
              Effect.forkScoped
            )
          yield* consumer("low", 0)
          yield* consumer("a", 5)
          yield* consumer("b", 5)
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 3)

          yield* publishAll(client, queue, ["1", "2", "3", "4", "5"])
          yield* eventually(Effect.sync(() => taken.length), (n) => n === 5)

          const share = (name: string) => taken.filter((one) => one.startsWith(name)).length
          assert.deepStrictEqual([share("a"), share("b"), share("low")], [2, 2, 1])
          assert.include(taken, "low5")
        }))

      it.effect("a consumer that has a queue for itself keeps others out, and is kept out", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const consumer = yield* Effect.forkChild(Stream.runDrain(client.consume(queue, { exclusive: true })))
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)

          const second = yield* Effect.flip(Stream.runDrain(client.consume(queue)))
          yield* Fiber.interrupt(consumer)
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 0)
          yield* Effect.forkScoped(Stream.runDrain(client.consume(queue)))
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)
          const third = yield* Effect.flip(Stream.runDrain(client.consume(queue, { exclusive: true })))

          assert.deepStrictEqual([second.reason, second.code, third.reason, third.code], [
            "Refused",
            403,
            "Refused",
            403
          ])
        }))

      it.effect("of a single active consumer's queue one is served, and the next when it goes", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { singleActiveConsumer: true })
          const taken: Array<string> = []
          const consumer = (name: string) =>
            client.consume(queue).pipe(
              Stream.runForEach((delivery) =>
                Effect.andThen(delivery.ack, Effect.sync(() => taken.push(name + text(delivery))))
              ),
              Effect.forkScoped
            )
          const first = yield* consumer("a")
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)
          yield* consumer("b")
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 2)
          yield* publishAll(client, queue, ["1", "2"])
          yield* eventually(Effect.sync(() => taken.length), (n) => n === 2)

          yield* Fiber.interrupt(first)
          yield* publishAll(client, queue, ["3"])
          yield* eventually(Effect.sync(() => taken.length), (n) => n === 3)

          assert.deepStrictEqual(taken, ["a1", "a2", "b3"])
        }))

      it.effect("a queue that is not there, or is deleted meanwhile, is missing", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const absent = yield* Effect.flip(Stream.runDrain(client.consume(named("no"))))
          const queue = yield* aQueue(client)
          const consumer = yield* Effect.forkChild(Effect.flip(Stream.runDrain(client.consume(queue))))
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)

          yield* client.deleteQueue(queue)

          assert.deepStrictEqual([absent.reason, absent.code], ["Missing", 404])
          assert.strictEqual((yield* Fiber.join(consumer)).reason, "Missing")
        }))

      it.effect("a prefetch that is none is invalid", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)

          const error = yield* Effect.flip(Stream.runDrain(client.consume(queue, { prefetch: 0 })))
          assert.strictEqual(error.reason, "Invalid")
        }))
    })

    describe("get", () => {
      it.effect("takes one, or none", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          assert.isTrue(Option.isNone(yield* client.get(queue)))
          yield* publishAll(client, queue, ["1", "2"])

          const message = Option.getOrThrow(yield* client.get(queue))

          assert.strictEqual(text(message), "1")
          assert.strictEqual((yield* client.queue(queue)).depth, 1)
          yield* message.ack
          assert.deepStrictEqual(yield* texts(client, queue), ["2"])
        }))

      it.effect("what the client did not settle goes back with it", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1"])
          const taken = yield* Effect.scoped(Effect.flatMap(connectAgain, (other) => other.get(queue)))

          yield* eventually(client.queue(queue), ({ depth }) => depth === 1)

          assert.strictEqual((yield* Effect.flip(Option.getOrThrow(taken).ack)).reason, "Connection")
          assert.isTrue((yield* arriving(client, queue)).redelivered)
        }))

      it.effect("a queue that is not there is missing, for purge and depth too", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = named("no")

          const asked: ReadonlyArray<Effect.Effect<unknown, BrokerError>> = [
            client.get(queue),
            client.purge(queue),
            client.queue(queue)
          ]
          const errors = yield* Effect.forEach(asked, (ask) => Effect.flip(ask))

          assert.deepStrictEqual(errors.map(({ code, reason }) => [reason, code]), [
            ["Missing", 404],
            ["Missing", 404],
            ["Missing", 404]
          ])
        }))

      it.effect("purge removes what waits, not what is delivered", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2", "3"])
          const held = Option.getOrThrow(yield* client.get(queue))

          assert.strictEqual(yield* client.purge(queue), 2)
          yield* held.nack({ requeue: true })

          assert.strictEqual(text(yield* arriving(client, queue)), "1")
        }))
    })

    describe("dead letters", () => {
      it.effect("what is rejected goes there, with where it died and why", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client)
          const { messageId } = yield* client.publish({ routingKey: queue, body: "bad", headers: { mine: 1 } })
          yield* Option.getOrThrow(yield* client.get(queue)).nack({ requeue: false })

          const letter = yield* arriving(client, dead)

          const [death, ...others] = deathsOf(letter)
          const { time, ...rest } = death!
          assert.deepStrictEqual([text(letter), letter.messageId, letter.routingKey, letter.redelivered], [
            "bad",
            messageId,
            dead,
            false
          ])
          assert.deepStrictEqual({ ...rest }, {
            count: 1,
            reason: "rejected",
            queue,
            exchange: "",
            "routing-keys": [queue]
          })
          // Milliseconds since 1970, of whole seconds: AMQP's timestamp, as in `timestamp`.
          assert.closeTo(Number(time), Date.now(), 60_000)
          assert.deepStrictEqual(others, [])
          assert.strictEqual(letter.headers["mine"], 1)
          assert.strictEqual(letter.headers["x-first-death-queue"], queue)
          assert.strictEqual(letter.headers["x-first-death-reason"], "rejected")
          assert.strictEqual(letter.headers["x-first-death-exchange"], "")
        }))

      it.effect("without a key of the queue it keeps its own", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, dead] = [named("dead"), named("letters")]
          yield* declare(client, {
            exchanges: [{ name: exchange, type: "topic" }],
            queues: [{ name: dead }],
            bindings: [{ exchange, queue: dead, routingKey: "#" }]
          })
          const queue = yield* aQueue(client, { deadLetterExchange: exchange })
          yield* publishAll(client, queue, ["bad"])
          yield* Option.getOrThrow(yield* client.get(queue)).nack({ requeue: false })

          const letter = yield* arriving(client, dead)
          assert.deepStrictEqual([letter.exchange, letter.routingKey], [exchange, queue])
        }))

      it.effect("without dead letters what is rejected is gone", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["bad", "good"])
          yield* Option.getOrThrow(yield* client.get(queue)).nack({ requeue: false })

          assert.deepStrictEqual(yield* texts(client, queue), ["good"])
        }))

      it.effect("what waits longer than the queue allows goes there", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client, { messageTtl: "100 millis" })
          yield* publishAll(client, queue, ["late"])

          const letter = yield* arriving(client, dead)

          assert.deepStrictEqual(deathsOf(letter).map(({ reason }) => reason), ["expired"])
          assert.strictEqual((yield* client.queue(queue)).depth, 0)
        }))

      it.effect("what waits longer than it may itself goes there, and expires no more", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client)
          yield* client.publish({ routingKey: queue, body: "late", expiration: "50 millis" })

          const letter = yield* arriving(client, dead)

          assert.strictEqual(letter.expiration, undefined)
          assert.strictEqual(deathsOf(letter)[0]?.["original-expiration"], "50")
        }))

      it.effect("what may not wait at all still goes to a consumer that waits", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client, { messageTtl: 0 })
          yield* publishAll(client, queue, ["nobody"])
          assert.strictEqual(text(yield* arriving(client, dead)), "nobody")
          const consumer = yield* client.consume(queue).pipe(
            Stream.tap(({ ack }) => ack),
            Stream.take(1),
            Stream.runCollect,
            Effect.forkChild
          )
          yield* eventually(client.queue(queue), ({ consumers }) => consumers === 1)
          yield* publishAll(client, queue, ["somebody"])

          assert.deepStrictEqual((yield* Fiber.join(consumer)).map(text), ["somebody"])
        }))

      it.effect("only the head expires: what is behind one that lives longer waits for it", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client)
          yield* client.publish({ routingKey: queue, body: "long", expiration: "1 hour" })
          yield* client.publish({ routingKey: queue, body: "short", expiration: 1 })
          yield* Effect.sleep("100 millis")
          assert.strictEqual((yield* client.queue(queue)).depth, 2)

          assert.deepStrictEqual(yield* texts(client, queue), ["long"])
          assert.strictEqual(text(yield* arriving(client, dead)), "short")
        }))

      it.effect("deaths of one kind in one queue are counted", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [work, wait] = [named("work"), named("wait")]
          yield* declare(client, {
            queues: [
              { name: work, deadLetterExchange: "", deadLetterRoutingKey: wait },
              { name: wait, deadLetterExchange: "", deadLetterRoutingKey: work, messageTtl: "20 millis" }
            ]
          })
          yield* publishAll(client, work, ["again"])

          for (const _ of [1, 2]) {
            const message = yield* eventually(client.get(work), Option.isSome).pipe(Effect.map(Option.getOrThrow))
            yield* message.nack({ requeue: false })
          }

          const deaths = deathsOf(yield* arriving(client, work))
          assert.deepStrictEqual(deaths.map(({ count, queue, reason }) => [queue, reason, count]), [
            [wait, "expired", 2],
            [work, "rejected", 2]
          ])
        }))

      it.effect("a circle that nobody rejects in ends", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [one, two] = [named("one"), named("two")]
          yield* declare(client, {
            queues: [
              { name: one, deadLetterExchange: "", deadLetterRoutingKey: two, messageTtl: "20 millis" },
              { name: two, deadLetterExchange: "", deadLetterRoutingKey: one, messageTtl: "20 millis" }
            ]
          })
          yield* publishAll(client, one, ["round"])
          yield* Effect.sleep("100 millis")

          const left = Effect.map(
            Effect.all([client.queue(one), client.queue(two)]),
            (queues) => queues.map(({ depth }) => depth)
          )
          assert.deepStrictEqual(yield* eventually(left, (depths) => depths.every((depth) => depth === 0)), [0, 0])
        }))
    })

    describe("limits", () => {
      it.effect("the oldest goes when there is one too many", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client, { maxLength: 2 })
          const confirms = yield* publishAll(client, queue, ["1", "2", "3"])

          const letter = yield* arriving(client, dead)

          assert.deepStrictEqual(confirms.map(({ outcome }) => outcome), ["kept", "kept", "kept"])
          assert.deepStrictEqual([text(letter), deathsOf(letter)[0]?.["reason"]], ["1", "maxlen"])
          assert.deepStrictEqual(yield* texts(client, queue), ["2", "3"])
        }))

      it.effect("with reject-publish the new one is refused, which is no error", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client, { maxLength: 1, overflow: "reject-publish" })

          const confirms = yield* publishAll(client, queue, ["1", "2"])

          assert.deepStrictEqual(confirms.map(({ outcome }) => outcome), ["kept", "refused"])
          assert.deepStrictEqual(yield* texts(client, queue), ["1"])
          assert.strictEqual((yield* client.queue(dead)).depth, 0)
          assert.strictEqual((yield* client.statistics).refused, 1)
        }))

      it.effect("with reject-publish-dlx it goes to the dead letters too", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const { dead, queue } = yield* withDeadLetters(client, { maxLength: 1, overflow: "reject-publish-dlx" })

          const confirms = yield* publishAll(client, queue, ["1", "2"])
          const letter = yield* arriving(client, dead)

          assert.deepStrictEqual(confirms.map(({ outcome }) => outcome), ["kept", "refused"])
          assert.deepStrictEqual([text(letter), deathsOf(letter)[0]?.["reason"]], ["2", "maxlen"])
          assert.deepStrictEqual(yield* texts(client, queue), ["1"])
        }))

      it.effect("one full queue of many means refused, and the others have the message", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const [exchange, full, free] = [named("both"), named("full"), named("free")]
          yield* declare(client, {
            exchanges: [{ name: exchange, type: "fanout" }],
            queues: [{ name: full, maxLength: 0, overflow: "reject-publish" }, { name: free }],
            bindings: [{ exchange, queue: full }, { exchange, queue: free }]
          })

          const confirm = yield* client.publish({ exchange, routingKey: "", body: "x" })

          assert.strictEqual(confirm.outcome, "refused")
          assert.deepStrictEqual(yield* texts(client, free), ["x"])
        }))

      it.effect("bytes of bodies are limited too", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { maxBytes: 10 })
          yield* publishAll(client, queue, ["12345", "67890", "abc"])

          assert.deepStrictEqual(yield* texts(client, queue), ["67890", "abc"])
        }))

      it.effect("messages that are delivered do not count, until they come back", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { maxLength: 2 })
          yield* publishAll(client, queue, ["1", "2"])
          const held = Option.getOrThrow(yield* client.get(queue))
          yield* publishAll(client, queue, ["3"])
          assert.strictEqual((yield* client.queue(queue)).depth, 2)

          yield* held.nack({ requeue: true })
          yield* Effect.sleep("50 millis")

          assert.deepStrictEqual(yield* texts(client, queue), ["2", "3"])
        }))

      it.effect("the highest priority comes first, and beyond the queue's highest all are alike", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { maxPriority: 5 })
          yield* publishAll(client, queue, ["none"])
          yield* publishAll(client, queue, ["low"], { priority: 1 })
          yield* publishAll(client, queue, ["high", "high too"], { priority: 5 })
          yield* publishAll(client, queue, ["beyond"], { priority: 9 })

          assert.deepStrictEqual(yield* texts(client, queue), ["high", "high too", "beyond", "low", "none"])
        }))

      it.effect("a limit drops the head, also when that has the highest priority", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { maxPriority: 5, maxLength: 2 })
          yield* publishAll(client, queue, ["high"], { priority: 5 })
          yield* publishAll(client, queue, ["low", "low too"], { priority: 1 })

          assert.deepStrictEqual(yield* texts(client, queue), ["low", "low too"])
        }))
    })

    describe("publishMany", () => {
      it.effect("confirms come in the order of the messages", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const ids = Array.from({ length: 100 }, (_, index) => `many-${index}`)

          const confirms = yield* Stream.fromIterable(ids).pipe(
            Stream.map((messageId) => ({ messageId, routingKey: queue, body: messageId })),
            (messages) => client.publishMany(messages, { window: 16 }),
            Stream.runCollect
          )

          assert.deepStrictEqual(
            confirms.map(({ messageId, outcome }) => [messageId, outcome]),
            ids.map((id) => [id, "kept"])
          )
          assert.deepStrictEqual(yield* texts(client, queue), ids)
        }))

      it.effect("a message that cannot be published fails it, after the confirms of those before", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const nobody = named("nobody")
          const confirmed: Array<string> = []

          const error = yield* Stream.make("1", "2", "3", nobody, "5").pipe(
            Stream.map((body) => ({ messageId: body, routingKey: body === nobody ? nobody : queue, body })),
            (messages) => client.publishMany(messages),
            Stream.runForEach(({ messageId }) => Effect.sync(() => confirmed.push(messageId))),
            Effect.flip
          )

          assert.strictEqual(error.reason, "Unroutable")
          assert.deepStrictEqual(confirmed, ["1", "2", "3"])
        }))

      it.effect("a nack is a confirm that says refused, and an error of the messages passes through", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client, { maxLength: 1, overflow: "reject-publish" })
          const messages = Stream.make("1", "2").pipe(
            Stream.map((body) => ({ routingKey: queue, body })),
            Stream.concat(Stream.fail("source" as const))
          )
          const outcomes: Array<string> = []

          const error = yield* client.publishMany(messages).pipe(
            Stream.runForEach(({ outcome }) => Effect.sync(() => outcomes.push(outcome))),
            Effect.flip
          )

          assert.strictEqual(error, "source")
          assert.deepStrictEqual(outcomes, ["kept", "refused"])
        }))
    })

    describe("request", () => {
      it.effect("is answered with the reply to it, many at a time", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* server(client, queue, (message) => `re: ${text(message)}`)

          const replies = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => String(index)),
            (body) => Effect.map(client.request({ routingKey: queue, body }), text),
            { concurrency: "unbounded" }
          )

          assert.deepStrictEqual(replies, Array.from({ length: 20 }, (_, index) => `re: ${index}`))
        }))

      it.effect("keeps the correlation id that it has", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          yield* server(client, queue, ({ correlationId }) => correlationId ?? "")

          const reply = yield* client.request({ routingKey: queue, body: "", correlationId: "mine" })
          assert.deepStrictEqual([text(reply), reply.correlationId], ["mine", "mine"])
        }))

      it.effect("fails when no reply comes in time, or nobody is there to ask", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)

          const silent = yield* Effect.flip(client.request({ routingKey: queue, body: "?" }, { timeout: "100 millis" }))
          const nobody = yield* Effect.flip(client.request({ routingKey: named("nobody"), body: "?" }))

          assert.deepStrictEqual([silent.reason, nobody.reason], ["Timeout", "Unroutable"])
        }))
    })

    describe("clients", () => {
      const wrong: ReadonlyArray<readonly [message: Partial<Outgoing>, field: string]> = [
        [{ routingKey: "k".repeat(256) }, "routingKey"],
        [{ messageId: "ä".repeat(128) }, "messageId"],
        [{ priority: 256 }, "priority"],
        [{ priority: 1.5 }, "priority"]
      ]
      for (const [message, field] of wrong) {
        it.effect(`a message that AMQP cannot carry is invalid: ${JSON.stringify(message).slice(0, 30)}`, () =>
          Effect.gen(function*() {
            const client = yield* connect()
            const queue = yield* aQueue(client)

            const error = yield* Effect.flip(client.publish({ routingKey: queue, body: "the body", ...message }))

            assert.strictEqual(error.reason, "Invalid")
            assert.include(error.message, field)
            assert.notInclude(yield* textOf(error), "the body")
            assert.strictEqual((yield* client.publish({ routingKey: queue, body: "x" })).outcome, "kept")
          }))
      }

      it.effect("many fibers publish and consume at once, and nothing is lost or doubled", () =>
        Effect.gen(function*() {
          const client = yield* connect()
          const queue = yield* aQueue(client)
          const ids = Array.from({ length: 400 }, (_, index) => `id-${index}`)
          const seen: Array<string> = []
          const consumer = yield* Effect.forkChild(
            client.consume(queue, { prefetch: 10 }).pipe(
              Stream.take(ids.length),
              Stream.mapEffect(
                ({ ack, messageId }) => Effect.andThen(ack, Effect.sync(() => seen.push(messageId ?? ""))),
                { concurrency: 10 }
              ),
              Stream.runDrain
            )
          )

          yield* Effect.forEach(ids, (messageId) => client.publish({ messageId, routingKey: queue, body: "" }), {
            concurrency: 50,
            discard: true
          })
          yield* Fiber.join(consumer)

          assert.deepStrictEqual(seen.toSorted(), ids.toSorted())
          assert.strictEqual((yield* client.queue(queue)).depth, 0)
        }))

      it.effect("a client tells how its broker is, and counts what it does", () =>
        Effect.gen(function*() {
          const client = yield* connectAgain
          const queue = yield* aQueue(client)
          yield* publishAll(client, queue, ["1", "2"])
          yield* drain(client, queue)

          const health = yield* client.health
          const { acknowledged, confirmed, delivered, published, unconfirmed } = yield* client.statistics

          assert.deepStrictEqual([health.status, health.problem], ["up", undefined])
          assert.isString(health.version)
          assert.deepStrictEqual({ acknowledged, confirmed, delivered, published, unconfirmed }, {
            acknowledged: 2,
            confirmed: 2,
            delivered: 2,
            published: 2,
            unconfirmed: 0
          })
        }))
    })
  })
}

/** Everything that is shown of an error anywhere. */
export const textOf = (error: BrokerError) =>
  Effect.map(
    Schema.encodeEffect(BrokerError)(error),
    (encoded) =>
      [JSON.stringify(encoded), String(error), error.stack ?? "", Cause.pretty(Cause.fail(error)), Exit.fail(error)]
        .join("\n")
  )
