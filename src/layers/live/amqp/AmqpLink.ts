/**
 * A connection that is made again when it is lost: after a short delay, which grows by half with each attempt that fails, with
 * jitter, for as long as the scope is open.
 *
 * `amqplib` has a recovery of its own, and this is not built on it: it brings back only the connection, so that channels,
 * consumers and unconfirmed messages are ours to mend anyway; it tries a wrong password at the start as often as a lost
 * server; what waits for it can neither be interrupted nor bounded; and its timers do not end with a scope.
 */
import { Clock, Deferred, Effect, Schedule, type Scope } from "effect"
import type { BrokerError } from "../../../services/MessageBroker.ts"
import type { Connection } from "./AmqpConnection.ts"
import { failure } from "./AmqpFailure.ts"
import type { Settings } from "./AmqpSettings.ts"

export interface Link {
  /** The open connection; waits while it is made again, at most for `reconnectTimeout` after it was lost. */
  readonly use: Effect.Effect<Connection, BrokerError>
  readonly isUp: () => boolean
  /** Why there is no connection. */
  readonly problem: () => BrokerError | undefined
  /** How often it was made again. */
  readonly reconnects: () => number
}

export interface Options {
  readonly shown: string
  readonly settings: Settings
  readonly connect: Effect.Effect<Connection, BrokerError, Scope.Scope>
  /** Runs on each new connection before anybody may use it; when it fails, the connection is made again. */
  readonly onUp: (connection: Connection, isFirst: boolean) => Effect.Effect<void, BrokerError>
  readonly onDown: (why: BrokerError) => void
}

/** Connects; the first attempt is the only one whose failure is told at once: a broker that was never there is not waited for. */
export const open = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Link, BrokerError, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const { delayMillis, maxDelayMillis, reconnectMillis } = options.settings
  const first = yield* Deferred.make<void, BrokerError>()
  let next = yield* Deferred.make<Connection, BrokerError>()
  let up: Connection | undefined
  let problem: BrokerError | undefined
  let lostAt = 0
  let connections = 0

  const life = Effect.scoped(Effect.gen(function*() {
    const connection = yield* options.connect
    yield* Effect.raceFirst(
      options.onUp(connection, connections === 0),
      Effect.flatMap(connection.lost, (why) => Effect.fail(why))
    )
    connections++
    up = connection
    problem = undefined
    yield* Deferred.succeed(next, connection)
    yield* Deferred.succeed(first, undefined)
    const why = yield* connection.lost
    next = Deferred.makeUnsafe()
    up = undefined
    problem = why
    lostAt = now()
    options.onDown(why)
  }))

  const again = Effect.sleep(delayMillis).pipe(
    Effect.andThen(Effect.retry(
      Effect.tapError(life, (error) => Effect.sync(() => problem = error)),
      Schedule.min([
        Schedule.exponential(delayMillis, 1.5),
        Schedule.spaced(maxDelayMillis)
      ]).pipe(Schedule.jittered)
    )),
    Effect.forever
  )
  yield* Effect.addFinalizer(() => {
    problem = failure("Connection", { shown: options.shown, what: "use the connection" }, "the client was closed")
    const waited = next
    up = undefined
    next = Deferred.makeUnsafe()
    return Effect.andThen(Deferred.fail(waited, problem), Deferred.fail(next, problem))
  })
  yield* Effect.forkScoped(
    Effect.matchEffect(life, { onFailure: (error) => Deferred.fail(first, error), onSuccess: () => again })
  )
  yield* Deferred.await(first)

  const giveUp = Effect.suspend(() => {
    const why = problem?.message ?? "the connection was lost"
    return Effect.fail(failure("Connection", { shown: options.shown, what: "reconnect in time" }, why, problem?.hint))
  })
  return {
    use: Effect.suspend(() => {
      if (up !== undefined) return Effect.succeed(up)
      const opened = Deferred.await(next)
      if (reconnectMillis === Infinity) return opened
      const left = lostAt + reconnectMillis - now()
      return Effect.timeoutOrElse(opened, { duration: Math.max(0, left), orElse: () => giveUp })
    }),
    isUp: () => up !== undefined,
    problem: () => problem,
    reconnects: () => Math.max(0, connections - 1)
  }
})
