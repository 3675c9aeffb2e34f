/**
 * How the iterations of a load are started on one thread. An executor is a machine of callbacks: `begin` starts it, `stop` lets it start
 * nothing more, and `onIdle` is called once when nothing runs and nothing more will.
 *
 * Kinds: `OpenExecutor` (arrivals on schedule) and `ClosedExecutor` (each user one iteration after the other).
 */
import type { Alarm } from "../../../services/LoadClock.ts"
import type { LoadRecorder } from "../figures/Recorder.ts"
import type { Done, VirtualUser } from "../VirtualUser.ts"

export interface Executor {
  /** What the user of that slot (0-based on this thread) calls at the end of an iteration. */
  readonly doneOf: (slot: number) => Done
  /** Takes the users, in the order of their slots. The load's first tick may be past or yet to come. */
  readonly begin: (users: ReadonlyArray<VirtualUser>, first: number) => void
  /** Nothing new from now on. Called twice, it is called once. */
  readonly stop: () => void
  /** Gives up what is due and was not started: the time for a graceful stop is over. */
  readonly abandon: () => void
  /** Ends pauses and starts what is due: the alarm went off. */
  readonly wake: () => void
  /** Iterations that run now. */
  readonly running: number
  /** Users that take part now. */
  readonly users: number
}

/** What an executor works with. */
export interface Surroundings {
  readonly now: () => number
  /** Set for the next call of `wake`. */
  readonly alarm: Alarm
  readonly figures: LoadRecorder
  readonly onIdle: () => void
}
