/** `tcp_connect`, `ping` and `dns`: looks at the network. `ssl_cert_check` is in `certificate.ts`. */
import { Clock, Duration, Effect, Schema } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import { isRecord, type Value } from "../../core/Value.ts"
import {
  type DnsRecord,
  type Endpoint,
  NetworkProbe,
  type NetworkProbeError,
  recordTypes
} from "../../services/NetworkProbe.ts"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"

export const tcpConnect = Action.make({
  name: "tcp_connect",
  family: "network",
  summary: "Opens a TCP connection and closes it",
  input: Schema.Struct({
    host: Fields.describe(Fields.Text, "A name or an address, also as host:port"),
    port: Fields.optional(Fields.Int, "The port, when the host does not name it"),
    timeout: Fields.optional(Fields.Duration, "Give up after this long [default: 5s]"),
    any_connection: Fields.optional(
      Fields.Flag,
      "Pass also when there is no connection [default: when expect speaks of connected]"
    )
  }),
  positional: ["host", "port"],
  output: Schema.Struct({
    connected: Schema.Boolean,
    host: Schema.String,
    port: Schema.Int,
    address: Schema.NullOr(Schema.String),
    local_address: Schema.NullOr(Schema.String),
    remote_address: Schema.NullOr(Schema.String),
    duration_ms: Schema.Finite,
    error: Schema.NullOr(Schema.String)
  }),
  effect: "read",
  robogo: {
    result: (output) => {
      if (!isRecord(output)) return output
      const { duration_ms: millis, error, ...rest } = output
      const response_time = DurationText.format(Duration.millis(Number(millis)))
      return rest["connected"] === true ? { ...rest, response_time } : { ...rest, response_time, error: error ?? "" }
    }
  },
  examples: [
    {
      title: "A port that answers",
      yaml: `mocks: { api: { routes: {} } }
steps:
  - tcp_connect: "\${replace(mocks.api.url, 'http://', '')}"
    expect: duration_ms < 1000
`
    },
    {
      title: "A port on which nothing should listen",
      yaml: `steps:
  - tcp_connect: { host: 127.0.0.1, port: 1, timeout: 500ms }
    expect: connected == false
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const probe = yield* NetworkProbe
    const endpoint = yield* endpointOf(input.host, input.port)
    const started = yield* Clock.monotonicTimeNanos
    const attempt = yield* probe.connect(endpoint).pipe(
      within(input.timeout ?? Duration.seconds(5), `connect to ${endpoint.host}:${endpoint.port}`),
      Effect.result
    )
    const common = { ...endpoint, duration_ms: Number((yield* Clock.monotonicTimeNanos) - started) / 1e6 }
    if (attempt._tag === "Success") {
      const { address, local, remote } = attempt.success
      return { connected: true, ...common, address, local_address: local, remote_address: remote, error: null }
    }
    // Robogo's step passes whatever comes of it, and its files ask `connected` in the next one.
    if (input.any_connection !== true && !context.robogo) return yield* attempt.failure
    const nothing = { address: null, local_address: null, remote_address: null }
    return { connected: false, ...common, ...nothing, error: attempt.failure.message }
  })
})

export const ping = Action.make({
  name: "ping",
  family: "network",
  summary: "Sends echo requests by the system's ping program; fails when none is answered",
  input: Schema.Struct({
    host: Fields.describe(Fields.Text, "A name or an address"),
    count: Fields.optional(Fields.Int, "How many requests, one a second, 1 to 100 [default: 4]"),
    timeout: Fields.optional(Fields.Duration, "How long to wait for each answer, rounded up to seconds [default: 3s]")
  }),
  positional: ["host"],
  output: Schema.Struct({
    host: Schema.String,
    resolved_ip: Schema.String,
    count: Schema.Int,
    timeout: Schema.String,
    duration_ms: Schema.Finite,
    packets_transmitted: Schema.Int,
    packets_received: Schema.Int,
    packet_loss_percent: Schema.Finite,
    min_rtt_ms: Schema.NullOr(Schema.Finite),
    avg_rtt_ms: Schema.NullOr(Schema.Finite),
    max_rtt_ms: Schema.NullOr(Schema.Finite),
    raw_output: Schema.String
  }),
  effect: "read",
  validate: (_present, constants) => countProblems(constants["count"]),
  examples: [
    {
      title: "This machine answers itself, where the system has a ping program",
      yaml: `steps:
  - ping: { host: 127.0.0.1, count: 1 }
    skip: needs the ping program
    expect: [packets_received == 1, avg_rtt_ms < 100]
`
    },
    {
      title: "At most one answer in ten may be lost",
      yaml: `steps:
  - ping: { host: 127.0.0.1, count: 10, timeout: 1s }
    skip: needs the ping program and ten seconds
    expect: packet_loss_percent <= 10
`
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const probe = yield* NetworkProbe
    const count = input.count ?? 4
    const timeout = input.timeout ?? Duration.seconds(3)
    const [problem] = countProblems(count)
    if (problem !== undefined) return yield* new Action.ActionError({ reason: "Invalid", message: problem })
    const started = yield* Clock.monotonicTimeNanos
    const waitSeconds = Math.max(1, Math.ceil(Duration.toSeconds(timeout)))
    const report = yield* probe.ping(input.host, { count, waitSeconds }).pipe(
      within(Duration.seconds(count + waitSeconds + 10), `ping "${input.host}"`)
    )
    if (report.received === 0) {
      const message = `"${input.host}" (${report.resolvedAddress}) answered none of ${count} echo requests`
      const hint = "Many networks drop echo requests; tcp_connect to a port that is open says more"
      return yield* new Action.ActionError({ reason: "Failed", message, hint })
    }
    return {
      host: input.host,
      resolved_ip: report.resolvedAddress,
      count,
      timeout: DurationText.format(timeout),
      duration_ms: Number((yield* Clock.monotonicTimeNanos) - started) / 1e6,
      packets_transmitted: report.transmitted,
      packets_received: report.received,
      packet_loss_percent: report.lossPercent,
      min_rtt_ms: report.minMillis,
      avg_rtt_ms: report.averageMillis,
      max_rtt_ms: report.maxMillis,
      raw_output: report.output
    }
  })
})

export const dns = Action.make({
  name: "dns",
  family: "network",
  summary: "Resolves a name: to its addresses as this machine sees them, or to the DNS records of a type",
  input: Schema.Struct({
    name: Fields.describe(Fields.Text, "The name to resolve; for PTR also an address"),
    type: Fields.optional(
      Schema.Literals(recordTypes),
      "Ask DNS for records of this type [default: ask the system for addresses, as programs do]"
    ),
    server: Fields.optional(Fields.Text, "The DNS server to ask, an address with or without a port; needs type"),
    timeout: Fields.optional(Fields.Duration, "Give up after this long [default: 5s]")
  }),
  positional: ["name", "type"],
  output: Schema.Struct({
    name: Schema.String,
    type: Schema.String,
    answers: Schema.Array(Schema.String),
    records: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
    duration_ms: Schema.Finite
  }),
  effect: "read",
  validate: (present) => present.has("server") && !present.has("type") ? ["`server` needs a `type` of records"] : [],
  examples: [
    { title: "An address of a name", yaml: "steps:\n  - dns: localhost\n    expect: size(answers) >= 1\n" },
    {
      title: "Mail servers by priority",
      yaml: `steps:
  - dns: { name: example.org, type: MX, server: 192.0.2.53 }
    skip: needs that DNS server
    expect: records[0].priority == 10
`
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const probe = yield* NetworkProbe
    const started = yield* Clock.monotonicTimeNanos
    const lookup: Effect.Effect<ReadonlyArray<DnsRecord>, NetworkProbeError> = input.type === undefined
      ? Effect.map(probe.addresses(input.name), (addresses) => addresses.map((value) => ({ value })))
      : probe.records(input.name, input.type, input.server)
    const records = yield* lookup.pipe(within(input.timeout ?? Duration.seconds(5), `resolve "${input.name}"`))
    return {
      name: input.name,
      type: input.type ?? "address",
      answers: records.map((record) => record.value),
      records: records.map((record): Value => ({ ...record })),
      duration_ms: Number((yield* Clock.monotonicTimeNanos) - started) / 1e6
    }
  })
})

/** Reads `host`, `host:port` or `[v6]:port`; `port` comes first when both name one, or else `standard`. */
export const endpointOf = (
  host: string,
  port: number | undefined,
  standard?: number
): Effect.Effect<Endpoint, Action.ActionError> => {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(host)
  const plain = /^([^:]+)(?::(\d+))?$/.exec(host)
  const found = bracketed ?? plain
  const named = found?.[2] === undefined ? undefined : Number(found[2])
  const chosen = port ?? named ?? standard
  // More than one colon and no brackets: an IPv6 address alone.
  const name = found?.[1] ?? host
  if (name !== "" && chosen !== undefined && chosen >= 1 && chosen <= 65_535) {
    return Effect.succeed({ host: name, port: chosen })
  }
  const message = chosen === undefined ? `no port is given for "${host}"` : `${chosen} is no port; ports are 1 to 65535`
  return Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
}

/** Puts a bound on a look at the network and makes its failure a step's. */
export const within =
  (timeout: Duration.Duration, task: string) => <A, R>(effect: Effect.Effect<A, NetworkProbeError, R>) =>
    effect.pipe(
      Effect.mapError(asActionError),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail(
            new Action.ActionError({
              reason: "Timeout",
              message: `cannot ${task}: no answer within ${DurationText.format(timeout)}`
            })
          )
      })
    )

const asActionError = (error: NetworkProbeError): Action.ActionError =>
  new Action.ActionError({
    reason: error.reason === "Timeout" ? "Timeout" : error.reason === "Unavailable" ? "Unavailable" : "Connection",
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })

const countProblems = (count: Value | undefined): ReadonlyArray<string> =>
  count === undefined || (Number(count) >= 1 && Number(count) <= 100) ? [] : ["`count` must be 1 to 100"]
