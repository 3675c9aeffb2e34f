/** What a `postgres` step does: runs its statements, and keeps what was said for the reports. */
import { Clock, Effect, type FileSystem, type Path, Schema, Stream } from "effect"
import * as Json from "../../core/Json.ts"
import * as Preview from "../../core/Preview.ts"
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as Postgres from "../../services/Postgres.ts"
import { type ActionContext, ActionError } from "../Action.ts"
import * as SqlTokens from "../compile/SqlTokens.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import * as Connection from "./Connection.ts"
import * as DataFile from "./DataFile.ts"

/** What one statement answered, in the words of the action's output. */
export interface Answer extends ValueRecord {
  readonly rows: ReadonlyArray<ValueRecord>
  readonly row: ValueRecord | null
  readonly columns: ReadonlyArray<string>
  readonly count: number
  readonly rows_affected: number
  readonly command: string
  readonly duration_ms: number
}

/** The answer to no statement at all. */
export const nothing: Answer = {
  rows: [],
  row: null,
  columns: [],
  count: 0,
  rows_affected: 0,
  command: "",
  duration_ms: 0
}

const Settings = Schema.Struct({
  max_connections: Schema.optionalKey(Fields.Int),
  min_connections: Schema.optionalKey(Fields.Int),
  idle_timeout: Schema.optionalKey(Fields.Duration),
  max_lifetime: Schema.optionalKey(Fields.Duration),
  connect_timeout: Schema.optionalKey(Fields.Duration),
  acquire_timeout: Schema.optionalKey(Fields.Duration),
  reconnect_timeout: Schema.optionalKey(Fields.Duration),
  prepare: Schema.optionalKey(Fields.Flag),
  application_name: Schema.optionalKey(Fields.Text),
  statement_timeout: Schema.optionalKey(Fields.Duration)
})

/** How a step comes to its database; `embedded:` is the case's own. */
export const family = {
  name: "postgres",
  service: Postgres.Postgres,
  settings: Schema.decodeUnknownResult(Settings),
  options: (settings: typeof Settings.Type): Postgres.ConnectOptions => {
    const { statement_timeout: _, ...options } = settings
    return Connection.inCode(options)
  },
  toActionError: (error: Postgres.PostgresError) => toActionError(error)
} satisfies Connection.Family<
  Postgres.Postgres,
  Postgres.PostgresClient,
  Postgres.PostgresError,
  Postgres.ConnectOptions,
  typeof Settings.Type
>

/** How statements are run. */
export interface RunOptions {
  /** Bound on each statement. */
  readonly timeout: Fields.DurationValue | undefined
  readonly numeric: "number" | "text"
  readonly sameNames?: "refuse" | "number" | undefined
}

/**
 * Runs the statements of one text, in a transaction of their own when they are several, and returns the last one's answer.
 * Each is attached to the step, also one that fails.
 */
export const runText = (
  client: Postgres.PostgresClient,
  { params, text }: Fields.Statement,
  options: RunOptions,
  context: ActionContext
): Effect.Effect<Answer, ActionError> => {
  const statements = SqlTokens.statements(text, params)
  const [first, ...more] = statements
  if (first === undefined) {
    return Effect.fail(new ActionError({ reason: "Invalid", message: "the SQL text holds no statement" }))
  }
  const run = (statement: SqlTokens.Statement) => runStatement(client, statement, options, context)
  return more.length === 0
    ? run(first)
    : inTransaction(client, Effect.map(Effect.forEach(statements, run), (answers) => answers.at(-1)!))
}

/** Runs statements so that all are done or none. */
export const inTransaction = <A, R>(
  client: Postgres.PostgresClient,
  effect: Effect.Effect<A, ActionError, R>
): Effect.Effect<A, ActionError, R> =>
  client.transaction(effect).pipe(
    Effect.mapError((error) => error._tag === "PostgresError" ? toActionError(error) : error)
  )

const runStatement = Effect.fnUntraced(function*(
  client: Postgres.PostgresClient,
  { params, text }: SqlTokens.Statement,
  options: RunOptions,
  context: ActionContext
): Effect.fn.Return<Answer, ActionError> {
  const { numeric, sameNames } = options
  const query = client.query(text, params, { numeric, sameNames }).pipe(
    Effect.mapBoth({
      onFailure: toActionError,
      onSuccess: (found) => ({ ...found, count: found.columns.length === 0 ? found.rowsAffected : found.rows.length })
    })
  )
  const { duration_ms, result } = yield* measured({ params, text }, query, options, context)
  const { columns, command, rows, rowsAffected } = result
  return { rows, row: rows[0] ?? null, columns, count: rows.length, rows_affected: rowsAffected, command, duration_ms }
})

/** Rows of a step that go through a file. */
export interface FileAnswer extends Answer {
  readonly file_path: string
  readonly size_bytes: number
}

/** Puts the rows of a query into the file `path`, as they come; the answer holds none of them. */
export const intoFile = Effect.fnUntraced(function*(
  client: Postgres.PostgresClient,
  { params, text }: Fields.Statement,
  path: string,
  options: RunOptions,
  context: ActionContext
): Effect.fn.Return<FileAnswer, ActionError, FileSystem.FileSystem | Path.Path> {
  const { numeric, sameNames } = options
  let columns: ReadonlyArray<string> = []
  const rows = client.stream(text, params, { numeric, sameNames }).pipe(
    Stream.mapError(toActionError),
    Stream.mapArray((chunk) => {
      columns = Object.keys(chunk[0])
      return chunk
    })
  )
  const { result, ...done } = yield* measured({ params, text }, DataFile.write(path, rows, context), options, context)
  return { ...nothing, ...done, ...result, columns, rows_affected: result.count, command: "SELECT", file_path: path }
})

/** Rows of a file that one statement is given at a time. */
const chunkRows = 1_000

/** Runs a statement for the rows of the file `path`, a chunk of them as JSON in `$1`, in one transaction. */
export const fromFile = Effect.fnUntraced(function*(
  client: Postgres.PostgresClient,
  { params, text }: Fields.Statement,
  path: string,
  options: RunOptions,
  context: ActionContext
): Effect.fn.Return<Answer, ActionError, FileSystem.FileSystem | Path.Path> {
  const { numeric, sameNames } = options
  const each = (rows: ReadonlyArray<Value>) =>
    Effect.map(
      client.query(text, [Json.stringify(rows), ...params], { numeric, sameNames }),
      ({ command, rowsAffected }) => ({ command, count: rows.length, rows_affected: rowsAffected })
    ).pipe(Effect.mapError(toActionError))
  const all = DataFile.read(path, context).pipe(
    Stream.grouped(chunkRows),
    Stream.mapEffect(each),
    Stream.runFold(() => ({ command: "", count: 0, rows_affected: 0 }), (sum, one) => ({
      command: one.command,
      count: sum.count + one.count,
      rows_affected: sum.rows_affected + one.rows_affected
    }))
  )
  const { result, ...done } = yield* measured({ params, text }, inTransaction(client, all), options, context)
  return { ...nothing, ...done, ...result }
})

/** Bounds work by the statement's time-out and attaches it to the step, also when it fails. */
const measured = Effect.fnUntraced(function*<A extends { readonly count: number }, R>(
  { params, text }: Fields.Statement,
  work: Effect.Effect<A, ActionError, R>,
  { timeout }: RunOptions,
  context: ActionContext
) {
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const elapsed = () => Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
  const attach = (rows?: number) =>
    context.attach({
      _tag: "Sql",
      statement: text,
      params: params.map((param) => Text.show(param)),
      ...(rows === undefined ? {} : { rows }),
      duration_ms: elapsed()
    })
  const bounded = timeout === undefined ? work : Effect.timeoutOrElse(work, {
    duration: timeout,
    orElse: () => Effect.fail(tooLong(text))
  })
  // An interrupted statement is worth seeing too.
  const result = yield* Effect.onError(bounded, () => attach())
  yield* attach(result.count)
  return { result, duration_ms: elapsed() }
})

const tooLong = (text: string) =>
  new ActionError({
    reason: "Timeout",
    message: `the statement was cancelled, it did not end within its timeout: ${Preview.cut(text.trim(), 120)}`
  })

const reasons: Readonly<Record<Postgres.PostgresError["reason"], ActionError["reason"]>> = {
  Connection: "Connection",
  Authentication: "Unavailable",
  Timeout: "Timeout",
  Busy: "Timeout",
  // The server asks for another try.
  Deadlock: "Timeout",
  Canceled: "Timeout",
  Syntax: "Invalid",
  Constraint: "Invalid",
  Query: "Invalid"
}

const toActionError = (error: Postgres.PostgresError): ActionError => {
  const detail = error.detail === undefined ? "" : `; ${error.detail}`
  return new ActionError({
    reason: reasons[error.reason],
    message: `${error.message}${detail}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })
}

/** Statements that only look can run beside others; whether the text does is known while it is constant. */
export const effectOf = (constants: ValueRecord, present?: ReadonlySet<string>): "read" | "write" => {
  if (present?.has("into") === true) return "write"
  const text: Value | undefined = constants["query"] ?? constants["execute"]
  return typeof text === "string" && SqlTokens.statements(text).every(({ text }) => SqlTokens.isRead(text))
    ? "read"
    : "write"
}
