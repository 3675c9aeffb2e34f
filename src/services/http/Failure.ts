/** Why an HTTP exchange did not happen. `HttpExchange` makes its errors from these. */
import { Schema } from "effect"

/**
 * - `InvalidUrl`, `InvalidHeader`, `InvalidBody`: refused before anything was sent
 * - `Dns`: the name is not known; `Refused`, `Unreachable`: nobody listens there, or no way leads there
 * - `ConnectTimeout`, `Timeout`: no connection in time; no complete answer in time
 * - `Tls`: no trust, or no common protocol; `Proxy`: the proxy would not
 * - `Reset`: the connection ended before the answer was complete
 * - `HeadersTooLarge`, `BodyTooLarge`, `TooManyRedirects`: a cap was reached
 * - `CircuitOpen`: the host is left alone for a while; `Login`: the session that it takes could not be had
 * - `Decode`: the body cannot be decompressed; `Protocol`: the answer is not HTTP; anything else is this too
 */
export const Reason = Schema.Literals([
  "InvalidUrl",
  "InvalidHeader",
  "InvalidBody",
  "Dns",
  "Refused",
  "Unreachable",
  "ConnectTimeout",
  "Timeout",
  "Tls",
  "Proxy",
  "Reset",
  "HeadersTooLarge",
  "BodyTooLarge",
  "TooManyRedirects",
  "Decode",
  "Protocol",
  "CircuitOpen",
  "Login"
])
export type Reason = typeof Reason.Type

export interface Failure {
  readonly reason: Reason
  /** What went wrong, as the end of a sentence: `the certificate expired on 2020-01-01`. */
  readonly detail: string
  readonly hint?: string | undefined
}

/**
 * Reads the failure out of what a driver threw: the codes of Node, OpenSSL and undici, found in the error, in its causes
 * and in the members of an `AggregateError`.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
export const fromCause = (cause: unknown, host: string): Failure => {
  const errors = chain(cause)
  for (const error of errors) {
    const known = fromError(error, host)
    if (known !== undefined) return known
  }
  const first = errors[0]
  return { reason: "Protocol", detail: first === undefined ? "it failed for no stated reason" : textOf(first) }
}

interface DriverError {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
  readonly cert?: unknown
  readonly proxy?: unknown
  readonly status?: unknown
  readonly offered?: unknown
}

const isError = (value: unknown): value is DriverError => typeof value === "object" && value !== null

/** The error, then what caused it, at most eight deep: a cause may point back. */
const chain = (cause: unknown): ReadonlyArray<DriverError> => {
  const found: Array<DriverError> = []
  const add = (value: unknown): void => {
    if (!isError(value) || found.length >= 8 || found.includes(value)) return
    found.push(value)
    if (Array.isArray(value.errors)) value.errors.forEach(add)
    add(value.cause)
  }
  add(cause)
  return found
}

const textOf = (error: DriverError): string => {
  const message = typeof error.message === "string" && error.message !== ""
    ? error.message
    : String(error.name ?? "error")
  return typeof error.code === "string" && !message.includes(error.code) ? `${message} (${error.code})` : message
}

const failure = (reason: Reason, detail: string, hint?: string): Failure =>
  hint === undefined ? { reason, detail } : { reason, detail, hint }

const trust = "Trust its authority with `ca`, or accept any certificate with `insecure: true`"

const fromError = (error: DriverError, host: string): Failure | undefined => {
  const code = typeof error.code === "string" ? error.code : ""
  const message = typeof error.message === "string" ? error.message : ""
  // An aggregate of attempts has the code of one of them but none of its text.
  if (Array.isArray(error.errors) && error.errors.length > 0 && code !== "ETIMEDOUT") return undefined
  const known = byCode[code]
  if (known !== undefined) return known(host, error)
  if (code.startsWith("ERR_OSSL_")) {
    return failure(
      "Tls",
      `a certificate or key cannot be read: ${message}`,
      "Are they PEM texts, and is the passphrase right?"
    )
  }
  if (code.startsWith("ERR_SSL_") || code === "EPROTO" || code.startsWith("ERR_TLS_")) {
    return fromTls(code, message, host)
  }
  if (code.startsWith("HPE_")) return failure("Protocol", `the answer is not valid HTTP: ${message || code}`)
  if (code.startsWith("ERR_HTTP2_") || code === "UND_ERR_INFO") return fromHttp2(code, message)
  if (
    code.startsWith("Z_") || code.startsWith("ERR__ERROR_") || code.startsWith("ERR_BROTLI") || code.startsWith("ZSTD_")
  ) {
    return failure("Decode", `the body cannot be decompressed: ${message}`)
  }
  if (/proxy/i.test(message) || code.startsWith("UND_ERR_PRX")) return failure("Proxy", message)
  return undefined
}

type Known = (host: string, error: DriverError) => Failure

const reset: Known = (host) => failure("Reset", `${host} closed the connection before the answer was complete`)

const byCode: Readonly<Record<string, Known>> = {
  ENOTFOUND: (host) => failure("Dns", `there is no host named ${nameOf(host)}`, "Check the spelling of the URL"),
  EAI_AGAIN: (host) =>
    failure("Dns", `the name ${nameOf(host)} could not be looked up`, "Check the network and its DNS"),
  EAI_NODATA: (host) => failure("Dns", `the name ${nameOf(host)} has no address`),
  ENODATA: (host) => failure("Dns", `the name ${nameOf(host)} has no address`),
  ECONNREFUSED: (host) =>
    failure("Refused", `nothing accepts connections at ${host}`, "Is the server started, and is it this port?"),
  EHOSTUNREACH: (host) => failure("Unreachable", `no way leads to ${host}`),
  ENETUNREACH: (host) => failure("Unreachable", `no network leads to ${host}`),
  EADDRNOTAVAIL: (host) =>
    failure("Unreachable", `this machine has no free local port for ${host}`, "Use fewer connections at once"),
  EMFILE: () => failure("Unreachable", "this process has no file descriptors left", "Use fewer connections at once"),
  UND_ERR_CONNECT_TIMEOUT: (host) => failure("ConnectTimeout", `${host} did not accept a connection in time`),
  ETIMEDOUT: (host) => failure("ConnectTimeout", `${host} did not accept a connection in time`),
  ECONNRESET: (host, error) =>
    String(error.message).includes("before secure TLS connection")
      ? failure("Tls", `${host} closed the connection during the TLS handshake`, "Does it speak TLS on this port?")
      : reset(host, error),
  EPIPE: reset,
  UND_ERR_SOCKET: reset,
  ERR_STREAM_PREMATURE_CLOSE: reset,
  UND_ERR_HEADERS_TIMEOUT: (host) => failure("Timeout", `${host} was silent for too long before its answer`),
  UND_ERR_BODY_TIMEOUT: (host) => failure("Timeout", `${host} was silent for too long within its answer`),
  UND_ERR_HEADERS_OVERFLOW: (host) => failure("HeadersTooLarge", `the headers of ${host} are over the limit`),
  HPE_HEADER_OVERFLOW: (host) => failure("HeadersTooLarge", `the headers of ${host} are over the limit`),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: (host) => failure("Protocol", `the body of ${host} is not as long as announced`),
  UND_ERR_CLOSED: reset,
  UND_ERR_DESTROYED: reset,
  UND_ERR_PRX_TLS: () => failure("Proxy", "the proxy's certificate is not the proxy's"),
  SKEIN_PROXY_UNREACHED: (_host, { cause, proxy }) => {
    const why = fromCause(cause, hostOf(String(proxy)))
    return { ...why, detail: `the proxy ${String(proxy)} is not reached: ${why.detail}` }
  },
  SKEIN_PROXY_SILENT: (host, { proxy }) =>
    failure("Proxy", `the proxy ${String(proxy)} does not answer when it is asked for ${host}`, "Is it a proxy?"),
  SKEIN_PROXY_REFUSAL: (host, { proxy, status }) =>
    status === 407
      ? failure(
        "Proxy",
        `the proxy ${String(proxy)} wants another user and password (407)`,
        "They stand in its URL: http://user:password@host:port"
      )
      : failure("Proxy", `the proxy ${String(proxy)} makes no connection to ${host}: it answered ${String(status)}`),
  SKEIN_NO_HTTP2: (host, { offered }) =>
    offered === undefined
      ? failure("Protocol", `${host} does not speak HTTP/2 without TLS`, "Ask for less than HTTP/2, or use https://")
      : failure(
        "Protocol",
        `${host} does not speak HTTP/2: over TLS it takes ${String(offered)}`,
        "Ask for less than HTTP/2"
      ),
  SKEIN_NESTED_ENCODING: (_host, error) => failure("Decode", String(error.message)),
  CERT_HAS_EXPIRED: (host) =>
    failure(
      "Tls",
      `the certificate of ${host} has expired`,
      "Renew it, or accept any certificate with `insecure: true`"
    ),
  CERT_NOT_YET_VALID: (host) =>
    failure("Tls", `the certificate of ${host} is not valid yet`, "Is the clock of this machine right?"),
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) => failure("Tls", `the certificate of ${host} is self-signed`, trust),
  SELF_SIGNED_CERT_IN_CHAIN: (host) =>
    failure("Tls", `the authority of ${host}'s certificate is not trusted here`, trust),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) =>
    failure("Tls", `the authority of ${host}'s certificate is not known here`, trust),
  UNABLE_TO_GET_ISSUER_CERT: (host) =>
    failure("Tls", `the authority of ${host}'s certificate is not known here`, trust),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (host) =>
    failure("Tls", `the authority of ${host}'s certificate is not known here`, trust),
  CERT_REVOKED: (host) => failure("Tls", `the certificate of ${host} was revoked`),
  UNABLE_TO_GET_CRL: (host) => failure("Tls", `the \`crl\` says nothing about the authority of ${host}'s certificate`),
  CRL_HAS_EXPIRED: () => failure("Tls", "the `crl` has expired"),
  ERR_TLS_CERT_ALTNAME_INVALID: (host, error) =>
    failure(
      "Tls",
      `the certificate is not for ${nameOf(host)}${altNames(error)}`,
      "Use the name it is for, or accept any certificate with `insecure: true`"
    )
}

const fromTls = (code: string, message: string, host: string): Failure => {
  const said = `${code} ${message}`
  if (/wrong.version.number|packet.length.too.long|http.request|record.layer.failure/i.test(said)) {
    return failure("Tls", `${host} does not speak TLS on this port`, "Use http:// instead of https://, or another port")
  }
  if (/unsupported.protocol|protocol.version|no.protocols.available|version.too.low/i.test(said)) {
    return failure(
      "Tls",
      `${host} only speaks a version of TLS that is too old`,
      "TLS 1.2 is the oldest that is spoken"
    )
  }
  if (/certificate.required|bad.certificate|handshake.failure|unknown.ca/i.test(said)) {
    return failure("Tls", `${host} refused the client's certificate or got none`, "Give it with `cert` and `key`")
  }
  if (/key.values.mismatch|bad.decrypt|bad.password/i.test(said)) {
    return failure("Tls", "the client's `key` does not open or does not belong to its `cert`")
  }
  return failure("Tls", `the TLS handshake with ${host} failed: ${message || code}`)
}

const fromHttp2 = (code: string, message: string): Failure =>
  /ENHANCE_YOUR_CALM|REFUSED_STREAM|GOAWAY|CANCEL|SESSION|STREAM|socket/i.test(`${code} ${message}`)
    ? failure("Reset", `the HTTP/2 stream ended before the answer was complete: ${message}`)
    : failure("Protocol", `the answer is not valid HTTP/2: ${message}`)

const hostOf = (url: string): string => url.replace(/^[a-z]+:\/\//i, "")

const nameOf = (host: string): string => host.replace(/:\d+$/, "")

const altNames = (error: DriverError): string =>
  isError(error.cert) && "subjectaltname" in error.cert && typeof error.cert.subjectaltname === "string"
    ? ` but for ${error.cert.subjectaltname.replaceAll(/(DNS|IP Address):/g, "").slice(0, 200)}`
    : ""
