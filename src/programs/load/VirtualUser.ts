/**
 * One concurrent, sequential actor of a load: an executor starts its iterations, it says when each is over. Callbacks and not effects,
 * since this is called some hundred thousand times a second.
 *
 * Kinds: `UrlUser` (one request over its own connection) and `ScenarioUser` (a fiber that runs the steps of a file).
 */
import type { Effect, Scope } from "effect"

export interface VirtualUser {
  /**
   * Begins an iteration, never while one runs. `number` counts from 0 over all users and threads of the run; `intended` is the tick at
   * which it was due (open model), `started` the one at which it begins. They are the same in the closed model.
   */
  readonly start: (number: number, intended: number, started: number) => void
}

/**
 * Hears of the end of each iteration, once, after `start` has returned: whether all went as it should (a failed request or check makes it
 * false), and the tick at which it was over. It may start the next one at once. `unreached`: there was no way to the target.
 */
export type Done = (passed: boolean, ended: number, unreached?: boolean) => void

/** Makes the user of that number, 0-based over all threads; what it opens ends with the scope, also in the middle of an iteration. */
export type MakeUser<E = never, R = never> = (
  number: number,
  done: Done
) => Effect.Effect<VirtualUser, E, R | Scope.Scope>
