/**
 * Requests and their replies: one exclusive queue for each client, made with the first request, from which replies go to those
 * who wait for their correlation id. A queue of ours rather than the broker's direct reply: that one wants requests and replies
 * on the same channel, and would tie every request to the fate of the others.
 */
import { Deferred, Duration, Effect, Semaphore, Stream } from "effect"
import { randomUUID } from "node:crypto"
import * as DurationText from "../../../core/DurationText.ts"
import { type BrokerClient, type BrokerError, type Message, type Outgoing } from "../../../services/MessageBroker.ts"
import { failure } from "./AmqpFailure.ts"

/** Makes `request` of a client's other verbs. The consumer of the replies ends with the scope. */
export const make = Effect.fnUntraced(function*(
  shown: string,
  client: Pick<BrokerClient, "consume" | "declare" | "publish">
) {
  const scope = yield* Effect.scope
  const waiting = new Map<string, Deferred.Deferred<Message, BrokerError>>()
  const lock = yield* Semaphore.make(1)
  let queue: string | undefined

  const open = Effect.gen(function*() {
    const name = `skein.replies.${randomUUID()}`
    yield* client.declare({ queues: [{ name, durable: false, exclusive: true }] })
    const replies = Stream.runForEach(client.consume(name, { autoAck: true }), (message) => {
      const waiter = waiting.get(message.correlationId ?? "")
      return waiter === undefined ? Effect.void : Deferred.succeed(waiter, message)
    })
    const failAll = (error: BrokerError) => {
      queue = undefined
      return Effect.forEach(waiting.values(), (waiter) => Deferred.fail(waiter, error), { discard: true })
    }
    yield* Effect.forkIn(Effect.catch(replies, failAll), scope)
    return queue = name
  })
  const replyQueue = lock.withPermit(Effect.suspend(() => queue === undefined ? open : Effect.succeed(queue)))

  return (
    message: Outgoing,
    { timeout = "10 seconds" }: { readonly timeout?: Duration.Input | undefined } = {}
  ): Effect.Effect<Message, BrokerError> => {
    const correlationId = message.correlationId ?? randomUUID()
    const attempted = {
      shown,
      what: `request by the exchange "${message.exchange ?? ""}" with the key "${message.routingKey.slice(0, 100)}"`,
      messageId: message.messageId
    }
    const asked = Effect.gen(function*() {
      const reply = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const reply = Deferred.makeUnsafe<Message, BrokerError>()
          waiting.set(correlationId, reply)
          return reply
        }),
        () => Effect.sync(() => waiting.delete(correlationId))
      )
      const replyTo = yield* replyQueue
      const { outcome } = yield* client.publish({ ...message, correlationId, replyTo })
      if (outcome === "refused") return yield* Effect.fail(failure("Refused", attempted, "the queue took it not"))
      return yield* Deferred.await(reply)
    }).pipe(
      Effect.scoped,
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail(failure(
            "Timeout",
            attempted,
            `no reply came in ${DurationText.format(Duration.fromInputUnsafe(timeout))}`
          ))
      })
    )
    return Effect.suspend(() =>
      waiting.has(correlationId)
        ? Effect.fail(failure("Invalid", attempted, "its correlation id is in use by another request"))
        : asked
    )
  }
})
