/**
 * Publishes a stream with a bounded window: so many messages are on their way, and their confirms come out in order. Each confirm
 * sends the next message at once, from what was pulled before; the fiber that pulls is woken only when that is used up.
 */
import { Array as Arr, type Cause, Effect, Exit, Latch, type Pull, Scope, Stream } from "effect"
import type { BrokerError, Confirm, Outgoing } from "../../../services/MessageBroker.ts"
import type { Counts, Parcel } from "./AmqpOutbox.ts"
import type { Publisher } from "./AmqpPublisher.ts"

interface Place {
  parcel: Parcel | undefined
  exit: Exit.Exit<Confirm, BrokerError> | undefined
}

/** Confirms that wait to be taken, or for an earlier one, in windows: then nothing more is sent. */
const maxWaiting = 4

export const publishMany = <E, R>(
  publisher: Publisher,
  counts: Counts,
  messages: Stream.Stream<Outgoing, E, R>,
  window: number
): Stream.Stream<Confirm, E | BrokerError, R> =>
  Stream.transformPull(messages, (pull, scope) =>
    Effect.gen(function*() {
      // In the order of the messages; those before `taken` have left.
      let places: Array<Place> = []
      let taken = 0
      let unconfirmed = 0
      let pulled: ReadonlyArray<Outgoing> = []
      let next = 0
      let ended: Cause.Cause<E | Cause.Done> | undefined
      const hungry = Latch.makeUnsafe(true)
      const ready = Latch.makeUnsafe(false)

      const hasRoom = () => unconfirmed < window && places.length - taken < window * maxWaiting

      const fill = (): void => {
        while (next < pulled.length && hasRoom()) {
          submit(pulled[next++]!)
        }
        if (next === pulled.length) hungry.openUnsafe()
      }

      const submit = (message: Outgoing): void => {
        const place: Place = { parcel: undefined, exit: undefined }
        places.push(place)
        unconfirmed++
        place.parcel = publisher.submit(message, counts, (exit) => {
          place.exit = exit
          unconfirmed--
          if (places[taken] === place) ready.openUnsafe()
          fill()
        })
      }

      const feeder = Effect.flatMap(pull, (chunk) => {
        hungry.closeUnsafe()
        pulled = chunk
        next = 0
        fill()
        return hungry.await
      }).pipe(
        Effect.forever,
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
          pulled = []
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
      const emit: Pull.Pull<Arr.NonEmptyReadonlyArray<Confirm>, E | BrokerError> = Effect.suspend((): typeof emit => {
        const confirms = take()
        if (Arr.isArrayNonEmpty(confirms)) {
          fill()
          return Effect.succeed(confirms)
        }
        const failed = places[taken]?.exit
        if (failed !== undefined && Exit.isFailure(failed)) return Effect.failCause(failed.cause)
        if (ended !== undefined && taken === places.length) return Effect.failCause(ended)
        ready.closeUnsafe()
        return Effect.andThen(ready.await, emit)
      })
      return emit
    }))
