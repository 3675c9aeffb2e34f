import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Late from "../../src/layers/Late.ts"

class Greeter extends Context.Service<Greeter, {
  readonly greet: (name: string) => Effect.Effect<string, string>
}>()("test/Greeter") {}

/** Counts how often the implementation is loaded, built and closed. */
const counted = () => {
  const counts = { loaded: 0, built: 0, closed: 0 }
  const implementation = Layer.effect(
    Greeter,
    Effect.acquireRelease(
      Effect.sync(() => {
        counts.built++
        return { greet: (name: string) => name === "" ? Effect.fail("no name") : Effect.succeed(`hello ${name}`) }
      }),
      () => Effect.sync(() => counts.closed++)
    )
  )
  const load = () => {
    counts.loaded++
    return Promise.resolve(implementation)
  }
  return { counts, layer: Late.layer(Greeter, ["greet"], load) }
}

describe("Late.layer", () => {
  it.effect("loads nothing until a method is called, then once for all", () => {
    const { counts, layer } = counted()
    return Effect.gen(function*() {
      const { greet } = yield* Greeter
      assert.deepStrictEqual(counts, { loaded: 0, built: 0, closed: 0 })

      const answers = yield* Effect.all([greet("Ada"), greet("Bob")], { concurrency: "unbounded" })

      assert.deepStrictEqual(answers, ["hello Ada", "hello Bob"])
      assert.strictEqual(yield* Effect.flip(greet("")), "no name")
      assert.deepStrictEqual(counts, { loaded: 1, built: 1, closed: 0 })
    }).pipe(Effect.provide(layer), Effect.andThen(Effect.sync(() => assert.strictEqual(counts.closed, 1))))
  })
})
