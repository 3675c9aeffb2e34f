import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Fake from "../../src/layers/fake/FakeLoadTransport.ts"
import { LoadClock, ticksPerMilli } from "../../src/services/LoadClock.ts"
import * as LoadTransport from "../../src/services/LoadTransport.ts"
import { request, suite, World } from "../services/LoadTransportSuite.ts"

const virtualClock = Layer.effect(
  LoadClock,
  Effect.map(Clock.Clock, (clock) => ({
    now: () => clock.currentTimeMillisUnsafe() * ticksPerMilli,
    originMillis: 0,
    alarm: () => Effect.die("no alarm in this test")
  }))
)
const layer = Layer.provideMerge(Fake.layer, virtualClock)
const url = "http://shop.test"

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const fake = yield* Fake.FakeLoadTransport
    const { counters } = yield* LoadTransport.LoadTransport
    yield* fake.serve(url, ({ body, target }) => {
      if (target === "/never") return { latency: Duration.infinity }
      if (target === "/reset") return { failure: "reset" }
      if (target === "/echo") return { body: String(body) }
      return { status: target === "/ok" ? 200 : 404, headers: [["x-answer", "yes"]], body: "hello" }
    })
    return {
      url,
      closedUrl: "http://closed.test",
      options: {},
      elapse: TestClock.adjust,
      requests: fake.requests(url),
      sockets: Effect.sync(() => counters.socketsOpen)
    }
  })
)

suite("fake", Layer.provideMerge(world, layer))

it.layer(layer)("FakeLoadTransport", (it) => {
  it.effect("answers after the latency of its script, by the clock", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeLoadTransport
      const clock = yield* LoadClock
      yield* fake.serve(url, (_request, number) => ({ latency: number === 0 ? "5 millis" : "20 millis" }))
      const connection = yield* (yield* LoadTransport.LoadTransport).open(new URL(url))
      const started = clock.now()

      for (const latency of [5, 20]) {
        const asked = yield* Effect.forkChild(LoadTransport.exchange(connection, request(url)), {
          startImmediately: true
        })
        yield* TestClock.adjust(latency - 1)
        assert.isUndefined(asked.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(asked)).ended, clock.now())
      }
      assert.strictEqual(clock.now() - started, 25 * ticksPerMilli)
      assert.strictEqual(yield* fake.requests(url), 2)
    }))

  it.effect("refuses with the kind that is asked for, until it serves again", () =>
    Effect.gen(function*() {
      const fake = yield* Fake.FakeLoadTransport
      const connection = yield* (yield* LoadTransport.LoadTransport).open(new URL("http://gone.test:81/"))
      for (const kind of LoadTransport.Kind.literals) {
        yield* fake.refuse("http://gone.test:81", kind)
        const failure = yield* Effect.flip(LoadTransport.exchange(connection, request("http://gone.test:81/")))
        assert.strictEqual(failure.kind, kind)
        assert.notInclude(failure.message, "shop.test")
      }
      yield* fake.serve("http://gone.test:81", () => ({ status: 204 }))
      assert.strictEqual((yield* LoadTransport.exchange(connection, request("http://gone.test:81/"))).status, 204)
    }))
})
