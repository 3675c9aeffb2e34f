/**
 * The network as Node and the operating system see it: `node:net`, `node:tls`, `node:dns`, and the `ping` program.
 *
 * An interrupted look closes its socket, ends its query or kills its program.
 */
import { Effect, Layer, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as Dns from "node:dns"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as PingOutput from "../../core/PingOutput.ts"
import {
  type Certificate,
  type CertificateOptions,
  type DnsRecord,
  type Endpoint,
  NetworkProbe,
  NetworkProbeError,
  type RecordType
} from "../../services/NetworkProbe.ts"

const make = Effect.gen(function*() {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  return NetworkProbe.of({
    connect,
    certificate,
    addresses,
    records,
    ping: (host, options) =>
      Effect.provideService(ping(host, options), ChildProcessSpawner.ChildProcessSpawner, spawner)
  })
})

/** Opens nothing until it is used. */
export const layer: Layer.Layer<NetworkProbe, never, ChildProcessSpawner.ChildProcessSpawner> = Layer.effect(
  NetworkProbe,
  make
)

const connect = (endpoint: Endpoint) =>
  Effect.callback<{ address: string; local: string; remote: string }, NetworkProbeError>((resume) => {
    const socket = Net.connect({ host: endpoint.host, port: endpoint.port })
    socket.once("connect", () => {
      const { localAddress, localPort, remoteAddress, remotePort } = socket
      resume(Effect.succeed({
        address: remoteAddress ?? "",
        local: place(localAddress, localPort),
        remote: place(remoteAddress, remotePort)
      }))
      socket.destroy()
    })
    socket.on("error", (error) => resume(Effect.fail(failure(`connect to ${named(endpoint)}`, error))))
    return Effect.sync(() => socket.destroy())
  })

const certificate = (endpoint: Endpoint, options: CertificateOptions = {}) =>
  Effect.callback<Certificate, NetworkProbeError>((resume) => {
    const name = options.serverName ?? endpoint.host
    const socket = Tls.connect({
      host: endpoint.host,
      port: endpoint.port,
      ...(Net.isIP(name) === 0 ? { servername: name } : {}),
      ...(options.authorities === undefined ? {} : { ca: options.authorities }),
      // Both checks are made below, apart from each other, so that the answer can say which of them failed.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined
    })
    socket.once("secureConnect", () => {
      resume(describe(socket, name))
      socket.destroy()
    })
    const task = `make a TLS connection to ${named(endpoint)}`
    socket.on("error", (error) => resume(Effect.fail(failure(task, error))))
    socket.once("end", () => {
      const message = `cannot ${task}: the server closed the connection`
      resume(Effect.fail(new NetworkProbeError({ reason: "Tls", message })))
    })
    return Effect.sync(() => socket.destroy())
  })

const describe = (socket: Tls.TLSSocket, name: string): Effect.Effect<Certificate, NetworkProbeError> => {
  const peer = socket.getPeerX509Certificate()
  if (peer === undefined) {
    return Effect.fail(new NetworkProbeError({ reason: "Tls", message: "the server showed no certificate" }))
  }
  const names = (peer.subjectAltName ?? "").split(", ")
  const ofKind = (kind: string) => names.flatMap((name) => name.startsWith(kind) ? [name.slice(kind.length)] : [])
  const matches = Net.isIP(name) === 0 ? peer.checkHost(name) : peer.checkIP(name)
  const untrusted: unknown = socket.authorizationError
  return Effect.succeed({
    subject: peer.subject.replaceAll("\n", ", "),
    issuer: peer.issuer.replaceAll("\n", ", "),
    serialNumber: peer.serialNumber,
    validFrom: Date.parse(peer.validFrom),
    validTo: Date.parse(peer.validTo),
    dnsNames: ofKind("DNS:"),
    ipAddresses: ofKind("IP Address:"),
    signatureAlgorithm: peer.signatureAlgorithm ?? null,
    publicKeyAlgorithm: peer.publicKey.asymmetricKeyType ?? "unknown",
    chainLength: chainLength(socket.getPeerCertificate(true)),
    selfSigned: peer.subject === peer.issuer && peer.verify(peer.publicKey),
    fingerprintSha256: peer.fingerprint256,
    protocol: socket.getProtocol() ?? "unknown",
    chainError: untrusted === null || untrusted === undefined
      ? null
      : explainTls(untrusted instanceof Error && "code" in untrusted ? String(untrusted.code) : String(untrusted)),
    hostnameError: matches === undefined ? `the certificate is not for "${name}"` : null
  })
}

/** Each certificate points at its issuer; the last one points at itself or at nothing. */
const chainLength = (first: Tls.DetailedPeerCertificate): number => {
  const seen = new Set<string>()
  let certificate: Tls.DetailedPeerCertificate | undefined = first
  while (certificate?.fingerprint256 !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256)
    certificate = certificate.issuerCertificate
  }
  return seen.size
}

const tlsTexts: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in a self-signed certificate that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "an issuer in its chain is missing",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not known here",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it was revoked"
}

const explainTls = (code: string): string => tlsTexts[code] ?? code

const addresses = (name: string) =>
  Effect.callback<ReadonlyArray<string>, NetworkProbeError>((resume) => {
    Dns.lookup(name, { all: true }, (error, found) =>
      resume(
        error === null
          ? Effect.succeed(found.map((each) => each.address))
          : Effect.fail(failure(`resolve "${name}"`, error))
      ))
  })

const records = (name: string, type: RecordType, server?: string) =>
  Effect.callback<ReadonlyArray<DnsRecord>, NetworkProbeError>((resume) => {
    const resolver = new Dns.promises.Resolver({ timeout: 2_000, tries: 2 })
    const task = `find the ${type} records of "${name}"`
    const ask = async () => {
      if (server !== undefined) resolver.setServers([server])
      return await queries[type](resolver, name)
    }
    ask().then(
      (found) =>
        resume(
          found.length === 0
            ? Effect.fail(new NetworkProbeError({ reason: "UnknownHost", message: `cannot ${task}: there is none` }))
            : Effect.succeed([...found].sort((a, b) => a.value < b.value ? -1 : 1))
        ),
      (error: unknown) => resume(Effect.fail(failure(task, error)))
    )
    return Effect.sync(() => resolver.cancel())
  })

type Query = (resolver: Dns.promises.Resolver, name: string) => Promise<ReadonlyArray<DnsRecord>>

const hosts = (names: ReadonlyArray<string>): ReadonlyArray<DnsRecord> => names.map((value) => ({ value }))

const queries: Readonly<Record<RecordType, Query>> = {
  A: async (resolver, name) =>
    (await resolver.resolve4(name, { ttl: true })).map(({ address, ttl }) => ({ value: address, ttl })),
  AAAA: async (resolver, name) =>
    (await resolver.resolve6(name, { ttl: true })).map(({ address, ttl }) => ({ value: address, ttl })),
  CNAME: async (resolver, name) => hosts(await resolver.resolveCname(name)),
  MX: async (resolver, name) =>
    (await resolver.resolveMx(name)).map(({ exchange, priority }) => ({ value: exchange, priority })),
  NS: async (resolver, name) => hosts(await resolver.resolveNs(name)),
  PTR: async (resolver, name) =>
    hosts(Net.isIP(name) === 0 ? await resolver.resolvePtr(name) : await resolver.reverse(name)),
  SOA: async (resolver, name) => {
    const soa = await resolver.resolveSoa(name)
    const numbers = [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minttl]
    return [{ value: [soa.nsname, soa.hostmaster, ...numbers].join(" ") }]
  },
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map(({ name, port, priority, weight }) => ({
      value: name,
      port,
      priority,
      weight
    })),
  TXT: async (resolver, name) => hosts((await resolver.resolveTxt(name)).map((parts) => parts.join(""))),
  CAA: async (resolver, name) =>
    hosts(
      (await resolver.resolveCaa(name)).flatMap((record) =>
        (["issue", "issuewild", "iodef"] as const).flatMap((tag) => {
          const value: unknown = record[tag]
          return typeof value === "string" ? [`${tag} ${value}`] : []
        })
      )
    )
}

/** The program's output is small: it answers with a line for each of at most a hundred requests. */
const ping = Effect.fnUntraced(function*(
  host: string,
  options: { readonly count: number; readonly waitSeconds: number }
) {
  // A host that starts with a dash would be read as an option by some of these programs, `--` or not.
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.:%-]*$/u.test(host)) {
    return yield* new NetworkProbeError({ reason: "UnknownHost", message: `${JSON.stringify(host)} is no host name` })
  }
  const handle = yield* ChildProcess.make("ping", pingArguments(host, options.count, options.waitSeconds), {
    env: { LC_ALL: "C" },
    extendEnv: true,
    stdin: "ignore",
    forceKillAfter: "1 second"
  }).pipe(Effect.mapError((cause) =>
    new NetworkProbeError({
      reason: "Unavailable",
      message: cause.reason._tag === "NotFound"
        ? "cannot ping: this machine has no `ping` program"
        : `cannot run the \`ping\` program: ${cause.message}`,
      hint: "Install it (Debian: apt-get install iputils-ping), or use tcp_connect",
      cause
    })
  ))
  const output = yield* handle.all.pipe(Stream.decodeText, Stream.mkString, Effect.orElseSucceed(() => ""))
  const report = PingOutput.parse(output)
  if (report !== undefined) return report

  const said = output.trim().split("\n").at(-1) ?? ""
  const unknown = /not known|unknown host|bad address|could not find host|Name or service|no address/i.test(output)
  return yield* new NetworkProbeError({
    reason: unknown ? "UnknownHost" : /unreachable/i.test(output) ? "Unreachable" : "Unavailable",
    message: `cannot ping "${host}": ${said === "" ? "the program said nothing" : said}`,
    ...(/not permitted|permission/i.test(output)
      ? { hint: "This user may not send echo requests; run ping with the right to, or use tcp_connect" }
      : {})
  })
}, Effect.scoped)

const pingArguments = (host: string, count: number, waitSeconds: number): ReadonlyArray<string> => {
  const seconds = Math.max(1, Math.ceil(waitSeconds))
  if (process.platform === "win32") return ["-n", String(count), "-w", String(seconds * 1_000), host]
  const wait = process.platform === "darwin" ? String(seconds * 1_000) : String(seconds)
  return ["-n", "-c", String(count), "-W", wait, "--", host]
}

const reasons: Readonly<Record<string, readonly [NetworkProbeError["reason"], string]>> = {
  ECONNREFUSED: ["Refused", "nothing listens there (connection refused)"],
  ECONNRESET: ["Broken", "the connection was reset"],
  EPIPE: ["Broken", "the connection was closed"],
  ETIMEDOUT: ["Timeout", "there was no answer"],
  ETIMEOUT: ["Timeout", "no DNS server answered"],
  EHOSTUNREACH: ["Unreachable", "no way leads to the host"],
  ENETUNREACH: ["Unreachable", "no way leads to its network"],
  EADDRNOTAVAIL: ["Unavailable", "this machine has no free local port or address"],
  EMFILE: ["Unavailable", "too many open files"],
  ENOTFOUND: ["UnknownHost", "there is no such host"],
  ENODATA: ["UnknownHost", "there is none"],
  EAI_AGAIN: ["Timeout", "no DNS server answered"],
  EBADNAME: ["UnknownHost", "that is no host name"],
  ESERVFAIL: ["Broken", "the DNS server failed"],
  EREFUSED: ["Refused", "the DNS server refused to answer"],
  ERR_INVALID_IP_ADDRESS: ["UnknownHost", "the server must be an address"]
}

const failure = (task: string, cause: unknown): NetworkProbeError => {
  const code = codeOf(cause)
  const [reason, why] = reasons[code] ?? [isTls(code) ? "Tls" : "Broken", plain(cause)] as const
  return new NetworkProbeError({ reason, message: `cannot ${task}: ${why}`, cause })
}

/** A failure to reach any of several addresses of a host holds one error for each. */
const codeOf = (cause: unknown): string => {
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return typeof first === "object" && first !== null && "code" in first ? String(first.code) : ""
}

const isTls = (code: string): boolean => /^(ERR_SSL|ERR_TLS|EPROTO)/.test(code)

const plain = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause)
  // OpenSSL's own lines look like `40C7...:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert:...`.
  return /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message.trim()
}

const place = (address: string | undefined, port: number | undefined): string =>
  address?.includes(":") === true ? `[${address}]:${port}` : `${address}:${port}`

const named = (endpoint: Endpoint): string => place(endpoint.host, endpoint.port)
