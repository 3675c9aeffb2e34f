import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Value } from "../../../src/core/Value.ts"
import * as Text from "../../../src/scenario/expression/Text.ts"

const shown: ReadonlyArray<readonly [value: Value | undefined, text: string, because: string]> = [
  [undefined, "missing", "a missing field"],
  [null, "null", "null"],
  ["a \"b\"\n", "\"a \\\"b\\\"\\n\"", "text is quoted"],
  [1.5, "1.5", "a number"],
  [2n ** 64n, "18446744073709551616", "a big integer"],
  [true, "true", "a boolean"],
  [new Uint8Array(3), "3 bytes", "bytes are counted"],
  [[1, "a", [null]], "[1,\"a\",[null]]", "a list"],
  [{ a: 1, "b c": { d: new Uint8Array(2) } }, "{\"a\":1,\"b c\":{\"d\":\"2 bytes\"}}", "an object"],
  [[], "[]", "an empty list"],
  [{}, "{}", "an empty object"]
]

const go: ReadonlyArray<readonly [value: Value, text: string]> = [
  [null, "<nil>"],
  ["a", "a"],
  [200, "200"],
  [0.5, "0.5"],
  [0.00001, "1e-05"],
  [1.5e-12, "1.5e-12"],
  [true, "true"],
  [[1, "a b", null], "[1 a b <nil>]"],
  [{ b: 1, a: [2] }, "map[a:[2] b:1]"],
  [{}, "map[]"],
  [new Uint8Array([1, 2]), "[1 2]"]
]

describe("Text", () => {
  for (const [value, text, because] of shown) {
    it(`shows ${text}: ${because}`, () => {
      assert.strictEqual(Text.show(value), text)
    })
  }

  for (const [value, text] of go) {
    it(`writes ${text} as Go does`, () => {
      assert.strictEqual(Text.goText(value), text)
    })
  }

  it("cuts long values and says how long they are", () => {
    assert.match(Text.show("x".repeat(1000)), /^"x{199}\.\.\. \(1000 characters\)$/)
    assert.match(Text.show(Array.from({ length: 500 }, () => 7)), /^\[7,7.*\.\.\. \(500 items\)$/)
    assert.match(Text.show({ a: "y".repeat(300), b: 1 }), /\.\.\. \(2 fields\)$/)
    assert.strictEqual(Text.show("x".repeat(198)).length, 200)
  })

  it("shows any value in little space", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = Text.show(value as Value)
      assert.isAtMost(text.length, Text.maxShown + 40)
      if (!text.includes("... (")) assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }))
  })
})
