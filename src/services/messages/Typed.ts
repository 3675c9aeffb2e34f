/**
 * Bodies by Schema: JSON with the content type `application/json`, and a consumer that tries a message again, but not for ever.
 *
 *     const orders = Typed.make(Order)
 *     yield* orders.publish(client, { routingKey: "orders", body: order })
 *     yield* orders.handle(client, "orders", (order) => ship(order), { maxAttempts: 3 })
 */
import { type Cause, type Duration, Effect, Schema, SchemaIssue, Stream } from "effect"
import {
  type BrokerClient,
  BrokerError,
  type Confirm,
  type ConsumeOptions,
  type Delivery,
  type Message,
  type Outgoing
} from "../MessageBroker.ts"
import { Attempts } from "./Attempts.ts"

/** A message to be published, whose body is data. */
export interface TypedOutgoing<A> extends Omit<Outgoing, "body"> {
  readonly body: A
}

/** A delivery whose body was decoded. */
export interface TypedDelivery<A> extends Omit<Delivery, "body"> {
  readonly body: A
}

export interface HandleOptions extends Omit<ConsumeOptions, "autoAck"> {
  /** Handlers that run at a time. @default 10 */
  readonly concurrency?: number | undefined
  /** Most deliveries that are not acknowledged at a time. @default that of `concurrency` */
  readonly prefetch?: number | undefined
  /** After so many failures a message goes to the queue's dead letters; without any it is gone. @default 5 */
  readonly maxAttempts?: number | undefined
  /** How long a message that failed is held before it goes back to the queue; its handler's place is not free. @default "1 second" */
  readonly retryDelay?: Duration.Input | undefined
  /** Message ids whose failures are remembered. @default 10,000 */
  readonly maxIds?: number | undefined
  /** Is told of each failure. @default a warning in the log, without the body */
  readonly onFailure?: ((failure: Failure) => Effect.Effect<void>) | undefined
}

export interface Failure {
  readonly message: Message
  /** What the handler failed or died with; `Invalid` when the body could not be decoded. */
  readonly cause: Cause.Cause<unknown>
  /** From 1. */
  readonly attempt: number
  /** It goes to the dead letters. */
  readonly isLast: boolean
}

export interface Typed<A> {
  /** Encodes the body and publishes; what does not fit the schema fails with `Invalid`, as `decode` does. */
  readonly publish: (client: BrokerClient, message: TypedOutgoing<A>) => Effect.Effect<Confirm, BrokerError>
  /** Reads a body. `Invalid` names the message and the fields that do not fit, never what is in them. */
  readonly decode: (message: Message) => Effect.Effect<A, BrokerError>
  /** Emits deliveries with their bodies; one that cannot be decoded fails the stream, and goes back to its queue. */
  readonly consume: (
    client: BrokerClient,
    queue: string,
    options?: ConsumeOptions
  ) => Stream.Stream<TypedDelivery<A>, BrokerError>
  /**
   * Runs `handler` for each message, until it is interrupted or the stream of deliveries fails. A message is acknowledged when its
   * handler succeeded; when it failed or died, the message goes back to its queue, and after `maxAttempts` to the dead letters. One
   * that cannot be decoded goes there at once.
   *
   * At least once: a message comes again when the connection is lost before it was acknowledged. Attempts are counted by quorum
   * queues exactly; on other queues by message id in this call alone, so that several consumers together may try it more often,
   * and a new process begins anew. A message without an id is tried twice at most.
   */
  readonly handle: <E, R>(
    client: BrokerClient,
    queue: string,
    handler: (body: A, message: Message) => Effect.Effect<void, E, R>,
    options?: HandleOptions
  ) => Effect.Effect<void, BrokerError, R>
}

/** Compiles the schema once; it is the data's JSON form that is sent, with dates and big integers as text. */
export const make = <A>(schema: Schema.Codec<A, unknown>): Typed<A> => {
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema))
  const decodeText = Schema.decodeUnknownEffect(codec, { errors: "all" })
  const encodeText = Schema.encodeEffect(codec, { errors: "all" })

  const decode = (message: Message): Effect.Effect<A, BrokerError> =>
    Effect.suspend(() => decodeText(textOf(message.body))).pipe(
      Effect.mapError(({ issue }) => invalid(`the body of ${shown(message)} does not fit`, issue, message.messageId))
    )
  const handle = Effect.fnUntraced(function*<E, R>(
    client: BrokerClient,
    queue: string,
    handler: (body: A, message: Message) => Effect.Effect<void, E, R>,
    options: HandleOptions = {}
  ): Effect.fn.Return<void, BrokerError, R> {
    const { concurrency = 10, maxIds = 10_000, ...consuming } = options
    const attempts = new Attempts(maxIds)
    const settle = settler(queue, attempts, options)
    yield* client.consume(queue, { prefetch: concurrency, ...consuming, autoAck: false }).pipe(
      Stream.mapEffect((delivery) =>
        Effect.matchCauseEffect(decode(delivery), {
          onFailure: (cause) => settle.failed(delivery, cause, true),
          onSuccess: (body) =>
            Effect.matchCauseEffect(handler(body, delivery), {
              onFailure: (cause) => settle.failed(delivery, cause, false),
              onSuccess: () => settle.succeeded(delivery)
            })
        }), { concurrency, unordered: true }),
      Stream.runDrain
    )
  })

  return {
    decode,
    publish: (client, message) =>
      encodeText(message.body).pipe(
        Effect.mapError(({ issue }) =>
          invalid(`the body of a message with the key "${message.routingKey}" does not fit`, issue, message.messageId)
        ),
        Effect.flatMap((body) => client.publish({ contentType: "application/json", ...message, body }))
      ),
    consume: (client, queue, options) =>
      Stream.mapEffect(
        client.consume(queue, options),
        (delivery) => Effect.map(decode(delivery), (body) => ({ ...delivery, body }))
      ),
    handle
  }
}

/** What becomes of a message whose handler ended. */
const settler = (
  queue: string,
  attempts: Attempts,
  { maxAttempts = 5, onFailure = warn(queue), retryDelay = "1 second" }: HandleOptions
) => ({
  succeeded: (delivery: Delivery): Effect.Effect<void, BrokerError> => {
    attempts.done(delivery)
    return unlessLost(delivery.ack)
  },
  failed: Effect.fnUntraced(function*(delivery: Delivery, cause: Cause.Cause<unknown>, isHopeless: boolean) {
    const attempt = attempts.of(delivery, queue, maxAttempts)
    const isLast = isHopeless || attempt >= maxAttempts
    yield* onFailure({ message: delivery, cause, attempt, isLast })
    if (isLast) {
      attempts.done(delivery)
      return yield* unlessLost(delivery.nack({ requeue: false }))
    }
    attempts.failed(delivery)
    yield* Effect.sleep(retryDelay)
    yield* unlessLost(delivery.nack({ requeue: true }))
  })
})

/** A message whose channel is gone went back to its queue, and comes again. */
const unlessLost = (settled: Effect.Effect<void, BrokerError>): Effect.Effect<void, BrokerError> =>
  Effect.catch(settled, (error) => error.reason === "Connection" ? Effect.void : Effect.fail(error))

const warn = (queue: string) => ({ attempt, cause, isLast, message }: Failure): Effect.Effect<void> =>
  Effect.logWarning(
    `${shown(message)} of the queue "${queue}" failed, attempt ${attempt}: ${isLast ? "to the dead letters" : "again"}`,
    cause
  )

const shown = ({ messageId, routingKey }: Message): string =>
  messageId === undefined ? `a message with the key "${routingKey}"` : `the message "${messageId}"`

const decoder = new TextDecoder()

const textOf = (body: Uint8Array): string => decoder.decode(body)

const formatter = SchemaIssue.makeFormatterStandardSchemaV1()

/** Fields that are named in an error. */
const maxFields = 10

/** Where, not what: an issue's own text has the value in it. */
const invalid = (what: string, issue: SchemaIssue.Issue, messageId: string | undefined): BrokerError => {
  const paths = formatter(issue).issues.map(({ path = [] }) =>
    path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")
  )
  const fields = [...new Set(paths)].filter((path) => path !== "")
  const where = fields.length === 0
    ? "it is not JSON of this kind"
    : `${fields.slice(0, maxFields).join(", ")}${
      fields.length > maxFields ? ` and ${fields.length - maxFields} more` : ""
    }`
  return new BrokerError({
    reason: "Invalid",
    message: `${what}: ${where}`,
    ...messageId === undefined ? {} : { messageId }
  })
}
