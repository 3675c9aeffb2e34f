/** How an `amqp` step takes messages: so many that match, within a time; what is not wanted stays in the queue. */
import { Duration, Effect, Option, Result, Stream } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { ValueRecord } from "../../core/Value.ts"
import type * as MessageBroker from "../../services/MessageBroker.ts"
import { ActionError } from "../Action.ts"
import * as Conditions from "../Conditions.ts"
import type * as AmqpInput from "./AmqpInput.ts"
import * as MessageBody from "./MessageBody.ts"

interface Taken {
  readonly delivery: MessageBroker.Delivery
  readonly message: ValueRecord
}

/**
 * Waits for `count` messages that match. Those that do not match go back to the queue when the step ends, and so do all of them when
 * too few came: nothing is lost to a step that failed. With `count: 0` the step passes when none that matches came in time.
 */
export const run = (
  client: MessageBroker.BrokerClient,
  input: AmqpInput.Input
): Effect.Effect<ValueRecord, MessageBroker.BrokerError | ActionError> =>
  Effect.suspend(() => {
    const { count = 1, match = [], timeout = Duration.seconds(10) } = input
    const queue = input.consume!
    const taken: Array<Taken> = []
    let others = 0
    let last = ""

    const look = Effect.fnUntraced(function*(delivery: MessageBroker.Delivery) {
      const message = yield* shown(delivery, input.as)
      const why = yield* Conditions.broken(match, message)
      if (why !== undefined) {
        others++
        last = why
        return true
      }
      taken.push({ delivery, message })
      if (taken.length < Math.max(1, count)) return true
      // A message is settled on the channel that brought it, which ends with the stream.
      if (count > 0) yield* settle(taken, input.ack)
      return false
    })
    const prefetch = input.prefetch ?? (match.length > 0 ? 1_000 : Math.max(1, count))
    const deliveries = client.consume(queue, { prefetch })
    const waited = Effect.timeoutOption(Stream.runForEachWhile(deliveries, look), timeout)
    return Effect.flatMap(waited, (ended) => {
      if (count === 0) return taken.length === 0 ? Effect.succeed(output([])) : Effect.fail(unwanted(queue, taken[0]!))
      if (Option.isSome(ended) && taken.length >= count) return Effect.succeed(output(taken))
      return Effect.fail(tooFew(queue, taken.length, others, last, count, timeout))
    })
  })

/** Takes one message, if one is there. */
export const one = (
  client: MessageBroker.BrokerClient,
  input: AmqpInput.Input
): Effect.Effect<ValueRecord, MessageBroker.BrokerError | ActionError> =>
  Effect.flatMap(
    client.get(input.get!),
    Option.match({
      onNone: () => Effect.succeed(output([])),
      onSome: (delivery) =>
        Effect.gen(function*() {
          const taken = [{ delivery, message: yield* shown(delivery, input.as) }]
          yield* settle(taken, input.ack)
          return output(taken)
        }).pipe(
          // One that cannot be read stays for somebody who can.
          Effect.onError(() => Effect.ignore(delivery.nack({ requeue: true })))
        )
    })
  )

const output = (taken: ReadonlyArray<Taken>): ValueRecord => ({
  messages: taken.map(({ message }) => message),
  message: taken[0]?.message ?? null,
  count: taken.length
})

const settle = (taken: ReadonlyArray<Taken>, how: AmqpInput.Input["ack"]) =>
  Effect.uninterruptible(Effect.forEach(
    taken,
    ({ delivery }) => how === undefined || how === "ack" ? delivery.ack : delivery.nack({ requeue: how === "requeue" }),
    { discard: true }
  ))

/** A message in the words of outputs. Fails when its body cannot be read as wanted. */
export const shown = (
  message: MessageBroker.Message,
  as: MessageBody.As | undefined
): Effect.Effect<ValueRecord, ActionError> => {
  const body = MessageBody.read(message.body, message.contentType, as)
  if (Result.isFailure(body)) {
    const text = `amqp: message ${message.messageId ?? "without an id"}: ${body.failure.message}`
    return Effect.fail(new ActionError({ reason: "Invalid", message: text, hint: "as: bytes takes any body" }))
  }
  return Effect.succeed({
    body: body.success,
    exchange: message.exchange,
    routing_key: message.routingKey,
    redelivered: message.redelivered,
    message_id: message.messageId ?? null,
    correlation_id: message.correlationId ?? null,
    reply_to: message.replyTo ?? null,
    type: message.type ?? null,
    content_type: message.contentType ?? null,
    content_encoding: message.contentEncoding ?? null,
    app_id: message.appId ?? null,
    headers: message.headers,
    priority: message.priority ?? null,
    expiration_ms: message.expiration === undefined
      ? null
      : Duration.toMillis(Duration.fromInputUnsafe(message.expiration)),
    timestamp: message.timestamp ?? null,
    persistent: message.persistent
  })
}

const unwanted = (queue: string, { message }: Taken) =>
  new ActionError({
    reason: "Failed",
    message: `amqp: no message was to come to ${queue}, and ${
      String(message["message_id"] ?? "one without an id")
    } did`,
    output: { messages: [message], message, count: 1 }
  })

const tooFew = (
  queue: string,
  came: number,
  others: number,
  last: string,
  wanted: number,
  timeout: Duration.Duration
) => {
  const messages = `${came} of ${wanted} message${wanted === 1 ? "" : "s"}`
  const rest = others === 0 ? "" : `; ${others} did not match, the last one since ${last}`
  return new ActionError({
    reason: "Timeout",
    message: `amqp: ${messages} came from ${queue} within ${DurationText.format(timeout)}${rest}`
  })
}
