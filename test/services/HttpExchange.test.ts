import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { execFile } from "node:child_process"
import { Masking } from "../../src/core/Masking.ts"
import * as FakeHttpClient from "../../src/layers/fake/FakeHttpClient.ts"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import * as CookieJar from "../../src/services/http/CookieJar.ts"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import * as HttpPolicy from "../../src/services/HttpPolicy.ts"
import * as HttpServers from "../support/HttpServers.ts"

const live = UndiciHttpClient.layer()
const { execute } = HttpExchange

describe("HttpExchange", () => {
  it.live("R12 line breaks in a method, URL, header or cookie are refused before anything is sent", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.capture()
      const url = `${server.url}/x`
      const break_ = "a\r\nx-injected: 1"
      const rows: ReadonlyArray<readonly [HttpExchange.Request, string]> = [
        [{ url, method: "GET / HTTP/1.1\r\nx-injected: 1" }, "InvalidHeader"],
        [{ url, method: "CONNECT" }, "InvalidHeader"],
        [{ url: `${server.url}/\r\nx-injected: 1` }, "InvalidUrl"],
        [{ url: `${server.url}/a\tb` }, "InvalidUrl"],
        [{ url: "/\r\nx-injected: 1", base: server.url }, "InvalidUrl"],
        [{ url, headers: { [break_]: "1" } }, "InvalidHeader"],
        [{ url, headers: { "x-a": break_ } }, "InvalidHeader"],
        [{ url, headers: { "x-a": "a\nb" } }, "InvalidHeader"],
        [{ url, headers: { "x-a": "a\0b" } }, "InvalidHeader"],
        [{ url, headers: { "x-a": "日本" } }, "InvalidHeader"],
        [{ url, headers: { "": "1" } }, "InvalidHeader"],
        [{ url, headers: { "content-length": "3" } }, "InvalidHeader"],
        [{ url, headers: { "Transfer-Encoding": "chunked" } }, "InvalidHeader"],
        [{ url, cookies: { a: break_ } }, "InvalidHeader"],
        [{ url, cookies: { a: "b; c=d" } }, "InvalidHeader"],
        [{ url, auth: { _tag: "Bearer", token: Redacted.make(break_) } }, "InvalidHeader"],
        [{ url, auth: { _tag: "Basic", user: "a:b", password: Redacted.make("x") } }, "InvalidHeader"],
        [{ url, body: multipart("f", "a.txt", "text/plain\r\nx-injected: 1") }, "InvalidBody"]
      ]
      for (const [request, reason] of rows) {
        assert.strictEqual((yield* Effect.flip(execute(request))).reason, reason, JSON.stringify(request))
      }
      assert.strictEqual(server.accepted(), 0, "no connection was made")

      yield* execute({ url, query: { "q\r\nx-injected: 1": "\r\nx-injected: 1" }, auth: basic(break_) })
      yield* execute({
        url,
        method: "POST",
        body: multipart("f\r\nx-injected: 1", "\"a\r\nx-injected: 1", "text/plain")
      })
      assert.notMatch(server.received(), /^x-injected/m, "elsewhere they are encoded")
    }).pipe(Effect.provide(live)))

  it.live("R14 a redirect to another host strips credentials, cookies and secret headers", () =>
    Effect.gen(function*() {
      const seen: Array<Record<string, unknown>> = []
      const other = yield* HttpServers.http((request, response) => {
        seen.push(request.headers)
        response.end("there")
      })
      const server = yield* HttpServers.http((_, response) => response.writeHead(307, { location: other.url }).end())
      const masking = yield* Masking
      masking.add("opensesame")

      yield* execute({
        method: "POST",
        url: server.url,
        auth: basic("pw"),
        cookies: { sid: "1" },
        headers: {
          "X-Api-Key": "k",
          "X-Vault-Token": "t",
          "Client-Secret": "s",
          "Proxy-Authorization": "p",
          "X-Plain": "opensesame",
          "X-Encoded": btoa("it is opensesame!"),
          "X-Trace": "kept",
          accept: "text/plain"
        },
        body: { _tag: "Text", text: "hello" }
      })

      const { accept, ...headers } = seen[0]!
      assert.strictEqual(accept, "text/plain")
      assert.deepStrictEqual(Object.keys(headers).sort(), [
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-trace"
      ])
    }).pipe(Effect.provide(Layer.merge(live, Masking.layer))))

  it.live("R14 within a host they stay, and cookies of the jar go only where they belong", () =>
    Effect.gen(function*() {
      const seen: Array<readonly [string, string | undefined, string | undefined]> = []
      const server = yield* HttpServers.http((request, response) => {
        seen.push([request.url!, request.headers.authorization, request.headers.cookie])
        if (request.url === "/1") {
          response.writeHead(302, { location: "/2", "set-cookie": ["a=1", "b=2; Path=/2"] } as const).end()
        } else response.end()
      })
      const jar = yield* CookieJar.make

      yield* execute({ url: `${server.url}/1`, auth: basic("pw"), jar })
      yield* execute({ url: `${server.url}/3`, jar, cookies: { own: "x" } })
      yield* execute({ url: `${server.url}/3` })

      const authorization = `Basic ${btoa("ada:pw")}`
      assert.deepStrictEqual(seen, [
        ["/1", authorization, undefined],
        ["/2", authorization, "b=2; a=1"],
        ["/3", undefined, "own=x; a=1"],
        ["/3", undefined, undefined]
      ])
    }).pipe(Effect.provide(live)))

  it.live("redirects stop at the bound; 0 answers with the redirect itself", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((request, response) => {
        const hop = Number(request.url!.slice(1))
        if (hop > 0) response.writeHead(302, { location: `/${hop - 1}` }).end("x".repeat(10_000))
        else response.end("here")
      })

      const ten = yield* execute({ url: `${server.url}/10` })
      assert.strictEqual(ten.text, "here")
      assert.strictEqual(ten.redirects.length, 10)
      const eleven = yield* Effect.flip(execute({ url: `${server.url}/11` }))
      assert.strictEqual(eleven.reason, "TooManyRedirects")
      assert.include(eleven.message, "more than 10 times")
      assert.strictEqual(
        (yield* Effect.flip(execute({ url: `${server.url}/2`, maxRedirects: 1 }))).reason,
        "TooManyRedirects"
      )
      const none = yield* execute({ url: `${server.url}/1`, maxRedirects: 0 })
      assert.strictEqual(none.status, 302)
      assert.strictEqual(none.headers["location"], "/0")
      assert.isAtMost(server.accepted(), 3, "bodies of redirects are read, so connections are used again")
    }).pipe(Effect.provide(live)))

  it.live("R23 endless, dripping and unfinished answers end in time, each with its own kind of error", () =>
    Effect.gen(function*() {
      const answers: Record<string, string> = {
        early: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        chunked: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        headers: `HTTP/1.1 200 OK\r\nx-long: ${"x".repeat(100_000)}\r\n\r\n`,
        garbage: "220 smtp.example ESMTP\r\n",
        lengths: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde",
        nothing: ""
      }
      const raw = yield* HttpServers.tcp((socket) =>
        socket.once("data", (head) => socket.end(answers[/^GET \/(\w+)/.exec(String(head))![1]!] ?? ""))
      )
      const endless = yield* HttpServers.http((_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue
          if (!response.destroyed) response.once("drain", more)
        }
        more()
      })
      const drip = yield* HttpServers.http((_, response) => {
        const timer = setInterval(() => response.write("x"), 10)
        response.once("close", () => clearInterval(timer))
      })
      const reason = (url: string, timeout?: Duration.Duration) =>
        Effect.map(Effect.flip(execute({ url, timeout, reconnect: false })), (error) => error.reason)

      assert.strictEqual(yield* reason(`${raw.url}/early`), "Reset")
      assert.strictEqual(yield* reason(`${raw.url}/chunked`), "Reset")
      assert.strictEqual(yield* reason(`${raw.url}/nothing`), "Reset")
      assert.strictEqual(yield* reason(`${raw.url}/headers`), "HeadersTooLarge")
      assert.strictEqual(yield* reason(`${raw.url}/garbage`), "Protocol")
      assert.strictEqual(yield* reason(`${raw.url}/lengths`), "Protocol")
      assert.strictEqual(yield* reason(endless.url), "BodyTooLarge")
      const slow = yield* Effect.flip(execute({ url: drip.url, timeout: Duration.millis(400) }))
      assert.strictEqual(slow.reason, "Timeout")
      assert.include(slow.message, "the answer was not complete within 400ms")
    }).pipe(Effect.provide(live)))

  it.live("R23 a body of exactly the cap is kept, one byte more is not, announced or not", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((request, response) => {
        if (request.url === "/announced") response.setHeader("content-length", 1_000)
        response.write("x".repeat(400))
        setImmediate(() => response.end("x".repeat(600)))
      })
      for (const path of ["/announced", "/chunked"]) {
        const url = server.url + path
        assert.strictEqual((yield* execute({ url, maxBodyBytes: 1_000 })).bytes.length, 1_000)
        assert.strictEqual((yield* Effect.flip(execute({ url, maxBodyBytes: 999 }))).reason, "BodyTooLarge")
      }
    }).pipe(Effect.provide(live)))

  it.live("a connection that broke before an answer is tried once more, when that is safe and wanted", () =>
    Effect.gen(function*() {
      const rows = [
        { method: "GET", reconnect: undefined, requests: 2 },
        { method: "PUT", reconnect: undefined, requests: 2 },
        { method: "POST", reconnect: undefined, requests: 1 },
        { method: "GET", reconnect: false, requests: 1 }
      ]
      for (const { method, reconnect, requests } of rows) {
        let count = 0
        const server = yield* HttpServers.tcp((socket) => socket.once("data", () => (count++, socket.destroy())))
        assert.strictEqual((yield* Effect.flip(execute({ url: server.url, method, reconnect }))).reason, "Reset")
        assert.strictEqual(count, requests, `${method} ${reconnect}`)
      }
      let tries = 0
      const once = yield* HttpServers.http((_, response) => ++tries === 1 ? response.destroy() : response.end("back"))
      assert.strictEqual((yield* execute({ url: once.url })).text, "back")
    }).pipe(Effect.provide(live)))

  it.live("forms, multipart, text and bytes go out as they should", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http(async (request, response) => {
        const form = await new Response(await HttpServers.bodyOf(request), {
          headers: { "content-type": request.headers["content-type"]! }
        }).formData().then((form) =>
          [...form].map(([name, value]) =>
            typeof value === "string" ? [name, value] : [name, value.name, value.type, value.size]
          ), () =>
          "no form")
        response.end(
          JSON.stringify([
            request.headers["content-type"]?.replace(/boundary=.*/, "boundary"),
            request.headers["content-length"],
            form
          ])
        )
      })
      const post = (body: HttpExchange.Body, headers = {}) =>
        Effect.map(execute({ method: "POST", url: server.url, body, headers }), (answer) =>
          JSON.parse(answer.text) as unknown)

      assert.deepStrictEqual(yield* post({ _tag: "Form", fields: [["a", "1 2"], ["ä", "&"], ["a", "3"]] }), [
        "application/x-www-form-urlencoded",
        "20",
        [["a", "1 2"], ["ä", "&"], ["a", "3"]]
      ])
      const parts: ReadonlyArray<HttpExchange.Part> = [
        { _tag: "Field", name: "title", value: "ä\r\nb" },
        { _tag: "File", name: "file", filename: "ä.png", type: "image/png", bytes: new Uint8Array([1, 2, 3]) }
      ]
      const [type, , form] = (yield* post({ _tag: "Multipart", parts })) as ReadonlyArray<unknown>
      assert.strictEqual(type, "multipart/form-data; boundary")
      assert.deepStrictEqual(form, [["title", "ä\r\nb"], ["file", "ä.png", "image/png", 3]])
      assert.deepStrictEqual(yield* post({ _tag: "Text", text: "ä" }), ["text/plain; charset=utf-8", "2", "no form"])
      assert.deepStrictEqual(
        yield* post({ _tag: "Bytes", bytes: new Uint8Array(3) }, { "Content-Type": "image/png" }),
        ["image/png", "3", "no form"]
      )
    }).pipe(Effect.provide(live)))

  it.effect("user and password in a URL become basic auth, and stay out of sight", () =>
    Effect.gen(function*() {
      const fake = yield* FakeHttpClient.FakeHttpClient
      const answer = yield* execute({ url: "http://ada:p%40ss@api.test/x" })
      const headers = (yield* fake.calls)[0]!["headers"] as Record<string, string>
      assert.strictEqual(headers["authorization"], `Basic ${btoa("ada:p@ss")}`)
      assert.strictEqual(answer.url, "http://api.test/x")
    }).pipe(Effect.provide(FakeHttpClient.layer())))

  it.effect("a base and a path are joined by one slash; the query of the URL stays as it was", () =>
    Effect.gen(function*() {
      const rows = [
        { base: "http://a.test/api/", url: "/x", expected: "http://a.test/api/x" },
        { base: "http://a.test/api", url: "x?y=1", expected: "http://a.test/api/x?y=1" },
        { base: "http://a.test/api", url: "?y=1", expected: "http://a.test/api?y=1" },
        { base: "http://a.test/api", url: "", expected: "http://a.test/api" },
        { base: "http://a.test/api", url: "http://b.test/x", expected: "http://b.test/x" }
      ]
      for (const { base, expected, url } of rows) assert.strictEqual((yield* execute({ base, url })).url, expected)
      const query = { "a b": ["1", "2"], c: "\ud800" }
      const { url } = yield* execute({ url: "http://a.test/?p=%20+&q#hash", query })
      assert.strictEqual(url, "http://a.test/?p=%20+&q&a%20b=1&a%20b=2&c=%EF%BF%BD")
      for (const bad of ["orders", "//x", "ftp://a.test", "http://", "javascript:alert(1)"]) {
        assert.strictEqual((yield* Effect.flip(execute({ url: bad }))).reason, "InvalidUrl", bad)
      }
    }).pipe(Effect.provide(FakeHttpClient.layer())))

  it.effect("text is read by the charset of the answer", () =>
    Effect.gen(function*() {
      const { text } = yield* execute({ url: "http://a.test/" })
      assert.strictEqual(text, "Ã¤")
    }).pipe(Effect.provide(FakeHttpClient.layer({
      "/": { text: "ä", headers: { "content-type": "text/plain; charset=iso-8859-1" } }
    }))))

  it.live("interruption ends an exchange at once", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(execute({ url: "http://a.test/" }), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(FakeHttpClient.layer({ "/": { delay: 60 } }))))

  it.live("the curl line sends the same request", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http(async (request, response) => {
        const { accept, host, "user-agent": _agent, "accept-encoding": _encoding, connection: _c, ...headers } =
          request.headers
        response.end(
          JSON.stringify([
            request.method,
            request.url,
            headers,
            await HttpServers.bodyOf(request),
            accept === "*/*",
            host !== undefined
          ])
        )
      })
      const requests: ReadonlyArray<HttpExchange.Request> = [
        { url: `${server.url}/a b?x=1&y='2'` },
        { url: server.url, method: "DELETE", headers: { "x-quote": "it's \"$HOME\" `id` \\", "x-empty": "" } },
        { url: server.url, method: "POST", body: { _tag: "Json", value: { "it's": "@file", nul: null } } },
        { url: server.url, method: "PUT", body: { _tag: "Text", text: "@/etc/hostname\n$(id)" } },
        { url: server.url, method: "POST", body: { _tag: "Bytes", bytes: new Uint8Array([0, 255, 10]) } },
        {
          url: server.url,
          method: "POST",
          body: { _tag: "Form", fields: [["a", "1&2"]] },
          auth: basic("p'w"),
          cookies: { c: "1" }
        }
      ]
      for (const request of requests) {
        const line = HttpExchange.curl(request, HttpPolicy.defaults, {})()!
        const repeated = yield* shell(line)
        if (repeated === undefined) return
        assert.deepStrictEqual(JSON.parse(repeated), JSON.parse((yield* execute(request)).text), line)
      }
    }).pipe(Effect.provide(live)))
})

const basic = (password: string): HttpExchange.Auth => ({
  _tag: "Basic",
  user: "ada",
  password: Redacted.make(password)
})

const multipart = (name: string, filename: string, type: string): HttpExchange.Body => ({
  _tag: "Multipart",
  parts: [{ _tag: "File", name, filename, type, bytes: new Uint8Array(1) }]
})

/** What the line prints; `undefined` on a machine without curl. */
const shell = (line: string): Effect.Effect<string | undefined> =>
  Effect.callback((resume) => {
    execFile("sh", [
      "-c",
      `command -v curl > /dev/null || exit 99; ${line.replace("curl", "curl --silent --noproxy '*'")}`
    ], (error, stdout) =>
      resume(
        error?.code === 99 ? Effect.succeed(undefined) : error === null ? Effect.succeed(stdout) : Effect.die(error)
      ))
  })
