/**
 * Access to Postgres databases, named by URL.
 *
 * Implementations: `layers/live/PgPostgres` (a server), `layers/embedded/PglitePostgres` (none needed),
 * `layers/fake/FakePostgres`; `layers/Connections` picks by URL. All pass `test/services/PostgresSuite`.
 */
import { Context, type Duration, type Effect, type Redacted, Schema, type Scope, type Stream } from "effect"
import type { SqlClient } from "effect/sql"
import type { Value, ValueRecord } from "../core/Value.ts"
import type { Health } from "./Health.ts"

export class Postgres extends Context.Service<Postgres, {
  /**
   * Hands out a client for the database at `url`, good until the scope closes.
   *
   * `postgres://` and `postgresql://` reach a server, `embedded:KEY` and `embedded:./folder` need none. Clients of one URL
   * with the same options share their connections. Fails when no connection can be made.
   */
  readonly connect: (
    url: string | Redacted.Redacted<string>,
    options?: ConnectOptions
  ) => Effect.Effect<PostgresClient, PostgresError, Scope.Scope>
}>()("skein/services/Postgres") {}

/** Bounds of the connections of one URL. */
export interface ConnectOptions {
  /** Most connections open at a time. @default 25 */
  readonly maxConnections?: number | undefined
  /** Connections kept open when nobody uses them. @default 0 */
  readonly minConnections?: number | undefined
  /** A connection not used for this long is closed. @default "30 seconds" */
  readonly idleTimeout?: Duration.Input | undefined
  /** A connection older than this is replaced before its next use. @default "5 minutes" */
  readonly maxLifetime?: Duration.Input | undefined
  /** Bound on making one connection, TLS and login included. @default "10 seconds" */
  readonly connectTimeout?: Duration.Input | undefined
  /** Longest wait for a connection while all are in use; then `Busy`. @default "30 seconds" */
  readonly acquireTimeout?: Duration.Input | undefined
  /** Once the server has been reached, how long a lost connection is tried again, with back-off. @default "5 seconds" */
  readonly reconnectTimeout?: Duration.Input | undefined
  /** Keeps statements prepared by name. Switch it off behind a pooler that cannot. @default true */
  readonly prepare?: boolean | undefined
  /** What the server shows in `pg_stat_activity`. @default "skein" */
  readonly applicationName?: string | undefined
}

export interface PostgresClient {
  /** The same connections for library users: tagged templates, models, resolvers. Rows are those of `@effect/sql-pg`. */
  readonly sql: SqlClient.SqlClient

  /**
   * Runs one statement with `params` bound to `$1`, `$2`, ...: lists become arrays, records `jsonb`, bytes `bytea`; text is
   * of the type that the statement wants. In a {@link PostgresClient.transaction} it is part of it. Interruption cancels it
   * on the server.
   */
  readonly query: (
    text: string,
    params?: ReadonlyArray<Value>,
    options?: QueryOptions
  ) => Effect.Effect<QueryResult, PostgresError>

  /** Runs one statement and emits its rows as they come. Holds a connection until the stream ends. */
  readonly stream: (
    text: string,
    params?: ReadonlyArray<Value>,
    options?: QueryOptions
  ) => Stream.Stream<ValueRecord, PostgresError>

  /** Runs `effect` in a transaction that rolls back when it fails or is interrupted. Inside another one: a savepoint. */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | PostgresError, R>

  /** Emits the payloads sent to `channel` from now on. Holds a connection; fails with `Connection` when that is lost. */
  readonly listen: (
    channel: string
  ) => Effect.Effect<Stream.Stream<string, PostgresError>, PostgresError, Scope.Scope>

  /** What the server calls itself, such as `PostgreSQL 18.4`. */
  readonly version: Effect.Effect<string, PostgresError>

  /** Asks the server: `up` or `down`. Waits for a connection as every statement does. */
  readonly health: Effect.Effect<Health>
}

export interface QueryOptions {
  /**
   * How a `numeric` comes: as a number when that is exact and as its text when not, or always as its text, scale included.
   * @default "number"
   */
  readonly numeric?: "number" | "text" | undefined
  /**
   * What becomes of columns of one name. `number`: the second `id` is `id_2`; a SELECT is then asked twice, as the driver keeps
   * only one of them at first. Other statements, and `refuse`, are an error.
   * @default "refuse"
   */
  readonly sameNames?: "refuse" | "number" | undefined
}

/** What one statement answered. `rows` have one field per column, in the order of `columns`. */
export interface QueryResult {
  /** `SELECT`, `INSERT`, `CREATE`, ...: the first word of the server's answer. */
  readonly command: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ValueRecord>
  /** Rows changed or returned, as the server counts them. */
  readonly rowsAffected: number
}

/**
 * Failure of one operation. `reason` says what kind:
 *
 * - `Connection` the server was not reached, or was lost; the statement may or may not have been done
 * - `Authentication` the server refused the user or the password
 * - `Timeout` a statement, lock or connection time-out passed
 * - `Syntax` the statement is wrong: syntax, unknown names, types that do not fit
 * - `Constraint` a rule of a table was broken (unique, foreign key, not null, check); `constraint` names it
 * - `Deadlock` the server gave this transaction up for another one; it can be tried again
 * - `Canceled` somebody cancelled the statement
 * - `Busy` no connection became free in time, or the one backend of an embedded database was held by a transaction
 * - `Query` anything else that the server refused
 *
 * No message holds a password. The text of the statement is in it, its parameters are not.
 */
export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  reason: Schema.Literals([
    "Connection",
    "Authentication",
    "Timeout",
    "Syntax",
    "Constraint",
    "Deadlock",
    "Canceled",
    "Busy",
    "Query"
  ]),
  /** What was tried, on what, and what went wrong. */
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String),
  /** Five characters, such as `23505`. */
  sqlState: Schema.optionalKey(Schema.String),
  constraint: Schema.optionalKey(Schema.String),
  /** Where in the statement, in characters from 1. */
  position: Schema.optionalKey(Schema.Int),
  /** What the server adds, such as the key that is there already. May hold data. */
  detail: Schema.optionalKey(Schema.String)
}) {}
