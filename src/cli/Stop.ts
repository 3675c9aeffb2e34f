/** Ends a command that was asked to stop. */
import { Effect, Fiber } from "effect"
import type { Duration } from "effect"
import { StopSignal } from "../services/StopSignal.ts"
import * as ExitCode from "./ExitCode.ts"

/** How long finalizers may take after the interruption before the process ends without them. */
const patience: Duration.Input = "5 seconds"

/**
 * Runs `program`, and interrupts it when it has not ended `grace` after the first stop signal. A program that does not
 * listen to `StopSignal` takes a grace of zero.
 *
 * Fails with `Exit` (130, 143 or 141) after an interruption, also when finalizers hang for more than five seconds.
 */
export const within =
  (grace: Duration.Input) => <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E | ExitCode.Exit, R> =>
    Effect.gen(function*() {
      const stop = yield* StopSignal
      // Detached, because a child that hangs in a finalizer would keep its parent: it ends by the interrupts below, or with
      // the process.
      const fiber = yield* Effect.forkDetach(program, { startImmediately: true })
      const asked = Effect.tap(stop.await, () => Effect.sleep(grace))
      const first = yield* Effect.raceFirst(Fiber.await(fiber), asked).pipe(
        Effect.onInterrupt(() => Fiber.interrupt(fiber))
      )
      if (typeof first !== "string") return yield* first

      yield* Effect.timeoutOption(Fiber.interrupt(fiber), patience)
      return yield* new ExitCode.Exit({ code: ExitCode.ofSignal(first) })
    })
