/** A {@link StopSignal} that a test pulls. */
import { Context, Deferred, Effect, Layer } from "effect"
import { type Signal, StopSignal } from "../../services/StopSignal.ts"

/** The controls of the fake, in the same layer. */
export class FakeStopSignal extends Context.Service<FakeStopSignal, {
  /** Asks programs to stop, as the first signal does. Later calls change nothing. */
  readonly stop: (signal?: Signal) => Effect.Effect<void>
}>()("skein/layers/FakeStopSignal") {}

/** Silent until `stop` is called. `stop()` without a signal means Ctrl-C. */
export const layer: Layer.Layer<FakeStopSignal> = Layer.effectContext(
  Effect.map(
    Deferred.make<Signal>(),
    (first) =>
      Context.make(StopSignal, { await: Deferred.await(first), requested: Deferred.isDone(first) }).pipe(
        Context.add(FakeStopSignal, { stop: (signal = "SIGINT") => Effect.asVoid(Deferred.succeed(first, signal)) })
      )
  )
)
