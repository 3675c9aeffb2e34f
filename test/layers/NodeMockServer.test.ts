import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import * as NodeMockServer from "../../src/layers/embedded/NodeMockServer.ts"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import * as MockServer from "../../src/services/MockServer.ts"
import { routes, suite } from "../services/HttpClientSuite.ts"

let base = ""
const scope = Effect.runSync(Scope.make())
beforeAll(() =>
  Effect.runPromise(
    MockServer.startFrom({ routes }).pipe(
      Effect.tap(({ url }) => Effect.sync(() => void (base = url))),
      Scope.provide(scope),
      Effect.provide(NodeMockServer.layer)
    )
  )
)
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

suite("undici on a mock server", UndiciHttpClient.layer(), () => base)

const live = Layer.merge(NodeMockServer.layer, UndiciHttpClient.layer())

describe("MockServer", () => {
  it.live("an unknown route says which routes there are", () =>
    Effect.gen(function*() {
      const { url } = yield* MockServer.startFrom({ routes: { "POST /orders": { status: 201 } } })
      const answer = yield* HttpExchange.execute({ url: `${url}/orders` })
      assert.strictEqual(answer.status, 404)
      assert.deepStrictEqual(JSON.parse(answer.text), { error: "no route for GET /orders", routes: ["POST /orders"] })
    }).pipe(Effect.provide(live)))

  it.live("with echo, an unknown route answers with the request", () =>
    Effect.gen(function*() {
      const { calls, url } = yield* MockServer.startFrom({ echo: true })
      const answer = yield* HttpExchange.execute({
        method: "PUT",
        url: `${url}/any?x=1`,
        body: { _tag: "Text", text: "hi" }
      })
      const seen = JSON.parse(answer.text) as Record<string, unknown>
      assert.strictEqual(seen["path"], "/any")
      assert.strictEqual(seen["body"], "hi")
      assert.strictEqual(calls()[0]!["body"], "hi")
    }).pipe(Effect.provide(live)))

  it.live("all that is wrong with a definition is told at once", () =>
    Effect.gen(function*() {
      const bad = yield* Effect.flip(MockServer.startFrom({
        routes: { "GET /x": { status: 99, stats: 1 }, "GET /y": { delay: "soon" } },
        port: 80
      }))
      assert.strictEqual(bad.reason, "Invalid")
      for (const place of ["routes.GET /x", "routes.GET /y", "port"]) assert.include(bad.message, place)

      const keys = yield* Effect.flip(MockServer.startFrom({ routes: { "GET x": {}, "/a/*/b": {}, "GET /none": [] } }))
      assert.deepStrictEqual(keys.problems, [
        "route \"GET x\" is not like \"GET /path\"",
        "route \"/a/*/b\" has a * before its end",
        "route \"GET /none\" has no answer"
      ])
    }).pipe(Effect.provide(live)))

  it.live("closing the scope ends the server and what it was about to answer", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { calls, url } = yield* Scope.provide(
        MockServer.startFrom({ routes: { "/slow": { delay: 30 }, "/x": {} } }),
        scope
      )
      yield* HttpExchange.execute({ url: `${url}/x` })
      const pending = yield* Effect.forkChild(
        Effect.flip(HttpExchange.execute({ url: `${url}/slow`, reconnect: false }))
      )
      yield* Effect.repeat(Effect.sleep("2 millis"), { until: () => calls().length === 2 })
      yield* Scope.close(scope, Exit.void)

      assert.strictEqual((yield* Fiber.join(pending)).reason, "Reset")
      assert.strictEqual((yield* Effect.flip(HttpExchange.execute({ url: `${url}/x` }))).reason, "Refused")
    }).pipe(Effect.provide(live)))

  it.live("a body beyond 10 MB is refused", () =>
    Effect.gen(function*() {
      const { url } = yield* MockServer.startFrom({ echo: true })
      const bytes = new Uint8Array(10_000_001)
      assert.strictEqual(
        (yield* HttpExchange.execute({ method: "POST", url, body: { _tag: "Bytes", bytes } })).status,
        413
      )
    }).pipe(Effect.provide(live)))
})
