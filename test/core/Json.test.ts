import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Json from "../../src/core/Json.ts"
import { field, isRecord } from "../../src/core/Value.ts"

const read = (text: string) => Result.getOrThrow(Json.parse(text))
const problem = (text: string) =>
  Result.match(Json.parse(text), { onFailure: (p) => p.message, onSuccess: () => "read" })
const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)

describe("Json", () => {
  it("R05 keeps integers beyond 2^53 exact, both ways", () => {
    const text = "{\"id\":12345678901234567890,\"small\":-9007199254740993,\"safe\":9007199254740991}"

    assert.deepEqual({ ...read(text) as object }, {
      id: 12345678901234567890n,
      small: -9007199254740993n,
      safe: 9007199254740991
    })
    assert.strictEqual(Json.stringify(read(text)), text)
  })

  it("R05 refuses a number that no double can hold instead of reading infinity", () => {
    assert.strictEqual(problem("[1e400]"), "a number is too large to be kept")
  })

  it("R03 reads __proto__ and constructor as plain data, in records without a prototype", () => {
    const value = read("{\"__proto__\":{\"x\":1},\"constructor\":2}")

    assert.isTrue(isRecord(value))
    assert.isNull(Object.getPrototypeOf(value))
    assert.deepEqual(Object.keys(value as object), ["__proto__", "constructor"])
    assert.isUndefined(field(read("{}") as never, "toString"))
  })

  it("says where a text stops being JSON, whatever the engine's own message has", () => {
    const rows: ReadonlyArray<readonly [text: string, message: string]> = [
      ["", "the text is empty"],
      ["abc", "unexpected token 'a' at line 1, column 1"],
      ["[1,]", "unexpected token ']' at line 1, column 4"],
      ["[1\n,2\n,x]", "unexpected token 'x' at line 3, column 2"],
      ["{\"a\" 1}", "expected ':' after property name at line 1, column 6"],
      ["nul", "unexpected end of the text"]
    ]
    for (const [text, message] of rows) assert.strictEqual(problem(text), message)
  })

  it("refuses nesting that would overflow a stack later, and says so", () => {
    assert.strictEqual(problem(deep(Json.maxDepth)), "read")
    assert.strictEqual(problem(deep(Json.maxDepth + 1)), "nested deeper than 1000 levels")
    assert.strictEqual(problem(deep(100_000)), "nested deeper than 1000 levels")
  })

  it("writes bytes as base64", () => {
    assert.strictEqual(Json.stringify({ b: new Uint8Array([104, 105]) }), "{\"b\":\"aGk=\"}")
  })

  it("reads back every JSON value that it wrote", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      assert.strictEqual(Json.stringify(read(JSON.stringify(value))), JSON.stringify(value))
    }))
  })
})
