/** Expressions and templates over rows: what they see, and how they tell what is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import type { Value } from "../../src/core/Value.ts"
import * as RowExpression from "../../src/programs/RowExpression.ts"

const flag = "--where"
const holds = (text: string, row: Value, index?: number) =>
  RowExpression.condition({ flag, text, outside: { stage: "live", name: "outside" } }).pipe(
    Effect.flatMap((condition) => Effect.fromResult(condition(row, index)))
  )

describe("RowExpression", () => {
  it.effect.each([
    { text: "name == 'a'", because: "the fields of a row come first" },
    { text: "row.name == item.name", because: "row and item are the whole of it" },
    { text: "index == 2", because: "an item has a place" },
    { text: "stage == 'live'", because: "names of outside come last" }
  ])("sees the row and what is outside of it: $because", ({ text }) =>
    Effect.gen(function*() {
      assert.isTrue(yield* holds(text, { name: "a" }, 2))
    }))

  it.effect.each([
    { text: "id ==", index: undefined, says: /^--where id ==, column \d+: \S/ },
    { text: "id == idd", index: undefined, says: /^--where id == idd, column 7: unknown name idd$/ },
    { text: "id == idd", index: 2, says: /^--where id == idd, column 7, of item 3: unknown name idd$/ },
    { text: "id == 1\n  && idd", index: undefined, says: /, line 2, column 6: unknown name idd$/ },
    { text: "id", index: 0, says: /^--where id, column 1, of item 1: / },
    { text: "index == 0", index: undefined, says: /: unknown name index$/ }
  ])(
    "tells which expression, where in it, and of which item: $text",
    ({ index, says, text }) =>
      Effect.gen(function*() {
        const { hint, message } = yield* Effect.flip(holds(text, { id: 1 }, index))

        assert.match(message, says)
        if (message.endsWith("idd")) assert.strictEqual(hint, "did you mean \"id\"?")
      })
  )

  it.effect("a template that is one hole keeps the type of its value, and fails like a condition", () =>
    Effect.gen(function*() {
      const whole = yield* RowExpression.template({ flag: "--each", text: "${id}" })
      const part = yield* RowExpression.template({ flag: "--each", text: "${id}.${env}" })

      assert.deepStrictEqual(whole({ id: 7 }), Result.succeed(7))
      assert.strictEqual(
        Result.getOrThrow(Result.flip(part({ id: 7 }, 0))).message,
        "--each ${id}.${env}, column 9, of item 1: unknown name env"
      )
    }))

  it.effect("a URL has what stands in its holes encoded, except for one at its start", () =>
    Effect.gen(function*() {
      const details = yield* RowExpression.url({ flag: "--hydrate", text: "/sites/${id}" })
      const link = yield* RowExpression.url({ flag: "--hydrate", text: "${self}?q=${id}" })
      const row = { id: "a/b?", self: "http://x.test/a" }

      assert.deepStrictEqual(details(row), Result.succeed("/sites/a%2Fb%3F"))
      assert.deepStrictEqual(link(row), Result.succeed("http://x.test/a?q=a%2Fb%3F"))
    }))
})
