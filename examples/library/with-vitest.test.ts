/** Scenarios in your own tests, on fakes: no server, no waiting, every call recorded. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Testing from "skein/testing"

const shop = Testing.layer({
  routes: { "POST https://shop.example/orders": { status: 201, json: { id: 7 }, delay: "2s" } }
})

const scenario = `
secrets: { token: { file: /run/secrets/token } }
steps:
  - http: { method: POST, url: "https://shop.example/orders", json: { sku: A1 }, bearer: "\${secrets.token}" }
    retry: { attempts: 3, delay: 1m, on: [connection] }
    expect: body.id == 7
`

it.effect("an order is sent again when the connection breaks", () =>
  Effect.gen(function*() {
    const http = yield* Testing.FakeHttpClient
    const secrets = yield* Testing.FakeSecrets
    yield* secrets.file("/run/secrets/token", "t-4711")
    yield* http.failNext(2, "Reset")

    const run = yield* Effect.forkChild(Testing.run(scenario))
    while (run.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    const { report } = yield* Fiber.join(run)

    assert.strictEqual(report.cases[0]?.status, "passed")
    assert.strictEqual(report.cases[0]?.steps[0]?.attempts, 3)
    assert.lengthOf(yield* http.calls, 1)
  }).pipe(Effect.provide(shop)))
