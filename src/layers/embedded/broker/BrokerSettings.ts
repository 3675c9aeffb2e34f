/** What a queue of the embedded broker was declared with: settings from its arguments, and what counts as the same. */
import type { ValueRecord } from "../../../core/Value.ts"
import { isSame } from "./BrokerExchanges.ts"

/** How a queue was declared; the arguments hold all settings. */
export interface Declared {
  readonly name: string
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly arguments: ValueRecord
}

/** Numbers without a limit are infinite. */
export interface Settings {
  readonly messageTtl: number | undefined
  readonly expires: number | undefined
  readonly maxLength: number
  readonly maxBytes: number
  readonly overflow: "drop-head" | "reject-publish" | "reject-publish-dlx"
  readonly deadLetterExchange: string | undefined
  readonly deadLetterRoutingKey: string | undefined
  readonly maxPriority: number
  readonly singleActiveConsumer: boolean
  /** Deliveries are counted in a header. */
  readonly quorum: boolean
  /** A message that came back more often dies. */
  readonly deliveryLimit: number | undefined
}

export const settingsOf = (from: ValueRecord): Settings => {
  const overflow = from["x-overflow"]
  const quorum = from["x-queue-type"] === "quorum"
  return {
    messageTtl: numberAt(from, "x-message-ttl"),
    expires: numberAt(from, "x-expires"),
    maxLength: numberAt(from, "x-max-length") ?? Infinity,
    maxBytes: numberAt(from, "x-max-length-bytes") ?? Infinity,
    overflow: overflow === "reject-publish" || overflow === "reject-publish-dlx" ? overflow : "drop-head",
    deadLetterExchange: textAt(from, "x-dead-letter-exchange"),
    deadLetterRoutingKey: textAt(from, "x-dead-letter-routing-key"),
    maxPriority: numberAt(from, "x-max-priority") ?? 0,
    singleActiveConsumer: from["x-single-active-consumer"] === true,
    quorum,
    deliveryLimit: quorum ? numberAt(from, "x-delivery-limit") : undefined
  }
}

const numberAt = (from: ValueRecord, name: string): number | undefined =>
  typeof from[name] === "number" ? from[name] : undefined

const textAt = (from: ValueRecord, name: string): string | undefined =>
  typeof from[name] === "string" ? from[name] : undefined

/** Arguments that RabbitMQ compares when a queue is declared again. */
const compared: ReadonlyArray<string> = [
  "x-message-ttl",
  "x-expires",
  "x-max-length",
  "x-max-length-bytes",
  "x-overflow",
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-max-priority",
  "x-single-active-consumer",
  "x-queue-type"
]

/** The first property that is not the same; whose it is does not count. */
export const difference = (there: Declared, again: Declared): string | undefined =>
  (["durable", "autoDelete"] as const).find((field) => there[field] !== again[field]) ??
    compared.find((argument) => !isSame(there.arguments[argument], again.arguments[argument]))
