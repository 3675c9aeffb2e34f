import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Metric, Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import * as PoolMetrics from "../../src/services/PoolMetrics.ts"

const labels = { service: "postgres", server: "db:5432" } as const

const scrape = Effect.map(
  PrometheusMetrics.format(),
  (text) => text.split("\n").filter((line) => !line.startsWith("#"))
)

const of = (open: number) => () => ({ max: 10, open, busy: 0, waiting: 0 })

/** Each test has a registry of its own. */
const alone = <A, E>(test: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.suspend(() => Effect.provideService(test, Metric.MetricRegistry, new Map()))

describe("PoolMetrics", () => {
  it.effect("shows sizes and waiters as they are when somebody looks", () =>
    alone(Effect.gen(function*() {
      let pool = { max: 10, open: 4, busy: 1, waiting: 0 }
      yield* PoolMetrics.show(labels, () => pool)
      pool = { max: 10, open: 5, busy: 5, waiting: 2 }

      assert.includeMembers(yield* scrape, [
        `skein_pool_connections{service="postgres",server="db:5432",state="busy"} 5`,
        `skein_pool_connections{service="postgres",server="db:5432",state="idle"} 0`,
        `skein_pool_max_connections{service="postgres",server="db:5432"} 10`,
        `skein_pool_waiting{service="postgres",server="db:5432"} 2`
      ])
    })))

  it.effect("adds up the pools of one server, and keeps other servers and services apart", () =>
    alone(Effect.gen(function*() {
      yield* PoolMetrics.show(labels, of(1))
      yield* PoolMetrics.show(labels, of(2))
      yield* PoolMetrics.show({ ...labels, service: "cache" }, of(4))
      yield* PoolMetrics.show({ ...labels, server: "other:1" }, of(8))

      assert.includeMembers(yield* scrape, [
        `skein_pool_connections{service="postgres",server="db:5432",state="idle"} 3`,
        `skein_pool_max_connections{service="postgres",server="db:5432"} 20`,
        `skein_pool_connections{service="cache",server="db:5432",state="idle"} 4`,
        `skein_pool_connections{service="postgres",server="other:1",state="idle"} 8`
      ])
    })))

  it.effect("shows a pool no more once its scope is closed", () =>
    alone(Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        yield* PoolMetrics.show(labels, of(1))
        yield* Effect.scoped(PoolMetrics.show(labels, of(2)))
        assert.include(yield* scrape, `skein_pool_connections{service="postgres",server="db:5432",state="idle"} 1`)
      }))

      assert.isEmpty((yield* scrape).filter((line) => line.includes("db:5432")))
    })))

  it.effect("a meter counts what is open, lent and waited for, and how long the wait was", () =>
    alone(Effect.gen(function*() {
      const meter = yield* PoolMetrics.meter(labels, 1)
      const free = yield* Deferred.make<void>()
      meter.opened()
      const first = yield* Scope.make()
      yield* Scope.provide(meter.lend(Effect.void), first)
      const second = yield* Effect.forkChild(Effect.scoped(Effect.as(meter.lend(Deferred.await(free)), meter.read())))
      yield* TestClock.adjust("40 millis")

      assert.deepStrictEqual(meter.read(), { max: 1, open: 1, busy: 1, waiting: 1 })
      yield* Scope.close(first, yield* Effect.exit(Effect.void))
      yield* Deferred.succeed(free, undefined)
      yield* Fiber.join(second)
      assert.deepStrictEqual(meter.read(), { max: 1, open: 1, busy: 0, waiting: 0 })
      meter.closed()
      assert.strictEqual(meter.read().open, 0)
      assert.includeMembers(yield* scrape, [
        `skein_pool_wait_seconds_bucket{service="postgres",server="db:5432",le="0.025"} 0`,
        `skein_pool_wait_seconds_bucket{service="postgres",server="db:5432",le="0.05"} 1`,
        `skein_pool_wait_seconds_count{service="postgres",server="db:5432"} 1`
      ])
    })))

  it.effect("nobody waits any more who was interrupted or refused", () =>
    alone(Effect.gen(function*() {
      const meter = yield* PoolMetrics.meter(labels, 1)
      const fiber = yield* Effect.forkChild(Effect.scoped(meter.lend(Effect.never)))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(meter.read().waiting, 1)
      yield* Fiber.interrupt(fiber)
      yield* Effect.ignore(Effect.scoped(meter.lend(Effect.fail("full"))))

      assert.deepStrictEqual(meter.read(), { max: 1, open: 0, busy: 0, waiting: 0 })
    })))
})
