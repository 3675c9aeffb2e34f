/**
 * The few messages of the Postgres wire protocol that the multiplexer itself reads or writes. Everything else passes by.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import * as Bytes from "../../../core/Bytes.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What a client says before it has a session. */
export type Opening =
  | { readonly _tag: "Startup" }
  | { readonly _tag: "Encryption" }
  | { readonly _tag: "Cancel"; readonly pid: number; readonly secret: number }

/** A message of a running session: `type` is its first byte. */
export interface Message {
  readonly type: string
  readonly bytes: Uint8Array
}

/** Cuts the bytes of one direction into messages, however they arrive. */
export class Splitter {
  private rest: Uint8Array = new Uint8Array(0)
  /** The first message of a client has no type. */
  private opening: boolean

  constructor(options: { readonly opening: boolean }) {
    this.opening = options.opening
  }

  /** Adds bytes; `next` returns the messages that are whole. */
  push(chunk: Uint8Array): void {
    this.rest = this.rest.length === 0 ? chunk : Bytes.concat([this.rest, chunk])
  }

  /** The opening message, once it is whole. Encryption is asked for before the real one. */
  nextOpening(): Opening | undefined {
    if (!this.opening || this.rest.length < 8) return undefined
    const data = view(this.rest)
    const length = data.getInt32(0)
    if (this.rest.length < length) return undefined
    const code = data.getInt32(4)
    this.rest = this.rest.subarray(length)
    if (code === 80877103 || code === 80877104) return { _tag: "Encryption" }
    this.opening = false
    return code === 80877102
      ? { _tag: "Cancel", pid: data.getInt32(8), secret: data.getInt32(12) }
      : { _tag: "Startup" }
  }

  /** The next message of a session, once it is whole. */
  next(): Message | undefined {
    if (this.opening || this.rest.length < 5) return undefined
    const length = 1 + view(this.rest).getInt32(1)
    if (this.rest.length < length) return undefined
    const bytes = this.rest.subarray(0, length)
    this.rest = this.rest.subarray(length)
    return { type: String.fromCharCode(bytes[0]!), bytes }
  }
}

/** The statement of a Parse or Query message; `undefined` for others. */
export const statementOf = ({ bytes, type }: Message): string | undefined => {
  if (type !== "P" && type !== "Q") return undefined
  const start = type === "Q" ? 5 : bytes.indexOf(0, 5) + 1
  return decoder.decode(bytes.subarray(start, bytes.indexOf(0, start)))
}

/** The channel of a NotificationResponse. */
export const channelOf = ({ bytes }: Message): string => decoder.decode(bytes.subarray(9, bytes.indexOf(0, 9)))

/** `I` idle, `T` in a transaction, `E` in a failed one: what a ReadyForQuery says. */
export const statusOf = ({ bytes }: Message): string => String.fromCharCode(bytes[5]!)

const message = (type: string, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(5 + body.length)
  bytes[0] = type.charCodeAt(0)
  view(bytes).setInt32(1, 4 + body.length)
  bytes.set(body, 5)
  return bytes
}

const int32s = (...numbers: ReadonlyArray<number>): Uint8Array => {
  const bytes = new Uint8Array(numbers.length * 4)
  numbers.forEach((number, at) => view(bytes).setInt32(at * 4, number))
  return bytes
}

export const query = (text: string): Uint8Array => message("Q", encoder.encode(`${text}\0`))

export const ready = (status: "I" | "T" | "E"): Uint8Array => message("Z", encoder.encode(status))

/** What a server says to a client that it lets in. */
export const greeting = (pid: number, secret: number, parameters: Readonly<Record<string, string>>): Uint8Array =>
  Bytes.concat([
    message("R", int32s(0)),
    ...Object.entries(parameters).map(([name, value]) => message("S", encoder.encode(`${name}\0${value}\0`))),
    message("K", int32s(pid, secret)),
    ready("I")
  ])

/** An ErrorResponse with what our own errors have. */
export const error = (sqlState: string, text: string, hint?: string): Uint8Array =>
  message("E", encoder.encode(`SERROR\0VERROR\0C${sqlState}\0M${text}\0${hint === undefined ? "" : `H${hint}\0`}\0`))
