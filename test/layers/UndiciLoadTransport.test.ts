import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as NodeLoadTransport from "../../src/layers/live/NodeLoadTransport.ts"
import * as UndiciLoadTransport from "../../src/layers/live/UndiciLoadTransport.ts"
import type { ConnectionOptions } from "../../src/services/HttpPolicy.ts"
import * as LoadTransport from "../../src/services/LoadTransport.ts"
import { clock, request, suite } from "../services/LoadTransportSuite.ts"
import * as HttpServers from "../support/HttpServers.ts"
import * as LoadTargets from "../support/LoadTargets.ts"

const ca = { ca: HttpServers.pem("ca") }
const ticks = clock(() => performance.now() * 10_000)
const live = Layer.provideMerge(UndiciLoadTransport.layer, ticks)

suite("undici", Layer.mergeAll(live, LoadTargets.world(HttpServers.http, {}, false)))
suite(
  "undici with HTTP/2",
  Layer.mergeAll(
    live,
    LoadTargets.world((listener) => HttpServers.http2(HttpServers.identity("server"), listener), {
      connection: { ...ca, http2: true }
    }, false)
  )
)
suite(
  "undici with HTTP/2 without TLS",
  Layer.mergeAll(
    live,
    LoadTargets.world((listener) => HttpServers.h2c(listener), { connection: { http2: "required" } }, false)
  )
)

const withUser = (url: string) => Redacted.make(url.replace("//", "//ada:wr0ng-one@"))

describe("UndiciLoadTransport", () => {
  const failure = (url: string, connection: ConnectionOptions, what: "connect" | "request") =>
    Effect.gen(function*() {
      const opened = yield* (yield* LoadTransport.LoadTransport).open(new URL(url), { connection })
      return yield* Effect.flip(what === "connect" ? opened.connect : LoadTransport.exchange(opened, request(url)))
    }).pipe(Effect.scoped, Effect.provide(live))

  it.live("a way that is tried out asks the target nothing, through a proxy and with HTTP/2 too", () =>
    Effect.gen(function*() {
      let asked = 0
      const count = () => void asked++
      const secure = yield* HttpServers.http2(HttpServers.identity("server"), count)
      const plain = yield* HttpServers.h2c(count)
      const to = yield* HttpServers.proxy(() => secure.port, { login: "ada:s3cret" })
      const proxy = Redacted.make(to.url.replace("//", "//ada:s3cret@"))
      const forwards = yield* HttpServers.proxy(() => plain.port)
      const rows: ReadonlyArray<readonly [string, ConnectionOptions]> = [
        [secure.url, { ...ca, http2: "required" }],
        [secure.url, { ...ca, http2: "required", proxy }],
        [plain.url, { http2: "required" }],
        [plain.url, { http2: "required", proxy: Redacted.make(forwards.url) }],
        [plain.url, { proxy: Redacted.make(forwards.url) }]
      ]
      const { open } = yield* LoadTransport.LoadTransport
      for (const [url, connection] of rows) {
        yield* Effect.scoped(Effect.flatMap(open(new URL(url), { connection }), ({ connect }) => connect))
      }

      assert.strictEqual(asked, 0)
      assert.strictEqual(yield* LoadTargets.settled(() => secure.sockets.size + plain.sockets.size), 0)
    }).pipe(Effect.provide(live)))

  it.live("HTTP/2 that is required is there before the load, or nothing is sent", () =>
    Effect.gen(function*() {
      let asked = 0
      const tls = yield* HttpServers.https(HttpServers.identity("server"), () => asked++)
      const plain = yield* HttpServers.http(() => asked++)
      for (const what of ["connect", "request"] as const) {
        const overTls = yield* failure(tls.url, { ...ca, http2: "required" }, what)
        assert.deepInclude(overTls, {
          kind: "protocol",
          message: `localhost:${tls.port} does not speak HTTP/2: over TLS it takes http/1.1`
        })
      }
      const without = yield* failure(plain.url, { http2: "required" }, "connect")
      assert.deepInclude(without, {
        kind: "protocol",
        message: `127.0.0.1:${plain.port} does not speak HTTP/2 without TLS`
      })
      yield* failure(plain.url, { http2: "required" }, "request")

      assert.strictEqual(asked, 0)
    }))

  it.live("a proxy that is not there, does not know the password or makes no tunnel is named, its password is not", () =>
    Effect.gen(function*() {
      const to = yield* HttpServers.proxy(() => 1, { login: "ada:right-one" })
      const other = yield* HttpServers.tcp((socket) =>
        socket.on("data", () => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"))
      )
      const none = yield* HttpServers.http((_, response) => response.end("no proxy"))
      const closed = yield* Effect.scoped(HttpServers.proxy(() => 1))
      const rows = [
        {
          proxy: closed,
          targets: ["https://shop.test/", "http://shop.test/"],
          said: `is not reached: nothing accepts connections at 127.0.0.1:${closed.port}`
        },
        {
          proxy: to,
          targets: ["https://shop.test/", "http://shop.test/"],
          said: "wants another user and password (407)"
        },
        {
          proxy: none,
          targets: ["https://shop.test/"],
          said: "does not answer when it is asked for shop.test:443"
        },
        { proxy: other, targets: ["https://shop.test/"], said: "makes no connection to shop.test:443: it answered 403" }
      ]
      for (const { proxy, said, targets } of rows) {
        for (const url of targets) {
          for (const what of ["connect", "request"] as const) {
            const { kind, message } = yield* failure(url, { proxy: withUser(proxy.url) }, what)
            assert.strictEqual(kind, "proxy", `${what} ${url}`)
            assert.strictEqual(message, `the proxy ${proxy.url} ${said}`, `${what} ${url}`)
          }
        }
      }
      const socks = yield* Effect.flip(
        failure("http://shop.test/", { proxy: Redacted.make("socks5://p:1") }, "connect")
      )
      assert.deepInclude(socks, { kind: "proxy" })
    }))
})

describe("NodeLoadTransport", () => {
  it.live("takes sockets where they do, and undici for HTTP/2 and proxies; both count together", () =>
    Effect.gen(function*() {
      const versions: Array<string> = []
      const target = yield* HttpServers.http2(HttpServers.identity("server"), (request, response) => {
        versions.push(request.httpVersion)
        response.end("hello")
      })
      const proxy = yield* HttpServers.proxy(() => target.port)
      const { counters, open } = yield* LoadTransport.LoadTransport
      const get = request(target.url)

      for (const own of [{}, { http2: true }, { proxy: Redacted.make(proxy.url) }]) {
        const connection = yield* open(new URL(target.url), { connection: { ...ca, ...own } })
        assert.strictEqual((yield* LoadTransport.exchange(connection, get)).status, 200)
      }

      assert.deepStrictEqual(versions, ["1.1", "2.0", "1.1"])
      assert.deepStrictEqual(proxy.seen, [`CONNECT localhost:${target.port}`])
      assert.isAtLeast(counters.socketsOpened, 3)
      assert.strictEqual(counters.bytesOut, 3 * get.bytes.length)
    }).pipe(Effect.provide(Layer.provide(NodeLoadTransport.layer, ticks))))

  it("says why a connection is not a bare socket", () => {
    const [plain, secure] = [new URL("http://shop.test/"), new URL("https://shop.test/")]
    const proxy = Redacted.make("http://ada:s3cret@proxy.test:3128")
    assert.isUndefined(LoadTransport.needsUndici({}, secure))
    assert.isUndefined(LoadTransport.needsUndici({ http2: false, proxy: false }, secure))
    assert.isUndefined(LoadTransport.needsUndici({ http2: true }, plain), "without TLS nothing is offered")
    assert.strictEqual(LoadTransport.needsUndici({ http2: true }, secure), "HTTP/2 was asked for")
    assert.strictEqual(LoadTransport.needsUndici({ http2: "required" }, plain), "HTTP/2 was asked for")
    assert.strictEqual(
      LoadTransport.needsUndici({ http2: "required", proxy }, secure),
      "HTTP/2 was asked for, and the requests go through the proxy http://proxy.test:3128"
    )
  })
})
