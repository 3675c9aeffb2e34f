/** `ssl_cert_check`: the certificate of a TLS server. */
import { Clock, DateTime, Duration, Effect, Schema } from "effect"
import type { Value } from "../../core/Value.ts"
import { type Certificate, NetworkProbe } from "../../services/NetworkProbe.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"
import * as SafePath from "../SafePath.ts"
import { endpointOf, within } from "./network.ts"

const input = Schema.Struct({
  host: Fields.describe(Fields.Text, "The server, as host or host:port [default port: 443]"),
  port: Fields.optional(Fields.Int, "The port, when the host does not name it"),
  timeout: Fields.optional(Fields.Duration, "Give up after this long [default: 5s]"),
  server_name: Fields.optional(Fields.Text, "The name to ask for and to find in the certificate [default: the host]"),
  ca: Fields.optional(Fields.Text, "PEM file of the authorities to trust instead of the usual ones"),
  verify_chain: Fields.optional(Fields.Flag, "The chain must be trusted [default: true]"),
  check_expiry_days: Fields.optional(
    Fields.Int,
    "Set expiry_warning when fewer days than this are left, 0 to 365 [default: 30]"
  ),
  allow_self_signed: Fields.optional(Fields.Flag, "A self-signed certificate will do [default: false]"),
  skip_hostname_verify: Fields.optional(Fields.Flag, "The name need not be in the certificate [default: false]"),
  any_certificate: Fields.optional(
    Fields.Flag,
    "Pass also when the certificate is not valid [default: when expect speaks of valid]"
  )
})

export const sslCertCheck = Action.make({
  name: "ssl_cert_check",
  family: "network",
  summary: "Fetches the certificate of a TLS server; fails when it is not valid",
  input,
  positional: ["host"],
  output: Schema.Struct({
    valid: Schema.Boolean,
    host: Schema.String,
    port: Schema.Int,
    expires_at: Schema.String,
    valid_from: Schema.String,
    days_until_expiry: Schema.Int,
    is_expired: Schema.Boolean,
    is_not_yet_valid: Schema.Boolean,
    expiry_warning: Schema.Boolean,
    issuer: Schema.String,
    subject: Schema.String,
    serial_number: Schema.String,
    signature_algorithm: Schema.NullOr(Schema.String),
    public_key_algorithm: Schema.String,
    chain_length: Schema.Int,
    self_signed: Schema.Boolean,
    dns_names: Schema.Array(Schema.String),
    ip_addresses: Schema.Array(Schema.String),
    hostname_error: Schema.NullOr(Schema.String),
    chain_error: Schema.NullOr(Schema.String),
    fingerprint_sha256: Schema.String,
    protocol: Schema.String
  }),
  effect: "read",
  validate: (_present, constants) => expiryProblems(constants["check_expiry_days"]),
  examples: [
    {
      title: "A server whose certificate should last another month",
      yaml: `steps:
  - ssl_cert_check: example.org
    skip: needs that server
    expect: days_until_expiry > 30
`
    },
    {
      title: "A port that speaks no TLS",
      yaml: `mocks: { api: { routes: {} } }
steps:
  - ssl_cert_check: "\${replace(mocks.api.url, 'http://', '')}"
    expect_error: cannot make a TLS connection
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const probe = yield* NetworkProbe
    const endpoint = yield* endpointOf(input.host, input.port, 443)
    const [problem] = expiryProblems(input.check_expiry_days)
    if (problem !== undefined) return yield* new Action.ActionError({ reason: "Invalid", message: problem })
    const authorities = input.ca === undefined
      ? undefined
      : yield* SafePath.readText(input.ca, context, 1_000_000).pipe(
        Effect.mapError(SafePath.asActionError)
      )
    const certificate = yield* probe.certificate(endpoint, { serverName: input.server_name, authorities }).pipe(
      within(input.timeout ?? Duration.seconds(5), `make a TLS connection to ${endpoint.host}:${endpoint.port}`)
    )
    const now = yield* Clock.currentTimeMillis
    const faults = faultsOf(certificate, input, now)
    const output = {
      valid: faults.length === 0,
      host: endpoint.host,
      port: endpoint.port,
      ...described(certificate, now, input.check_expiry_days ?? 30)
    }
    if (faults.length > 0 && input.any_certificate !== true) {
      return yield* new Action.ActionError({
        reason: "Failed",
        message: `the certificate of ${endpoint.host}:${endpoint.port} is not valid: ${faults.join("; ")}`,
        values: [
          { expression: "subject", value: certificate.subject },
          { expression: "issuer", value: certificate.issuer },
          { expression: "expires_at", value: isoOf(certificate.validTo) }
        ],
        output
      })
    }
    return output
  })
})

type Options = typeof input.Type

const dayMillis = 86_400_000

/** What is wrong with a certificate, given what the step overlooks. Empty: it is valid. */
const faultsOf = (certificate: Certificate, options: Options, now: number): ReadonlyArray<string> => {
  const faults: Array<string> = []
  if (now > certificate.validTo) faults.push(`it expired on ${isoOf(certificate.validTo)}`)
  if (now < certificate.validFrom) faults.push(`it is valid only from ${isoOf(certificate.validFrom)}`)
  if (options.skip_hostname_verify !== true && certificate.hostnameError !== null) {
    faults.push(certificate.hostnameError)
  }
  const overlooked = options.verify_chain === false || (options.allow_self_signed === true && certificate.selfSigned)
  // An expired certificate has an untrusted chain for that reason: say it once.
  const said = faults.length > 0 && /expired|not valid yet/.test(certificate.chainError ?? "")
  if (certificate.chainError !== null && !overlooked && !said) faults.push(certificate.chainError)
  return faults
}

const described = (certificate: Certificate, now: number, warnDays: number): { readonly [key: string]: Value } => {
  const days = Math.floor((certificate.validTo - now) / dayMillis)
  return {
    expires_at: isoOf(certificate.validTo),
    valid_from: isoOf(certificate.validFrom),
    days_until_expiry: days,
    is_expired: now > certificate.validTo,
    is_not_yet_valid: now < certificate.validFrom,
    expiry_warning: days < warnDays,
    issuer: certificate.issuer,
    subject: certificate.subject,
    serial_number: certificate.serialNumber,
    signature_algorithm: certificate.signatureAlgorithm,
    public_key_algorithm: certificate.publicKeyAlgorithm,
    chain_length: certificate.chainLength,
    self_signed: certificate.selfSigned,
    dns_names: certificate.dnsNames,
    ip_addresses: certificate.ipAddresses,
    hostname_error: certificate.hostnameError,
    chain_error: certificate.chainError,
    fingerprint_sha256: certificate.fingerprintSha256,
    protocol: certificate.protocol
  }
}

const isoOf = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

const expiryProblems = (days: Value | undefined): ReadonlyArray<string> =>
  days === undefined || (Number(days) >= 0 && Number(days) <= 365) ? [] : ["`check_expiry_days` must be 0 to 365"]
