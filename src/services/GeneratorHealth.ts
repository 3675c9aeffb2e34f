/**
 * How the generator of a load fares itself: whether its figures can be believed.
 *
 * Implementations: `layers/live/NodeGeneratorHealth`, `layers/fake/FakeGeneratorHealth`.
 */
import { Context, type Effect, type Scope } from "effect"
import type { Histogram } from "../core/Histogram.ts"

export class GeneratorHealth extends Context.Service<GeneratorHealth, {
  /** Begins to watch this thread, until the scope closes. */
  readonly watch: Effect.Effect<Watch, never, Scope.Scope>
  readonly machine: MachineFacts
}>()("skein/services/GeneratorHealth") {}

export interface MachineFacts {
  /** Version of Node, as `24.21.0`. */
  readonly node: string
  /** System and processor: `linux x64`. */
  readonly platform: string
  readonly cores: number
}

export interface Watch {
  /** What was seen since the call before, or since the start. */
  readonly sample: () => HealthSample
}

export interface HealthSample {
  /** Processor time of this thread over wall time: 1 is a whole core. */
  readonly cpu: number
  /** How late timers of this thread were, in ticks of 100 ns: some fifty samples a second. */
  readonly lag: Histogram
  /** Pauses of the garbage collector. */
  readonly gcCount: number
  readonly gcMillis: number
  /** Of the process. */
  readonly rssBytes: number
  readonly heapBytes: number
}
