/** The commands that the wire server knows, each run in its session and within its time. */
import { Effect } from "effect"
import type { Document, DocumentStoreError } from "../../../services/DocumentStore.ts"
import { type Call, type Command, type Connection, type Store } from "./MongoWireCall.ts"
import * as Catalog from "./MongoWireCatalog.ts"
import * as Handshake from "./MongoWireHandshake.ts"
import * as Reads from "./MongoWireReads.ts"
import { failed, failure, numberOf } from "./MongoWireReply.ts"
import { idOf, type Reply, type Sessions } from "./MongoWireSessions.ts"
import * as Writes from "./MongoWireWrites.ts"

/** Maps, since the names come from outside: `constructor` is none of them. */
const commands: ReadonlyMap<string, Command> = new Map(Object.entries({
  hello: Handshake.hello,
  isMaster: Handshake.hello,
  ismaster: Handshake.hello,
  ping: Handshake.nothing,
  buildInfo: Handshake.buildInfo,
  buildinfo: Handshake.buildInfo,
  serverStatus: Handshake.serverStatus,
  connectionStatus: Handshake.connectionStatus,
  getParameter: Handshake.nothing,
  refreshSessions: Handshake.nothing,
  saslStart: Handshake.login,
  authenticate: Handshake.login,

  find: Reads.find,
  count: Reads.count,
  distinct: Reads.distinct,
  aggregate: Reads.aggregate,
  explain: Reads.explain,
  getMore: Reads.getMore,
  killCursors: Reads.killCursors,

  insert: Writes.insert,
  update: Writes.update,
  delete: Writes.remove,
  findAndModify: Writes.findAndModify,
  findandmodify: Writes.findAndModify,

  create: Catalog.create,
  drop: Catalog.drop,
  dropDatabase: Catalog.dropDatabase,
  listDatabases: Catalog.listDatabases,
  listCollections: Catalog.listCollections,
  createIndexes: Catalog.createIndexes,
  listIndexes: Catalog.listIndexes,
  dropIndexes: Catalog.dropIndexes
}))

const documentWrites = [Writes.insert, Writes.update, Writes.remove, Writes.findAndModify]
const catalogWrites = [Catalog.create, Catalog.drop, Catalog.dropDatabase, Catalog.createIndexes, Catalog.dropIndexes]
const reads = [Reads.find, Reads.aggregate, Reads.distinct, Reads.getMore, Reads.killCursors]

const inTransactions: ReadonlySet<Command> = new Set([...reads, ...documentWrites])
const writing: ReadonlySet<Command | undefined> = new Set([...documentWrites, ...catalogWrites])

export interface Context {
  readonly store: Store
  readonly sessions: Sessions
  readonly connection: Connection
}

/** Whether a command goes on when its client has gone, who may ask for the answer on another connection. */
export const outlivesClient = (command: Document): boolean =>
  command["txnNumber"] !== undefined || writing.has(commands.get(nameOf(command)))

/** Runs a command and answers with what is sent: a failure is an answer too. */
export const run = (command: Document, context: Context): Effect.Effect<Reply> => {
  const inTransaction = command["autocommit"] === false
  return Effect.suspend(() => answer(command, context)).pipe(
    Effect.catch((error) => Effect.succeed(failed(error, { inTransaction }))),
    // A bug here must not leave the client waiting.
    Effect.catchDefect((defect) =>
      Effect.succeed(failed(failure("InternalError", String(defect), "Refused"), { inTransaction: false }))
    )
  )
}

const answer = (command: Document, context: Context): Effect.Effect<Reply, DocumentStoreError> => {
  const name = nameOf(command)
  const ending = endings.get(name)
  if (ending !== undefined) return ending(command, context)
  const run = commands.get(name)
  if (run === undefined) {
    return Effect.fail(failure("CommandNotFound", `no such command: '${name}'`, "Unsupported"))
  }
  if (command["autocommit"] === false && !inTransactions.has(run)) {
    return Effect.fail(
      failure("OperationNotSupportedInTransaction", `${name} cannot be in a transaction`, "Unsupported")
    )
  }
  const { connection, sessions, store } = context
  const call = {
    name,
    command,
    database: String(command["$db"] ?? "admin"),
    session: idOf(command["lsid"]),
    connection,
    store
  } satisfies Omit<Call, "within">
  return within(command, sessions.run(command, (within) => run({ ...call, within })))
}

/** Commands about sessions themselves. */
const endings: ReadonlyMap<string, Ending> = new Map<string, Ending>([
  ["commitTransaction", (command, { sessions }) => sessions.end(command, "commit")],
  ["abortTransaction", (command, { sessions }) => sessions.end(command, "abort")],
  ["endSessions", (command, context) => forget(command["endSessions"], context)],
  ["killSessions", (command, context) => forget(command["killSessions"], context)]
])

type Ending = (command: Document, context: Context) => Effect.Effect<Reply, DocumentStoreError>

const forget = (listed: unknown, { sessions, store }: Context) => {
  const ids = new Set((Array.isArray(listed) ? listed : []).flatMap((lsid) => idOf(lsid) ?? []))
  store.cursors.killWhere(({ session }) => session !== undefined && ids.has(session))
  return Effect.as(sessions.forget(ids), { ok: 1 })
}

/** For getMore it is how long a change is waited for. */
const within = (command: Document, running: Effect.Effect<Reply, DocumentStoreError>) => {
  const millis = numberOf(command["maxTimeMS"], 0)
  return millis === 0 || command["getMore"] !== undefined ? running : Effect.timeoutOrElse(running, {
    duration: millis,
    orElse: () => Effect.fail(failure("MaxTimeMSExpired", "operation exceeded time limit", "Timeout"))
  })
}

const nameOf = (command: Document): string => Object.keys(command)[0] ?? ""
