import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import type { Value, ValueRecord } from "../../../src/core/Value.ts"
import * as MemoryMessageBroker from "../../../src/layers/embedded/MemoryMessageBroker.ts"
import * as FileJournal from "../../../src/layers/live/FileJournal.ts"
import type { ActionError, Condition } from "../../../src/scenario/Action.ts"
import { amqp } from "../../../src/scenario/actions/amqp.ts"
import { waitFor } from "../../../src/scenario/actions/wait_for.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { makeContext, runAction, runRobogo, type TestContext } from "./context.ts"

const services = Layer.mergeAll(
  Scenarios.layer,
  MemoryMessageBroker.layer().pipe(Layer.provide(FileJournal.layer()))
)

type Input = ValueRecord | { readonly match: ReadonlyArray<Condition> }

const run = (input: Input, context: TestContext) =>
  Effect.map(runAction(amqp, input, { context }), (output) => output as ValueRecord)

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error as ActionError)

/** A case with queues, and what it publishes to the first of them. */
const withQueues = Effect.fnUntraced(function*(queues: ReadonlyArray<Value>, ...bodies: ReadonlyArray<Value>) {
  const context = yield* makeContext()
  yield* run({ declare: { queues } }, context)
  const [first] = queues
  const queue = typeof first === "string" ? first : (first as ValueRecord)["name"]!
  for (const body of bodies) yield* run({ publish: body, queue }, context)
  return context
})

/** A condition on the body of a message. */
const bodyIs = (wanted: Value): Condition => ({
  text: `body == ${String(wanted)}`,
  evaluate: (names) => Effect.succeed(names?.["body"] === wanted),
  explain: (names) => [{ expression: "body", value: String(names?.["body"]) }]
})

const bodies = (output: ValueRecord) => (output["messages"] as ReadonlyArray<ValueRecord>).map(({ body }) => body)
const message = (output: ValueRecord) => output["message"] as ValueRecord

layer(services, { excludeTestServices: true, timeout: "30 seconds" })("amqp", (it) => {
  for (const { title, yaml } of amqp.examples) {
    it.effect(`example: ${title}`, () =>
      Effect.gen(function*() {
        const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${yaml}` }, [amqp, waitFor])

        const one = report.cases[0]
        assert.strictEqual(one?.status, "passed", JSON.stringify(one?.steps.map(({ failures }) => failures)))
      }))
  }

  describe("publish", () => {
    it.effect("everything that a step says of a message arrives with it", () =>
      Effect.gen(function*() {
        const context = yield* withQueues([{ name: "q", max_priority: 9 }])
        const said = {
          headers: { source: "test", n: 7 },
          message_id: "m-1",
          correlation_id: "c-1",
          reply_to: "replies",
          type: "order.created",
          content_encoding: "identity",
          app_id: "shop",
          priority: 5,
          timestamp: 1_700_000_000_000,
          persistent: false
        }
        yield* run({ ...said, publish: { id: 7 }, queue: "q", expiration: "1m" }, context)
        const found = message(yield* run({ get: "q" }, context))

        assert.deepInclude(found, {
          ...said,
          exchange: "",
          routing_key: "q",
          body: { id: 7 },
          content_type: "application/json",
          expiration_ms: 60_000,
          redelivered: false
        } as never)
      }))

    it.effect("a message of many says over its step, and its address replaces that of the step", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["a", "b"])
        const output = yield* run({
          queue: "a",
          type: "x",
          publish_many: [{ body: 1 }, { body: 2, queue: "b" }, { body: 3, routing_key: "b", type: "y" }]
        }, context)

        assert.deepInclude(output, { published: 3, refused: 0, outcome: "kept" })
        assert.deepEqual(bodies(yield* run({ consume: "a" }, context)), [1])
        const b = yield* run({ consume: "b", count: 2 }, context)
        assert.deepEqual((b["messages"] as ReadonlyArray<ValueRecord>).map(({ type }) => type), ["x", "y"])
      }))

    it.effect("a message that no queue takes is an error, unless it need not be taken", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const error = yield* failure(run({ publish: "lost", queue: "nowhere" }, context))

        assert.strictEqual(error.reason, "Invalid")
        yield* run({ publish: "lost", queue: "nowhere", mandatory: false }, context)
      }))

    it.effect("a message that the broker refuses is an error, unless that is looked at", () =>
      Effect.gen(function*() {
        const context = yield* withQueues([{ name: "q", max_length: 1, overflow: "reject-publish" }], 1)
        const error = yield* failure(run({ publish: 2, queue: "q" }, context))
        const output = yield* run({ publish: 2, queue: "q", any_outcome: true }, context)

        assert.strictEqual(error.message, "amqp: the broker refused 1 of 1 messages")
        assert.deepInclude(output, { outcome: "refused", refused: 1 })
      }))
  })

  describe("consume", () => {
    it.effect("takes as many as are wanted, in order, and leaves the rest", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1, 2, 3)

        assert.deepEqual(bodies(yield* run({ consume: "q", count: 2 }, context)), [1, 2])
        assert.deepInclude(yield* run({ depth: "q" }, context), { depth: 1, consumers: 0 })
      }))

    it.effect("waits for a message that is yet to come", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"])
        const fiber = yield* Effect.forkChild(run({ consume: "q", timeout: "20s" }, context))
        yield* Effect.yieldNow
        yield* run({ publish: "late", queue: "q" }, context)

        assert.deepEqual(bodies(yield* Fiber.join(fiber)), ["late"])
      }))

    it.effect("takes what matches; the others stay in their order", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1, 2, 3)

        assert.deepEqual(bodies(yield* run({ consume: "q", match: [bodyIs(3)] }, context)), [3])
        assert.deepEqual(bodies(yield* run({ consume: "q", count: 2 }, context)), [1, 2])
      }))

    it.effect("too few are an error that says what came, and all of them stay", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1, 2)
        const error = yield* failure(run({ consume: "q", count: 2, match: [bodyIs(1)], timeout: "300ms" }, context))

        assert.strictEqual(error.reason, "Timeout")
        assert.strictEqual(
          error.message,
          "amqp: 1 of 2 messages came from q within 300ms; 1 did not match, the last one since body == 1 did not hold: body is 2"
        )
        assert.deepEqual(bodies(yield* run({ consume: "q", count: 2 }, context)), [1, 2])
      }))

    it.effect("none may come, when none is wanted", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1)
        const error = yield* failure(run({ consume: "q", count: 0, timeout: "10s" }, context))

        assert.strictEqual(error.reason, "Failed")
        assert.include(error.message, "no message was to come to q")
        assert.deepInclude(yield* run({ consume: "q", count: 0, match: [bodyIs(2)], timeout: "50ms" }, context), {
          count: 0
        })
        assert.deepInclude(yield* run({ depth: "q" }, context), { depth: 1 })
      }))

    it.effect("a body that cannot be read as wanted stays in the queue", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], "no json")
        const consumed = yield* failure(run({ consume: "q", as: "json" }, context))
        const got = yield* failure(run({ get: "q", as: "json" }, context))

        assert.match(consumed.message, /^amqp: message .*: unexpected token/)
        assert.match(got.message, /^amqp: message .*: unexpected token/)
        assert.deepEqual(bodies(yield* run({ consume: "q" }, context)), ["no json"])
      }))

    it.effect("what is looked at only is put back, and comes again", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1)
        yield* run({ get: "q", ack: "requeue" }, context)

        assert.deepInclude(message(yield* run({ consume: "q" }, context)), { body: 1, redelivered: true })
      }))
  })

  describe("other operations", () => {
    it.effect("get answers at once when there is none", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"])

        assert.deepInclude(yield* run({ get: "q" }, context), { message: null, count: 0 })
      }))

    it.effect("a request is answered by whoever replies", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["questions"])
        const fiber = yield* Effect.forkChild(run({ request: { n: 2 }, queue: "questions", timeout: "20s" }, context))
        const asked = message(yield* run({ consume: "questions", timeout: "20s" }, context))
        const { correlation_id, reply_to } = asked as { readonly correlation_id: string; readonly reply_to: string }
        yield* run({ publish: { n: 4 }, queue: reply_to, correlation_id }, context)

        assert.deepEqual(message(yield* Fiber.join(fiber))["body"], { n: 4 } as never)
      }))

    it.effect("purge and delete say how many messages went", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], 1, 2)
        assert.deepInclude(yield* run({ purge: "q" }, context), { purged: 2 })
        yield* run({ publish: 3, queue: "q" }, context)

        assert.deepInclude(yield* run({ delete: { queues: "q", exchanges: ["none"] } }, context), { purged: 1 })
        assert.strictEqual((yield* failure(run({ depth: "q" }, context))).reason, "Invalid")
      }))

    it.effect("a topology with a key that leads nowhere is refused", () =>
      Effect.gen(function*() {
        const declare = {
          exchanges: [{ name: "e", type: "direct" }],
          queues: ["q"],
          bindings: [{ exchange: "e", queue: "q", routing_key: "a" }],
          publishes: [{ exchange: "e", routing_key: "b" }]
        }
        const error = yield* failure(run({ declare }, yield* makeContext()))

        assert.strictEqual(error.reason, "Invalid")
      }))

    it.effect("operations are attached, with what was sent and what came", () =>
      Effect.gen(function*() {
        const context = yield* withQueues(["q"], { id: 7 })
        yield* run({ get: "q" }, context)

        const shown = context.attachments.map((one) => ({ ...one }))
        assert.deepInclude(
          shown[1],
          { service: "amqp", operation: "publish", target: "q", sent: "{\"id\":7}" } as never
        )
        assert.deepInclude(shown[2], { operation: "get", target: "q" } as never)
        assert.include((shown[2] as { readonly received: string }).received, "\"body\":{\"id\":7}")
      }))
  })

  it.effect("of Robogo's first generation names its connection", () =>
    Effect.gen(function*() {
      const context = yield* makeContext({ robogo: true })
      const call = (...args: ReadonlyArray<Value>) => runRobogo(amqp, args, { context, name: "rabbitmq" })
      yield* run({ declare: { queues: ["q"] }, url: "embedded:mine" }, context)

      assert.deepEqual(yield* call("connect", "embedded:mine", "main"), { status: "connected" } as never)
      assert.deepEqual(yield* call("publish", "main", "", "q", "hello"), { status: "published" } as never)
      assert.strictEqual(yield* call("consume", "main", "q", "5s"), "hello")
      assert.deepEqual(yield* call("close", "main"), { status: "closed" } as never)
    }))

  it("what does not fit together is found before anything runs", () => {
    const cases: ReadonlyArray<readonly [ValueRecord, string]> = [
      [{}, "give one of declare, publish,"],
      [{ publish: 1, consume: "q" }, "give only one of publish and consume"],
      [{ publish: 1 }, "publish needs queue, or exchange and routing_key"],
      [{ publish: 1, queue: "q", exchange: "e" }, "give queue or exchange, not both"],
      [{ consume: "q", headers: {} }, "headers belongs to publish, publish_many, request"],
      [{ get: "q", match: true }, "match belongs to consume"],
      [{ delete: {} }, "delete needs queues or exchanges"],
      [{ depth: "q", url: "ampq://mq" }, "did you mean amqp:?"]
    ]
    for (const [input, problem] of cases) {
      assert.include((amqp.validate?.(new Set(Object.keys(input)), input) ?? []).join("; "), problem)
    }
  })

  it.effect("a misspelt part of a message is found by check", () =>
    Effect.gen(function*() {
      const yaml = "name: X\nsteps:\n  - amqp: { consume: q, match: bdoy.id == 1 }\n"
      const found = yield* Effect.exit(Scenarios.run({ "x.yaml": yaml }, [amqp]))

      assert.include(String(found), "nothing sets bdoy")
      assert.include(String(found), "did you mean body?")
    }))
})
