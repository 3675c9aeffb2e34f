/** What every `StopSignal` must do. `ask` is how the layer's outside asks programs to stop. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer } from "effect"
import { type Signal, StopSignal } from "../../src/services/StopSignal.ts"

export const suite = <R>(name: string, layer: Layer.Layer<R>, ask: (signal: Signal) => Effect.Effect<void, never, R>) =>
  describe(`StopSignal (${name})`, () => {
    it.effect("nothing is requested before the first signal", () =>
      Effect.gen(function*() {
        const stop = yield* StopSignal
        assert.isFalse(yield* stop.requested)
      }).pipe(Effect.provide(layer)))

    it.effect("await answers with the first signal, to those who waited and to those who come later", () =>
      Effect.gen(function*() {
        const stop = yield* StopSignal
        const early = yield* Effect.forkChild(stop.await, { startImmediately: true })

        yield* ask("SIGTERM")

        assert.strictEqual(yield* Fiber.join(early), "SIGTERM")
        assert.strictEqual(yield* stop.await, "SIGTERM")
        assert.isTrue(yield* stop.requested)
      }).pipe(Effect.provide(layer)))
  })
