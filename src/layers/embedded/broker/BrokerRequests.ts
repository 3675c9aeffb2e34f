/** Questions and answers over messages: one queue for the answers of a client, made with its first question. */
import { Deferred, Duration, Effect, Semaphore, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { type BrokerClient, BrokerError, type Message, type Outgoing } from "../../../services/MessageBroker.ts"

export const make = Effect.fnUntraced(function*(
  { consume, declare, publish }: Pick<BrokerClient, "consume" | "declare" | "publish">
) {
  const waiting = new Map<string, Deferred.Deferred<Message, BrokerError>>()
  const scope = yield* Effect.scope
  const starting = Semaphore.makeUnsafe(1)
  let replyTo: string | undefined

  const listen = (queue: string): Effect.Effect<void> =>
    Stream.runForEach(consume(queue, { autoAck: true }), (message) =>
      Effect.sync(() => {
        const asked = waiting.get(message.correlationId ?? "")
        if (asked !== undefined) Deferred.doneUnsafe(asked, Effect.succeed(message))
      })).pipe(
        Effect.catch((error) =>
          Effect.sync(() => {
            replyTo = undefined
            for (const asked of waiting.values()) Deferred.doneUnsafe(asked, Effect.fail(error))
          })
        )
      )

  const start = Effect.suspend(() => replyTo === undefined ? open : Effect.succeed(replyTo))
  const open = Effect.gen(function*() {
    const queue = `skein.replies.${randomUUID()}`
    yield* declare({ queues: [{ name: queue, durable: false, exclusive: true }] })
    yield* Effect.forkIn(listen(queue), scope)
    replyTo = queue
    return queue
  })

  return Effect.fn("BrokerClient.request")(function*(
    message: Outgoing,
    { timeout = "10 seconds" }: { readonly timeout?: Duration.Input | undefined } = {}
  ) {
    const correlationId = message.correlationId ?? randomUUID()
    if (waiting.has(correlationId)) return yield* twice(correlationId)
    const reply = Deferred.makeUnsafe<Message, BrokerError>()
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => waiting.set(correlationId, reply)),
      Effect.fnUntraced(function*() {
        const queue = yield* starting.withPermit(start)
        const { outcome } = yield* publish({ ...message, correlationId, replyTo: queue })
        return outcome === "kept" ? yield* Deferred.await(reply) : yield* notTaken(message)
      }),
      () => Effect.sync(() => waiting.delete(correlationId))
    ).pipe(Effect.timeoutOrElse({ duration: timeout, orElse: () => noReply(message, timeout) }))
  })
})

const shown = ({ exchange = "", routingKey }: Outgoing) =>
  `a request to the exchange "${exchange}" with the key "${routingKey}"`

const noReply = (message: Outgoing, timeout: Duration.Input) =>
  new BrokerError({
    reason: "Timeout",
    message: `${shown(message)} had no reply in ${Duration.format(Duration.fromInputUnsafe(timeout))}`,
    hint: "the reply goes to the queue in replyTo, with the same correlationId"
  })

const notTaken = (message: Outgoing) =>
  new BrokerError({ reason: "Refused", message: `${shown(message)} was refused: a queue is full` })

const twice = (correlationId: string) =>
  new BrokerError({
    reason: "Invalid",
    message: `another request with the correlation id "${correlationId}" waits for its reply`
  })
