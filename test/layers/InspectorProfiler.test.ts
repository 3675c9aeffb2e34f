import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as InspectorProfiler from "../../src/layers/live/InspectorProfiler.ts"
import { Profiler } from "../../src/services/Profiler.ts"

describe("InspectorProfiler", () => {
  it.live("records samples that developer tools can open", () =>
    Effect.gen(function*() {
      const profiler = yield* Profiler
      const stop = yield* profiler.record("cpu")
      let sum = 0
      for (let i = 0; i < 2e6; i++) sum += Math.sqrt(i)

      const profile = JSON.parse(yield* stop) as { readonly nodes: ReadonlyArray<unknown>; readonly samples: unknown }

      assert.isAbove(sum, 0)
      assert.isNotEmpty(profile.nodes)
      assert.isArray(profile.samples)
    }).pipe(Effect.scoped, Effect.provide(InspectorProfiler.layer)))

  it.live("records the heap", () =>
    Effect.gen(function*() {
      const profiler = yield* Profiler
      const stop = yield* profiler.record("heap")

      assert.property(JSON.parse(yield* stop), "head")
    }).pipe(Effect.scoped, Effect.provide(InspectorProfiler.layer)))
})
