import { assert, describe, it } from "@effect/vitest"
import { Duration, Result } from "effect"
import * as MockRoutes from "../../../src/services/http/MockRoutes.ts"
import { type Definition, maxCalls } from "../../../src/services/MockServer.ts"

const received = (
  line: string,
  json?: unknown,
  headers: Readonly<Record<string, string>> = {}
): MockRoutes.Received => {
  const [method, target] = line.split(" ") as [string, string]
  return {
    method,
    url: new URL(target, "http://127.0.0.1"),
    headers: json === undefined ? headers : { "content-type": "application/json", ...headers },
    body: new TextEncoder().encode(json === undefined ? "" : JSON.stringify(json))
  }
}
const routesOf = (routes: NonNullable<Definition["routes"]>) => Result.getOrThrow(MockRoutes.make({ routes }))

describe("MockRoutes", () => {
  it("the most exact route answers, wherever it stands", () => {
    const { answer } = routesOf({
      "*  /*": { text: "anything" },
      "GET /users/*": { text: "below" },
      "GET /users/:id": { text: "one" },
      "GET /users/me": { text: "me" },
      "GET /users/me?full=1": { text: "me, full" },
      "/any": { text: "any method" }
    })
    const rows = [
      ["GET /users/me", "me"],
      ["GET /users/me?full=1", "me, full"],
      ["GET /users/me?full=2", "me"],
      ["GET /users/7", "one"],
      ["GET /users/7/orders", "below"],
      ["GET /users/", "below"],
      ["POST /users/7", "anything"],
      ["DELETE /any", "any method"],
      ["GET /any/", "any method"]
    ] as const
    for (const [line, text] of rows) assert.strictEqual(answer(received(line)).body, text, line)
  })

  it("parameters and the rest of a path are decoded and recorded", () => {
    const routes = routesOf({ "/a/:x/b/:y": {}, "/files/*": {} })
    routes.answer(received("GET /a/1%2F2/b/%20"))
    routes.answer(received("GET /files/x/y%20z"))
    assert.deepStrictEqual(routes.calls().map(({ params }) => ({ ...params as object })), [
      { x: "1/2", y: " " },
      { "*": "x/y z" }
    ])
  })

  it("a sequence is given one by one, and its last again and again", () => {
    const { answer } = routesOf({ "/x": { sequence: [{ status: 500 }, { status: 200 }] } })
    assert.deepStrictEqual([1, 2, 3].map(() => answer(received("GET /x")).status), [500, 200, 200])
  })

  it("an answer with a match is given to the requests it is for, and takes no turn of the sequence", () => {
    const { answer } = routesOf({
      "/x": [
        { text: "first" },
        { text: "second" },
        { text: "json", match: { json: { user: { id: 7 }, tags: ["a"] } } },
        { text: "header", match: { headers: { "X-Kind": "h" } } },
        { text: "query", match: { query: { n: 1 } } }
      ]
    })
    assert.strictEqual(answer(received("POST /x", { user: { id: 7, name: "Ada" }, tags: ["a"], more: 1 })).body, "json")
    assert.strictEqual(answer(received("POST /x", { user: { id: 7 }, tags: ["a", "b"] })).body, "first")
    assert.strictEqual(answer(received("GET /x", undefined, { "x-kind": "h" })).body, "header")
    assert.strictEqual(answer(received("GET /x?n=1")).body, "query")
    assert.strictEqual(answer(received("GET /x?n=2")).body, "second")
  })

  it("HEAD is answered by the route of GET", () => {
    assert.strictEqual(routesOf({ "GET /x": { status: 201 } }).answer(received("HEAD /x")).status, 201)
  })

  it("headers may repeat, and a content type of one's own is kept", () => {
    const { answer } = routesOf({
      "/x": { json: [], headers: { "Content-Type": "application/hal+json", "X-N": [1, 2] } }
    })
    assert.deepStrictEqual(answer(received("GET /x")).headers, [
      ["content-type", "application/hal+json"],
      ["x-n", "1"],
      ["x-n", "2"]
    ])
  })

  it("delays are durations or seconds", () => {
    const { answer } = routesOf({ "/a": { delay: "200ms" }, "/b": { delay: 1.5 }, "/c": {} })
    const millis = ["/a", "/b", "/c"].map((path) => Duration.toMillis(answer(received(`GET ${path}`)).delay))
    assert.deepStrictEqual(millis, [200, 1_500, 0])
  })

  it("the last calls are remembered, the first are forgotten", () => {
    const routes = routesOf({ "/:n": {} })
    for (let n = 0; n <= maxCalls; n++) routes.answer(received(`GET /${n}`))
    assert.strictEqual(routes.calls().length, maxCalls)
    assert.strictEqual(routes.calls()[0]!["path"], "/1")
  })

  it("a prototype is no field of anything", () => {
    const { answer } = routesOf({ "/x": [{ text: "no" }, { text: "yes", match: { json: { __proto__x: 1 } } }] })
    assert.strictEqual(answer(received("POST /x", JSON.parse("{\"__proto__\":{\"__proto__x\":1}}"))).body, "no")
  })
})
