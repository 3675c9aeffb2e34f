/**
 * Many connections over the one backend of a PGlite: one unit of messages at a time goes through, and its answer back.
 *
 * - A connection inside a transaction keeps the backend until the transaction ends. Who waits longer than `lockMillis` for
 *   one that does nothing is told so: most likely it waits for itself.
 * - Each connection belongs to a key. The objects of other keys are hidden while its units run (`PgliteSchemas`).
 * - What a connection has set is reset before another one speaks; channels are listened to by each for itself.
 * - A cancel request ends a waiting unit at once and a running one through `Backend.cancel`.
 */
import type { Duplex } from "node:stream"
import * as Bytes from "../../../core/Bytes.ts"
import { Answer } from "./PgliteAnswer.ts"
import * as Connection from "./PgliteConnection.ts"
import * as Schemas from "./PgliteSchemas.ts"
import * as Wire from "./PgWire.ts"

/** The database: one unit at a time. */
export interface Backend {
  readonly version: string
  /** Does a unit and passes its answer on in pieces; `done` comes last, with the reason when the backend broke down. */
  readonly run: (bytes: Uint8Array, onData: (bytes: Uint8Array) => void, done: (broken?: string) => void) => void
  /** Ends the unit in hand early; ends the backend when that does not help. */
  readonly cancel: () => void
  /** The database is gone: whoever comes next needs another one. */
  readonly onLost: (why: string) => void
}

/** Bounds; waits are in milliseconds. */
export interface Limits {
  /** Longest wait for a transaction that does nothing. */
  readonly lockMillis: number
  /** Longest wait for a turn. */
  readonly turnMillis: number
  /** Longest answer; it is held in memory. */
  readonly maxAnswerBytes: number
}

export interface Multiplexer {
  /** Opens a connection that sees the objects of `key`; the empty key sees what no key has. */
  readonly connect: (key: string) => Duplex
  /** Drops everything that belongs to `key`. Never fails: what cannot be dropped stays hidden. */
  readonly drop: (key: string) => Promise<void>
  /** Ends every connection. Doing it again does nothing. */
  readonly close: (why: string) => void
  /** Ends every connection because the backend is lost, and tells `Backend.onLost` once. */
  readonly lose: (why: string) => void
}

export const make = (backend: Backend, limits: Limits): Multiplexer => {
  const state: State = {
    backend,
    limits,
    connections: new Map(),
    waiting: [],
    running: undefined,
    owner: undefined,
    ownerIdleSince: 0,
    last: undefined,
    lastKey: "",
    relisten: false,
    dead: 0,
    ended: undefined,
    timer: undefined,
    pids: 0
  }
  const handlers: Connection.Handlers = {
    version: backend.version,
    nextPid: () => ++state.pids,
    onOpen: (connection) => void state.connections.set(connection.pid, connection),
    onUnit: (connection, bytes, unlistens) =>
      enqueue(state, {
        connection,
        key: connection.key,
        bytes,
        since: now(),
        finished: () => void (state.relisten ||= unlistens)
      }),
    onCopy: (connection) => {
      const status = state.owner === connection ? "T" : "I"
      Connection.send(connection, Bytes.concat([Wire.error("0A000", "COPY is not supported"), Wire.ready(status)]))
    },
    onCancel: (pid, secret) => {
      const connection = state.connections.get(pid)
      if (connection?.secret === secret) abandon(state, connection)
    },
    onClose: (connection) => forget(state, connection)
  }
  return {
    connect: (key) => {
      const stream = Connection.open(key, handlers)
      if (state.ended !== undefined) stream.destroy(new Error(state.ended))
      return stream
    },
    drop: (key) =>
      new Promise((finished) => {
        if (state.ended !== undefined) return finished()
        state.dead += 100
        enqueue(state, { connection: undefined, key: "", bytes: Wire.query(Schemas.drop(key)), since: now(), finished })
      }),
    close: (why) => void close(state, why),
    lose: (why) => lose(state, why)
  }
}

/** Messages that are done together. */
interface Unit {
  /** `undefined` for work of our own. */
  readonly connection: Connection.Connection | undefined
  readonly key: string
  readonly bytes: Uint8Array
  /** When it began to wait. */
  readonly since: number
  readonly finished?: () => void
}

interface State {
  readonly backend: Backend
  readonly limits: Limits
  readonly connections: Map<number, Connection.Connection>
  /** In the order of arrival. */
  waiting: Array<Unit>
  running: Unit | undefined
  /** The connection that is inside a transaction: nobody else gets a turn. */
  owner: Connection.Connection | undefined
  ownerIdleSince: number
  /** Who spoke last, and whose objects are visible. */
  last: Connection.Connection | undefined
  lastKey: string
  /** Channels must be listened to again: somebody gave up one that others may still want. */
  relisten: boolean
  /** Rows of the catalogue that changing and dropping left dead, roughly; cleaned by hand, since nothing else would. */
  dead: number
  ended: string | undefined
  timer: ReturnType<typeof setTimeout> | undefined
  pids: number
}

const deadBeforeVacuum = 20_000

const now = () => performance.now()

const enqueue = (state: State, unit: Unit): void => {
  state.waiting.push(unit)
  next(state)
}

/** Lets the first unit through whose turn it can be. */
const next = (state: State): void => {
  if (state.running !== undefined || state.ended !== undefined) return
  if (state.dead > deadBeforeVacuum && state.owner === undefined) {
    state.dead = 0
    state.waiting.unshift({ connection: undefined, key: state.lastKey, bytes: Wire.query("vacuum"), since: now() })
  }
  const at = state.waiting.findIndex(({ connection }) => state.owner === undefined || connection === state.owner)
  const unit = at === -1 ? undefined : state.waiting.splice(at, 1)[0]
  state.running = unit
  watch(state)
  if (unit === undefined) return
  const prelude = preludeOf(state, unit)
  const answer = new Answer({
    to: unit.connection,
    key: unit.key,
    connections: state.connections,
    hasPrelude: prelude !== undefined,
    maxBytes: state.limits.maxAnswerBytes,
    cancel: state.backend.cancel
  })
  const bytes = prelude === undefined ? unit.bytes : Bytes.concat([Wire.query(prelude), unit.bytes])
  state.backend.run(bytes, (chunk) => answer.push(chunk), (broken) => {
    if (broken !== undefined) return lose(state, broken)
    // In the wrong schemas a statement may do anything: better no database than that.
    if (answer.preludeFailed) return lose(state, "the embedded Postgres could not change to another database")
    state.running = undefined
    state.owner = answer.status === "I" ? undefined : unit.connection
    state.ownerIdleSince = now()
    unit.finished?.()
    if (state.owner?.closed === true) rollBack(state, state.owner)
    next(state)
  })
}

/** What has to be said before the unit of another connection than the last. Not inside a transaction. */
const preludeOf = (state: State, unit: Unit): string | undefined => {
  const same = unit.connection !== undefined && unit.connection === state.last
  if (state.owner !== undefined || same && !state.relisten) return undefined
  const statements = ["reset session authorization", "reset role", "reset all", "close all"]
  if (unit.key !== state.lastKey) {
    statements.push(Schemas.change(state.lastKey, unit.key))
    state.dead += 2
  }
  if (state.relisten) {
    const channels = new Set([...state.connections.values()].flatMap(({ channels }) => [...channels]))
    for (const channel of channels) statements.push(`listen "${channel.replaceAll("\"", "\"\"")}"`)
  }
  state.relisten = false
  state.lastKey = unit.key
  state.last = unit.connection
  return statements.join(";")
}

/** Nobody works, and a transaction keeps everybody out. */
const isLocked = (state: State): boolean => state.owner !== undefined && state.running === undefined

const dueAt = (state: State, { since }: Unit): number => {
  const turn = since + state.limits.turnMillis
  return isLocked(state) ? Math.min(turn, Math.max(since, state.ownerIdleSince) + state.limits.lockMillis) : turn
}

/** Keeps one timer, for the unit that will have waited too long first. */
const watch = (state: State): void => {
  clearTimeout(state.timer)
  state.timer = undefined
  if (state.waiting.length === 0) return
  const first = Math.min(...state.waiting.map((unit) => dueAt(state, unit)))
  state.timer = setTimeout(() => expire(state), Math.max(0, first - now()) + 1)
}

const expire = (state: State): void => {
  const late = new Set(state.waiting.filter((unit) => dueAt(state, unit) <= now()))
  state.waiting = state.waiting.filter((unit) => !late.has(unit))
  for (const unit of late) {
    const waited = `the embedded Postgres has one backend: this statement waited ${
      ((now() - unit.since) / 1_000).toFixed(1)
    }s for`
    if (isLocked(state)) refuse(unit, tooMany, `${waited} the transaction of another connection`, lockHint)
    else refuse(unit, tooMany, `${waited} its turn`, turnHint)
  }
  watch(state)
}

/** What a server says when it has no backend left. */
const tooMany = "53300"
const lockHint =
  "do it inside that transaction or after it; a server (postgres://...) has a backend for each connection"
const turnHint = "run fewer cases at a time, or use a server (postgres://...)"

const refuse = (unit: Unit, sqlState: string, text: string, hint?: string): void => {
  Connection.send(unit.connection, Bytes.concat([Wire.error(sqlState, text, hint), Wire.ready("I")]))
  unit.finished?.()
}

/** Ends what a connection has under way. */
const abandon = (state: State, connection: Connection.Connection): void => {
  if (state.running?.connection === connection) return state.backend.cancel()
  const unit = state.waiting.find((unit) => unit.connection === connection)
  if (unit === undefined) return
  state.waiting = state.waiting.filter((other) => other !== unit)
  refuse(unit, "57014", "canceling statement due to user request")
  watch(state)
}

const forget = (state: State, connection: Connection.Connection): void => {
  state.connections.delete(connection.pid)
  if (connection.channels.size > 0) state.relisten = true
  abandon(state, connection)
  state.waiting = state.waiting.filter((unit) => unit.connection !== connection)
  if (state.owner === connection && state.running === undefined) rollBack(state, connection)
  next(state)
}

const rollBack = (state: State, connection: Connection.Connection): void => {
  state.waiting.unshift({ connection, key: connection.key, bytes: Wire.query("rollback"), since: now() })
}

const lose = (state: State, why: string): void => {
  if (close(state, why)) state.backend.onLost(why)
}

/** False when it was closed before. */
const close = (state: State, why: string): boolean => {
  if (state.ended !== undefined) return false
  state.ended = why
  clearTimeout(state.timer)
  const left = state.running === undefined ? state.waiting : [state.running, ...state.waiting]
  state.waiting = []
  for (const unit of left) unit.finished?.()
  for (const connection of state.connections.values()) connection.stream.destroy(new Error(why))
  return true
}
