/**
 * Postgres servers through `@effect/sql-pg`: one pool per URL, opened on first use, shared by all who name the same URL
 * with the same options, closed half a minute after the last of them or with the layer.
 *
 * The one file that knows the driver: `PglitePostgres` gives `openPool` a stream instead of a URL.
 */
import { PgClient, PgConnection, PgPool, PgTypes } from "@effect/sql-pg"
import { Duration, Effect, Layer, Option, RcMap, type Redacted, Result, Schedule, Scope, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection } from "effect/sql"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"
import type { Duplex } from "node:stream"
import * as DurationText from "../../core/DurationText.ts"
import type { Value } from "../../core/Value.ts"
import * as PoolMetrics from "../../services/PoolMetrics.ts"
import { type ConnectOptions, Postgres, type PostgresClient, type PostgresError } from "../../services/Postgres.ts"
import * as Address from "./postgres/PostgresAddress.ts"
import { codecs, decodeArray, Numeric } from "./postgres/PostgresCodecs.ts"
import { fromSqlError, PoolExhausted } from "./postgres/PostgresFailure.ts"
import * as PointReads from "./postgres/PostgresPointReads.ts"
import { toNative, type Typed } from "./postgres/PostgresValues.ts"
import * as SqlClientPostgres from "./SqlClientPostgres.ts"

const make = Effect.gen(function*() {
  const pools = yield* RcMap.make({
    lookup: ({ address, options }: { readonly address: Address.Address; readonly options: ConnectOptions }) =>
      openPool(address, options),
    idleTimeToLive: "30 seconds"
  })

  return Postgres.of({
    connect: Effect.fn("Postgres.connect")(function*(url, options = {}) {
      const address = yield* Effect.fromResult(Address.parse(url))
      const pool = yield* RcMap.get(pools, { address, options })
      yield* pool.reach
      return pool.client
    })
  })
})

/** Opens nothing until the first `connect`; closes every pool when it closes. */
export const layer: Layer.Layer<Postgres> = Layer.effect(Postgres, make)

/** Where a pool's connections lead: a URL, or a stream that speaks the wire protocol. */
export interface Target {
  /** As it may be shown in messages. */
  readonly shown: string
  /** As it stands in labels of metrics. */
  readonly server: string
  readonly url?: Redacted.Redacted<string>
  readonly password?: Redacted.Redacted<string> | undefined
  readonly stream?: () => Duplex
}

export interface Pool {
  readonly client: PostgresClient
  /** Makes sure that the database answers; asks only until it has once. */
  readonly reach: Effect.Effect<void, PostgresError>
}

/** Makes a pool that connects on first use and closes with the scope. */
export const openPool = Effect.fnUntraced(function*(
  target: Target,
  options: ConnectOptions
): Effect.fn.Return<Pool, PostgresError, Scope.Scope> {
  const { shown } = target
  const maxConnections = options.maxConnections ?? 25
  const meter = yield* PoolMetrics.meter({ service: "postgres", server: target.server }, maxConnections)
  const prepare = target.stream === undefined && (options.prepare ?? true)
  // Poolers that cannot prepare do not take the parameters of shared connections either.
  const sharedConnections = prepare ? Math.min(2, Math.floor(maxConnections / 4)) : 0
  const exclusiveConnections = maxConnections - sharedConnections
  const config: PgConnection.Config = {
    ...(target.stream === undefined
      ? { url: target.url, keepAlive: "30 seconds" }
      : { stream: target.stream, ssl: false, username: "postgres", database: "postgres" }),
    ...(target.password === undefined ? {} : { password: countedPassword(target.password, meter) }),
    // An embedded database holds the statements of all connections together, where names would meet.
    prepare,
    types,
    applicationName: options.applicationName ?? "skein",
    connectTimeout: options.connectTimeout ?? "10 seconds"
  }
  const idleTimeout = Duration.fromInputUnsafe(options.idleTimeout ?? "30 seconds")
  const maxLifetime = Duration.fromInputUnsafe(options.maxLifetime ?? "5 minutes")
  const pool = yield* PgPool.make({
    ...config,
    maxConnections: exclusiveConnections,
    minConnections: Math.min(options.minConnections ?? 0, exclusiveConnections),
    idleTimeout,
    connectionTTL: maxLifetime
  }).pipe(Effect.mapError((error) => fromSqlError(error, { shown })))

  let reached = false
  const acquire = (take: typeof pool.get): typeof pool.get =>
    take.pipe(
      Effect.tap(Effect.sync(() => reached = true)),
      // An embedded database that was lost does not come back.
      Effect.retry({
        while: (error) => target.stream === undefined && worthAnotherTry(error, reached),
        schedule: reconnecting(options)
      }),
      Effect.timeoutOrElse({
        duration: options.acquireTimeout ?? "30 seconds",
        orElse: () => exhausted(exclusiveConnections, options)
      }),
      meter.lend
    )

  const sql = yield* SqlClient.make({
    driver: "pg",
    acquirer: Effect.map(acquire(pool.get), connectionOf),
    transactionAcquirer: Effect.map(acquire(pool.reserve), connectionOf),
    compiler: PgClient.makeCompiler(),
    prepareTransactionControls: target.stream === undefined,
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [["db.system.name", "postgresql"], ["server.address", shown]],
    transformRows: (rows) => rows.map(nativeRow)
  }).pipe(Effect.provide(Reactivity.layer))

  const pointReads = yield* PointReads.make({
    open: PgConnection.make({ ...config, multiplex: true, startupParameters: PointReads.startupParameters }),
    connections: sharedConnections,
    idleTimeout,
    maxLifetime
  })

  const client = SqlClientPostgres.make(sql, {
    shown,
    typed,
    pool: meter.read,
    pointReads,
    listen: (channel) => Effect.flatMap(acquire(pool.reserve), (connection) => connection.listen(channel))
  })
  return { client, reach: Effect.suspend(() => reached ? Effect.void : Effect.asVoid(client.version)) }
})

/**
 * The driver asks for the password of each connection that it makes, in the scope of that connection. It tells in no other
 * way when it opens and closes one, so they are counted here.
 */
const countedPassword = (password: Redacted.Redacted<string>, meter: PoolMetrics.Meter) =>
  Effect.flatMap(
    Effect.serviceOption(Scope.Scope),
    Option.match({
      onNone: () => Effect.succeed(password),
      onSome: (scope) => {
        meter.opened()
        return Effect.as(Scope.addFinalizer(scope, Effect.sync(meter.closed)), password)
      }
    })
  )

/**
 * Only connecting is tried again, never a statement. A server that was never there is not waited for, unless it says that
 * it is starting up or full.
 */
const worthAnotherTry = (error: SqlError, reached: boolean): boolean => {
  const { reason, sqlState } = fromSqlError(error, { shown: "" })
  return sqlState === "57P03" || sqlState === "53300" || reached && reason === "Connection"
}

const reconnecting = (options: ConnectOptions) =>
  Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]).pipe(
    Schedule.jittered,
    Schedule.upTo({ duration: options.reconnectTimeout ?? "5 seconds" })
  )

const exhausted = (maxConnections: number, options: ConnectOptions) => {
  const waited = DurationText.format(Duration.fromInputUnsafe(options.acquireTimeout ?? "30 seconds"))
  const cause = new PoolExhausted(`no connection became free in ${waited}; the pool has ${maxConnections}`)
  return Effect.fail(new SqlError({ reason: new ConnectionError({ cause, operation: "acquire" }) }))
}

/** The server answers COMMIT with ROLLBACK when a statement had failed: that is no success. */
const commit = (connection: SqlConnection.Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(
    connection.executeRaw("COMMIT", []),
    (answer) =>
      typeof answer === "object" && answer !== null && "command" in answer && answer.command === "ROLLBACK"
        ? Effect.fail(
          new SqlError({
            reason: new UnknownError({
              cause: new Error("a statement of it had failed, so the server rolled it back"),
              operation: "commit"
            })
          })
        )
        : Effect.void
  )

const connectionOf = (connection: PgConnection.PgConnection): SqlConnection.Connection => {
  const rows = (prepare: boolean): SqlConnection.Connection["execute"] => (sql, params, transformRows) =>
    Effect.map(
      connection.query(sql, params, prepare),
      ({ rows }) => transformRows === undefined ? rows : transformRows(rows)
    )
  const values = (prepare: boolean): SqlConnection.Connection["executeValues"] => (sql, params) =>
    Effect.map(connection.queryValues(sql, params, prepare), (rows) => rows.map((row) => row.map(toNative)))
  return {
    execute: rows(true),
    executeUnprepared: rows(false),
    executeRaw: (sql, params) => connection.query(sql, params),
    executeValues: values(true),
    executeValuesUnprepared: values(false),
    executeStream: (sql, params, transformRows) => {
      const stream = connection.stream(sql, params)
      return transformRows === undefined ? stream : Stream.map(stream, (row) => nativeRow(row))
    }
  }
}

const nativeRow = <A extends object>(row: A): A => {
  for (const [key, value] of Object.entries(row)) {
    // A row is ours until it is handed out: changing it in place spares a copy of every row.
    if (typeof value === "object" && value !== null) Object.defineProperty(row, key, { value: toNative(value) })
  }
  return row
}

const unreadable = (message: string) => new PgTypes.CodecError({ message })

const numericText = (bytes: Uint8Array): string =>
  Result.getOrElse(PgTypes.decode(bytes, PgTypes.OID.numeric, 1), () => "NaN") as string

/** The driver's codecs with ours over them. Of our own only JSON is ever written; for the rest the driver's writer is right. */
const makeTypes = (): PgTypes.Registry => {
  const registry = PgTypes.makeRegistry()
  const register = (oid: number, decode: (bytes: Uint8Array) => unknown, encode?: (value: Value) => Uint8Array) =>
    registry.register<unknown>(oid, {
      decode: (bytes) => Result.try({ try: () => decode(bytes), catch: (error) => unreadable(String(error)) }),
      encode: (value) => encode === undefined ? PgTypes.encode(value, oid) : Result.succeed(encode(value as Value))
    })
  const array = (bytes: Uint8Array) =>
    decodeArray(bytes, (element, oid) => Result.getOrThrow(PgTypes.decode(element, oid, 1, registry)))

  const own = codecs(numericText)
  register(PgTypes.OID.numeric, (bytes) => new Numeric(numericText(bytes)))
  for (const { decode, encode, oid } of own) register(oid, decode, encode)
  for (const { arrayOid } of own) if (arrayOid !== undefined) register(arrayOid, array)
  for (const [name, oid] of Object.entries(PgTypes.OID)) if (name.endsWith("Array")) register(oid, array)
  return registry
}
const types = makeTypes()

const typed: Typed = (oid, value): PgTypes.Parameter => ({
  [PgTypes.ParameterTypeId]: PgTypes.ParameterTypeId,
  oid,
  value
})
