import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fake } from "../../../src/scenario/actions/fake.ts"
import * as TestData from "../../../src/scenario/data/TestData.ts"
import { runAction } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([fake])

describe("fake", () => {
  it.effect("makes the same for the same seed, and other things for another", () =>
    Effect.gen(function*() {
      const input = { record: { id: "{uuid}", name: "person.fullName", at: "date.past" }, count: 5 }
      const first = yield* runAction(fake, input, { seed: 1 })
      assert.deepEqual(yield* runAction(fake, input, { seed: 1 }), first)
      assert.notDeepEqual(yield* runAction(fake, input, { seed: 2 }), first)
    }))

  it.effect("takes a kind in any spelling, with what it takes", () =>
    Effect.gen(function*() {
      assert.isString(yield* runAction(fake, { kind: "person.full_name" }))
      assert.match(String(yield* runAction(fake, { kind: "string.numeric", args: 5 })), /^\d{5}$/)
      const numbers = (yield* runAction(fake, { kind: "number.int", args: { min: 3, max: 5 }, count: 50 })) as Array<
        number
      >
      assert.isTrue(numbers.every((number) => number >= 3 && number <= 5))
      assert.match(String(yield* runAction(fake, { kind: "date.recent" })), /^\d{4}-\d\d-\d\dT/)
      assert.typeOf(yield* runAction(fake, { kind: "number.bigInt" }), "bigint")
    }))

  it.effect("makes values that differ, and gives up when there are too few", () =>
    Effect.gen(function*() {
      const months = (yield* runAction(fake, { kind: "date.month", count: 12, unique: true })) as Array<string>
      assert.lengthOf(new Set(months), 12)
      const error = yield* Effect.flip(runAction(fake, { kind: "date.month", count: 13, unique: true }))
      assert.strictEqual(error.message, "fake: there are no 13 that differ, only 12 were found")
    }))

  it.effect("answers with an empty list for a count of 0", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(fake, { kind: "person.fullName", count: 0 }), [])
    }))

  it.effect("refuses unknown kinds with the one that was meant, and what would be too much", () =>
    Effect.gen(function*() {
      assert.propertyVal(
        yield* Effect.flip(runAction(fake, { kind: "person.fulName" })),
        "hint",
        "did you mean person.fullName?"
      )
      for (
        const input of [
          { kind: "helpers.fake", args: "{{person.fullName}}" },
          { kind: "constructor.constructor" },
          { kind: "person.constructor" },
          { kind: "string.alpha", args: 10_000_000 },
          { kind: "string.alpha", args: { length: { min: 1, max: 1e9 } } },
          { kind: "lorem.words", args: { min: 1e9, max: 1e9 } },
          { kind: "person.fullName", count: 10_001 },
          { kind: "number.int", args: { min: 9, max: 1 } }
        ]
      ) assert.propertyVal(yield* Effect.flip(runAction(fake, input)), "reason", "Invalid", JSON.stringify(input))
    }))
})

describe("TestData.fill", () => {
  const rows: ReadonlyArray<readonly [pattern: string, made: RegExp]> = [
    ["user_{index}@x.test", /^user_7@x\.test$/],
    ["{random}-{random}", /^(\d{1,4})-\1$/],
    ["{range:5:7}", /^[567]$/],
    ["{range:7:5}", /^[567]$/],
    ["{range:-2:-2}", /^-2$/],
    ["{uuid}", /^[0-9a-f-]{36}$/],
    ["{other} {} {index", /^\{other\} \{\} \{index$/]
  ]
  for (const [pattern, made] of rows) {
    it(`${pattern} gives ${made.source}`, () => assert.match(TestData.fill(pattern, 7, () => 0.42), made))
  }
})
