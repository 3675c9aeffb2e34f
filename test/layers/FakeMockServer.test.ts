/** Stub APIs without a socket do what those on loopback do. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import * as FakeHttpClient from "../../src/layers/fake/FakeHttpClient.ts"
import * as FakeMockServer from "../../src/layers/fake/FakeMockServer.ts"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import * as MockServer from "../../src/services/MockServer.ts"
import { routes, suite } from "../services/HttpClientSuite.ts"

const fakes = FakeMockServer.layer.pipe(Layer.provideMerge(FakeHttpClient.layer({ "/": { text: "not mounted" } })))

const mounted = Layer.effectDiscard(Effect.orDie(MockServer.startFrom({ routes }))).pipe(Layer.provideMerge(fakes))

const get = (url: string) => Effect.map(HttpExchange.execute({ url }), ({ text }) => text)

suite("a mock server without a socket", mounted, () => "http://127.0.0.1:20001")

describe("FakeMockServer", () => {
  it.effect("each has an address and calls of its own, until its scope ends", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const first = yield* Scope.provide(MockServer.startFrom({ routes: { "/": { text: "first" } } }), scope)
      const second = yield* MockServer.startFrom({ echo: true })

      assert.strictEqual(yield* get(first.url), "first")
      assert.include(yield* get(`${second.url}/x`), "\"path\":\"/x\"")
      assert.deepStrictEqual([first.calls().length, second.calls().length], [1, 1])

      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* get(first.url), "not mounted")
    }).pipe(Effect.provide(fakes)))

  it.effect("a definition that makes no sense is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(MockServer.startFrom({ routes: { "GET x": {} } }))

      assert.strictEqual(error.reason, "Invalid")
    }).pipe(Effect.provide(fakes)))
})
