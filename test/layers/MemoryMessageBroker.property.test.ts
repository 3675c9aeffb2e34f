/**
 * Whatever publishers, consumers and the connection do in whatever order, every message is acknowledged once or still there once;
 * after lost confirms it may be there twice, under one id.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { FakeMessageBroker, layer as fake } from "../../src/layers/fake/FakeMessageBroker.ts"
import { type BrokerClient, type Delivery, MessageBroker, type Queue } from "../../src/services/MessageBroker.ts"

const numRuns = process.env["SKEIN_SOAK"] === "1" ? 3_000 : 20

type Step =
  | { readonly do: "publish"; readonly priority: number }
  | { readonly do: "get" }
  | { readonly do: "consume"; readonly prefetch: number }
  | { readonly do: "settle"; readonly pick: number; readonly how: "ack" | "requeue" | "reject" }
  | { readonly do: "end" | "interrupt"; readonly pick: number }
  | { readonly do: "wait" | "drop" | "lose" }

const pick = fc.nat(1000)
const steady = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("publish" as const), priority: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("get" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("consume" as const), prefetch: fc.integer({ min: 1, max: 4 }) })
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      pick,
      how: fc.constantFrom("ack" as const, "requeue" as const, "reject" as const)
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "interrupt" as const), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const) }) }
)
const shaky = fc.oneof(
  { weight: 20, arbitrary: steady },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "lose" as const) }) }
)

const queues = fc.record({
  maxPriority: fc.constantFrom(undefined, 2),
  singleActiveConsumer: fc.boolean()
})

/** Runs the steps, and then takes all that is left. */
const run = Effect.fnUntraced(function*(steps: ReadonlyArray<Step>, queue: Omit<Queue, "name">, delay: number) {
  const client = yield* (yield* MessageBroker).connect("embedded:")
  const broker = yield* FakeMessageBroker
  yield* client.declare({
    queues: [{ ...queue, name: "q", deadLetterExchange: "", deadLetterRoutingKey: "dead" }, { name: "dead" }]
  })
  // A connection can be lost before a message has arrived.
  yield* broker.delay(delay)
  const held: Array<Delivery> = []
  const acked: Array<string> = []
  const publishing: Array<Fiber.Fiber<unknown, unknown>> = []
  const consumers: Array<Fiber.Fiber<unknown, unknown>> = []
  let made = 0

  const settle = Effect.fnUntraced(function*(delivery: Delivery, how: "ack" | "requeue" | "reject") {
    const done = yield* Effect.result(how === "ack" ? delivery.ack : delivery.nack({ requeue: how === "requeue" }))
    if (done._tag === "Failure") assert.strictEqual(done.failure.reason, "Connection")
    else if (how === "ack") acked.push(delivery.messageId!)
  })
  for (const step of steps) {
    switch (step.do) {
      case "publish":
        publishing.push(
          yield* Effect.forkChild(
            client.publish({ routingKey: "q", body: "", messageId: `m${made++}`, priority: step.priority }),
            { startImmediately: true }
          )
        )
        break
      case "get": {
        const one = yield* client.get("q").pipe(Effect.timeoutOption("1 minute"), Effect.forkChild)
        yield* TestClock.adjust("1 minute")
        const taken = Option.flatten(yield* Fiber.join(one))
        if (Option.isSome(taken)) held.push(taken.value)
        break
      }
      case "consume":
        consumers.push(
          yield* client.consume("q", { prefetch: step.prefetch }).pipe(
            Stream.runForEach((delivery) => Effect.sync(() => held.push(delivery))),
            Effect.forkChild
          )
        )
        break
      case "settle": {
        const delivery = take(held, step.pick)
        if (delivery !== undefined) yield* settle(delivery, step.how)
        break
      }
      case "end":
      case "interrupt": {
        const consumer = take(consumers, step.pick)
        if (consumer !== undefined) yield* Fiber.interrupt(consumer)
        break
      }
      case "wait":
        yield* TestClock.adjust("10 seconds")
        break
      case "drop":
        yield* broker.dropConnections
        break
      case "lose":
        yield* broker.loseConfirms(1)
        break
    }
  }

  yield* broker.delay(0)
  yield* TestClock.adjust("1 hour")
  const confirmed = yield* Effect.forEach(publishing, (fiber) => Fiber.await(fiber))
  // While consumers run, what goes back comes again.
  yield* Fiber.interruptAll(consumers)
  for (const delivery of held) yield* settle(delivery, "requeue")
  const [left, dead] = [yield* drain(client, "q"), yield* drain(client, "dead")]
  return {
    ids: confirmed.map((_, index) => `m${index}`),
    confirmed: confirmed.map((exit) => Exit.isSuccess(exit)),
    found: [...acked, ...left, ...dead],
    left: yield* client.queue("q")
  }
})

const drain = Effect.fnUntraced(function*(client: BrokerClient, queue: string) {
  const all: Array<string> = []
  for (let next = yield* client.get(queue); Option.isSome(next); next = yield* client.get(queue)) {
    all.push(next.value.messageId!)
    yield* next.value.ack
  }
  return all
})

const take = <A>(from: Array<A>, pick: number): A | undefined =>
  from.splice(from.length === 0 ? 0 : pick % from.length, 1)[0]

const runIn = (steps: ReadonlyArray<Step>, queue: Omit<Queue, "name">, delay = 0) =>
  Effect.runPromise(
    run(steps, queue, delay).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(fake(), TestClock.layer())))
  )

describe("MemoryMessageBroker under any schedule", () => {
  it("no message is lost or doubled", () =>
    fc.assert(
      fc.asyncProperty(fc.array(steady, { minLength: 20, maxLength: 120 }), queues, async (steps, queue) => {
        const { found, ids, left } = await runIn(steps, queue)

        assert.deepStrictEqual(found.toSorted(), ids.toSorted())
        assert.deepStrictEqual(left, { depth: 0, consumers: 0 })
      }),
      { numRuns }
    ), 600_000)

  it("R36 no message is lost when connections and confirms are, and a double has the same id", () =>
    fc.assert(
      fc.asyncProperty(fc.array(shaky, { minLength: 20, maxLength: 120 }), queues, async (steps, queue) => {
        const { confirmed, found, ids, left } = await runIn(steps, queue, 10)

        assert.deepStrictEqual(ids.filter((id, index) => confirmed[index] && !found.includes(id)), [])
        assert.deepStrictEqual(found.filter((id) => !ids.includes(id)), [])
        assert.isAtMost(
          found.length - ids.length,
          steps.filter((step) => step.do === "lose" || step.do === "drop").length
        )
        assert.strictEqual(left.depth, 0)
      }),
      { numRuns }
    ), 600_000)
})
