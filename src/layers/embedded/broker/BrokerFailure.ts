/** What the embedded broker says no to, with RabbitMQ's numbers. */
import { BrokerError } from "../../../services/MessageBroker.ts"

export const missing = (what: "exchange" | "queue", name: string): BrokerError =>
  new BrokerError({ reason: "Missing", code: 404, message: `there is no ${what} "${name}"`, hint: "declare it first" })

export const refused = (message: string, hint?: string): BrokerError =>
  new BrokerError({ reason: "Refused", code: 403, message, ...hint === undefined ? {} : { hint } })

export const locked = (queue: string): BrokerError =>
  new BrokerError({
    reason: "Refused",
    code: 405,
    message: `the queue "${queue}" is exclusive: another connection has it for itself; or it is not, and was to be`
  })

export const mismatch = (what: "exchange" | "queue", name: string, field: string): BrokerError =>
  new BrokerError({
    reason: "Mismatch",
    code: 406,
    message: `the ${what} "${name}" is there with another ${field}`,
    hint: `delete it first, or declare it as it is`
  })

export const unroutable = (exchange: string, routingKey: string, messageId: string | undefined): BrokerError =>
  new BrokerError({
    reason: "Unroutable",
    code: 312,
    message: `no queue takes a message to the exchange "${exchange}" with the key "${routingKey}"`,
    hint: "bind a queue, or publish with mandatory: false when nobody needs to have it",
    ...messageId === undefined ? {} : { messageId }
  })

export const full = (maxMessages: number, maxBytes: number, messageId: string | undefined): BrokerError =>
  new BrokerError({
    reason: "Refused",
    message: `the embedded broker is full: it holds at most ${maxMessages} messages and ${maxBytes} bytes`,
    hint: "consume or purge, give queues a maxLength, or raise maxMessages and maxBytes",
    ...messageId === undefined ? {} : { messageId }
  })

export const inUse = (queue: string): BrokerError =>
  refused(
    `the queue "${queue}" cannot be consumed from: a consumer has it for itself, or this one cannot have it so`,
    "wait until the other one ends, or consume without exclusive"
  )
