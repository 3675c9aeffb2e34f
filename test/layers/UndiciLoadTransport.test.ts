import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as NodeLoadTransport from "../../src/layers/live/NodeLoadTransport.ts"
import * as UndiciLoadTransport from "../../src/layers/live/UndiciLoadTransport.ts"
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

      for (const own of [{}, { http2: true }, { proxy: proxy.url }]) {
        const connection = yield* open(new URL(target.url), { connection: { ...ca, ...own } })
        assert.strictEqual((yield* LoadTransport.exchange(connection, get)).status, 200)
      }

      assert.deepStrictEqual(versions, ["1.1", "2.0", "1.1"])
      assert.deepStrictEqual(proxy.seen, [`CONNECT localhost:${target.port}`])
      assert.isAtLeast(counters.socketsOpened, 3)
      assert.strictEqual(counters.bytesOut, 3 * get.bytes.length)
    }).pipe(Effect.provide(Layer.provide(NodeLoadTransport.layer, ticks))))

  it("says why a connection is not a bare socket", () => {
    assert.isUndefined(LoadTransport.needsUndici({}))
    assert.isUndefined(LoadTransport.needsUndici({ http2: false, proxy: false }))
    assert.match(LoadTransport.needsUndici({ http2: true }) ?? "", /HTTP\/2/)
    assert.match(LoadTransport.needsUndici({ proxy: "http://proxy" }) ?? "", /proxy/)
  })
})
