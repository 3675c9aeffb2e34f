/**
 * What the embedded Postgres answers to one unit, on its way to the connection that asked: the answer to the prelude is left
 * out, notifications go to whoever listens, and how the transaction stands is noted.
 */
import * as Bytes from "../../../core/Bytes.ts"
import * as ByteSize from "../../../core/ByteSize.ts"
import * as Connection from "./PgliteConnection.ts"
import * as Wire from "./PgWire.ts"

export interface Options {
  /** Who asked; `undefined` for work of our own. */
  readonly to: Connection.Connection | undefined
  /** Whose notifications these are. */
  readonly key: string
  readonly connections: ReadonlyMap<number, Connection.Connection>
  /** The first answer, up to a ReadyForQuery, is to something that we said ourselves. */
  readonly hasPrelude: boolean
  /** More than this is cancelled and answered with an error. */
  readonly maxBytes: number
  readonly cancel: () => void
}

export class Answer {
  /** As the last ReadyForQuery says it: `I` idle, `T` in a transaction, `E` in a failed one. */
  status = ""
  preludeFailed = false
  private readonly options: Options
  private readonly splitter = new Wire.Splitter({ opening: false })
  private inPrelude: boolean
  private length = 0

  constructor(options: Options) {
    this.options = options
    this.inPrelude = options.hasPrelude
  }

  /** Takes the next bytes; passes on those messages that are whole. */
  push(chunk: Uint8Array): void {
    const own: Array<Uint8Array> = []
    this.splitter.push(chunk)
    this.length += chunk.length
    const tooLong = this.length > this.options.maxBytes
    if (tooLong) this.options.cancel()
    for (let message = this.splitter.next(); message !== undefined; message = this.splitter.next()) {
      if (message.type === "A") this.notify(message)
      else if (this.inPrelude) {
        if (message.type === "E") this.preludeFailed = true
        if (message.type === "Z") this.inPrelude = false
      } else {
        if (message.type === "Z") this.status = Wire.statusOf(message)
        if (!tooLong) own.push(message.bytes)
        else if (message.type === "Z") own.push(tooLongError(this.options.maxBytes), message.bytes)
      }
    }
    if (own.length > 0) Connection.send(this.options.to, Bytes.concat(own))
  }

  /** A notification concerns those of the same key who listen to its channel. */
  private notify(message: Wire.Message): void {
    const channel = Wire.channelOf(message)
    for (const connection of this.options.connections.values()) {
      if (connection.key === this.options.key && connection.channels.has(channel)) {
        Connection.send(connection, message.bytes)
      }
    }
  }
}

const tooLongError = (maxBytes: number): Uint8Array =>
  Wire.error(
    "54000",
    `the answer is longer than ${ByteSize.format(maxBytes)}, which an embedded Postgres does not give at once`,
    "ask for fewer rows at a time, or use a server (postgres://...)"
  )
