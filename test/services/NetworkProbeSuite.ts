import { assert, it } from "@effect/vitest"
import { Context, Effect, type Layer } from "effect"
import { NetworkProbe } from "../../src/services/NetworkProbe.ts"

/** The network that the suite looks at, made by each layer's test file. Every port is on `localhost` and 127.0.0.1. */
export class World extends Context.Service<World, {
  readonly openPort: number
  readonly closedPort: number
  /** TLS with a certificate for `localhost` whose authority is `authorities`. */
  readonly goodPort: number
  readonly expiredPort: number
  readonly selfSignedPort: number
  readonly authorities: string
  /** Speaks no TLS. */
  readonly plainPort: number
  /** Knows `A two.test` = 192.0.2.2 and 192.0.2.1, `MX mail.test` = 10 mx.mail.test, and nothing else. */
  readonly dnsServer: string
}>()("test/NetworkProbeWorld") {}

/** What every `NetworkProbe` must do. Each layer's test file calls it once. */
export const suite = <E>(name: string, layer: Layer.Layer<NetworkProbe | World, E>) =>
  it.layer(layer, { excludeTestServices: true })(`NetworkProbe (${name})`, (it) => {
    const host = "127.0.0.1"
    // A name that no resolver would send to a server.
    const nowhere = ".."

    it.effect("connect tells both ends of a connection", () =>
      Effect.gen(function*() {
        const { openPort } = yield* World
        const probe = yield* NetworkProbe

        const connection = yield* probe.connect({ host: "localhost", port: openPort })

        assert.match(connection.address, /^(127\.0\.0\.1|::1)$/)
        assert.strictEqual(connection.remote.endsWith(`:${openPort}`), true)
        assert.match(connection.local, /:\d+$/)
      }))

    it.effect("connect fails with Refused where nothing listens, UnknownHost where there is no host", () =>
      Effect.gen(function*() {
        const { closedPort } = yield* World
        const probe = yield* NetworkProbe

        const refused = yield* Effect.flip(probe.connect({ host, port: closedPort }))
        assert.strictEqual(refused.reason, "Refused")
        assert.include(refused.message, `cannot connect to ${host}:${closedPort}: nothing listens there`)
        const unknown = yield* Effect.flip(probe.connect({ host: nowhere, port: 80 }))
        assert.strictEqual(unknown.reason, "UnknownHost")
      }))

    it.effect("certificate tells what a good one says", () =>
      Effect.gen(function*() {
        const { authorities, goodPort } = yield* World
        const probe = yield* NetworkProbe

        const found = yield* probe.certificate({ host, port: goodPort }, { authorities, serverName: "localhost" })

        assert.deepInclude(found, { subject: "CN=localhost", selfSigned: false, chainError: null, hostnameError: null })
        assert.include(found.dnsNames, "localhost")
        assert.isBelow(found.validFrom, found.validTo)
        assert.match(found.protocol, /^TLSv1\.[23]$/)
      }))

    it.effect("certificate tells what is wrong with a bad one, chain and name apart", () =>
      Effect.gen(function*() {
        const { authorities, expiredPort, goodPort, selfSignedPort } = yield* World
        const probe = yield* NetworkProbe
        const look = (port: number, serverName: string) =>
          probe.certificate({ host, port }, { authorities, serverName })

        const expired = yield* look(expiredPort, "localhost")
        assert.strictEqual(expired.chainError, "it has expired")
        assert.isNull(expired.hostnameError)
        const own = yield* look(selfSignedPort, "localhost")
        assert.deepInclude(own, { selfSigned: true, chainError: "it is self-signed", hostnameError: null })
        const misnamed = yield* look(goodPort, "shop.example")
        assert.deepInclude(misnamed, { chainError: null, hostnameError: "the certificate is not for \"shop.example\"" })
      }))

    it.effect("certificate fails with Tls on a port that speaks no TLS, Refused where nothing listens", () =>
      Effect.gen(function*() {
        const { closedPort, plainPort } = yield* World
        const probe = yield* NetworkProbe

        assert.strictEqual((yield* Effect.flip(probe.certificate({ host, port: plainPort }))).reason, "Tls")
        assert.strictEqual((yield* Effect.flip(probe.certificate({ host, port: closedPort }))).reason, "Refused")
      }))

    it.effect("addresses takes names of this machine and addresses, and fails with UnknownHost", () =>
      Effect.gen(function*() {
        const probe = yield* NetworkProbe

        assert.include(["127.0.0.1", "::1"], (yield* probe.addresses("localhost"))[0])
        assert.deepStrictEqual(yield* probe.addresses(host), [host])
        assert.strictEqual((yield* Effect.flip(probe.addresses(nowhere))).reason, "UnknownHost")
      }))

    it.effect("records asks the server named, sorts, and fails with UnknownHost", () =>
      Effect.gen(function*() {
        const { dnsServer } = yield* World
        const probe = yield* NetworkProbe

        const found = yield* probe.records("two.test", "A", dnsServer)
        assert.deepStrictEqual(found.map(({ value }) => value), ["192.0.2.1", "192.0.2.2"])
        assert.deepEqual(yield* probe.records("mail.test", "MX", dnsServer), [{ value: "mx.mail.test", priority: 10 }])
        assert.strictEqual((yield* Effect.flip(probe.records("none.test", "A", dnsServer))).reason, "UnknownHost")
      }))

    it.effect("ping refuses a host that is an option", () =>
      Effect.gen(function*() {
        const probe = yield* NetworkProbe

        const error = yield* Effect.flip(probe.ping("-f", { count: 1, waitSeconds: 1 }))

        assert.strictEqual(error.reason, "UnknownHost")
      }))
  })
