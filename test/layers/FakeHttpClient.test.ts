import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as FakeHttpClient from "../../src/layers/fake/FakeHttpClient.ts"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import { routes, suite } from "../services/HttpClientSuite.ts"

suite("fake", FakeHttpClient.layer(routes), () => "http://api.test")

describe("FakeHttpClient", () => {
  it.effect("delays and time-outs pass by the clock of the test", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(HttpExchange.execute({ url: "http://api.test/slow" }), {
        startImmediately: true
      })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const answer = yield* Fiber.join(fiber)

      assert.strictEqual(answer.text, "late")
      assert.strictEqual(answer.durationMs, 10_000)

      const late = yield* Effect.forkChild(Effect.flip(HttpExchange.execute({ url: "http://api.test/later" })), {
        startImmediately: true
      })
      yield* TestClock.adjust("29999 millis")
      assert.isUndefined(late.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(late)).reason, "Timeout")
    }).pipe(Effect.provide(FakeHttpClient.layer({ "/slow": { text: "late", delay: "10s" }, "/later": { delay: 60 } }))))

  it.effect("connections fail on demand, as often as asked", () =>
    Effect.gen(function*() {
      const fake = yield* FakeHttpClient.FakeHttpClient
      const post = HttpExchange.execute({ method: "POST", url: "http://api.test/x" })
      for (const reason of ["Dns", "Refused", "Unreachable", "ConnectTimeout", "Tls", "Reset"] as const) {
        yield* fake.failNext(1, reason)
        assert.strictEqual((yield* Effect.flip(post)).reason, reason)
        assert.strictEqual((yield* post).status, 404)
      }
    }).pipe(Effect.provide(FakeHttpClient.layer())))

  it.effect("calls are recorded; new routes begin a new record", () =>
    Effect.gen(function*() {
      const fake = yield* FakeHttpClient.FakeHttpClient
      yield* HttpExchange.execute({ url: "http://a.test/users/7?full=1" })
      yield* HttpExchange.execute({ url: "http://b.test/users/7" })

      const calls = yield* fake.calls
      assert.deepStrictEqual(
        calls.map(({ method, params, path, query, status }) => ({
          method,
          path,
          params: { ...params as object },
          query: { ...query as object },
          status
        })),
        [
          { method: "GET", path: "/users/7", params: { id: "7" }, query: { full: "1" }, status: 200 },
          { method: "GET", path: "/users/7", params: {}, query: {}, status: 404 }
        ]
      )
      yield* fake.setRoutes({ "/new": { text: "new" } })
      assert.deepStrictEqual(yield* fake.calls, [])
      assert.strictEqual((yield* HttpExchange.execute({ url: "http://a.test/new" })).text, "new")
    }).pipe(Effect.provide(FakeHttpClient.layer({ "GET http://a.test/users/:id": { json: {} } }))))
})
