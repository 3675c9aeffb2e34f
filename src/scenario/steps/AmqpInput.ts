/** What an `amqp` step may say: one operation, and what goes with it. */
import { Schema } from "effect"
import { isRecord, type ValueRecord } from "../../core/Value.ts"
import * as Fields from "../Fields.ts"

const { describe, Document, optional } = Fields
const some = Schema.optionalKey

const Exchange = Schema.Struct({
  name: Fields.Text,
  type: Schema.Literals(["direct", "topic", "fanout", "headers"]),
  durable: some(Fields.Flag),
  auto_delete: some(Fields.Flag),
  internal: some(Fields.Flag),
  alternate_exchange: some(Fields.Text),
  arguments: some(Document)
})

const Queue = Schema.Struct({
  name: Fields.Text,
  durable: some(Fields.Flag),
  exclusive: some(Fields.Flag),
  auto_delete: some(Fields.Flag),
  message_ttl: some(Fields.Duration),
  expires: some(Fields.Duration),
  max_length: some(Fields.Int),
  max_bytes: some(Fields.Bytes),
  overflow: some(Schema.Literals(["drop-head", "reject-publish", "reject-publish-dlx"])),
  dead_letter_exchange: some(Fields.Text),
  dead_letter_routing_key: some(Fields.Text),
  max_priority: some(Fields.Int),
  single_active_consumer: some(Fields.Flag),
  arguments: some(Document)
})

const Binding = Schema.Struct({
  exchange: Fields.Text,
  queue: some(Fields.Text),
  to_exchange: some(Fields.Text),
  routing_key: some(Fields.Text),
  arguments: some(Document)
})

const Route = Schema.Struct({ exchange: Fields.Text, routing_key: Fields.Text, headers: some(Document) })

/** Exchanges, queues and bindings. A queue that is only a name has the defaults. */
const Topology = Schema.Struct({
  exchanges: some(Schema.Array(Exchange)),
  queues: some(Schema.Array(Schema.Union([Schema.String, Queue]))),
  bindings: some(Schema.Array(Binding)),
  publishes: some(Schema.Array(Route))
})
export type Topology = typeof Topology.Type

const Names = Schema.Union([Schema.String, Schema.Array(Schema.String)])

/** Where a message goes, and what it carries beside its body. */
const message = {
  queue: optional(Fields.Text, "The queue to send to: short for the exchange \"\" and its name as routing_key"),
  exchange: optional(
    Fields.Text,
    "The exchange to send to [default: \"\", which leads to the queue named like the key]"
  ),
  routing_key: optional(Fields.Text, "What the exchange looks at [default: \"\"]"),
  headers: optional(Document, "Headers by name"),
  message_id: optional(Fields.Text, "[default: one that is made]"),
  correlation_id: optional(Fields.Text, "What a reply repeats"),
  reply_to: optional(Fields.Text, "The queue that replies are wanted in"),
  type: optional(Fields.Text, "The kind of message, for its readers"),
  content_type: optional(Fields.Text, "[default: application/json for lists and maps, text/plain for text]"),
  content_encoding: optional(Fields.Text, "Such as gzip; the body goes as it is"),
  app_id: optional(Fields.Text, "Who sent it"),
  priority: optional(Fields.Int, "From 0 to max_priority of its queue"),
  expiration: optional(Fields.Duration, "A message that waits longer goes to the dead letters"),
  timestamp: optional(Fields.Int, "Milliseconds since 1970; AMQP keeps seconds"),
  persistent: optional(Fields.Flag, "Kept on the disk by durable queues [default: true]"),
  mandatory: optional(Fields.Flag, "Fail when no queue takes it [default: true]")
}

/** One message of `publish_many`; what it leaves out, the step says. */
const Message = Schema.Struct({ body: Fields.Value, ...message })
export type Message = typeof Message.Type
export const messageKeys = Object.keys(message) as ReadonlyArray<keyof typeof message>

/** Parts of a message that has come, as `match` and outputs see it. */
export const messageNames = [
  "body",
  "exchange",
  "routing_key",
  "redelivered",
  "message_id",
  "correlation_id",
  "reply_to",
  "type",
  "content_type",
  "content_encoding",
  "app_id",
  "headers",
  "priority",
  "expiration_ms",
  "timestamp",
  "persistent"
] as const

export const Input = Schema.Struct({
  declare: optional(
    Topology,
    "Exchanges, queues and bindings that shall be there: { exchanges: [{ name, type }], queues: [name or { name, ... }], bindings: [{ exchange, queue, routing_key }], publishes: [{ exchange, routing_key }] }"
  ),
  publish: optional(Fields.Value, "The body of a message: text, bytes, or a value that goes as JSON"),
  publish_many: optional(
    Schema.Array(Message),
    "Messages: { body, routing_key, headers, ... }; what they leave out, the step says"
  ),
  consume: optional(Fields.Text, "The queue whose messages are waited for and taken"),
  get: optional(Fields.Text, "The queue of which one message is taken, if one is there"),
  request: optional(Fields.Value, "The body of a message that is answered"),
  purge: optional(Fields.Text, "The queue whose waiting messages are removed"),
  depth: optional(Fields.Text, "The queue whose messages and consumers are counted"),
  delete: optional(
    Schema.Struct({ queues: some(Names), exchanges: some(Names) }),
    "Queues and exchanges to remove: { queues: [...], exchanges: [...] }"
  ),
  health: optional(Schema.Literal(true), "true: how the broker is"),
  ...message,
  window: optional(
    Fields.Int,
    "With publish_many: the most messages that wait for their confirm at a time [default: 256]"
  ),
  count: optional(Fields.Int, "With consume: how many messages are wanted; 0 means that none may come [default: 1]"),
  match: describe(
    Schema.optionalKey(Fields.expressionsOver(messageNames)),
    "With consume: what must hold of a message (body, headers, ...); others are put back"
  ),
  ack: optional(
    Schema.Literals(["ack", "requeue", "reject"]),
    "What becomes of the messages: gone, put back, or to the dead letters [default: ack]"
  ),
  prefetch: optional(Fields.Int, "Messages that are held at a time [default: count; 1000 with match]"),
  as: optional(Schema.Literals(["json", "text", "bytes"]), "How bodies are read [default: as their content type says]"),
  timeout: optional(Fields.Duration, "The longest wait of consume and request [default: 10s]"),
  url: optional(
    Fields.Connection,
    "Where the broker is: amqp://..., embedded:, embedded:name, embedded:./folder, or the name of a connection [default: amqp.url of skein.yaml, else embedded:]"
  ),
  connect_as: optional(Fields.Text, "Robogo: a name by which later steps may call this URL"),
  any_outcome: optional(Schema.Boolean, "Set when the step judges what the broker said itself")
})
export type Input = typeof Input.Type

const operations = [
  "declare",
  "publish",
  "publish_many",
  "consume",
  "get",
  "request",
  "purge",
  "depth",
  "delete",
  "health"
] as const
export type Operation = (typeof operations)[number]

/** The operation that an input is about. */
export const operationOf = (input: Input): Operation => operations.find((name) => input[name] !== undefined)!

const sending = ["publish", "publish_many", "request"]
const companions: Readonly<Record<string, ReadonlyArray<string>>> = {
  ...Object.fromEntries(messageKeys.map((key) => [key, sending])),
  window: ["publish_many"],
  count: ["consume"],
  match: ["consume"],
  ack: ["consume", "get"],
  prefetch: ["consume"],
  as: ["consume", "get", "request"],
  timeout: ["consume", "request"]
}

/** What does not fit together. */
export const problems = (present: ReadonlySet<string>, constants: ValueRecord): ReadonlyArray<string> => {
  const [operation, ...more] = operations.filter((name) => present.has(name))
  if (operation === undefined) return [`give one of ${operations.join(", ")}`]
  if (more.length > 0) return [`give only one of ${[operation, ...more].join(" and ")}`]
  const doubled = ["exchange", "routing_key"].filter((key) => present.has(key) && present.has("queue"))
  const nothing = isRecord(constants["delete"]) && Object.keys(constants["delete"]).length === 0
  return [
    ...Object.entries(companions).flatMap(([name, belongs]) =>
      present.has(name) && !belongs.includes(operation) ? [`${name} belongs to ${belongs.join(", ")}`] : []
    ),
    ...doubled.map((key) => `give queue or ${key}, not both`),
    ...["publish", "request"].includes(operation) &&
        !["queue", "exchange", "routing_key"].some((key) => present.has(key))
      ? [`${operation} needs queue, or exchange and routing_key`]
      : [],
    ...nothing ? ["delete needs queues or exchanges"] : []
  ]
}

/** Looking changes nothing. */
export const effectOf = (_: ValueRecord, present: ReadonlySet<string> = new Set()): "read" | "write" =>
  present.has("depth") || present.has("health") ? "read" : "write"
