/**
 * Takes single messages. Those of one queue share a channel, which is open while any of them is not settled: so a queue that is
 * missing closes no other's channel, and asking an empty queue leaves nothing open.
 */
import { Effect, Exit, Option, Schedule, Scope } from "effect"
import type { BrokerError, Delivery } from "../../../services/MessageBroker.ts"
import type { Channel, GetMessage } from "./AmqpConnection.ts"
import { openChannel, type Options } from "./AmqpConsumer.ts"
import * as Deliveries from "./AmqpDelivery.ts"
import { failure, fromDriver } from "./AmqpFailure.ts"
import type { Settler } from "./AmqpSettler.ts"

interface Getter {
  readonly channel: Channel
  readonly settler: Settler
  readonly scope: Scope.Closeable
  /** Messages that are not settled, and questions under way. */
  users: number
}

/** Makes `get`; its channels close with the scope at the latest. */
export const make = Effect.fnUntraced(function*(options: Options) {
  const scope = yield* Effect.scope
  const getters = new Map<string, Getter>()

  const enter = Effect.fnUntraced(function*(queue: string) {
    const connection = yield* options.link.use
    const known = getters.get(queue)
    if (known !== undefined && known.settler.isOpen) {
      known.users++
      return known
    }
    const own = yield* Scope.fork(scope)
    const opened = yield* Effect.onError(
      Scope.provide(openChannel(connection, options), own),
      () => Scope.close(own, Exit.void)
    )
    const getter: Getter = { ...opened, scope: own, users: 1 }
    getters.set(queue, getter)
    return getter
  })

  const leave = (queue: string, getter: Getter) =>
    Effect.suspend(() => {
      if (--getter.users > 0) return Effect.void
      if (getters.get(queue) === getter) getters.delete(queue)
      return Scope.close(getter.scope, Exit.void)
    })

  const once = (queue: string): Effect.Effect<Option.Option<Delivery>, BrokerError> => {
    const attempted = { shown: options.shown, what: `get a message of the queue "${queue}"` }
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(enter(queue)), (getter) =>
        restore(ask(getter.channel, queue, attempted)).pipe(
          Effect.timeoutOrElse({
            duration: options.settings.confirmMillis,
            orElse: () => Effect.fail(failure("Timeout", attempted, "no answer in time"))
          }),
          Effect.map((message) => message === false ? Option.none() : Option.some(message)),
          Effect.onExit((exit) =>
            Exit.isSuccess(exit) && Option.isSome(exit.value) ? Effect.void : leave(queue, getter)
          ),
          Effect.map(
            Option.map((message) =>
              Deliveries.make(
                { ...options, queue, settler: getter.settler, onEnd: onceOnly(leave(queue, getter)) },
                message
              )
            )
          )
        ))
    )
  }

  return (queue: string): Effect.Effect<Option.Option<Delivery>, BrokerError> =>
    Effect.retry(once(queue), {
      while: ({ code, reason }) => reason === "Connection" && code === undefined,
      times: 5,
      schedule: Schedule.spaced("50 millis")
    })
})

const onceOnly = (effect: Effect.Effect<void>): Effect.Effect<void> => {
  let isDone = false
  return Effect.suspend(() => {
    if (isDone) return Effect.void
    isDone = true
    return effect
  })
}

/** A message that comes when nobody waits for it any more goes back at once. */
const ask = (
  channel: Channel,
  queue: string,
  attempted: { readonly shown: string; readonly what: string }
): Effect.Effect<GetMessage | false, BrokerError> =>
  Effect.callback((resume) => {
    let isWanted = true
    Promise.resolve().then(() => channel.get(queue)).then(
      (message) => {
        if (isWanted) resume(Effect.succeed(message))
        else if (message !== false) channel.nack(message)
      },
      (error) => resume(Effect.fail(fromDriver(error, attempted)))
    ).catch(() => {})
    return Effect.sync(() => isWanted = false)
  })
