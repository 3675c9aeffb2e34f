/**
 * What every `HttpClient` that skein comes with must do under `HttpExchange`. The client has to reach a stub API that
 * serves {@link routes}; `base` is its URL.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, type Layer } from "effect"
import type { HttpClient } from "effect/http"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import type { Definition } from "../../src/services/MockServer.ts"

export const routes: NonNullable<Definition["routes"]> = {
  "GET /orders/:id": { json: { id: 7, sku: "A1" }, headers: { "x-shop": "north" } },
  "/echo": { status: 201, echo: true },
  "GET /flaky": [{ status: 503 }, { status: 503 }, { text: "up" }],
  "GET /cookies": { headers: { "set-cookie": ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT"] } },
  "POST /moved": { status: 303, headers: { location: "/orders/7" } },
  "GET /nothing": { status: 204 },
  "GET /slow": { text: "late", delay: 5 },
  "GET /gone": { drop: true },
  "POST /gone": { drop: true }
}

export const suite = (name: string, layer: Layer.Layer<HttpClient.HttpClient>, base: () => string) =>
  describe(`HttpClient (${name})`, () => {
    const execute = (request: Omit<HttpExchange.Request, "base">) => HttpExchange.execute({ ...request, base: base() })

    it.live("an answer has a status, headers in lower case, and its body as bytes and text", () =>
      Effect.gen(function*() {
        const answer = yield* execute({ url: "/orders/7" })
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers["x-shop"], "north")
        assert.strictEqual(answer.headers["content-type"], "application/json")
        assert.deepStrictEqual(JSON.parse(answer.text), { id: 7, sku: "A1" })
        assert.strictEqual(answer.bytes.length, answer.text.length)
        assert.isAtLeast(answer.durationMs, 0)
      }).pipe(Effect.provide(layer)))

    it.live("method, query, headers and body arrive as they were given", () =>
      Effect.gen(function*() {
        const answer = yield* execute({
          method: "patch",
          url: "/echo?page=1",
          query: { tag: ["x y", "&"], empty: "" },
          headers: { "X-Trace": "abc" },
          body: { _tag: "Json", value: { big: 2n ** 60n, text: "ä" } }
        })
        const seen = JSON.parse(answer.text) as Record<string, Record<string, unknown>>
        assert.strictEqual(answer.status, 201)
        assert.strictEqual(seen["method"] as unknown, "PATCH")
        assert.deepStrictEqual(seen["query"], { page: "1", tag: ["x y", "&"], empty: "" })
        assert.strictEqual(seen["headers"]!["x-trace"], "abc")
        assert.strictEqual(seen["headers"]!["content-type"], "application/json")
        assert.include(answer.text, "\"big\":1152921504606846976")
        assert.strictEqual(seen["body"]!["text"], "ä")
      }).pipe(Effect.provide(layer)))

    it.live("a status of 400 or more is an answer, not an error", () =>
      Effect.gen(function*() {
        const answers = yield* Effect.forEach([1, 2, 3, 4], () => execute({ url: "/flaky" }))
        assert.deepStrictEqual(answers.map(({ status }) => status), [503, 503, 200, 200])
        assert.strictEqual((yield* execute({ url: "/unknown" })).status, 404)
      }).pipe(Effect.provide(layer)))

    it.live("each set-cookie header is one entry", () =>
      Effect.gen(function*() {
        const { setCookies } = yield* execute({ url: "/cookies" })
        assert.deepStrictEqual(setCookies, ["a=1; Path=/", "b=2; Expires=Wed, 21 Oct 2099 07:28:00 GMT"])
      }).pipe(Effect.provide(layer)))

    it.live("a redirect is followed; the answer knows the way", () =>
      Effect.gen(function*() {
        const answer = yield* execute({ method: "POST", url: "/moved", body: { _tag: "Text", text: "x" } })
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.url, `${base()}/orders/7`)
        assert.deepStrictEqual(answer.redirects, [
          { status: 303, url: `${base()}/moved`, location: `${base()}/orders/7` }
        ])
      }).pipe(Effect.provide(layer)))

    it.live("answers without a body have none", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* execute({ url: "/nothing" })).text, "")
        assert.strictEqual((yield* execute({ method: "HEAD", url: "/orders/7" })).text, "")
      }).pipe(Effect.provide(layer)))

    it.live("an answer that is late is a time-out", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(execute({ url: "/slow", timeout: Duration.millis(30) }))
        assert.strictEqual(error.reason, "Timeout")
        assert.strictEqual(error.message, `GET ${base()}/slow: there was no answer within 30ms`)
      }).pipe(Effect.provide(layer)))

    it.live("a connection that is closed without an answer is a reset", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(execute({ url: "/gone" }))).reason, "Reset")
        assert.strictEqual((yield* Effect.flip(execute({ method: "POST", url: "/gone" }))).reason, "Reset")
      }).pipe(Effect.provide(layer)))
  })
