/** Work of which one runs per key, for all who ask for it meanwhile. */
import { Effect, Fiber, type Scope } from "effect"

export interface CacheFlight<A> {
  /**
   * Answers with the outcome of the work that runs for `key`, or of `work` when none does. The work runs with the services
   * of the first who asked; it is interrupted when all who wait for it were, or when the scope of the flights closes.
   */
  readonly join: <E, R>(key: string, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whoever comes from now on does not get what runs, which goes on for those who wait. */
  readonly forget: (key: string) => void
  readonly forgetAll: () => void
}

interface Flight<A> {
  readonly fiber: Fiber.Fiber<A, unknown>
  waiting: number
}

/** `onJoin` is called for everybody who finds work already running. */
export const make = <A>(scope: Scope.Scope, onJoin: () => void): CacheFlight<A> => {
  const flights = new Map<string, Flight<A>>()
  const remove = (key: string, flight: Flight<A>) => {
    if (flights.get(key) === flight) flights.delete(key)
  }

  const start = <E, R>(key: string, work: Effect.Effect<A, E, R>): Effect.Effect<Flight<A>, never, R> =>
    Effect.map(Effect.forkIn(work, scope), (fiber) => {
      const flight: Flight<A> = { fiber, waiting: 0 }
      flights.set(key, flight)
      fiber.addObserver(() => remove(key, flight))
      return flight
    })

  const leave = (key: string, flight: Flight<A>): Effect.Effect<void> => {
    flight.waiting--
    if (flight.waiting > 0 || flight.fiber.pollUnsafe() !== undefined) return Effect.void
    remove(key, flight)
    return Fiber.interrupt(flight.fiber)
  }

  return {
    join: <E, R>(key: string, work: Effect.Effect<A, E, R>) =>
      Effect.uninterruptibleMask((restore) => {
        const running = flights.get(key)
        if (running !== undefined) onJoin()
        return Effect.flatMap(running === undefined ? start(key, work) : Effect.succeed(running), (flight) => {
          flight.waiting++
          // Who asks for one key means one kind of failure.
          const outcome = Fiber.join(flight.fiber) as Effect.Effect<A, E>
          return Effect.ensuring(restore(outcome), Effect.suspend(() => leave(key, flight)))
        })
      }),
    forget: (key) => void flights.delete(key),
    forgetAll: () => flights.clear()
  }
}
