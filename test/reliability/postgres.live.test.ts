/**
 * A PostgreSQL of the test's own, crashed, made read-only and locked. Restarts, `pg_terminate_backend`, deadlocks and pools that are
 * used up are in `test/layers/PgPostgres.test.ts` and the suite of every Postgres.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Result, Schedule } from "effect"
import * as PgPostgres from "../../src/layers/live/PgPostgres.ts"
import { type ConnectOptions, Postgres } from "../../src/services/Postgres.ts"
import * as RealPostgres from "../support/RealPostgres.ts"

class Server extends Context.Service<Server, RealPostgres.RealPostgres>()("test/Server") {}

const Real = Layer.merge(PgPostgres.layer, Layer.effect(Server, RealPostgres.start))

const connect = (options?: ConnectOptions) =>
  Effect.gen(function*() {
    const { url } = yield* Server
    return yield* (yield* Postgres).connect(url, options)
  })

const again = Schedule.upTo(Schedule.spaced("50 millis"), { duration: "20 seconds" })

layer(Real, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
  it.effect("R34 a backend killed -9 takes all down with it: Connection, nothing done twice, and the pool is back", () =>
    Effect.gen(function*() {
      const client = yield* connect({ maxConnections: 3 })
      yield* client.query("create table killed (n int)")
      const other = yield* Effect.forkChild(Effect.result(client.query("select pg_sleep(30)")))
      const going = yield* Effect.forkChild(Effect.result(client.query(
        "with slow as (select pg_sleep(30)) insert into killed select 1 from slow"
      )))
      const { rows } = yield* Effect.repeat(
        client.query("select pid from pg_stat_activity where query like 'with slow%' and state = 'active'"),
        { until: ({ rows }) => rows.length === 1, schedule: Schedule.spaced("20 millis") }
      )

      process.kill(Number(rows[0]!["pid"]), "SIGKILL")

      for (const fiber of [going, other]) {
        const result = yield* Fiber.join(fiber)
        assert.strictEqual(Result.isFailure(result) && result.failure.reason, "Connection")
      }
      const count = yield* Effect.retry(client.query("select count(*)::int as n from killed"), again)
      assert.deepStrictEqual(count.rows, [{ n: 0 }])
    }))

  it.effect("R34 a crash under load: what was answered is there, once, and every failure says Connection", () =>
    Effect.gen(function*() {
      const server = yield* Server
      const client = yield* connect({ maxConnections: 8, reconnectTimeout: "20 seconds" })
      yield* client.query("create table load (n int)")
      let done = 0
      const inserting = yield* Effect.forkChild(Effect.forEach(
        Array.from({ length: 2_000 }, (_, n) => n),
        (n) =>
          Effect.result(Effect.tap(client.query("insert into load values ($1)", [n]), () => Effect.sync(() => done++))),
        { concurrency: 16 }
      ))
      yield* Effect.repeat(Effect.void, { until: () => done > 200, schedule: Schedule.spaced("1 millis") })

      yield* server.crash
      yield* server.restart

      const results = yield* Fiber.join(inserting)
      const { rows } = yield* client.query("select n, count(*)::int as times from load group by n")
      const kept = new Map(rows.map(({ n, times }) => [n, times]))
      results.forEach((result, n) => {
        if (Result.isSuccess(result)) assert.strictEqual(kept.get(n), 1)
        else assert.strictEqual(result.failure.reason, "Connection")
      })
      assert.isTrue([...kept.values()].every((times) => times === 1))
      assert.isAtLeast(results.filter(Result.isSuccess).length, 1_900)
    }))

  it.effect("R34 a server that became read-only refuses writes with their state, and reads go on", () =>
    Effect.gen(function*() {
      const client = yield* connect()
      yield* client.query("create table standby (n int)")
      const readOnly = (on: boolean) =>
        Effect.gen(function*() {
          yield* client.query(`alter system set default_transaction_read_only = ${on ? "on" : "off"}`)
          yield* client.query("select pg_reload_conf()")
          yield* Effect.repeat(client.query("select current_setting('transaction_read_only') as now"), {
            until: ({ rows }) => rows[0]!["now"] === (on ? "on" : "off"),
            schedule: Schedule.spaced("20 millis")
          })
        })
      yield* Effect.acquireRelease(readOnly(true), () => Effect.ignore(readOnly(false)))

      const refused = yield* Effect.flip(client.query("insert into standby values (1)"))
      const inside = yield* Effect.flip(client.transaction(client.query("insert into standby values (2)")))

      assert.deepStrictEqual([refused.reason, refused.sqlState], ["Query", "25006"])
      assert.deepStrictEqual([inside.reason, inside.sqlState], ["Query", "25006"])
      assert.deepStrictEqual((yield* client.query("select count(*)::int as n from standby")).rows, [{ n: 0 }])
    }))

  it.effect("R34 a lock that is held for long: Timeout where one is set, and who is interrupted waits no more", () =>
    Effect.gen(function*() {
      const client = yield* connect()
      yield* client.query("create table locked (id int primary key, n int)")
      yield* client.query("insert into locked values (1, 0)")
      const [isHeld, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const holder = yield* Effect.forkChild(client.transaction(Effect.gen(function*() {
        yield* client.query("update locked set n = n + 1 where id = 1")
        yield* Deferred.succeed(isHeld, undefined)
        yield* Deferred.await(release)
      })))
      yield* Deferred.await(isHeld)
      const waiting = client.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")

      const late = yield* Effect.flip(client.transaction(Effect.gen(function*() {
        yield* client.query("set local lock_timeout = '100ms'")
        yield* client.query("update locked set n = 10 where id = 1")
      })))
      const patient = yield* Effect.forkChild(client.query("update locked set n = 20 where id = 1"))
      yield* Effect.repeat(waiting, { until: ({ rows }) => rows.length === 1, schedule: Schedule.spaced("20 millis") })
      yield* Fiber.interrupt(patient)

      yield* Effect.repeat(waiting, { until: ({ rows }) => rows.length === 0, schedule: Schedule.spaced("20 millis") })
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(holder)
      assert.deepStrictEqual([late.reason, late.sqlState], ["Timeout", "55P03"])
      assert.deepStrictEqual((yield* client.query("select n from locked")).rows, [{ n: 1 }])
    }))
})
