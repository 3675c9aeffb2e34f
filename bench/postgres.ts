/**
 * Single-row selects by key through skein against `pg` with a named statement, both with up to 25 connections to the same
 * server: at least 1.7 times as many a second at a concurrency of 10 and of 25. Beside a statement that turns slow, the other
 * reads are held up for a moment, once. A hundred finds by id that are asked for at once are one query.
 *
 * Run: `node bench/postgres.ts`; the server is that of `SKEIN_TEST_POSTGRES_URL` [default: postgres://postgres@127.0.0.1:5432/test].
 */
import { Effect, Schema } from "effect"
import { SqlResolver } from "effect/sql"
import { Pool } from "pg"
import * as PgPostgres from "../src/layers/live/PgPostgres.ts"
import { Postgres, type PostgresClient } from "../src/services/Postgres.ts"
import { alternate, goal, inProcess, print, quantile, ratio } from "./Alternate.ts"

const url = process.env["SKEIN_TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/test"
const rounds = 9
const requests = 10_000
const rows = 10_000
const text = "select id, name, qty from bench_points where id = $1"
const idOf = (n: number) => 1 + (n * 7_919) % rows

const prepare = Effect.fnUntraced(function*(client: PostgresClient) {
  yield* client.query("create table if not exists bench_points (id int primary key, name text, qty int)")
  yield* client.query(
    "insert into bench_points select g, 'name ' || g, g % 100 from generate_series(1, $1) g on conflict do nothing",
    [rows]
  )
  yield* client.query(
    "create or replace function bench_nap(s float8) returns int language sql volatile as 'select 1 from (select pg_sleep(s)) x'"
  )
})

const compare = Effect.fnUntraced(function*(client: PostgresClient, pool: Pool, concurrency: number) {
  const withPg = async (): Promise<void> => {
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < requests) {
        const id = idOf(next++)
        const { rows } = await pool.query<{ id: number }>({ name: "point", text, values: [id] })
        if (rows[0]?.id !== id) throw new Error("wrong row")
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  const withSkein = Effect.forEach(
    Array.from({ length: requests }, (_, n) => idOf(n)),
    (id) =>
      Effect.map(client.query(text, [id]), ({ rows }) => {
        if (rows[0]?.["id"] !== id) throw new Error("wrong row")
      }),
    { concurrency, discard: true }
  )

  console.log(`\n${requests} selects, concurrency ${concurrency}`)
  const [skein, peer] = yield* Effect.promise(() =>
    alternate([
      { name: "skein", run: () => inProcess(() => Effect.runPromise(withSkein)) },
      { name: "pg, named statement", run: () => inProcess(withPg) }
    ], rounds)
  )
  print([skein!, peer!])
  goal(`selects a second against pg at ${concurrency}`, ratio(peer!, skein!).median, "at least", 1.7, " times")
})

/** How long quick reads take while five runs of another statement, quick until now, take 0.8 s each. */
const besideSlow = Effect.fnUntraced(function*(client: PostgresClient) {
  const nap = "select bench_nap($1::float8)"
  yield* Effect.forEach(Array.from({ length: 20 }), () => client.query(nap, [0]), { discard: true })
  const times: Array<number> = []
  const quick = Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(client.query(text, [idOf(times.length)]), () => void times.push(performance.now() - started))
  })
  const napping = Effect.forEach(Array.from({ length: 5 }), () => client.query(nap, [0.8]), {
    concurrency: 5,
    discard: true
  })
  yield* Effect.raceFirst(
    napping,
    Effect.forEach(Array.from({ length: 10 }), () => Effect.forever(quick), {
      concurrency: 10
    })
  )
  console.log(`\n${times.length} quick reads beside five slow ones of 800 ms`)
  console.log(`p50 ${quantile(times, 0.5).toFixed(2)} ms  p99 ${quantile(times, 0.99).toFixed(2)} ms`)
  goal("longest quick read", Math.max(...times), "at most", 400, " ms")
})

const batch = Effect.fnUntraced(function*(client: PostgresClient) {
  const Point = Schema.Struct({ id: Schema.Int, name: Schema.String })
  let queries = 0
  const byId = SqlResolver.findById({
    Id: Schema.Int,
    Result: Point,
    ResultId: ({ id }) => id,
    execute: (ids) => {
      queries++
      return client.sql`select id, name from bench_points where ${client.sql.in("id", ids)}`
    }
  })
  const found = yield* Effect.forEach(
    Array.from({ length: 100 }, (_, n) => idOf(n)),
    (id) => SqlResolver.request(id, byId),
    { concurrency: "unbounded" }
  )
  console.log(`\n${found.length} finds by id at once`)
  goal("queries", queries, "at most", 1)
})

const program = Effect.gen(function*() {
  const client = yield* (yield* Postgres).connect(url)
  yield* prepare(client)
  const pool = new Pool({ connectionString: url, max: 25 })
  yield* compare(client, pool, 10)
  yield* compare(client, pool, 25)
  yield* Effect.promise(() => pool.end())
  yield* besideSlow(client)
  yield* batch(client)
})

await Effect.runPromise(Effect.scoped(Effect.provide(program, PgPostgres.layer)))
