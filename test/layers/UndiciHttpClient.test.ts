import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { HttpClient } from "effect/http"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import * as UndiciHttpClient from "../../src/layers/live/UndiciHttpClient.ts"
import * as HttpExchange from "../../src/services/HttpExchange.ts"
import type { ConnectionOptions } from "../../src/services/HttpPolicy.ts"
import * as HttpServers from "../support/HttpServers.ts"

const live = UndiciHttpClient.layer()
const get = (url: string, connection?: ConnectionOptions) => HttpExchange.execute({ url, connection })
const reasonOf = <A, R>(effect: Effect.Effect<A, HttpExchange.HttpExchangeError, R>) =>
  Effect.map(Effect.flip(effect), ({ detail, hint, reason }) => ({ reason, detail, hint: hint ?? "" }))

/** Waits, at most a second, until the other side has seen what this side did. */
const eventually = (condition: () => boolean): Effect.Effect<boolean> =>
  Effect.promise(async () => {
    for (let tries = 0; tries < 2_000 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 5))
    return condition()
  })

describe("UndiciHttpClient", () => {
  it.live("answers come decompressed, with the headers as they were sent", () =>
    Effect.gen(function*() {
      const text = "skein ".repeat(1_000)
      const bodies: Record<string, Buffer> = {
        gzip: gzipSync(text),
        "x-gzip": gzipSync(text),
        br: brotliCompressSync(text),
        zstd: zstdCompressSync(text),
        deflate: deflateSync(text),
        "deflate, identity": deflateRawSync(text),
        identity: Buffer.from(text),
        "unknown-one": Buffer.from(text)
      }
      const asked: Array<string | undefined> = []
      const server = yield* HttpServers.http((request, response) => {
        asked.push(request.headers["accept-encoding"] as string)
        const encoding = decodeURIComponent(request.url!.slice(1))
        response.setHeader("content-encoding", encoding).end(bodies[encoding])
      })

      for (const encoding of Object.keys(bodies)) {
        const answer = yield* get(`${server.url}/${encodeURIComponent(encoding)}`)
        assert.strictEqual(answer.text, text, encoding)
        assert.strictEqual(answer.headers["content-encoding"], encoding)
      }
      assert.strictEqual(asked[0], "gzip, br, zstd")
    }).pipe(Effect.provide(live)))

  it.live("R22 a gzip bomb ends at the cap, and hardly any of it is ever held", () =>
    Effect.gen(function*() {
      // A gzip file may have several members, which makes it cheap to make.
      const member = gzipSync(Buffer.alloc(20_000_000))
      const bomb = Buffer.concat(Array.from({ length: 10 }, () => member))
      const server = yield* HttpServers.http((_, response) => response.setHeader("content-encoding", "gzip").end(bomb))
      const before = process.memoryUsage().rss

      const error = yield* reasonOf(get(server.url))

      assert.strictEqual(error.reason, "BodyTooLarge")
      assert.strictEqual(error.detail, "the body is larger than 10 MB")
      assert.isBelow(process.memoryUsage().rss - before, 100_000_000)
    }).pipe(Effect.provide(live)))

  it.live("R22 a compressed body without an end is left at the cap: the connection is closed", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((_, response) => {
        response.setHeader("content-encoding", "gzip")
        const member = gzipSync(Buffer.from(Array.from({ length: 100_000 }, (_, at) => at * at % 251)), { level: 0 })
        const more = (): void =>
          void (response.destroyed || (response.write(member) ? setImmediate(more) : response.once("drain", more)))
        more()
      })

      assert.strictEqual((yield* reasonOf(get(server.url))).reason, "BodyTooLarge")
      assert.isTrue(yield* eventually(() => server.sockets.size === 0))
    }).pipe(Effect.provide(live)))

  it.live("R22 the cap holds for every encoding, and nested encodings are refused", () =>
    Effect.gen(function*() {
      const megabyte = Buffer.alloc(1_000_000)
      const bodies: Record<string, Buffer> = {
        br: brotliCompressSync(megabyte),
        zstd: zstdCompressSync(megabyte),
        deflate: deflateSync(megabyte),
        "gzip, gzip": gzipSync(gzipSync(megabyte)),
        "br,gzip": gzipSync(brotliCompressSync(megabyte))
      }
      const server = yield* HttpServers.http((request, response) => {
        const encoding = decodeURIComponent(request.url!.slice(1))
        response.setHeader("content-encoding", encoding).end(bodies[encoding])
      })
      const request = (encoding: string, maxBodyBytes: number) =>
        HttpExchange.execute({ url: `${server.url}/${encodeURIComponent(encoding)}`, maxBodyBytes })

      for (const encoding of ["br", "zstd", "deflate"]) {
        assert.strictEqual((yield* reasonOf(request(encoding, 999_999))).reason, "BodyTooLarge", encoding)
        assert.strictEqual((yield* request(encoding, 1_000_000)).bytes.length, 1_000_000)
      }
      const nested = yield* reasonOf(request("gzip, gzip", 1_000_000))
      assert.strictEqual(nested.reason, "Decode")
      assert.include(nested.detail, "encoded more than once (gzip, gzip)")
      assert.strictEqual((yield* reasonOf(request("br,gzip", 1_000_000))).reason, "Decode")
    }).pipe(Effect.provide(live)))

  it.live("a body that is not what its encoding says, or ends early, cannot be decompressed", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((request, response) => {
        response.setHeader("content-encoding", "gzip")
        response.end(request.url === "/cut" ? gzipSync("skein".repeat(500)).subarray(0, 20) : "this is no gzip")
      })

      assert.strictEqual((yield* reasonOf(get(`${server.url}/`))).reason, "Decode")
      assert.strictEqual((yield* reasonOf(get(`${server.url}/cut`))).reason, "Decode")
      assert.strictEqual((yield* HttpExchange.execute({ method: "HEAD", url: server.url })).bytes.length, 0)
    }).pipe(Effect.provide(live)))

  it.live("R21 bad certificates are refused, with the reason and what to do", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const rows = [
        { name: "expired", connection: { ca }, detail: /certificate of localhost:\d+ has expired$/, hint: /Renew it/ },
        { name: "self", connection: {}, detail: /is self-signed/, hint: /`ca`.*`insecure: true`/ },
        {
          name: "server",
          connection: {},
          detail: /authority of localhost:\d+'s certificate is not known/,
          hint: /`ca`/
        },
        {
          name: "other",
          connection: { ca },
          detail: /is not for localhost but for other.example/,
          hint: /name it is for/
        },
        { name: "revoked", connection: { ca, crl: HttpServers.pem("crl") }, detail: /was revoked/, hint: /^$/ }
      ] as const
      for (const row of rows) {
        const server = yield* HttpServers.https(HttpServers.identity(row.name), (_, response) => response.end("secret"))
        const error = yield* reasonOf(get(server.url, row.connection))
        assert.strictEqual(error.reason, "Tls", row.name)
        assert.match(error.detail, row.detail)
        assert.match(error.hint, row.hint)
        assert.strictEqual((yield* get(server.url, { insecure: true })).text, "secret", "insecure accepts any")
      }
    }).pipe(Effect.provide(live)))

  it.live("R21 servers that speak no TLS, or only an old one, are named as such", () =>
    Effect.gen(function*() {
      const plain = yield* HttpServers.http((_, response) => response.end())
      const old = yield* HttpServers.https(
        {
          ...HttpServers.identity("server"),
          minVersion: "TLSv1",
          maxVersion: "TLSv1.1",
          ciphers: "DEFAULT@SECLEVEL=0"
        },
        (_, response) => response.end()
      )

      const noTls = yield* reasonOf(get(plain.url.replace("http:", "https:")))
      const tooOld = yield* reasonOf(get(old.url, { insecure: true }))

      assert.deepStrictEqual([noTls.reason, tooOld.reason], ["Tls", "Tls"])
      assert.include(noTls.detail, "does not speak TLS")
      assert.include(tooOld.detail, "too old")
    }).pipe(Effect.provide(live)))

  it.live("R21 a certificate of the right authority and name is accepted, also by another name", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const server = yield* HttpServers.https(HttpServers.identity("server"), (_, response) => response.end("hello"))
      const other = yield* HttpServers.https(HttpServers.identity("other"), (_, response) => response.end("other"))

      assert.strictEqual((yield* get(server.url, { ca })).text, "hello")
      assert.strictEqual((yield* get(server.url, { ca, crl: HttpServers.pem("crl") })).text, "hello")
      assert.strictEqual((yield* get(other.url, { ca, serverName: "other.example" })).text, "other")
    }).pipe(Effect.provide(live)))

  it.live("a client certificate is shown to a server that asks, with an encrypted key too", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const server = yield* HttpServers.https(
        { ...HttpServers.identity("server"), ca, requestCert: true, rejectUnauthorized: true },
        (request, response) =>
          response.end(String((request.socket as never as PeerSocket).getPeerCertificate().subject.CN))
      )
      const certificate = HttpServers.pem("client")
      const key = Redacted.make(HttpServers.pem("client-key"))
      const encrypted = Redacted.make(HttpServers.pem("client-key-encrypted"))

      assert.strictEqual((yield* get(server.url, { ca, certificate, key })).text, "skein test client")
      const passphrase = Redacted.make("opensesame")
      assert.strictEqual(
        (yield* get(server.url, { ca, certificate, key: encrypted, passphrase })).text,
        "skein test client"
      )

      const without = yield* reasonOf(get(server.url, { ca }))
      // Node's server ends the connection without a word; others send an alert, which is a "Tls".
      assert.strictEqual(without.reason, "Reset")
      assert.include(without.hint, "`cert` and `key`")
      const wrong = yield* reasonOf(
        get(server.url, { ca, certificate, key: encrypted, passphrase: Redacted.make("no") })
      )
      assert.strictEqual(wrong.reason, "Tls")
      assert.include(wrong.hint, "passphrase")
    }).pipe(Effect.provide(live)))

  it.live("HTTP/2 is spoken when offered, over one connection; HTTP/1.1 when not wanted", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const server = yield* HttpServers.http2(HttpServers.identity("server"), (request, response) => {
        response.setHeader("content-type", "text/plain")
        response.end(`${request.httpVersion} ${request.method}`)
      })
      const connection = { ca }
      const many = yield* Effect.forEach(Array.from({ length: 150 }), () => get(server.url, connection), {
        concurrency: 150
      })
      const posted = yield* HttpExchange.execute({
        method: "POST",
        url: server.url,
        connection,
        body: { _tag: "Json", value: { id: 7 } }
      })
      const old = yield* get(server.url, { ca, http2: false })

      assert.isTrue(many.every(({ text }) => text === "2.0 GET"))
      assert.strictEqual(many[0]!.httpVersion, "2")
      assert.strictEqual(posted.text, "2.0 POST")
      assert.strictEqual(old.text, "1.1 GET")
      assert.strictEqual(old.httpVersion, "1.1")
      assert.isAtMost(server.accepted(), 3)
    }).pipe(Effect.provide(live)))

  it.live("HTTP/2 that is required is spoken without TLS too, over one connection, or it is an error", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const h2c = yield* HttpServers.h2c((request, response) => response.end(request.httpVersion))
      const tls = yield* HttpServers.https(HttpServers.identity("server"), (_, response) => response.end("1.1"))
      const plain = yield* HttpServers.http((_, response) => response.end("1.1"))
      const connection = { ca, http2: "required" } as const

      const many = yield* Effect.forEach(Array.from({ length: 50 }), () => get(h2c.url, connection), {
        concurrency: 50
      })
      const [overTls, without] = [
        yield* reasonOf(get(tls.url, connection)),
        yield* reasonOf(get(plain.url, connection))
      ]

      assert.isTrue(many.every(({ httpVersion, text }) => text === "2.0" && httpVersion === "2"))
      assert.strictEqual(h2c.accepted(), 1)
      assert.strictEqual(overTls.reason, "Protocol")
      assert.include(overTls.detail, `localhost:${tls.port} does not speak HTTP/2: over TLS it takes http/1.1`)
      assert.include(["Protocol", "Reset"], without.reason)
      assert.strictEqual((yield* get(plain.url, { http2: true })).text, "1.1", "nothing is offered without TLS")
    }).pipe(Effect.provide(live)))

  it.live("over HTTP/2 caps, time-outs and interruption end one stream, not the others on its connection", () =>
    Effect.gen(function*() {
      const connection = { ca: HttpServers.pem("ca") }
      const ended: Array<string> = []
      const server = yield* HttpServers.http2(HttpServers.identity("server"), (request, response) => {
        response.stream.once("close", () => ended.push(request.url))
        if (request.url === "/slow") setTimeout(() => response.end("slow"), 150)
        else if (request.url === "/big") response.end(Buffer.alloc(3_000_000))
        else if (request.url === "/gzip") {
          response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("zipped"))
        } else if (request.url === "/early") response.writeHead(200).write("x", () => response.stream.close(2))
        else if (request.url !== "/never") response.end("quick")
      })
      const to = (path: string, more: Partial<HttpExchange.Request> = {}) =>
        HttpExchange.execute({ url: server.url + path, connection, reconnect: false, ...more })
      yield* to("/quick")

      const slow = yield* Effect.forkChild(to("/slow"))
      const never = yield* Effect.forkChild(to("/never"))
      const [big, late, early, zipped] = yield* Effect.all([
        reasonOf(to("/big", { maxBodyBytes: 1_000 })),
        reasonOf(to("/never", { timeout: Duration.millis(50) })),
        reasonOf(to("/early")),
        to("/gzip")
      ], { concurrency: "unbounded" })
      yield* Fiber.interrupt(never)

      assert.deepStrictEqual([big.reason, late.reason, early.reason], ["BodyTooLarge", "Timeout", "Reset"])
      assert.strictEqual(zipped.text, "zipped")
      assert.strictEqual((yield* Fiber.join(slow)).text, "slow")
      assert.strictEqual((yield* to("/quick")).text, "quick")
      // Node's server keeps a stream with unsent data (that of /big) until its connection ends, reset or not.
      assert.isTrue(yield* eventually(() => ended.filter((url) => url === "/never").length === 2))
      assert.isAtMost(server.accepted(), 2)
    }).pipe(Effect.provide(live)))

  it.live("pools of kinds that are not used any more are closed when there are many", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((_, response) => response.end("x"))
      for (let kind = 1; kind <= 80; kind++) yield* get(server.url, { connectTimeout: Duration.seconds(kind) })
      assert.isTrue(yield* eventually(() => server.sockets.size === 64), String(server.sockets.size))
    }).pipe(Effect.provide(live)))

  it.live("a pool that is closed for others finishes what is under way", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((request, response) => {
        if (request.url === "/slow") setTimeout(() => response.end("slow"), 100)
        else response.end("x")
      })
      const slow = yield* Effect.forkChild(get(`${server.url}/slow`, { http2: false }), { startImmediately: true })
      yield* Effect.sleep("20 millis")
      for (let kind = 1; kind <= 70; kind++) yield* get(server.url, { connectTimeout: Duration.seconds(kind) })
      assert.strictEqual((yield* Fiber.join(slow)).text, "slow")
    }).pipe(Effect.provide(live)))

  it.live("at most so many connections are open to a host, and they are used again", () =>
    Effect.gen(function*() {
      let most = 0
      const server = yield* HttpServers.http((_, response) => {
        most = Math.max(most, server.sockets.size)
        setTimeout(() => response.end("x"), 2)
      })

      yield* Effect.forEach(Array.from({ length: 60 }), () => get(server.url), { concurrency: "unbounded" }).pipe(
        Effect.provide(UndiciHttpClient.layer({ settings: { connectionsPerHost: 5 } }))
      )

      assert.strictEqual(most, 5)
      assert.strictEqual(server.accepted(), 5)
    }))

  it.live("what the layer wants of connections holds unless a request says otherwise", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.https(HttpServers.identity("self"), (_, response) => response.end("x"))
      assert.strictEqual((yield* get(server.url)).text, "x")
      assert.strictEqual((yield* get(server.url, { http2: false, silence: undefined })).text, "x")
      assert.strictEqual((yield* reasonOf(get(server.url, { insecure: false }))).reason, "Tls")
    }).pipe(Effect.provide(UndiciHttpClient.layer({ connection: { insecure: true } }))))

  it.live("equal options share a pool, others have their own", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((_, response) => response.end("x"))

      for (let round = 0; round < 5; round++) {
        yield* get(server.url)
        yield* get(server.url, {})
        yield* get(server.url, { insecure: true, silence: undefined })
        yield* get(server.url, { silence: undefined, insecure: true })
      }

      // undici leaves a connection alone for one turn of the event loop, so each pool has opened a second one.
      assert.isAtMost(server.accepted(), 4)
    }).pipe(Effect.provide(live)))

  it.live("R23 silence, before the answer and within its body, is a time-out of its own", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((request, response) => {
        if (request.url === "/body") response.writeHead(200).write("x")
      })
      const connection = { silence: Duration.millis(500) }

      const [head, body] = yield* Effect.all([
        reasonOf(get(server.url, connection)),
        reasonOf(get(`${server.url}/body`, connection))
      ], { concurrency: 2 })

      assert.deepStrictEqual([head.reason, body.reason], ["Timeout", "Timeout"])
      assert.include(head.detail, "before its answer")
      assert.include(body.detail, "within its answer")
    }).pipe(Effect.provide(live)))

  it.live("interruption closes the connection, whether or not the answer has begun", () =>
    Effect.gen(function*() {
      const reached = yield* Deferred.make<void>()
      const server = yield* HttpServers.http((request, response) => {
        if (request.url === "/body") response.writeHead(200).write("x")
        Deferred.doneUnsafe(reached, Effect.void)
      })
      for (const path of ["/head", "/body"]) {
        const fiber = yield* Effect.forkChild(get(server.url + path))
        yield* Deferred.await(reached)
        assert.isTrue(yield* eventually(() => server.sockets.size === 1))
        yield* Fiber.interrupt(fiber)
        assert.isTrue(yield* eventually(() => server.sockets.size === 0), path)
      }
    }).pipe(Effect.provide(live)))

  it.live("closing the layer leaves no socket, not even one that is still connecting", () =>
    Effect.gen(function*() {
      const held: Array<unknown> = []
      const server = yield* HttpServers.http((_, response) => response.end("x"))
      // Accepts and never answers the TLS handshake.
      const mute = yield* HttpServers.tcp((socket) => held.push(socket.on("data", () => {})))
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(live, scope)

      yield* Effect.forEach(Array.from({ length: 20 }), () => get(server.url), { concurrency: 10 }).pipe(
        Effect.provideContext(context)
      )
      const pending = yield* Effect.forkChild(
        get(mute.url.replace("http:", "https:")).pipe(Effect.provideContext(context), Effect.exit)
      )
      assert.isTrue(yield* eventually(() => held.length === 1))
      assert.isAbove(server.sockets.size, 0)
      yield* Scope.close(scope, Exit.void)

      assert.isTrue(yield* eventually(() => server.sockets.size === 0), "kept connections")
      assert.isTrue(yield* eventually(() => mute.sockets.size === 0), "connections under way")
      yield* Fiber.interrupt(pending)
    }))

  it.live("a server that is slow to connect ends by the connect time-out", () =>
    Effect.gen(function*() {
      const mute = yield* HttpServers.tcp((socket) => socket.on("data", () => {}))

      const error = yield* reasonOf(
        get(mute.url.replace("http:", "https:"), { connectTimeout: Duration.millis(100) })
      )

      assert.strictEqual(error.reason, "ConnectTimeout")
    }).pipe(Effect.provide(live)))

  it.live("proxies: named by the request, by the environment, with a password, and not for loopback", () =>
    Effect.gen(function*() {
      const ca = HttpServers.pem("ca")
      const server = yield* HttpServers.https(HttpServers.identity("server"), (_, response) => response.end("through"))
      const proxy = yield* HttpServers.proxy(() => server.port)
      const withUser = proxy.url.replace("//", "//ada:s%40fe@")

      const tunnelled = yield* get(`https://localhost:${server.port}/x`, { ca, proxy: Redacted.make(withUser) })
      const forwarded = yield* get("http://shop.test/orders", { proxy: Redacted.make(proxy.url) })
      const environment = { HTTPS_PROXY: proxy.url, http_proxy: proxy.url, NO_PROXY: "direct.test" }
      const [named, loopback] = yield* Effect.all([get("http://shop.test/env"), get(server.url, { ca })]).pipe(
        Effect.provide(UndiciHttpClient.layer({ environment }))
      )

      const [all, mock] = yield* Effect.all([get("http://shop.test/all"), get(server.url, { ca })]).pipe(
        Effect.provide(UndiciHttpClient.layer({ connection: { proxy: Redacted.make(proxy.url) } }))
      )

      assert.strictEqual(all.text, "forwarded http://shop.test/all")
      assert.strictEqual(mock.text, "through")
      assert.strictEqual(tunnelled.text, "through")
      assert.strictEqual(forwarded.text, "forwarded http://shop.test/orders")
      assert.strictEqual(named.text, "forwarded http://shop.test/env")
      assert.strictEqual(loopback.text, "through")
      assert.deepStrictEqual(proxy.seen, [
        `CONNECT localhost:${server.port} Basic ${btoa("ada:s@fe")}`,
        "GET http://shop.test/orders",
        "GET http://shop.test/env",
        "GET http://shop.test/all"
      ])
    }).pipe(Effect.provide(live)))

  it.live("a proxy that refuses, is not there, or is none of the known kinds, is named as the culprit", () =>
    Effect.gen(function*() {
      const refusing = yield* HttpServers.tcp((socket) =>
        socket.on("data", () => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"))
      )
      assert.strictEqual(
        (yield* reasonOf(get("https://shop.test/", { proxy: Redacted.make(refusing.url) }))).reason,
        "Proxy"
      )
      assert.strictEqual(
        (yield* reasonOf(get("http://shop.test/", { proxy: Redacted.make(refusing.url) }))).reason,
        "Proxy"
      )
      assert.strictEqual(
        (yield* reasonOf(get("http://shop.test/", { proxy: Redacted.make("socks5://127.0.0.1:1") }))).reason,
        "Proxy"
      )
      const nobody = yield* reasonOf(
        get("http://shop.test/", { proxy: Redacted.make("http://ada:s3cret@127.0.0.1:1") })
      )
      assert.strictEqual(nobody.reason, "Refused")
      assert.include(
        nobody.detail,
        "the proxy http://127.0.0.1:1 is not reached: nothing accepts connections at 127.0.0.1:1"
      )
    }).pipe(Effect.provide(live)))

  it.live("names that nobody knows, and ports where nobody listens, have errors of their own", () =>
    Effect.gen(function*() {
      // No label may be that long, so no resolver needs to be asked.
      assert.strictEqual((yield* reasonOf(get(`http://${"a".repeat(64)}.test/`))).reason, "Dns")
      const refused = yield* reasonOf(get("http://127.0.0.1:1/"))
      assert.strictEqual(refused.reason, "Refused")
      assert.strictEqual(refused.detail, "nothing accepts connections at 127.0.0.1:1")
      assert.strictEqual((yield* reasonOf(get("http://localhost:1/"))).reason, "Refused")
    }).pipe(Effect.provide(live)))

  it.live("it is Effect's HttpClient, for those who want no policy", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.http((_, response) => response.end("{\"id\":7}"))
      const response = yield* HttpClient.get(server.url)
      assert.deepStrictEqual(yield* response.json, { id: 7 })
    }).pipe(Effect.provide(live)))
})

interface PeerSocket {
  readonly getPeerCertificate: () => { readonly subject: { readonly CN: string } }
}
