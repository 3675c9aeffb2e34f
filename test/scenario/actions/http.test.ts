import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
import { isRecord, type Value, type ValueRecord } from "../../../src/core/Value.ts"
import * as FakeHttpClient from "../../../src/layers/fake/FakeHttpClient.ts"
import * as UndiciHttpClient from "../../../src/layers/live/UndiciHttpClient.ts"
import type { ActionError } from "../../../src/scenario/Action.ts"
import { http, httpBatch } from "../../../src/scenario/actions/http.ts"
import * as HttpServers from "../../support/HttpServers.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([http, httpBatch])

const fake = (routes: Parameters<typeof FakeHttpClient.layer>[0]) =>
  Layer.merge(FakeHttpClient.layer(routes), NodeServices.layer)

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error as ActionError)

const fields = (value: Value | undefined): ValueRecord => {
  assert.isTrue(isRecord(value))
  return value as ValueRecord
}

describe("http", () => {
  it.effect("a status of 400 or more fails, with what the server said; any_status and Robogo take it", () =>
    Effect.gen(function*() {
      const error = yield* failure(runAction(http, { url: "http://a.test/x" }))
      assert.strictEqual(error.reason, "Status")
      assert.strictEqual(error.status, 422)
      assert.strictEqual(error.message, "GET http://a.test/x answered 422: the sku is missing")

      assert.propertyVal(yield* runAction(http, { url: "http://a.test/x", any_status: true }), "status", 422)
      assert.propertyVal(yield* runRobogo(http, ["GET", "http://a.test/x"]), "status_code", 422)
    }).pipe(Effect.provide(fake({ "/x": { status: 422, text: "the sku\n  is missing\n" } }))))

  it.effect("a body is data when it is JSON, else text, bytes when it is neither, null when there is none", () =>
    Effect.gen(function*() {
      const rows: ReadonlyArray<readonly [path: string, body: Value]> = [
        ["/json", { big: 12345678901234567890n }],
        ["/problem", { title: "no" }],
        ["/unmarked", [1]],
        ["/broken", "{nope"],
        ["/text", "[1] is a list"],
        ["/html", "<p>"],
        ["/nothing", null]
      ]
      for (const [path, body] of rows) {
        const output = fields(yield* runAction(http, { url: path, base: "http://a.test" }))
        assert.deepEqual(output["body"], body, path)
      }
      const image = fields(yield* runAction(http, { url: "http://a.test/image" }))
      assert.instanceOf(image["body"], Uint8Array)
      assert.isNull(image["text"])
    }).pipe(Effect.provide(fake({
      "/json": {
        text: "{\"big\":12345678901234567890}",
        headers: { "content-type": "application/json; charset=utf-8" }
      },
      "/problem": { text: "{\"title\":\"no\"}", headers: { "content-type": "application/problem+json" } },
      "/unmarked": { text: "[1]" },
      "/broken": { text: "{nope", headers: { "content-type": "application/json" } },
      "/text": { text: "[1] is a list" },
      "/html": { text: "<p>", headers: { "content-type": "text/html" } },
      "/nothing": { status: 204 },
      "/image": { text: "abc", headers: { "content-type": "image/png" } }
    }))))

  it.effect("every kind of body, credentials and cookies arrives", () =>
    Effect.gen(function*() {
      const send = (input: object) =>
        Effect.map(runAction(http, { method: "POST", url: "http://a.test/echo", ...input }), (output) => {
          const { body, headers } = fields(fields(output)["body"])
          return { body, headers: fields(headers) }
        })
      assert.deepInclude(yield* send({ json: [1] }), { body: [1] })
      assert.deepInclude(yield* send({ body: { a: 1 } }), { body: { a: 1 } })
      assert.deepInclude(yield* send({ form: { a: "1 2", b: [1, true] } }), { body: "a=1+2&b=1&b=true" })
      assert.deepInclude(yield* send({ body: "plain" }), { body: "plain" })
      assert.propertyVal((yield* send({ basic: "ada:p:w" })).headers, "authorization", `Basic ${btoa("ada:p:w")}`)
      assert.propertyVal(
        (yield* send({ basic: { user: "ada", password: 1234 } })).headers,
        "authorization",
        `Basic ${btoa("ada:1234")}`
      )
      assert.propertyVal((yield* send({ bearer: "t" })).headers, "authorization", "Bearer t")
      assert.propertyVal((yield* send({ cookies: { a: 1 }, headers: { "x-n": 5 } })).headers, "cookie", "a=1")
      assert.strictEqual((yield* failure(send({ basic: "ada" }))).reason, "Invalid")
    }).pipe(Effect.provide(fake({ "/echo": { echo: true } }))))

  it.effect("cookies belong to the case: kept from step to step, unless a step wants none", () =>
    Effect.gen(function*() {
      const cookieOf = (output: Value) => fields(fields(fields(output)["body"])["headers"])["cookie"]
      const context = yield* makeContext()
      yield* runAction(http, { url: "http://a.test/login" }, { context })
      assert.strictEqual(cookieOf(yield* runAction(http, { url: "http://a.test/echo" }, { context })), "sid=1")
      assert.isUndefined(cookieOf(yield* runAction(http, { url: "http://a.test/echo", cookies: false }, { context })))
      assert.isUndefined(cookieOf(yield* runAction(http, { url: "http://a.test/echo" })))
    }).pipe(Effect.provide(fake({ "/login": { headers: { "set-cookie": "sid=1" } }, "/echo": { echo: true } }))))

  it.effect("multipart files are read inside the root only", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      yield* files.writeFileString(`${directory}/a.txt`, "from a file")
      const send = (multipart: object) =>
        runAction(http, { method: "POST", url: "http://a.test/echo", multipart }, { directory })

      const output = fields(
        yield* send({ title: "t", scan: [{ file: "a.txt", type: "text/plain" }, { content: { b: 1 } }] })
      )
      const text = String(fields(output["body"])["body"])
      assert.include(text, "name=\"title\"\r\n\r\nt\r\n")
      assert.include(text, "name=\"scan\"; filename=\"a.txt\"\r\ncontent-type: text/plain\r\n\r\nfrom a file")
      assert.include(text, "filename=\"scan\"\r\ncontent-type: application/octet-stream\r\n\r\n{\"b\":1}")
      assert.strictEqual((yield* failure(send({ f: { file: "../../etc/passwd" } }))).reason, "Refused")
      assert.strictEqual((yield* failure(send({ f: { file: "none.txt" } }))).reason, "Unavailable")
      assert.strictEqual((yield* failure(send({ f: {} }))).reason, "Invalid")
    }).pipe(Effect.scoped, Effect.provide(fake({ "/echo": { echo: true } }))))

  it.effect("failures of the connection say what kind they are", () =>
    Effect.gen(function*() {
      const client = yield* FakeHttpClient.FakeHttpClient
      const rows = [["Refused", "Connection"], ["Dns", "Connection"], ["Tls", "Connection"], [
        "ConnectTimeout",
        "Timeout"
      ]] as const
      for (const [reason, expected] of rows) {
        yield* client.failNext(1, reason)
        const error = yield* failure(runAction(http, { method: "POST", url: "http://a.test/" }))
        assert.strictEqual(error.reason, expected)
        assert.match(error.message, /^POST http:\/\/a\.test\/: /)
      }
      assert.strictEqual((yield* failure(runAction(http, { url: "nowhere" }))).reason, "Invalid")
      assert.strictEqual((yield* failure(runAction(http, { url: "http://a.test/big", max_body: 3 }))).reason, "Refused")
      assert.strictEqual(
        (yield* failure(runRobogo(http, ["GET", "http://a.test/gone"]))).reason,
        "Connection",
        "Robogo's first generation answered with status_code 0"
      )
    }).pipe(Effect.provide(fake({ "/big": { text: "abcd" }, "/gone": { drop: true } }))))

  it.effect("the exchange is kept for reports, with the line that repeats it", () =>
    Effect.gen(function*() {
      const context = yield* makeContext()
      yield* runAction(http, { method: "PUT", url: "http://a.test/x", json: { a: 1 }, basic: "ada:pw" }, { context })
      yield* Effect.flip(runAction(http, { url: "http://a.test/gone", reconnect: false }, { context }))

      const [first, second] = context.attachments
      assert.deepEqual(first?._tag === "Http" ? [first.request.body, first.response?.body, first.insecure] : [], [
        "{\"a\":1}",
        "done",
        false
      ])
      assert.strictEqual(
        first?._tag === "Http" ? first.curl : "",
        "curl --request PUT --location --max-redirs 10 --compressed --header 'content-type: application/json' " +
          "--user ada:pw --data-raw '{\"a\":1}' http://a.test/x"
      )
      assert.deepInclude(second, { _tag: "Http" })
      assert.notProperty(second, "response")
      assert.deepEqual(JSON.parse(JSON.stringify(second)), {
        _tag: "Http",
        request: { method: "GET", url: "http://a.test/gone", headers: {} },
        curl: "curl --location --max-redirs 10 --compressed http://a.test/gone",
        insecure: false
      })
    }).pipe(Effect.provide(fake({ "/x": { text: "done" }, "/gone": { drop: true } }))))

  it.live("R21 an insecure request is warned about and says so in the report; a secure one needs its authority", () =>
    Effect.gen(function*() {
      const directory = `${import.meta.dirname}/../../fixtures/tls`
      const server = yield* HttpServers.https(HttpServers.identity("server"), (_, response) => response.end("ok"))
      const context = yield* makeContext({ directory })

      yield* runAction(http, { url: server.url, insecure: true }, { context })
      assert.deepEqual(context.logs.map(({ level, text }) => [level, text.replace(/\d+/, "N")]), [
        ["warning", "the certificate of localhost:N was not checked (insecure)"]
      ])
      assert.deepInclude(context.attachments[0], { insecure: true })
      assert.include(context.attachments[0]?._tag === "Http" ? context.attachments[0].curl : "", "--insecure")

      assert.propertyVal(yield* runAction(http, { url: server.url, ca: "ca.pem" }, { context }), "text", "ok")
      assert.propertyVal(
        yield* runAction(http, { url: server.url, ca: HttpServers.pem("ca") }, { context }),
        "text",
        "ok"
      )
      assert.strictEqual(
        (yield* failure(runAction(http, { url: server.url, ca: "no.pem" }, { context }))).reason,
        "Unavailable"
      )
      const robogo = yield* runRobogo(http, ["GET", server.url], { options: { skip_tls_verify: true } })
      assert.propertyVal(robogo, "status_code", 200)
      assert.strictEqual((yield* failure(runAction(http, { url: server.url }, { context }))).reason, "Connection")
    }).pipe(Effect.provide(Layer.merge(UndiciHttpClient.layer(), NodeServices.layer))))

  it("what changes nothing may run beside others", () => {
    const effect = http.effect as Exclude<typeof http.effect, string>
    assert.strictEqual(effect({ url: "x" }, new Set(["url"])), "read", "GET is the default")
    assert.strictEqual(
      effect({ url: "x" }, new Set(["url", "method"])),
      "write",
      "the method is known at run time only"
    )
    assert.strictEqual(effect({ method: "head" }, new Set(["method"])), "read")
    assert.strictEqual(effect({ method: "DELETE" }, new Set(["method"])), "write")
    assert.strictEqual(effect({}), "write")
    const batch = httpBatch.effect as Exclude<typeof httpBatch.effect, string>
    assert.strictEqual(batch({ requests: ["a", { url: "b" }] }, new Set(["requests"])), "read")
    assert.strictEqual(batch({ requests: ["a", { url: "b", method: "PUT" }] }, new Set(["requests"])), "write")
    assert.strictEqual(batch({}, new Set(["requests"])), "write")
  })

  it("contradictions between inputs are found before anything runs", () => {
    const problems = http.validate!(new Set(["json", "form", "basic", "bearer", "cert"]), {})
    assert.deepEqual(problems, [
      "has one body only, not json and form",
      "has basic or bearer, not both",
      "needs cert and key together"
    ])
    assert.deepEqual(http.validate!(new Set(["url", "json", "bearer"]), {}), [])
  })
})

describe("http in Robogo's spellings", () => {
  const seen = Effect.fnUntraced(function*(args: ReadonlyArray<Value>, options: ValueRecord = {}, name = "http") {
    const result = fields(yield* runRobogo(http, args, { options, name }))
    const { body, headers, method } = JSON.parse(String(result["body"])) as {
      readonly method: string
      readonly body: Value
      readonly headers: Record<string, string>
    }
    return { method, body, type: headers["content-type"], token: headers["x-token"] } as Record<string, unknown>
  })

  it.effect("headers and body are found where each generation puts them", () =>
    Effect.gen(function*() {
      const url = "http://a.test/echo"
      const token = { "X-Token": "t" }
      const json = { "Content-Type": "application/json", "X-Token": "t" }
      const rows: ReadonlyArray<readonly [ReadonlyArray<Value>, ValueRecord, string, Record<string, unknown>]> = [
        [["GET", url], { headers: token }, "http", { method: "GET", body: null, token: "t" }],
        [["GET", url, token], {}, "http", { method: "GET", body: null, token: "t" }],
        [["POST", url, { a: 1 }], {}, "http", { method: "POST", body: { a: 1 }, token: undefined }],
        [["POST", url, "{\"a\":1}"], { headers: json }, "http", { method: "POST", body: { a: 1 }, token: "t" }],
        [["POST", url, json, "{\"a\":1}"], {}, "http", { method: "POST", body: { a: 1 }, token: "t" }],
        [["POST", url, "{\"a\":1}", json], {}, "http", { method: "POST", body: { a: 1 }, token: "t" }],
        [["POST", url, [1, 2]], {}, "http", { method: "POST", body: [1, 2] }],
        [["POST", url, { a: "1 2" }], { headers: { "Content-Type": "application/x-www-form-urlencoded" } }, "http", {
          body: "a=1+2"
        }],
        [[url, token], {}, "http_get", { method: "GET", token: "t" }],
        [[url, { a: 1 }], {}, "http_post", { method: "POST", body: { a: 1 } }],
        [[url, json, { a: 1 }], {}, "http_post", { method: "POST", body: { a: 1 }, token: "t" }],
        [["GET", url], { timeout: "5s", debug: true, unknown: 1 }, "http", { method: "GET" }]
      ]
      for (const [args, options, name, expected] of rows) {
        const actual = yield* seen(args, options, name)
        for (const [key, value] of Object.entries(expected)) {
          assert.deepEqual(actual[key], value, `${name} ${JSON.stringify(args)}: ${key}`)
        }
      }
    }).pipe(Effect.provide(fake({ "/echo": { echo: true } }))))

  it.effect("the result has the keys of all generations", () =>
    Effect.gen(function*() {
      const result = fields(yield* runRobogo(http, ["GET", "http://a.test/x"]))
      assert.strictEqual(result["status_code"], 200)
      assert.strictEqual(result["body"], "{\"id\":7}")
      assert.deepEqual(result["headers"], {
        "Content-Type": ["application/json"],
        "Set-Cookie": ["a=1", "b=2"],
        "X-Rate-Limit": ["5"]
      })
      for (const key of ["duration", "duration_ms", "request", "timing", "error", "url"]) assert.property(result, key)
    }).pipe(Effect.provide(fake({
      "/x": { json: { id: 7 }, headers: { "set-cookie": ["a=1", "b=2"], "x-rate-limit": 5 } }
    }))))
})

describe("http_batch", () => {
  const routes = { "/n/:n": { echo: true }, "/bad": { status: 500, text: "broken" }, "/gone": { drop: true } }

  it.effect("answers in the order of its requests, each over what is common", () =>
    Effect.gen(function*() {
      const output = fields(
        yield* runAction(httpBatch, {
          base: "http://a.test",
          headers: { "x-all": "1" },
          json: { common: true },
          method: "POST",
          requests: ["/n/1", { url: "/n/2", method: "PUT", form: { a: 1 }, headers: { "x-own": "2" } }]
        })
      )
      assert.deepInclude(output, { ok: 2, failed: 0 })
      const [first, second] = (output["results"] as ReadonlyArray<Value>).map((one) => fields(fields(one)["body"]))
      assert.deepInclude(first, { method: "POST", body: { common: true } })
      assert.deepInclude(second, { method: "PUT", body: "a=1" })
      assert.deepInclude(fields(second!["headers"]), { "x-all": "1", "x-own": "2" })
    }).pipe(Effect.provide(fake(routes))))

  it.effect("at most so many requests are under way", () =>
    Effect.gen(function*() {
      const requests = Array.from({ length: 20 }, () => "http://a.test/slow")
      const fiber = yield* Effect.forkChild(runAction(httpBatch, { requests, concurrency: 5 }), {
        startImmediately: true
      })
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.propertyVal(yield* Fiber.join(fiber), "ok", 20)
      assert.strictEqual((yield* failure(runAction(httpBatch, { requests, concurrency: 0 }))).reason, "Invalid")
    }).pipe(Effect.provide(fake({ "/slow": { delay: 1 } }))))

  it.effect("requests that fail fail the step, unless it looks at them itself", () =>
    Effect.gen(function*() {
      const input = { base: "http://a.test", requests: ["/n/1", "/bad", "/gone", "/bad", "/bad"] }
      const error = yield* failure(runAction(httpBatch, input))
      assert.strictEqual(error.reason, "Connection")
      assert.match(error.message, /^4 of 5 requests failed: http:\/\/a\.test\/bad answered 500; .*, and 1 more$/)

      const output = fields(yield* runAction(httpBatch, { ...input, any_status: true }))
      assert.deepInclude(output, { ok: 1, failed: 4 })
      const [, bad, gone] = output["results"] as ReadonlyArray<ValueRecord>
      assert.deepInclude(bad, { status: 500, body: "broken", error: "answered 500" })
      assert.deepInclude(gone, { url: "/gone", status: null, body: null })
      assert.match(String(gone!["error"]), /closed the connection/)
    }).pipe(Effect.provide(fake(routes))))

  it.effect("Robogo's batch answers with a list of url, response and error", () =>
    Effect.gen(function*() {
      const urls = ["http://a.test/n/1", "http://a.test/bad", "http://a.test/gone"]
      const result = yield* runRobogo(httpBatch, ["GET", urls, {
        concurrency: 2,
        timeout: "5s",
        headers: { "X-A": "1" }
      }])
      const [ok, bad, gone] = result as ReadonlyArray<ValueRecord>
      assert.deepInclude(ok, { url: urls[0]!, error: "" })
      assert.deepInclude(fields(ok!["response"]), { status_code: 200 })
      assert.include(String(fields(ok!["response"])["body"]), "\"x-a\":\"1\"")
      assert.deepInclude(fields(bad!["response"]), { status_code: 500, body: "broken" })
      assert.deepInclude(gone, { url: urls[2]!, response: null })
      assert.match(String(gone!["error"]), /closed the connection/)
    }).pipe(Effect.provide(fake(routes))))

  it.effect("of many exchanges a report keeps the first", () =>
    Effect.gen(function*() {
      const context = yield* makeContext()
      yield* runAction(httpBatch, { requests: Array.from({ length: 30 }, (_, n) => `http://a.test/n/${n}`) }, {
        context
      })
      assert.strictEqual(context.attachments.length, 20)
    }).pipe(Effect.provide(fake(routes))))
})
