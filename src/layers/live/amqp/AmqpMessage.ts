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

export const write = (message: Outgoing, messageId: string): Written => {
  const { body, expiration, headers, mandatory = true, persistent = true, timestamp } = message
  const options: Options.Publish = { messageId, mandatory, persistent }
  if (headers !== undefined) options.headers = writeTable(headers)
  if (message.correlationId !== undefined) options.correlationId = message.correlationId
  if (message.replyTo !== undefined) options.replyTo = message.replyTo
  if (message.type !== undefined) options.type = message.type
  if (message.contentType !== undefined) options.contentType = message.contentType
  if (message.contentEncoding !== undefined) options.contentEncoding = message.contentEncoding
  if (message.appId !== undefined) options.appId = message.appId
  if (message.priority !== undefined) options.priority = message.priority
  if (expiration !== undefined) options.expiration = Rules.expirationMillis(expiration)
  if (timestamp !== undefined) options.timestamp = Math.floor(timestamp / 1000)
  return { content: typeof body === "string" ? Buffer.from(body) : bufferOf(body), options }
}

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
