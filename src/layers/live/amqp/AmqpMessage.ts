/** Messages and tables as the driver has them, to and from ours. */
import type { Value, ValueRecord } from "../../../core/Value.ts"
import { emptyRecord, isRecord } from "../../../core/Value.ts"
import type { Message, Outgoing, Properties } from "../../../services/MessageBroker.ts"
import * as Rules from "../../../services/messages/Outgoing.ts"
import type { Message as Native, Options } from "./AmqpConnection.ts"

/** A message as it is handed to the driver. */
export interface Written {
  readonly content: Buffer
  readonly options: Options.Publish
}

export const write = (message: Outgoing, messageId: string): Written => ({
  content: typeof message.body === "string" ? Buffer.from(message.body) : bufferOf(message.body),
  options: {
    messageId,
    mandatory: message.mandatory ?? true,
    persistent: message.persistent ?? true,
    ...message.headers === undefined ? {} : { headers: writeTable(message.headers) },
    ...message.correlationId === undefined ? {} : { correlationId: message.correlationId },
    ...message.replyTo === undefined ? {} : { replyTo: message.replyTo },
    ...message.type === undefined ? {} : { type: message.type },
    ...message.contentType === undefined ? {} : { contentType: message.contentType },
    ...message.contentEncoding === undefined ? {} : { contentEncoding: message.contentEncoding },
    ...message.appId === undefined ? {} : { appId: message.appId },
    ...message.priority === undefined ? {} : { priority: message.priority },
    ...message.expiration === undefined ? {} : { expiration: Rules.expirationMillis(message.expiration) },
    ...message.timestamp === undefined ? {} : { timestamp: Math.floor(message.timestamp / 1000) }
  }
})

/** The message that the driver received. Its body is a view, not a copy. */
export const read = ({ content, fields, properties }: Native): Message => ({
  exchange: fields.exchange,
  routingKey: fields.routingKey,
  redelivered: fields.redelivered,
  body: new Uint8Array(content.buffer, content.byteOffset, content.length),
  messageId: properties.messageId,
  correlationId: properties.correlationId,
  replyTo: properties.replyTo,
  type: properties.type,
  contentType: properties.contentType,
  contentEncoding: properties.contentEncoding,
  appId: properties.appId,
  headers: properties.headers === undefined ? noHeaders : readTable(properties.headers),
  priority: properties.priority,
  expiration: properties.expiration === undefined ? undefined : Number(properties.expiration),
  timestamp: properties.timestamp === undefined ? undefined : Number(properties.timestamp) * 1000,
  persistent: properties.deliveryMode === 2
} satisfies Message & Properties)

const noHeaders: ValueRecord = Object.freeze(emptyRecord())

/** A table for the driver: whole numbers that need 64 bits, and bytes, as it wants to be told of them. */
export const writeTable = (table: ValueRecord): Record<string, unknown> => {
  const written: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(table)) {
    Object.defineProperty(written, name, { value: writeValue(value), enumerable: true })
  }
  // The driver takes an own field of this name for a type; an inherited one is data.
  return Object.hasOwn(written, "!") ? Object.create(written) as Record<string, unknown> : written
}

const writeValue = (value: Value): unknown => {
  if (typeof value === "bigint") return { "!": "long", value }
  if (value instanceof Uint8Array) return bufferOf(value)
  if (Array.isArray(value)) return value.map((item: Value) => writeValue(item))
  return isRecord(value) ? writeTable(value) : value
}

const readTable = (table: object): ValueRecord => {
  const read = emptyRecord()
  for (const [name, value] of Object.entries(table)) read[name] = readValue(value)
  return read
}

const readValue = (value: unknown): Value => {
  if (typeof value !== "object" || value === null) return value as Value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(readValue)
  if ("!" in value && "value" in value) {
    // Moments are milliseconds everywhere else; AMQP has seconds.
    if (value["!"] === "timestamp") return Number(value.value) * 1000
    if (value["!"] === "decimal") return decimal(value.value as { readonly digits: number; readonly places: number })
  }
  return readTable(value)
}

const decimal = ({ digits, places }: { readonly digits: number; readonly places: number }): number =>
  Number(`${digits}e-${places}`)

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
