/**
 * One connection to the embedded Postgres: a stream that greets like a server and hands over what the client says, up to a
 * Sync at a time. `PgliteMultiplexer` has the one backend behind them all.
 */
import { Duplex } from "node:stream"
import * as Bytes from "../../../core/Bytes.ts"
import * as Wire from "./PgWire.ts"

export interface Connection {
  /** Whose objects it sees. */
  readonly key: string
  readonly pid: number
  readonly secret: number
  readonly stream: Duplex
  /** What it listens to. */
  readonly channels: Set<string>
  closed: boolean
}

/** What the multiplexer is told. `onClose` comes once for each connection that was opened. */
export interface Handlers {
  readonly version: string
  readonly nextPid: () => number
  readonly onOpen: (connection: Connection) => void
  /** `unlistens` when the unit gives up channels. */
  readonly onUnit: (connection: Connection, bytes: Uint8Array, unlistens: boolean) => void
  /** The unit is one that would end the backend. */
  readonly onCopy: (connection: Connection) => void
  readonly onCancel: (pid: number, secret: number) => void
  readonly onClose: (connection: Connection) => void
}

/** Makes the stream. It becomes a connection with the client's first message, unless that is a cancel request. */
export const open = (key: string, handlers: Handlers): Duplex => {
  const splitter = new Wire.Splitter({ opening: true })
  let unit: Array<Uint8Array> = []
  let unlistens = false
  let copies = false
  let connection: Connection | undefined

  const end = (): void => {
    if (connection === undefined || connection.closed) return
    connection.closed = true
    handlers.onClose(connection)
  }

  const read = (connection: Connection): void => {
    for (let message = splitter.next(); message !== undefined; message = splitter.next()) {
      if (message.type === "X") {
        stream.push(null)
        return end()
      }
      if (followChannels(connection, message)) unlistens = true
      if (isCopy(message)) copies = true
      unit.push(message.bytes)
      if (!endsUnit.has(message.type)) continue
      if (copies) handlers.onCopy(connection)
      else handlers.onUnit(connection, Bytes.concat(unit), unlistens)
      unit = []
      unlistens = false
      copies = false
    }
  }

  const stream: Duplex = new Duplex({
    read: () => {},
    write: (chunk: Uint8Array, _encoding, done) => {
      splitter.push(chunk)
      if (connection === undefined) connection = greet(splitter, stream, key, handlers)
      if (connection !== undefined) read(connection)
      done()
    },
    final: (done) => {
      end()
      done()
    },
    destroy: (error, done) => {
      end()
      done(error)
    }
  })
  return stream
}

/** Sends to a connection that may be gone by now. */
export const send = (connection: Connection | undefined, bytes: Uint8Array): void => {
  if (connection?.closed === false) connection.stream.push(bytes)
}

/** Sync, Query and Flush: after these a client waits for an answer. */
const endsUnit = new Set(["S", "Q", "H"])

const greet = (splitter: Wire.Splitter, stream: Duplex, key: string, handlers: Handlers): Connection | undefined => {
  const opening = splitter.nextOpening()
  if (opening === undefined) return undefined
  if (opening._tag === "Encryption") {
    stream.push("N")
    return greet(splitter, stream, key, handlers)
  }
  if (opening._tag === "Cancel") {
    handlers.onCancel(opening.pid, opening.secret)
    // As a server does: the request has no answer but this.
    stream.destroy()
    return undefined
  }
  const secret = Math.trunc(Math.random() * 0x7fff_ffff)
  const connection: Connection = { key, pid: handlers.nextPid(), secret, stream, channels: new Set(), closed: false }
  handlers.onOpen(connection)
  stream.push(Wire.greeting(connection.pid, secret, {
    server_version: handlers.version,
    client_encoding: "UTF8",
    standard_conforming_strings: "on"
  }))
  return connection
}

/** Follows LISTEN and UNLISTEN, since the backend has one list for all connections. True when something was given up. */
const followChannels = ({ channels }: Connection, message: Wire.Message): boolean => {
  const found = /^\s*(un)?listen\s+(?:"((?:[^"]|"")+)"|(\*)|([^\s;]+))/i.exec(Wire.statementOf(message) ?? "")
  if (found === null) return false
  const [, un, quoted, all, bare] = found
  const channel = quoted?.replaceAll("\"\"", "\"") ?? bare?.toLowerCase() ?? ""
  if (un === undefined) channels.add(channel)
  else if (all === undefined) channels.delete(channel)
  else channels.clear()
  return un !== undefined
}

/** COPY between the server and its client: PGlite breaks down in it, and the driver would not know it either. */
const isCopy = (message: Wire.Message): boolean =>
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*copy\b[\s\S]*\b(?:from\s+stdin|to\s+stdout)\b/i.test(
    Wire.statementOf(message) ?? ""
  )
