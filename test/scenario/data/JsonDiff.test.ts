import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as JsonDiff from "../../../src/scenario/data/JsonDiff.ts"

const summary = (left: Value, right: Value, ignore?: ReadonlyArray<string>) =>
  JsonDiff.diff(left, right, { ignore }).map(({ kind, left, path, right }) =>
    `${kind} ${path} ${JSON.stringify([left, right])}`
  )

describe("JsonDiff", () => {
  const rows: ReadonlyArray<readonly [left: Value, right: Value, differences: ReadonlyArray<string>, because: string]> =
    [
      [{ a: 1, b: 2 }, { b: 2, a: 1 }, [], "the order of keys is free"],
      [[1, 2], [2, 1], ["changed $[0] [1,2]", "changed $[1] [2,1]"], "the order of items is not"],
      [{ a: 1 }, { b: 1 }, ["removed $.a [1,null]", "added $.b [null,1]"], "keys of one side"],
      [[1], [1, null], ["added $[1] [null,null]"], "null is something"],
      [{ a: { "b c": [1] } }, { a: { "b c": [2] } }, ["changed $.a[\"b c\"][0] [1,2]"], "places read like expressions"],
      [1, "1", ["changed $ [1,\"1\"]"], "kinds differ"],
      [{ a: [] }, { a: {} }, ["changed $.a [[],{}]"], "a list is no object"],
      [1, 1.0, [], "numbers are equal by value"]
    ]
  for (const [left, right, differences, because] of rows) {
    it(because, () => assert.deepEqual(summary(left, right), differences as Array<string>))
  }

  it("compares big integers exactly", () => {
    assert.lengthOf(JsonDiff.diff(9007199254740993n, 9007199254740992), 1)
    assert.lengthOf(JsonDiff.diff(5n, 5), 0)
  })

  it("leaves out places that are ignored, with all in them", () => {
    const left = { at: 1, items: [{ id: 1, sku: "a" }, { id: 2, sku: "b" }], "x y": { z: 1 } }
    const right = { at: 2, items: [{ id: 3, sku: "a" }, { id: 4, sku: "c" }], "x y": { z: 2 } }
    assert.deepEqual(summary(left, right, ["$.at", "$.items[*].id", "$[\"x y\"]"]), [
      "changed $.items[1].sku [\"b\",\"c\"]"
    ])
    assert.deepEqual(summary(left, right, ["at", "items", "['x y'].z"]), [])
    assert.deepEqual(summary(left, right, ["$"]), [])
  })

  it("stops at its bound", () => {
    const [left, right] = [1, 2].map((value) => Array.from({ length: 50 }, () => value))
    assert.lengthOf(JsonDiff.diff(left!, right!, { max: 7 }), 7)
  })

  it("finds nothing between a value and itself, and something between values that are not equal", () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      assert.isEmpty(JsonDiff.diff(left as Value, left as Value))
      const plainly = JSON.stringify(left) === JSON.stringify(right)
      if (plainly) assert.isEmpty(JsonDiff.diff(left as Value, right as Value))
      assert.strictEqual(
        JsonDiff.diff(left as Value, right as Value).length === 0,
        JsonDiff.diff(right as Value, left as Value).length === 0
      )
    }))
  })
})
