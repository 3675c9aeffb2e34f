/** `postgres`: statements on a database, alone, several at once, or in a transaction. */
import { Clock, Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as RobogoPostgres from "../robogo/RobogoPostgres.ts"
import * as Bounds from "../run/Bounds.ts"
import * as Connection from "../steps/Connection.ts"
import * as DataFile from "../steps/DataFile.ts"
import * as PostgresStep from "../steps/PostgresStep.ts"

export const postgres = Action.make({
  name: "postgres",
  family: "databases",
  summary: "Runs SQL on a Postgres database; embedded unless a URL says otherwise",
  input: Schema.Struct({
    query: Fields.optional(Fields.PlainText, "A statement whose rows are wanted"),
    execute: Fields.optional(Fields.PlainText, "A statement that changes something, or several with ; between them"),
    params: Fields.optional(
      Schema.Array(Fields.Value),
      "The values of $1, $2, ...: always bound; lists become arrays, objects jsonb, text the type that is wanted"
    ),
    into: Fields.optional(
      Fields.Text,
      "With query: a .json, .jsonl or .csv file that takes the rows as they come, however many; `rows` stays empty"
    ),
    from: Fields.optional(
      Fields.Text,
      "With execute: a .json, .jsonl or .csv file of any size; the statement runs for each 1,000 of its rows, which are $1 as JSON, in one transaction"
    ),
    batch: Fields.optional(Fields.Statements, "Independent statements: a list of { execute, params } or SQL"),
    transaction: Fields.optional(Fields.Statements, "Statements of which all are done, or none"),
    concurrency: Fields.optional(Fields.Int, "How many statements of a batch run at once [default: 1, in their order]"),
    url: Fields.optional(
      Fields.Connection,
      "Where the database is: postgres://..., embedded:, embedded:name, embedded:./folder, or the name of a connection [default: postgres.url of skein.yaml, else embedded:]"
    ),
    timeout: Fields.optional(
      Fields.Duration,
      "The longest time for each statement, which is then cancelled [default: postgres.statement_timeout, else none]"
    ),
    as_json: Fields.optional(Fields.Flag, "Robogo: answer with the rows as JSON text"),
    connect_as: Fields.optional(Fields.Text, "Robogo: a name by which later steps may call this URL")
  }),
  positional: ["query"],
  output: Schema.Struct({
    rows: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
    row: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
    columns: Schema.Array(Schema.String),
    count: Schema.Int,
    rows_affected: Schema.Int,
    command: Schema.String,
    results: Schema.Array(Schema.Unknown),
    file_path: Schema.optionalKey(Schema.String),
    size_bytes: Schema.optionalKey(Schema.Int),
    duration_ms: Schema.Finite
  }),
  effect: PostgresStep.effectOf,
  validate: (present, constants) => {
    const problems = Connection.urlProblems(constants, ["postgres", "postgresql"])
    if (problems.length > 0) return problems
    const forms = ["query", "execute", "batch", "transaction"].filter((form) => present.has(form))
    if (forms.length === 0) return ["give query, execute, batch or transaction"]
    if (forms.length > 1) return [`give only one of ${forms.join(" and ")}`]
    return [
      ...(present.has("params") && (forms[0] === "batch" || forms[0] === "transaction")
        ? ["params belong to each statement of the list: { execute: ..., params: [...] }"]
        : []),
      ...(present.has("into")
        ? forms[0] === "query" ? DataFile.problems(constants["into"]) : ["into belongs to query"]
        : []),
      ...(present.has("from")
        ? forms[0] === "execute" ? DataFile.problems(constants["from"]) : ["from belongs to execute"]
        : []),
      ...(present.has("concurrency") && forms[0] !== "batch" ? ["concurrency belongs to batch"] : [])
    ]
  },
  robogo: {
    names: ["postgres_batch"],
    sql: (name) => name === "postgres_batch" ? 1 : 2,
    input: RobogoPostgres.input,
    result: RobogoPostgres.result
  },
  examples: [
    {
      title: "Rows, with a bound value",
      yaml: `setup:
  - postgres: { execute: "create table users (id int primary key, name text)" }
  - postgres: { execute: "insert into users values ($1, $2)", params: [1, "O'Hara"] }
steps:
  - postgres: { query: "select name from users where id = $1", params: [1] }
    expect: [count == 1, row.name == "O'Hara"]
`
    },
    {
      title: "All or nothing",
      yaml: `steps:
  - postgres:
      transaction:
        - { execute: "create table accounts (id int primary key, amount int)" }
        - { execute: "insert into accounts values (1, $1), (2, $1)", params: [100] }
    expect: results[1].rows_affected == 2
`
    },
    {
      title: "Many rows from one list, on a database that the whole run shares",
      yaml: `steps:
  - postgres: { url: "embedded:stock", execute: "create table if not exists parts (sku text primary key, n int)" }
  - postgres:
      url: embedded:stock
      execute: insert into parts select * from unnest($1::text[], $2::int[]) on conflict do nothing
      params: [[A1, B2, C3], [5, 0, 12]]
    expect: rows_affected == 3
  - postgres: { url: "embedded:stock", query: "select sku from parts where n > $1 order by n desc", params: [0] }
    expect: [count == 2, row.sku == 'C3']
`
    },
    {
      title: "A million rows into a file, and back, without holding them",
      yaml: `setup:
  - postgres: { execute: "create table parts (sku text, n int); create table copies (like parts)" }
  - postgres: { execute: "insert into parts select 'A' || g, g from generate_series(1, 2500) g" }
steps:
  - postgres: { query: "select sku, n from parts order by n", into: build/parts.jsonl }
    expect: [count == 2500, is_empty(rows)]
  - postgres:
      execute: insert into copies select * from jsonb_to_recordset($1) as r (sku text, n int)
      from: build/parts.jsonl
    expect: [count == 2500, rows_affected == 2500]
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    if (input.connect_as !== undefined && input.url !== undefined) {
      yield* Connection.remember("postgres", input.connect_as, input.url, context)
    }
    const { client, settings } = yield* Connection.open(PostgresStep.family, input.url, context)
    const options: PostgresStep.RunOptions = {
      timeout: input.timeout ?? settings.statement_timeout,
      // Robogo's numerics are text, and so is what a person wrote there.
      numeric: context.robogo ? "text" : "number",
      // There rows are lists, which no two columns share.
      sameNames: context.robogo ? "number" : "refuse"
    }
    const run = (statement: Fields.Statement) => PostgresStep.runText(client, statement, options, context)
    const clock = yield* Clock.Clock
    const started = clock.monotonicTimeNanosUnsafe()

    if (input.into !== undefined) {
      const statement = { text: input.query ?? "", params: input.params ?? [] }
      const answer = yield* PostgresStep.intoFile(client, statement, input.into, options, context)
      return { ...answer, results: [] }
    }
    if (input.from !== undefined) {
      const statement = { text: input.execute ?? "", params: input.params ?? [] }
      const answer = yield* PostgresStep.fromFile(client, statement, input.from, options, context)
      return { ...answer, results: [] }
    }
    const single = input.query ?? input.execute
    const answers = single !== undefined
      ? [yield* run({ text: single, params: input.params ?? [] })]
      : input.transaction !== undefined
      ? yield* PostgresStep.inTransaction(client, Effect.forEach(input.transaction, run))
      : yield* Effect.forEach(input.batch ?? [], run, {
        concurrency: Bounds.within(input.concurrency ?? 1, context.settings, "database_operations")
      })

    const last = answers.at(-1) ?? PostgresStep.nothing
    return {
      ...last,
      rows_affected: answers.reduce((sum, { rows_affected }) => sum + rows_affected, 0),
      results: answers,
      duration_ms: Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
    }
  })
})
