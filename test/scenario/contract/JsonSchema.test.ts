import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as JsonSchema from "../../../src/scenario/contract/JsonSchema.ts"
import { processorMillis } from "../../support/processorTime.ts"

const nowhere = (uri: string) => Effect.fail({ message: `asked for ${uri}` })
const compile = (schema: Value) => JsonSchema.compile(schema, "file:///root/schema.json", nowhere)

const order: Value = {
  type: "object",
  required: ["id", "sku"],
  additionalProperties: false,
  properties: {
    id: { type: "integer", minimum: 1 },
    sku: { type: "string", pattern: "^[A-Z]\\d$" },
    kind: { enum: ["a", "b"] },
    when: { format: "date-time" },
    lines: { type: "array", items: { type: "object", required: ["n"] }, uniqueItems: true },
    "a/b": { const: { x: 1 } }
  }
}

const rows: ReadonlyArray<readonly [Value, ReadonlyArray<string>]> = [
  [{ id: 1, sku: "A1" }, []],
  [{ id: 9007199254740993n, sku: "A1" }, []],
  [{ id: 1, sku: "A1", "a/b": { x: 1 }, lines: [{ n: 1 }, { n: 2 }] }, []],
  [[], ["the value must be object, is [] (type)"]],
  [{}, ["the value lacks the field \"id\" (required)", "the value lacks the field \"sku\" (required)"]],
  [{ id: 0, sku: "A1" }, ["/id must be >= 1, is 0 (minimum)"]],
  [{ id: "1", sku: "A1" }, ["/id must be integer, is \"1\" (type)"]],
  [{ id: 1, sku: "a1" }, ["/sku must match pattern \"^[A-Z]\\d$\", is \"a1\" (pattern)"]],
  [{ id: 1, sku: "A1", x: 1 }, ["the value must not have the field \"x\" (additionalProperties)"]],
  [{ id: 1, sku: "A1", kind: "c" }, ["/kind must be one of [\"a\",\"b\"], is \"c\" (enum)"]],
  [{ id: 1, sku: "A1", when: "today" }, ["/when must match format \"date-time\", is \"today\" (format)"]],
  [{ id: 1, sku: "A1", lines: [{}] }, ["/lines/0 lacks the field \"n\" (required)"]],
  [{ id: 1, sku: "A1", "a/b": { x: 2 } }, ["/a~1b must be {\"x\":1}, is {\"x\":2} (const)"]]
]

describe("JsonSchema", () => {
  for (const [value, faults] of rows) {
    it.effect(`tells ${faults.length} faults of ${JSON.stringify(value, (_, x: unknown) => typeof x === "bigint" ? "big" : x)}`, () =>
      Effect.gen(function*() {
        const validate = yield* compile(order)
        assert.deepStrictEqual(validate(value), faults)
      }))
  }

  it.effect("knows drafts 06, 07, 2019-09 and 2020-12 by $schema, and says so of others", () =>
    Effect.gen(function*() {
      const tuple = { items: [{ type: "string" }], additionalItems: false }
      for (
        const [$schema, schema] of [
          ["http://json-schema.org/draft-06/schema#", tuple],
          ["http://json-schema.org/draft-07/schema#", tuple],
          ["https://json-schema.org/draft/2019-09/schema", tuple],
          ["https://json-schema.org/draft/2020-12/schema", { prefixItems: [{ type: "string" }], items: false }]
        ] as const
      ) {
        const validate = yield* compile({ $schema, ...schema })
        assert.deepStrictEqual(validate(["a"]), [], $schema)
        assert.strictEqual(validate([1, 2]).length, 2, $schema)
      }
      const unknown = yield* Effect.flip(compile({ $schema: "http://json-schema.org/draft-04/schema#" }))
      assert.include(unknown.message, "drafts 06, 07, 2019-09 and 2020-12 are known")
    }))

  it.effect("says why a schema is none", () =>
    Effect.gen(function*() {
      const rows = [
        [{ type: "objekt" }, "schema is invalid: data/type"],
        [{ minimum: "1" }, "schema is invalid: data/minimum"],
        [{ $ref: "#/$defs/none" }, "none"],
        [[1], "a schema is an object, true or false; this is [1]"],
        [null, "a schema is an object, true or false; this is null"],
        [{ pattern: "(?=x)" }, "lookaround and back-references are left out"],
        [{ $ref: "http://example.test/s.json" }, "asked for http://example.test/s.json"]
      ] as const
      for (const [schema, text] of rows) {
        assert.include((yield* Effect.flip(compile(schema as Value))).message, text, JSON.stringify(schema))
      }
    }))

  it.effect("loads what it refers to by the place of the file that refers", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const files: { readonly [uri: string]: Value } = {
        "file:///root/parts/item.json": { $ref: "price.json#/definitions/price" },
        "file:///root/parts/price.json": {
          definitions: { price: { type: "number" } },
          $ref: "../schema.json#/$defs/any"
        }
      }
      const validate = yield* JsonSchema.compile(
        { items: { $ref: "parts/item.json" }, $defs: { any: true } },
        "file:///root/schema.json",
        (uri) => {
          asked.push(uri)
          return Effect.succeed(files[uri] ?? false)
        }
      )

      assert.deepStrictEqual(validate([1, "2"]), ["/1 must be number, is \"2\" (type)"])
      assert.deepStrictEqual(asked, ["file:///root/parts/item.json", "file:///root/parts/price.json"])
    }))

  it.effect("follows circles", () =>
    Effect.gen(function*() {
      const validate = yield* compile({ type: "object", properties: { next: { $ref: "#" } }, required: ["v"] })

      assert.deepStrictEqual(validate({ v: 1, next: { v: 2, next: {} } }), [
        "/next/next lacks the field \"v\" (required)"
      ])
    }))

  it.effect("R03 fields of Object.prototype are data like others", () =>
    Effect.gen(function*() {
      const validate = yield* compile({
        type: "object",
        required: ["toString", "__proto__"],
        properties: { constructor: { type: "string" } }
      })
      const hostile = JSON.parse("{\"__proto__\": {\"polluted\": 1}, \"toString\": 1, \"constructor\": \"x\"}") as Value

      assert.deepStrictEqual(validate({}), [
        "the value lacks the field \"toString\" (required)",
        "the value lacks the field \"__proto__\" (required)"
      ])
      assert.deepStrictEqual(validate(hostile), [])
      assert.isUndefined(({} as { polluted?: unknown }).polluted)
    }))

  it.effect("R09 patterns that explode elsewhere answer at once", () =>
    Effect.gen(function*() {
      const text = `${"a".repeat(50_000)}!`
      for (const pattern of ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(.*)*x$", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
        const validate = yield* compile({ pattern, patternProperties: { [pattern]: true } })
        const started = processorMillis()
        validate(text)
        validate({ [text]: 1 })
        assert.isBelow(processorMillis() - started, 500, pattern)
      }
    }))

  it.effect("tells patterns apart, and takes unicode escapes", () =>
    Effect.gen(function*() {
      const validate = yield* compile({
        properties: { a: { pattern: "^x$" }, b: { pattern: "^y$" }, c: { pattern: "^\\u00e9\\\\u$" } }
      })

      assert.deepStrictEqual(validate({ a: "x", b: "y", c: "é\\u" }), [])
      assert.strictEqual(validate({ a: "y", b: "x", c: "e" }).length, 3)
    }))

  it.effect("tells the first 50 faults and counts the rest", () =>
    Effect.gen(function*() {
      const validate = yield* compile({ items: { type: "number" } })

      const faults = validate(Array.from({ length: 60 }, () => "x"))

      assert.strictEqual(faults.length, 51)
      assert.strictEqual(faults.at(-1), "... and 10 more")
    }))
})
