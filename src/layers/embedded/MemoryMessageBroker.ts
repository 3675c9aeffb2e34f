/**
 * AMQP 0-9-1 without a server: a broker in this process, which does what RabbitMQ does.
 *
 * - `embedded:` a broker of its own for each `connect`, gone when the client's scope closes
 * - `embedded:NAME` one for all who name it, gone with the layer
 * - `embedded:./folder`, `embedded:/folder` one whose durable queues and persistent messages are kept in that folder, which one
 *   process at a time may use
 *
 * `BrokerHost` is the broker, `BrokerClient` what is seen of it, `BrokerDisk` its journal.
 */
import { Clock, Duration, Effect, FiberSet, Layer, RcMap, Redacted, Result, type Scope } from "effect"
import { resolve } from "node:path"
import type { Journal } from "../../services/Journal.ts"
import { BrokerError, type ConnectOptions, MessageBroker } from "../../services/MessageBroker.ts"
import * as Client from "./broker/BrokerClient.ts"
import { Connection } from "./broker/BrokerConnection.ts"
import * as Disk from "./broker/BrokerDisk.ts"
import { BrokerHost } from "./broker/BrokerHost.ts"

export interface Options {
  /** Folder that relative ones in URLs start from. @default the working directory */
  readonly directory?: string | undefined
  /** When what is kept in a folder is on the disk, as in `services/Journal`. @default "1 second" */
  readonly sync?: "always" | "never" | Duration.Input | undefined
  /** Most messages in all queues of one broker; a publish of one more fails with `Refused`. @default 1,000,000 */
  readonly maxMessages?: number | undefined
  /** Most bytes of their bodies. @default 256 MiB */
  readonly maxBytes?: number | undefined
}

/** What a fake adds; it takes URLs of servers too. */
export interface Tricks {
  readonly faults: Client.Faults
  /** Runs before a connection is made. */
  readonly connect: Effect.Effect<void, BrokerError>
  /** Runs while a connection is there. */
  readonly connected: (connection: Connection) => Effect.Effect<void, never, Scope.Scope>
}

/** One broker by its place. */
interface Place {
  /** Absolute; empty for those in memory. */
  readonly folder: string
  /** Tells those in memory apart; of one who is not shared it is empty, and `own` a number. */
  readonly name: string
  readonly own: number
}

export const make = Effect.fnUntraced(
  function*(
    options: Options,
    tricks?: Tricks
  ): Effect.fn.Return<MessageBroker["Service"], never, Journal | Scope.Scope> {
    const hosts = yield* RcMap.make({
      lookup: Effect.fnUntraced(function*({ folder }: Place) {
        const host = yield* open(options)
        const disk = folder === "" ? undefined : yield* Disk.open(folder, host, options.sync)
        return { host, disk }
      }),
      idleTimeToLive: ({ name }: Place) => name === "" ? Duration.zero : Duration.infinity
    })
    const connections = yield* RcMap.make({
      lookup: Effect.fnUntraced(
        function*({ connect, place }: { readonly place: Place; readonly connect: ConnectOptions }) {
          const { disk, host } = yield* RcMap.get(hosts, place)
          const connection = new Connection(host, connect)
          yield* Effect.addFinalizer(() => Effect.sync(() => connection.close("is closed")))
          if (tricks !== undefined) yield* tricks.connected(connection)
          return { connection, disk }
        }
      )
    })
    let brokers = 0

    return MessageBroker.of({
      connect: Effect.fn("MessageBroker.connect")(function*(url, connect = {}) {
        const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
        const place = yield* Effect.fromResult(
          parse(text, options.directory ?? process.cwd(), () => ++brokers, tricks !== undefined)
        )
        if (tricks !== undefined) yield* tricks.connect
        const { connection, disk } = yield* RcMap.get(connections, { place, connect })
        return yield* Client.make({ connection, connect, disk, faults: tricks?.faults })
      })
    })
  }
)

/** Makes no broker until the first `connect`; those in memory are gone when it closes. */
export const layer = (options: Options = {}): Layer.Layer<MessageBroker, never, Journal> =>
  Layer.effect(MessageBroker, make(options))

/** A broker whose times are of this fiber's clock. */
const open = Effect.fnUntraced(function*(options: Options) {
  const clock = yield* Clock.Clock
  const fork = yield* FiberSet.makeRuntime<never, void>()
  return new BrokerHost({
    now: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
    wallTime: () => clock.currentTimeMillisUnsafe(),
    after: (millis, run) => {
      const fiber = fork(Effect.andThen(Effect.sleep(millis), Effect.sync(run)))
      return () => fiber.interruptUnsafe()
    },
    maxMessages: options.maxMessages ?? 1_000_000,
    maxBytes: options.maxBytes ?? 256 * 1024 * 1024
  })
})

const parse = (
  url: string,
  directory: string,
  next: () => number,
  otherUrls: boolean
): Result.Result<Place, BrokerError> => {
  if (otherUrls && !url.startsWith("embedded:")) return Result.succeed({ folder: "", name: withoutLogin(url), own: 0 })
  const place = url.replace(/^embedded:/, "")
  if (place === "") return Result.succeed({ folder: "", name: "", own: next() })
  if (/^(\.{0,2}\/|\.{1,2}$)/.test(place)) {
    return Result.succeed({ folder: resolve(directory, place), name: "", own: 0 })
  }
  if (/^[\w.-]{1,100}$/.test(place)) return Result.succeed({ folder: "", name: place, own: 0 })
  return Result.fail(
    new BrokerError({
      reason: "Connection",
      message: "the URL names no embedded message broker",
      hint:
        "write embedded: for one of its own, embedded:name (letters, digits, _ . -) for a shared one, embedded:./folder for one that is kept"
    })
  )
}

const withoutLogin = (url: string): string => url.replace(/^([\w+.-]+:\/\/)[^/]*@/, "$1")
