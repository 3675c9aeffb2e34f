/** The driver's failures in our words. The one place where a `SqlError` becomes a `PostgresError`. */
import { Predicate } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { PostgresError } from "../../../services/Postgres.ts"

/** Says that every connection was in use for too long. A cause for a `SqlError`; becomes `Busy`. */
export class PoolExhausted extends Error {}

export interface Attempted {
  /** The server, as it may be shown. */
  readonly shown: string
  /** The statement, when there was one. */
  readonly text?: string | undefined
}

type Reason = PostgresError["reason"]

/** The reasons that SQLSTATEs decide, by the longest prefix that fits. */
const bySqlState: Readonly<Record<string, Reason>> = {
  "08": "Connection",
  "08P01": "Syntax",
  "23": "Constraint",
  "28": "Authentication",
  "42": "Syntax",
  "42501": "Query",
  "40P01": "Deadlock",
  "40001": "Deadlock",
  "53300": "Busy",
  "55P03": "Timeout",
  "57014": "Canceled",
  "57P01": "Connection",
  "57P02": "Connection",
  "57P03": "Connection",
  "57P05": "Connection"
}

/** What to do, where the server's own hint says nothing. */
const hints: Readonly<Record<string, string>> = {
  "0A000": "the statement cannot be used here",
  "42P18": "the type of a parameter cannot be seen from the statement: write $1::text, $1::int, ...",
  "42601": "parameters stand where a value may stand: not for names, and not in CREATE, ALTER, DROP or SET",
  "25P02": "an earlier statement of this transaction failed: it can only be rolled back",
  "28P01": "see whether the URL has a password, and the right one",
  "3D000": "create the database first, or name another one in the URL"
}

/** Names what was tried, on what, and what went wrong. Fields of the server's answer are kept; the driver's error is not. */
export const fromSqlError = (error: SqlError, attempted: Attempted): PostgresError => {
  const cause = error.reason.cause
  const field = (name: string): string | undefined => {
    const value = Predicate.hasProperty(cause, name) ? cause[name] : undefined
    return typeof value === "string" ? value : undefined
  }
  const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/.test(field("code") ?? "") ? field("code") : undefined
  const said = field("message") ?? error.reason.message ?? error.reason._tag
  const reason = reasonOf(error, cause, sqlState, said)
  const place = Number(field("position"))
  const hint = listHint(said) ?? field("hint") ?? hintOf(reason, sqlState, said)
  const constraint = field("constraint")
  const detail = sqlState === undefined ? undefined : field("detail")
  return new PostgresError({
    reason,
    message: `${what(attempted, error.reason.operation)}: ${said}${
      sqlState === undefined ? "" : ` (SQLSTATE ${sqlState})`
    }`,
    ...(hint === undefined ? {} : { hint }),
    ...(sqlState === undefined ? {} : { sqlState }),
    ...(constraint === undefined || constraint === "" ? {} : { constraint }),
    ...(Number.isInteger(place) && place > 0 ? { position: place } : {}),
    ...(detail === undefined ? {} : { detail })
  })
}

/** What to do about a column whose type neither the driver nor we can read. */
export const unreadableHint = "a column has a type that cannot be read: write it as column::text"

/** A statement on one line, cut for a message. */
export const brief = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > 120 ? `${line.slice(0, 117)}...` : line
}

const what = ({ shown, text }: Attempted, operation: string | undefined): string =>
  text === undefined || operation === "connect" ? `cannot connect to ${shown}` : `on ${shown}, "${brief(text)}"`

const reasonOf = (error: SqlError, cause: unknown, sqlState: string | undefined, said: string): Reason => {
  if (cause instanceof PoolExhausted) return "Busy"
  if (sqlState !== undefined) {
    // The server has one state for both; only its words tell a time-out from a request.
    if (sqlState === "57014" && said.includes("statement timeout")) return "Timeout"
    return bySqlState[sqlState] ?? bySqlState[sqlState.slice(0, 2)] ?? "Query"
  }
  switch (error.reason._tag) {
    case "AuthenticationError":
      return "Authentication"
    case "ConnectionError":
      return said === "Connection timed out" ? "Timeout" : "Connection"
    default:
      return "Query"
  }
}

/** The server's own advice, a cast, does not help here. */
const listHint = (said: string): string | undefined =>
  /type jsonb? but expression is of type .*\[\]/.test(said)
    ? "a list is bound as an array; for a JSON column give its text: ${to_json(list)}"
    : undefined

const hintOf = (reason: Reason, sqlState: string | undefined, said: string): string | undefined => {
  if (said.includes("COPY is not supported")) {
    return "COPY is not possible here: insert from a list with insert into t select * from unnest($1::int[], $2::text[])"
  }
  if (sqlState !== undefined && hints[sqlState] !== undefined) return hints[sqlState]
  if (said.includes("Failed to decode row") || said.includes("UTF-8")) return unreadableHint
  if (reason === "Connection" && said.includes("ECONNREFUSED")) return "is the server running, and is the port right?"
  return undefined
}
