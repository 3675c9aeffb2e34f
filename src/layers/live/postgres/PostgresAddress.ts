/** The URL of a Postgres server, read without ever repeating what is secret in it. */
import { Redacted, Result } from "effect"
import * as ServerName from "../../../core/ServerName.ts"
import { PostgresError } from "../../../services/Postgres.ts"

/** Where a server is. `shown` has user, host, port and database, and neither password nor query parameters. */
export interface Address {
  readonly url: Redacted.Redacted<string>
  readonly shown: string
  /** `host:port` alone, for labels. */
  readonly server: string
  /** As it is after decoding, empty without one; absent when the URL holds none that can be decoded, which the driver then refuses. */
  readonly password: Redacted.Redacted<string> | undefined
}

/** Checks the form of a `postgres://` URL. Its problems are named without the URL: it holds a password. */
export const parse = (input: string | Redacted.Redacted<string>): Result.Result<Address, PostgresError> => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  const url = URL.parse(text)
  if (url === null) return refuse("cannot be read", writtenLike)
  // A password with a bare / ? or # in it ends the host early: the rest must not be taken for a path that may be shown.
  if (`${url.pathname}${url.search}${url.hash}`.includes("@")) return refuse("has an @ after the host", percentEncode)
  if (url.host === "" && !url.searchParams.has("host")) return refuse("names no host", writtenLike)
  const host = url.host === "" ? `[${url.searchParams.get("host")}]` : url.host
  const user = url.username === "" ? "" : `${url.username}@`
  return Result.succeed({
    url: Redacted.make(text),
    shown: `${url.protocol}//${user}${host}${url.pathname}`,
    server: url.host === "" ? host : ServerName.of(text),
    password: passwordOf(url)
  })
}

const passwordOf = (url: URL): Redacted.Redacted<string> | undefined => {
  try {
    return Redacted.make(url.searchParams.get("password") ?? decodeURIComponent(url.password))
  } catch {
    return undefined
  }
}

const writtenLike = "write it like postgres://user:password@host:5432/database"
const percentEncode = "percent-encode / ? # and @ in the user and the password (encodeURIComponent)"

const refuse = (what: string, hint: string) =>
  Result.fail(new PostgresError({ reason: "Connection", message: `the Postgres URL ${what}`, hint }))
