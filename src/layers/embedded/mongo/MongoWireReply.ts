/** Answers of the wire server: failures with MongoDB's numbers, and batches of documents that stay within a message. */
import { serialize } from "bson"
import { Predicate } from "effect"
import { type Document, DocumentStoreError } from "../../../services/DocumentStore.ts"
import { maxDocumentBytes } from "./MongoWire.ts"

/** Numbers by the names that MongoDB has for them. @see https://www.mongodb.com/docs/manual/reference/error-codes/ */
export const codes = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  ProtocolError: 17,
  AuthenticationFailed: 18,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  CursorNotFound: 43,
  MaxTimeMSExpired: 50,
  CommandNotFound: 59,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  WriteConflict: 112,
  CommandNotSupported: 115,
  ExceededTimeLimit: 262,
  TransactionTooOld: 225,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  OperationNotSupportedInTransaction: 263,
  TooManyLogicalSessions: 261,
  CursorKilled: 237,
  ChangeStreamHistoryLost: 286,
  OutOfDiskSpace: 14031,
  DuplicateKey: 11000
} as const

type Reason = DocumentStoreError["reason"]

/** For failures of the store that have no number of their own. */
const byReason: Readonly<Record<Reason, number>> = {
  Connection: codes.InternalError,
  Authentication: codes.AuthenticationFailed,
  Timeout: codes.MaxTimeMSExpired,
  Busy: codes.ExceededTimeLimit,
  DuplicateKey: codes.DuplicateKey,
  Invalid: codes.BadValue,
  Conflict: codes.WriteConflict,
  Unsupported: codes.CommandNotSupported,
  Storage: codes.OutOfDiskSpace,
  Refused: codes.InternalError
}

const names: ReadonlyMap<number, string> = new Map(Object.entries(codes).map(([name, code]) => [code, name]))

/** A failure with a number of MongoDB's. */
export const failure = (name: keyof typeof codes, message: string, reason: Reason = "Invalid"): DocumentStoreError =>
  new DocumentStoreError({ reason, message, code: codes[name] })

export const unsupported = (what: string): DocumentStoreError =>
  failure("CommandNotSupported", `${what} is not supported by this server`, "Unsupported")

export const codeOf = (error: DocumentStoreError): number => error.code ?? byReason[error.reason]

/** One write that was refused, at its place in the command. */
export const writeError = (error: DocumentStoreError, index: number): Document => ({
  index,
  code: codeOf(error),
  errmsg: messageOf(error)
})

/** The answer to a command that failed. */
export const failed = (error: DocumentStoreError, options: { readonly inTransaction: boolean }): Document => {
  const code = codeOf(error)
  const again = options.inTransaction && (code === codes.WriteConflict || code === codes.NoSuchTransaction)
  return {
    ok: 0,
    errmsg: messageOf(error),
    code,
    codeName: names.get(code) ?? `Location${code}`,
    ...(again ? { errorLabels: ["TransientTransactionError"] } : {})
  }
}

/** Drivers and their users look for the number and the index in the text. */
const messageOf = ({ index, message, reason }: DocumentStoreError): string =>
  reason === "DuplicateKey" && !message.startsWith("E11000")
    ? `E11000 duplicate key error index: ${index ?? "_id_"} dup key: ${message}`
    : message

/** Documents as bytes, as many as an answer may hold. */
export class Batch {
  /** Bytes so far. */
  private size = 0
  private readonly parts: Array<Uint8Array> = []
  private count = 0

  /** Whether one more document of so many bytes fits. One always does. */
  fits(bytes: number): boolean {
    return this.count === 0 || this.size + bytes <= maxDocumentBytes
  }

  add(document: Uint8Array): void {
    const name = Buffer.from(`\u0003${this.count++}\0`, "latin1")
    this.parts.push(name, document)
    this.size += name.length + document.length
  }

  get length(): number {
    return this.count
  }

  /** The answer of a command with a cursor. `fields` are those of the cursor beside the batch. */
  reply(field: "firstBatch" | "nextBatch", fields: Document): Uint8Array {
    const list = wrap(this.parts, this.size)
    const rest = serialize(fields)
    const cursor = wrap(
      [element(4, field), list, rest.subarray(4, -1)],
      field.length + 2 + list.length + rest.length - 5
    )
    const ok = serialize({ ok: 1 })
    return wrap([element(3, "cursor"), cursor, ok.subarray(4, -1)], "cursor".length + 2 + cursor.length + ok.length - 5)
  }
}

const element = (type: number, name: string): Uint8Array =>
  Buffer.from(`${String.fromCharCode(type)}${name}\0`, "latin1")

/** Puts a length before elements and a zero behind them. */
const wrap = (parts: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const bytes = Buffer.allocUnsafe(size + 5)
  bytes.writeInt32LE(size + 5, 0)
  let at = 4
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  bytes[at] = 0
  return bytes
}

/** A number, of whatever kind it came as. */
export const numberOf = (value: unknown, fallback: number): number =>
  value === undefined || value === null ? fallback : Number(value)

export const isDocument = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Predicate.hasProperty(value, "_bsontype")
