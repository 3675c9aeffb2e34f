/**
 * Postgres without a server: PGlite, a Postgres compiled to WebAssembly, behind the same client as a server.
 *
 * - `embedded:` a database of its own for each `connect`, gone when the client's scope closes
 * - `embedded:NAME` one for all who name it, gone with the layer
 * - `embedded:./folder`, `embedded:/folder` kept in that folder, which one process at a time may use
 *
 * Those in memory share one PGlite (some 400 MB, however many there are); `PgliteMultiplexer` keeps them apart.
 */
import { Duration, Effect, Layer, RcMap, Redacted, Result } from "effect"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { workerEntry } from "../../core/WorkerEntry.ts"
import { type ConnectOptions, Postgres, PostgresError } from "../../services/Postgres.ts"
import * as FolderLock from "../FolderLock.ts"
import { openPool } from "../live/PgPostgres.ts"
import * as Instance from "./pglite/PgliteInstance.ts"

export interface Options {
  /** The file of the root `worker.ts`, or its bundle. @default the one that comes with this file */
  readonly entry?: URL | undefined
  /** Where the snapshot of a fresh database is kept. @default $XDG_CACHE_HOME/skein or ~/.cache/skein */
  readonly cacheFolder?: string | undefined
  /** Folder that relative ones in URLs start from. @default the working directory */
  readonly directory?: string | undefined
  /** Longest wait for a transaction of another connection that does nothing. @default "5 seconds" */
  readonly lockTimeout?: Duration.Input | undefined
  /** Longest wait of a statement for its turn. @default "60 seconds" */
  readonly turnTimeout?: Duration.Input | undefined
  /** How long a cancelled statement may go on before the database is stopped. @default "2 seconds" */
  readonly cancelTimeout?: Duration.Input | undefined
  /** Bound on one answer, which is held in memory. @default 256 MiB */
  readonly maxAnswerBytes?: number | undefined
}

/** A database by its place: one of those in memory, or a folder. Shared ones stay until the layer closes. */
interface Database {
  /** Absolute; empty for those in memory. */
  readonly folder: string
  /** Keeps those in memory apart; empty in a folder, which holds only one. */
  readonly key: string
  readonly shared: boolean
  readonly shown: string
}

const make = Effect.fnUntraced(function*(options: Options) {
  const fork = Effect.runForkWith(yield* Effect.context())
  // Keys are prefixes of names, which Postgres cuts at 63 letters: so they are short.
  const keys = new Map<string, string>()
  let counter = 0
  const keyOf = (name: string | undefined): string => {
    const known = name === undefined ? undefined : keys.get(name)
    if (known !== undefined) return known
    const key = String(++counter)
    if (name !== undefined) keys.set(name, key)
    return key
  }

  const instances = yield* RcMap.make({
    lookup: Effect.fnUntraced(function*(folder: string) {
      if (folder !== "") yield* FolderLock.hold(folder).pipe(Effect.mapError((refusal) => notHeld(folder, refusal)))
      return yield* Instance.open({ ...instanceOptions(options, folder), onLost: () => void fork(forget(folder)) })
    }),
    idleTimeToLive: (folder) => folder === "" ? "1 minute" : Duration.zero
  })

  const databases = yield* RcMap.make({
    lookup: Effect.fnUntraced(function*({ folder, key }: Database) {
      const instance = yield* RcMap.get(instances, folder)
      if (key !== "") yield* Effect.addFinalizer(() => Effect.promise(() => instance.drop(key)))
      return instance
    }),
    idleTimeToLive: ({ shared }: Database) => shared ? Duration.infinity : Duration.zero
  })

  const pools = yield* RcMap.make({
    lookup: Effect.fnUntraced(
      function*({ connect, database }: { readonly database: Database; readonly connect: ConnectOptions }) {
        const instance = yield* RcMap.get(databases, database)
        return yield* openPool({
          shown: database.shown,
          server: database.shown,
          password: Redacted.make(""),
          stream: () => instance.connect(database.key)
        }, connect)
      }
    ),
    idleTimeToLive: ({ database }: { readonly database: Database }) => database.shared ? "30 seconds" : Duration.zero
  })

  /** Lets the next one who connects find a new database in place of one that broke down. */
  const forget = Effect.fnUntraced(function*(folder: string) {
    for (const key of yield* RcMap.keys(pools)) if (key.database.folder === folder) yield* RcMap.invalidate(pools, key)
    for (const key of yield* RcMap.keys(databases)) if (key.folder === folder) yield* RcMap.invalidate(databases, key)
    yield* RcMap.invalidate(instances, folder)
  })

  return Postgres.of({
    connect: Effect.fn("Postgres.connect")(function*(url, connect = {}) {
      const text = Redacted.isRedacted(url) ? Redacted.value(url) : url
      const database = yield* Effect.fromResult(parse(text, options.directory ?? process.cwd(), keyOf))
      const pool = yield* RcMap.get(pools, { database, connect })
      yield* pool.reach
      return pool.client
    })
  })
})

/** Starts nothing until the first `connect`; when it closes, the databases in memory are gone. */
export const layer = (options: Options = {}): Layer.Layer<Postgres> => Layer.effect(Postgres, make(options))

const instanceOptions = (options: Options, folder: string): Omit<Instance.Options, "onLost"> => ({
  entry: options.entry ?? besideThis,
  cacheFolder: options.cacheFolder ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "skein"),
  folder: folder === "" ? undefined : folder,
  lockMillis: millis(options.lockTimeout ?? "5 seconds"),
  turnMillis: millis(options.turnTimeout ?? "60 seconds"),
  cancelMillis: millis(options.cancelTimeout ?? "2 seconds"),
  maxAnswerBytes: options.maxAnswerBytes ?? 256 * 1024 * 1024
})

const besideThis = workerEntry(import.meta.url, "../../")

const millis = (input: Duration.Input) => Duration.toMillis(Duration.fromInputUnsafe(input))

const parse = (
  url: string,
  directory: string,
  keyOf: (name?: string) => string
): Result.Result<Database, PostgresError> => {
  const place = url.replace(/^embedded:/, "")
  if (place === "") return Result.succeed({ folder: "", key: keyOf(), shared: false, shown: "embedded:" })
  if (/^(\.{0,2}\/|\.{1,2}$)/.test(place)) {
    const folder = resolve(directory, place)
    return Result.succeed({ folder, key: "", shared: false, shown: `embedded:${folder}` })
  }
  if (/^[\w.-]{1,100}$/.test(place)) {
    return Result.succeed({ folder: "", key: keyOf(place), shared: true, shown: `embedded:${place}` })
  }
  return Result.fail(
    new PostgresError({
      reason: "Connection",
      message: `${JSON.stringify(url)} names no embedded Postgres`,
      hint:
        "write embedded: for one of its own, embedded:name (letters, digits, _ . -) for a shared one, embedded:./folder for one that is kept"
    })
  )
}

const notHeld = (folder: string, refusal: FolderLock.Refusal) =>
  refusal._tag === "Held"
    ? new PostgresError({
      reason: "Busy",
      message: `the embedded Postgres in ${folder} cannot be opened: the folder is held by ${refusal.by}`,
      hint: "wait until it is done, or name another folder; when nobody uses it, delete " +
        join(folder, FolderLock.fileName)
    })
    : new PostgresError({
      reason: "Connection",
      message: `the embedded Postgres in ${folder} cannot be opened: ${String(refusal.cause)}`,
      hint: "name a folder that can be made and written to"
    })
