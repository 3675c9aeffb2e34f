/** How a client of an embedded broker publishes: at once, or, with a journal or faults, waiting and again after a lost connection. */
import { Duration, Effect, Result, Semaphore } from "effect"
import { randomUUID } from "node:crypto"
import { BrokerError, type Confirm, type Outgoing } from "../../../services/MessageBroker.ts"
import * as OutgoingMessage from "../../../services/messages/Outgoing.ts"
import type { Options } from "./BrokerClient.ts"
import type { Counts } from "./BrokerCounts.ts"
import type { Stored } from "./BrokerMessage.ts"

export type Publish = (message: Outgoing) => Effect.Effect<Confirm, BrokerError>

export const make = (options: Options, counts: Counts): Publish => {
  const send = options.disk === undefined && options.faults === undefined
    ? direct(options, counts)
    : waiting(options, counts)
  return (message) =>
    Effect.suspend(() => {
      const wrong = OutgoingMessage.refusal(message)
      if (wrong !== undefined) return Effect.fail(wrong)
      counts.published++
      return send(message, message.messageId ?? randomUUID())
    })
}

type Send = (message: Outgoing, messageId: string) => Effect.Effect<Confirm, BrokerError>

const direct = ({ connection }: Options, counts: Counts): Send => (message, messageId) => {
  const now = () => {
    const outcome = connection.host.publish(stored(message, messageId), message.mandatory ?? true)
    return Result.isFailure(outcome)
      ? counts.failed(outcome.failure)
      : Effect.succeed(counts.answered(messageId, outcome.success, 1))
  }
  return connection.isUp ? now() : Effect.andThen(connection.up, Effect.suspend(now))
}

const waiting = (options: Options, counts: Counts): Send => {
  const window = Semaphore.makeUnsafe(options.connect.maxUnconfirmed ?? 1024)
  return (message, messageId) =>
    window.withPermit(
      Effect.acquireUseRelease(
        Effect.sync(() => void counts.unconfirmed++),
        () => attempt(options, counts, message, messageId, 1),
        () => Effect.sync(() => void counts.unconfirmed--)
      )
    )
}

/** A message whose connection is lost before its confirm comes is sent again. */
const attempt = Effect.fnUntraced(function*(
  options: Options,
  counts: Counts,
  message: Outgoing,
  messageId: string,
  attempts: number
): Effect.fn.Return<Confirm, BrokerError> {
  const { connection, faults } = options
  const sending = Effect.catch(once(options, message, messageId), (error) => counts.failed(error))
  if (faults !== undefined) yield* faults.unblocked
  yield* connection.up
  if (faults === undefined) return counts.answered(messageId, yield* sending, attempts)
  const outcome = yield* Effect.raceFirst(sending, Effect.as(connection.lost, "lost" as const))
  if (outcome !== "lost") return counts.answered(messageId, outcome, attempts)
  counts.resent++
  return yield* attempt(options, counts, message, messageId, attempts + 1)
})

const once = Effect.fnUntraced(function*(
  { connect, connection: { host }, disk, faults }: Options,
  message: Outgoing,
  messageId: string
): Effect.fn.Return<"kept" | "refused", BrokerError> {
  if (faults !== undefined) yield* faults.before("publish")
  const fate = faults?.sent(message, messageId) ?? "arrives"
  if (fate === "refused") return "refused"
  const arriving = stored(message, messageId)
  const outcome = yield* Effect.fromResult(host.publish(arriving, message.mandatory ?? true))
  if (fate === "twice") host.publish(arriving, message.mandatory ?? true)
  if (disk !== undefined && arriving.properties.persistent) yield* disk.flushed
  if (fate !== "unconfirmed") return outcome
  const bound = connect.confirmTimeout ?? "10 seconds"
  yield* Effect.sleep(bound)
  return yield* new BrokerError({
    reason: "Timeout",
    message: `no confirm came in ${Duration.format(Duration.fromInputUnsafe(bound))}: the message may be there`,
    hint: "publish it again under the same message id",
    messageId
  })
})

const encoder = new TextEncoder()

/** A copy: the sender may use its bytes again. */
const stored = (message: Outgoing, messageId: string): Stored => ({
  properties: OutgoingMessage.propertiesOf(message, messageId),
  exchange: message.exchange ?? "",
  routingKey: message.routingKey,
  body: typeof message.body === "string" ? encoder.encode(message.body) : new Uint8Array(message.body)
})
