import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as ProcessStopSignal from "../../src/layers/live/ProcessStopSignal.ts"
import { type Signal, StopSignal } from "../../src/services/StopSignal.ts"
import { suite } from "../services/StopSignalSuite.ts"

class Forced extends Error {}

const force = (): never => {
  throw new Forced()
}
const emit = (signal: Signal) =>
  Effect.sync(() => void process.emit(signal as NodeJS.Signals, signal as NodeJS.Signals))

suite("process", ProcessStopSignal.layer({ onForce: force }), emit)

describe("ProcessStopSignal", () => {
  it.effect("R27 a second signal forces the end, whichever it is", () =>
    Effect.gen(function*() {
      yield* emit("SIGINT")

      assert.throws(() => process.emit("SIGTERM", "SIGTERM"), Forced)
    }).pipe(Effect.provide(ProcessStopSignal.layer({ onForce: force }))))

  it.effect("a repeat of the same signal that npm sent on is one key press", () =>
    Effect.gen(function*() {
      const stop = yield* StopSignal

      yield* emit("SIGINT")
      yield* emit("SIGINT")

      assert.strictEqual(yield* stop.await, "SIGINT")
      assert.throws(() => process.emit("SIGTERM", "SIGTERM"), Forced)
    }).pipe(Effect.provide(ProcessStopSignal.layer({ onForce: force, repeatWithinMillis: 60_000 }))))

  it.effect("R28 a closed pipe asks to stop, but never forces", () =>
    Effect.gen(function*() {
      const stop = yield* StopSignal
      const closed = Object.assign(new Error("write EPIPE"), { code: "EPIPE" })

      process.stdout.emit("error", closed)
      process.stderr.emit("error", closed)

      assert.strictEqual(yield* stop.await, "SIGPIPE")
    }).pipe(Effect.provide(ProcessStopSignal.layer({ onForce: force }))))

  it.effect("R44 listeners go with the layer", () =>
    Effect.gen(function*() {
      const before = process.listenerCount("SIGINT")

      const during = yield* Effect.sync(() => process.listenerCount("SIGINT")).pipe(
        Effect.provide(Layer.fresh(ProcessStopSignal.layer({ onForce: force })))
      )

      assert.strictEqual(during, before + 1)
      assert.strictEqual(process.listenerCount("SIGINT"), before)
    }))
})
