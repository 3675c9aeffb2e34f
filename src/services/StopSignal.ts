/**
 * The wish, from outside, that the program ends: Ctrl-C, a service manager's SIGTERM, a terminal or a pipe that closed.
 *
 * It is a wish, not an interruption: a program that hears it starts no new work, runs its teardown and marks its report as
 * interrupted. Who does not hear it is interrupted by `cli/Stop`. The default never asks, so a library user sees nothing.
 *
 * Implementations: `layers/live/ProcessStopSignal`, `layers/fake/FakeStopSignal`.
 */
import { Context, Effect } from "effect"

/** What asked. `SIGPIPE` stands for a closed stdout or stderr: nobody reads any more. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE"

export class StopSignal extends Context.Reference<{
  /** Waits for the first signal and answers with it; answers at once when it came before. */
  readonly await: Effect.Effect<Signal>

  /** Whether the first signal has come. Never waits. */
  readonly requested: Effect.Effect<boolean>
}>("skein/services/StopSignal", {
  defaultValue: () => ({ await: Effect.never, requested: Effect.succeed(false) })
}) {}
