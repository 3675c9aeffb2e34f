/**
 * The clock of a load run: time to a tenth of a microsecond, and an alarm that goes off when an arrival is due.
 *
 * Time is a number of ticks of 100 ns since the origin, so that reading it costs no object. All threads of one run share an origin.
 *
 * Implementations: `layers/live/ThreadLoadClock` (a thread that sleeps until the next arrival), `layers/fake/FakeLoadClock` (virtual time).
 */
import { Context, type Effect, type Scope } from "effect"

export const ticksPerMilli = 10_000
export const ticksPerSecond = 10_000_000

export class LoadClock extends Context.Service<LoadClock, {
  /** Ticks since the origin. Monotonic, never fails, some 30 ns. */
  readonly now: () => number
  /** When tick 0 was, in milliseconds of Unix time. */
  readonly originMillis: number
  /** Calls `wake` on the caller's thread once each time an alarm is due, until the scope closes. One call may serve many arrivals. */
  readonly alarm: (wake: () => void) => Effect.Effect<Alarm, never, Scope.Scope>
}>()("skein/services/LoadClock") {}

export interface Alarm {
  /** Asks for the next call at this tick, or at once when it is past. Replaces the wish before. */
  readonly at: (tick: number) => void
}
