/**
 * The embedded broker for tests: the same exchanges and queues, with what goes wrong on the way to a server on demand, and a
 * record of what was published. URLs of servers lead to a broker in memory too: one for each, whoever logs in.
 *
 * Clients come back from a lost connection as those of a server do: messages that were not confirmed are sent again under the
 * same id, what was not acknowledged comes again as `redelivered`. Times are of the clock that the layer is built with, so that
 * a `TestClock` decides them.
 */
import { Context, Duration, Effect, FiberSet, Latch, Layer } from "effect"
import { BrokerError, MessageBroker, type Outgoing } from "../../services/MessageBroker.ts"
import type { Connection } from "../embedded/broker/BrokerConnection.ts"
import * as Memory from "../embedded/MemoryMessageBroker.ts"
import * as FileJournal from "../live/FileJournal.ts"

/** One publish that reached the broker, also one that it refused or whose confirm was lost; one that was sent twice is there twice. */
export interface Published {
  readonly messageId: string
  readonly message: Outgoing
}

export class FakeMessageBroker extends Context.Service<FakeMessageBroker, {
  /** Makes the next `times` operations of clients fail, whoever asks; added to those that are still to fail. */
  readonly failNext: (times: number, reason: BrokerError["reason"]) => Effect.Effect<void>
  /** Makes the next `times` connects fail. */
  readonly failConnect: (times: number, reason: BrokerError["reason"]) => Effect.Effect<void>
  /** Delays every operation from now on; zero ends that. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>
  /** Refuses the next `times` messages with a nack. */
  readonly refuseNext: (times: number) => Effect.Effect<void>
  /** Puts the next `times` messages into their queues twice, as if they had been sent again. */
  readonly duplicateNext: (times: number) => Effect.Effect<void>
  /** Takes the next `times` messages and loses their confirms: they time out, or are sent again after `dropConnections`. */
  readonly loseConfirms: (times: number) => Effect.Effect<void>
  /** Loses every connection. Clients are back after their `reconnectDelay`. */
  readonly dropConnections: Effect.Effect<void>
  /** Kills the broker: every connection is lost, and what is not durable or not persistent is gone. Nobody connects until `start`. */
  readonly stop: Effect.Effect<void>
  /** Ends `stop`. Clients come back when they try the next time. */
  readonly start: Effect.Effect<void>
  /** Makes publishers wait, as `connection.blocked` does. */
  readonly block: Effect.Effect<void>
  readonly unblock: Effect.Effect<void>
  /** The last 100,000 messages that were published, oldest first. */
  readonly published: Effect.Effect<ReadonlyArray<Published>>
}>()("skein/layers/FakeMessageBroker") {}

const maxRecords = 100_000

/** What becomes of messages on demand; the first one that is not done decides. */
const fates = ["refused", "twice", "unconfirmed"] as const

const make = Effect.fnUntraced(function*(options: Memory.Options) {
  const failing: Array<BrokerError["reason"]> = []
  const failingConnects: Array<BrokerError["reason"]> = []
  const due = { refused: 0, twice: 0, unconfirmed: 0 }
  const published: Array<Published> = []
  const connections = new Map<Connection, (recovery: Effect.Effect<void>) => void>()
  const flowing = Latch.makeUnsafe(true)
  let delay = Duration.zero
  let isBlocked = false
  let isStopped = false

  const reach = Effect.suspend(() => isStopped ? made("Connection", "connect: it is stopped") : Effect.void)
  const drop = Effect.sync(() => {
    for (const [connection, run] of connections) if (connection.lose()) run(connection.recover(reach))
  })

  const broker = yield* Memory.make(options, {
    connect: Effect.suspend(() => {
      const reason = failingConnects.shift()
      return reason === undefined ? reach : made(reason, "connect: made to fail")
    }),
    connected: Effect.fnUntraced(function*(connection) {
      const run = yield* FiberSet.makeRuntime<never, void>()
      connections.set(connection, run)
      yield* Effect.addFinalizer(() => Effect.sync(() => connections.delete(connection)))
    }),
    faults: {
      before: Effect.fnUntraced(function*(operation) {
        if (Duration.toMillis(delay) > 0) yield* Effect.sleep(delay)
        const reason = failing.shift()
        if (reason !== undefined) return yield* made(reason, `${operation}: made to fail`)
      }),
      unblocked: flowing.await,
      isBlocked: () => isBlocked,
      sent: (message, messageId) => {
        published.push({ message, messageId })
        if (published.length > maxRecords) published.shift()
        const fate = fates.find((fate) => due[fate] > 0)
        if (fate === undefined) return "arrives"
        due[fate]--
        return fate
      }
    }
  })

  const add = (fate: typeof fates[number]) => (times: number) => Effect.sync(() => void (due[fate] += times))
  return Context.make(MessageBroker, broker).pipe(Context.add(FakeMessageBroker, {
    failNext: (times, reason) => Effect.sync(() => void failing.push(...Array.from({ length: times }, () => reason))),
    failConnect: (times, reason) =>
      Effect.sync(() => void failingConnects.push(...Array.from({ length: times }, () => reason))),
    delay: (duration) => Effect.sync(() => void (delay = Duration.fromInputUnsafe(duration))),
    refuseNext: add("refused"),
    duplicateNext: add("twice"),
    loseConfirms: add("unconfirmed"),
    dropConnections: drop,
    stop: Effect.andThen(
      Effect.sync(() => void (isStopped = true)),
      Effect.andThen(
        drop,
        Effect.sync(() => {
          for (const host of new Set([...connections.keys()].map(({ host }) => host))) host.crash()
        })
      )
    ),
    start: Effect.sync(() => void (isStopped = false)),
    block: Effect.sync(() => {
      isBlocked = true
      flowing.closeUnsafe()
    }),
    unblock: Effect.sync(() => {
      isBlocked = false
      flowing.openUnsafe()
    }),
    published: Effect.sync(() => [...published])
  }))
})

/** The embedded broker with controls. Opens nothing until the first `connect`. */
export const layer = (options: Memory.Options = {}): Layer.Layer<MessageBroker | FakeMessageBroker> =>
  Layer.provide(Layer.effectContext(make(options)), FileJournal.layer())

const made = (reason: BrokerError["reason"], what: string) =>
  new BrokerError({ reason, message: `on the fake message broker, ${what}` })
