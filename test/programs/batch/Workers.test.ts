import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Workers from "../../../src/programs/batch/Workers.ts"

const work = (element: number) => Effect.succeed([element])
const bad = (element: number) => element === 7 ? Effect.fail("seven" as const) : work(element)
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe("Workers", () => {
  it.effect("does each element once, also when workers take turns in the middle of a chunk", () =>
    Effect.gen(function*() {
      const done = yield* Stream.fromIterable(numbers(20_000)).pipe(
        (elements) => Workers.map(elements, work, 50),
        Stream.runCollect
      )

      assert.deepStrictEqual(done.toSorted((a, b) => a - b), numbers(20_000))
    }))

  it.effect("ends with the failure of an element, and of the source", () =>
    Effect.gen(function*() {
      const source = Stream.concat(Stream.make(1, 2), Stream.fail("source" as const))

      const ofElement = yield* Effect.flip(Stream.runDrain(Workers.map(Stream.range(1, 20), bad, 3)))
      const ofSource = yield* Effect.flip(Stream.runDrain(Workers.map(source, bad, 3)))

      assert.strictEqual(ofElement, "seven")
      assert.strictEqual(ofSource, "source")
    }))

  it.effect("an empty source is the end at once, and so is one element for many workers", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Stream.runCollect(Workers.map(Stream.empty, work, 5)), [])
      assert.deepStrictEqual(yield* Stream.runCollect(Workers.map(Stream.make(1), work, 5)), [1])
    }))
})
