/** Failures of sockets as kinds of failures of a load run. */
import * as Failure from "../../../services/http/Failure.ts"
import type { Kind } from "../../../services/LoadTransport.ts"

const kinds: Readonly<Record<Failure.Reason, Kind>> = {
  Dns: "dns",
  Refused: "connect-refused",
  Unreachable: "unreachable",
  ConnectTimeout: "connect-timeout",
  Timeout: "timeout",
  Tls: "tls",
  Proxy: "proxy",
  Reset: "reset",
  HeadersTooLarge: "too-large",
  BodyTooLarge: "too-large",
  Protocol: "protocol",
  InvalidUrl: "protocol",
  InvalidHeader: "protocol",
  InvalidBody: "protocol",
  TooManyRedirects: "protocol",
  Decode: "protocol",
  CircuitOpen: "protocol",
  Login: "protocol"
}

/** What this machine has run out of: local ports, descriptors, memory for sockets. */
const exhausted: ReadonlySet<unknown> = new Set(["EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS"])

/** Reads the kind out of what a driver threw; `host` is `name:port`. */
export const fromCause = (cause: unknown, host: string) => {
  const { detail, hint, reason } = Failure.fromCause(cause, host)
  const kind = isExhausted(cause) ? "ports-exhausted" : isUnreachedProxy(cause) ? "proxy" : kinds[reason]
  return { kind, detail, hint } satisfies {
    readonly kind: Kind
    readonly detail: string
    readonly hint: string | undefined
  }
}

/** Also when it is so for all addresses of a name, or on the way to a proxy. */
const isExhausted = (cause: unknown): boolean =>
  cause instanceof Error && (
    ("code" in cause && exhausted.has(cause.code)) ||
    (cause instanceof AggregateError && cause.errors.some(isExhausted)) ||
    (isUnreachedProxy(cause) && isExhausted(cause.cause))
  )

/** Whatever the reason: it is not the target that is not there. */
const isUnreachedProxy = (cause: unknown): cause is Error =>
  cause instanceof Error && "code" in cause && cause.code === "SKEIN_PROXY_UNREACHED"
