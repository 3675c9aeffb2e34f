import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createServer } from "node:net"
import * as NodeMetricsServer from "../../src/layers/live/NodeMetricsServer.ts"
import { MetricsServer } from "../../src/services/MetricsServer.ts"

const get = (url: string) =>
  Effect.promise(() => fetch(url).then(async (r) => ({ status: r.status, text: await r.text() })))

describe("NodeMetricsServer", () => {
  it.live("answers GET /metrics with the text as it is then, and nothing else", () =>
    Effect.gen(function*() {
      const server = yield* MetricsServer
      let asked = 0
      const url = yield* server.serve(0, Effect.sync(() => `asked ${++asked}`))

      assert.deepStrictEqual(yield* get(url), { status: 200, text: "asked 1" })
      assert.deepStrictEqual(yield* get(url), { status: 200, text: "asked 2" })
      assert.strictEqual((yield* get(url.replace("/metrics", "/"))).status, 404)
      assert.match(url, /^http:\/\/127\.0\.0\.1:/)
    }).pipe(Effect.scoped, Effect.provide(NodeMetricsServer.layer)))

  it.live("closes with its scope", () =>
    Effect.gen(function*() {
      const server = yield* MetricsServer
      const url = yield* Effect.scoped(server.serve(0, Effect.succeed("")))

      assert.isTrue(yield* Effect.promise(() => fetch(url).then(() => false, () => true)))
    }).pipe(Effect.provide(NodeMetricsServer.layer)))

  it.live("says which port is taken", () =>
    Effect.gen(function*() {
      const server = yield* MetricsServer
      const taken = yield* Effect.acquireRelease(
        Effect.promise(() =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const other = createServer().listen(0, "127.0.0.1", () => resolve(other))
          })
        ),
        (other) => Effect.sync(() => other.close())
      )
      const { port } = taken.address() as { readonly port: number }

      const error = yield* Effect.flip(server.serve(port, Effect.succeed("")))

      assert.include(error.message, `port ${port}`)
      assert.include(error.message, "EADDRINUSE")
    }).pipe(Effect.scoped, Effect.provide(NodeMetricsServer.layer)))
})
