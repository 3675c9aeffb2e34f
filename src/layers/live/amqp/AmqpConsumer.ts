/** Takes messages from a queue as a stream that outlives lost connections. */
import { Deferred, Duration, Effect, Queue, Schedule, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { type BrokerError, type ConsumeOptions, type Delivery } from "../../../services/MessageBroker.ts"
import { type Channel, closeChannel, type Connection, type ConsumeMessage } from "./AmqpConnection.ts"
import * as Deliveries from "./AmqpDelivery.ts"
import { failure, fromDriver } from "./AmqpFailure.ts"
import type { Link } from "./AmqpLink.ts"
import { writeTable } from "./AmqpMessage.ts"
import type { Counts } from "./AmqpOutbox.ts"
import { defaultHeartbeatSeconds, type Settings } from "./AmqpSettings.ts"
import { Settler } from "./AmqpSettler.ts"

export interface Options {
  readonly shown: string
  readonly link: Pick<Link, "use">
  readonly counts: Counts
  readonly settings: Settings
  /** Told of channels that are opened and closed. */
  readonly onChannel: (change: 1 | -1) => void
}

/** A channel for deliveries, with its settler; closing it gives back what is not settled. */
export const openChannel = (connection: Connection, { onChannel }: Options) =>
  Effect.acquireRelease(
    Effect.map(connection.openChannel, (channel) => {
      onChannel(1)
      return { channel, settler: new Settler(channel) }
    }),
    ({ channel, settler }) =>
      Effect.sync(() => settler.flush()).pipe(
        Effect.andThen(closeChannel(channel)),
        Effect.ensuring(Effect.sync(() => onChannel(-1)))
      ),
    { interruptible: true }
  )

/** What ended a subscription that had begun. */
type End = { readonly isLost: true } | { readonly isLost: false; readonly error: BrokerError }

/** Emits deliveries until the queue is gone or the stream is left; a lost connection is waited for. */
export const consume = (
  queue: string,
  consuming: ConsumeOptions,
  options: Options
): Stream.Stream<Delivery, BrokerError> => {
  const attempted = { shown: options.shown, what: `consume from the queue "${queue}"` }
  const { autoAck = false, prefetch = 100 } = consuming
  if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > 65_535) {
    return Stream.fail(failure("Invalid", attempted, `prefetch is ${prefetch}, not a whole number from 1 to 65535`))
  }
  return Stream.unwrap(Effect.gen(function*() {
    // Bounded by the broker: it sends no more than `prefetch` deliveries that are not settled.
    const inbox = yield* Queue.unbounded<Received, BrokerError>()

    const subscription = (connection: Connection) =>
      Effect.scoped(Effect.gen(function*() {
        const { channel, settler } = yield* openChannel(connection, options)
        const end = yield* subscribe(channel, queue, consuming, attempted, (message) => {
          Queue.offerUnsafe(inbox, { settler, message })
        })
        return yield* end
      }))

    const goOn = Effect.gen(function*() {
      for (let isBack = false;; isBack = true) {
        const connection = yield* options.link.use
        const end = yield* patiently(subscription(connection), isBack, options.settings)
        if (!end.isLost) return yield* Effect.fail(end.error)
        // What came by the old channel comes again by the next one.
        yield* Queue.clear(inbox)
      }
    })
    yield* Effect.forkScoped(Effect.catch(goOn, (error) => Queue.fail(inbox, error)))

    return Stream.fromQueue(inbox).pipe(Stream.mapArray((received) => {
      const [first, ...rest] = received
      const deliver = ({ message, settler }: Received) => {
        // Acknowledged when it is taken, not when it is sent: so `prefetch` bounds what waits here.
        if (autoAck && settler.ack(message)) options.counts.acknowledged++
        return Deliveries.make({ shown: options.shown, queue, settler, counts: options.counts }, message, autoAck)
      }
      return [deliver(first), ...rest.map(deliver)]
    }))
  }))
}

interface Received {
  readonly settler: Settler
  readonly message: ConsumeMessage
}

/** Starts a consumer; answers with the wait for its end. */
const subscribe = (
  channel: Channel,
  queue: string,
  consuming: ConsumeOptions,
  attempted: { readonly shown: string; readonly what: string },
  onMessage: (message: ConsumeMessage) => void
): Effect.Effect<Effect.Effect<End>, BrokerError> =>
  Effect.gen(function*() {
    const ended = yield* Deferred.make<End>()
    const end = (end: End) => void Deferred.doneUnsafe(ended, Effect.succeed(end))
    channel.on("error", (error) => end({ isLost: false, error: fromDriver(error, attempted) }))
    channel.on("close", () => end({ isLost: true }))
    const cancelled = failure("Missing", attempted, "the broker ended it, as when the queue is deleted")
    yield* Effect.tryPromise({
      try: async () => {
        await channel.prefetch(consuming.prefetch ?? 100)
        await channel.consume(
          queue,
          (message) => message === null ? end({ isLost: false, error: cancelled }) : onMessage(message),
          {
            consumerTag: consuming.tag ?? `skein-${randomUUID()}`,
            exclusive: consuming.exclusive ?? false,
            ...consuming.priority === undefined ? {} : { priority: consuming.priority },
            ...consuming.arguments === undefined ? {} : { arguments: writeTable(consuming.arguments) }
          }
        )
      },
      catch: (error) => fromDriver(error, attempted)
    })
    return Deferred.await(ended)
  })

/**
 * A connection that breaks at the beginning is lost like one that breaks later. After a loss the broker may still hold our
 * former consumer for the only one, until it misses its heartbeats.
 */
const patiently = (
  subscription: Effect.Effect<End, BrokerError>,
  isBack: boolean,
  { heartbeatSeconds = defaultHeartbeatSeconds }: Settings
): Effect.Effect<End, BrokerError> =>
  subscription.pipe(
    Effect.catch((error) =>
      error.reason === "Connection" && error.code === undefined
        ? Effect.as(Effect.sleep("50 millis"), { isLost: true } satisfies End)
        : Effect.fail(error)
    ),
    Effect.retry({
      while: ({ reason }) => isBack && reason === "Refused",
      schedule: Schedule.spaced("1 second").pipe(
        Schedule.upTo({ duration: Duration.seconds(heartbeatSeconds * 3) })
      )
    })
  )
