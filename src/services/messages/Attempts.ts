/** How often a message was tried, as far as anybody counted: the broker, its dead letters, and this consumer by message id. */
import { isArray, isRecord } from "../../core/Value.ts"
import type { Message } from "../MessageBroker.ts"

export class Attempts {
  readonly #failures = new Map<string, number>()
  readonly #maxIds: number

  /** Beyond `maxIds` the id that failed longest ago is forgotten. */
  constructor(maxIds: number) {
    this.#maxIds = maxIds
  }

  /**
   * The number of this attempt, from 1. Quorum queues count in `x-delivery-count`, exactly and over all consumers; of others it is
   * what failed here. Deaths in `queue` are added. A message without an id that was delivered before cannot be counted: it is at
   * its last.
   */
  of(message: Message, queue: string, last: number): number {
    const { headers, messageId, redelivered } = message
    const counted = headers["x-delivery-count"]
    if (typeof counted === "number") return 1 + counted + rejections(message, queue)
    if (messageId === undefined && redelivered) return last
    return 1 + (this.#failures.get(messageId ?? "") ?? 0) + rejections(message, queue)
  }

  /** Remembers that it failed, and will come again. */
  failed({ messageId }: Message): void {
    if (messageId === undefined) return
    const failures = this.#failures.get(messageId) ?? 0
    this.#failures.delete(messageId)
    this.#failures.set(messageId, failures + 1)
    if (this.#failures.size > this.#maxIds) this.#failures.delete(this.#failures.keys().next().value!)
  }

  /** Forgets one that will not come again. */
  done({ messageId }: Message): void {
    if (messageId !== undefined) this.#failures.delete(messageId)
  }
}

const rejections = ({ headers }: Message, queue: string): number => {
  const deaths = headers["x-death"]
  if (deaths === undefined || !isArray(deaths)) return 0
  const death = deaths.find((one) => isRecord(one) && one["queue"] === queue && one["reason"] === "rejected")
  return isRecord(death) ? Number(death["count"] ?? 0) : 0
}
