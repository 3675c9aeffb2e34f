import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Stop from "../../src/cli/Stop.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"

describe("Stop.within", () => {
  it.effect("passes the result through when nobody asks to stop", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Stop.within("30 seconds")(Effect.succeed(1)), 1)
      assert.strictEqual(yield* Effect.flip(Stop.within("30 seconds")(Effect.fail("no"))), "no")
    }).pipe(Effect.provide(FakeStopSignal.layer)))

  it.effect("leaves a stopping program alone for its grace, then interrupts it", () =>
    Effect.gen(function*() {
      const { stop } = yield* FakeStopSignal.FakeStopSignal
      const interrupted = yield* Deferred.make<void>()
      const program = Effect.never.pipe(Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined)))
      const fiber = yield* Effect.forkChild(Effect.flip(Stop.within("30 seconds")(program)), { startImmediately: true })

      yield* stop("SIGTERM")
      yield* TestClock.adjust("29999 millis")
      assert.isFalse(yield* Deferred.isDone(interrupted))
      yield* TestClock.adjust("1 millis")

      assert.isTrue(yield* Deferred.isDone(interrupted))
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "Exit", code: 143 })
    }).pipe(Effect.provide(FakeStopSignal.layer)))

  it.effect("R27 does not wait for ever for a finalizer that hangs", () =>
    Effect.gen(function*() {
      const { stop } = yield* FakeStopSignal.FakeStopSignal
      const release = yield* Deferred.make<void>()
      const program = Effect.never.pipe(Effect.onInterrupt(() => Deferred.await(release)))
      const fiber = yield* Effect.forkChild(Effect.flip(Stop.within(0)(program)), { startImmediately: true })

      yield* stop()
      yield* TestClock.adjust("5 seconds")

      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "Exit", code: 130 })
      yield* Deferred.succeed(release, undefined)
    }).pipe(Effect.provide(FakeStopSignal.layer)))

  it.effect("interrupts the program when it is interrupted itself", () =>
    Effect.gen(function*() {
      const interrupted = yield* Deferred.make<void>()
      const program = Effect.never.pipe(Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined)))
      const fiber = yield* Effect.forkChild(Stop.within("30 seconds")(program), { startImmediately: true })

      yield* Fiber.interrupt(fiber)

      assert.isTrue(yield* Deferred.isDone(interrupted))
    }).pipe(Effect.provide(FakeStopSignal.layer)))
})
