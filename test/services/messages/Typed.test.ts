import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Fiber, Option, Ref, Schema, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { FakeMessageBroker, layer as fake } from "../../../src/layers/fake/FakeMessageBroker.ts"
import { type BrokerClient, type Message, MessageBroker } from "../../../src/services/MessageBroker.ts"
import * as Typed from "../../../src/services/messages/Typed.ts"
import { textOf } from "../MessageBrokerSuite.ts"

class Order extends Schema.Class<Order>("Order")({
  id: Schema.Int,
  placed: Schema.Date,
  lines: Schema.Array(Schema.Struct({ sku: Schema.String, count: Schema.Int }))
}) {}

const orders = Typed.make(Order)

const order = (id: number) => new Order({ id, placed: new Date(0), lines: [{ sku: "A1", count: 2 }] })

const open = Effect.gen(function*() {
  const client = yield* (yield* MessageBroker).connect("embedded:")
  yield* client.declare({
    queues: [{ name: "orders", deadLetterExchange: "", deadLetterRoutingKey: "dead" }, { name: "dead" }]
  })
  return client
})

const take = (client: BrokerClient, queue: string) => Effect.map(client.get(queue), Option.getOrThrow)

const test = (
  title: string,
  run: (client: BrokerClient) => Effect.Effect<void, unknown, FakeMessageBroker | Scope.Scope>
) => it.effect(title, () => Effect.provide(Effect.scoped(Effect.flatMap(open, run)), fake()))

/** A handler that fails as often as told, and what it saw. */
const failing = Effect.fnUntraced(function*(times: number) {
  const seen = yield* Ref.make<ReadonlyArray<number>>([])
  const handler = ({ id }: Order) =>
    Effect.flatMap(
      Ref.updateAndGet(seen, (all) => [...all, id]),
      (all) => all.length <= times ? Effect.fail("not yet") : Effect.void
    )
  return { handler, seen: Ref.get(seen) }
})

const quiet = { onFailure: () => Effect.void }

describe("Typed", () => {
  test("a body goes as JSON and comes as it was", (client) =>
    Effect.gen(function*() {
      yield* orders.publish(client, { routingKey: "orders", body: order(1) })
      const message = yield* take(client, "orders")

      assert.strictEqual(message.contentType, "application/json")
      assert.deepStrictEqual(JSON.parse(new TextDecoder().decode(message.body)), {
        id: 1,
        placed: "1970-01-01T00:00:00.000Z",
        lines: [{ sku: "A1", count: 2 }]
      })
      assert.deepStrictEqual(yield* orders.decode(message), order(1))
    }))

  test("a stream of deliveries has bodies, to be acknowledged as ever", (client) =>
    Effect.gen(function*() {
      yield* Effect.forEach([1, 2, 3], (id) => orders.publish(client, { routingKey: "orders", body: order(id) }))
      const ids = yield* orders.consume(client, "orders").pipe(
        Stream.tap(({ ack }) => ack),
        Stream.map(({ body }) => body.id),
        Stream.take(3),
        Stream.runCollect
      )

      assert.deepStrictEqual(ids, [1, 2, 3])
      assert.strictEqual((yield* client.queue("orders")).depth, 0)
    }))

  const wrong: ReadonlyArray<readonly [body: string, where: RegExp]> = [
    ["{\"id\": \"secret-1\", \"placed\": \"1970-01-01T00:00:00.000Z\", \"lines\": []}", /: id$/],
    ["{\"id\": \"secret-2\", \"lines\": [{\"sku\": 7, \"count\": 1}]}", /: id, placed, lines\.0\.sku$/],
    ["secret-3", /not JSON of this kind/],
    ["\"secret-4\"", /not JSON of this kind/]
  ]
  for (const [body, where] of wrong) {
    test(`a body that does not fit is invalid, with its fields and never what is in them: ${where.source}`, (client) =>
      Effect.gen(function*() {
        yield* client.publish({ routingKey: "orders", body, messageId: "m-7" })

        const error = yield* Effect.flip(orders.decode(yield* take(client, "orders")))

        assert.deepStrictEqual([error.reason, error.messageId], ["Invalid", "m-7"])
        assert.match(error.message, where)
        assert.include(error.message, "m-7")
        assert.notMatch(yield* textOf(error), /secret/)
      }))
  }

  test("what does not fit is not published", (client) =>
    Effect.gen(function*() {
      const body = { ...order(1), id: 1.5 } as Order

      const error = yield* Effect.flip(orders.publish(client, { routingKey: "orders", body }))

      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual((yield* client.queue("orders")).depth, 0)
    }))

  describe("handle", () => {
    test("acknowledges what its handler did, and no more run at a time than told", (client) =>
      Effect.gen(function*() {
        let running = 0
        let most = 0
        const done = yield* Deferred.make<void>()
        yield* Effect.forEach([1, 2, 3, 4, 5, 6], (id) =>
          orders.publish(client, { routingKey: "orders", body: order(id) }))
        let left = 6
        const fiber = yield* Effect.forkChild(orders.handle(client, "orders", () =>
          Effect.gen(function*() {
            most = Math.max(most, ++running)
            yield* Effect.sleep("1 second")
            running--
            if (--left === 0) {
              yield* Deferred.succeed(done, undefined)
            }
          }), { concurrency: 2 }))
        yield* TestClock.adjust("1 minute")
        yield* Deferred.await(done)
        yield* Fiber.interrupt(fiber)

        assert.strictEqual(most, 2)
        assert.deepStrictEqual([(yield* client.queue("orders")).depth, (yield* client.statistics).acknowledged], [0, 6])
      }))

    test("tries a message again after a while, as long as it fails", (client) =>
      Effect.gen(function*() {
        const { handler, seen } = yield* failing(2)
        yield* orders.publish(client, { routingKey: "orders", body: order(1) })
        yield* Effect.forkScoped(orders.handle(client, "orders", handler, { ...quiet, retryDelay: "10 seconds" }))

        yield* TestClock.adjust("9999 millis")
        assert.strictEqual((yield* seen).length, 1)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* seen).length, 2)
        yield* TestClock.adjust("10 seconds")

        assert.deepStrictEqual(yield* seen, [1, 1, 1])
        assert.deepStrictEqual([(yield* client.queue("orders")).depth, (yield* client.queue("dead")).depth], [0, 0])
      }))

    test("R36 a poison message goes to the dead letters after its attempts, and others go on", (client) =>
      Effect.gen(function*() {
        const failures: Array<readonly [attempt: number, isLast: boolean, error: unknown]> = []
        const handled: Array<number> = []
        yield* orders.publish(client, { routingKey: "orders", body: order(13), messageId: "poison" })
        yield* orders.publish(client, { routingKey: "orders", body: order(1) })
        yield* Effect.forkScoped(
          orders.handle(
            client,
            "orders",
            ({ id }) => id === 13 ? Effect.die("poison") : Effect.sync(() => handled.push(id)),
            {
              maxAttempts: 3,
              onFailure: ({ attempt, cause, isLast }) =>
                Effect.sync(() => failures.push([attempt, isLast, Cause.squash(cause)]))
            }
          )
        )
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(failures, [[1, false, "poison"], [2, false, "poison"], [3, true, "poison"]])
        assert.deepStrictEqual(handled, [1])
        assert.strictEqual((yield* take(client, "dead")).messageId, "poison")
      }))

    test("what cannot be decoded goes to the dead letters at once", (client) =>
      Effect.gen(function*() {
        const failures: Array<Typed.Failure> = []
        yield* client.publish({ routingKey: "orders", body: "{}", messageId: "no order" })
        yield* Effect.forkScoped(orders.handle(client, "orders", () => Effect.void, {
          onFailure: (failure) => Effect.sync(() => failures.push(failure))
        }))
        yield* TestClock.adjust(1)

        assert.deepStrictEqual(failures.map(({ attempt, isLast }) => [attempt, isLast]), [[1, true]])
        assert.strictEqual((yield* take(client, "dead")).messageId, "no order")
      }))

    test("a quorum queue counts for all consumers and processes", (client) =>
      Effect.gen(function*() {
        yield* client.declare({
          queues: [{ name: "quorum", arguments: { "x-queue-type": "quorum" } }]
        })
        yield* orders.publish(client, { routingKey: "quorum", body: order(1) })
        // Another process had it twice.
        yield* (yield* take(client, "quorum")).nack({ requeue: true })
        yield* (yield* take(client, "quorum")).nack({ requeue: true })
        const attempts: Array<number> = []
        yield* Effect.forkScoped(orders.handle(client, "quorum", () => Effect.fail("no"), {
          maxAttempts: 4,
          onFailure: ({ attempt }) => Effect.sync(() => attempts.push(attempt))
        }))
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(attempts, [3, 4])
      }))

    test("deaths in the same queue count, so that a message cannot go round for ever", (client) =>
      Effect.gen(function*() {
        const attempts = yield* countOf(client, "orders", {
          headers: {
            "x-death": [{ queue: "orders", reason: "rejected", count: 3 }, {
              queue: "wait",
              reason: "expired",
              count: 3
            }]
          }
        })
        assert.deepStrictEqual(attempts, [4, 5])
      }))

    test("R36 a message whose connection is lost while it is handled comes again, and the handler goes on", (client) =>
      Effect.gen(function*() {
        const seen: Array<readonly [string | undefined, boolean]> = []
        yield* orders.publish(client, { routingKey: "orders", body: order(1), messageId: "a" })
        yield* Effect.forkScoped(
          orders.handle(client, "orders", (_, { messageId, redelivered }: Message) =>
            Effect.andThen(
              Effect.sync(() => seen.push([messageId, redelivered])),
              Effect.sleep("1 second")
            ))
        )
        yield* TestClock.adjust("500 millis")
        yield* (yield* FakeMessageBroker).dropConnections
        yield* TestClock.adjust("10 seconds")

        assert.deepStrictEqual(seen, [["a", false], ["a", true]])
        assert.strictEqual((yield* client.queue("orders")).depth, 0)
      }))

    test("ends with the queue", (client) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Effect.flip(orders.handle(client, "orders", () => Effect.void)))
        yield* TestClock.adjust(1)
        yield* client.deleteQueue("orders")

        assert.strictEqual((yield* Fiber.join(fiber)).reason, "Missing")
      }))
  })
})

/** Numbers of the attempts of a message that always fails. */
const countOf = Effect.fnUntraced(function*(
  client: BrokerClient,
  queue: string,
  message: { readonly headers: Message["headers"] }
) {
  const attempts: Array<number> = []
  yield* orders.publish(client, { routingKey: queue, body: order(1), ...message })
  yield* Effect.forkScoped(orders.handle(client, queue, () => Effect.fail("no"), {
    maxAttempts: 5,
    onFailure: ({ attempt }) => Effect.sync(() => attempts.push(attempt))
  }))
  yield* TestClock.adjust("1 minute")
  return attempts
})
