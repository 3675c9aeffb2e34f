/** The URL of an AMQP broker, read without ever repeating what is secret in it. */
import { Redacted, Result } from "effect"
import * as ServerName from "../../../core/ServerName.ts"
import { BrokerError } from "../../../services/MessageBroker.ts"

export interface Address {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Redacted.Redacted<string>
  readonly virtualHost: string
  /** What stands behind `?`. */
  readonly parameters: Readonly<Record<string, string>>
  /** Scheme, user, host, port and virtual host: neither password nor parameters. */
  readonly shown: string
  /** Host and port alone, for labels. */
  readonly server: string
}

/** Checks the form of an `amqp://` or `amqps://` URL. Its problems are named without the URL: it holds a password. */
export const parse = (input: string | Redacted.Redacted<string>): Result.Result<Address, BrokerError> => {
  const text = Redacted.isRedacted(input) ? Redacted.value(input) : input
  const url = URL.parse(text)
  if (url === null || !["amqp:", "amqps:"].includes(url.protocol)) return refuse("cannot be read", writtenLike)
  // A password with a bare / ? or # in it ends the host early: the rest must not be taken for a path that may be shown.
  if (`${url.pathname}${url.search}${url.hash}`.includes("@")) return refuse("has an @ after the host", percentEncode)
  if (url.hostname === "") return refuse("names no host", writtenLike)
  const user = decoded(url.username)
  const password = decoded(url.password)
  const virtualHost = decoded(url.pathname.slice(1))
  if (user === undefined || password === undefined || virtualHost === undefined) {
    return refuse("has a % that is not followed by two hexadecimal digits", percentEncode)
  }
  const secure = url.protocol === "amqps:"
  const anonymous = user === "" && password === ""
  return Result.succeed({
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? secure ? 5671 : 5672 : Number(url.port),
    user: anonymous ? "guest" : user,
    password: Redacted.make(anonymous ? "guest" : password),
    virtualHost: virtualHost === "" ? "/" : virtualHost,
    parameters: Object.fromEntries(url.searchParams),
    shown: `${url.protocol}//${url.username === "" ? "" : `${url.username}@`}${url.host}${url.pathname}`,
    server: ServerName.of(text)
  })
}

const writtenLike = "write it like amqp://user:password@host:5672/virtualhost"
const percentEncode = "percent-encode / ? # @ and % in the user, the password and the virtual host (encodeURIComponent)"

const decoded = (text: string): string | undefined => Result.getOrUndefined(Result.try(() => decodeURIComponent(text)))

const refuse = (what: string, hint: string) =>
  Result.fail(new BrokerError({ reason: "Invalid", message: `the AMQP URL ${what}`, hint }))
