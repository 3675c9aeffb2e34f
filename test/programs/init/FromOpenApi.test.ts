import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import * as Init from "../../../src/programs/Init.ts"
import { made, requests } from "./checked.ts"

const document = `openapi: 3.0.3
info: { title: "Shop: the API #1", version: "1" }
servers: [{ url: "https://{region}.shop.test/v1/", variables: { region: { default: eu } } }]
security: [{ login: [] }]
paths:
  /orders/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: integer, minimum: 7 } }
      - { $ref: "#/components/parameters/Trace" }
    get:
      operationId: getOrder
      summary: "One order, with $\${braces} and \${expression}"
      parameters:
        - { name: full, in: query, required: true, schema: { type: boolean } }
        - { name: optional, in: query, schema: { type: string } }
      responses: { "404": { description: no }, "200": { description: ok } }
    delete:
      deprecated: true
      security: []
      responses: { default: { description: any } }
  /orders:
    post:
      operationId: create-order
      security: [{ key: [] }]
      requestBody: { $ref: "#/components/requestBodies/Order" }
      responses: { "201": { description: made } }
    put:
      requestBody: { content: { application/x-www-form-urlencoded: { schema: { type: object, properties: { a: { type: string }, n: { type: number } } } } } }
      responses: { "204": { description: ok } }
components:
  parameters: { Trace: { name: X-Trace, in: header, required: true, example: "a b" } }
  securitySchemes:
    login: { type: http, scheme: bearer }
    key: { type: apiKey, in: header, name: X-Key }
  requestBodies: { Order: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } } }
  schemas:
    Order:
      type: object
      required: [sku]
      properties:
        id: { type: integer, readOnly: true }
        sku: { type: string, minLength: 6 }
        when: { type: string, format: date }
        kind: { enum: [retail, "\${whole}"] }
        parent: { $ref: "#/components/schemas/Order" }
        lines: { type: array, items: { allOf: [{ $ref: "#/components/schemas/Line" }, { properties: { extra: { default: 5 } } }] } }
    Line: { type: object, required: [n], properties: { n: { type: number, exclusiveMinimum: true, minimum: 2 } } }
`

describe("FromOpenApi", () => {
  it("makes a step of each operation with examples that fit", () => {
    const { notes, path, root } = made({ from: "openapi", name: "openapi", text: document })
    const steps = root["steps"] as ReadonlyArray<ValueRecord>
    const [get, remove, create, put] = requests(root)

    assert.strictEqual(path, "openapi.yaml")
    assert.strictEqual(root["name"], "Shop: the API #1")
    assert.deepStrictEqual(steps.map((step) => step["id"]), ["get_order", undefined, "create_order", undefined])
    assert.strictEqual(steps[0]!["name"], "One order, with $$${braces} and $${expression}")
    assert.deepStrictEqual(steps.map((step) => (step["expect"] as ReadonlyArray<string>)[0]), [
      "status == 200",
      "status < 400",
      "status == 201",
      "status == 204"
    ])
    assert.deepEqual(get, {
      method: "GET",
      url: "https://eu.shop.test/v1/orders/7",
      query: { full: "true" },
      headers: { "X-Trace": "a b" },
      bearer: "<secrets.token>"
    })
    assert.deepEqual(remove, {
      method: "DELETE",
      url: "https://eu.shop.test/v1/orders/7",
      headers: { "X-Trace": "a b" }
    })
    assert.deepEqual(create!["headers"], { "X-Key": "<secrets.api_key>" })
    const { parent, ...order } = create!["json"] as ValueRecord
    assert.deepEqual(order, { sku: "textxx", when: "2025-01-31", kind: "retail", lines: [{ n: 3 }] })
    assert.hasAllKeys(parent as object, ["sku", "when", "kind", "lines", "parent"])
    assert.deepEqual(put!["form"], { a: "text", n: "1" })
    assert.includeMembers([...notes], ["set the environment variable API_TOKEN (secrets.token)"])
  })

  it("checks answers against the document when it is told its path", () => {
    const { root } = made({ from: "openapi", text: document, contract: "../api.yaml" })
    const steps = root["steps"] as ReadonlyArray<ValueRecord>

    assert.deepEqual(steps.map((step) => (step["expect"] as ReadonlyArray<unknown>)[1]), [
      { openapi: "../api.yaml", operation: "getOrder" },
      { openapi: "../api.yaml", operation: "DELETE /orders/{id}" },
      { openapi: "../api.yaml", operation: "create-order" },
      { openapi: "../api.yaml", operation: "PUT /orders" }
    ])
  })

  it("reads Swagger 2", () => {
    const { notes, root } = made({
      from: "openapi",
      text: JSON.stringify({
        swagger: "2.0",
        host: "old.test",
        basePath: "/api/",
        schemes: ["http"],
        securityDefinitions: { b: { type: "basic" }, q: { type: "apiKey", in: "query", name: "key" } },
        security: [{ b: [] }],
        paths: {
          "/x": {
            post: {
              parameters: [{ in: "body", name: "b", schema: { $ref: "#/definitions/X" } }],
              responses: { 200: {} }
            },
            put: { security: [{ q: [] }], parameters: [{ in: "formData", name: "f", type: "string" }], responses: {} },
            get: {
              security: [],
              parameters: [{ in: "query", name: "e", required: true, $ref: "other.json#/x" }],
              responses: {}
            }
          }
        },
        definitions: { X: { properties: { a: { example: { deep: "${x}" } } } } }
      })
    })
    const [get, post, put] = requests(root)

    assert.deepEqual(get, { method: "GET", url: "http://old.test/api/x" })
    assert.deepEqual(post, {
      method: "POST",
      url: "http://old.test/api/x",
      basic: { user: "<secrets.user>", password: "<secrets.password>" },
      json: { a: { deep: "${x}" } }
    })
    assert.deepEqual(put!["query"], { key: "<secrets.api_key>" })
    assert.deepEqual(put!["form"], { f: "text" })
    assert.includeMembers([...notes], ["references to other documents were left out; bundle them first"])
  })

  it("says what is no API document", () => {
    for (
      const [text, message] of [
        ["{", "not JSON"],
        ["a: [", "not YAML"],
        ["a: 1", "neither `openapi` nor `swagger`"],
        ["openapi: 3.0.0", "no request was found in the API document"]
      ] as const
    ) {
      const answer = Init.convert({ from: "openapi", text })
      assert.include(Result.isFailure(answer) ? answer.failure.message : "", message)
    }
  })
})
