import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Fake from "../../src/layers/fake/FakeNetworkProbe.ts"
import { NetworkProbe } from "../../src/services/NetworkProbe.ts"
import { suite, World } from "../services/NetworkProbeSuite.ts"

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const fake = yield* Fake.FakeNetworkProbe
    const good = yield* Fake.certificateFor("localhost")
    const listen = (port: number, certificate?: typeof good) =>
      Effect.forEach(["127.0.0.1", "localhost"], (host) => fake.listen({ host, port }, { certificate }))
    yield* listen(1)
    yield* listen(2, good)
    yield* listen(3, { ...good, validTo: 0, chainError: "it has expired" })
    yield* listen(4, { ...good, selfSigned: true, chainError: "it is self-signed" })
    yield* fake.name("two.test", "A", [{ value: "192.0.2.2" }, { value: "192.0.2.1" }])
    yield* fake.name("mail.test", "MX", [{ value: "mx.mail.test", priority: 10 }])
    return {
      openPort: 1,
      closedPort: 9,
      goodPort: 2,
      expiredPort: 3,
      selfSignedPort: 4,
      plainPort: 1,
      authorities: "",
      dnsServer: ""
    }
  })
)

suite("fake", world.pipe(Layer.provideMerge(Fake.layer)))

it.layer(Fake.layer)("FakeNetworkProbe", (it) => {
  it.effect("spends virtual time and reports lost answers", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeNetworkProbe
      const probe = yield* NetworkProbe
      yield* fake.echo("far.test", ["20 millis", null, "40 millis"])
      const fiber = yield* Effect.forkChild(probe.ping("far.test", { count: 4, waitSeconds: 1 }))

      yield* TestClock.adjust("1099 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const report = yield* Fiber.join(fiber)

      assert.deepInclude(report, { transmitted: 4, received: 3, lossPercent: 25, minMillis: 20, maxMillis: 40 })
      assert.include(yield* fake.calls, "ping far.test")
    }))
})
