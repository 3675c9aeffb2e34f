/** The URL of a Redis server, read without ever repeating what is secret in it. */
import { Redacted, Result } from "effect"
import { CacheError } from "../../../services/CacheStore.ts"

/** Where a server is. `shown` has user, host, port and database, and no password. */
export interface Address {
  readonly url: Redacted.Redacted<string>
  readonly shown: string
  readonly database: number
}

/** Checks the form of a `redis://` or `rediss://` URL. Its problems are named without the URL: it holds a password. */
export const parse = (input: string | Redacted.Redacted<string>): Result.Result<Address, CacheError> => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  const url = URL.parse(text)
  if (url === null || !/^rediss?:$/.test(url.protocol)) return refuse("cannot be read", writtenLike)
  // A password with a bare / ? or # in it ends the host early: the rest must not be taken for a path that may be shown.
  if (`${url.pathname}${url.search}${url.hash}`.includes("@")) return refuse("has an @ after the host", percentEncode)
  if (url.hostname === "") return refuse("names no host", writtenLike)
  if (Result.isFailure(Result.try(() => decodeURIComponent(`${url.username}:${url.password}`)))) {
    return refuse("has a % that is not followed by two hexadecimal digits", percentEncode)
  }
  const [, database] = /^\/?(\d{0,5})$/.exec(url.pathname) ?? []
  if (database === undefined) return refuse("names a database that is not a number", writtenLike)
  const user = url.username === "" ? "" : `${url.username}@`
  return Result.succeed({
    url: Redacted.make(text),
    shown: `${url.protocol}//${user}${url.host}${database === "" ? "" : `/${database}`}`,
    database: Number(database)
  })
}

const writtenLike = "write it like redis://user:password@host:6379/0, or rediss:// for TLS"
const percentEncode = "percent-encode / ? # @ and % in the user and the password (encodeURIComponent)"

const refuse = (what: string, hint: string) =>
  Result.fail(new CacheError({ reason: "Invalid", message: `the Redis URL ${what}`, hint }))
