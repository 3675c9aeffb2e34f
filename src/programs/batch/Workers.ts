/** Does something with the elements of a stream, so many at once, and emits what comes of them as it comes. */
import { Effect, Pull, Queue, Semaphore, Stream } from "effect"

/** Results that wait for whoever takes them; workers stop for them then. */
const ahead = 256

/**
 * As `Stream.mapEffect` with `unordered`, by workers that take the next element themselves as soon as they are done with one. There
 * the next begins some turns of the scheduler later, and with it the timers and requests of all of them: with 50 elements of 5 ms at
 * once, that was a third of the time.
 */
export const map = <A, E, R, B, E2, R2>(
  elements: Stream.Stream<A, E, R>,
  work: (element: A) => Effect.Effect<ReadonlyArray<B>, E2, R2>,
  concurrency: number
): Stream.Stream<B, E | E2, R | R2> =>
  Stream.callback<B, E | E2, R | R2>((results) =>
    Effect.gen(function*() {
      const next = yield* oneByOne(elements)
      const worker = Effect.forever(
        Effect.flatMap(Effect.flatMap(next, work), (made) => Queue.offerAll(results, made)),
        { disableYield: true }
      )
      yield* Effect.forEach(Array.from({ length: concurrency }), () => Pull.catchDone(worker, () => Effect.void), {
        concurrency,
        discard: true
      })
      yield* Queue.end(results)
    }), { bufferSize: ahead, strategy: "suspend" })

/** Takes the next element; ends with the stream, for all who ask. */
const oneByOne = Effect.fnUntraced(function*<A, E, R>(elements: Stream.Stream<A, E, R>) {
  const pull = yield* Stream.toPull(elements)
  const turn = yield* Semaphore.make(1)
  let chunk: ReadonlyArray<A> = []
  let at = 0
  let ended: Pull.Pull<never, E> | undefined
  const isThere = () => at < chunk.length
  const fill = Effect.matchCause(pull, {
    onSuccess: (more) => {
      chunk = more
      at = 0
    },
    onFailure: (cause) => {
      ended = Effect.failCause(cause)
    }
  })
  const refill = turn.withPermit(Effect.suspend(() => isThere() || ended !== undefined ? Effect.void : fill))
  // Looked at and taken in one step: another worker may run between two.
  const next = Effect.suspend((): Pull.Pull<A, E> =>
    isThere() ? Effect.succeed(chunk[at++]!) : ended ?? Effect.andThen(refill, next)
  )
  // All workers find something to begin with.
  yield* fill
  return next
})
