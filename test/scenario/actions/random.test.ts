import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import { random, stringRandom, uuid } from "../../../src/scenario/actions/random.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([random, stringRandom, uuid])

describe("uuid", () => {
  it.effect("is of version 4, and repeats with the seed", () =>
    Effect.gen(function*() {
      const first = yield* runAction(uuid, {}, { seed: 7 })
      assert.match(String(first), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.strictEqual(yield* runAction(uuid, {}, { seed: 7 }), first)
      assert.notStrictEqual(yield* runAction(uuid, {}, { seed: 8 }), first)
    }))
})

const many = (input: unknown) =>
  Effect.gen(function*() {
    const context = yield* makeContext()
    return (yield* Effect.forEach(Array.from({ length: 500 }), () => runAction(random, input, { context }))) as Array<
      number
    >
  })

describe("random", () => {
  it.effect("picks whole numbers of a range, both ends included", () =>
    Effect.gen(function*() {
      assert.deepEqual([...new Set(yield* many({ min: 1, max: 6 }))].sort(), [1, 2, 3, 4, 5, 6])
    }))

  it.effect("picks decimals when an end is one, or when told", () =>
    Effect.gen(function*() {
      for (const value of yield* many({ min: 0.5, max: 1.25 })) {
        assert.isTrue(value >= 0.5 && value <= 1.25 && Number(value.toFixed(2)) === value)
      }
      assert.isTrue((yield* many({ max: 1, precision: 3 })).some((value) => !Number.isInteger(value)))
    }))

  it.effect("picks the only number there is", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runAction(random, { min: 42, max: 42 }), 42)
      assert.strictEqual(yield* runAction(random, { min: 0.001, max: 0.002 }), 0.001)
    }))

  const ofRobogo: ReadonlyArray<readonly [args: ReadonlyArray<Value>, low: number, high: number]> = [
    [[100], 0, 100],
    [["5", "7"], 5, 7],
    [[10.5, 99.99, 3], 10.5, 99.99]
  ]
  for (const [args, low, high] of ofRobogo) {
    it.effect(`get_random ${JSON.stringify(args)} is from ${low} to ${high}`, () =>
      Effect.gen(function*() {
        const value = yield* runRobogo(random, args, { name: "get_random" })
        assert.isTrue(Number(value) >= low && Number(value) <= high)
      }))
  }

  it.effect("refuses a range that has no numbers, and too many places", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* Effect.flip(runAction(random, { min: 2, max: 1 })), "reason", "Invalid")
      assert.propertyVal(yield* Effect.flip(runAction(random, { max: 1, precision: 16 })), "reason", "Invalid")
    }))
})

describe("string_random", () => {
  const rows: ReadonlyArray<readonly [args: ReadonlyArray<Value>, options: Record<string, Value>, pattern: RegExp]> = [
    [[8], {}, /^[A-Za-z0-9]{8}$/],
    [["5", "numeric"], {}, /^\d{5}$/],
    [[5, "HEX"], {}, /^[0-9a-f]{5}$/],
    [[5, "upper"], {}, /^[A-Z]{5}$/],
    [[5, "special"], {}, /^[^A-Za-z0-9]{5}$/],
    [[30, "custom"], { custom_chars: "ä😀" }, /^(ä|😀){30}$/u],
    [[10_000], {}, /^.{10000}$/]
  ]
  for (const [args, options, pattern] of rows) {
    it.effect(`${JSON.stringify(args)} is ${pattern.source}`, () =>
      Effect.gen(function*() {
        const output = yield* runRobogo(stringRandom, args, { options })
        assert.match((output as { readonly value: string }).value, pattern)
        assert.propertyVal(output, "length", Number(args[0]))
      }))
  }

  it.effect("refuses other lengths and unknown or empty charsets", () =>
    Effect.gen(function*() {
      for (
        const input of [{ length: 0 }, { length: 10_001 }, { length: 1, charset: "klingon" }, {
          length: 1,
          charset: "custom"
        }]
      ) {
        assert.propertyVal(yield* Effect.flip(runAction(stringRandom, input)), "reason", "Invalid")
      }
    }))
})
