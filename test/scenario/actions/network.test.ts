import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Fake from "../../../src/layers/fake/FakeNetworkProbe.ts"
import * as NodeNetworkProbe from "../../../src/layers/live/NodeNetworkProbe.ts"
import { ActionError } from "../../../src/scenario/Action.ts"
import { sslCertCheck } from "../../../src/scenario/actions/certificate.ts"
import { dns, endpointOf, ping, tcpConnect } from "../../../src/scenario/actions/network.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { runAction, runRobogo } from "./context.ts"

/** Lets virtual time run until the effect has ended. */
const elapse = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  yield* TestClock.adjust("10 minutes")
  return yield* Fiber.join(fiber)
})

const failure = <A, R>(effect: Effect.Effect<A, unknown, R>) =>
  Effect.flatMap(
    Effect.flip(elapse(effect)),
    (error) => error instanceof ActionError ? Effect.succeed(error) : Effect.die(error)
  )

it.layer(Layer.merge(Fake.layer, NodeServices.layer))("network actions", (it) => {
  it.effect("tcp_connect answers with the connection", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      yield* fake.listen({ host: "shop.test", port: 80 })

      const output = yield* elapse(runAction(tcpConnect, { host: "shop.test", port: "80" }))

      assert.deepInclude(output as object, {
        connected: true,
        host: "shop.test",
        port: 80,
        address: "127.0.0.1",
        remote_address: "127.0.0.1:80",
        error: null
      })
    }))

  it.effect("tcp_connect fails without a connection unless any will do", () =>
    Effect.gen(function*() {
      const refused = yield* failure(runAction(tcpConnect, { host: "127.0.0.1:9" }))
      assert.strictEqual(refused.reason, "Connection")
      const output = yield* elapse(runAction(tcpConnect, { host: "127.0.0.1", port: 9, any_connection: true }))
      assert.deepInclude(output as object, { connected: false, error: refused.message })
    }))

  it.effect("tcp_connect in a Robogo file passes whatever comes of it", () =>
    Effect.gen(function*() {
      const output = yield* elapse(runRobogo(tcpConnect, ["127.0.0.1", 9], { options: { timeout: "2s" } }))

      assert.hasAllKeys(output as object, [
        "connected",
        "host",
        "port",
        "address",
        "local_address",
        "remote_address",
        "response_time",
        "error"
      ])
    }))

  it.effect("tcp_connect gives up after its time", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      yield* fake.listen({ host: "slow.test", port: 80 }, { latency: "2001 millis" })
      const input = { host: "slow.test", port: 80 }

      const error = yield* failure(runAction(tcpConnect, { ...input, timeout: "2s" }))
      assert.strictEqual(error.message, "cannot connect to slow.test:80: no answer within 2s")
      assert.strictEqual(error.reason, "Timeout")
      yield* elapse(runAction(tcpConnect, { ...input, timeout: "2100ms" }))
    }))

  it.effect("ping reports, and fails when every answer is lost", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      yield* fake.echo("near.test", ["10 millis", null, null, null])
      yield* fake.echo("dead.test", [null])

      const output = yield* elapse(runAction(ping, { host: "near.test" }))
      assert.deepInclude(output as object, {
        host: "near.test",
        resolved_ip: "127.0.0.1",
        count: 4,
        timeout: "3s",
        packets_transmitted: 4,
        packets_received: 1,
        packet_loss_percent: 75,
        avg_rtt_ms: 10
      })
      const dead = yield* failure(runAction(ping, { host: "dead.test", count: 2 }))
      assert.strictEqual(dead.reason, "Failed")
      assert.strictEqual(dead.message, "\"dead.test\" (127.0.0.1) answered none of 2 echo requests")
      assert.strictEqual((yield* failure(runAction(ping, { host: "unknown.test" }))).reason, "Connection")
    }))

  it.effect("ping takes 1 to 100 requests", () =>
    Effect.gen(function*() {
      for (const count of [0, 101]) {
        assert.strictEqual((yield* failure(runAction(ping, { host: "h", count }))).reason, "Invalid")
        assert.strictEqual(ping.validate!(new Set(["count"]), { count }).length, 1)
      }
      for (const count of [1, 100]) assert.strictEqual(ping.validate!(new Set(["count"]), { count }).length, 0)
    }))

  it.effect("dns answers with records, and fails where there are none", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      yield* fake.name("shop.test", "MX", [{ value: "b", priority: 20 }, { value: "a", priority: 10 }])

      const output = yield* elapse(runAction(dns, { name: "shop.test", type: "MX" }))
      assert.deepInclude(output as object, {
        type: "MX",
        answers: ["a", "b"],
        records: [{ value: "a", priority: 10 }, { value: "b", priority: 20 }]
      })
      assert.deepInclude((yield* elapse(runAction(dns, { name: "127.0.0.1" }))) as object, { answers: ["127.0.0.1"] })
      assert.strictEqual((yield* failure(runAction(dns, { name: "none.test", type: "A" }))).reason, "Connection")
      assert.strictEqual(dns.validate!(new Set(["name", "server"]), {}).length, 1)
    }))

  it.effect("ssl_cert_check answers with the certificate of a good server", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      const certificate = yield* Fake.certificateFor("good.test")
      yield* fake.listen({ host: "good.test", port: 443 }, { certificate })
      const look = (days: number) =>
        elapse(runAction(sslCertCheck, { host: "good.test", check_expiry_days: days })) as Effect.Effect<object>

      assert.deepInclude(yield* look(30), {
        valid: true,
        host: "good.test",
        port: 443,
        days_until_expiry: 365,
        is_expired: false,
        expiry_warning: false,
        subject: "CN=good.test",
        chain_error: null
      })
      assert.deepInclude(yield* look(365), { valid: true, expiry_warning: true })
    }))

  it.effect("ssl_cert_check fails with every fault there is, and overlooks what it is told to", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      const good = yield* Fake.certificateFor("x.test")
      const chainError = "it is self-signed"
      const hostnameError = "the certificate is not for \"x.test\""
      const selfSigned = { ...good, selfSigned: true, chainError }
      const expired = { ...good, validTo: 86_400_000 - 1, chainError: "it has expired" }
      yield* TestClock.setTime(86_400_000 * 2)
      const rows = [
        [selfSigned, {}, ["it is self-signed"]],
        [selfSigned, { allow_self_signed: true }, []],
        [selfSigned, { verify_chain: false }, []],
        [expired, {}, ["it expired on 1970-01-01T23:59:59.999Z"]],
        [expired, { verify_chain: false, skip_hostname_verify: true }, ["it expired on 1970-01-01T23:59:59.999Z"]],
        [{ ...good, hostnameError }, {}, [hostnameError]],
        [{ ...good, hostnameError }, { skip_hostname_verify: true }, []],
        [{ ...selfSigned, hostnameError }, {}, [hostnameError, chainError]]
      ] as const

      for (const [certificate, input, faults] of rows) {
        yield* fake.listen({ host: "x.test", port: 443 }, { certificate })
        const check = (more: object) => runAction(sslCertCheck, { host: "x.test", ...input, ...more })
        const output = yield* elapse(check({ any_certificate: true }))
        assert.strictEqual((output as { valid: boolean }).valid, faults.length === 0)
        if (faults.length === 0) continue
        const error = yield* failure(check({}))
        assert.strictEqual(error.reason, "Failed")
        assert.strictEqual(error.message, `the certificate of x.test:443 is not valid: ${faults.join("; ")}`)
      }
    }))
})

const live = NodeNetworkProbe.layer.pipe(Layer.provideMerge(Scenarios.layer))

it.layer(live, { excludeTestServices: true })("network actions on this machine", (it) => {
  const actions = [tcpConnect, sslCertCheck, ping, dns]
  for (const action of actions) {
    it.effect(`the examples of ${action.name} pass`, () =>
      Effect.gen(function*() {
        for (const example of action.examples) {
          const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${example.yaml}` }, actions)
          const [one] = report.cases
          assert.strictEqual(one!.status, "passed", JSON.stringify([example.title, one!.steps]))
        }
      }))
  }
})

describe("endpointOf", () => {
  const rows = [
    ["shop.test", 80, undefined, "shop.test", 80],
    ["shop.test:81", undefined, 443, "shop.test", 81],
    ["shop.test", undefined, 443, "shop.test", 443],
    ["[::1]:80", undefined, undefined, "::1", 80],
    ["[::1]", undefined, 443, "::1", 443],
    ["::1", 80, undefined, "::1", 80],
    ["shop.test", undefined, undefined, undefined, undefined],
    ["shop.test:0", undefined, undefined, undefined, undefined],
    ["shop.test:65536", undefined, undefined, undefined, undefined],
    ["", 80, undefined, undefined, undefined]
  ] as const
  for (const [text, port, standard, host, found] of rows) {
    it.effect(`${JSON.stringify(text)}, ${port}, ${standard}`, () =>
      Effect.gen(function*() {
        const answer = yield* Effect.result(endpointOf(text, port, standard))
        assert.deepEqual(answer._tag === "Success" ? answer.success : undefined, host && { host, port: found })
      }))
  }
})
