/** The clock of a load in virtual time: ticks and alarms follow `Clock`, so `TestClock` moves them. */
import { Clock, Duration, Effect, type Fiber, Layer } from "effect"
import { LoadClock } from "../../services/LoadClock.ts"

const nanosPerTick = 100

const make = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const origin = clock.monotonicTimeNanosUnsafe()
  const now = () => Number(clock.monotonicTimeNanosUnsafe() - origin) / nanosPerTick
  return LoadClock.of({
    now,
    originMillis: clock.currentTimeMillisUnsafe(),
    alarm: Effect.fnUntraced(function*(wake) {
      const fork = Effect.runForkWith(yield* Effect.context())
      // The one wish there is; ended by the next one, or with the scope.
      let waiting: Fiber.Fiber<void> | undefined
      yield* Effect.addFinalizer(() => Effect.sync(() => waiting?.interruptUnsafe()))
      // Later than the wish, though it be for now.
      const until = (tick: number) =>
        tick <= now() ? Effect.yieldNow : Effect.sleep(Duration.nanos(BigInt(Math.ceil((tick - now()) * nanosPerTick))))
      return {
        at: (tick) => {
          waiting?.interruptUnsafe()
          waiting = tick === Infinity ? undefined : fork(Effect.andThen(until(tick), Effect.sync(wake)))
        }
      }
    })
  })
})

export const layer: Layer.Layer<LoadClock> = Layer.effect(LoadClock, make)
