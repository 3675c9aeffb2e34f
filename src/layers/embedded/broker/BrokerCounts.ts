/** What a client of an embedded broker has done. */
import { Effect } from "effect"
import type { BrokerError, Confirm, Statistics } from "../../../services/MessageBroker.ts"
import type { Faults } from "./BrokerClient.ts"
import type { Connection } from "./BrokerConnection.ts"

export class Counts {
  published = 0
  confirmed = 0
  refused = 0
  returned = 0
  resent = 0
  delivered = 0
  acknowledged = 0
  unconfirmed = 0
  readonly #connection: Connection
  readonly #faults: Faults | undefined
  readonly #reconnectsBefore: number

  constructor(connection: Connection, faults: Faults | undefined) {
    this.#connection = connection
    this.#faults = faults
    this.#reconnectsBefore = connection.reconnects
  }

  answered(messageId: string, outcome: Confirm["outcome"], attempts: number): Confirm {
    if (outcome === "kept") this.confirmed++
    else this.refused++
    return { messageId, outcome, attempts }
  }

  failed(error: BrokerError): Effect.Effect<never, BrokerError> {
    if (error.reason === "Unroutable") this.returned++
    return Effect.fail(error)
  }

  /** Channels are all 0: there are none. */
  show(): Statistics {
    const { acknowledged, confirmed, delivered, published, refused, resent, returned, unconfirmed } = this
    return {
      published,
      confirmed,
      refused,
      returned,
      resent,
      delivered,
      acknowledged,
      unconfirmed,
      reconnects: this.#connection.reconnects - this.#reconnectsBefore,
      blocked: this.#faults?.isBlocked() ?? false,
      channels: { open: 0, busy: 0, waiting: 0, opened: 0, closed: 0 }
    }
  }
}
