/** `amqp`: messages on an AMQP 0-9-1 broker. */
import { Clock, Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import * as RobogoAmqp from "../robogo/RobogoAmqp.ts"
import * as AmqpInput from "../steps/AmqpInput.ts"
import * as AmqpStep from "../steps/AmqpStep.ts"
import * as Connection from "../steps/Connection.ts"
import * as HealthOutput from "../steps/HealthOutput.ts"

const some = Schema.optionalKey
const list = some(Schema.Array(Schema.Unknown))
const count = some(Schema.Int)

export const amqp = Action.make({
  name: "amqp",
  family: "messages",
  summary: "Publishes and takes messages of an AMQP broker; embedded unless a URL says otherwise",
  input: AmqpInput.Input,
  positional: ["publish", "queue"],
  output: Schema.Struct({
    message: some(Schema.Unknown),
    messages: list,
    count,
    outcome: some(Schema.String),
    message_id: some(Schema.NullOr(Schema.String)),
    published: count,
    refused: count,
    confirms: list,
    depth: count,
    consumers: count,
    purged: count,
    ...HealthOutput.fields,
    duration_ms: Schema.Finite
  }),
  effect: AmqpInput.effectOf,
  validate: (present, constants) => [
    ...Connection.urlProblems(constants, ["amqp", "amqps"]),
    ...AmqpInput.problems(present, constants)
  ],
  robogo: { names: ["rabbitmq"], input: RobogoAmqp.input, result: RobogoAmqp.result },
  examples: [
    {
      title: "A message arrives within 5 seconds",
      yaml: `setup:
  - amqp: { declare: { queues: [orders] } }
steps:
  - amqp: { publish: { id: 7, total: 12.5 }, queue: orders }
    expect: outcome == 'kept'
  - amqp: { consume: orders, timeout: 5s }
    expect: [message.body.id == 7, message.content_type == 'application/json']
`
    },
    {
      title: "The one that is meant among others, which stay",
      yaml: `setup:
  - amqp:
      declare:
        exchanges: [{ name: events, type: topic }]
        queues: [{ name: paid, max_length: 100 }]
        bindings: [{ exchange: events, queue: paid, routing_key: "order.*.paid" }]
        publishes: [{ exchange: events, routing_key: order.1.paid }]
steps:
  - amqp:
      exchange: events
      publish_many:
        - { routing_key: order.1.paid, body: { order: 1 } }
        - { routing_key: order.2.paid, body: { order: 2 }, headers: { source: test } }
    expect: published == 2
  - amqp: { consume: paid, match: body.order == 2, timeout: 5s }
    expect: message.headers.source == 'test'
  - wait_for:
      step: { amqp: { depth: paid } }
      until: depth == 1
      interval: 50ms
      timeout: 5s
`
    },
    {
      title: "What cannot be kept goes to the dead letters",
      yaml: `setup:
  - amqp:
      declare:
        queues: [{ name: work, dead_letter_exchange: "", dead_letter_routing_key: failed }, failed]
steps:
  - amqp: { publish: broken, queue: work }
  - amqp: { consume: work, ack: reject, timeout: 5s }
  - amqp: { consume: failed, timeout: 5s }
    expect: message.body == 'broken'
  - amqp: { consume: work, count: 0, timeout: 100ms }
  - amqp: { delete: { queues: [work, failed] } }
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    if (input.connect_as !== undefined && input.url !== undefined) {
      yield* Connection.remember("amqp", input.connect_as, input.url, context)
    }
    const { client } = yield* Connection.open(AmqpStep.family, input.url, context)
    const clock = yield* Clock.Clock
    const started = clock.monotonicTimeNanosUnsafe()
    const output = yield* AmqpStep.run(client, input, context)
    yield* AmqpStep.judged(output, input.any_outcome)
    // What that tool calls connecting fails when nobody is there.
    if (context.robogo && output["health"] === "down") {
      return yield* new Action.ActionError({ reason: "Connection", message: String(output["problem"]), output })
    }
    return { ...output, duration_ms: Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000 }
  })
})
