/** Publishes a stream with a bounded window: so many messages are on their way, and their confirms come out in order. */
import { type Cause, Effect, Exit, Latch, type Pull, Scope, Stream } from "effect"
import type { BrokerError, Confirm, Outgoing } from "../../../services/MessageBroker.ts"
import type { Counts, Parcel } from "./AmqpOutbox.ts"
import type { Publisher } from "./AmqpPublisher.ts"

interface Place {
  parcel: Parcel | undefined
  exit: Exit.Exit<Confirm, BrokerError> | undefined
}

export const publishMany = <E, R>(
  publisher: Publisher,
  counts: Counts,
  messages: Stream.Stream<Outgoing, E, R>,
  window: number
): Stream.Stream<Confirm, E | BrokerError, R> =>
  Stream.transformPull(messages, (pull, scope) =>
    Effect.gen(function*() {
      // In the order of the messages; those up to `taken` have left.
      let places: Array<Place> = []
      let taken = 0
      let ended: Cause.Cause<E | Cause.Done> | undefined
      const room = Latch.makeUnsafe(true)
      const ready = Latch.makeUnsafe(false)
      const inWindow = () => places.length - taken

      const submit = (message: Outgoing) => {
        const place: Place = { parcel: undefined, exit: undefined }
        places.push(place)
        place.parcel = publisher.submit(message, counts, (exit) => {
          place.exit = exit
          if (places[taken] === place) ready.openUnsafe()
        })
      }

      const feed = (chunk: ReadonlyArray<Outgoing>): Effect.Effect<void> => {
        let next = 0
        const go: Effect.Effect<void> = Effect.suspend(() => {
          while (next < chunk.length && inWindow() < window) submit(chunk[next++]!)
          if (next === chunk.length) return Effect.void
          room.closeUnsafe()
          return Effect.andThen(room.await, go)
        })
        return go
      }

      const feeder = Effect.forever(Effect.flatMap(pull, feed)).pipe(
        Effect.catchCause((cause) =>
          Effect.sync(() => {
            ended = cause
            ready.openUnsafe()
          })
        )
      )
      yield* Scope.addFinalizer(
        scope,
        Effect.sync(() => {
          for (const { exit, parcel } of places.slice(taken)) {
            if (exit === undefined && parcel !== undefined) publisher.abandon(parcel)
          }
        })
      )
      yield* Effect.forkIn(feeder, scope)

      /** The confirms that have come, as far as none is missing before them. */
      const take = (): Array<Confirm> => {
        const confirms: Array<Confirm> = []
        for (let exit = places[taken]?.exit; exit !== undefined && Exit.isSuccess(exit); exit = places[taken]?.exit) {
          confirms.push(exit.value)
          taken++
        }
        if (taken > 1_000 && taken * 2 > places.length) {
          places = places.slice(taken)
          taken = 0
        }
        return confirms
      }
      const emit: Pull.Pull<readonly [Confirm, ...Array<Confirm>], E | BrokerError> = Effect.suspend(
        (): typeof emit => {
          const [first, ...rest] = take()
          if (first !== undefined) {
            room.openUnsafe()
            return Effect.succeed([first, ...rest])
          }
          const failed = places[taken]?.exit
          if (failed !== undefined && Exit.isFailure(failed)) return Effect.failCause(failed.cause)
          if (ended !== undefined && inWindow() === 0) return Effect.failCause(ended)
          ready.closeUnsafe()
          return Effect.andThen(ready.await, emit)
        }
      )
      return emit
    }))
