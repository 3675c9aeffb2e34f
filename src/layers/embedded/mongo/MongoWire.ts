/**
 * Messages of the MongoDB wire protocol, as a server reads and writes them.
 *
 * @see https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
import { deserialize, serialize } from "bson"
import type { Document } from "../../../services/DocumentStore.ts"
import { canonical } from "../documents/DocumentCanonical.ts"

/** Largest message that is read, as MongoDB has it. */
export const maxMessageBytes = 48_000_000

export const maxDocumentBytes = 16 * 1024 * 1024

const opReply = 1
const opQuery = 2004
const opCompressed = 2012
const opMsg = 2013

/** A command of a client. */
export interface Request {
  readonly id: number
  /** How it was asked, and so how it is answered. Drivers send only their first `hello` as a query. */
  readonly form: "message" | "query"
  /** The command with `$db`, and its lists of documents in it. */
  readonly command: Document
  /** The client does not wait for an answer. */
  readonly silent: boolean
}

/** What cannot be answered: the connection ends after it. */
export class WireError extends Error {}

/** Cuts the bytes of a connection into whole messages, however they arrive. */
export class Framing {
  /** Bytes that are there and not yet read as a message. */
  length = 0
  private chunks: Array<Buffer> = []

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.length += chunk.length
  }

  /** The next message, once it is whole. Throws `WireError` when what came cannot be one. */
  next(): Buffer | undefined {
    if (this.length < 16) return undefined
    const size = this.peek()
    if (size < 16 || size > maxMessageBytes) throw new WireError(`a message of ${size} bytes`)
    if (this.length < size) return undefined
    const all = this.whole()
    this.chunks = all.length === size ? [] : [all.subarray(size)]
    this.length -= size
    return all.subarray(0, size)
  }

  private peek(): number {
    return (this.chunks[0]!.length >= 4 ? this.chunks[0]! : this.whole()).readInt32LE(0)
  }

  private whole(): Buffer {
    if (this.chunks.length > 1) this.chunks = [Buffer.concat(this.chunks, this.length)]
    return this.chunks[0]!
  }
}

/** Reads a whole message. Throws `WireError` when it is of no kind that is known, or broken. */
export const read = (bytes: Buffer): Request => {
  const id = bytes.readInt32LE(4)
  const kind = bytes.readInt32LE(12)
  try {
    switch (kind) {
      case opMsg:
        return { id, form: "message", ...readMessage(bytes) }
      case opQuery:
        return { id, form: "query", silent: false, command: readQuery(bytes) }
    }
  } catch (error) {
    throw error instanceof WireError ? error : new WireError(error instanceof Error ? error.message : String(error))
  }
  throw new WireError(
    kind === opCompressed ? "a compressed message, which nobody offered" : `a message of kind ${kind}`
  )
}

const checksumPresent = 1
const moreToCome = 2
/** Bits of the lower half that a server has to know. */
const required = 0xFFFF & ~checksumPresent & ~moreToCome

const readMessage = (bytes: Buffer): Pick<Request, "command" | "silent"> => {
  const flags = bytes.readUInt32LE(16)
  if ((flags & required) !== 0) throw new WireError(`flags ${flags.toString(2)}`)
  const end = bytes.length - ((flags & checksumPresent) === 0 ? 0 : 4)
  let body: Document | undefined
  const lists: Array<readonly [name: string, documents: ReadonlyArray<Document>]> = []
  let at = 20
  while (at < end) {
    const kind = bytes[at]!
    const size = bytes.readInt32LE(at + 1)
    if (size < 5 || at + 1 + size > end) throw new WireError(`a section of ${size} bytes`)
    if (kind === 0 && body === undefined) body = readDocument(bytes, at + 1)
    else if (kind === 1) lists.push(readList(bytes, at + 1, size))
    else throw new WireError(`a section of kind ${kind}`)
    at += 1 + size
  }
  if (body === undefined) throw new WireError("a message without a command")
  const command = lists.length === 0 ? body : { ...body, ...Object.fromEntries(lists) }
  return { command, silent: (flags & moreToCome) !== 0 }
}

const readList = (bytes: Buffer, start: number, size: number) => {
  const end = start + size
  const nameEnd = bytes.indexOf(0, start + 4)
  const name = bytes.toString("utf8", start + 4, nameEnd)
  const documents: Array<Document> = []
  for (let at = nameEnd + 1; at < end;) {
    documents.push(readDocument(bytes, at))
    at += bytes.readInt32LE(at)
  }
  return [name, documents] as const
}

const readQuery = (bytes: Buffer): Document => {
  const nameEnd = bytes.indexOf(0, 20)
  const [database = ""] = bytes.toString("utf8", 20, nameEnd).split(".")
  return { ...readDocument(bytes, nameEnd + 1 + 8), $db: database }
}

/** As the store keeps documents: each number of the kind that was sent. */
const readDocument = (bytes: Buffer, index: number): Document =>
  canonical(deserialize(bytes, { ...kept, index, allowObjectSmallerThanBufferSize: true })) as Document

const kept = { promoteValues: false, promoteLongs: false, bsonRegExp: true } as const

/** Writes the answer to a request. */
export const write = (id: number, to: Pick<Request, "id" | "form">, answer: Document | Uint8Array): Uint8Array => {
  const document = answer instanceof Uint8Array ? answer : serialize(answer, { ignoreUndefined: true })
  const prefix = to.form === "message" ? 21 : 36
  const bytes = Buffer.allocUnsafe(prefix + document.length)
  bytes.fill(0, 16, prefix)
  bytes.writeInt32LE(bytes.length, 0)
  bytes.writeInt32LE(id, 4)
  bytes.writeInt32LE(to.id, 8)
  bytes.writeInt32LE(to.form === "message" ? opMsg : opReply, 12)
  // A reply: 8, "can await", and one document.
  if (to.form === "query") {
    bytes.writeInt32LE(8, 16)
    bytes.writeInt32LE(1, 32)
  }
  bytes.set(document, prefix)
  return bytes
}
