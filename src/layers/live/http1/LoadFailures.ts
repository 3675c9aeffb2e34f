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
  return { kind: isExhausted(cause) ? "ports-exhausted" as const : kinds[reason], detail, hint }
}

/** Also when it is so for all addresses of a name. */
const isExhausted = (cause: unknown): boolean =>
  cause instanceof Error && (
    ("code" in cause && exhausted.has(cause.code)) ||
    (cause instanceof AggregateError && cause.errors.some(isExhausted))
  )
