import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { request } from "node:http"
import * as NodeDashboardServer from "../../src/layers/live/NodeDashboardServer.ts"
import { DashboardServer } from "../../src/services/DashboardServer.ts"

const status = (url: string, init?: RequestInit) =>
  Effect.promise(() => fetch(url, init).then(async (r) => (await r.text(), r.status)))

/** The first `n` messages of an event stream, and its end. */
const messages = (url: string, n: number) =>
  Effect.promise(async () => {
    const body = (await fetch(`${url}events`)).body!
    let text = ""
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const found = [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, data]) => data!)
      // Leaving the loop closes the stream.
      if (found.length >= n) return found
    }
    return []
  })

/** With a Host header of one's own, which `fetch` does not allow. */
const statusAs = (url: string, host: string) =>
  Effect.callback<number | undefined>((resume) => {
    request(url, { headers: { host } }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode))
    }).end()
  })

describe("NodeDashboardServer", () => {
  it.live("serves the page and its events to who has the whole address", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const { send, url } = yield* server.open(0, "<p>page</p>")
      send(`{"n":1}`)
      send(`{"n":2}`)

      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/)
      assert.strictEqual(yield* Effect.promise(() => fetch(url).then((r) => r.text())), "<p>page</p>")
      assert.deepStrictEqual(yield* messages(url, 3), ["{}", `{"n":1}`, `{"n":2}`])
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))

  it.live("R17 answers nothing to who has not, to other methods, and to pages under another name", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const { url } = yield* server.open(0, "secret")
      const { origin } = new URL(url)

      assert.strictEqual(yield* status(`${origin}/`), 404)
      assert.strictEqual(yield* status(`${origin}/events`), 404)
      assert.strictEqual(yield* status(`${origin}/${"0".repeat(32)}/`), 404)
      assert.strictEqual(yield* status(url, { method: "POST" }), 404)
      assert.strictEqual(yield* statusAs(url, "evil.example"), 404)
      assert.strictEqual(yield* statusAs(url, "localhost:1"), 200)
      const other = yield* server.open(0, "")
      assert.notStrictEqual(new URL(other.url).pathname, new URL(url).pathname)
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))

  it.live("takes 16 pages at once, and keeps the newest 3,600 events for those that come", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const { send, url } = yield* server.open(0, "")
      for (let i = 0; i < 3_700; i++) send(String(i))

      const seen = yield* messages(url, 3_601)
      assert.deepStrictEqual([seen.length, seen[1], seen.at(-1)], [3_601, "100", "3699"])
      const abort = new AbortController()
      const answers = yield* Effect.promise(() =>
        Promise.all(
          Array.from({ length: 20 }, () => fetch(`${url}events`, { signal: abort.signal }).then((r) => r.status))
        )
      )
      abort.abort()
      assert.isAtMost(answers.filter((status) => status === 200).length, 16)
      assert.isAtLeast(answers.filter((status) => status === 503).length, 4)
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))

  it.live("cuts off a reader that takes nothing, and goes on", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const { send, url } = yield* server.open(0, "")
      const stream = yield* Effect.promise(() => fetch(`${url}events`))
      const large = "x".repeat(100_000)
      for (let i = 0; i < 600; i++) {
        send(large)
        yield* Effect.promise(() => new Promise(setImmediate))
      }

      assert.isTrue(yield* Effect.promise(() => stream.text().then(() => false, () => true)))
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))

  it.live("closes with its scope, open pages included", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const url = yield* Effect.scoped(Effect.gen(function*() {
        const { url } = yield* server.open(0, "")
        yield* Effect.promise(() => fetch(`${url}events`))
        return url
      }))

      assert.isTrue(yield* Effect.promise(() => fetch(url).then(() => false, () => true)))
    }).pipe(Effect.provide(NodeDashboardServer.layer)))

  it.live("says which port is taken", () =>
    Effect.gen(function*() {
      const server = yield* DashboardServer
      const { url } = yield* server.open(0, "")

      const error = yield* Effect.flip(server.open(Number(new URL(url).port), ""))
      assert.match(error.message, /^the dashboard cannot be served on port \d+: .*EADDRINUSE/)
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))
})
