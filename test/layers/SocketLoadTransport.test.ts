import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted } from "effect"
import type { Socket } from "node:net"
import * as SocketLoadTransport from "../../src/layers/live/SocketLoadTransport.ts"
import * as LoadTransport from "../../src/services/LoadTransport.ts"
import { clock, request, suite } from "../services/LoadTransportSuite.ts"
import * as HttpServers from "../support/HttpServers.ts"
import * as LoadTargets from "../support/LoadTargets.ts"

const ca = { ca: HttpServers.pem("ca") }
const live = Layer.provideMerge(SocketLoadTransport.layer, clock(() => performance.now() * 10_000))

suite("sockets", Layer.mergeAll(live, LoadTargets.world(HttpServers.http)))
suite(
  "sockets with TLS",
  Layer.mergeAll(
    live,
    LoadTargets.world((listener) => HttpServers.https(HttpServers.identity("server"), listener), { connection: ca })
  )
)

const connect = Effect.fnUntraced(function*(url: string, options: LoadTransport.OpenOptions = {}) {
  return yield* (yield* LoadTransport.LoadTransport).open(new URL(url), options)
})

/** A server that answers the n-th request head of each connection with `answers[n]`, and with the last one from then on. */
const answering = (...answers: ReadonlyArray<string | ((socket: Socket) => void)>) =>
  HttpServers.tcp((socket) => {
    let heads = 0
    socket.on("data", (chunk) => {
      if (!chunk.includes("\r\n\r\n")) return
      const answer = answers[Math.min(heads++, answers.length - 1)]!
      if (typeof answer === "string") socket.write(answer)
      else answer(socket)
    })
  })

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
const keep = { headers: "all" as const, maxBodyBytes: 100_000 }
const text = ({ body }: LoadTransport.LoadResponse) => new TextDecoder().decode(body)

describe("SocketLoadTransport", () => {
  const refused: ReadonlyArray<
    readonly [because: string, answer: string, kind: LoadTransport.Kind, message: RegExp]
  > = [
    ["two lengths", ok.replace("\r\n\r\n", "\r\ncontent-length: 3\r\n\r\n"), "protocol", /two content-length/],
    ["bytes after the answer", `${ok}HTTP`, "protocol", /4 bytes follow the answer/],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "protocol", /not HTTP: a response .* does not begin with "S"/],
    [
      "a head without end",
      `HTTP/1.1 200 OK\r\nx: ${"x".repeat(70_000)}`,
      "too-large",
      /head is longer than 65536 bytes/
    ]
  ]
  for (const [because, answer, kind, message] of refused) {
    it.live(`R40 an answer that cannot be trusted is a failure: ${because}`, () =>
      Effect.gen(function*() {
        const server = yield* answering(answer, ok)
        const connection = yield* connect(server.url)
        for (let n = 0; n < 2; n++) {
          const failure = yield* Effect.flip(LoadTransport.exchange(connection, request(server.url)))
          assert.strictEqual(failure.kind, kind)
          assert.match(failure.message, message)
          assert.include(failure.message, `127.0.0.1:${server.port}`)
        }
        assert.strictEqual(server.accepted(), 2)
      }).pipe(Effect.provide(live)))
  }

  it.live("keeps the headers that tell something: of answers that set cookies, and of those that are no plain success", () =>
    Effect.gen(function*() {
      const cookie = ok.replace("\r\n\r\n", "\r\nSet-Cookie: a=1\r\n\r\n")
      const moved = "HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n"
      const server = yield* answering(cookie, ok, moved, ok)
      const connection = yield* connect(server.url)
      const tell = request(server.url, { keep: { headers: "telling" } })
      const kept: Array<LoadTransport.LoadResponse["headers"]> = []
      for (let n = 0; n < 4; n++) kept.push((yield* LoadTransport.exchange(connection, tell)).headers)

      assert.deepStrictEqual(kept[0], [["content-length", "2"], ["set-cookie", "a=1"]])
      assert.deepStrictEqual(kept[1], [])
      assert.deepStrictEqual(kept[2]?.[0], ["location", "/there"])
      assert.deepStrictEqual(kept[3], [])
    }).pipe(Effect.provide(live)))

  it.live("reads bodies in chunks, in many pieces, after interim responses, and until the connection closes", () =>
    Effect.gen(function*() {
      const big = "x".repeat(90_000)
      const server = yield* answering(
        `HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
        `HTTP/1.1 200 OK\r\ncontent-length: ${big.length}\r\n\r\n${big}`,
        (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end")
      )
      const connection = yield* connect(server.url)
      const get = request(server.url, { keep })

      assert.strictEqual(text(yield* LoadTransport.exchange(connection, get)), "ok")
      assert.strictEqual(text(yield* LoadTransport.exchange(connection, get)), big)
      assert.strictEqual(text(yield* LoadTransport.exchange(connection, get)), "until the end")
      assert.strictEqual(server.accepted(), 1)
      assert.strictEqual(text(yield* LoadTransport.exchange(connection, get)), "ok")
      assert.strictEqual(server.accepted(), 2)
    }).pipe(Effect.provide(live)))

  it.live("an answer that breaks off is a reset that says where", () =>
    Effect.gen(function*() {
      const server = yield* answering((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"))
      const connection = yield* connect(server.url)
      const failure = yield* Effect.flip(LoadTransport.exchange(connection, request(server.url)))
      assert.strictEqual(failure.kind, "reset")
      assert.include(failure.message, "closed 3 bytes before the end of the body")
    }).pipe(Effect.provide(live)))

  it.live("a request that meets the end of an idle connection is sent once more, unless it may not be done twice", () =>
    Effect.gen(function*() {
      const server = yield* answering(ok, (socket) => socket.destroy())
      const { counters } = yield* LoadTransport.LoadTransport
      const connection = yield* connect(server.url)
      const get = request(server.url)

      for (let n = 0; n < 3; n++) yield* LoadTransport.exchange(connection, get)
      assert.strictEqual(counters.resent, 2)
      const post = LoadTransport.exchange(connection, request(server.url, { method: "POST" }))
      assert.strictEqual((yield* Effect.flip(post)).kind, "reset")
      assert.strictEqual(counters.resent, 2)
      assert.strictEqual(counters.socketsOpened, 3)
    }).pipe(Effect.provide(Layer.fresh(live))))

  it.live("a connection that the server wants to close is not used again, and the server closes it first", () =>
    Effect.gen(function*() {
      const closing = ok.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")
      const ends: Array<string> = []
      const server = yield* HttpServers.tcp((socket) => {
        socket.on("data", () => {
          socket.write(closing)
          setTimeout(() => {
            ends.push(socket.readableEnded ? "client" : "server")
            socket.end()
          }, 5)
        })
      })
      const connection = yield* connect(server.url)

      for (let n = 0; n < 2; n++) yield* LoadTransport.exchange(connection, request(server.url))

      assert.strictEqual(yield* LoadTargets.settled(() => server.sockets.size), 0)
      assert.strictEqual(server.accepted(), 2)
      assert.include(ends, "server")
    }).pipe(Effect.provide(live)))

  it.live("bytes that nobody asked for end an idle connection", () =>
    Effect.gen(function*() {
      const open: Array<Socket> = []
      const server = yield* answering((socket) => {
        open.push(socket)
        socket.write(ok)
      })
      const connection = yield* connect(server.url)
      yield* LoadTransport.exchange(connection, request(server.url))
      open[0]!.write(ok)
      assert.strictEqual(yield* LoadTargets.settled(() => server.sockets.size), 0)
      yield* LoadTransport.exchange(connection, request(server.url))
      assert.strictEqual(server.accepted(), 2)
    }).pipe(Effect.provide(live)))

  it.live("names are resolved as `resolve` says, by name or by name and port; the host header stays", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.capture(ok)
      for (const name of ["shop.test", `shop.test:${server.port}`]) {
        const url = `http://shop.test:${server.port}`
        const connection = yield* connect(url, { resolve: { [name]: "127.0.0.1" } })
        yield* LoadTransport.exchange(connection, request(url))
      }
      assert.strictEqual(server.received().match(new RegExp(`host: shop.test:${server.port}\r\n`, "g"))?.length, 2)
    }).pipe(Effect.provide(live)))

  it.live("R40 a name that does not resolve is dns", () =>
    Effect.gen(function*() {
      // No label may be that long, so no resolver needs to be asked.
      const connection = yield* connect(`http://${"a".repeat(64)}.test`)
      assert.strictEqual((yield* Effect.flip(connection.connect)).kind, "dns")
    }).pipe(Effect.provide(live)))

  it.live("R21 certificates that do not hold are tls, unless anything is accepted", () =>
    Effect.gen(function*() {
      const expired = yield* HttpServers.https(HttpServers.identity("expired"), (_, response) => response.end())
      const plain = yield* HttpServers.http((_, response) => response.end())
      const strict = yield* connect(expired.url, { connection: ca })
      const failure = yield* Effect.flip(LoadTransport.exchange(strict, request(expired.url)))
      assert.deepInclude(failure, { kind: "tls" })
      assert.include(failure.message, "expired")

      const lax = yield* connect(expired.url, { connection: { insecure: true } })
      assert.strictEqual((yield* LoadTransport.exchange(lax, request(expired.url))).status, 200)

      const wrong = yield* connect(`https://localhost:${plain.port}`)
      assert.include((yield* Effect.flip(wrong.connect)).message, "does not speak TLS")
    }).pipe(Effect.provide(live)))

  it.live("a certificate of the client is shown; one that cannot be read is told when it is opened", () =>
    Effect.gen(function*() {
      const identity = { certificate: HttpServers.pem("client"), key: Redacted.make(HttpServers.pem("client-key")) }
      const server = yield* HttpServers.https(
        { ...HttpServers.identity("server"), requestCert: true, ca: ca.ca },
        (_, response) => response.end()
      )
      const connection = yield* connect(server.url, { connection: { ...ca, ...identity } })
      assert.strictEqual((yield* LoadTransport.exchange(connection, request(server.url))).status, 200)

      const unread = yield* Effect.flip(connect(server.url, { connection: { certificate: "x", key: identity.key } }))
      assert.strictEqual(unread.kind, "tls")
      assert.include(unread.message, "cannot be read")
    }).pipe(Effect.provide(live)))

  it.live("R40 a handshake that never ends is connect-timeout", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.tcp(() => {})
      const connection = yield* connect(`https://localhost:${server.port}`, {
        connection: { connectTimeout: Duration.millis(30) }
      })
      assert.strictEqual((yield* Effect.flip(connection.connect)).kind, "connect-timeout")
      const asked = LoadTransport.exchange(connection, request("https://localhost"))
      assert.strictEqual((yield* Effect.flip(asked)).kind, "connect-timeout")
    }).pipe(Effect.provide(live)))

  it.live("a server that hangs up in the handshake is tls; the time-out of one exchange is not that of the next", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.tcp((socket) => socket.end())
      const failure = yield* Effect.flip((yield* connect(`https://localhost:${server.port}`)).connect)
      assert.strictEqual(failure.kind, "tls")

      const slow = yield* answering((socket) => setTimeout(() => socket.write(ok), 40))
      const connection = yield* connect(slow.url, { timeout: "1 second", keepAlive: false })
      yield* LoadTransport.exchange(connection, request(slow.url))
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1_010)))
      yield* connection.connect
      yield* LoadTransport.exchange(connection, request(slow.url))
    }).pipe(Effect.provide(live)))

  it.live("phases of a fresh connection add up", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.https(HttpServers.identity("server"), (_, response) => {
        setTimeout(() => response.writeHead(200).write("a", () => setTimeout(() => response.end("b"), 20)), 20)
      })
      const connection = yield* connect(server.url, { connection: ca, phases: true })
      const started = performance.now() * 10_000
      const { ended, phases } = yield* LoadTransport.exchange(connection, request(server.url))
      const { connect: connecting, dns, tls, transfer, wait } = phases!

      assert.isAtLeast(dns, 0)
      assert.isAbove(connecting, 0)
      assert.isAbove(tls, 0)
      assert.isAtLeast(wait, 190_000)
      assert.isAtLeast(transfer, 190_000)
      const sum = dns + connecting + tls + wait + transfer
      assert.isAtMost(sum, ended - started)
      // What is between the call and the connection is little, but a machine has other things to do.
      assert.isAbove(sum, ended - started - 2_000_000)
    }).pipe(Effect.provide(live)))

  it.live("without TLS it takes no time", () =>
    Effect.gen(function*() {
      const server = yield* answering(ok)
      const connection = yield* connect(server.url, { phases: true })
      const { phases } = yield* LoadTransport.exchange(connection, request(server.url))

      assert.isAbove(phases!.connect, 0)
      assert.strictEqual(phases!.tls, 0)
    }).pipe(Effect.provide(live)))

  it.live("R27 interruption while connecting leaves no socket", () =>
    Effect.gen(function*() {
      const server = yield* HttpServers.tcp((socket) => socket.resume())
      const { counters } = yield* LoadTransport.LoadTransport
      const connection = yield* connect(`https://localhost:${server.port}`)
      const connecting = yield* Effect.forkChild(connection.connect, { startImmediately: true })
      assert.strictEqual(yield* LoadTargets.settled(() => server.sockets.size), 1)
      yield* Fiber.interrupt(connecting)
      assert.strictEqual(yield* LoadTargets.settled(() => server.sockets.size), 0)
      assert.strictEqual(counters.socketsOpen, 0)
    }).pipe(Effect.provide(Layer.fresh(live))))
})
