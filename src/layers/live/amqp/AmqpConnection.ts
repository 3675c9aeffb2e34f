/**
 * One connection to a broker, by `amqplib`: the one file that imports the driver. It is opened, tells what happens to it, opens
 * channels, and is gone without a trace when its scope closes. `AmqpLink` makes it again when it is lost.
 */
import { connect, credentials } from "amqplib"
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, GetMessage, Message, Options } from "amqplib"
import { Deferred, Duration, Effect, Predicate, Redacted, type Scope } from "effect"
import { Duplex } from "node:stream"
import type { BrokerError } from "../../../services/MessageBroker.ts"
import type { Address } from "./AmqpAddress.ts"
import { failure, fromDriver } from "./AmqpFailure.ts"
import { defaultHeartbeatSeconds, type Settings } from "./AmqpSettings.ts"

export type { Channel, ConfirmChannel, ConsumeMessage, GetMessage, Message, Options }

export interface Connection {
  /** `RabbitMQ 3.10.8`. */
  readonly version: string
  readonly openChannel: Effect.Effect<Channel, BrokerError>
  /** A channel whose messages are confirmed. */
  readonly openConfirmChannel: Effect.Effect<ConfirmChannel, BrokerError>
  /** Why the broker closed the connection, once it has said so or the socket has broken. */
  readonly failure: () => unknown
  /** Ends, with the reason, when the connection has. */
  readonly lost: Effect.Effect<BrokerError>
}

export interface Events {
  /** The broker takes no messages for now, because of this. */
  readonly onBlocked: (why: string) => void
  readonly onUnblocked: () => void
}

/** Frames that a channel holds back while the socket is full; then `publish` says so, and the publisher waits. */
const channelOptions = { highWaterMark: 256 }

/** How long a connection may take to say goodbye before its socket is cut. */
const goodbye = Duration.seconds(1)

/** Opens a connection that closes with the scope. `purpose` is what the broker's own tools show beside our name. */
export const open = Effect.fnUntraced(function*(
  address: Address,
  settings: Settings,
  purpose: string,
  events: Events
): Effect.fn.Return<Connection, BrokerError, Scope.Scope> {
  const { shown } = address
  const model = yield* Effect.acquireRelease(dial(address, settings, purpose), close, { interruptible: true })
  writeTogether(socketOf(model))
  const lost = yield* Deferred.make<BrokerError>()
  let problem: unknown
  model.on("error", (error) => problem ??= error)
  model.on("close", (error) => {
    problem ??= error ?? new Error("the connection was closed")
    Deferred.doneUnsafe(lost, Effect.succeed(fromDriver(problem, { shown, what: "stay connected" })))
  })
  model.on("blocked", (why) => events.onBlocked(why))
  model.on("unblocked", () => events.onUnblocked())

  const leaving = new Set<Promise<unknown>>()
  const opener = <A extends Channel>(create: () => Promise<A>): Effect.Effect<A, BrokerError> =>
    Effect.raceFirst(
      abandonable(
        async () => {
          while (leaving.size > 0) await Promise.all(leaving)
          const channel = await create()
          attend(channel, leaving)
          return channel
        },
        (channel) => void channel.close().catch(() => {}),
        { shown, what: "open a channel" }
      ),
      Effect.flatMap(Deferred.await(lost), (why) => Effect.fail(why))
    )

  const { product, version } = model.connection.serverProperties
  return {
    version: `${product} ${version}`,
    openChannel: opener(() => model.createChannel(channelOptions)),
    openConfirmChannel: opener(() => model.createConfirmChannel(channelOptions)),
    failure: () => problem,
    lost: Deferred.await(lost)
  }
})

/** Closes a channel; its unsettled deliveries go back to their queues. One that is closed stays so. */
export const closeChannel = (channel: Channel): Effect.Effect<void> =>
  Effect.promise(() => Promise.resolve().then(() => channel.close()).catch(() => {})).pipe(
    Effect.timeoutOrElse({ duration: goodbye, orElse: () => Effect.void })
  )

const dial = (address: Address, settings: Settings, purpose: string): Effect.Effect<ChannelModel, BrokerError> => {
  const { parameters, shown } = address
  const heartbeat = settings.heartbeatSeconds ?? Number(parameters["heartbeat"] ?? defaultHeartbeatSeconds)
  const attempt = () =>
    connect({
      protocol: address.secure ? "amqps" : "amqp",
      hostname: address.host,
      port: address.port,
      vhost: address.virtualHost,
      heartbeat,
      ...numbersOf(parameters)
    }, {
      credentials: credentials.plain(address.user, Redacted.value(address.password)),
      clientProperties: { connection_name: `${settings.applicationName} (${purpose})` },
      noDelay: true,
      keepAlive: true,
      // Cuts a socket that hangs also when nobody waits for it any more.
      timeout: settings.connectMillis
    })
  return abandonable(attempt, cut, { shown, what: "connect" }).pipe(
    Effect.timeoutOrElse({
      duration: settings.connectMillis,
      orElse: () => Effect.fail(unanswered(shown))
    })
  )
}

const unanswered = (shown: string) =>
  failure(
    "Connection",
    { shown, what: "connect" },
    "no answer in time",
    "see that an AMQP broker listens there: RabbitMQ's port is 5672, and 5671 with TLS"
  )

const numbersOf = (parameters: Address["parameters"]): { channelMax?: number; frameMax?: number } =>
  Object.fromEntries(
    ["channelMax", "frameMax"].flatMap((name) =>
      parameters[name] === undefined ? [] : [[name, Number(parameters[name])]]
    )
  )

/** Says goodbye, and cuts the socket when no answer comes: the driver would wait for one as long as the system does. */
const close = (model: ChannelModel): Effect.Effect<void> =>
  Effect.promise(() => Promise.resolve().then(() => model.close()).catch(() => {})).pipe(
    Effect.timeoutOrElse({ duration: goodbye, orElse: () => Effect.void }),
    Effect.andThen(Effect.sync(() => cut(model)))
  )

const cut = (model: ChannelModel): void => void socketOf(model)?.destroy()

/** The driver does not show its socket. */
const socketOf = ({ connection }: ChannelModel): Duplex | undefined =>
  Predicate.hasProperty(connection, "stream") && connection.stream instanceof Duplex ? connection.stream : undefined

/** Sends what is written in one go as one packet; the driver writes message by message, which costs more than all else. */
const writeTogether = (socket: Duplex | undefined): void => {
  if (socket === undefined) return
  const uncork = () => socket.uncork()
  socket.write = new Proxy(socket.write, {
    apply: (write, self, args: Parameters<Duplex["write"]>) => {
      if (socket.writableCorked === 0) {
        socket.cork()
        process.nextTick(uncork)
      }
      return Reflect.apply(write, self, args)
    }
  })
}

/**
 * Watches a channel. The driver gives the number of a channel that the broker closed to the next one at once, while frames of
 * the former may still wait to be written; coming after the opening of the next, they would end the whole connection. So
 * nothing is opened before they are gone.
 */
const attend = (channel: Channel, leaving: Set<Promise<unknown>>): void => {
  const frames = framesOf(channel)
  // An error also closes the channel; without a listener it would end the process.
  channel.on("error", () => {})
  channel.on("close", () => {
    if (frames === undefined || frames.readableLength + frames.writableLength === 0) return
    const gone: Promise<unknown> = new Promise<void>((resolve) => frames.once("end", resolve))
      .then(() => leaving.delete(gone))
    leaving.add(gone)
  })
}

/** What the channel has written and the socket has not taken yet; the driver does not show it. */
const framesOf = (channel: Channel): Duplex | undefined => {
  const { connection } = channel
  if (!Predicate.hasProperty(channel, "ch") || typeof channel.ch !== "number") return undefined
  if (!Predicate.hasProperty(connection, "channels") || !Array.isArray(connection.channels)) return undefined
  const entry: unknown = connection.channels[channel.ch]
  return Predicate.hasProperty(entry, "buffer") && entry.buffer instanceof Duplex ? entry.buffer : undefined
}

/** A promise that cannot be cancelled: what it brings after an interruption is thrown away. */
const abandonable = <A>(
  make: () => Promise<A>,
  throwAway: (late: A) => void,
  attempted: { readonly shown: string; readonly what: string }
): Effect.Effect<A, BrokerError> =>
  Effect.callback<A, BrokerError>((resume) => {
    let wanted = true
    let brought: { readonly value: A } | undefined
    Promise.resolve().then(make).then(
      (value) => {
        brought = { value }
        if (wanted) resume(Effect.succeed(value))
        else throwAway(value)
      },
      (error) => resume(Effect.fail(fromDriver(error, attempted)))
    )
    return Effect.sync(() => {
      wanted = false
      if (brought !== undefined) throwAway(brought.value)
    })
  })
