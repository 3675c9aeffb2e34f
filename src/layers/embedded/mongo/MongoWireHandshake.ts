/** Commands of the wire server about itself: how drivers and shells find out whom they speak with. */
import { Clock, Effect } from "effect"
import { version } from "../../../core/Version.ts"
import { maxDocumentBytes, maxMessageBytes } from "./MongoWire.ts"
import type { Command } from "./MongoWireCall.ts"
import { failure } from "./MongoWireReply.ts"
import { timeoutMinutes } from "./MongoWireSessions.ts"

/** What is spoken is that of MongoDB 7.0: 8.0 has a bulkWrite of its own. */
const wireVersion = 21
const serverVersion = "7.0.0-skein"

/** The one member of a replica set, since standalone servers have no transactions and no change streams. */
export const hello: Command = Effect.fnUntraced(function*({ connection, name }) {
  const me = connection.address
  const now = yield* Clock.currentTimeMillis
  return {
    helloOk: true,
    ...(name === "hello" ? { isWritablePrimary: true } : { ismaster: true }),
    secondary: false,
    setName: "skein",
    setVersion: 1,
    hosts: [me],
    primary: me,
    me,
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: 100_000,
    localTime: new Date(now),
    logicalSessionTimeoutMinutes: timeoutMinutes,
    connectionId: connection.id,
    minWireVersion: 0,
    maxWireVersion: wireVersion,
    readOnly: false,
    ok: 1
  }
})

export const buildInfo: Command = () =>
  Effect.succeed({
    version: serverVersion,
    versionArray: [7, 0, 0, 0],
    skein: version,
    gitVersion: "none",
    modules: [],
    bits: 64,
    debug: false,
    maxBsonObjectSize: maxDocumentBytes,
    ok: 1
  })

export const serverStatus: Command = ({ store }) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    version: serverVersion,
    process: "skein",
    uptime: (now - store.startedAt) / 1_000,
    localTime: new Date(now),
    metrics: { cursor: { open: { total: store.cursors.count } } },
    ok: 1
  }))

export const connectionStatus: Command = () =>
  Effect.succeed({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] }, ok: 1 })

/** What shells ask for and can go on without. */
export const nothing: Command = () => Effect.succeed({ ok: 1 })

export const login: Command = () =>
  Effect.fail(
    failure(
      "AuthenticationFailed",
      "this server knows no users: leave user and password out of the URL",
      "Authentication"
    )
  )
