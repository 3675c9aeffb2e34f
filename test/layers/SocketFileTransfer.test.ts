import { assert, describe, it, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SocketFileTransfer from "../../src/layers/live/SocketFileTransfer.ts"
import { FileTransfer, type Request } from "../../src/services/FileTransfer.ts"
import { bytes, tests } from "../services/FileTransferSuite.ts"
import * as HttpServers from "../support/HttpServers.ts"
import { files } from "../support/testFiles.ts"

layer(Layer.merge(SocketFileTransfer.layer(), files), { excludeTestServices: true })(
  "downloads over sockets",
  (it) => tests(it)
)

const request = (url: string, rest: Partial<Request> = {}): Request => ({
  url: new URL(url),
  headers: {},
  silence: Duration.seconds(10),
  publicOnly: false,
  ...rest
})

/** Fetches into a new file, and answers with its content. */
const fetch = Effect.fnUntraced(function*(wanted: Request) {
  const transfer = yield* FileTransfer
  const path = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "skein-socket-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const { part } = yield* transfer.folder(path)
  const opened = yield* part("a")
  const { save } = yield* transfer.get(wanted)
  yield* save(opened, { at: 0, limit: Infinity, surplus: "fail", onBytes: () => {} })
  yield* opened.finish({ replace: false })
  return readFileSync(join(path, "a"))
}, Effect.scoped)

const ca = HttpServers.pem("ca")

const test = <E>(title: string, body: Effect.Effect<void, E, FileTransfer | Scope.Scope>) =>
  it.live(title, () => body.pipe(Effect.scoped, Effect.provide(SocketFileTransfer.layer())))

describe("connections of downloads", () => {
  test(
    "are used again, and made anew where the server has closed them, even at the moment of the request",
    Effect.gen(function*() {
      let asked = 0
      const server = yield* HttpServers.http((incoming, response) => {
        asked++
        // As one does that closes what was idle for too long.
        if (incoming.url === "/closed" && asked === 4) return void incoming.socket.destroy()
        response.end("content")
      })
      for (const name of ["1", "2", "3", "closed"]) {
        assert.strictEqual(String(yield* fetch(request(`${server.url}/${name}`))), "content")
      }
      assert.deepStrictEqual([asked, server.accepted()], [5, 2])

      for (const socket of server.sockets) {
        socket.destroy()
      }
      yield* fetch(request(`${server.url}/1`))
      assert.strictEqual(server.accepted(), 3)
    })
  )

  test(
    "are not used again after an answer that was not read to its end, nor after bytes that nobody asked for",
    Effect.gen(function*() {
      const { get } = yield* FileTransfer
      const large = yield* HttpServers.http((_incoming, response) => void response.end(bytes(1_000_000)))
      yield* Effect.scoped(get(request(large.url)))
      yield* fetch(request(large.url))
      assert.strictEqual(large.accepted(), 2)

      const talkative = yield* HttpServers.tcp((socket) =>
        void socket.on(
          "data",
          () =>
            socket.write(
              "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad"
            )
        )
      )
      const url = `http://127.0.0.1:${talkative.port}/`
      assert.deepStrictEqual([String(yield* fetch(request(url))), String(yield* fetch(request(url)))], ["ok", "ok"])
      assert.strictEqual(talkative.accepted(), 2)
    })
  )

  test(
    "speak TLS, to those whom they trust",
    Effect.gen(function*() {
      const content = bytes(3_000_000)
      const server = yield* HttpServers.https(
        HttpServers.identity("server"),
        (_incoming, response) => void response.end(content)
      )
      const trusted = yield* fetch(request(server.url, { connection: { ca } }))
      const other = yield* Effect.flip(fetch(request(server.url)))
      const unreadable = yield* Effect.flip(fetch(request(server.url, { connection: { ca, certificate: "x" } })))

      assert.isTrue(trusted.equals(content))
      assert.deepStrictEqual([other.reason, unreadable.reason], ["Unsendable", "Unsendable"])
      assert.match(other.message, /authority of localhost:\d+'s certificate/)
    })
  )

  test(
    "say what is wrong: nobody there, no answer that is HTTP, a head without end",
    Effect.gen(function*() {
      const closed = yield* Effect.scoped(HttpServers.http(() => {}))
      const strange = yield* HttpServers.tcp((socket) => void socket.end("220 ftp.test ready\r\n"))
      const endless = yield* HttpServers.tcp((socket) =>
        void socket.write(`HTTP/1.1 200 OK\r\nx: ${"x".repeat(100_000)}`)
      )
      const failures = yield* Effect.forEach(
        [closed, strange, endless],
        ({ port }) => Effect.flip(fetch(request(`http://127.0.0.1:${port}/`)))
      )

      assert.deepStrictEqual(failures.map(({ reason }) => reason), ["Network", "Network", "Network"])
      assert.match(failures[0]!.message, /nothing accepts connections at 127.0.0.1/)
      assert.match(failures[1]!.message, /is not valid HTTP: a response of HTTP\/1.1 does not begin with "2"/)
      assert.match(failures[2]!.message, /the head is longer than 65536 bytes/)
    })
  )

  test(
    "lead through a proxy where one is named",
    Effect.gen(function*() {
      const content = bytes(300_000)
      const server = yield* HttpServers.https(
        HttpServers.identity("server"),
        (_incoming, response) => void response.end(content)
      )
      const proxy = yield* HttpServers.proxy(() => server.port)
      const tunnelled = yield* fetch(
        request("https://localhost:1/a", { connection: { ca, proxy: Redacted.make(proxy.url) } })
      )
      const forwarded = yield* fetch(
        request("http://files.test/a", { connection: { proxy: Redacted.make(proxy.url) } })
      )

      assert.isTrue(tunnelled.equals(content))
      assert.strictEqual(String(forwarded), "forwarded http://files.test/a")
      assert.deepStrictEqual(proxy.seen, ["CONNECT localhost:1", "GET http://files.test/a"])
    })
  )
})
