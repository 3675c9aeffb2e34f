/** Short reads that share connections: on a real PostgreSQL, from the binaries of a dev dependency. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import * as PgPostgres from "../../../src/layers/live/PgPostgres.ts"
import { Postgres, type PostgresClient } from "../../../src/services/Postgres.ts"
import * as RealPostgres from "../../support/RealPostgres.ts"

class Server extends Context.Service<Server, RealPostgres.RealPostgres>()("test/Server") {}

const Live = Layer.merge(PgPostgres.layer, Layer.effect(Server, RealPostgres.start))

/** Pools are told apart by their name on the server. */
const connect = Effect.fnUntraced(function*(applicationName: string, options = {}) {
  const { url } = yield* Server
  return yield* (yield* Postgres).connect(url, { applicationName, maxConnections: 12, ...options })
})

const value = (client: PostgresClient, text: string, params: ReadonlyArray<string | number> = []) =>
  Effect.map(client.query(text, params), ({ rows }) => Object.values(rows[0] ?? {})[0])

/** A connection that is shared may not write. */
const isShared = "current_setting('default_transaction_read_only')"
const whoIs = `select ${isShared}`

/** Runs a statement until it has proved that it is short, once the pool has its shared connections. */
const prove = Effect.fnUntraced(function*(
  client: PostgresClient,
  text: string,
  params: ReadonlyArray<string | number> = []
) {
  while ((yield* value(client, whoIs)) === "off");
  yield* Effect.forEach(Array.from({ length: 30 }), () => value(client, text, params), { discard: true })
})

describe.runIf(RealPostgres.isAvailable)(`Point reads${RealPostgres.whyNot}`, () => {
  layer(Live, { excludeTestServices: true })((it) => {
    it.effect("a select that was quick a few times shares a connection; a first one, a write and a transaction do not", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        assert.strictEqual(yield* value(client, whoIs), "off")

        // Ends once it is "on".
        yield* prove(client, whoIs)

        assert.strictEqual(yield* client.transaction(value(client, whoIs)), "off")
        yield* client.query("create table kinds (n int)")
        const write = `insert into kinds values (1) returning ${isShared}`
        yield* prove(client, write)
        assert.strictEqual(yield* value(client, write), "off")
        const lock = `select ${isShared} from kinds for update`
        yield* prove(client, lock)
        assert.strictEqual(yield* value(client, lock), "off")
      }))

    it.effect("each gets its own answer, also the one that fails", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        const text = "select 100 / $1::int as n"
        yield* prove(client, text, [1])

        const answers = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, n) => n % 50),
          (n) => Effect.match(value(client, text, [n]), { onFailure: ({ sqlState }) => sqlState, onSuccess: (x) => x }),
          { concurrency: 50 }
        )

        assert.deepStrictEqual(
          answers,
          Array.from({ length: 200 }, (_, n) => n % 50 === 0 ? "22012" : Math.trunc(100 / (n % 50)))
        )
      }))

    it.effect("a read sees what was written before it, by whichever connection", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        yield* client.query("create table written (n int)")
        yield* client.query("insert into written values (0)")
        const text = "select n from written"
        yield* prove(client, text)

        for (let n = 1; n <= 100; n++) {
          yield* client.query("update written set n = $1", [n])
          assert.strictEqual(yield* value(client, text), n)
        }
      }))

    it.effect("one that turns slow holds up the others for a moment only, and is answered itself", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        yield* client.query(
          "create function nap(s float8) returns int language sql volatile as 'select 1 from (select pg_sleep(s)) x'"
        )
        const nap = "select nap($1::float8)"
        const quick = "select $1::int"
        yield* prove(client, nap, [0])
        yield* prove(client, quick, [0])

        const slow = yield* Effect.forkChild(value(client, nap, [2]))
        const answers = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, n) => n),
          (n) => value(client, quick, [n]),
          { concurrency: 20 }
        )

        assert.strictEqual(slow.pollUnsafe(), undefined, "the slow one is still under way")
        assert.deepStrictEqual(answers, Array.from({ length: 100 }, (_, n) => n))
        assert.strictEqual(yield* Fiber.join(slow), 1)
      }))

    it.effect("a function that writes does so once, though its select looks like a read", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        yield* client.query("create table visits (n int)")
        yield* client.query(
          "create function visit() returns int language sql as 'insert into visits values (1) returning n'"
        )
        const text = "select visit()"

        yield* prove(client, text)

        assert.strictEqual(yield* value(client, "select count(*) from visits"), 30)
      }))

    it.effect("R34 reads whose shared connection is killed are answered all the same", () =>
      Effect.gen(function*() {
        const admin = yield* connect("reads")
        const client = yield* connect("killed")
        const text = "select $1::int"
        yield* prove(client, text, [0])
        const kill = Effect.forEach(Array.from({ length: 5 }), () =>
          admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'killed'"))

        const [answers] = yield* Effect.all([
          Effect.forEach(
            Array.from({ length: 2_000 }, (_, n) =>
              n),
            (n) => value(client, text, [n]),
            { concurrency: 20 }
          ).pipe(
            Effect.retry({ while: ({ reason }) => reason === "Connection" })
          ),
          kill
        ], { concurrency: 2 })

        assert.deepStrictEqual(answers, Array.from({ length: 2_000 }, (_, n) => n))
      }))

    it.effect("an interrupted read gives its place up, and the others on its connection are answered", () =>
      Effect.gen(function*() {
        const client = yield* connect("reads")
        const text = "select $1::int"
        yield* prove(client, text, [0])

        const fibers = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, n) => n),
          (n) => Effect.forkChild(value(client, text, [n]))
        )
        yield* Effect.yieldNow
        yield* Effect.forEach(fibers.filter((_, n) => n % 2 === 0), Fiber.interrupt, { concurrency: "unbounded" })

        const rest = yield* Effect.forEach(fibers.filter((_, n) => n % 2 === 1), Fiber.join)
        assert.deepStrictEqual(rest, Array.from({ length: 100 }, (_, n) => 2 * n + 1))
      }))

    it.effect("shared connections count among those that are allowed", () =>
      Effect.gen(function*() {
        const admin = yield* connect("reads")
        const client = yield* connect("counted", { maxConnections: 8 })
        const text = "select $1::int"
        yield* prove(client, text, [0])

        yield* Effect.forEach(
          Array.from({ length: 400 }, (_, n) => n),
          (n) => value(client, n % 2 === 0 ? text : `select pg_sleep(0), ${n % 7}`, n % 2 === 0 ? [n] : []),
          { concurrency: 40 }
        )

        const backends = yield* value(admin, "select count(*) from pg_stat_activity where application_name = 'counted'")
        assert.isAtMost(Number(backends), 8)
      }))
  })
})
