/** Virtual time for work that also reads and writes real files: while a file is under way, it stands still. */
import { type Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"

/** Waits until no file is being read or written. */
export const files: Effect.Effect<void> = Effect.promise(async () => {
  do await setImmediate()
  while (process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq")))
})

/** Does work while as much time passes as it needs, a step after the other. */
export const inTime = Effect.fnUntraced(function*<A, E, R>(
  work: Effect.Effect<A, E, R>,
  step: Duration.Input = "100 millis"
) {
  const fiber = yield* Effect.forkChild(work)
  while (fiber.pollUnsafe() === undefined) {
    yield* files
    yield* TestClock.adjust(step)
  }
  return yield* Fiber.join(fiber)
})
