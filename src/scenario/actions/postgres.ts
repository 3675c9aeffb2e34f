/** `postgres`: statements on a database, alone, in a batch or in a transaction. */
import { Clock, Effect, Schema } from "effect"
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Postgres from "../../services/Postgres.ts"
import * as Action from "../Action.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"

const defaultConcurrency = 4

export const postgres = Action.make({
  name: "postgres",
  family: "databases",
  summary: "Runs SQL on a Postgres database; embedded unless a URL says otherwise",
  input: Schema.Struct({
    query: Fields.optional(Fields.PlainText, "A statement whose rows are wanted"),
    execute: Fields.optional(Fields.PlainText, "A statement that changes something"),
    params: Fields.optional(Schema.Array(Fields.Value), "The values of $1, $2, ...: always bound, never pasted"),
    batch: Fields.optional(Fields.Statements, "Independent statements: a list of { execute, params } or SQL"),
    transaction: Fields.optional(Fields.Statements, "Statements of which all are done, or none"),
    concurrency: Fields.optional(Fields.Int, "How many statements of a batch run at once [default: 1, their order]"),
    url: Fields.optional(
      Fields.Text,
      "Where the database is: postgres://..., embedded:, embedded:name, embedded:./folder [default: from skein.yaml, else embedded:]"
    ),
    timeout: Fields.optional(Fields.Duration, "The longest time for each statement"),
    as_json: Fields.optional(Fields.Flag, "Robogo: answer with the rows as JSON text")
  }),
  positional: ["query"],
  output: Schema.Struct({
    rows: Schema.Array(Schema.Unknown),
    row: Schema.Unknown,
    columns: Schema.Array(Schema.String),
    count: Schema.Int,
    rows_affected: Schema.Int,
    command: Schema.String,
    results: Schema.Array(Schema.Unknown),
    duration_ms: Schema.Finite
  }),
  effect: (constants) =>
    "query" in constants && /^\s*(select|show|explain|values)\b/i.test(String(constants["query"])) ? "read" : "write",
  validate: (present) => {
    const forms = ["query", "execute", "batch", "transaction"].filter((form) => present.has(form))
    if (forms.length === 0) return ["give query, execute, batch or transaction"]
    if (forms.length > 1) return [`give only one of ${forms.join(" and ")}`]
    return present.has("params") && (forms[0] === "batch" || forms[0] === "transaction")
      ? ["params belong to each statement of the list"]
      : []
  },
  robogo: {
    names: ["postgres_batch"],
    sql: 2,
    input: (args, options, name) => robogoInput(args, options, name),
    result: (output, input: { readonly as_json?: boolean }) => robogoResult(output, input.as_json === true)
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
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const client = yield* connect(input.url, context)
    const statements = statementsOf(input)
    const run = (statement: Fields.Statement) => runStatement(client, statement, input.timeout, context)
    const clock = yield* Clock.Clock
    const started = clock.currentTimeNanosUnsafe()
    const results = yield* input.transaction !== undefined
      ? client.transaction(Effect.forEach(statements, run)).pipe(
        Effect.mapError((error) => error._tag === "PostgresError" ? toActionError(error) : error)
      )
      : Effect.forEach(statements, run, { concurrency: input.concurrency ?? 1 })
    const duration_ms = Number((clock.currentTimeNanosUnsafe() - started) / 1_000n) / 1_000
    const last = results.at(-1) ?? empty
    return { ...last, results, duration_ms }
  })
})

interface Result extends ValueRecord {
  readonly rows: ReadonlyArray<Value>
  readonly row: Value
  readonly columns: ReadonlyArray<string>
  readonly count: number
  readonly rows_affected: number
  readonly command: string
}

const empty: Result = { rows: [], row: null, columns: [], count: 0, rows_affected: 0, command: "" }

const statementsOf = (input: {
  readonly query?: string
  readonly execute?: string
  readonly params?: ReadonlyArray<Value>
  readonly batch?: ReadonlyArray<Fields.Statement>
  readonly transaction?: ReadonlyArray<Fields.Statement>
}): ReadonlyArray<Fields.Statement> => {
  const text = input.query ?? input.execute
  return text === undefined ? input.batch ?? input.transaction ?? [] : [{ text, params: input.params ?? [] }]
}

/** One client per case and URL; `embedded:` is the case's own. */
const connect = Effect.fnUntraced(function*(given: string | undefined, context: Action.ActionContext) {
  const service = yield* Postgres.Postgres
  const settings = isRecord(context.settings["postgres"]) ? context.settings["postgres"] : {}
  const configured = settings["url"]
  const url = given ?? (typeof configured === "string" ? configured : "embedded:")
  return yield* context.once(`postgres ${url}`, service.connect(url, optionsOf(settings))).pipe(
    Effect.mapError((error) => toActionError(error))
  )
})

const optionsOf = (settings: ValueRecord): Postgres.ConnectOptions => {
  const number = (key: string) => typeof settings[key] === "number" ? settings[key] : undefined
  return {
    maxConnections: number("max_connections"),
    minConnections: number("min_connections"),
    idleTimeout: number("idle_timeout"),
    maxLifetime: number("max_lifetime"),
    connectTimeout: number("connect_timeout"),
    acquireTimeout: number("acquire_timeout")
  }
}

const runStatement = Effect.fnUntraced(function*(
  client: Postgres.PostgresClient,
  statement: Fields.Statement,
  timeout: Fields.DurationValue | undefined,
  context: Action.ActionContext
): Effect.fn.Return<Result, Action.ActionError> {
  const clock = yield* Clock.Clock
  const started = clock.currentTimeNanosUnsafe()
  const attach = (rows: number | undefined) =>
    context.attach({
      _tag: "Sql",
      statement: statement.text,
      params: statement.params.map((param) => Text.show(param)),
      ...rows === undefined ? {} : { rows },
      duration_ms: Number((clock.currentTimeNanosUnsafe() - started) / 1_000n) / 1_000
    })
  const query = client.query(statement.text, statement.params).pipe(
    Effect.mapError((error) => toActionError(error)),
    Effect.tapError(() => attach(undefined))
  )
  const result = yield* timeout === undefined ? query : Effect.timeoutOrElse(query, {
    duration: timeout,
    orElse: () =>
      Effect.fail(
        new Action.ActionError({ reason: "Timeout", message: `the statement did not end in time: ${statement.text}` })
      )
  })
  yield* attach(result.rows.length)
  return {
    rows: result.rows,
    row: result.rows[0] ?? null,
    columns: result.columns,
    count: result.rows.length,
    rows_affected: result.rowsAffected,
    command: result.command
  }
})

const toActionError = (error: Postgres.PostgresError): Action.ActionError => {
  const reason = error.reason === "Connection" || error.reason === "Authentication"
    ? "Unavailable"
    : error.reason === "Timeout" || error.reason === "Busy"
    ? "Timeout"
    : "Invalid"
  const detail = error.detail === undefined ? "" : ` (${error.detail})`
  return new Action.ActionError({
    reason,
    message: `${error.message}${detail}`,
    ...error.hint === undefined ? {} : { hint: error.hint },
    cause: error
  })
}

/** `[op, url, sql, params?]`; the first generation also has `batch` with a list, and named connections. */
const robogoInput = (args: ReadonlyArray<Value>, options: ValueRecord, name: string): ValueRecord => {
  const [operation, url, sql, params] = name === "postgres_batch" ? ["batch", ...args] : args
  const rest = Object.fromEntries(
    Object.entries(options).filter(([key]) => key === "as_json" || key === "timeout" || key === "concurrency")
  )
  const common = { ...rest, ...url === undefined || url === null ? {} : { url } }
  if (isArray(sql)) {
    return { ...common, concurrency: options["concurrency"] ?? defaultConcurrency, batch: sql.map(asStatement) }
  }
  if (operation === "connect" || operation === "close") return { ...common, query: "select 1 as connected" }
  const statement = isRecord(sql) ? sql : { text: sql ?? "", params: [] }
  const bound = isArray(statement["params"]) ? statement["params"] : []
  const given = isArray(params) ? params : isArray(options["params"]) ? options["params"] : []
  const key = operation === "query" || operation === "select" ? "query" : "execute"
  return { ...common, [key]: Text.write(statement["text"] ?? ""), params: bound.length > 0 ? bound : given }
}

const asStatement = (item: Value): Value =>
  isRecord(item)
    ? { execute: Text.write(item["text"] ?? item["query"] ?? item["sql"] ?? ""), params: item["params"] ?? [] }
    : Text.write(item)

/** `{ columns, rows[][] }` for queries, `{ rows_affected }` for the rest, and the words of the first generation beside them. */
const robogoResult = (output: Value, asJson: boolean): Value => {
  if (!isRecord(output)) return output
  const columns = isArray(output["columns"]) ? output["columns"] : []
  const rows = isArray(output["rows"]) ? output["rows"] : []
  if (asJson) return { json_string: Text.write(rows) }
  const shared = { rows_affected: output["rows_affected"] ?? 0, duration: output["duration_ms"] ?? 0 }
  if (columns.length === 0) return shared
  const cells = rows.map((row) => isRecord(row) ? columns.map((column) => row[String(column)] ?? null) : row)
  return { ...shared, columns, rows: cells }
}
