/**
 * What Robogo, which is written in Go, says of a failure. Its files quote that in `expect_error` and `retry_if`, so it counts
 * there beside our own message; nobody gets to see it.
 */
import { hasProperty } from "effect/Predicate"
import type { ActionError } from "../Action.ts"
import type { Location } from "../Event.ts"
import * as Failures from "../run/StepFailure.ts"

/** The failure of an action in a Robogo file. */
export const fromAction = (error: ActionError, location: Location): Failures.StepFailure => {
  const { failures, status } = Failures.fromAction(error, location)
  return new Failures.StepFailure({ failures, status, said: said(error) })
}

/** A variable that has no value: there its name became a marker, of which the action complained. */
export const unresolved = (failure: Failures.StepFailure): Failures.StepFailure => {
  const name = /^unknown name (.+)$/.exec(failure.failures[0]!.message)?.[1]
  return name === undefined ? failure : new Failures.StepFailure({
    failures: failure.failures,
    said: `unresolved variables: __UNRESOLVED_${name}__`
  })
}

const said = (error: ActionError): string | undefined => {
  if (error.reason === "Failed") return "assertion failed"
  const cause = hasProperty(error.cause, "reason") ? String(error.cause.reason) : ""
  const words = byCause[cause] ?? byReason[error.reason]
  if (words === undefined) return undefined
  return hasProperty(error.cause, "_tag") && error.cause._tag === "HttpExchangeError"
    ? `HTTP request failed: ${words}`
    : words
}

const byReason: Readonly<Record<string, string>> = {
  Timeout: "timeout: context deadline exceeded (Client.Timeout exceeded while awaiting headers), i/o timeout",
  Connection: "connection error: network error: dial tcp: connect"
}

/** By the reasons of `HttpExchangeError` and `NetworkProbeError`. */
const byCause: Readonly<Record<string, string>> = {
  Refused: "connection error: dial tcp: connect: connection refused",
  Dns: "connection error: dial tcp: lookup: no such host",
  UnknownHost: "connection error: dial tcp: lookup: no such host",
  Unreachable: "connection error: dial tcp: connect: network is unreachable, no route to host",
  Broken: "connection error: read: connection reset by peer, unexpected EOF",
  Reset: "connection error: read: connection reset by peer, unexpected EOF",
  Tls: "tls: failed to verify certificate: x509: certificate signed by unknown authority, certificate is not valid",
  InvalidUrl: "invalid URL: unsupported protocol scheme, missing host",
  TooManyRedirects: "stopped after 10 redirects"
}
