/**
 * A `PostgresClient` on top of an Effect `SqlClient`: parameters are bound, rows become values, errors are ours.
 *
 * `PgPostgres` uses it over its pools; `layer` gives library users a `Postgres` made of the one client they have.
 */
import { Context, Effect, Layer, Queue, type Scope, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import type { Value } from "../../core/Value.ts"
import * as Health from "../../services/Health.ts"
import { Postgres, type PostgresClient, PostgresError, type QueryResult } from "../../services/Postgres.ts"
import { brief, fromSqlError, unreadableHint } from "./postgres/PostgresFailure.ts"
import type { PointReads } from "./postgres/PostgresPointReads.ts"
import { toParameter, toRecord, type Typed } from "./postgres/PostgresValues.ts"

export interface ClientOptions {
  /** The server, as it may be shown in messages. */
  readonly shown: string
  /** Makes a parameter of a stated type; without it the server guesses more. */
  readonly typed?: Typed | undefined
  readonly listen?: Listen | undefined
  /** The connections at this moment. */
  readonly pool?: (() => Health.Pool) | undefined
  /** Statements outside of transactions that may share a connection. */
  readonly pointReads?: PointReads | undefined
}

/** Registers a listener; the queue fails when its connection is lost. */
export type Listen = (
  channel: string
) => Effect.Effect<Queue.Dequeue<{ readonly payload: string }, SqlError>, SqlError, Scope.Scope>

/** Makes the client. `sql` must answer `.raw` as `@effect/sql-pg` does: with columns, rows and a count. */
export const make = (sql: SqlClient.SqlClient, options: ClientOptions): PostgresClient => {
  const { shown } = options
  const plain = sql.withoutTransforms()
  const bind = (params: ReadonlyArray<Value>) => params.map((value) => toParameter(value, options.typed))

  const ask = (text: string, params: ReadonlyArray<unknown>): Effect.Effect<unknown, SqlError> => {
    const alone = plain.unsafe(text, params).raw
    if (options.pointReads === undefined) return alone
    const { pointReads } = options
    return Effect.withFiber((fiber) =>
      Context.getOrUndefined(fiber.context, sql.transactionService) === undefined
        ? pointReads.ask(text, params, alone)
        : alone
    )
  }

  const query: PostgresClient["query"] = (text, params = [], queryOptions) => {
    const numeric = queryOptions?.numeric ?? "number"
    const bound = bind(params)
    return ask(text, bound).pipe(
      Effect.mapError((error) => fromSqlError(error, { shown, text })),
      Effect.flatMap((answer) => {
        if (queryOptions?.sameNames !== "number" || !isRawResult(answer) || !losesColumns(answer)) {
          return resultOf(answer, text, numeric)
        }
        if (answer.command !== "SELECT") return twoColumns(text, answer.fields)
        return plain.unsafe(text, bound).values.pipe(
          Effect.mapError((error) => fromSqlError(error, { shown, text })),
          Effect.flatMap((rows) => resultOf(withDistinctNames(answer, rows), text, numeric))
        )
      })
    )
  }

  const version = query("show server_version").pipe(
    Effect.map(({ rows }) => `PostgreSQL ${String(rows[0]?.["server_version"]).split(" ")[0]}`)
  )

  return {
    sql,
    query,
    stream: (text, params = [], queryOptions) =>
      plain.unsafe<object>(text, bind(params)).stream.pipe(
        Stream.mapError((error) => fromSqlError(error, { shown, text })),
        Stream.mapEffect((row) =>
          isUnreadable(row)
            ? Effect.fail(unreadable(text))
            : Effect.succeed(toRecord(row, queryOptions?.numeric ?? "number"))
        )
      ),
    transaction: (effect) =>
      sql.withTransaction(Effect.mapError(effect, Own.wrap)).pipe(
        Effect.mapError((error) =>
          error instanceof Own ? error.error : fromSqlError(error, { shown, text: "transaction" })
        )
      ),
    listen: Effect.fnUntraced(function*(channel: string) {
      if (options.listen === undefined) {
        return yield* new PostgresError({ reason: "Query", message: `the client of ${shown} cannot listen` })
      }
      const failed = (error: SqlError) => fromSqlError(error, { shown, text: `listen ${channel}` })
      const queue = yield* Effect.mapError(options.listen(channel), failed)
      return Stream.fromQueue(queue).pipe(Stream.map(({ payload }) => payload), Stream.mapError(failed))
    }),
    version,
    health: Health.ask({ version, ping: query("select 1"), pool: options.pool })
  }
}

/** Answers every `connect` with `sql`, whatever the URL. Fails nothing at start: the client is taken as it is. */
export const layer = (sql: SqlClient.SqlClient): Layer.Layer<Postgres> => {
  const listen = "listen" in sql && typeof sql.listen === "function" ? sql.listen as Listen : undefined
  const client = make(sql, { shown: "the given client", listen })
  return Layer.succeed(Postgres, Postgres.of({ connect: () => Effect.succeed(client) }))
}

/** Keeps the errors of a transaction's body apart from those of its begin and commit. */
class Own<E> {
  readonly error: E
  constructor(error: E) {
    this.error = error
  }
  static readonly wrap = <E>(error: E): Own<E> => new Own(error)
}

interface RawResult {
  readonly command: string
  readonly rowCount: number
  readonly rows: ReadonlyArray<object>
  readonly fields: ReadonlyArray<{ readonly name: string }>
}

const isRawResult = (answer: unknown): answer is RawResult =>
  typeof answer === "object" && answer !== null && "fields" in answer && "rows" in answer && "rowCount" in answer

const resultOf = (
  answer: unknown,
  text: string,
  numeric: "number" | "text"
): Effect.Effect<QueryResult, PostgresError> => {
  if (!isRawResult(answer)) return Effect.die(new Error("the SqlClient is not one of @effect/sql-pg"))
  // The driver keys rows by name: the first of two equal columns is gone, and must not be missed in silence.
  if (losesColumns(answer)) return twoColumns(text, answer.fields)
  if (answer.rows.some(isUnreadable)) return Effect.fail(unreadable(text))
  return Effect.succeed({
    command: answer.command,
    columns: answer.fields.map(({ name }) => name),
    rows: answer.rows.map((row) => toRecord(row, numeric)),
    rowsAffected: answer.rowCount
  })
}

const losesColumns = ({ fields, rows }: RawResult): boolean =>
  rows.length > 0 && new Set(fields.map(({ name }) => name)).size < fields.length

const twoColumns = (text: string, fields: RawResult["fields"]): Effect.Effect<never, PostgresError> => {
  const names = fields.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  const message = `"${brief(text)}" answers with two columns called ${JSON.stringify(twice)}; one of them would be lost`
  return Effect.fail(
    new PostgresError({ reason: "Query", message, hint: "give each column a name of its own: select a as x, b as y" })
  )
}

/** The same answer with its rows as they came, under names that differ. */
const withDistinctNames = (answer: RawResult, rows: ReadonlyArray<ReadonlyArray<unknown>>): RawResult => {
  const taken = new Set<string>()
  const fields = answer.fields.map(({ name }) => {
    let distinct = name
    for (let count = 2; taken.has(distinct); count++) distinct = `${name}_${count}`
    taken.add(distinct)
    return { name: distinct }
  })
  return {
    ...answer,
    fields,
    rowCount: rows.length,
    rows: rows.map((cells) => Object.fromEntries(fields.map(({ name }, at) => [name, cells[at]])))
  }
}

/** Text of the server never holds a NUL: where one is, bytes of a type without a reader were taken for text. */
const isUnreadable = (row: object): boolean =>
  Object.values(row).some((value) => typeof value === "string" && value.includes("\0"))

const unreadable = (text: string) =>
  new PostgresError({ reason: "Query", message: `the answer to "${brief(text)}" cannot be read`, hint: unreadableHint })
