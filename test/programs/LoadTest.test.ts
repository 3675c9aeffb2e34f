import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"
import { Masking } from "../../src/core/Masking.ts"
import * as FakeGeneratorHealth from "../../src/layers/fake/FakeGeneratorHealth.ts"
import * as FakeLoadClock from "../../src/layers/fake/FakeLoadClock.ts"
import * as FakeLoadTransport from "../../src/layers/fake/FakeLoadTransport.ts"
import * as FakeLoadWorkers from "../../src/layers/fake/FakeLoadWorkers.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import * as Generator from "../../src/programs/load/Generator.ts"
import type { LoadProgress } from "../../src/programs/load/LoadProgress.ts"
import type { Plan, UrlWork } from "../../src/programs/load/Plan.ts"
import * as LoadTest from "../../src/programs/LoadTest.ts"
import type { Executor, Threshold } from "../../src/scenario/LoadBlock.ts"

const target = "http://shop.test"

const work: UrlWork = {
  type: "url",
  method: "GET",
  url: `${target}/`,
  headers: [],
  keepAlive: true,
  timeoutMillis: 30_000,
  resolve: {},
  insecure: false,
  http2: false,
  proxy: null
}

const planOf = (executor: Executor, more: Partial<Plan> = {}): Plan => ({
  name: "test",
  seed: 1,
  threads: 1,
  warmupMillis: 0,
  gracefulStopMillis: 1_000,
  thresholds: [],
  loads: [{ name: "test", executor, work }],
  phases: false,
  ...more
})

const closed = (vus: number, durationMillis: number): Executor => ({ type: "constant-vus", vus, durationMillis })
const open = (rate: number, durationMillis: number, vus = 500, queue = 10_000): Executor => ({
  type: "constant-arrival-rate",
  rate,
  durationMillis,
  arrivals: "even",
  vus,
  queue
})
const rule = (expression: string, more: Partial<Threshold> = {}): Threshold => ({
  expression,
  abort: false,
  delayMillis: 0,
  ...more
})

const machine = Layer.mergeAll(
  FakeLoadTransport.layer,
  FakeGeneratorHealth.layer,
  FakeStopSignal.layer,
  Masking.layer
).pipe(Layer.provideMerge(FakeLoadClock.layer))

/** Worker 1 of a plan of this name breaks down. */
const crashing = "crashing"

const workers = FakeLoadWorkers.layer((work, channel) => {
  const { plan, share } = work as unknown as Generator.Work
  const generator = Generator.run({ plan, share, scenarios: () => Effect.die("no scenarios") }, channel)
  return plan.name === crashing && share.index === 1
    ? Effect.raceFirst(generator, Effect.andThen(Effect.sleep("1500 millis"), Effect.die("out of memory")))
    : generator
})

const layer = Layer.provideMerge(workers, machine)

const seen: Array<LoadProgress> = []

/** Runs a plan in virtual time, a millisecond at a time. */
const run = Effect.fnUntraced(function*(plan: Plan, options: { readonly stopAfter?: number } = {}) {
  seen.length = 0
  const fiber = yield* Effect.forkChild(
    LoadTest.run(plan, {
      target,
      known: { actions: ["http"], steps: [], tags: [], scenarios: [], metrics: [] },
      observe: (progress) => Effect.sync(() => void seen.push(progress))
    }),
    { startImmediately: true }
  )
  const stop = yield* FakeStopSignal.FakeStopSignal
  for (let elapsed = 0; fiber.pollUnsafe() === undefined; elapsed++) {
    if (elapsed === options.stopAfter) yield* stop.stop()
    yield* TestClock.adjust("1 millis")
    // What happens in this millisecond happens before the next one.
    yield* Effect.promise(() => setImmediate())
  }
  return yield* Fiber.join(fiber)
})

const serve = (script: FakeLoadTransport.Script) =>
  Effect.flatMap(FakeLoadTransport.FakeLoadTransport, (transport) => transport.serve(target, script))
const served = Effect.flatMap(FakeLoadTransport.FakeLoadTransport, (transport) => transport.requests(target))

const within = (actual: number, wanted: number, share: number) =>
  assert.isAtMost(Math.abs(actual - wanted), wanted * share, `${actual} is not ${wanted} within ${share * 100} %`)

describe("LoadTest", () => {
  it.effect("closed: each user waits for its answer before it asks again", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "10 millis" }))

      const result = yield* run(planOf(closed(4, 1_000)))

      assert.strictEqual(result.model, "closed")
      assert.strictEqual(result.requests.total, 400)
      assert.strictEqual(result.requests.total, yield* served)
      assert.deepStrictEqual([result.latency_ms.min, result.latency_ms.max], [10, 10])
      assert.strictEqual(result.lateness_ms, null)
      assert.strictEqual(result.verdict, "valid")
    }).pipe(Effect.provide(layer)))

  it.effect("what is secret is in no second that is told, and in no result", () =>
    Effect.gen(function*() {
      const masking = yield* Masking
      masking.add("shop.test", "host")
      // A secret that is a number, too: figures are none.
      masking.add("1500", "code")
      yield* serve(() => ({ failure: "reset" }))
      const headers = [["authorization", "abc"], ["accept", "text/plain"]] as const
      const plan = planOf(closed(1, 1_500))

      const result = yield* run({ ...plan, loads: [{ ...plan.loads[0]!, work: { ...work, headers } }] })

      assert.isNotEmpty(seen.flatMap(({ errors }) => errors))
      const told = JSON.stringify([seen.map(({ errors }) => errors), result])
      assert.notInclude(told, "shop.test")
      assert.isNumber(result.duration_s)
      // Too short to be found anywhere, so it is not written at all.
      assert.notInclude(told, "\"abc\"")
      assert.include(told, "text/plain")
    }).pipe(Effect.provide(layer)))

  it.effect("open: as many requests as were due, whatever comes back", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "250 millis" }))

      const result = yield* run(planOf(open(200, 2_000)))

      assert.strictEqual(result.model, "open")
      assert.strictEqual(result.requests.total, 400)
      assert.strictEqual(yield* served, 400)
      assert.strictEqual(result.iterations.dropped, 0)
      within(result.requests.per_second, 200, 0.15)
    }).pipe(Effect.provide(layer)))

  it.effect("R40 a target that stands still for a second of five shows in the percentiles as arithmetic says", () =>
    Effect.gen(function*() {
      const clock = yield* TestClock.testClockWith(Effect.succeed)
      const begin = clock.currentTimeMillisUnsafe()
      // Stopped from 2 s to 3 s: who asks then waits until 3 s.
      yield* serve(() => {
        const at = clock.currentTimeMillisUnsafe() - begin
        return { latency: at >= 2_000 && at < 3_000 ? 3_000 - at : 0 }
      })

      const result = yield* run(planOf(open(500, 5_000, 64)))

      assert.strictEqual(result.requests.total, 2_500)
      // A fifth waits, evenly from 0 to 1 s: the upper twentieth of that fifth is the upper hundredth of all.
      within(result.latency_ms.p99, 950, 0.01)
      within(result.latency_ms.p90, 500, 0.01)
      assert.isAtMost(result.latency_ms.p75, 1)
      // The service time of most of them was short: they waited for a user.
      assert.isBelow(result.service_ms.p99, 950)
      assert.strictEqual(result.verdict, "valid")
    }).pipe(Effect.provide(layer)))

  it.effect("delays that are known come out as percentiles", () =>
    Effect.gen(function*() {
      yield* serve((_, number) => ({
        latency: number % 100 < 60 ? 1 : number % 100 < 90 ? 5 : number % 100 < 97 ? 20 : 100
      }))

      const { latency_ms } = yield* run(planOf(open(500, 4_000)))

      within(latency_ms.p50, 1, 0.001)
      within(latency_ms.p90, 5, 0.001)
      within(latency_ms.p95, 20, 0.001)
      within(latency_ms.p99, 100, 0.001)
      within(latency_ms.mean, 0.6 * 1 + 0.3 * 5 + 0.07 * 20 + 0.03 * 100, 0.001)
    }).pipe(Effect.provide(layer)))

  it.effect("R40 what finds no user waits with its intended time, and past the bound is dropped in a valid run", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "100 millis" }))

      const result = yield* run(planOf(open(100, 1_000, 2, 10)))

      // Two users do twenty a second.
      assert.strictEqual(result.iterations.started + result.iterations.dropped, 100)
      assert.strictEqual(result.requests.total, yield* served)
      assert.isAbove(result.iterations.dropped, 60)
      within(result.latency_ms.max, 600, 0.1)
      assert.deepStrictEqual([result.service_ms.min, result.service_ms.max], [100, 100])
      assert.strictEqual(result.verdict, "valid")
    }).pipe(Effect.provide(layer)))

  it.effect("warm-up runs, and is not in the figures", () =>
    Effect.gen(function*() {
      yield* serve((_, number) => ({ latency: number < 100 ? "50 millis" : "10 millis" }))

      const result = yield* run(planOf(open(100, 1_000), { warmupMillis: 1_000 }))

      assert.strictEqual(yield* served, 200)
      // Those that were due at the end of the warm-up end after it.
      within(result.requests.total, 100, 0.06)
      assert.strictEqual(result.measured_s, 1)
      assert.deepStrictEqual(result.seconds.map(({ at }) => at), [-1, 0, 1].slice(0, result.seconds.length))
    }).pipe(Effect.provide(layer)))

  it.effect("shared iterations are so many in all, those of each user so many for each", () =>
    Effect.gen(function*() {
      yield* serve((_, number) => ({ latency: number % 7 }))
      const shared = yield* run(planOf({ type: "shared-iterations", vus: 8, iterations: 101, maxMillis: 10_000 }))
      const each = yield* run(planOf({ type: "per-vu-iterations", vus: 8, iterations: 101, maxMillis: 10_000 }))

      assert.strictEqual(shared.requests.total, 101)
      assert.strictEqual(each.requests.total, 808)
    }).pipe(Effect.provide(layer)))

  it.effect("iterations that take too long end with their time", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "300 millis" }))

      const result = yield* run(planOf({ type: "shared-iterations", vus: 1, iterations: 100, maxMillis: 1_000 }))

      assert.strictEqual(result.requests.total, 4)
    }).pipe(Effect.provide(layer)))

  it.effect("users come and go as the profile says", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "10 millis" }))

      const result = yield* run(planOf({
        type: "ramping-vus",
        startVus: 0,
        stages: [{ to: 10, millis: 1_000 }, { to: 10, millis: 1_000 }, { to: 0, millis: 1_000 }]
      }))

      // The area under the profile is 20 user seconds, of a hundred requests each; whole users are a little less.
      within(result.requests.total, 1_900, 0.03)
      assert.strictEqual(result.seconds[1]?.vus, 10)
    }).pipe(Effect.provide(layer)))

  it.effect("a threshold that does not hold is told with its value; one with abort ends the run", () =>
    Effect.gen(function*() {
      yield* serve((_, number) => ({ latency: "20 millis", status: number < 150 ? 200 : 503 }))
      const thresholds = [
        rule("http.p95 < 10ms"),
        rule("errors.rate < 10%", { abort: true }),
        rule("http.count{status: 5xx} == 0"),
        rule("http.rate > 50/s", { overMillis: 1_000 })
      ]

      const result = yield* run(planOf(open(100, 60_000), { thresholds }))

      assert.deepStrictEqual(result.thresholds.map(({ aborted, passed }) => [passed, aborted]), [
        [false, false],
        [false, true],
        [false, false],
        [true, false]
      ])
      assert.strictEqual(result.thresholds[0]?.actual, 20)
      assert.isBelow(result.duration_s, 3)
      assert.strictEqual(result.errors.kinds[0]?.kind, "status 503")
      assert.isFalse(result.interrupted)
    }).pipe(Effect.provide(layer)))

  it.effect("asked to stop, it starts nothing more, waits for the last answers and reports", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "400 millis" }))

      const result = yield* run(planOf(open(100, 60_000)), { stopAfter: 1_050 })

      assert.isTrue(result.interrupted)
      assert.strictEqual(result.requests.total, yield* served)
      within(result.requests.total, 105, 0.02)
      assert.strictEqual(result.iterations.cut_off, 0)
    }).pipe(Effect.provide(layer)))

  it.effect("answers that do not come in the time of a graceful stop are cut off, and told", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "1 hour" }))

      const result = yield* run(planOf(closed(7, 1_000), { gracefulStopMillis: 500 }))

      assert.strictEqual(result.iterations.cut_off, 7)
      assert.strictEqual(result.requests.total, 0)
      assert.deepStrictEqual(result.reasons.map(({ code }) => code), ["too_short"])
    }).pipe(Effect.provide(layer)))

  it.effect("R40 a target that dies makes errors, and no invalid run", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ failure: "connect-refused" }))

      const result = yield* run(planOf(open(50, 1_000)))

      assert.strictEqual(result.requests.failed, 50)
      assert.deepStrictEqual(result.errors.kinds.map(({ count, kind }) => [kind, count]), [["connect-refused", 50]])
      assert.strictEqual(result.verdict, "valid")
    }).pipe(Effect.provide(layer)))

  it.effect("a target that is not there is told before the load", () =>
    Effect.gen(function*() {
      for (const executor of [open(50, 1_000), closed(5, 1_000)]) {
        const error = yield* Effect.flip(run(planOf(executor)))

        assert.match(String(error), /nothing accepts connections/)
      }
    }).pipe(Effect.provide(layer)))

  it.effect("users of a closed load that do not reach their target rest, longer each time up to 640 ms", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ failure: "connect-refused" }))

      const result = yield* run(planOf(closed(1, 3_000)))

      // At 0, 0, 10, 30, 70, 150, 310, 630, 1270, 1910 and 2550 ms.
      assert.strictEqual(result.errors.total, 11)
      assert.strictEqual(yield* served, 11)
    }).pipe(Effect.provide(layer)))

  it.effect("an answer ends the rests", () =>
    Effect.gen(function*() {
      yield* serve((_, number) => number % 2 === 0 ? { failure: "reset" } : { latency: 10 })

      const result = yield* run(planOf(closed(1, 1_000)))

      assert.strictEqual(result.errors.total, 100)
    }).pipe(Effect.provide(layer)))

  it.effect("R40 a generator that is too busy makes the run invalid", () =>
    Effect.gen(function*() {
      yield* serve(() => ({}))
      const health = yield* FakeGeneratorHealth.FakeGeneratorHealth
      yield* health.setCpu(0.95)
      yield* health.setLag(20)

      const result = yield* run(planOf(open(50, 1_000)))

      assert.strictEqual(result.verdict, "invalid")
      assert.deepStrictEqual(result.reasons.map(({ code }) => code), ["cpu", "loop_lag"])
    }).pipe(Effect.provide(layer)))

  it.effect("tells of each second, and how far it is", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "5 millis" }))

      yield* run(planOf(open(100, 3_000), { warmupMillis: 1_000 }))

      assert.deepStrictEqual(seen.slice(0, 4).map(({ phase, second }) => [phase, second.at, second.completed]), [
        ["warm-up", -1, 100],
        ["running", 0, 100],
        ["running", 1, 100],
        ["running", 2, 100]
      ])
      assert.strictEqual(seen[0]?.totalMillis, 4_000)
    }).pipe(Effect.provide(layer)))

  it.effect("three threads together do what one would do", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "20 millis" }))
      const one = yield* run(planOf(open(100, 2_000)))
      const three = yield* run(planOf(open(100, 2_000), { threads: 3 }))

      assert.strictEqual(three.requests.total, 200)
      assert.deepStrictEqual(three.latency_ms, one.latency_ms)
      assert.strictEqual(three.verdict, "valid")
    }).pipe(Effect.provide(layer)))

  it.effect("R40 a thread that breaks down ends the load; what was measured until then is told, and invalid", () =>
    Effect.gen(function*() {
      yield* serve(() => ({ latency: "20 millis" }))
      const result = yield* run(planOf(open(100, 60_000), { threads: 2, name: crashing }))

      assert.isBelow(result.duration_s, 3)
      assert.isAbove(result.requests.total, 50)
      assert.strictEqual(result.verdict, "invalid")
      assert.include(result.reasons[0]?.text, "load worker 1: out of memory")
    }).pipe(Effect.provide(layer)))

  it.effect("a search finds the highest rate at which the thresholds hold", () =>
    Effect.gen(function*() {
      // Ten users of 50 ms are 200 a second.
      yield* serve(() => ({ latency: "50 millis" }))
      const executor: Executor = {
        type: "breakpoint",
        fromRate: 60,
        toRate: 1_000,
        stepMillis: 500,
        settleMillis: 100,
        precision: 0.15,
        vus: 10,
        queue: 1_000
      }

      const { breakpoint, ...best } = yield* run(planOf(executor, { thresholds: [rule("http.p95 < 60ms")] }))

      assert.isAtMost(breakpoint?.rate ?? 0, 220)
      assert.isAtLeast(breakpoint?.rate ?? 0, 160)
      assert.strictEqual(breakpoint?.limited_by, "target")
      assert.deepStrictEqual(best.thresholds.map(({ passed }) => passed), [true])
    }).pipe(Effect.provide(layer)))

  it.effect("a search without thresholds is refused, with what to do", () =>
    Effect.gen(function*() {
      const executor: Executor = {
        type: "breakpoint",
        fromRate: 1,
        toRate: 2,
        stepMillis: 1,
        settleMillis: 1,
        precision: 0.5,
        vus: 1,
        queue: 1
      }
      const error = yield* Effect.flip(run(planOf(executor)))

      assert.include(error.message, "needs thresholds")
    }).pipe(Effect.provide(layer)))
})
