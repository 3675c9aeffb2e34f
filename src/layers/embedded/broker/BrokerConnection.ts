/**
 * The connection of one or more clients to an embedded broker, as far as there is one: it has exclusive queues for itself, may be
 * lost and come back, and may be blocked. Without faults it is up from the beginning to the end.
 *
 * States: up (lost by `lose`), lost (up again when `recover` succeeds, closed after `reconnectTimeout`), closed (for good).
 */
import { Deferred, Duration, Effect, Result } from "effect"
import { type Binding, BrokerError, type ConnectOptions, type Topology } from "../../../services/MessageBroker.ts"
import type { BrokerHost } from "./BrokerHost.ts"

/** What goes with a connection, and comes back with it when it can. */
export interface Attached {
  readonly detach: () => void
  readonly attach: () => void
  /** The connection does not come back. */
  readonly abandon: (error: BrokerError) => void
}

export class Connection {
  readonly host: BrokerHost
  readonly #options: ConnectOptions
  readonly #attached = new Set<Attached>()
  readonly #exchanges = new Map<string, NonNullable<Topology["exchanges"]>[number]>()
  readonly #queues = new Map<string, NonNullable<Topology["queues"]>[number]>()
  readonly #bindings = new Map<string, Binding>()
  #up = Deferred.makeUnsafe<void, BrokerError>()
  #lost = Deferred.makeUnsafe<void>()
  #open = true
  reconnects = 0

  constructor(host: BrokerHost, options: ConnectOptions) {
    this.host = host
    this.#options = options
    Deferred.doneUnsafe(this.#up, Effect.void)
  }

  get isUp(): boolean {
    return this.#open
  }

  /** Waits while it is lost; fails when it was given up. */
  readonly up: Effect.Effect<void, BrokerError> = Effect.suspend(() => Deferred.await(this.#up))

  /** Waits until what is up now is lost. */
  readonly lost: Effect.Effect<void> = Effect.suspend(() => Deferred.await(this.#lost))

  attach(one: Attached): void {
    this.#attached.add(one)
    if (this.#open) one.attach()
  }

  detach(one: Attached): void {
    this.#attached.delete(one)
    one.detach()
  }

  /** Declares in order, stops at the first that the broker refuses, and remembers the others. */
  declare({ bindings = [], exchanges = [], queues = [] }: Topology): Result.Result<void, BrokerError> {
    for (const exchange of exchanges) {
      const done = this.host.declareExchange(exchange)
      if (Result.isFailure(done)) return done
      this.#exchanges.set(exchange.name, exchange)
    }
    for (const queue of queues) {
      const done = this.host.declareQueue(queue, this)
      if (Result.isFailure(done)) return done
      this.#queues.set(queue.name, queue)
    }
    for (const binding of bindings) {
      const done = this.host.bind(binding, this)
      if (Result.isFailure(done)) return done
      this.#bindings.set(keyOf(binding), binding)
    }
    return Result.void
  }

  /** What is deleted on purpose does not come back with the connection. */
  deleteQueue(name: string): Result.Result<number, BrokerError> {
    return Result.map(this.host.deleteQueue(name, this), (removed) => {
      this.#queues.delete(name)
      this.#forget(({ queue }) => queue === name)
      return removed
    })
  }

  /** Leaves a queue of this name that is not for this connection only. */
  deleteExclusive(name: string): void {
    const queue = this.host.queue(name, this)
    if (Result.isSuccess(queue) && queue.success.owner === this) this.deleteQueue(name)
  }

  deleteExchange(name: string): Result.Result<void, BrokerError> {
    return Result.map(this.host.deleteExchange(name), () => {
      this.#exchanges.delete(name)
      this.#forget(({ exchange, toExchange }) => exchange === name || toExchange === name)
    })
  }

  /** Breaks it: what was not settled goes back, exclusive queues go. Answers with whether it was up. */
  lose(): boolean {
    if (!this.#open) return false
    this.#open = false
    this.#up = Deferred.makeUnsafe()
    for (const one of this.#attached) one.detach()
    this.host.disconnected(this)
    Deferred.doneUnsafe(this.#lost, Effect.void)
    return true
  }

  /** Ends it for good; who uses it is told why. */
  close(why: string): void {
    this.lose()
    const error = new BrokerError({ reason: "Connection", message: `the connection to the broker ${why}` })
    for (const one of this.#attached) one.abandon(error)
    Deferred.doneUnsafe(this.#up, Effect.fail(error))
  }

  /** Comes back after the reconnect delay, and as often as `reach` fails after a longer one. */
  readonly recover = (reach: Effect.Effect<void, BrokerError>): Effect.Effect<void> => {
    const { maxReconnectDelay = "10 seconds", reconnectDelay = "100 millis", reconnectTimeout = Duration.infinity } =
      this.#options
    const longest = Duration.fromInputUnsafe(maxReconnectDelay)
    const attempt = (delay: Duration.Duration): Effect.Effect<void> =>
      Effect.sleep(delay).pipe(
        Effect.andThen(reach),
        Effect.matchEffect({
          onFailure: () => attempt(Duration.min(Duration.times(delay, 1.5), longest)),
          onSuccess: () => Effect.sync(() => this.#comeBack())
        })
      )
    return attempt(Duration.fromInputUnsafe(reconnectDelay)).pipe(
      Effect.timeoutOrElse({
        duration: reconnectTimeout,
        orElse: () => Effect.sync(() => this.close("was lost, and did not come back in time"))
      })
    )
  }

  #forget(isGone: (binding: Binding) => boolean): void {
    for (const [key, binding] of this.#bindings) if (isGone(binding)) this.#bindings.delete(key)
  }

  #comeBack(): void {
    this.#open = true
    this.#lost = Deferred.makeUnsafe()
    this.reconnects++
    this.declare({
      exchanges: [...this.#exchanges.values()],
      queues: [...this.#queues.values()],
      bindings: [...this.#bindings.values()]
    })
    for (const one of this.#attached) one.attach()
    Deferred.doneUnsafe(this.#up, Effect.void)
  }
}

/** The same for bindings that are the same. */
const keyOf = (binding: Binding): string =>
  JSON.stringify(binding, (_, value: unknown) => typeof value === "bigint" ? `${value}n` : value)
