import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { ChildProcessSpawner } from "effect/process"
import * as Dgram from "node:dgram"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as NodeNetworkProbe from "../../src/layers/live/NodeNetworkProbe.ts"
import { NetworkProbe } from "../../src/services/NetworkProbe.ts"
import { suite, World } from "../services/NetworkProbeSuite.ts"

const fixture = (name: string) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    return yield* files.readFileString(new URL(`../fixtures/tls-probe/${name}`, import.meta.url).pathname)
  })

/** Starts a server on a free port of loopback and closes it, with its connections, in the end. */
const listen = (server: Net.Server) => {
  const sockets = new Set<Net.Socket>()
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})))
  return Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )
}

const listenTls = Effect.fnUntraced(function*(name: string) {
  const server = Tls.createServer({ cert: yield* fixture(`${name}.pem`), key: yield* fixture(`${name}.key`) })
  server.on("tlsClientError", () => {})
  return yield* listen(server)
})

/** A DNS server of three records: enough of RFC 1035 to answer one question without compression of its own. */
const listenDns = Effect.acquireRelease(
  Effect.callback<{ readonly socket: Dgram.Socket; readonly place: string }>((resume) => {
    const socket = Dgram.createSocket("udp4")
    socket.on("message", (query, from) => socket.send(answer(query), from.port, from.address))
    socket.bind(0, "127.0.0.1", () => resume(Effect.succeed({ socket, place: `127.0.0.1:${socket.address().port}` })))
  }),
  ({ socket }) => Effect.callback<void>((resume) => void socket.close(() => resume(Effect.void)))
)

const answer = (query: Buffer): Buffer => {
  const labels: Array<string> = []
  let at = 12
  while (query[at]! > 0) {
    labels.push(query.subarray(at + 1, at + 1 + query[at]!).toString())
    at += query[at]! + 1
  }
  const type = query.readUInt16BE(at + 1)
  const question = query.subarray(12, at + 5)
  const data = zone[`${type} ${labels.join(".")}`] ?? []
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(data.length === 0 ? 0x8183 : 0x8180, 2)
  header.writeUInt16BE(data.length, 6)
  header.writeUInt32BE(0, 8)
  const records = data.map((bytes) => {
    const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length])
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([header, question, ...records])
}

const zone: Readonly<Record<string, ReadonlyArray<Buffer>>> = {
  "1 two.test": [Buffer.from([192, 0, 2, 2]), Buffer.from([192, 0, 2, 1])],
  "15 mail.test": [Buffer.concat([Buffer.from([0, 10]), Buffer.from("\x02mx\x04mail\x04test\x00")])]
}

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const openPort = yield* listen(Net.createServer())
    const plainPort = yield* listen(Net.createServer((socket) => socket.end("220 mail ready\r\n")))
    const closedPort = yield* Effect.scoped(listen(Net.createServer()))
    return {
      openPort,
      closedPort,
      plainPort,
      goodPort: yield* listenTls("good"),
      expiredPort: yield* listenTls("expired"),
      selfSignedPort: yield* listenTls("self"),
      authorities: yield* fixture("ca.pem"),
      dnsServer: (yield* listenDns).place
    }
  })
)

const live = NodeNetworkProbe.layer.pipe(Layer.provideMerge(NodeServices.layer))

suite("Node", world.pipe(Layer.provideMerge(live)))

/** A spawner whose programs print `output`, or are not there. */
const printing = (output: string) =>
  Layer.effect(
    ChildProcessSpawner.ChildProcessSpawner,
    Effect.map(ChildProcessSpawner.ChildProcessSpawner, (real) =>
      ChildProcessSpawner.make((command) => {
        if (command._tag !== "StandardCommand") return real.spawn(command)
        asked.push([command.command, ...command.args.map(String)])
        return real.spawn(Object.assign(Object.create(Object.getPrototypeOf(command)), command, {
          command: "printf",
          args: ["%s", output]
        }))
      }))
  ).pipe(Layer.provide(NodeServices.layer))

const asked: Array<ReadonlyArray<string>> = []

const pinging = (output: string) =>
  Effect.gen(function*() {
    const probe = yield* NetworkProbe
    return yield* probe.ping("127.0.0.1", { count: 2, waitSeconds: 3 })
  }).pipe(Effect.provide(NodeNetworkProbe.layer.pipe(Layer.provide(printing(output)))))

it.live("ping reads the summary of the system's program", () =>
  Effect.gen(function*() {
    const report = yield* pinging(
      "PING localhost (127.0.0.1) 56(84) bytes of data.\n\n--- localhost ping statistics ---\n" +
        "2 packets transmitted, 1 received, 50% packet loss, time 1001ms\nrtt min/avg/max/mdev = 0.031/0.040/0.049/0.009 ms\n"
    )

    assert.deepInclude(report, { transmitted: 2, received: 1, lossPercent: 50, averageMillis: 0.04 })
    assert.deepStrictEqual(asked.at(-1), ["ping", "-n", "-c", "2", "-W", "3", "--", "127.0.0.1"])
  }))

it.live("ping tells an unknown host from a machine that may not ping", () =>
  Effect.gen(function*() {
    const unknown = yield* Effect.flip(pinging("ping: nope.test: Name or service not known\n"))
    assert.strictEqual(unknown.reason, "UnknownHost")
    const forbidden = yield* Effect.flip(pinging("ping: socket: Operation not permitted\n"))
    assert.strictEqual(forbidden.reason, "Unavailable")
    assert.include(forbidden.hint ?? "", "tcp_connect")
  }))

it.live("ping says so when there is no such program", () =>
  Effect.gen(function*() {
    const nothing = Layer.effect(
      ChildProcessSpawner.ChildProcessSpawner,
      Effect.map(ChildProcessSpawner.ChildProcessSpawner, (real) =>
        ChildProcessSpawner.make((command) =>
          real.spawn(Object.assign(Object.create(Object.getPrototypeOf(command)), command, { command: "no-such-ping" }))
        ))
    ).pipe(Layer.provide(NodeServices.layer))

    const error = yield* Effect.gen(function*() {
      const probe = yield* NetworkProbe
      return yield* Effect.flip(probe.ping("127.0.0.1", { count: 1, waitSeconds: 1 }))
    }).pipe(Effect.provide(NodeNetworkProbe.layer.pipe(Layer.provide(nothing))))

    assert.strictEqual(error.message, "cannot ping: this machine has no `ping` program")
  }))

it.live("an interrupted look leaves no socket behind", () =>
  Effect.gen(function*() {
    const silent = yield* listen(Net.createServer())
    const before = sockets()
    const probe = yield* NetworkProbe

    const answer = yield* probe.certificate({ host: "127.0.0.1", port: silent }).pipe(Effect.timeoutOption("30 millis"))

    assert.strictEqual(answer._tag, "None")
    yield* Effect.sleep("5 millis").pipe(Effect.repeat({ until: () => sockets() <= before + 1, times: 1_000 }))
    assert.isAtMost(sockets(), before + 1, "the server's side may still be there")
  }).pipe(Effect.provide(live), Effect.scoped))

const sockets = () => process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLSSocket/.test(name)).length
