/** Messages on their way to the broker, in order: a list from which any one can be taken out at once. */
import type { Exit } from "effect"
import { randomUUID } from "node:crypto"
import type { BrokerError, Confirm, Outgoing } from "../../../services/MessageBroker.ts"
import { write, type Written } from "./AmqpMessage.ts"

/** Counts of one client; shared connections serve several. */
export interface Counts {
  published: number
  confirmed: number
  refused: number
  returned: number
  resent: number
  unconfirmed: number
  delivered: number
  acknowledged: number
}

/** One message and who waits for its confirm. In at most one list at a time. */
export interface Parcel extends Written {
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
  readonly counts: Counts
  /** Called once; absent when nobody waits any more. */
  settle: ((exit: Exit.Exit<Confirm, BrokerError>) => void) | undefined
  attempts: number
  sentAt: number
  /** What the broker said when it came back; its confirm comes right after. */
  returned: string | undefined
  list: Outbox | undefined
  before: Parcel | undefined
  after: Parcel | undefined
}

/** Makes a parcel of a message; one without an id gets its own, which it keeps however often it is sent. */
export const parcelOf = (
  message: Outgoing,
  counts: Counts,
  settle: NonNullable<Parcel["settle"]>,
  now: number
): Parcel => {
  const messageId = message.messageId ?? randomUUID()
  const { content, options } = write(message, messageId)
  return {
    exchange: message.exchange ?? "",
    routingKey: message.routingKey,
    messageId,
    content,
    options,
    counts,
    settle,
    attempts: 0,
    sentAt: now,
    returned: undefined,
    list: undefined,
    before: undefined,
    after: undefined
  }
}

export class Outbox {
  first: Parcel | undefined
  last: Parcel | undefined
  size = 0

  append(parcel: Parcel): void {
    parcel.list = this
    parcel.before = this.last
    parcel.after = undefined
    if (this.last === undefined) this.first = parcel
    else this.last.after = parcel
    this.last = parcel
    this.size++
  }

  prepend(parcel: Parcel): void {
    parcel.list = this
    parcel.before = undefined
    parcel.after = this.first
    if (this.first === undefined) this.last = parcel
    else this.first.before = parcel
    this.first = parcel
    this.size++
  }

  remove(parcel: Parcel): void {
    if (parcel.before === undefined) this.first = parcel.after
    else parcel.before.after = parcel.after
    if (parcel.after === undefined) this.last = parcel.before
    else parcel.after.before = parcel.before
    parcel.list = parcel.before = parcel.after = undefined
    this.size--
  }
}
