/** What an `amqp` step does: its operations on a broker, with bodies as values. */
import { Duration, Effect, Schema, Stream } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as MessageBroker from "../../services/MessageBroker.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as AmqpConsume from "./AmqpConsume.ts"
import * as AmqpInput from "./AmqpInput.ts"
import * as Connection from "./Connection.ts"
import * as HealthOutput from "./HealthOutput.ts"
import * as MessageBody from "./MessageBody.ts"
import * as Operation from "./Operation.ts"

/** Keys of `amqp:` in `skein.yaml`. Durations are texts such as `30s`. */
const Settings = Schema.Struct({
  connect_timeout: Schema.optionalKey(Fields.Duration),
  heartbeat: Schema.optionalKey(Fields.Duration),
  confirm_timeout: Schema.optionalKey(Fields.Duration),
  max_unconfirmed: Schema.optionalKey(Fields.Int),
  max_channels: Schema.optionalKey(Fields.Int),
  min_channels: Schema.optionalKey(Fields.Int),
  idle_timeout: Schema.optionalKey(Fields.Duration),
  max_lifetime: Schema.optionalKey(Fields.Duration),
  acquire_timeout: Schema.optionalKey(Fields.Duration),
  health_interval: Schema.optionalKey(Fields.Duration),
  reconnect_timeout: Schema.optionalKey(Fields.Duration),
  reconnect_delay: Schema.optionalKey(Fields.Duration),
  max_reconnect_delay: Schema.optionalKey(Fields.Duration),
  application_name: Schema.optionalKey(Fields.Text)
})

/** How a step comes to its broker; `embedded:` is the case's own. */
export const family = {
  name: "amqp",
  service: MessageBroker.MessageBroker,
  settings: Schema.decodeUnknownResult(Settings),
  options: (settings: typeof Settings.Type): MessageBroker.ConnectOptions => Connection.inCode(settings),
  toActionError: (error: MessageBroker.BrokerError) => toActionError(error)
} satisfies Connection.Family<
  MessageBroker.MessageBroker,
  MessageBroker.BrokerClient,
  MessageBroker.BrokerError,
  MessageBroker.ConnectOptions,
  typeof Settings.Type
>

/** Does the one operation of an input, and answers with the fields of the action's output that belong to it. */
export const run = (
  client: MessageBroker.BrokerClient,
  input: AmqpInput.Input,
  context: ActionContext
): Effect.Effect<ValueRecord, ActionError> => {
  const operation = AmqpInput.operationOf(input)
  const done = perform(operation, client, input).pipe(
    Effect.mapError((error) => error._tag === "BrokerError" ? toActionError(error) : error)
  )
  return Operation.kept(done, {
    service: family.name,
    operation,
    target: targetOf(operation, input),
    sent: sentOf(operation, input),
    received: (answer) => answer
  }, context)
}

const targetOf = (operation: AmqpInput.Operation, input: AmqpInput.Input): string => {
  const own = input[operation]
  if (["consume", "get", "purge", "depth"].includes(operation)) return String(own)
  return input.queue ?? [input.exchange, input.routing_key].filter((part) => part !== undefined).join(" ")
}

const sentOf = (operation: AmqpInput.Operation, input: AmqpInput.Input): Value | undefined => {
  switch (operation) {
    case "publish":
    case "request":
    case "delete":
      return input[operation] as Value
    case "publish_many":
      return input.publish_many!.map(({ body }) => body)
    default:
      return undefined
  }
}

const perform = (
  operation: AmqpInput.Operation,
  client: MessageBroker.BrokerClient,
  input: AmqpInput.Input
): Effect.Effect<ValueRecord, MessageBroker.BrokerError | ActionError> => {
  switch (operation) {
    case "declare":
      return Effect.as(client.declare(topologyOf(input.declare!)), {})
    case "publish":
      return Effect.map(client.publish(messageOf(input.publish!, input)), (confirm) => published([confirm]))
    case "publish_many": {
      const messages = input.publish_many!.map((own) => messageOf(own.body, over(input, own)))
      const confirms = client.publishMany(Stream.fromIterable(messages), { window: input.window })
      return Effect.map(Stream.runCollect(confirms), published)
    }
    case "consume":
      return AmqpConsume.run(client, input)
    case "get":
      return AmqpConsume.one(client, input)
    case "request":
      return Effect.flatMap(
        client.request(messageOf(input.request!, input), { timeout: input.timeout ?? Duration.seconds(10) }),
        (reply) => Effect.map(AmqpConsume.shown(reply, input.as), (message) => ({ message }))
      )
    case "purge":
      return Effect.map(client.purge(input.purge!), (purged) => ({ purged }))
    case "depth":
      return Effect.map(client.queue(input.depth!), ({ consumers, depth }) => ({ depth, consumers }))
    case "delete":
      return remove(client, input.delete!)
    case "health":
      return HealthOutput.of(client.health)
  }
}

const topologyOf = ({ bindings, exchanges, publishes, queues }: AmqpInput.Topology): MessageBroker.Topology => ({
  exchanges: exchanges?.map(Connection.inCode),
  queues: queues?.map((queue) => typeof queue === "string" ? { name: queue } : Connection.inCode(queue)),
  bindings: bindings?.map(Connection.inCode),
  publishes: publishes?.map(Connection.inCode)
})

/** What a message says comes before what its step says; with an exchange or a key of its own, the step's queue is not meant. */
const over = (input: AmqpInput.Input, own: AmqpInput.Message): AmqpInput.Message => {
  const { queue, ...rest } = { ...input, ...own }
  const isMeant = own.queue !== undefined || own.exchange === undefined && own.routing_key === undefined
  return queue !== undefined && isMeant ? { ...rest, queue } : rest
}

/** A message, from its body and what the step says beside it. */
const messageOf = (
  body: Value,
  said: Omit<Partial<AmqpInput.Message>, "body">
): MessageBroker.Outgoing => {
  const written = MessageBody.write(body, said.content_type)
  return {
    exchange: said.queue === undefined ? said.exchange ?? "" : "",
    routingKey: said.queue ?? said.routing_key ?? "",
    body: written.body,
    contentType: written.contentType,
    mandatory: said.mandatory,
    ...defined({
      messageId: said.message_id,
      correlationId: said.correlation_id,
      replyTo: said.reply_to,
      type: said.type,
      contentEncoding: said.content_encoding,
      appId: said.app_id,
      headers: said.headers,
      priority: said.priority,
      expiration: said.expiration,
      timestamp: said.timestamp,
      persistent: said.persistent
    })
  }
}

const published = (confirms: ReadonlyArray<MessageBroker.Confirm>): ValueRecord => {
  const refused = confirms.filter(({ outcome }) => outcome === "refused").length
  return {
    outcome: refused === 0 ? "kept" : "refused",
    message_id: confirms[0]?.messageId ?? null,
    published: confirms.length,
    refused,
    confirms: confirms.map(({ attempts, messageId, outcome }) => ({ message_id: messageId, outcome, attempts }))
  }
}

/** Fails when the broker refused a message, unless the step looks at that itself. */
export const judged = (output: ValueRecord, anyOutcome: boolean | undefined): Effect.Effect<ValueRecord, ActionError> =>
  anyOutcome === true || output["outcome"] !== "refused" ? Effect.succeed(output) : Effect.fail(
    new ActionError({
      reason: "Refused",
      message: `amqp: the broker refused ${String(output["refused"])} of ${String(output["published"])} messages`,
      hint: "a queue with overflow: reject-publish may be full; expect outcome to allow this",
      output
    })
  )

const remove = (
  client: MessageBroker.BrokerClient,
  { exchanges = [], queues = [] }: NonNullable<AmqpInput.Input["delete"]>
): Effect.Effect<ValueRecord, MessageBroker.BrokerError> =>
  Effect.gen(function*() {
    const counts = yield* Effect.forEach([queues].flat(), client.deleteQueue)
    yield* Effect.forEach([exchanges].flat(), client.deleteExchange)
    return { purged: counts.reduce((sum, count) => sum + count, 0) }
  })

const defined = <A extends object>(record: A): { [Key in keyof A]?: NonNullable<A[Key]> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [Key in keyof A]?: NonNullable<A[Key]>
  }

const reasons: Readonly<Record<MessageBroker.BrokerError["reason"], ActionError["reason"]>> = {
  Connection: "Connection",
  Authentication: "Unavailable",
  Timeout: "Timeout",
  Busy: "Timeout",
  Unroutable: "Invalid",
  Missing: "Invalid",
  Mismatch: "Invalid",
  Invalid: "Invalid",
  Storage: "Unavailable",
  Refused: "Invalid"
}

const toActionError = (error: MessageBroker.BrokerError): ActionError =>
  new ActionError({
    reason: reasons[error.reason],
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })
