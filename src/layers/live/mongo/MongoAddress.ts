/** The URL of a MongoDB server or replica set, read without ever repeating what is secret in it. */
import { Redacted, Result } from "effect"
import * as ServerName from "../../../core/ServerName.ts"
import { DocumentStoreError } from "../../../services/DocumentStore.ts"

export interface Address {
  readonly url: Redacted.Redacted<string>
  /** Scheme, user, hosts and database: neither password nor parameters. */
  readonly shown: string
  /** Hosts and ports alone, for labels. */
  readonly server: string
  /** `test` when the URL names none. */
  readonly database: string
  /** What stands behind `?`, by name in small letters. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Checks the form of a `mongodb://` or `mongodb+srv://` URL. Its problems are named without the URL: it holds a password. */
export const parse = (input: string | Redacted.Redacted<string>): Result.Result<Address, DocumentStoreError> => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  const match = /^(mongodb(?:\+srv)?:\/\/)([^/?#]*)(?:\/([^?#]*))?(?:\?(.*))?$/i.exec(text)
  if (match === null) return refuse("cannot be read", writtenLike)
  const [, scheme = "", authority = "", path = "", query = ""] = match
  const parts = authority.split("@")
  // A password with a bare @ / ? or # in it ends the host early: the rest must not be taken for what may be shown.
  if (parts.length > 2 || `${path}${query}`.includes("@")) return refuse("has an @ after the host", percentEncode)
  const hosts = parts.at(-1)!
  if (hosts === "") return refuse("names no host", writtenLike)
  if (decoded(authority) === undefined) {
    return refuse("has a % that is not followed by two hexadecimal digits", percentEncode)
  }
  const user = parts.length === 2 ? `${parts[0]!.split(":")[0]}@` : ""
  const database = decoded(path)
  if (database === undefined || /[/\\. "$]/.test(database)) {
    return refuse("names a database that cannot be", "a database has none of / \\ . \" $ and no space in its name")
  }
  return Result.succeed({
    url: Redacted.make(text),
    shown: `${scheme}${user}${hosts}${path === "" ? "" : `/${path}`}`,
    server: ServerName.of(text),
    database: database === "" ? "test" : database,
    parameters: Object.fromEntries([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]))
  })
}

const writtenLike = "write it like mongodb://user:password@host:27017/database"
const percentEncode = "percent-encode / ? # @ and % in the user and the password (encodeURIComponent)"

const decoded = (text: string): string | undefined => Result.getOrUndefined(Result.try(() => decodeURIComponent(text)))

const refuse = (what: string, hint: string) =>
  Result.fail(new DocumentStoreError({ reason: "Invalid", message: `the MongoDB URL ${what}`, hint }))
