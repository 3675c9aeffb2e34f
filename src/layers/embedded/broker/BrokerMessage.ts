/** Messages inside of the embedded broker, and the headers that tell of their deaths, as RabbitMQ writes them. */
import { isArray, isRecord, type Value, type ValueRecord } from "../../../core/Value.ts"
import type { Properties } from "../../../services/MessageBroker.ts"

/** A message, shared by all queues that it is in; never changed. */
export interface Stored {
  readonly properties: Properties
  readonly exchange: string
  readonly routingKey: string
  readonly body: Uint8Array
}

/** One message in one queue. */
export interface Entry {
  /** Order of arrival in the broker. */
  readonly number: number
  readonly message: Stored
  /** Priority within the queue, from 0. */
  readonly level: number
  /** Milliseconds of the broker's monotonic clock. */
  readonly expiresAt: number | undefined
  redelivered: boolean
  /** How often it came back. */
  returns: number
  /** It is in the journal. */
  kept: boolean
  /** It has left its queue for good. */
  gone: boolean
}

export type Death = "rejected" | "expired" | "maxlen" | "delivery_limit"

/** Keys that the sender gave besides the routing key; those in `BCC` are hidden from who receives it. */
export const moreKeys = (headers: ValueRecord, name: "CC" | "BCC"): ReadonlyArray<string> => {
  const keys = headers[name]
  return keys !== undefined && isArray(keys) ? keys.filter((key) => typeof key === "string") : []
}

/** The message as it is received. */
export const visible = (message: Stored): Stored => {
  if (!("BCC" in message.properties.headers)) return message
  const { BCC: _, ...headers } = message.properties.headers
  return { ...message, properties: { ...message.properties, headers } }
}

export interface Letter {
  readonly exchange: string
  /** Without one it keeps its own, and those in `CC`. */
  readonly routingKey: string | undefined
  /** The queue where it died. */
  readonly queue: string
  readonly reason: Death
  /** Milliseconds since 1970. */
  readonly time: number
}

/**
 * The message as it goes to the dead letters: `x-death` has one entry for each queue and reason, the latest first, with a count;
 * `x-first-death-*` say where it began. It expires no more.
 */
export const deadLetter = (message: Stored, letter: Letter): Stored => {
  const { properties: { headers, ...properties }, exchange, routingKey } = message
  const deaths = deathsOf(headers)
  const before = deaths.find(({ queue, reason }) => queue === letter.queue && reason === letter.reason)
  const death: ValueRecord = before === undefined
    ? {
      count: 1,
      reason: letter.reason,
      queue: letter.queue,
      time: Math.floor(letter.time / 1000) * 1000,
      exchange,
      "routing-keys": [routingKey, ...moreKeys(headers, "CC")],
      ...properties.expiration === undefined ? {} : { "original-expiration": String(properties.expiration) }
    }
    : { ...before, count: Number(before["count"]) + 1 }
  const { CC: _, ...withoutKeys } = headers
  return {
    exchange: letter.exchange,
    routingKey: letter.routingKey ?? routingKey,
    body: message.body,
    properties: {
      ...properties,
      expiration: undefined,
      headers: {
        "x-first-death-exchange": exchange,
        "x-first-death-queue": letter.queue,
        "x-first-death-reason": letter.reason,
        ...letter.routingKey === undefined ? headers : withoutKeys,
        "x-death": [death, ...deaths.filter((other) => other !== before)]
      }
    }
  }
}

/** Whether a dead letter would come back to a queue without anybody having rejected it since: such a circle never ends. */
export const isCircle = (letter: Stored, queue: string): boolean => {
  const deaths = deathsOf(letter.properties.headers)
  const last = deaths.findIndex((death) => death["queue"] === queue)
  return last >= 0 && deaths.slice(0, last + 1).every(({ reason }) => reason !== "rejected")
}

const deathsOf = (headers: ValueRecord): ReadonlyArray<ValueRecord> => {
  const deaths: Value | undefined = headers["x-death"]
  return deaths !== undefined && isArray(deaths) ? deaths.filter(isRecord) : []
}
