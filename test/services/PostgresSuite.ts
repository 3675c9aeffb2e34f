/** What every `Postgres` must do. Each layer's test file calls it once, with the database to do it on. */
import { assert, describe, layer, type Vitest } from "@effect/vitest"
import { Cause, Context, Duration, Effect, Exit, Fiber, Latch, type Layer, Schema, Stream } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as ServerName from "../../src/core/ServerName.ts"
import type { Value } from "../../src/core/Value.ts"
import { Postgres, type PostgresClient, PostgresError } from "../../src/services/Postgres.ts"
import { injections } from "../support/sqlInjections.ts"

/** The database that a suite may use as it likes. */
export class TestDatabase extends Context.Service<TestDatabase, { readonly url: string }>()("test/TestDatabase") {}

export interface SuiteOptions {
  /** One backend means that no two statements ever run at the same time. */
  readonly backends: "one" | "many"
}

const connect = Effect.flatMap(TestDatabase, ({ url }) => Effect.flatMap(Postgres, (postgres) => postgres.connect(url)))

/** A table of its own for each test, dropped with the test. */
const table = Effect.fnUntraced(function*(client: PostgresClient, name: string, columns: string) {
  yield* client.query(`drop table if exists ${name}`)
  yield* client.query(`create table ${name} (${columns})`)
  yield* Effect.addFinalizer(() => Effect.ignore(client.query(`drop table ${name}`)))
})

const first = (client: PostgresClient, text: string, params: ReadonlyArray<Value> = []) =>
  Effect.map(client.query(text, params), ({ rows }) => ({ ...rows[0] }))

export const suite = <E>(name: string, of: Layer.Layer<Postgres | TestDatabase, E>, options: SuiteOptions): void =>
  layer(of, { excludeTestServices: true, timeout: "30 seconds" })(name, (it) => tests(it, options))

/** The same for those who have built the layer and go on with tests of their own. */
export const tests = (it: Vitest.MethodsNonLive<Postgres | TestDatabase>, options: SuiteOptions): void => {
  describe("Postgres", () => {
    it.effect("query returns the columns in order, the rows, and how many", () =>
      Effect.gen(function*() {
        const client = yield* connect

        const answer = yield* client.query("select g as n, 'row ' || g as title from generate_series(1, 3) g")

        assert.deepStrictEqual(answer.columns, ["n", "title"])
        assert.deepStrictEqual(answer.rows.map((row) => ({ ...row })), [
          { n: 1, title: "row 1" },
          { n: 2, title: "row 2" },
          { n: 3, title: "row 3" }
        ])
        assert.strictEqual(answer.rowsAffected, 3)
        assert.strictEqual(answer.command, "SELECT")
      }))

    it.effect("a statement without rows answers with the number of rows that it changed", () =>
      Effect.gen(function*() {
        const client = yield* connect
        yield* table(client, "changed", "n int")

        const insert = yield* client.query("insert into changed select generate_series(1, 5)")
        const none = yield* client.query("delete from changed where n > 100")

        assert.deepStrictEqual([insert.rowsAffected, insert.rows.length], [5, 0])
        assert.strictEqual(none.rowsAffected, 0)
      }))

    describe("values from columns", () => {
      const columns: ReadonlyArray<readonly [expression: string, value: Value, because: string]> = [
        ["null", null, "null is null"],
        ["true", true, "booleans"],
        ["7::int2", 7, "small integers"],
        ["9007199254740991::int8", 9007199254740991, "the largest integer that a double holds exactly"],
        ["9007199254740993::int8", 9007199254740993n, "one beyond stays exact"],
        ["(-9223372036854775808)::int8", -9223372036854775808n, "the smallest int8"],
        ["0.25::float8", 0.25, "doubles"],
        ["'NaN'::float8", "NaN", "what JSON cannot say is text"],
        ["'-Infinity'::float8", "-Infinity", "and so are the infinities"],
        ["12.50::numeric", 12.5, "a numeric that a double holds is a number"],
        ["100.00::numeric(10,2)", 100, "without its scale"],
        ["0.0000001::numeric", 1e-7, "small ones too"],
        ["1234567890.123456789012::numeric", "1234567890.123456789012", "a longer one is its text"],
        ["12345678901234567890::numeric", 12345678901234567890n, "a long whole one is exact"],
        ["'NaN'::numeric", "NaN", "numerics know NaN"],
        ["'it''s'::text", "it's", "text"],
        ["'ab'::char(4)", "ab  ", "padded text stays padded"],
        ["''::varchar", "", "empty text is not null"],
        ["'\\x00ff'::bytea", new Uint8Array([0, 255]), "bytes"],
        ["'2b1b8b1e-0000-4000-8000-000000000001'::uuid", "2b1b8b1e-0000-4000-8000-000000000001", "uuids are text"],
        ["'2024-02-29'::date", "2024-02-29", "dates are ISO text"],
        ["'0044-03-15 BC'::date", "-0043-03-15", "years before 1 count from zero"],
        ["'2024-02-29 12:00:00.123456+02'::timestamptz", "2024-02-29T10:00:00.123456Z", "moments keep microseconds"],
        ["'2024-02-29 12:00:00+00'::timestamptz", "2024-02-29T12:00:00.000Z", "and show three digits at least"],
        [
          "'1969-12-31 23:59:59.999999'::timestamp",
          "1969-12-31T23:59:59.999999",
          "without a zone, no zone; before 1970"
        ],
        ["'infinity'::timestamptz", "infinity", "the end of time"],
        ["'-infinity'::timestamp", "-infinity", "and its beginning"],
        ["'04:05:06.7'::time", "04:05:06.7", "times of day"],
        [
          "'1 year 2 mons -3 days 04:05:06'::interval",
          "1 year 2 mons -3 days 04:05:06",
          "intervals as the server writes them"
        ],
        ["'0 s'::interval", "00:00:00", "no time at all"],
        ["'-1.5 s'::interval", "-00:00:01.5", "negative times"],
        ["'{\"a\": [1, null, \"x\"]}'::jsonb", { a: [1, null, "x"] }, "jsonb is data"],
        ["'[9007199254740993]'::json", [9007199254740993n], "integers in JSON stay exact"],
        ["'{\"__proto__\": 1}'::jsonb", Object.fromEntries([["__proto__", 1]]), "hostile keys are keys"],
        ["array[1, null, 3]", [1, null, 3], "arrays are lists"],
        ["array[[1,2],[3,4]]", [[1, 2], [3, 4]], "of lists"],
        ["array[1.5, 2]::numeric[]", [1.5, 2], "of numerics"],
        ["array['{\"a\":1}']::jsonb[]", [{ a: 1 }], "of documents"],
        ["'{}'::text[]", [], "and empty ones"],
        ["int4range(1, 10)", "[1,10)", "ranges as the server writes them"],
        ["daterange('2024-01-01', null)", "[2024-01-01,)", "open ones"],
        ["'empty'::int8range", "empty", "and empty ones"],
        ["point(1, 2.5)", "(1,2.5)", "points"],
        ["B'101'", "101", "bit strings"],
        ["'10.0.0.1'::inet", "10.0.0.1", "addresses"],
        ["pg_typeof(1)::regtype::oid", 23, "object ids"]
      ]

      it.effect("each type becomes the value that says the most", () =>
        Effect.gen(function*() {
          const client = yield* connect
          for (const [expression, value, because] of columns) {
            const { value: found } = yield* first(client, `select ${expression} as value`)
            assert.deepStrictEqual(plain(found), plain(value), `${expression}: ${because}`)
          }
        }))

      it.effect("a numeric comes as its text, scale included, when asked", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const { rows } = yield* client.query("select 12.50::numeric as n, array[1.0] as l", [], { numeric: "text" })

          assert.deepStrictEqual({ ...rows[0] }, { n: "12.50", l: ["1.0"] })
        }))

      it.effect("a type without a reader is an error, not a guess", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(client.query("select to_tsvector('simple', 'a b') as v"))

          assert.include(error.hint ?? "", "::text")
        }))

      it.effect("two columns of one name are an error, since one would be lost", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(client.query("select 1, 2"))

          assert.include(error.message, "two columns called \"?column?\"")
        }))

      it.effect("two columns of one name are numbered when asked to", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const found = yield* client.query("select 1 as n, $1::text as n, 2.50 as n", ["x"], {
            sameNames: "number",
            numeric: "text"
          })

          assert.deepStrictEqual(found.columns, ["n", "n_2", "n_3"])
          assert.deepStrictEqual(Object.values(found.rows[0]!), [1, "x", "2.50"])
        }))
    })

    describe("parameters", () => {
      const parameters: ReadonlyArray<readonly [value: Value, type: string, text: string, because: string]> = [
        [null, "text", "<null>", "null has no type of its own"],
        [true, "boolean", "true", "booleans"],
        [42, "bigint", "42", "an integer fits a wider column"],
        [9007199254740993n, "bigint", "9007199254740993", "big integers stay exact"],
        [123456789012345678901234567890n, "numeric", "123456789012345678901234567890", "beyond int8 too"],
        [0.1, "numeric", "0.1", "a fraction is a decimal, not its nearest double"],
        [0.1, "float8", "0.1", "and fits a double"],
        ["7", "int", "7", "text is of the type that the statement wants"],
        ["2b1b8b1e-0000-4000-8000-000000000001", "uuid", "2b1b8b1e-0000-4000-8000-000000000001", "a uuid"],
        ["2024-02-29", "date", "2024-02-29", "or a date"],
        [{ a: [1, 9007199254740993n] }, "jsonb", "{\"a\": [1, 9007199254740993]}", "records are jsonb, digits kept"],
        [[1, 2, null], "int[]", "{1,2,NULL}", "lists are arrays"],
        [[1, 2.5], "numeric[]", "{1,2.5}", "of one type"],
        [[], "int[]", "{}", "also empty ones"],
        [["a\"b", "c\\d", "e,f", null, "null"], "text[]", "{\"a\\\"b\",\"c\\\\d\",\"e,f\",NULL,\"null\"}", "quoted"],
        [["2b1b8b1e-0000-4000-8000-000000000001"], "uuid[]", "{2b1b8b1e-0000-4000-8000-000000000001}", "of uuids"],
        [[[1, 2], [3, 4]], "int[]", "{{1,2},{3,4}}", "nested"],
        [[true, false], "boolean[]", "{t,f}", "of booleans"],
        [[{ a: 1 }], "jsonb[]", "{\"{\\\"a\\\": 1}\"}", "of records"],
        [new Uint8Array([0, 39, 255]), "bytea", "\\x0027ff", "bytes"]
      ]

      it.effect("each value is bound as the type that it means", () =>
        Effect.gen(function*() {
          const client = yield* connect
          for (const [value, type, text, because] of parameters) {
            const found = yield* first(client, `select coalesce(($1::${type})::text, '<null>') as text`, [value])
            assert.deepStrictEqual(found, { text }, because)
          }
        }))

      it.effect("R10 values are bound, never pasted: hostile ones come back as they went in, and the table is still there", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "targets", "id int primary key, name text, data jsonb, list text[]")

          for (const [id, text] of injections.entries()) {
            yield* client.query("insert into targets values ($1, $2, $3, $4)", [id, text, { [text]: text }, [
              text,
              text
            ]])
          }
          const found = yield* client.query("select name, data, list from targets order by id")
          const named = yield* Effect.forEach(
            injections,
            (text) => first(client, "select count(*) as n from targets where name = $1", [text])
          )

          assert.deepStrictEqual(
            found.rows.map(plain),
            injections.map((text) => plain({ name: text, data: { [text]: text }, list: [text, text] }))
          )
          assert.isTrue(named.every(({ n }) => n === 1))
        }))

      it.effect("a wrong number of parameters is an error before anything is done", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(client.query("select $1::int, $2::int", [1]))

          assert.strictEqual(error.reason, "Syntax")
          assert.deepStrictEqual(yield* first(client, "select 1 as ok"), { ok: 1 })
        }))
    })

    describe("errors", () => {
      it.effect("say the reason, the state, the constraint and the place", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "strict", "id int constraint strict_key primary key, n int not null check (n > 0)")
          yield* client.query("insert into strict values (1, 1)")
          const fails = (text: string) =>
            Effect.map(Effect.flip(client.query(text)), ({ constraint, position, reason, sqlState }) => ({
              reason,
              sqlState,
              ...(constraint === undefined ? {} : { constraint }),
              ...(position === undefined ? {} : { position })
            }))

          assert.deepStrictEqual(yield* fails("insert into strict values (1, 1)"), {
            reason: "Constraint",
            sqlState: "23505",
            constraint: "strict_key"
          })
          assert.deepStrictEqual(yield* fails("insert into strict values (2, null)"), {
            reason: "Constraint",
            sqlState: "23502"
          })
          assert.deepInclude(yield* fails("insert into strict values (2, 0)"), {
            reason: "Constraint",
            sqlState: "23514"
          })
          assert.deepStrictEqual(yield* fails("select nope from strict"), {
            reason: "Syntax",
            sqlState: "42703",
            position: 8
          })
          assert.deepStrictEqual(yield* fails("select 1 / 0"), { reason: "Query", sqlState: "22012" })
        }))

      it.effect("hold the statement and not the parameters", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(client.query("select $1::int /\n  0", ["4711"]))

          assert.include(error.message, "\"select $1::int / 0\"")
          assert.notInclude(yield* textOf(error), "4711")
        }))

      it.effect("several statements in one text are refused", () =>
        Effect.gen(function*() {
          const client = yield* connect

          assert.strictEqual((yield* Effect.flip(client.query("select 1; select 2"))).reason, "Syntax")
        }))
    })

    describe("transactions", () => {
      it.effect("commit what succeeded and roll back what failed", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "ledger", "n int")
          const add = (n: number) => client.query("insert into ledger values ($1)", [n])

          yield* client.transaction(Effect.andThen(add(1), add(2)))
          const error = yield* Effect.flip(client.transaction(Effect.andThen(add(3), Effect.fail("no" as const))))

          assert.strictEqual(error, "no")
          assert.deepStrictEqual(yield* numbers(client, "ledger"), [1, 2])
        }))

      it.effect("nested are savepoints: the inner one fails alone", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "nested", "n int primary key")
          const add = (n: number) => client.query("insert into nested values ($1)", [n])

          yield* client.transaction(Effect.gen(function*() {
            yield* add(1)
            yield* Effect.ignore(client.transaction(Effect.andThen(add(2), add(1))))
            yield* client.transaction(add(3))
          }))

          assert.deepStrictEqual(yield* numbers(client, "nested"), [1, 3])
        }))

      it.effect("roll back when interrupted", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "halfway", "n int")
          const inserted = yield* Latch.make()
          const insert = Effect.andThen(client.query("insert into halfway values (1)"), inserted.open)
          const fiber = yield* Effect.forkChild(client.transaction(Effect.andThen(insert, Effect.never)))
          yield* inserted.await

          yield* Fiber.interrupt(fiber)

          assert.deepStrictEqual(yield* numbers(client, "halfway"), [])
        }))

      it.effect("fail when the commit does, and leave the connection usable", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "late", "n int unique deferrable initially deferred")

          const error = yield* Effect.flip(client.transaction(client.query("insert into late values (1), (1)")))

          assert.strictEqual(error.reason, "Constraint")
          assert.deepStrictEqual(yield* numbers(client, "late"), [])
        }))

      it.effect("that go on after a failed statement do not pretend to have committed", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(client.transaction(Effect.ignore(client.query("select 1 / 0"))))

          assert.include(error.message, "rolled it back")
        }))

      it.effect("are apart from each other, also when many run at once", () =>
        Effect.gen(function*() {
          const client = yield* connect
          yield* table(client, "apart", "n int")

          yield* Effect.forEach([1, 2, 3, 4, 5, 6], (n) =>
            Effect.ignore(client.transaction(Effect.gen(function*() {
              yield* client.query("insert into apart values ($1)", [n])
              yield* Effect.yieldNow
              const own = yield* first(client, "select count(*) as n from apart where n = $1", [n])
              assert.deepStrictEqual(own, { n: 1 })
              if (n % 2 === 0) return yield* Effect.fail("even")
            }))), { concurrency: "unbounded", discard: true })

          assert.deepStrictEqual(yield* numbers(client, "apart"), [1, 3, 5])
        }))
    })

    describe("streams", () => {
      it.effect("emit the rows in order", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const found = yield* client.stream("select g as n, g / 4.0 as quarter from generate_series(1, $1::int) g", [
            10_000
          ]).pipe(Stream.runCollect)

          assert.strictEqual(found.length, 10_000)
          assert.deepStrictEqual({ ...found[9_999] }, { n: 10_000, quarter: 2_500 })
        }))

      it.effect("may be left early; the connection is free again", () =>
        Effect.gen(function*() {
          const { url } = yield* TestDatabase
          const client = yield* (yield* Postgres).connect(url, { maxConnections: 1 })

          const found = yield* client.stream("select generate_series(1, 100000) as n").pipe(
            Stream.take(3),
            Stream.runCollect
          )

          assert.deepStrictEqual(found.map(({ n }) => n), [1, 2, 3])
          assert.deepStrictEqual(yield* first(client, "select 1 as ok"), { ok: 1 })
        }))

      it.effect("fail as queries do", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const error = yield* Effect.flip(Stream.runDrain(client.stream("select 1 / 0")))

          assert.strictEqual(error.sqlState, "22012")
        }))
    })

    describe("connections", () => {
      it.effect("a statement that is interrupted ends on the server, and the client goes on", () =>
        Effect.gen(function*() {
          const client = yield* connect
          const started = yield* Effect.clockWith((clock) => clock.currentTimeMillis)

          const outcome = yield* client.query("select pg_sleep(30)").pipe(Effect.timeoutOption("150 millis"))
          const ok = yield* first(client, "select 1 as ok")

          assert.strictEqual(outcome._tag, "None")
          assert.deepStrictEqual(ok, { ok: 1 })
          assert.isBelow((yield* Effect.clockWith((clock) => clock.currentTimeMillis)) - started, 20_000)
          if (options.backends === "many") {
            const left = yield* first(
              client,
              "select count(*) as n from pg_stat_activity where query like 'select pg_sleep(30)%' and state = 'active'"
            )
            assert.deepStrictEqual(left, { n: 0 })
          }
        }))

      it.effect("many statements at once are all answered, each with its own answer", () =>
        Effect.gen(function*() {
          const client = yield* connect

          const found = yield* Effect.forEach(
            Array.from({ length: 200 }, (_, n) => n),
            (n) => first(client, "select $1::int as n", [n]),
            { concurrency: 50 }
          )

          assert.deepStrictEqual(found.map(({ n }) => n), Array.from({ length: 200 }, (_, n) => n))
        }))

      it.effect("R34 a pool whose connections are all in use says so, and how many it has", () =>
        Effect.gen(function*() {
          const { url } = yield* TestDatabase
          const client = yield* (yield* Postgres).connect(url, { maxConnections: 1, acquireTimeout: "300 millis" })
          const held = yield* Latch.make()
          const holder = yield* Effect.forkChild(client.transaction(Effect.andThen(held.open, Effect.never)))
          yield* held.await

          const error = yield* Effect.flip(client.query("select 1"))
          yield* Fiber.interrupt(holder)

          assert.strictEqual(error.reason, "Busy")
          assert.include(error.message, "in 300ms; the pool has 1")
          assert.deepStrictEqual(yield* first(client, "select 1 as ok"), { ok: 1 })
        }))

      it.effect("clients of one URL share a pool, and it outlives each of them", () =>
        Effect.gen(function*() {
          const postgres = yield* Postgres
          const { url } = yield* TestDatabase
          const one = yield* Effect.scoped(postgres.connect(url))
          const two = yield* postgres.connect(url)

          assert.strictEqual(one.sql, two.sql)
        }))

      it.effect("listeners hear what is sent to their channel", () =>
        Effect.gen(function*() {
          const client = yield* connect
          const heard = yield* client.listen("news_of_the_day")
          const other = yield* client.listen("other")
          const quiet = yield* Stream.runCollect(Stream.take(other, 1)).pipe(Effect.forkChild)

          yield* client.query("select pg_notify('news_of_the_day', 'one')")
          yield* client.query("notify news_of_the_day, 'two'")

          assert.deepStrictEqual(yield* heard.pipe(Stream.take(2), Stream.runCollect), ["one", "two"])
          assert.isUndefined(quiet.pollUnsafe())
        }))

      it.effect("the version is that of PostgreSQL", () =>
        Effect.gen(function*() {
          assert.match(yield* (yield* connect).version, /^PostgreSQL \d+\.\d+$/)
        }))

      it.effect("health says up, with the version, the time of a round trip and the pool", () =>
        Effect.gen(function*() {
          const { url } = yield* TestDatabase
          const client = yield* (yield* Postgres).connect(url, { maxConnections: 3 })

          const idle = yield* client.health
          const busy = yield* client.transaction(client.health)

          assert.strictEqual(idle.status, "up")
          assert.match(idle.version ?? "", /^PostgreSQL \d+\.\d+$/)
          assert.isAbove(Duration.toMillis(idle.latency ?? Duration.zero), 0)
          assert.deepStrictEqual(idle.pool, { max: 3, open: 1, busy: 0, waiting: 0 })
          assert.deepStrictEqual(busy.pool, { max: 3, open: 1, busy: 1, waiting: 0 })
        }))

      it.effect("the pool shows in the metrics while it is there", () =>
        Effect.gen(function*() {
          const { url } = yield* TestDatabase
          const client = yield* (yield* Postgres).connect(url, { maxConnections: 7 })
          const series = Effect.map(PrometheusMetrics.format(), (text) => text.split("\n"))

          const during = yield* client.transaction(Effect.andThen(client.query("select 1"), series))

          const server = ServerName.of(url)
          const busy = `skein_pool_connections{service="postgres",server="${server}",state="busy"} `
          assert.isAtLeast(Number(during.find((line) => line.startsWith(busy))?.slice(busy.length)), 1)
          assert.isAtLeast(during.findIndex((line) => line.startsWith("skein_pool_wait_seconds_count")), 0)
        }))

      it.effect("`sql` is the same database for library users, with the driver's own types", () =>
        Effect.gen(function*() {
          const { sql } = yield* connect
          const who = "O'Hara"

          const rows = yield* sql<{ readonly who: string }>`select ${who} as who, 1.50::numeric as n, 5::int8 as big`

          assert.deepStrictEqual(rows, [{ who, n: "1.50", big: 5n }] as never)
        }))
    })
  })
}

const numbers = (client: PostgresClient, name: string) =>
  Effect.map(client.query(`select n from ${name} order by n`), ({ rows }) => rows.map(({ n }) => n))

/** Values as plain JavaScript, so that records without prototypes compare. */
const plain = (value: Value | undefined): unknown =>
  Array.isArray(value)
    ? value.map(plain)
    : typeof value === "object" && value !== null && !(value instanceof Uint8Array)
    ? Object.entries(value).map(([key, field]) => [key, plain(field)])
    : value

/** Everything that is shown of an error anywhere. */
export const textOf = (error: PostgresError) =>
  Effect.map(
    Schema.encodeEffect(PostgresError)(error),
    (encoded) =>
      [JSON.stringify(encoded), String(error), error.stack ?? "", Cause.pretty(Cause.fail(error)), Exit.fail(error)]
        .join("\n")
  )
