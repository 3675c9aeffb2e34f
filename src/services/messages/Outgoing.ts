/** What AMQP can carry: messages are checked before they are sent, since a server answers a wrong one by closing the channel. */
import { Duration } from "effect"
import { BrokerError, type Outgoing, type Properties } from "../MessageBroker.ts"

/** Most bytes of a key, a name or a property. */
const maxShortBytes = 255

const shortFields = [
  "exchange",
  "routingKey",
  "messageId",
  "correlationId",
  "replyTo",
  "type",
  "contentType",
  "contentEncoding",
  "appId"
] as const

/** `Invalid` when no broker takes the message; names the field, never what is in the body. */
export const refusal = (message: Outgoing): BrokerError | undefined => {
  for (const name of shortFields) {
    const text = message[name]
    // No letter has more than three bytes for each unit of its length.
    if (text !== undefined && text.length * 3 > maxShortBytes && bytesOf(text) > maxShortBytes) {
      return invalid(message, `${name} has ${bytesOf(text)} bytes, at most ${maxShortBytes} go`)
    }
  }
  const { expiration, priority } = message
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 255)) {
    return invalid(message, `priority is ${priority}, not a whole number from 0 to 255`)
  }
  if (expiration === undefined) return undefined
  const millis = expirationMillis(expiration)
  return millis >= 0 && millis <= 4294967295
    ? undefined
    : invalid(message, `expiration is ${millis} ms, not from 0 to 4294967295`)
}

/** A message's expiration as AMQP has it: whole milliseconds. */
export const expirationMillis = (expiration: Duration.Input): number =>
  Math.round(Duration.toMillis(Duration.fromInputUnsafe(expiration)))

/** Every property of a message, with the defaults of those that it does not have. AMQP keeps whole seconds of the timestamp. */
export const propertiesOf = (message: Outgoing, messageId: string): Properties => ({
  messageId,
  correlationId: message.correlationId,
  replyTo: message.replyTo,
  type: message.type,
  contentType: message.contentType,
  contentEncoding: message.contentEncoding,
  appId: message.appId,
  headers: message.headers ?? {},
  priority: message.priority,
  expiration: message.expiration === undefined ? undefined : expirationMillis(message.expiration),
  timestamp: message.timestamp === undefined ? undefined : Math.floor(message.timestamp / 1000) * 1000,
  persistent: message.persistent ?? true
})

const encoder = new TextEncoder()

const bytesOf = (text: string): number => encoder.encode(text).length

const invalid = ({ exchange = "", messageId, routingKey }: Outgoing, what: string): BrokerError =>
  new BrokerError({
    reason: "Invalid",
    message: `a message to the exchange "${exchange}" with the key "${
      routingKey.slice(0, 100)
    }" cannot be sent: its ${what}`,
    ...messageId === undefined ? {} : { messageId }
  })
