/** A generator that fares as a test wants it to. */
import { Context, Effect, Layer } from "effect"
import { Histogram } from "../../core/Histogram.ts"
import { GeneratorHealth, type HealthSample } from "../../services/GeneratorHealth.ts"
import { ticksPerMilli } from "../../services/LoadClock.ts"

/** The controls of the fake, in the same layer. */
export class FakeGeneratorHealth extends Context.Service<FakeGeneratorHealth, {
  /** Share of a core that all samples tell of from now on. */
  readonly setCpu: (share: number) => Effect.Effect<void>
  /** Lag of the loop that all samples tell of from now on. */
  readonly setLag: (millis: number) => Effect.Effect<void>
}>()("skein/layers/FakeGeneratorHealth") {}

const make = Effect.sync(() => {
  let cpu = 0.1
  let lagMillis = 0
  const sample = (): HealthSample => {
    const lag = new Histogram()
    lag.record(lagMillis * ticksPerMilli)
    return { cpu, lag, gcCount: 0, gcMillis: 0, rssBytes: 50_000_000, heapBytes: 20_000_000 }
  }
  return Context.make(
    GeneratorHealth,
    GeneratorHealth.of({
      watch: Effect.succeed({ sample }),
      machine: { node: "24.0.0", platform: "fake x64", cores: 4 }
    })
  ).pipe(Context.add(
    FakeGeneratorHealth,
    FakeGeneratorHealth.of({
      setCpu: (share) => Effect.sync(() => void (cpu = share)),
      setLag: (millis) => Effect.sync(() => void (lagMillis = millis))
    })
  ))
})

/** Healthy, until told otherwise. */
export const layer: Layer.Layer<GeneratorHealth | FakeGeneratorHealth> = Layer.effectContext(make)
