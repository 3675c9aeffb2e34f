import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import { jsonBuild, jsonDiff, jsonExtract, jsonParse } from "../../../src/scenario/actions/json.ts"
import { runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([jsonBuild, jsonDiff, jsonExtract, jsonParse])

describe("json_parse", () => {
  it.effect("reads text, with exact integers", () =>
    Effect.gen(function*() {
      assert.deepEqual({ ...(yield* runAction(jsonParse, { text: "{\"a\":12345678901234567890}" })) as object }, {
        a: 12345678901234567890n
      })
      assert.strictEqual(yield* runRobogo(jsonParse, ["\"x\""]), "x")
    }))

  it.effect("says where the text stops being JSON", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(jsonParse, { text: "{\"a\":}" }))
      assert.propertyVal(error, "reason", "Invalid")
      assert.strictEqual(error.message, "json_parse: the text is not JSON: unexpected token '}' at line 1, column 6")
    }))
})

describe("json_build", () => {
  it.effect("writes text, on one line or indented", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* runAction(jsonBuild, { value: { a: [1n, null] } }), "{\"a\":[1,null]}")
      assert.strictEqual(yield* runAction(jsonBuild, { value: [1], indent: 2 }), "[\n  1\n]")
      assert.propertyVal(yield* Effect.flip(runAction(jsonBuild, { value: 1, indent: 11 })), "reason", "Invalid")
    }))

  const rows: ReadonlyArray<readonly [args: ReadonlyArray<Value>, options: Record<string, Value>, result: Value]> = [
    [[{ a: 1 }], {}, { a: 1 }],
    [[{ a: 1 }], { format: "string" }, "{\"a\":1}"],
    [[1, "b"], {}, [1, "b"]],
    [[], { a: 1, b: [2] }, { a: 1, b: [2] }]
  ]
  for (const [args, options, result] of rows) {
    it.effect(`makes ${JSON.stringify(result)} of ${JSON.stringify(args)} and ${JSON.stringify(options)} in a Robogo file`, () =>
      Effect.gen(function*() {
        assert.deepEqual(yield* runRobogo(jsonBuild, args, { options }), result as never)
      }))
  }
})

describe("json_diff", () => {
  it.effect("counts and lists differences, reading text that is JSON", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(jsonDiff, { left: "{\"a\":1}", right: { a: 2 } }), {
        equal: false,
        count: 1,
        differences: [{ path: "$.a", kind: "changed", left: 1, right: 2 }]
      })
      assert.propertyVal(yield* runAction(jsonDiff, { left: "abc", right: "abc" }), "equal", true)
      assert.propertyVal(yield* runAction(jsonDiff, { left: "[1", right: "[1" }), "equal", true)
    }))
})

describe("json_extract", () => {
  const rows: ReadonlyArray<readonly [path: string, value: Value]> = [
    ["$.items[0].id", 1],
    ["items[1].id", 2],
    [".items[-1].id", 2],
    ["$..id", [1, 2]],
    ["nosuch.field", null]
  ]
  for (const [path, value] of rows) {
    it.effect(`${path} of text is ${JSON.stringify(value)}`, () =>
      Effect.gen(function*() {
        assert.deepEqual(yield* runRobogo(jsonExtract, ["{\"items\":[{\"id\":1},{\"id\":2}]}", path]), value as never)
      }))
  }

  it.effect("refuses text that is no JSON, and a path that is none", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* Effect.flip(runAction(jsonExtract, { data: "x", path: "$.a" })), "reason", "Invalid")
      assert.propertyVal(yield* Effect.flip(runAction(jsonExtract, { data: {}, path: "$.a[" })), "reason", "Invalid")
    }))
})
