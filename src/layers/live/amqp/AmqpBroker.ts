/**
 * The connections of one URL with the same options: one for publishing, so that a broker that holds publishers back leaves all
 * else alone, and one for everything else. Exclusive queues belong to the latter.
 */
import { Duration, Effect, type Scope } from "effect"
import * as Health from "../../../services/Health.ts"
import type { BrokerError } from "../../../services/MessageBroker.ts"
import * as PoolMetrics from "../../../services/PoolMetrics.ts"
import type { Address } from "./AmqpAddress.ts"
import * as Asking from "./AmqpAsk.ts"
import * as Connection from "./AmqpConnection.ts"
import * as Link from "./AmqpLink.ts"
import * as Publisher from "./AmqpPublisher.ts"
import type { Settings } from "./AmqpSettings.ts"
import * as Topology from "./AmqpTopology.ts"

export interface Shared {
  readonly publisher: Publisher.Publisher
  readonly consuming: Link.Link
  readonly ask: Asking.Ask
  /** What the clients have declared, to be declared again. */
  readonly declared: Set<Topology.Declared>
  /** Told of the channels of consumers. */
  readonly onChannel: (change: 1 | -1) => void
  readonly reconnects: () => number
  readonly channels: () => {
    readonly open: number
    readonly busy: number
    readonly waiting: number
    readonly opened: number
    readonly closed: number
  }
  readonly health: Effect.Effect<Health.Health>
}

/** Connects; both connections close with the scope. */
export const open = Effect.fnUntraced(function*(
  address: Address,
  settings: Settings
): Effect.fn.Return<Shared, BrokerError, Scope.Scope> {
  const { server, shown } = address
  const declared = new Set<Topology.Declared>()
  const publisher = yield* Publisher.make(shown, settings, (seconds) => waited(seconds))
  const quiet = { onBlocked: () => {}, onUnblocked: () => {} }

  const declareAgain = (ask: Asking.Ask) =>
    Effect.forEach(declared, ({ topology }) => Topology.again(ask, topology), { discard: true })
  const consuming = yield* Link.open({
    settings,
    shown,
    connect: Connection.open(address, settings, "consuming", quiet),
    onUp: (connection, isFirst) =>
      isFirst ? Effect.void : declareAgain(Asking.make(shown, { use: Effect.succeed(connection) }, settings).ask),
    onDown: () => {}
  })
  const asking = Asking.make(shown, consuming, settings)
  const publishing = yield* Link.open({
    settings,
    shown,
    connect: Connection.open(address, settings, "publishing", {
      onBlocked: () => publisher.setBlocked(true),
      onUnblocked: () => publisher.setBlocked(false)
    }),
    onUp: (connection, isFirst) =>
      Effect.andThen(
        // What was not durable is gone with a broker that was restarted: nothing is published before it is there again.
        isFirst ? Effect.void : declareAgain(asking.ask),
        Effect.sync(() => publisher.onUp(connection))
      ),
    onDown: (why) => publisher.onDown(why)
  })

  let [consumers, opened] = [0, 0]
  const channels = () => {
    const forPublishing = publisher.channels()
    const forAsking = asking.channels()
    return {
      open: forPublishing.open + forAsking.open + consumers,
      busy: forPublishing.busy + forAsking.open + consumers,
      waiting: forPublishing.waiting + forAsking.waiting,
      opened: forPublishing.opened + forAsking.opened + opened,
      closed: forPublishing.closed + forAsking.opened - forAsking.open + opened - consumers
    }
  }
  const pool = (): Health.Pool => {
    const { busy, open, waiting } = publisher.channels()
    return { max: settings.maxChannels, open, busy, waiting }
  }
  const waited = yield* PoolMetrics.show({ service: "messages", server }, pool)

  return {
    publisher,
    consuming,
    ask: asking.ask,
    declared,
    onChannel: (change) => {
      consumers += change
      if (change === 1) opened++
    },
    reconnects: () => consuming.reconnects() + publishing.reconnects(),
    channels,
    health: Effect.suspend(() => {
      const problem = consuming.problem() ?? publishing.problem()
      if (problem !== undefined) return Effect.succeed(down(problem, pool()))
      return Health.ask({
        version: Effect.map(consuming.use, ({ version }) => version),
        ping: Effect.timeoutOrElse(asking.ask("open a channel", () => Promise.resolve()), {
          duration: Duration.seconds(5),
          orElse: () => Effect.fail(noAnswer)
        }),
        pool
      }).pipe(Effect.map((health) => publisher.isBlocked() && health.status === "up" ? blocked(health) : health))
    })
  }
})

const noAnswer = { message: "the broker did not answer in 5 seconds" }

const down = ({ hint, message }: BrokerError, pool: Health.Pool): Health.Health => ({
  status: "down",
  problem: message,
  ...hint === undefined ? {} : { hint },
  pool
})

const blocked = (health: Health.Health): Health.Health => ({
  ...health,
  status: "degraded",
  problem: "the broker takes no messages for now",
  hint: "it is short of memory or disk: see rabbitmqctl status, and consume what waits"
})
