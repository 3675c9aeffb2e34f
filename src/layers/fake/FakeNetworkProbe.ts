/**
 * A network that a test describes: which ports listen, which certificates they show, what names resolve to, which hosts
 * answer an echo. Whatever was not described refuses, is unknown, or stays silent, as the real one would.
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import {
  type Certificate,
  type DnsRecord,
  type Endpoint,
  NetworkProbe,
  NetworkProbeError,
  type RecordType
} from "../../services/NetworkProbe.ts"

export interface Listener {
  /** Absent: the port speaks no TLS. Whether it is for the name asked is found from its names. */
  readonly certificate?: Certificate | undefined
  /** Time to connect, by `Clock`. @default none */
  readonly latency?: Duration.Input | undefined
}

/** The controls of the fake, in the same layer. */
export class FakeNetworkProbe extends Context.Service<FakeNetworkProbe, {
  /** Lets `host:port` answer; names resolve to 127.0.0.1 unless they have an `A` record. Replaces what was there. */
  readonly listen: (endpoint: Endpoint, listener?: Listener) => Effect.Effect<void>

  /** Gives a name its records of one type. */
  readonly name: (name: string, type: RecordType, records: ReadonlyArray<DnsRecord>) => Effect.Effect<void>

  /** Lets a host answer each echo after these times, the last one repeated; `null` is a lost one. */
  readonly echo: (host: string, latencies: ReadonlyArray<Duration.Input | null>) => Effect.Effect<void>

  /** What was asked, oldest first: `connect shop.test:80`, `ping shop.test`. */
  readonly calls: Effect.Effect<ReadonlyArray<string>>
}>()("skein/layers/FakeNetworkProbe") {}

const make = Effect.sync(() => {
  const listeners = new Map<string, Listener>()
  const names = new Map<string, ReadonlyArray<DnsRecord>>()
  const echoes = new Map<string, ReadonlyArray<Duration.Input | null>>()
  const calls: Array<string> = []
  const called = (call: string) => Effect.sync(() => void calls.push(call))

  const addressOf = (host: string): string | undefined =>
    names.get(`A ${host}`)?.[0]?.value ?? (isAddress(host) ? host : isNamed(host) ? "127.0.0.1" : undefined)
  const isNamed = (host: string): boolean =>
    echoes.has(host) || [...listeners.keys()].some((key) => key.startsWith(`${host}:`))

  const reach = Effect.fnUntraced(function*(task: string, endpoint: Endpoint) {
    const address = addressOf(endpoint.host)
    if (address === undefined) return yield* failed("UnknownHost", `cannot ${task}: there is no such host`)
    const listener = listeners.get(`${endpoint.host}:${endpoint.port}`)
    if (listener === undefined) {
      return yield* failed("Refused", `cannot ${task}: nothing listens there (connection refused)`)
    }
    yield* Effect.sleep(listener.latency ?? 0)
    return { address, listener }
  })

  const probe = NetworkProbe.of({
    connect: Effect.fnUntraced(function*(endpoint) {
      yield* called(`connect ${endpoint.host}:${endpoint.port}`)
      const { address } = yield* reach(`connect to ${endpoint.host}:${endpoint.port}`, endpoint)
      return { address, local: "127.0.0.1:50000", remote: `${address}:${endpoint.port}` }
    }),
    certificate: Effect.fnUntraced(function*(endpoint, options = {}) {
      yield* called(`certificate ${endpoint.host}:${endpoint.port}`)
      const task = `make a TLS connection to ${endpoint.host}:${endpoint.port}`
      const { listener } = yield* reach(task, endpoint)
      const { certificate } = listener
      if (certificate === undefined) return yield* failed("Tls", `cannot ${task}: wrong version number`)
      const name = options.serverName ?? endpoint.host
      const matches = covers(certificate, name)
      return {
        ...certificate,
        hostnameError: certificate.hostnameError ?? (matches ? null : `the certificate is not for "${name}"`)
      }
    }),
    addresses: Effect.fnUntraced(function*(name) {
      yield* called(`addresses ${name}`)
      const records = [...names.get(`A ${name}`) ?? [], ...names.get(`AAAA ${name}`) ?? []].map(({ value }) => value)
      const own = addressOf(name)
      if (records.length > 0) return records
      return own === undefined ? yield* failed("UnknownHost", `cannot resolve "${name}": there is no such host`) : [own]
    }),
    records: Effect.fnUntraced(function*(name, type) {
      yield* called(`records ${type} ${name}`)
      const records = names.get(`${type} ${name}`) ?? []
      if (records.length === 0) {
        return yield* failed("UnknownHost", `cannot find the ${type} records of "${name}": there is none`)
      }
      return [...records].sort((a, b) => a.value < b.value ? -1 : 1)
    }),
    ping: Effect.fnUntraced(function*(host, { count, waitSeconds }) {
      yield* called(`ping ${host}`)
      const address = addressOf(host)
      if (address === undefined) return yield* failed("UnknownHost", `cannot ping "${host}": Name or service not known`)
      const latencies = echoes.get(host) ?? [null]
      const times: Array<number> = []
      for (let sent = 0; sent < count; sent++) {
        const latency = latencies[Math.min(sent, latencies.length - 1)] ?? null
        const millis = latency === null ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(latency))
        yield* Effect.sleep(Math.min(millis, waitSeconds * 1_000))
        if (millis <= waitSeconds * 1_000) times.push(millis)
      }
      return report(address, count, times)
    })
  })

  return Context.make(NetworkProbe, probe).pipe(Context.add(FakeNetworkProbe, {
    listen: ({ host, port }, listener = {}) => Effect.sync(() => void listeners.set(`${host}:${port}`, listener)),
    name: (name, type, records) => Effect.sync(() => void names.set(`${type} ${name}`, records)),
    echo: (host, latencies) => Effect.sync(() => void echoes.set(host, latencies)),
    calls: Effect.sync(() => [...calls])
  }))
})

/** An empty network. */
export const layer: Layer.Layer<NetworkProbe | FakeNetworkProbe> = Layer.effectContext(make)

/** A good certificate for `name` that is valid for a year from now; change what the test is about. */
export const certificateFor = Effect.fnUntraced(function*(name: string): Effect.fn.Return<Certificate> {
  const now = yield* Clock.currentTimeMillis
  return {
    subject: `CN=${name}`,
    issuer: "CN=fake authority",
    serialNumber: "01",
    validFrom: now - 86_400_000,
    validTo: now + 365 * 86_400_000,
    dnsNames: [name],
    ipAddresses: [],
    signatureAlgorithm: "ecdsa-with-SHA256",
    publicKeyAlgorithm: "ec",
    chainLength: 2,
    selfSigned: false,
    fingerprintSha256: "00",
    protocol: "TLSv1.3",
    chainError: null,
    hostnameError: null
  }
})

const failed = (reason: NetworkProbeError["reason"], message: string) =>
  Effect.fail(new NetworkProbeError({ reason, message }))

/** A wildcard stands for one label (RFC 6125, section 6.4.3). */
const covers = (certificate: Certificate, name: string): boolean =>
  certificate.ipAddresses.includes(name) ||
  certificate.dnsNames.some((dnsName) =>
    dnsName === name || (dnsName.startsWith("*.") && name.slice(name.indexOf(".")) === dnsName.slice(1))
  )

const isAddress = (host: string): boolean => /^\d+(\.\d+){3}$/.test(host) || host.includes(":")

const report = (address: string, count: number, times: ReadonlyArray<number>) => ({
  resolvedAddress: address,
  transmitted: count,
  received: times.length,
  lossPercent: 100 * (count - times.length) / count,
  minMillis: times.length === 0 ? null : Math.min(...times),
  averageMillis: times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length,
  maxMillis: times.length === 0 ? null : Math.max(...times),
  output: ""
})
