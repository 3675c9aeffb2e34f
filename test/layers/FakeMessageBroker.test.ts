/** The fake is the embedded broker, and goes wrong when told. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { FakeMessageBroker, layer as fake } from "../../src/layers/fake/FakeMessageBroker.ts"
import { type BrokerClient, type Delivery, type Message, MessageBroker } from "../../src/services/MessageBroker.ts"
import { suite, TestBroker } from "../services/MessageBrokerSuite.ts"

suite("FakeMessageBroker", Layer.merge(fake(), Layer.succeed(TestBroker, { url: "amqp://guest:guest@fake:5672" })))

const connect = Effect.flatMap(MessageBroker, (broker) => broker.connect("amqp://user:secret@host/vhost"))

const text = ({ body }: Message) => new TextDecoder().decode(body)

/** A client with a durable queue, and another one where its dead letters go. */
const ready = Effect.gen(function*() {
  const client = yield* connect
  yield* client.declare({
    queues: [{ name: "q", deadLetterExchange: "", deadLetterRoutingKey: "dead" }, { name: "dead" }]
  })
  return { client, fake: yield* FakeMessageBroker }
})

const publish = (client: BrokerClient, body: string) =>
  client.publish({ routingKey: "q", body, messageId: `id of ${body}` })

const drain = Effect.fnUntraced(function*(client: BrokerClient, queue = "q") {
  const all: Array<Delivery> = []
  for (let next = yield* client.get(queue); Option.isSome(next); next = yield* client.get(queue)) {
    all.push(next.value)
    yield* next.value.ack
  }
  return all
})

/** A fake of its own for each test. */
const test = (title: string, run: Effect.Effect<void, unknown, MessageBroker | FakeMessageBroker>) =>
  it.effect(title, () => Effect.provide(run, fake()))

describe("FakeMessageBroker", () => {
  test(
    "operations and connects fail when told, as often as told, for that reason",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.failNext(2, "Busy")
      yield* fake.failNext(1, "Storage")
      yield* fake.failConnect(1, "Authentication")

      const errors = [
        yield* Effect.flip(publish(client, "a")),
        yield* Effect.flip(client.get("q")),
        yield* Effect.flip(Stream.runDrain(client.consume("q"))),
        yield* Effect.flip(connect)
      ]

      assert.deepStrictEqual(errors.map(({ reason }) => reason), ["Busy", "Busy", "Storage", "Authentication"])
      assert.strictEqual((yield* publish(client, "b")).outcome, "kept")
    }))
  )

  test(
    "what was published is recorded, and brokers are told apart by their URL without its login",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      const broker = yield* MessageBroker
      const same = yield* broker.connect(Redacted.make("amqp://other:login@host/vhost"))
      const other = yield* broker.connect("amqp://user:secret@host/other")
      yield* publish(client, "a")

      assert.deepStrictEqual(yield* fake.published, [
        { messageId: "id of a", message: { routingKey: "q", body: "a", messageId: "id of a" } }
      ])
      assert.strictEqual((yield* same.queue("q")).depth, 1)
      assert.strictEqual((yield* Effect.flip(other.queue("q"))).reason, "Missing")
    }))
  )

  test(
    "a nack is a confirm that says refused",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.refuseNext(1)

      assert.deepStrictEqual([(yield* publish(client, "a")).outcome, (yield* publish(client, "b")).outcome], [
        "refused",
        "kept"
      ])
      assert.deepStrictEqual((yield* drain(client)).map(text), ["b"])
    }))
  )

  test(
    "delays are those of the test's clock",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.delay("1 minute")
      const fiber = yield* Effect.forkChild(publish(client, "a"))

      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).outcome, "kept")
    }))
  )

  test(
    "R36 a confirm that is lost times out, and the message is there",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.loseConfirms(1)
      const fiber = yield* Effect.forkChild(Effect.flip(publish(client, "a")))
      yield* TestClock.adjust("9999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual((yield* client.statistics).unconfirmed, 1)
      yield* TestClock.adjust("1 millis")

      const error = yield* Fiber.join(fiber)
      assert.deepStrictEqual([error.reason, error.messageId], ["Timeout", "id of a"])
      assert.deepStrictEqual((yield* drain(client)).map(text), ["a"])
    }))
  )

  test(
    "R36 a message whose connection is lost before its confirm is sent again under its id, so that its double can be told",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.loseConfirms(1)
      const fiber = yield* Effect.forkChild(publish(client, "a"))
      yield* TestClock.adjust(1)
      yield* fake.dropConnections
      yield* TestClock.adjust("100 millis")

      assert.deepStrictEqual(yield* Fiber.join(fiber), { messageId: "id of a", outcome: "kept", attempts: 2 })
      assert.deepStrictEqual((yield* drain(client)).map(({ messageId }) => messageId), ["id of a", "id of a"])
      const { reconnects, resent } = yield* client.statistics
      assert.deepStrictEqual([resent, reconnects], [1, 1])
    }))
  )

  test(
    "R36 a consumer goes on after a lost connection, with what it had not acknowledged marked as redelivered",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      const seen: Array<Delivery> = []
      yield* client.consume("q").pipe(
        Stream.runForEach((delivery) => Effect.sync(() => seen.push(delivery))),
        Effect.forkScoped
      )
      yield* publish(client, "a")
      yield* publish(client, "b")
      yield* TestClock.adjust(1)
      yield* seen[0]!.ack

      yield* fake.dropConnections
      const late = yield* Effect.flip(seen[1]!.ack)
      yield* TestClock.adjust("1 second")
      yield* seen[2]!.ack

      assert.strictEqual(late.reason, "Connection")
      assert.deepStrictEqual(seen.map((message) => [text(message), message.redelivered]), [
        ["a", false],
        ["b", false],
        ["b", true]
      ])
      assert.deepStrictEqual(yield* drain(client), [])
    }))
  )

  test(
    "R36 while the broker blocks publishers they wait, and others go on",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.block
      const fiber = yield* Effect.forkChild(publish(client, "a"))
      yield* TestClock.adjust("1 hour")

      assert.isUndefined(fiber.pollUnsafe())
      assert.isTrue((yield* client.statistics).blocked)
      assert.strictEqual((yield* client.queue("q")).depth, 0)
      yield* fake.unblock
      assert.strictEqual((yield* Fiber.join(fiber)).outcome, "kept")
      assert.isFalse((yield* client.statistics).blocked)
    }))
  )

  test(
    "R36 a broker that is killed keeps what is durable and persistent; clients are there again after it is",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* client.declare({ queues: [{ name: "fleeting", durable: false }] })
      yield* publish(client, "kept")
      yield* client.publish({ routingKey: "q", body: "transient", persistent: false })
      yield* client.publish({ routingKey: "fleeting", body: "gone" })
      yield* fake.stop
      const fiber = yield* Effect.forkChild(publish(client, "while it was away"))
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual((yield* Effect.flip(connect)).reason, "Connection")

      yield* fake.start
      yield* TestClock.adjust("1 minute")

      assert.strictEqual((yield* Fiber.join(fiber)).outcome, "kept")
      assert.deepStrictEqual((yield* drain(client)).map(text), ["kept", "while it was away"])
      // Declared again, empty.
      assert.strictEqual((yield* client.queue("fleeting")).depth, 0)
    }))
  )

  test(
    "a connection that does not come back in its time is given up, and all who wait are told",
    Effect.scoped(Effect.gen(function*() {
      const { fake } = yield* ready
      const client = yield* (yield* MessageBroker).connect("amqp://host/vhost", { reconnectTimeout: "1 minute" })
      yield* fake.stop
      const publishing = yield* Effect.forkChild(Effect.flip(publish(client, "a")))
      const consuming = yield* Effect.forkChild(Effect.flip(Stream.runDrain(client.consume("q"))))
      const health = yield* Effect.forkChild(client.health)
      yield* TestClock.adjust("1 minute")

      assert.strictEqual((yield* Fiber.join(publishing)).reason, "Connection")
      assert.strictEqual((yield* Fiber.join(consuming)).reason, "Connection")
      assert.strictEqual((yield* Fiber.join(health)).status, "down")
    }))
  )

  test(
    "messages come twice when told, under one id",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* fake.duplicateNext(1)
      yield* publish(client, "a")
      yield* publish(client, "b")

      assert.deepStrictEqual((yield* drain(client)).map(({ messageId }) => messageId), [
        "id of a",
        "id of a",
        "id of b"
      ])
    }))
  )

  test(
    "exclusive queues are empty after a lost connection, and what was deleted does not come back",
    Effect.scoped(Effect.gen(function*() {
      const { client, fake } = yield* ready
      yield* client.declare({ queues: [{ name: "mine", exclusive: true }, { name: "deleted" }] })
      yield* client.publish({ routingKey: "mine", body: "x" })
      yield* client.deleteQueue("deleted")
      yield* fake.dropConnections
      yield* TestClock.adjust("1 second")

      assert.strictEqual((yield* client.queue("mine")).depth, 0)
      assert.strictEqual((yield* Effect.flip(client.queue("deleted"))).reason, "Missing")
    }))
  )
})
