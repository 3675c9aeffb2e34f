/** The settings of queues and exchanges as AMQP arguments, the form that brokers compare when something is declared again. */
import { Duration } from "effect"
import type { Value, ValueRecord } from "../../core/Value.ts"
import type { Exchange, Queue } from "../MessageBroker.ts"

/** Every `x-` argument of a queue: its settings, and those that it gives itself, which come first. Durations in milliseconds. */
export const ofQueue = (queue: Queue): ValueRecord =>
  withoutMissing({
    "x-message-ttl": millis(queue.messageTtl),
    "x-expires": millis(queue.expires),
    "x-max-length": queue.maxLength,
    "x-max-length-bytes": queue.maxBytes,
    "x-overflow": queue.overflow,
    "x-dead-letter-exchange": queue.deadLetterExchange,
    "x-dead-letter-routing-key": queue.deadLetterRoutingKey,
    "x-max-priority": queue.maxPriority,
    "x-single-active-consumer": queue.singleActiveConsumer === true ? true : undefined,
    ...queue.arguments
  })

/** Every argument of an exchange. */
export const ofExchange = (exchange: Exchange): ValueRecord =>
  withoutMissing({ "alternate-exchange": exchange.alternateExchange, ...exchange.arguments })

const millis = (duration: Duration.Input | undefined): number | undefined =>
  duration === undefined ? undefined : Math.round(Duration.toMillis(Duration.fromInputUnsafe(duration)))

const withoutMissing = (fields: { readonly [key: string]: Value | undefined }): ValueRecord =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== undefined)
  )
