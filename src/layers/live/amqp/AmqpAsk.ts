/** Questions and orders to the broker, each on a channel of its own that is thrown away: a refusal closes it and harms nobody. */
import { Effect, Schedule, type Scope, Semaphore } from "effect"
import type { BrokerError } from "../../../services/MessageBroker.ts"
import { type Channel, closeChannel } from "./AmqpConnection.ts"
import { failure, fromDriver } from "./AmqpFailure.ts"
import type { Link } from "./AmqpLink.ts"
import type { Settings } from "./AmqpSettings.ts"

/** Does one thing, named by `what` in its error, a function where that changes; again when the connection was lost meanwhile. */
export type Ask = <A>(
  what: string | (() => string),
  use: (channel: Channel) => Promise<A>
) => Effect.Effect<A, BrokerError>

export interface Asking {
  readonly ask: Ask
  readonly channels: () => { open: number; waiting: number; opened: number }
}

/** Asks over `link`, on at most `maxChannels` channels at a time. */
export const make = (shown: string, link: Pick<Link, "use">, settings: Settings): Asking => {
  const { acquireMillis, confirmMillis, maxChannels } = settings
  const semaphore = Semaphore.makeUnsafe(maxChannels)
  let [open, waiting, opened] = [0, 0, 0]

  const attempted = (what: string | (() => string)) => ({ shown, what: typeof what === "string" ? what : what() })

  const permit = (what: string | (() => string)): Effect.Effect<void, BrokerError, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        waiting++
        return Effect.ensuring(semaphore.take(1), Effect.sync(() => waiting--))
      }).pipe(Effect.timeoutOrElse({
        duration: acquireMillis,
        orElse: () =>
          Effect.fail(failure("Busy", attempted(what), `no channel became free in time; there are ${maxChannels}`))
      })),
      () => semaphore.release(1),
      { interruptible: true }
    ).pipe(Effect.asVoid)

  const once = <A>(what: string | (() => string), use: (channel: Channel) => Promise<A>, onLost: () => void) =>
    Effect.scoped(Effect.gen(function*() {
      yield* permit(what)
      const connection = yield* link.use
      const answer = Effect.gen(function*() {
        const channel = yield* Effect.acquireRelease(
          Effect.map(connection.openChannel, (channel) => {
            open++
            opened++
            return channel
          }),
          (channel) => Effect.ensuring(closeChannel(channel), Effect.sync(() => open--)),
          { interruptible: true }
        )
        return yield* Effect.tryPromise({
          try: () => use(channel),
          catch: (error) => fromDriver(error, attempted(what))
        })
      })
      return yield* answer.pipe(
        Effect.tapError(({ code, reason }) =>
          Effect.sync(() => reason === "Connection" && code === undefined && onLost())
        ),
        Effect.timeoutOrElse({
          duration: confirmMillis,
          orElse: () => Effect.fail(failure("Timeout", attempted(what), "no answer in time"))
        })
      )
    }))

  return {
    ask: (what, use) =>
      Effect.suspend(() => {
        // A connection that could not be made again in time is not asked for once more.
        let isLost = false
        const attempt = Effect.suspend(() => {
          isLost = false
          return once(what, use, () => isLost = true)
        })
        return Effect.retry(attempt, { while: () => isLost, times: 5, schedule: Schedule.spaced("50 millis") })
      }),
    channels: () => ({ open, waiting, opened })
  }
}
