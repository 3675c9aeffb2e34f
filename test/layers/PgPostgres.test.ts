/** The contract on a real PostgreSQL, from the binaries of a dev dependency, and what only a server can be asked. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Latch, Layer, Redacted, Result, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import * as PgPostgres from "../../src/layers/live/PgPostgres.ts"
import * as SqlClientPostgres from "../../src/layers/live/SqlClientPostgres.ts"
import * as SqlTemplate from "../../src/scenario/compile/SqlTemplate.ts"
import { Postgres, type PostgresClient, type PostgresError } from "../../src/services/Postgres.ts"
import { TestDatabase, tests, textOf } from "../services/PostgresSuite.ts"
import * as RealPostgres from "../support/RealPostgres.ts"
import { injections } from "../support/sqlInjections.ts"

class Server extends Context.Service<Server, RealPostgres.RealPostgres>()("test/Server") {}

const Real = Layer.effectContext(
  Effect.map(
    RealPostgres.start,
    (server) => Context.make(Server, server).pipe(Context.add(TestDatabase, { url: server.url }))
  )
)
const Live = Layer.merge(PgPostgres.layer, Real)

const sockets = () => process.getActiveResourcesInfo().filter((name) => name.includes("TCP")).length

const isLost = ({ message }: PostgresError) => message.endsWith("Connection closed")

const connect = (change: (url: string) => string = (url) => url, options = {}) =>
  Effect.gen(function*() {
    const { url } = yield* Server
    return yield* (yield* Postgres).connect(change(url), options)
  })

/** Asks again until one is there that it was done to: a statement reaches the server a little later. */
const untilDone = (client: PostgresClient, text: string) =>
  client.query(`${text} and state = 'active' and pid <> pg_backend_pid()`).pipe(
    Effect.repeat({ until: ({ rowsAffected }) => rowsAffected > 0, times: 5_000 })
  )

describe.runIf(RealPostgres.isAvailable)(`PostgreSQL 18${RealPostgres.whyNot}`, () => {
  layer(Live, { excludeTestServices: true })((it) => {
    tests(it, { backends: "many" })

    it.effect("R10 the server sees $1 and not the value", () =>
      Effect.gen(function*() {
        const client = yield* connect()

        const { rows } = yield* client.query(
          "select query, $1::text as value from pg_stat_activity where pid = pg_backend_pid()",
          ["'; drop table targets; --"]
        )

        assert.include(rows[0]?.["query"], "$1::text")
        assert.notInclude(rows[0]?.["query"], "drop table")
      }))

    it.effect("R10 a value in the SQL text of a Robogo file comes back as it went in, wherever it stands", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        yield* client.query("create table targets (n int)")
        const before = "select '' as a, E'"
        for (const value of injections) {
          const template = Result.getOrThrow(
            SqlTemplate.compile([
              before,
              0,
              "' as b, '",
              1,
              "' as c, ",
              2,
              " as d, 1 as \"x",
              3,
              "\" /* ",
              4,
              " */ -- ",
              5
            ])
          )
          const name = value.slice(0, 20)
          const { params, text } = Result.getOrThrow(template.render([value, value, value, name, value, value]))

          const { columns, rows } = yield* client.query(text, params)

          assert.deepStrictEqual({ ...rows[0] }, { a: "", b: value, c: value, d: value, [`x${name}`]: 1 }, value)
          assert.strictEqual(columns.length, 5)
        }
        assert.strictEqual((yield* client.query("select * from targets")).rows.length, 0)
      }))

    it.effect("R15 the password of a URL is in no error, whatever fails", () =>
      Effect.gen(function*() {
        const admin = yield* connect()
        yield* admin.query("create role locked login password 'right'")
        const postgres = yield* Postgres
        const { port } = yield* Server
        const secret = "pa55-of-the-url"
        const host = `127.0.0.1:${port}`
        const urls = [
          `postgres://nobody:${secret}@${host}/postgres`,
          `postgres://locked:${secret}@${host}/missing`,
          `postgres://locked:${secret}@127.0.0.1:1/postgres`,
          `postgres://locked:${secret}/x@${host}/postgres`,
          `postgres://locked:${secret}#x@${host}/postgres`,
          `postgres://locked:${secret}?x@${host}/postgres`,
          `postgres://locked:123/${secret}@${host}/postgres`,
          `postgres://locked:%zz${secret}@${host}/postgres`,
          `postgres://locked@${host}/postgres?password=${secret}&sslmode=wrong`,
          `postgres://locked:${secret}@${host}/postgres?sslmode=require`,
          `postgres://:${secret}@`
        ]

        for (const url of urls) {
          const error = yield* Effect.flip(Effect.scoped(postgres.connect(Redacted.make(url))))
          assert.notInclude(yield* textOf(error), secret, url)
        }
      }))

    it.effect("a server that is not there fails at once, and is reached once it is", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(connect(() => "postgres://postgres@127.0.0.1:1/postgres")).pipe(
          Effect.timeout("10 seconds")
        )

        assert.deepInclude(error, {
          reason: "Connection",
          message: "cannot connect to postgres://postgres@127.0.0.1:1/postgres: connect ECONNREFUSED 127.0.0.1:1",
          hint: "is the server running, and is the port right?"
        })
      }))

    it.effect("an unknown user or database is told apart from a missing server", () =>
      Effect.gen(function*() {
        const user = yield* Effect.flip(connect((url) => url.replace("postgres@", "nobody@")))
        const database = yield* Effect.flip(connect((url) => url.replace(/postgres$/, "nothing")))

        assert.deepStrictEqual([user.reason, database.sqlState], ["Authentication", "3D000"])
        assert.include(database.hint ?? "", "create the database")
      }))

    it.effect("what the server's activity shows is skein, or the name that was asked for", () =>
      Effect.gen(function*() {
        const name = "select current_setting('application_name') as name"
        const [plain, named] = [yield* connect(), yield* connect(undefined, { applicationName: "orders test" })]

        assert.strictEqual((yield* plain.query(name)).rows[0]?.["name"], "skein")
        assert.strictEqual((yield* named.query(name)).rows[0]?.["name"], "orders test")
      }))

    it.effect("a statement that ran into the server's time-out says Timeout, one that was cancelled Canceled", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const slow = (setting: string) =>
          client.transaction(Effect.andThen(client.query(setting), client.query("select pg_sleep(30) /* slow */")))
        const waiting = yield* slow("set local statement_timeout = 30000").pipe(Effect.flip, Effect.forkChild)
        yield* untilDone(client, "select pg_cancel_backend(pid) from pg_stat_activity where query like '%slow */'")

        assert.strictEqual((yield* Fiber.join(waiting)).reason, "Canceled")
        assert.strictEqual((yield* Effect.flip(slow("set local statement_timeout = 20"))).reason, "Timeout")
      }))

    it.effect("R34 two transactions that wait for each other: one fails with Deadlock, the other goes on", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        yield* client.query("create table circle (id int primary key, n int)")
        yield* client.query("insert into circle values (1, 0), (2, 0)")
        const update = (id: number) => client.query("update circle set n = n + 1 where id = $1", [id])
        const [first, second] = [yield* Latch.make(), yield* Latch.make()]
        const crossed = (one: number, mine: Latch.Latch, two: number, other: Latch.Latch) =>
          client.transaction(
            update(one).pipe(Effect.andThen(mine.open), Effect.andThen(other.await), Effect.andThen(update(two)))
          )

        const outcomes = yield* Effect.all([
          Effect.result(crossed(1, first, 2, second)),
          Effect.result(crossed(2, second, 1, first))
        ], { concurrency: 2 })

        const reasons = outcomes.map((outcome) => outcome._tag === "Failure" ? outcome.failure.reason : "ok")
        assert.deepStrictEqual(reasons.toSorted(), ["Deadlock", "ok"])
      }))

    it.effect("R34 a backend that is killed fails its statement with Connection; it is not done twice, and the pool goes on", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        yield* client.query("create table once (n int)")
        const victim = yield* client.query("insert into once select 1 from pg_sleep(30) /* victim */").pipe(
          Effect.flip,
          Effect.forkChild
        )
        yield* untilDone(client, "select pg_terminate_backend(pid) from pg_stat_activity where query like '%victim */'")

        assert.strictEqual((yield* Fiber.join(victim)).reason, "Connection")
        assert.deepStrictEqual((yield* client.query("select count(*) as n from once")).rows.map(({ n }) => n), [0])
      }))

    it.effect("a listener whose connection is lost fails, and can listen again", () =>
      Effect.gen(function*() {
        const client = yield* connect()
        const heard = yield* client.listen("lost")
        const failed = yield* Stream.runDrain(heard).pipe(Effect.flip, Effect.forkChild)

        yield* client.query("select pg_terminate_backend(pid) from pg_stat_activity where query = 'LISTEN \"lost\"'")
        const again = yield* client.listen("lost")
        yield* client.query("select pg_notify('lost', 'found')")

        assert.strictEqual((yield* Fiber.join(failed)).reason, "Connection")
        assert.deepStrictEqual(yield* again.pipe(Stream.take(1), Stream.runCollect), ["found"])
      }))

    it.effect("R34 a server that restarts is reached again, with back-off, by those who had reached it", () =>
      Effect.gen(function*() {
        const server = yield* Server
        const client = yield* connect()
        yield* client.query("select 1")

        yield* server.crash
        const query = client.query("select 2 as n")
        // A query on its way over a connection that ends is never sent twice by itself: whoever asked decides.
        const back = yield* query.pipe(Effect.retry({ while: isLost, times: 5 }), Effect.forkChild)
        yield* Effect.sleep("200 millis")
        yield* server.restart

        assert.deepStrictEqual((yield* Fiber.join(back)).rows.map(({ n }) => n), [2])
      }))

    it.effect("a library user's own client is a Postgres too: values are bound, transactions nest, errors are ours", () =>
      Effect.gen(function*() {
        const { url } = yield* Server
        const own = yield* PgClient.make({ url: Redacted.make(url) }).pipe(Effect.provide(Reactivity.layer))
        const context = yield* Layer.build(SqlClientPostgres.layer(own))
        const client = yield* Context.get(context, Postgres).connect("whatever:")

        const { columns, rows } = yield* client.transaction(
          client.query("select $1::int8 as big, $2::jsonb as doc, $3::uuid[] as ids, now()::date::timestamptz as at", [
            9007199254740993n,
            { a: [1] },
            ["2b1b8b1e-0000-4000-8000-000000000001"]
          ])
        )
        const heard = yield* client.listen("own")
        yield* client.query("select pg_notify('own', 'hello')")

        assert.deepStrictEqual(columns, ["big", "doc", "ids", "at"])
        assert.strictEqual(rows[0]?.["big"], 9007199254740993n)
        assert.strictEqual(JSON.stringify(rows[0]?.["doc"]), "{\"a\":[1]}")
        assert.match(String(rows[0]?.["at"]), /^\d{4}-\d\d-\d\dT00:00:00.000Z$/)
        assert.deepStrictEqual(yield* heard.pipe(Stream.take(1), Stream.runCollect), ["hello"])
        assert.strictEqual((yield* Effect.flip(client.query("select nope"))).sqlState, "42703")
      }))

    it.effect("R44 pools leave nothing behind: no connection on the server, no socket here", () =>
      Effect.gen(function*() {
        const admin = yield* connect()
        const { url } = yield* Server
        const open = Effect.gen(function*() {
          const client = yield* (yield* Postgres).connect(url)
          yield* Effect.forEach([1, 2, 3], () => client.query("select pg_sleep(0.01)"), { concurrency: 3 })
          yield* Stream.runDrain(Stream.take(client.stream("select generate_series(1, 10000)"), 1))
        })
        const before = sockets()

        for (let round = 0; round < 10; round++) {
          yield* Effect.scoped(Effect.provide(open, Layer.fresh(PgPostgres.layer)))
        }

        // They end a moment after they were told to.
        const left = Effect.map(
          admin.query(
            "select count(*) as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
          ),
          ({ rows }) => Number(rows[0]?.["n"])
        )
        yield* Effect.repeat(Effect.delay(left, "20 millis"), {
          until: (left) => left <= 3 && sockets() <= before + 1,
          times: 500
        })
        assert.isAtMost(yield* left, 3)
        assert.isAtMost(sockets(), before + 1)
      }))
  })
})
