import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as Contract from "../../../src/scenario/run/Contract.ts"

const folder = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const outside = yield* files.realPath(yield* files.makeTempDirectoryScoped())
  const root = `${outside}/root`
  yield* files.makeDirectory(`${root}/cases`, { recursive: true })
  const write = (path: string, content: unknown) =>
    files.writeFileString(`${root}/${path}`, typeof content === "string" ? content : JSON.stringify(content))
  return { files, root, write, bounds: { root, directory: `${root}/cases`, allowOutside: false } }
})

const schemas = {
  Order: {
    type: "object",
    required: ["id", "secret", "note"],
    properties: {
      id: { type: "integer", format: "int64" },
      secret: { type: "string", writeOnly: true },
      note: { type: "string", nullable: true },
      price: { type: "number", minimum: 0, exclusiveMinimum: true },
      parent: { $ref: "#/components/schemas/Order" },
      example: { type: "string", example: { nullable: true } }
    }
  },
  Maybe: { allOf: [{ $ref: "#/components/schemas/Order" }], nullable: true }
}
const json = (schema: unknown) => ({ "application/json": { schema } })
const openapi = {
  openapi: "3.0.3",
  info: { title: "shop", version: "1" },
  paths: {
    "/orders": {
      get: {
        operationId: "listOrders",
        responses: {
          200: {
            description: "ok",
            headers: { "X-Total": { required: true, schema: { type: "integer" } } },
            content: json({ type: "array", items: { $ref: "#/components/schemas/Order" } })
          },
          204: { description: "none" },
          "4XX": { $ref: "#/components/responses/Problem" },
          default: { description: "any", content: { "text/*": { schema: { type: "string", maxLength: 5 } } } }
        }
      }
    },
    "/orders/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
      get: {
        operationId: "getOrder",
        responses: { 200: { description: "ok", content: json({ $ref: "#/components/schemas/Maybe" }) } }
      }
    }
  },
  components: {
    schemas,
    responses: {
      Problem: {
        description: "no",
        content: { "application/problem+json": { schema: { type: "object", required: ["title"] } } }
      }
    }
  }
}

const answer = (status: number, body: Value, headers: { readonly [name: string]: string } = {}): Value => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body,
  duration_ms: 1
})

it.layer(Contract.layer.pipe(Layer.provideMerge(NodeServices.layer)))("Contract", (it) => {
  it.effect("checkSchema checks against a JSON or YAML file and what it refers to", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      yield* write("cases/order.json", { properties: { item: { $ref: "../parts/item.yaml" } }, required: ["item"] })
      yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.makeDirectory(`${bounds.root}/parts`))
      yield* write("parts/item.yaml", "type: object\nproperties: { sku: { $ref: 'sku%20%231.json' } }\n")
      yield* write("parts/sku #1.json", { type: "string" })

      assert.deepStrictEqual(yield* Contract.checkSchema("order.json", { item: { sku: "A" } }, bounds), [])
      assert.deepStrictEqual(yield* Contract.checkSchema("order.json", { item: { sku: 1 } }, bounds), [
        "/item/sku must be string, is 1 (type)"
      ])
      assert.deepStrictEqual(yield* Contract.checkSchema("order.json", {}, bounds), [
        "the value lacks the field \"item\" (required)"
      ])
    }).pipe(Effect.scoped))

  it.effect("a schema that names itself by $id finds its neighbours beside it", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      yield* write("cases/a.json", { $id: "https://example.org/v1/a.json", type: "array", items: { $ref: "b.json" } })
      yield* write("cases/b.json", {
        $id: "https://example.org/v1/b.json",
        anyOf: [{ type: "string" }, { $ref: "a.json" }]
      })

      assert.deepStrictEqual(yield* Contract.checkSchema("a.json", ["x", ["y"]], bounds), [])
      assert.isAbove((yield* Contract.checkSchema("a.json", [["x", [1]]], bounds)).length, 0)
    }))

  it.effect("R06 a schema outside the root, or one that refers there or to a URL, is refused", () =>
    Effect.gen(function*() {
      const { bounds, files, root, write } = yield* folder
      yield* files.writeFileString(`${root}/../secret.json`, "{}")
      yield* files.symlink(`${root}/../secret.json`, `${root}/cases/link.json`)
      yield* write("cases/up.json", { $ref: "../../secret.json" })
      yield* write("cases/absolute.json", { $ref: "file:///etc/passwd" })
      yield* write("cases/through.json", { $ref: "link.json" })
      yield* write("cases/remote.json", { $ref: "http://127.0.0.1:1/x.json" })
      yield* write("cases/named.json", { $id: "https://example.org/a/x.json", $ref: "https://example.org/b/y.json" })
      yield* write("cases/climb.json", {
        $id: "https://example.org/a/x.json",
        $ref: "https://example.org/a/%2e%2e/%2e%2e/secret.json"
      })

      for (
        const file of [
          "../../secret.json",
          "up.json",
          "absolute.json",
          "through.json",
          "remote.json",
          "named.json",
          "climb.json"
        ]
      ) {
        const error = yield* Effect.flip(Contract.checkSchema(file, {}, bounds))
        assert.strictEqual(error.reason, "Refused", `${file}: ${error.message}`)
      }
    }))

  it.effect("says what is wrong with a schema file", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      yield* write("cases/broken.json", "{")
      yield* write("cases/bad.json", { type: "nothing" })

      const reason = (file: string) =>
        Effect.map(Effect.flip(Contract.checkSchema(file, {}, bounds)), (error) => error.reason)
      assert.deepStrictEqual(yield* Effect.all([reason("none.json"), reason("broken.json"), reason("bad.json")]), [
        "Unavailable",
        "Invalid",
        "Invalid"
      ])
    }))

  it.effect("compiles a file once per run", () =>
    Effect.gen(function*() {
      const { bounds, files, root, write } = yield* folder
      yield* write("cases/once.json", { type: "string" })
      yield* Contract.checkSchema("once.json", "", bounds)

      yield* files.remove(`${root}/cases/once.json`)

      assert.deepStrictEqual(yield* Contract.checkSchema("once.json", "x", bounds), [])
    }))

  it.effect("checkOpenApi checks status, headers, content type and body", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      yield* write("cases/api.json", openapi)
      const order = { id: 1, note: null }
      const rows: ReadonlyArray<readonly [string, Value, ReadonlyArray<string>]> = [
        ["listOrders", answer(200, [order], { "x-total": "1" }), []],
        ["GET /orders", answer(200, [], { "x-total": "1" }), []],
        ["get  /orders", answer(200, [], { "x-total": "0" }), []],
        ["listOrders", answer(200, [order]), ["the header x-total is missing"]],
        ["listOrders", answer(200, [], { "x-total": "many" }), [
          "header x-total: the value must be integer, is \"many\" (type)"
        ]],
        ["listOrders", answer(200, [{ note: "x" }], { "x-total": "1" }), [
          "body: /0 lacks the field \"id\" (required)"
        ]],
        ["listOrders", answer(200, [{ ...order, price: 0 }], { "x-total": "1" }), [
          "body: /0/price must be > 0, is 0 (exclusiveMinimum)"
        ]],
        ["listOrders", answer(200, [{ ...order, parent: { id: "1", note: "" } }], { "x-total": "1" }), [
          "body: /0/parent/id must be integer, is \"1\" (type)"
        ]],
        ["listOrders", answer(200, "<html>", { "x-total": "1", "content-type": "text/html" }), [
          "content-type text/html is not described for status 200, only application/json"
        ]],
        ["listOrders", answer(204, null), []],
        ["listOrders", answer(204, { a: 1 }), ["status 204 has a body, and none is described"]],
        ["listOrders", answer(404, { title: "x" }, { "content-type": "application/problem+json" }), []],
        ["listOrders", answer(404, {}, { "content-type": "application/problem+json" }), [
          "body: the value lacks the field \"title\" (required)"
        ]],
        ["listOrders", answer(500, "oh no!", { "content-type": "text/plain" }), [
          "body: the value must NOT have more than 5 characters, is \"oh no!\" (maxLength)"
        ]],
        ["getOrder", answer(200, null), []],
        ["getOrder", answer(500, null), ["status 500 is not described for GET /orders/{id}, only 200"]]
      ]
      for (const [operation, output, faults] of rows) {
        assert.deepStrictEqual(yield* Contract.checkOpenApi("api.json", operation, output, bounds), faults)
      }
    }))

  it.effect("checkOpenApi reads Swagger 2.0 and OpenAPI 3.1", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      const info = { title: "t", version: "1" }
      yield* write("cases/swagger.yaml", {
        swagger: "2.0",
        info,
        produces: ["application/json"],
        paths: { "/x": { get: { responses: { 200: { description: "", schema: { $ref: "#/definitions/X" } } } } } },
        definitions: {
          X: { type: "object", required: ["a"], properties: { a: { type: "string", "x-nullable": true } } }
        }
      })
      yield* write("cases/new.json", {
        openapi: "3.1.0",
        info,
        paths: {
          "/x": {
            get: {
              responses: {
                200: { description: "", content: json({ $ref: "#/components/schemas/X", required: ["b"] }) }
              }
            }
          }
        },
        components: { schemas: { X: { type: ["object", "null"], properties: { a: { exclusiveMinimum: 1 } } } } }
      })
      const check = (file: string, body: Value) => Contract.checkOpenApi(file, "GET /x", answer(200, body), bounds)

      assert.deepStrictEqual(yield* check("swagger.yaml", { a: null }), [])
      assert.strictEqual((yield* check("swagger.yaml", {})).length, 1)
      assert.strictEqual((yield* check("swagger.yaml", { a: 1 })).length > 0, true)
      assert.deepStrictEqual(yield* check("new.json", { a: 2, b: 1 }), [])
      assert.strictEqual((yield* check("new.json", { a: 1 })).length, 2)
    }))

  it.effect("an API document that leads out of itself is refused, whatever it leads to", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      for (const $ref of ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:1/x", "other.json#/a", "../up.yaml"]) {
        const file = `${encodeURIComponent($ref)}.json`
        yield* write(`cases/${file}`, {
          ...openapi,
          components: { ...openapi.components, schemas: { ...schemas, Extra: { properties: { deep: { $ref } } } } }
        })
        const error = yield* Effect.flip(Contract.checkOpenApi(file, "listOrders", answer(200, []), bounds))
        assert.strictEqual(error.reason, "Refused", $ref)
      }
    }))

  it.effect("says what is wrong with the document or the operation's name", () =>
    Effect.gen(function*() {
      const { bounds, write } = yield* folder
      yield* write("cases/api.json", openapi)
      yield* write("cases/old.json", { swagger: "1.2" })
      yield* write("cases/invalid.json", { openapi: "3.0.0", paths: {} })
      const flip = (file: string, operation: string, output: Value = answer(200, [])) =>
        Effect.flip(Contract.checkOpenApi(file, operation, output, bounds))

      const unknown = yield* flip("api.json", "listOrder")
      assert.strictEqual(unknown.message, "\"api.json\": it has no operation \"listOrder\"")
      assert.strictEqual(unknown.hint, "did you mean \"listOrders\"?")
      assert.strictEqual((yield* flip("api.json", "zzzzzz")).hint, "it has listOrders, getOrder")
      assert.include((yield* flip("old.json", "x")).message, "neither OpenAPI 3.0 or 3.1 nor Swagger 2.0")
      assert.include((yield* flip("invalid.json", "x")).message, "required property 'info'")
      assert.include((yield* flip("api.json", "listOrders", "text")).message, "this step has no status")
    }))
})
