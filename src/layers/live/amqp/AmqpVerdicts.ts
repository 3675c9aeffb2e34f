/** What is said of a message that cannot be published. */
import { Exit } from "effect"
import type { BrokerError, Confirm } from "../../../services/MessageBroker.ts"
import { failure, fromDriver } from "./AmqpFailure.ts"
import type { Parcel } from "./AmqpOutbox.ts"

type Verdict = Exit.Exit<Confirm, BrokerError>

export interface Verdicts {
  /** The broker sent it back, with these words. */
  readonly unroutable: (parcel: Parcel, said: string) => Verdict
  readonly unconfirmed: (parcel: Parcel) => Verdict
  readonly busy: (parcel: Parcel) => Verdict
  /** The connection was not made again in time. */
  readonly lost: (parcel: Parcel, why: BrokerError) => Verdict
  readonly closed: (parcel: Parcel) => Verdict
  /** The broker closed its channel for it, or the driver could not write it. */
  readonly refused: (parcel: Parcel, why: unknown) => Verdict
}

export const make = (shown: string, maxChannels: number): Verdicts => {
  const attempted = ({ exchange, messageId, routingKey }: Parcel) => ({
    shown,
    what: `publish to the exchange "${exchange}" with the key "${routingKey.slice(0, 100)}"`,
    messageId
  })
  return {
    unroutable: (parcel, said) =>
      Exit.fail(failure(
        "Unroutable",
        attempted(parcel),
        `no queue takes it (${said})`,
        parcel.exchange === ""
          ? "is the queue declared?"
          : "bind a queue with this key, or publish with mandatory: false"
      )),
    unconfirmed: (parcel) =>
      Exit.fail(failure("Timeout", attempted(parcel), "no confirm came; whether it was kept is unknown")),
    busy: (parcel) =>
      Exit.fail(failure(
        "Busy",
        attempted(parcel),
        `no channel became free in time; there are ${maxChannels}`,
        "raise maxChannels, or publish to fewer exchanges at a time"
      )),
    lost: (parcel, { hint, message }) => Exit.fail(failure("Connection", attempted(parcel), message, hint)),
    closed: (parcel) => Exit.fail(failure("Connection", attempted(parcel), "the client was closed")),
    refused: (parcel, why) => Exit.fail(fromDriver(why, attempted(parcel)))
  }
}
