/** The driver's and the server's failures in our words, told apart by their names and numbers. */
import { Predicate } from "effect"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"

export interface Attempted {
  /** The server, as it may be shown. */
  readonly shown: string
  /** The operation and its collection, such as `find in orders`. */
  readonly what: string
}

type Reason = DocumentStoreError["reason"]

/** The reasons that the server's numbers decide. @see https://www.mongodb.com/docs/manual/reference/error-codes/ */
const codesOf: Readonly<Partial<Record<Reason, ReadonlyArray<number>>>> = {
  Connection: [6, 7, 89, 91, 189, 9001, 10107, 11600, 11602, 13435, 13436],
  Authentication: [11, 13, 18, 31, 33, 334, 391, 8000],
  Timeout: [24, 50, 202, 262],
  DuplicateKey: [11000, 11001, 12582],
  // dprint-ignore
  Invalid: [2, 4, 9, 14, 15, 16, 21, 22, 28, 34, 40, 52, 53, 54, 55, 56, 57, 66, 67, 72, 73, 85, 86, 121, 168, 197, 225, 256],
  Conflict: [112, 244, 246, 251, 267],
  Unsupported: [20, 59, 115, 123, 238, 263, 303, 40573]
}

const byCode: ReadonlyMap<number, Reason> = new Map(
  Object.entries(codesOf).flatMap(([reason, codes]) => codes.map((code) => [code, reason as Reason] as const))
)

/** The reasons that the driver's own classes decide. */
const byName: Readonly<Record<string, Reason>> = {
  MongoServerSelectionError: "Connection",
  MongoNetworkError: "Connection",
  MongoNetworkTimeoutError: "Timeout",
  MongoPoolClearedError: "Connection",
  PoolClearedOnNetworkError: "Connection",
  MongoPoolClosedError: "Connection",
  MongoNotConnectedError: "Connection",
  MongoTopologyClosedError: "Connection",
  MongoServerClosedError: "Connection",
  MongoClientClosedError: "Connection",
  MongoWaitQueueTimeoutError: "Busy",
  MongoOperationTimeoutError: "Timeout",
  MongoParseError: "Invalid",
  MongoInvalidArgumentError: "Invalid",
  MongoMissingCredentialsError: "Authentication",
  MongoCompatibilityError: "Unsupported",
  MongoMissingDependencyError: "Unsupported",
  MongoExpiredSessionError: "Invalid",
  MongoTransactionError: "Invalid",
  BSONError: "Invalid",
  BSONVersionError: "Invalid",
  BSONRuntimeError: "Invalid"
}

const hints: Readonly<Partial<Record<Reason, string>>> = {
  Connection:
    "is the server running, and is the port right? Start one with mongod or skein fake mongo; embedded: needs none",
  Busy: "raise maxConnections, or do less at a time",
  Conflict: "another transaction was first: run this one again",
  Unsupported: "transactions and change streams need a replica set: mongod --replSet rs0, then rs.initiate()"
}

/** Names what was tried, on what, and what went wrong. */
export const fromDriver = (error: unknown, attempted: Attempted): DocumentStoreError => {
  const cause = unwrapped(error)
  const code = numberOf(cause, "code")
  const said = textOf(cause, "message") ?? String(cause)
  const reason = reasonOf(cause, code)
  const index = reason === "DuplicateKey" ? indexOf(said) : undefined
  const hint = hintOf(reason, said)
  return new DocumentStoreError({
    reason,
    message: `on ${attempted.shown}, ${attempted.what}: ${said}${code === undefined ? "" : ` (code ${code})`}`,
    ...(hint === undefined ? {} : { hint }),
    ...(code === undefined ? {} : { code }),
    ...(index === undefined ? {} : { index })
  })
}

/** A bulk write wraps what took its connection; a search for a server, why the server would not have us. */
const unwrapped = (error: unknown): unknown => {
  if (nameOf(error) === "MongoBulkWriteError" && Predicate.hasProperty(error, "errorResponse")) {
    return error.errorResponse instanceof Error ? unwrapped(error.errorResponse) : error
  }
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  return nameOf(error) === "MongoServerSelectionError" && numberOf(cause, "code") !== undefined ? cause : error
}

const reasonOf = (error: unknown, code: number | undefined): Reason => {
  const named = byName[nameOf(error)]
  if (named !== undefined) return named
  // The server says of its numbers what a transaction may do about them.
  const labels = Predicate.hasProperty(error, "errorLabels") && Array.isArray(error.errorLabels)
    ? error.errorLabels
    : []
  if (labels.includes("TransientTransactionError")) return "Conflict"
  if (code === undefined) return "Refused"
  // Five digits are places in the server's source, nearly all of them in its reading of what was asked.
  return byCode.get(code) ?? (code >= 10_000 ? "Invalid" : "Refused")
}

const hintOf = (reason: Reason, said: string): string | undefined => {
  if (reason === "Unsupported" && !/replica set/.test(said)) return undefined
  return hints[reason]
}

/** `E11000 duplicate key error collection: db.orders index: number_1 dup key: { number: 7 }` */
const indexOf = (said: string): string | undefined => / index: (\S+)/.exec(said)?.[1]

const nameOf = (error: unknown): string => textOf(error, "name") ?? ""

const textOf = (error: unknown, field: string): string | undefined => {
  const value = Predicate.hasProperty(error, field) ? error[field] : undefined
  return typeof value === "string" ? value : undefined
}

const numberOf = (error: unknown, field: string): number | undefined => {
  const value = Predicate.hasProperty(error, field) ? error[field] : undefined
  return typeof value === "number" && Number.isInteger(value) ? value : undefined
}
