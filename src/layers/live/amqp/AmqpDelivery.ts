/** A message that came, with the ways to settle it. */
import { Effect } from "effect"
import type { Delivery } from "../../../services/MessageBroker.ts"
import type { Message } from "./AmqpConnection.ts"
import { failure } from "./AmqpFailure.ts"
import { read } from "./AmqpMessage.ts"
import type { Counts } from "./AmqpOutbox.ts"
import type { Settler } from "./AmqpSettler.ts"

export interface Source {
  readonly shown: string
  readonly queue: string
  readonly settler: Settler
  readonly counts: Counts
  /** Runs after it was settled, or could not be. */
  readonly onEnd?: Effect.Effect<void> | undefined
}

/** Makes a delivery of what the driver received; `isSettled` when nobody needs to acknowledge it. */
export const make = (source: Source, message: Message, isSettled = false): Delivery => {
  let settled = isSettled
  const settle = (write: () => boolean, isAck: boolean) =>
    Effect.suspend(() => {
      if (settled) return Effect.void
      if (!write()) return Effect.andThen(source.onEnd ?? Effect.void, takenBack(source, message))
      settled = true
      if (isAck) source.counts.acknowledged++
      return source.onEnd ?? Effect.void
    })
  source.counts.delivered++
  return Object.assign(read(message), {
    ack: settle(() => source.settler.ack(message), true),
    nack: ({ requeue }: { readonly requeue: boolean }) => settle(() => source.settler.nack(message, requeue), false)
  })
}

const takenBack = ({ queue, shown }: Source, { properties }: Message) =>
  Effect.fail(failure(
    "Connection",
    { shown, what: `settle a message of the queue "${queue}"`, messageId: properties.messageId },
    "the channel on which it came is closed; the broker has taken it back"
  ))
