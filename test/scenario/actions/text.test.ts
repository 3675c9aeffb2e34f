import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import { concat, length, string, stringFormat, stringReplace } from "../../../src/scenario/actions/text.ts"
import { runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([concat, length, string, stringFormat, stringReplace])

describe("length", () => {
  const rows: ReadonlyArray<readonly [value: Value, length: number]> = [
    ["", 0],
    ["héllo 😀", 7],
    [[1, [2]], 2],
    [{ a: 1, b: 2 }, 2],
    [12345, 5],
    [true, 4],
    [null, 0],
    [new Uint8Array(3), 3],
    [12345678901234567890n, 20]
  ]
  for (const [value, expected] of rows) {
    it.effect(`of ${String(value)} is ${expected}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* runAction(length, { value }), expected)
        assert.strictEqual(yield* runRobogo(length, [value]), expected)
      }))
  }
})

describe("concat", () => {
  it.effect("joins values as text", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runAction(concat, { values: ["a", 1, null, { b: 2 }] }), "a1null{\"b\":2}")
      assert.strictEqual(yield* runAction(concat, { values: [], separator: "-" }), "")
      assert.strictEqual(yield* runAction(concat, { values: ["a", "b"], separator: ", " }), "a, b")
    }))

  it.effect("puts a space between the values of a Robogo file, and writes them as Go does", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runRobogo(concat, ["a", 1, { b: 2 }]), "a 1 map[b:2]")
    }))
})

describe("string", () => {
  it.effect("writes a value and tells its kind", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(string, { value: [1] }), { value: "[1]", original_type: "list", length: 3 })
      assert.deepEqual(yield* runRobogo(string, [{ a: 1 }]), {
        value: "map[a:1]",
        original_type: "map[string]interface {}",
        length: 8
      })
      assert.propertyVal(yield* runRobogo(string, [1.5]), "original_type", "float64")
    }))
})

describe("string_replace", () => {
  const rows: ReadonlyArray<
    readonly [args: ReadonlyArray<Value>, count: number | undefined, result: string, made: number]
  > = [
    [["a-b-c", "-", "+"], undefined, "a+b+c", 2],
    [["a-b-c", "-", "+"], 1, "a+b-c", 1],
    [["a-b-c", "-", "+"], 0, "a-b-c", 0],
    [["a-b-c", "-", "+"], -1, "a+b+c", 2],
    [["aaa", "a", "$&"], undefined, "$&$&$&", 3],
    [["abc", "x", "y"], undefined, "abc", 0],
    [["a.c", ".", ""], undefined, "ac", 1]
  ]
  for (const [args, count, result, made] of rows) {
    it.effect(`${args.join(" ")}${count === undefined ? "" : ` at most ${count}`} gives ${result}`, () =>
      Effect.gen(function*() {
        const output = yield* runRobogo(stringReplace, args, { options: count === undefined ? {} : { count } })
        assert.propertyVal(output, "result", result)
        assert.propertyVal(output, "replacements_made", made)
      }))
  }

  it.effect("refuses an empty part", () =>
    Effect.gen(function*() {
      assert.propertyVal(
        yield* Effect.flip(runAction(stringReplace, { text: "a", old: "", new: "b" })),
        "reason",
        "Invalid"
      )
    }))
})

describe("string_format", () => {
  it.effect("fills each {} once, also with values that have {} in them", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runRobogo(stringFormat, ["{} {}!", "{}", 2]), {
        result: "{} 2!",
        template: "{} {}!",
        values_used: 2
      })
      assert.propertyVal(yield* runAction(stringFormat, { template: "none", values: [] }), "result", "none")
    }))

  it.effect("refuses too few and too many values", () =>
    Effect.gen(function*() {
      for (const values of [[], [1, 2]]) {
        const error = yield* Effect.flip(runAction(stringFormat, { template: "{}", values }))
        assert.propertyVal(error, "reason", "Invalid")
      }
    }))
})
