/**
 * Asks every configured server how it is, all at once, each within a deadline. What `skein doctor` prints and what `/health` of a
 * program answers come from here.
 */
import { Clock, Duration, Effect, Option, Redacted, Result } from "effect"
import type { HttpClient } from "effect/http"
import * as DurationText from "../core/DurationText.ts"
import * as ServerName from "../core/ServerName.ts"
import { field, isRecord, type ValueRecord } from "../core/Value.ts"
import * as AmqpStep from "../scenario/steps/AmqpStep.ts"
import * as CacheStep from "../scenario/steps/CacheStep.ts"
import type * as Connection from "../scenario/steps/Connection.ts"
import * as MongoStep from "../scenario/steps/MongoStep.ts"
import * as PostgresStep from "../scenario/steps/PostgresStep.ts"
import type { Health, Pool } from "../services/Health.ts"
import * as HttpExchange from "../services/HttpExchange.ts"
import { NetworkProbe } from "../services/NetworkProbe.ts"
import * as SecretCache from "../services/SecretCache.ts"
import { Secrets } from "../services/Secrets.ts"
import * as Servers from "./doctor/Servers.ts"
import * as CaseSecrets from "./runner/CaseSecrets.ts"

export { text } from "./doctor/DoctorText.ts"
export { given, type Kind, of as serversOf, type Server } from "./doctor/Servers.ts"

export interface Options {
  /** Settings by family, as actions see them. */
  readonly settings: ValueRecord
  /** Secrets that URLs may name, in the spelling of `secrets:`. */
  readonly secrets: ValueRecord
  readonly environment: Readonly<Record<string, string>>
  /** Absolute folder where relative paths of secrets start. */
  readonly directory: string
  /** Bound on each check, connecting included. @default 5 seconds */
  readonly timeout?: Duration.Duration | undefined
}

/** How one server is. Plain data, without passwords. */
export interface Check {
  readonly name: string
  readonly kind: Servers.Kind | "embedded" | "unknown"
  /** `host:port`; of an embedded one its URL. */
  readonly server: string
  /** `embedded`: it needs no server, and is not opened. */
  readonly status: Health["status"] | "embedded"
  readonly version?: string | undefined
  /** One round trip. */
  readonly latency_ms?: number | undefined
  readonly pool?: Pool | undefined
  readonly problem?: string | undefined
  readonly hint?: string | undefined
}

export type Services = HttpClient.HttpClient | NetworkProbe | Secrets

/**
 * Asks all of them, with the stores and brokers that the context has; answers in the order of `servers`. Never fails: what cannot be
 * asked is `down`, with the reason.
 */
export const run = Effect.fn("Doctor.run")(function*(
  servers: ReadonlyArray<Servers.Server>,
  options: Options
): Effect.fn.Return<ReadonlyArray<Check>, never, Services> {
  const timeout = options.timeout ?? defaultTimeout
  const secrets = SecretCache.make(yield* Secrets, { environment: options.environment, timeout })
  return yield* Effect.forEach(servers, (server) =>
    Effect.gen(function*() {
      const given = Redacted.value(server.url)
      const url = yield* Effect.result(filledIn(given, secrets, options))
      if (Result.isFailure(url)) return checkOf(server, ServerName.of(given), down(url.failure.message))
      const shown = ServerName.of(url.success)
      if (/^embedded:/i.test(url.success)) {
        return { name: server.name, kind: "embedded", server: shown, status: "embedded" } as const
      }
      const kind = server.kind ?? Servers.kindOf(url.success)
      if (kind === undefined) {
        return checkOf(server, shown, down("its URL is none of a server that skein knows"))
      }
      return checkOf({ ...server, kind }, shown, yield* ask(kind, url.success, server.options, options))
    }).pipe(Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.succeed(checkOf(server, ServerName.of(Redacted.value(server.url)), tooLate(timeout)))
    })), { concurrency: "unbounded" })
})

const defaultTimeout = Duration.seconds(5)

/** How all of them are together: `degraded` when one of them is, `down` when one is down. */
export const statusOf = (checks: ReadonlyArray<Check>): Health["status"] =>
  (["down", "degraded"] as const).find((status) => checks.some((check) => check.status === status)) ?? "up"

/** The body of `/health`, and what `skein doctor --format json` prints: checks by name, a second one of a name as `NAME (2)`. */
export const health = (checks: ReadonlyArray<Check>): {
  readonly status: Health["status"]
  readonly checks: Readonly<Record<string, Omit<Check, "name">>>
} => ({
  status: statusOf(checks),
  checks: Object.fromEntries(checks.map(({ name, ...check }, at) => {
    const before = checks.slice(0, at).filter((other) => other.name === name).length
    return [before === 0 ? name : `${name} (${before + 1})`, check]
  }))
})

const checkOf = (server: Servers.Server, shown: string, { latency, ...health }: Health): Check => ({
  name: server.name,
  kind: server.kind ?? "unknown",
  server: shown,
  ...health,
  latency_ms: latency === undefined ? undefined : Math.round(Duration.toMillis(latency) * 1_000) / 1_000
})

const filledIn = (url: string, fetch: SecretCache.Fetch, { directory, secrets }: Options) =>
  Effect.map(
    fetch(
      Object.fromEntries(Object.entries(secrets).filter(([name]) => url.includes(`\${secrets.${name}}`))),
      directory
    ),
    (found) => String(field(CaseSecrets.fillIn({ url }, found), "url"))
  )

const ask = (
  kind: Servers.Kind,
  url: string,
  own: ValueRecord,
  options: Options
): Effect.Effect<Health, never, Services> => {
  switch (kind) {
    case "postgres":
      return askClient(PostgresStep.family, url, own, options)
    case "mongo":
      return askClient(MongoStep.family, url, own, options)
    case "amqp":
      return askClient(AmqpStep.family, url, own, options)
    case "cache":
      return askClient(CacheStep.family, url, own, options)
    case "vault":
      return Effect.flatMap(Secrets, ({ health }) => health(options.environment))
    case "http":
      return askHttp(url)
    case "tcp":
      return askPort(url)
  }
}

interface Problem {
  readonly message: string
  readonly hint?: string | undefined
}

/**
 * Connects as a step would, by the settings of its family, and asks the client. A program that checks no such servers need not
 * bring their service.
 */
const askClient = <
  Identifier,
  Client extends { readonly health: Effect.Effect<Health> },
  Failure extends Problem,
  O,
  S
>(
  family: Connection.Family<Identifier, Client, Failure, O, S>,
  url: string,
  own: ValueRecord,
  { settings, timeout }: Options
): Effect.Effect<Health> => {
  const ofFamily = field(settings, family.name)
  const read = family.settings(inTime({ ...isRecord(ofFamily) ? ofFamily : {}, ...own }, timeout ?? defaultTimeout))
  if (Result.isFailure(read)) return Effect.succeed(down(read.failure.message))
  return Effect.scoped(Effect.gen(function*() {
    const service = yield* Effect.serviceOption(family.service)
    if (Option.isNone(service)) return down(`this program has no client for ${family.name}`)
    const client = yield* service.value.connect(url, family.options(read.success))
    return yield* client.health
  })).pipe(Effect.catch(({ hint, message }: Failure) => Effect.succeed(down(message, hint))))
}

/** Lets a client give up on connecting before we do: it knows why. */
const inTime = (settings: ValueRecord, timeout: Duration.Duration): ValueRecord => {
  const longest = Duration.times(timeout, 0.8)
  const bounds = ["connect_timeout", "selection_timeout"].map((name) => {
    const own = DurationText.parse(String(settings[name]))
    return [
      name,
      own === undefined || Duration.isGreaterThan(own, longest) ? `${Duration.toMillis(longest)}ms` : settings[name]!
    ]
  })
  return { ...settings, ...Object.fromEntries(bounds) }
}

/** Any answer says that it is there; one of 500 or more that it is not well. */
const askHttp = (url: string): Effect.Effect<Health, never, HttpClient.HttpClient> =>
  HttpExchange.execute({ method: "HEAD", url, maxRedirects: 0 }).pipe(
    Effect.map(({ durationMs, headers, status }): Health => ({
      status: status < 500 ? "up" : "degraded",
      version: headers["server"],
      latency: Duration.millis(durationMs),
      problem: status < 500 ? undefined : `it answers ${status}`,
      hint: status < 500 ? undefined : "see its log"
    })),
    Effect.catch(({ detail, hint }) => Effect.succeed(down(detail, hint)))
  )

const askPort = Effect.fnUntraced(function*(url: string): Effect.fn.Return<Health, never, NetworkProbe> {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(ServerName.of(url)) ?? []
  if (host === "") return down("its URL has no host and port", "write it like http://proxy.example:3128")
  const probe = yield* NetworkProbe
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  return yield* Effect.match(probe.connect({ host, port: Number(port) }), {
    onSuccess: (): Health => ({ status: "up", latency: Duration.nanos(clock.monotonicTimeNanosUnsafe() - started) }),
    onFailure: ({ message }) => down(message, "see whether it is running, and whether its address is right")
  })
})

const down = (problem: string, hint?: string): Health => ({ status: "down", problem, hint })

const tooLate = (timeout: Duration.Duration): Health =>
  down(
    `it gave no answer within ${DurationText.format(timeout)}`,
    "see whether a firewall drops what is sent there, or allow more time"
  )
