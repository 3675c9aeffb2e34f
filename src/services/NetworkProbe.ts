/**
 * Looks at the network below HTTP: does a port answer, which certificate does it show, what does a name resolve to, how
 * long does an echo take. Nothing is kept open.
 *
 * Implementations: `layers/live/NodeNetworkProbe`, `layers/fake/FakeNetworkProbe`. Both pass `test/services/NetworkProbeSuite`.
 */
import { Context, type Effect, Schema } from "effect"
import type { PingReport } from "../core/PingOutput.ts"

export const recordTypes = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT", "CAA"] as const
export type RecordType = (typeof recordTypes)[number]

export interface Endpoint {
  /** A name or an address. */
  readonly host: string
  readonly port: number
}

export interface Connection {
  /** The address that the host resolved to. */
  readonly address: string
  /** `address:port`, IPv6 in brackets. */
  readonly local: string
  readonly remote: string
}

export interface CertificateOptions {
  /** The name that the server is asked for and that the certificate must have. @default the host */
  readonly serverName?: string | undefined
  /** PEM of authorities to trust instead of the usual ones. */
  readonly authorities?: string | undefined
}

export interface Certificate {
  /** One line, such as `CN=localhost, O=Example`. */
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  readonly validTo: number
  readonly dnsNames: ReadonlyArray<string>
  readonly ipAddresses: ReadonlyArray<string>
  /** `null` where the runtime does not tell. */
  readonly signatureAlgorithm: string | null
  readonly publicKeyAlgorithm: string
  /** Certificates that the server sent, the first included. */
  readonly chainLength: number
  readonly selfSigned: boolean
  readonly fingerprintSha256: string
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  /** Why the chain is not trusted, expiry included; `null` when it is. */
  readonly chainError: string | null
  /** Why the certificate is not for the name asked; `null` when it is. */
  readonly hostnameError: string | null
}

/** One record of a name. `value` is its main part as text: an address, a host, the text. */
export interface DnsRecord {
  readonly value: string
  /** Seconds; only addresses have one. */
  readonly ttl?: number
  readonly priority?: number
  readonly weight?: number
  readonly port?: number
}

export class NetworkProbe extends Context.Service<NetworkProbe, {
  /** Opens a TCP connection and closes it. Waits as long as the system does: put a time-out around it. */
  readonly connect: (endpoint: Endpoint) => Effect.Effect<Connection, NetworkProbeError>

  /**
   * Fetches the certificate that a TLS server shows, whether it is good or not: what is wrong with it is in the answer.
   * Fails with `Tls` when no handshake could be made. Waits as long as the server does.
   */
  readonly certificate: (
    endpoint: Endpoint,
    options?: CertificateOptions
  ) => Effect.Effect<Certificate, NetworkProbeError>

  /**
   * Asks for the addresses of a name as programs of this machine see them (`/etc/hosts` included), in the order in which
   * they would be tried. Fails with `UnknownHost` when there is none.
   */
  readonly addresses: (name: string) => Effect.Effect<ReadonlyArray<string>, NetworkProbeError>

  /**
   * Asks DNS for the records of one type, sorted by value; `server` (`address` or `address:port`) is asked instead of the
   * usual ones. Fails with `UnknownHost` when there is no such name or it has no record of the type.
   */
  readonly records: (
    name: string,
    type: RecordType,
    server?: string | undefined
  ) => Effect.Effect<ReadonlyArray<DnsRecord>, NetworkProbeError>

  /**
   * Sends `count` echo requests, one a second, and waits at most `waitSeconds` for each answer. No answer at all is a
   * report, not a failure. Fails with `Unavailable` when this machine cannot send any.
   */
  readonly ping: (
    host: string,
    options: { readonly count: number; readonly waitSeconds: number }
  ) => Effect.Effect<PingReport, NetworkProbeError>
}>()("skein/services/NetworkProbe") {}

/**
 * Why a look at the network failed. `Unavailable`: this machine lacks what is needed (the `ping` program, the right to
 * use it); the others are about the other side.
 */
export class NetworkProbeError extends Schema.TaggedError<NetworkProbeError>()("NetworkProbeError", {
  reason: Schema.Literals(["UnknownHost", "Refused", "Unreachable", "Broken", "Timeout", "Tls", "Unavailable"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {}
