/** The contract without a server, and what only the embedded Postgres promises. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Latch, Layer, type Scope, Stream } from "effect"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PglitePostgres from "../../src/layers/embedded/PglitePostgres.ts"
import * as ProcessIdentity from "../../src/layers/ProcessIdentity.ts"
import { Postgres, type PostgresClient } from "../../src/services/Postgres.ts"
import { TestDatabase, tests } from "../services/PostgresSuite.ts"
import { entry } from "../support/embedded.ts"

const Embedded = PglitePostgres.layer({
  entry,
  lockTimeout: "400 millis",
  cancelTimeout: "10 seconds",
  maxAnswerBytes: 4_000_000
})

const connect = (url: string, options = {}) => Effect.flatMap(Postgres, (postgres) => postgres.connect(url, options))

const values = (client: PostgresClient, text: string) =>
  Effect.map(client.query(text), ({ rows }) => rows.map((row) => Object.values(row)[0]))

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "skein-pglite-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** Its own layer, closed with the effect: what is gone then is gone from memory. */
const withLayer = <A, E>(
  effect: Effect.Effect<A, E, Postgres | Scope.Scope>,
  options: Partial<PglitePostgres.Options> = {}
) => Effect.scoped(effect).pipe(Effect.provide(Layer.fresh(PglitePostgres.layer({ entry, ...options }))))

layer(Layer.merge(Embedded, Layer.succeed(TestDatabase, { url: "embedded:suite" })), {
  excludeTestServices: true,
  timeout: "30 seconds"
})("PGlite", (it) => {
  describe("private databases", () => {
    it.effect("have everything to themselves: tables, public, schemas, sequences, temporary tables", () =>
      Effect.gen(function*() {
        const make = Effect.fnUntraced(function*(client: PostgresClient, n: number) {
          yield* client.query("create table things (id serial primary key, n int)")
          yield* client.query("create schema app")
          yield* client.query("create table app.things (n int)")
          yield* client.query("create temporary table scratch (id serial primary key, n int)")
          for (const name of ["public.things", "app.things", "scratch"]) {
            yield* client.query(`insert into ${name} (n) values ($1)`, [n])
          }
        })
        const clients = yield* Effect.all([connect("embedded:"), connect("embedded:"), connect("embedded:")])

        yield* Effect.forEach(clients, make, { concurrency: 3, discard: true })

        for (const [n, client] of clients.entries()) {
          for (const name of ["things", "public.things", "app.things", "scratch", "pg_temp.scratch"]) {
            assert.deepStrictEqual(yield* values(client, `select n from ${name}`), [n], name)
          }
          assert.deepStrictEqual(
            yield* values(
              client,
              "select table_schema from information_schema.tables where table_name = 'things' order by 1"
            ),
            ["app", "public"]
          )
        }
      }))

    it.effect("are apart also statement by statement, when many take turns", () =>
      Effect.gen(function*() {
        const clients = yield* Effect.all(Array.from({ length: 8 }, () => connect("embedded:")), { concurrency: 8 })
        yield* Effect.forEach(clients, (client) => client.query("create table turns (n int)"), { concurrency: 8 })

        yield* Effect.forEach(clients, (client, n) =>
          Effect.forEach(
            Array.from({ length: 10 }),
            () => Effect.andThen(client.query("insert into turns values ($1)", [n]), Effect.yieldNow)
          ), { concurrency: 8 })

        const found = yield* Effect.forEach(clients, (client) => values(client, "select distinct n from turns"))
        assert.deepStrictEqual(found, clients.map((_, n) => [n]))
      }))

    it.effect("are gone with their client, and leave the memory to others", () =>
      Effect.gen(function*() {
        const watcher = yield* connect("embedded:watcher")
        const hidden = "select count(*) from pg_namespace where nspname like 'pg_temp_skein %'"
        const before = yield* values(watcher, hidden)

        yield* Effect.scoped(Effect.gen(function*() {
          const client = yield* connect("embedded:")
          yield* client.query("create table big as select generate_series(1, 1000)")
          yield* client.query("create temporary table small as select 1 as n")
        }))

        assert.deepStrictEqual(yield* values(watcher, hidden), before)
        assert.deepStrictEqual(yield* values(watcher, "select count(*) from pg_class where relname like '%small'"), [0])
      }))

    it.effect("do not hear each other's notifications", () =>
      Effect.gen(function*() {
        const [one, two] = [yield* connect("embedded:"), yield* connect("embedded:")]
        const [heard, quiet] = [yield* one.listen("jobs"), yield* two.listen("jobs")]
        const nothing = yield* Stream.runCollect(Stream.take(quiet, 1)).pipe(Effect.forkChild)

        yield* one.query("select pg_notify('jobs', 'for one')")

        assert.deepStrictEqual(yield* heard.pipe(Stream.take(1), Stream.runCollect), ["for one"])
        assert.isUndefined(nothing.pollUnsafe())
      }))

    it.effect("a name is private even where settings, roles and search paths were changed", () =>
      Effect.gen(function*() {
        const [one, two] = [yield* connect("embedded:"), yield* connect("embedded:")]
        yield* one.query("create schema hidden_away")
        yield* one.query("set search_path to hidden_away")

        yield* two.query("create table found (n int)")

        assert.deepStrictEqual(yield* values(two, "show search_path"), ["public"])
        assert.deepStrictEqual(yield* values(two, "select schemaname from pg_tables where tablename = 'found'"), [
          "public"
        ])
      }))
  })

  describe("shared databases", () => {
    it.effect("are the same for all who name them, and stay when nobody does", () =>
      Effect.gen(function*() {
        yield* Effect.scoped(
          Effect.flatMap(connect("embedded:shop"), (client) => client.query("create table t as select 7 as n"))
        )

        assert.deepStrictEqual(yield* values(yield* connect("embedded:shop"), "select n from t"), [7])
        const other = yield* connect(`embedded:${"shop".repeat(20)}`)
        assert.strictEqual((yield* Effect.flip(other.query("select n from t"))).sqlState, "42P01")
      }))

    it.effect("a listener keeps its channel when another gives it up", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:channels")
        const heard = yield* client.listen("both")
        yield* Effect.scoped(Effect.asVoid(client.listen("both")))

        yield* client.query("select pg_notify('both', 'still here')")

        assert.deepStrictEqual(yield* heard.pipe(Stream.take(1), Stream.runCollect), ["still here"])
      }))
  })

  describe("one backend", () => {
    it.effect("a transaction that waits for another connection ends with an error that says why", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:")
        const other = yield* connect("embedded:")
        yield* client.query("create table t (n int)")

        const error = yield* Effect.flip(
          client.transaction(Effect.andThen(client.query("insert into t values (1)"), other.query("select 1")))
        )

        assert.deepInclude(error, { reason: "Busy", sqlState: "53300" })
        assert.match(
          error.message,
          /has one backend: this statement waited 0\.\ds for the transaction of another connection/
        )
        assert.include(error.hint ?? "", "inside that transaction")
        assert.deepStrictEqual(yield* values(client, "select count(*) from t"), [0])
      }))

    it.effect("a transaction that works keeps others waiting, and they wait", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:")
        const other = yield* connect("embedded:")
        const begun = yield* Latch.make()
        const step = Effect.andThen(client.query("select pg_sleep(0.1)"), begun.open)
        // Longer than the others would wait for one that does nothing.
        const long = yield* Effect.forkChild(client.transaction(Effect.repeat(step, { times: 5 })))
        yield* begun.await

        assert.deepStrictEqual(yield* values(other, "select 1"), [1])
        yield* Fiber.join(long)
      }))

    it.effect("a statement that waits for its turn can be interrupted; the one that works goes on", () =>
      Effect.gen(function*() {
        const [client, other] = [yield* connect("embedded:"), yield* connect("embedded:")]
        const slow = yield* Effect.forkChild(client.query("select pg_sleep(0.4)"), { startImmediately: true })
        yield* Effect.sleep(100)

        const outcome = yield* other.query("select 1").pipe(Effect.timeoutOption(50))

        assert.strictEqual(outcome._tag, "None")
        assert.strictEqual((yield* Fiber.join(slow)).rowsAffected, 1)
        assert.deepStrictEqual(yield* values(other, "select 2"), [2])
      }))

    it.effect("R26 a long statement does not hold up the rest of the process", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:")
        let turns = 0
        const timer = setInterval(() => turns++, 10)

        yield* client.query("select pg_sleep(0.3)")

        clearInterval(timer)
        // A busy machine has fewer; blocked by the statement there would be none.
        assert.isAbove(turns, 3)
      }))

    it.effect("a statement that cannot be cancelled is ended with its database; who connects next gets a new one", () =>
      withLayer(
        Effect.gen(function*() {
          const client = yield* connect("embedded:shop")
          yield* client.query("create table t (n int)")

          const outcome = yield* client.query("do $$ begin loop end loop; end $$").pipe(
            Effect.timeoutOption("50 millis")
          )
          const after = yield* Effect.flip(client.query("select n from t"))
          const next = yield* connect("embedded:shop")

          assert.strictEqual(outcome._tag, "None")
          assert.strictEqual(after.reason, "Connection")
          assert.include(after.message, "its data is gone: a statement went on for 100 ms after it was cancelled")
          assert.strictEqual((yield* Effect.flip(next.query("select n from t"))).sqlState, "42P01")
        }),
        { cancelTimeout: "100 millis" }
      ))

    it.effect("an answer that is too long for the memory is ended", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:")

        const error = yield* Effect.flip(client.query("select repeat('x', 1000) from generate_series(1, 10000)"))

        assert.strictEqual(error.sqlState, "54000")
        assert.include(error.message, "longer than 4 MB")
        assert.deepStrictEqual(yield* values(client, "select 1"), [1])
      }))

    it.effect("COPY is refused, and the database goes on", () =>
      Effect.gen(function*() {
        const client = yield* connect("embedded:")
        yield* client.query("create table t (n int)")

        const reading = yield* Effect.flip(client.query("copy t from stdin"))
        const writing = yield* Effect.flip(client.query("copy t to stdout"))

        assert.include(`${reading.hint} ${writing.hint}`, "unnest")
        assert.deepStrictEqual(yield* values(client, "select 1"), [1])
      }))
  })

  it.effect("R32 a folder keeps the database, for one process at a time; a lock left behind is taken over", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const url = `embedded:${path}/data`
      const lock = join(path, "data", "skein.lock")

      const refused = yield* withLayer(Effect.gen(function*() {
        const client = yield* connect(url)
        yield* client.query("create table t as select 7 as n")
        return yield* withLayer(Effect.flip(connect(url)))
      }))
      const unlocked = !existsSync(lock)
      yield* Effect.promise(() =>
        writeFile(lock, JSON.stringify({ ...ProcessIdentity.current(), pid: 999999999, token: "gone" }))
      )
      const kept = yield* withLayer(
        Effect.flatMap(connect("embedded:./data"), (client) => values(client, "select n from t")),
        {
          directory: path
        }
      )

      assert.strictEqual(refused.reason, "Busy")
      assert.include(refused.message, `process ${process.pid} on`)
      assert.isTrue(unlocked)
      assert.deepStrictEqual(kept, [7])
    }))

  it.effect("a folder that cannot be made is refused with the reason", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(connect("embedded:/dev/null/data"))

      assert.include(error.message, "ENOTDIR")
    }))

  it.effect("without its package it says what to install", () =>
    Effect.gen(function*() {
      const path = yield* folder
      // The thread's own files, with the name of a package that nobody has.
      yield* Effect.promise(async () => {
        const src = new URL("../../src/", import.meta.url).pathname
        await mkdir(join(path, "layers/embedded/pglite"), { recursive: true })
        await cp(join(src, "worker.ts"), join(path, "worker.ts"))
        for (const name of ["PgliteThread.ts", "PgliteSchemas.ts", "PgliteSnapshot.ts"]) {
          const text = await readFile(join(src, "layers/embedded/pglite", name), "utf8")
          await writeFile(
            join(path, "layers/embedded/pglite", name),
            text.replaceAll("sql/pglite", "sql/pglite-that-is-not-there")
          )
        }
        await writeFile(join(path, "package.json"), "{\"type\":\"module\"}")
      })

      const error = yield* withLayer(Effect.flip(connect("embedded:")), { entry: new URL(`file://${path}/worker.ts`) })

      assert.include(error.message, "the package @electric-sql/pglite, which is not installed")
      assert.include(error.hint ?? "", "npm install --save-dev @electric-sql/pglite")
    }))

  it.effect("R44 nothing is left when the layer closes in the middle of a statement", () =>
    Effect.gen(function*() {
      const before = threads()
      const open = yield* Latch.make()
      const busy = yield* withLayer(Effect.gen(function*() {
        const client = yield* connect("embedded:")
        yield* open.open
        yield* client.query("select pg_sleep(30)")
      })).pipe(Effect.forkChild)
      yield* open.await
      yield* Effect.sleep("100 millis")

      yield* Fiber.interrupt(busy)

      // A thread that has ended keeps its port for a moment.
      yield* Effect.sleep(20).pipe(Effect.repeat({ until: () => threads() <= before, times: 1_000 }))
      assert.isAtMost(threads(), before)
    }))

  tests(it, { backends: "one" })
})

const threads = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length
