/** What a consumer of the embedded broker holds until it is settled. When the channel closes, it goes back to its queues. */
import { Effect } from "effect"
import { BrokerError, type Delivery } from "../../../services/MessageBroker.ts"
import type { Entry } from "./BrokerMessage.ts"
import type { BrokerQueue } from "./BrokerQueue.ts"

interface Taken {
  readonly queue: BrokerQueue
  readonly entry: Entry
  state: "held" | "settled" | "lost"
}

export type Settlement = "ack" | "requeue" | "reject"

/** Runs after a message was settled, and may wait until that is kept. */
export type Settled = (entry: Entry, how: Settlement) => Effect.Effect<void, BrokerError>

export class Channel {
  readonly #held = new Set<Taken>()
  readonly #settled: Settled

  constructor(settled: Settled) {
    this.#settled = settled
  }

  get size(): number {
    return this.#held.size
  }

  /** A message that is to be settled here. */
  hold(queue: BrokerQueue, entry: Entry): Delivery {
    const taken: Taken = { queue, entry, state: "held" }
    this.#held.add(taken)
    return {
      ...shown(queue, entry),
      ack: Effect.suspend(() => this.#settle(taken, "ack")),
      nack: ({ requeue }) => Effect.suspend(() => this.#settle(taken, requeue ? "requeue" : "reject"))
    }
  }

  /** Gives back what is held; settling it fails from now on. */
  close(): void {
    const byQueue = Map.groupBy(this.#held, ({ queue }) => queue)
    for (const taken of this.#held) taken.state = "lost"
    this.#held.clear()
    for (const [queue, all] of byQueue) queue.giveBack(all.map(({ entry }) => entry))
  }

  #settle(taken: Taken, how: Settlement): Effect.Effect<void, BrokerError> {
    if (taken.state === "lost") return Effect.fail(lost(taken))
    if (taken.state === "settled") return Effect.void
    taken.state = "settled"
    this.#held.delete(taken)
    const { entry, queue } = taken
    if (how === "ack") queue.ack(entry)
    else if (how === "reject") queue.reject(entry)
    else queue.giveBack([entry])
    return this.#settled(entry, how)
  }
}

/** A message that counted as acknowledged when it was sent. */
export const acknowledged = (queue: BrokerQueue, entry: Entry): Delivery => ({
  ...shown(queue, entry),
  ack: Effect.void,
  nack: () => Effect.void
})

const shown = (queue: BrokerQueue, { message, redelivered, returns }: Entry) => {
  const { body, exchange, properties, routingKey } = message
  const headers = queue.settings.quorum ? { ...properties.headers, "x-delivery-count": returns } : properties.headers
  return { ...properties, headers, exchange, routingKey, body, redelivered }
}

const lost = ({ entry: { message: { properties } }, queue }: Taken): BrokerError =>
  new BrokerError({
    reason: "Connection",
    message:
      `a message of the queue "${queue.name}" cannot be settled: its channel is closed, and it went back to the queue`,
    ...properties.messageId === undefined ? {} : { messageId: properties.messageId }
  })
