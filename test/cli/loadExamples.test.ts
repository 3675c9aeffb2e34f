/** The examples of `skein load FILE` in virtual time: how they end does not depend on what else the machine does. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Result, Schema } from "effect"
import { join } from "node:path"
import { Machine } from "../../src/cli/Machine.ts"
import * as FakeGeneratorHealth from "../../src/layers/fake/FakeGeneratorHealth.ts"
import * as FakeLoadClock from "../../src/layers/fake/FakeLoadClock.ts"
import * as FakeLoadTransport from "../../src/layers/fake/FakeLoadTransport.ts"
import * as FakeLoadWorkers from "../../src/layers/fake/FakeLoadWorkers.ts"
import * as Live from "../../src/layers/Live.ts"
import { LoadResult } from "../../src/programs/load/LoadResult.ts"
import { DashboardServer } from "../../src/services/DashboardServer.ts"
import * as MockRoutes from "../../src/services/http/MockRoutes.ts"
import { MockServer, MockServerError } from "../../src/services/MockServer.ts"
import { inTime } from "../support/virtualTime.ts"
import { calling } from "./commandLine.ts"

const root = join(import.meta.dirname, "../..")
const read = Schema.decodeUnknownSync(Schema.fromJsonString(LoadResult))

/** Stub APIs that the load reaches without a socket; their delays pass by the clock of the test. */
const mocks = Layer.effect(
  MockServer,
  Effect.gen(function*() {
    const { serve } = yield* FakeLoadTransport.FakeLoadTransport
    return MockServer.of({
      start: Effect.fnUntraced(function*(definition) {
        const routes = MockRoutes.make(definition)
        if (Result.isFailure(routes)) return yield* new MockServerError({ reason: "Invalid", problems: routes.failure })
        const { answer, calls } = routes.success
        yield* serve("http://mock.test", ({ method, target }) => {
          const received = { method, url: new URL(target, "http://mock.test"), headers: {}, body: new Uint8Array() }
          const { body, delay, headers, status } = answer(received)
          return { body, headers, status, latency: delay }
        })
        return { url: "http://mock.test", calls }
      })
    })
  })
)

const fakes = Layer.mergeAll(
  FakeGeneratorHealth.layer,
  mocks,
  FakeLoadWorkers.layer(() => Effect.die(new Error("there is one thread"))),
  Layer.succeed(DashboardServer, { open: () => Effect.die(new Error("nobody asked for a dashboard")) })
).pipe(Layer.provideMerge(FakeLoadTransport.layer), Layer.provideMerge(FakeLoadClock.layer))

/** Runs a command a millisecond at a time. */
const load = Effect.fnUntraced(function*(file: string) {
  const fake = yield* Layer.build(fakes)
  const machine = Layer.succeed(Machine, {
    services: (options) => Layer.merge(Live.layer(options), Layer.succeed(MockServer, Context.get(fake, MockServer))),
    modules: Layer.effectContext(Effect.die(new Error("there are no own actions"))),
    load: Layer.succeedContext(fake),
    fakeServers: Layer.effectContext(Effect.die(new Error("nothing is served"))),
    staySmall: Effect.void,
    bundled: false
  })
  const run = calling(["load", "-q", "--format", "json", file], root, machine)
  const { code, stderr, stdout } = yield* inTime(run, "1 millis")
  return { code, stderr, result: read(stdout) }
})

describe("the examples of skein load FILE", () => {
  it.effect("checkout.yaml passes its thresholds, and exits with 0", () =>
    Effect.gen(function*() {
      const { code, result, stderr } = yield* load("examples/load/checkout.yaml")

      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(result.verdict, "valid")
      assert.deepStrictEqual(result.thresholds.filter(({ passed }) => !passed), [])
      assert.lengthOf(result.thresholds, 5)
      assert.isAbove(result.iterations.completed, 250)
    }))

  it.effect("slow.yaml exits with 1, and says which threshold does not hold and by how much", () =>
    Effect.gen(function*() {
      const { code, result, stderr } = yield* load("examples/load/slow.yaml")

      assert.strictEqual(code, 1, stderr)
      assert.strictEqual(result.verdict, "valid")
      const [slow, errors] = result.thresholds
      assert.deepInclude(slow, { expression: "http.p95 < 100ms", passed: false, limit: 100 })
      assert.closeTo(slow!.actual!, 150, 2)
      assert.isTrue(errors!.passed)
    }))
})
