/** Logging in: once for all, in time, again when told, kept for the owner's eyes, never shown. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { Masking } from "../../src/core/Masking.ts"
import { FakeHttpClient } from "../../src/layers/fake/FakeHttpClient.ts"
import { inTime } from "../support/virtualTime.ts"
import { asked, layer, open, parse } from "./opened.ts"

const profile = parse(`
profile: shop
base: http://api.test
secrets: { key: { env: SHOP_KEY } }
headers: { x-client: skein }
login:
  request: { path: login, json: { key: "\${secrets.key}" } }
  save: { token: body.token, user: body.user, ends: body.ends }
  bearer: session.token
  expires: session.ends
  file: "\${env.HOME}/cache/session"
lists:
  orders: { path: "users/\${session.user}/orders", paging: none }
`)
const environment = { SHOP_KEY: "the-machine-key" }
const get = (path: string) => ({ base: "http://api.test", url: path })
const token = (name: string, ends = 3_600) => ({ json: { token: `token-${name}`, user: "u1", ends } })
const withToken = (name: string) => ({
  match: { headers: { authorization: `Bearer token-${name}` } },
  json: { by: name }
})
const logins = Effect.map(asked, (calls) => calls.filter((call) => call === "POST /login").length)

describe("a session", () => {
  it.effect("is had by one login for a hundred callers, when the first needs it", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })
      assert.deepStrictEqual(yield* asked, [])

      const answers = yield* inTime(
        Effect.forEach(Array.from({ length: 100 }, (_, n) => n), (n) => api.http.execute(get(`orders/${n}`)), {
          concurrency: "unbounded"
        })
      )

      assert.isTrue(answers.every(({ status }) => status === 200))
      assert.strictEqual(yield* logins, 1)
      assert.lengthOf(yield* asked, 101)
      const fake = yield* FakeHttpClient
      const [login, first] = yield* fake.calls
      assert.deepStrictEqual(login!["body"], { key: "the-machine-key" })
      const headers = first!["headers"] as Record<string, string>
      assert.strictEqual(headers["x-client"], "skein")
      assert.isUndefined((login!["headers"] as Record<string, string>)["authorization"])
    }).pipe(Effect.provide(layer({
      "POST /login": { ...token("a"), delay: "2s" },
      "GET /orders/:id": [withToken("a"), { status: 401 }]
    }))))

  it.effect("is renewed once for all whose requests it was refused for, and those are sent again", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })

      const answers = yield* inTime(
        Effect.forEach(Array.from({ length: 20 }, (_, n) => n), (n) => api.http.execute(get(`orders/${n}`)), {
          concurrency: "unbounded"
        })
      )

      assert.deepStrictEqual([...new Set(answers.map(({ text }) => text))], [`{"by":"b"}`])
      assert.strictEqual(yield* logins, 2)
    }).pipe(Effect.provide(layer({
      "POST /login": { sequence: [token("a"), token("b"), token("c")] },
      "GET /orders/:id": [{ ...withToken("a"), status: 401 }, withToken("b"), { status: 500 }]
    }))))

  it.effect("that is refused when new ends the request, with the answer", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })

      const answer = yield* inTime(api.http.execute(get("orders/1")))

      assert.strictEqual(answer.status, 401)
      assert.strictEqual(yield* logins, 2)
    }).pipe(Effect.provide(layer({ "POST /login": token("a"), "GET /orders/:id": { status: 401 } }))))

  it.effect("is renewed five minutes before its end, and not earlier", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })
      yield* inTime(api.http.execute(get("orders/1")))

      yield* TestClock.setTime(3_299_000)
      yield* inTime(api.http.execute(get("orders/1")))
      assert.strictEqual(yield* logins, 1)

      yield* TestClock.setTime(3_300_000)
      yield* inTime(api.http.execute(get("orders/1")))
      assert.strictEqual(yield* logins, 2)
    }).pipe(Effect.provide(layer({
      "POST /login": { sequence: [token("a"), token("b", 36_000)] },
      "GET /orders/:id": { json: {} }
    }))))

  it.effect("is kept where only its owner reads it, and the next run takes it from there without the secret", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { api, directory } = yield* open(profile, { environment })
      yield* inTime(api.http.execute(get("orders/1")))

      const kept = `${directory}/cache/session`
      assert.deepStrictEqual(JSON.parse(yield* files.readFileString(kept)), {
        token: "token-a",
        user: "u1",
        ends: 3_600,
        skein_base: "http://api.test"
      })
      assert.strictEqual((yield* files.stat(kept)).mode & 0o777, 0o600)

      const next = yield* open(profile, { environment: { HOME: directory } })
      yield* inTime(next.api.http.execute(get("orders/2")))
      assert.strictEqual(yield* logins, 1)
    }).pipe(Effect.provide(layer({ "POST /login": token("a"), "GET /orders/:id": [withToken("a"), { status: 401 }] }))))

  it.effect("of another process is taken before a new one is asked for", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { api, directory } = yield* open(profile, { environment })
      yield* inTime(api.http.execute(get("orders/1")))
      yield* files.writeFileString(`${directory}/cache/session`, `{"token":"token-other","user":"u1","ends":3600}`)
      const fake = yield* FakeHttpClient
      yield* fake.setRoutes({ "GET /orders/:id": [withToken("other"), { status: 401 }] })

      const answer = yield* inTime(api.http.execute(get("orders/1")))

      assert.strictEqual(answer.text, `{"by":"other"}`)
      assert.strictEqual(yield* logins, 0)
    }).pipe(Effect.provide(layer({ "POST /login": token("a"), "GET /orders/:id": { json: {} } }))))

  it.effect.each(
    [
      ["is not JSON", "{"],
      ["lacks something", `{"token":"token-x"}`],
      ["has ended", `{"token":"token-x","user":"u1","ends":299}`],
      ["is for another host", `{"token":"token-x","user":"u1","ends":3600,"skein_base":"http://other.test"}`]
    ] as const
  )("that was kept and %s is as good as none", ([, text]) =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment, files: { "cache/session": text } })
      yield* inTime(api.http.execute(get("orders/1")))
      assert.strictEqual(yield* logins, 1)
    }).pipe(Effect.provide(layer({ "POST /login": token("a"), "GET /orders/:id": { json: {} } }))))

  it.effect("that cannot be had fails all who wait for it with one login, and says why", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })

      const results = yield* inTime(
        Effect.forEach(Array.from({ length: 10 }, (_, n) => n), () => Effect.flip(api.list("orders")), {
          concurrency: "unbounded"
        })
      )

      assert.strictEqual(yield* logins, 1)
      assert.strictEqual(results[0]!.reason, "Login")
      assert.strictEqual(
        results[0]!.message,
        "cannot log in to shop: POST http://api.test/login was answered with status 500: Authorization failed."
      )
      const sent = yield* inTime(Effect.flip(api.http.execute(get("orders/1"))))
      assert.strictEqual(sent.reason, "Login")
    }).pipe(Effect.provide(layer({ "POST /login": { status: 500, json: "Authorization failed.", delay: "1s" } }))))

  it.effect("needs its secret: without it nothing is sent", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile)
      const error = yield* inTime(Effect.flip(api.list("orders")))
      assert.match(error.message, /cannot log in to shop: cannot get the secret "key": environment variable SHOP_KEY/)
      assert.deepStrictEqual(yield* asked, [])
    }).pipe(Effect.provide(layer({}))))

  it.effect("and the secret behind it are masked before anybody sees them", () =>
    Effect.gen(function*() {
      const masking = yield* Masking
      const { api } = yield* open(profile, { environment })
      yield* inTime(api.http.execute(get("orders/1")))
      assert.strictEqual(masking.text("token-a of the-machine-key"), "*** of ***")
    }).pipe(Effect.provide(layer({ "POST /login": token("a"), "GET /orders/:id": { json: {} } }))))

  it.effect("is for the API alone: another host gets neither token nor headers", () =>
    Effect.gen(function*() {
      const { api } = yield* open(profile, { environment })
      yield* inTime(api.http.execute({ url: "http://storage.test/backup.gz" }))
      const fake = yield* FakeHttpClient
      const [call] = yield* fake.calls
      const headers = call!["headers"] as Record<string, string>
      assert.isUndefined(headers["authorization"])
      assert.isUndefined(headers["x-client"])
      assert.strictEqual(yield* logins, 0)
    }).pipe(Effect.provide(layer({ "GET /backup.gz": { text: "x" } }))))
})
