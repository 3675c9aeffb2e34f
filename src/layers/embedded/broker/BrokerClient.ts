/** A client of an embedded broker: every operation is one call of the broker, between what a fake and a journal make of it. */
import { Effect, Option, Result, type Scope, Stream } from "effect"
import { randomUUID } from "node:crypto"
import * as Health from "../../../services/Health.ts"
import {
  type BrokerClient,
  BrokerError,
  type ConnectOptions,
  type ConsumeOptions,
  type Delivery,
  type Outgoing,
  type Topology
} from "../../../services/MessageBroker.ts"
import * as Check from "../../../services/messages/Topology.ts"
import { Channel, type Settled } from "./BrokerChannel.ts"
import type { Attached, Connection } from "./BrokerConnection.ts"
import { Counts } from "./BrokerCounts.ts"
import type { Disk } from "./BrokerDisk.ts"
import * as Publisher from "./BrokerPublisher.ts"
import * as Requests from "./BrokerRequests.ts"
import { Subscription } from "./BrokerSubscription.ts"

/** What goes wrong on purpose; absent in a broker that is no fake. */
export interface Faults {
  /** Runs before an operation. */
  readonly before: (operation: string) => Effect.Effect<void, BrokerError>
  /** Waits while the broker blocks publishers. */
  readonly unblocked: Effect.Effect<void>
  readonly isBlocked: () => boolean
  /** Is told of each publish when it is sent, and says what becomes of it. */
  readonly sent: (message: Outgoing, messageId: string) => "arrives" | "twice" | "unconfirmed" | "refused"
}

export interface Options {
  readonly connection: Connection
  readonly connect: ConnectOptions
  readonly disk: Disk | undefined
  readonly faults: Faults | undefined
}

export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<BrokerClient, never, Scope.Scope> {
  const { connection, disk, faults } = options
  const { host } = connection
  const isDirect = disk === undefined && faults === undefined
  const counts = new Counts(connection, faults)
  const before = (operation: string): Effect.Effect<void, BrokerError> =>
    faults === undefined ? connection.up : Effect.andThen(faults.before(operation), connection.up)
  const settled: Settled = (entry, how) => {
    if (how === "ack") counts.acknowledged++
    return disk === undefined || !entry.kept ? Effect.void : disk.flushed
  }

  const byHand = new ByHand(connection, counts, settled)
  yield* attachScoped(connection, byHand)

  const publish = Publisher.make(options, counts)
  const subscribe = Effect.fnUntraced(function*(queue: string, consuming: ConsumeOptions) {
    const wrong = prefetchRefusal(queue, consuming)
    if (wrong !== undefined) return yield* wrong
    yield* before("consume")
    const needs = { host, connection, settled, delivered: () => void counts.delivered++ }
    const subscription = new Subscription(queue, `skein-${randomUUID()}`, consuming, needs)
    yield* attachScoped(connection, subscription)
    return Stream.fromPull(Effect.succeed(subscription.pull))
  })
  const consume: BrokerClient["consume"] = (queue, consuming = {}) => Stream.unwrap(subscribe(queue, consuming))

  /** Asks for what is there, or changes it: then it is kept before it answers. */
  const ask = <A>(operation: string, run: () => Result.Result<A, BrokerError>): Effect.Effect<A, BrokerError> =>
    Effect.andThen(before(operation), Effect.suspend(() => Effect.fromResult(run())))
  const change = <A>(operation: string, run: () => Result.Result<A, BrokerError>): Effect.Effect<A, BrokerError> =>
    disk === undefined ? ask(operation, run) : Effect.tap(ask(operation, run), disk.flushed)

  /** Exclusive queues, which go with the client when it shares its connection. */
  const own = new Set<string>()
  yield* Effect.addFinalizer(() => Effect.sync(() => own.forEach((name) => connection.deleteExclusive(name))))
  const declare = Effect.fn("BrokerClient.declare")(function*(topology: Topology) {
    const wrong = Check.refusal(topology)
    if (wrong !== undefined) return yield* wrong
    yield* change("declare", () => connection.declare(topology))
    for (const { exclusive, name } of topology.queues ?? []) if (exclusive === true) own.add(name)
  })

  return {
    declare,
    publish,
    publishMany: (messages, { window = 256 } = {}) =>
      isDirect
        ? Stream.mapEffect(messages, publish)
        // A failure waits for its turn, so that the confirms before it come out.
        : Stream.mapEffect(messages, (message) => Effect.exit(publish(message)), { concurrency: window }).pipe(
          Stream.mapEffect((exit) => exit)
        ),
    consume,
    request: yield* Requests.make({ consume, declare, publish }),
    get: Effect.fn("BrokerClient.get")((queue) => ask("get", () => byHand.next(queue))),
    queue: Effect.fn("BrokerClient.queue")((name) =>
      ask("queue", () => Result.map(host.queue(name, connection), ({ consumers, depth }) => ({ depth, consumers })))
    ),
    purge: Effect.fn("BrokerClient.purge")((queue) =>
      change("purge", () => Result.map(host.queue(queue, connection), (found) => found.purge()))
    ),
    deleteQueue: Effect.fn("BrokerClient.deleteQueue")((name) =>
      change("deleteQueue", () => connection.deleteQueue(name))
    ),
    deleteExchange: Effect.fn("BrokerClient.deleteExchange")((name) =>
      change("deleteExchange", () => connection.deleteExchange(name))
    ),
    health: Health.ask({ version: Effect.as(before("health"), "embedded"), ping: Effect.void }),
    statistics: Effect.sync(() => counts.show())
  }
})

const attachScoped = (connection: Connection, one: Attached): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => connection.attach(one)),
    () => Effect.sync(() => connection.detach(one))
  )

/** Messages that were taken one by one, on a channel that lives as long as the client and its connection. */
class ByHand implements Attached {
  readonly #connection: Connection
  readonly #counts: Counts
  readonly #settled: Settled
  #channel: Channel

  constructor(connection: Connection, counts: Counts, settled: Settled) {
    this.#connection = connection
    this.#counts = counts
    this.#settled = settled
    this.#channel = new Channel(settled)
  }

  attach(): void {
    this.#channel = new Channel(this.#settled)
  }

  detach(): void {
    this.#channel.close()
  }

  abandon(): void {
    this.#channel.close()
  }

  next(name: string): Result.Result<Option.Option<Delivery>, BrokerError> {
    return Result.map(this.#connection.host.queue(name, this.#connection), (queue) => {
      const entry = queue.take()
      if (entry === undefined) return Option.none()
      this.#counts.delivered++
      return Option.some(this.#channel.hold(queue, entry))
    })
  }
}

const prefetchRefusal = (queue: string, { prefetch = 1 }: ConsumeOptions): BrokerError | undefined =>
  Number.isInteger(prefetch) && prefetch >= 1 && prefetch <= 65535 ? undefined : new BrokerError({
    reason: "Invalid",
    message: `the queue "${queue}" cannot be consumed from: prefetch is ${prefetch}, not a whole number from 1 to 65535`
  })
