import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Value, ValueRecord } from "../../../src/core/Value.ts"
import * as PglitePostgres from "../../../src/layers/embedded/PglitePostgres.ts"
import * as Runner from "../../../src/programs/Runner.ts"
import type { ActionError } from "../../../src/scenario/Action.ts"
import { assert as assertAction } from "../../../src/scenario/actions/assert.ts"
import { postgres } from "../../../src/scenario/actions/postgres.ts"
import { entry } from "../../support/embedded.ts"
import * as Scenarios from "../../support/runScenarios.ts"
import { injections } from "../../support/sqlInjections.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"

const services = Layer.mergeAll(Scenarios.layer, PglitePostgres.layer({ entry }))

const run = (input: ValueRecord, options = {}) =>
  Effect.map(
    runAction(postgres, input, options),
    (output) => output as unknown as ValueRecord & { readonly rows: ReadonlyArray<ValueRecord> }
  )

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error as ActionError)

const insert = (n: number) => ({ execute: "insert into t values ($1)", params: [n] })

/** What is wrong with a step before it runs. */
const said = (present: ReadonlyArray<string>, constants: ValueRecord = {}) =>
  postgres.validate!(new Set(present), constants).join()

const resultsOf = (output: Value) => (output as unknown as { readonly results: ReadonlyArray<object> }).results

layer(services, { excludeTestServices: true, timeout: "30 seconds" })("postgres", (it) => {
  for (const { title, yaml } of postgres.examples) {
    it.effect(`example: ${title}`, () =>
      Effect.gen(function*() {
        const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${yaml}` }, [postgres])

        const one = report.cases[0]
        assert.strictEqual(one?.status, "passed", JSON.stringify(one?.steps.map(({ failures }) => failures)))
      }))
  }

  describe("native", () => {
    it.effect("a query answers with its rows, the first one, the columns and the count", () =>
      Effect.gen(function*() {
        const output = yield* run({ query: "select g as n, $1::text as t from generate_series(1, 2) g", params: ["x"] })

        assert.deepInclude(output, { columns: ["n", "t"], count: 2, rows_affected: 2, command: "SELECT" })
        assert.deepStrictEqual([{ ...output.rows[0] }, { ...output["row"] as ValueRecord }], [{ n: 1, t: "x" }, {
          n: 1,
          t: "x"
        }])
      }))

    it.effect("rows of a file come in one transaction: a wrong one takes all of them back", () =>
      Effect.gen(function*() {
        const root = mkdtempSync(join(tmpdir(), "skein-postgres-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(root, { recursive: true })))
        const context = yield* makeContext({ directory: root })
        writeFileSync(join(root, "numbers.csv"), `n\n${Array.from({ length: 2_500 }, (_, n) => `${n}\n`).join("")}`)
        writeFileSync(join(root, "wrong.jsonl"), "{\"n\": 1}\n".repeat(1_500) + "{\n")
        const insert = "insert into numbers select n * $2 from jsonb_to_recordset($1) as r (n int)"
        yield* run({ execute: "create table numbers (n int)" }, { context })

        const all = yield* run({ execute: insert, params: [2], from: "numbers.csv" }, { context })
        const error = yield* failure(run({ execute: insert, params: [1], from: "wrong.jsonl" }, { context }))

        assert.deepInclude(all, { count: 2_500, rows_affected: 2_500, command: "INSERT" })
        assert.match(error.message, /"wrong.jsonl" is not valid JSONL: line 1501/)
        const { row } = yield* run({ query: "select count(*) as n, sum(n) as sum from numbers" }, { context })
        assert.deepStrictEqual({ ...row as ValueRecord }, { n: 2_500, sum: 2 * 2_499 * 1_250 })
      }))

    it.effect("files of rows belong to their kind of statement, and say their format by their name", () =>
      Effect.sync(() => {
        assert.include(said(["execute", "into"]), "into belongs to query")
        assert.include(said(["query", "from"]), "from belongs to execute")
        assert.include(said(["query", "into"], { into: "rows.txt" }), "must end with .json, .jsonl or .csv")
      }))

    it.effect("without rows, `row` is null", () =>
      Effect.gen(function*() {
        assert.deepInclude(yield* run({ query: "select 1 as n where false" }), { row: null, count: 0, columns: ["n"] })
      }))

    it.effect("the default database is the case's own: the same for its steps, another for other cases", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ execute: "create table mine (n int)" }, { context })

        assert.deepInclude(yield* run({ query: "select * from mine" }, { context }), { count: 0 })
        const error = yield* failure(run({ query: "select * from mine" }))
        assert.strictEqual(error.reason, "Invalid")
        assert.include(error.message, "relation \"mine\" does not exist")
      }))

    it.effect("several statements run in order, all or none, and the last one answers", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        const output = yield* run(
          {
            execute: "create table t (s text); insert into t values ('a;b'), ($1); select count(*) as n from t",
            params: ["c"]
          },
          { context }
        )
        yield* failure(run({ execute: "insert into t values ('d'); select 1 / 0" }, { context }))

        assert.strictEqual(output.rows[0]?.["n"], 2)
        assert.strictEqual((yield* run({ query: "select count(*) as n from t" }, { context })).rows[0]?.["n"], 2)
        assert.strictEqual(context.attachments.length, 6)
      }))

    it.effect("a transaction is all or nothing", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ execute: "create table t (n int primary key)" }, { context })
        yield* run({ transaction: [insert(1), insert(2)] }, { context })
        const error = yield* failure(run({ transaction: [insert(3), insert(1)] }, { context }))

        assert.include(error.message, "duplicate key value")
        assert.include(error.message, "Key (n)=(1) already exists")
        assert.strictEqual((yield* run({ query: "select * from t" }, { context }))["count"], 2)
      }))

    it.effect("a batch runs its statements apart, in order or at once, and adds up", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ execute: "create table t (n int)" }, { context })
        const batch = Array.from({ length: 20 }, (_, n) => insert(n))

        const output = yield* run({ batch, concurrency: 8 }, { context })

        assert.strictEqual(output["rows_affected"], 20)
        assert.strictEqual((output["results"] as ReadonlyArray<Value>).length, 20)
      }))

    it.effect("a statement over its timeout is cancelled, by its own bound or that of the settings", () =>
      Effect.gen(function*() {
        const own = yield* failure(run({ query: "select pg_sleep(20)", timeout: "50ms" }))
        const settings = { postgres: { statement_timeout: "50ms" } }
        const given = yield* failure(run({ query: "select pg_sleep(20)" }, { settings }))

        assert.deepStrictEqual([own.reason, given.reason], ["Timeout", "Timeout"])
        assert.include(own.message, "select pg_sleep(20)")
      }))

    it.effect("what was said is attached, also of a statement that fails or is interrupted", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ query: "select $1::int as n", params: [7] }, { context })
        yield* failure(run({ query: "select nope" }, { context }))
        const fiber = yield* run({ query: "select pg_sleep(20)" }, { context }).pipe(Effect.forkChild)
        yield* Effect.sleep(300)
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual(
          context.attachments.map((one) => one._tag === "Sql" ? [one.statement, one.params, one.rows] : one),
          [["select $1::int as n", ["7"], 1], ["select nope", [], undefined], ["select pg_sleep(20)", [], undefined]]
        )
      }))

    it.effect("a list for a JSON column is given as its text; the error says so", () =>
      Effect.gen(function*() {
        const context = yield* makeContext()
        yield* run({ execute: "create table t (data jsonb)" }, { context })
        const error = yield* failure(run({ execute: "insert into t values ($1)", params: [[1, 2]] }, { context }))
        yield* run({ execute: "insert into t values ($1)", params: ["[1, 2]"] }, { context })

        assert.include(error.hint ?? "", "${to_json(list)}")
        assert.deepStrictEqual((yield* run({ query: "select data from t" }, { context })).rows[0]?.["data"], [1, 2])
      }))

    it.effect("the URL comes from the step, then from the settings; a folder lies inside the root", () =>
      Effect.gen(function*() {
        const settings = { postgres: { url: "embedded:from_settings" } }
        yield* run({ execute: "create table if not exists kept (n int)" }, { settings })

        assert.deepInclude(yield* run({ query: "select * from kept", url: "embedded:from_settings" }), { count: 0 })
        const outside = yield* failure(run({ query: "select 1", url: "embedded:../elsewhere" }))
        assert.strictEqual(outside.reason, "Refused")
        const unknown = yield* failure(run({ query: "select 1", url: "embedded:a b" }))
        assert.strictEqual(unknown.reason, "Connection")
      }))

    it.effect("says what is missing or too much", () =>
      Effect.gen(function*() {
        const { validate } = postgres
        assert.deepStrictEqual(validate?.(new Set(), {}), ["give query, execute, batch or transaction"])
        assert.deepStrictEqual(validate?.(new Set(["query", "execute"]), {}), ["give only one of query and execute"])
        assert.strictEqual(validate?.(new Set(["batch", "params"]), {}).length, 1)
        assert.strictEqual(validate?.(new Set(["query", "concurrency"]), {}).length, 1)
        assert.deepStrictEqual(validate?.(new Set(["query", "params", "url"]), {}), [])
      }))

    it.effect("only a statement that looks may run beside others", () =>
      Effect.sync(() => {
        const effect = postgres.effect as (constants: ValueRecord) => string
        assert.strictEqual(effect({ query: "select 1" }), "read")
        assert.strictEqual(effect({ query: "delete from t returning *" }), "write")
        assert.strictEqual(effect({ execute: "select 1; drop table t" }), "write")
        assert.strictEqual(effect({}), "write")
      }))

    it.effect("R10 SQL text with ${} is refused by the check, with what to write", () =>
      Effect.gen(function*() {
        const directory = yield* Scenarios.write({
          "bad.yaml": [
            "name: Bad",
            "vars: { name: x }",
            "steps:",
            "  - postgres: { query: \"select '${name}'\" }",
            "  - postgres: { transaction: [{ execute: \"select ${name}\" }] }"
          ].join("\n")
        })
        const { problems } = yield* Runner.plan([directory], { actions: [postgres], workingDirectory: directory })

        assert.deepStrictEqual(problems.map(({ code, severity }) => [code, severity]), [
          ["template-not-allowed", "error"],
          ["template-not-allowed", "error"]
        ])
        assert.include(problems[0]?.hint ?? "", "params")
      }))
  })

  describe("robogo", () => {
    const url = "embedded:"

    it.effect("queries answer with columns and rows, the rest with the rows affected", () =>
      Effect.gen(function*() {
        const context = yield* makeContext({ robogo: true })
        const call = (...args: ReadonlyArray<Value>) =>
          Effect.map(runRobogo(postgres, args, { context }), (output) => output as ValueRecord)
        yield* call("execute", url, "create table t (id int8, price numeric(10,2), data jsonb, raw bytea)")
        const insert = yield* call("insert", url, "insert into t values ($1, $2, $3, 'abc')", 1, "12.50", { a: 1 })
        const select = yield* call("select", url, "select * from t")

        assert.deepInclude(insert, { rows_affected: 1 })
        assert.notProperty(insert, "columns")
        assert.deepStrictEqual([select["columns"], select["rows"]], [
          ["id", "price", "data", "raw"],
          [[1, "12.50", "{\"a\":1}", "abc"]]
        ])
        assert.deepInclude(yield* call("query", url, "select * from t where false"), { rows: [] })
      }))

    it.effect("as_json answers with the rows as JSON text", () =>
      Effect.gen(function*() {
        const output = yield* runRobogo(postgres, ["query", url, "select 1 as n, 'x' as t"], {
          options: { as_json: true }
        })

        assert.deepStrictEqual(output, { json_string: "[{\"n\":1,\"t\":\"x\"}]" })
      }))

    it.effect("connect gives a URL a name for later steps; close is no work", () =>
      Effect.gen(function*() {
        const context = yield* makeContext({ robogo: true })
        yield* runRobogo(postgres, ["connect", url, "db"], { context })
        yield* runRobogo(postgres, ["execute", "db", "create table t (n int)"], { context })

        assert.deepInclude(yield* runRobogo(postgres, ["query", url, "select * from t"], { context }), { rows: [] })
        yield* runRobogo(postgres, ["close", "db"], { context })
      }))

    it.effect("batches answer with one result for each statement, under both names", () =>
      Effect.gen(function*() {
        const context = yield* makeContext({ robogo: true })
        const statements = [
          "create table t (n int)",
          { query: "insert into t values ($1)", params: [1] },
          "select * from t"
        ]

        const output = yield* runRobogo(postgres, ["batch", url, statements], { context, options: { concurrency: 1 } })
        const named = yield* runRobogo(postgres, [url, ["select 1 as n"]], { context, name: "postgres_batch" })

        assert.strictEqual(resultsOf(output).length, 3)
        assert.deepInclude(resultsOf(named)[0], { columns: ["n"], rows: [[1]] })
      }))

    it.effect("R10 values in SQL text are bound or escaped, and the table is still there", () =>
      Effect.gen(function*() {
        const file = (value: string) =>
          JSON.stringify({
            testcase: "Injection",
            variables: { vars: { value } },
            steps: [
              { name: "make", action: "postgres", args: ["execute", url, "create table targets (a text, b text)"] },
              {
                name: "put",
                action: "postgres",
                args: ["insert", url, "insert into targets values ('${value}', ${value})"]
              },
              {
                name: "get",
                action: "postgres",
                args: [
                  "query",
                  url,
                  "select count(*) as n from targets where a = ${value} and b = '${value}' -- ${value}"
                ],
                result: "found"
              },
              { name: "one", action: "assert", args: ["${found.rows.0.0}", "==", "1"] }
            ]
          })
        const values = injections.filter((value) => !value.includes("${"))
        const files = Object.fromEntries(values.map((value, at) => [`case-${at}.yaml`, file(value)]))
        const { report } = yield* Scenarios.run(files, [postgres, assertAction])

        assert.deepStrictEqual(
          report.cases.filter(({ status }) => status !== "passed").map(({ failures, steps }) => [failures, steps]),
          []
        )
        assert.strictEqual(report.cases.length, values.length)
      }))
  })
})
