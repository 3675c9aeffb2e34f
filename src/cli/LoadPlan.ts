/** Makes the plan of a load on a URL from the flags of `skein load`. */
import { Duration, Effect, FileSystem, Option, Path, Random, Redacted, Result } from "effect"
import { Masking } from "../core/Masking.ts"
import * as SensitiveFields from "../core/SensitiveFields.ts"
import * as Executors from "../programs/load/executors/Executors.ts"
import type { Plan, UrlWork } from "../programs/load/Plan.ts"
import * as Thresholds from "../programs/load/Thresholds.ts"
import * as UrlUser from "../programs/load/UrlUser.ts"
import type { Threshold } from "../scenario/LoadBlock.ts"
import * as LoadSettings from "../scenario/LoadSettings.ts"
import * as HttpPolicy from "../services/HttpPolicy.ts"
import * as ExitCode from "./ExitCode.ts"
import { Invocation } from "./Invocation.ts"
import type { LoadFlags } from "./load.ts"

/** What a URL has when no flag says otherwise; a scenario has defaults of its own. */
const defaults = {
  connections: 50,
  durationMillis: 10_000,
  timeout: Duration.seconds(30),
  gracefulStopMillis: 5_000
} as const

/** The flags that say how load is made. */
export type MakingFlags = Omit<
  LoadFlags,
  | "more"
  | "vus"
  | "iterations"
  | "var"
  | "root"
  | "allowOutside"
  | "report"
  | "dashboard"
  | "saveBaseline"
  | "baseline"
  | "margin"
>

/** Fails with all that is wrong with the flags. */
export const ofUrl = Effect.fnUntraced(function*(flags: MakingFlags) {
  const proxy = yield* proxyOf(flags)
  const work = yield* workOf(flags, proxy)
  const block = LoadSettings.resolve([settingsOf(flags)])
  const thresholds = flags.threshold.map((expression): Threshold => ({ expression, abort: false, delayMillis: 0 }))
  const transport = UrlUser.transportOf(work)
  const known = { actions: ["http"], steps: [UrlUser.stepOf(work).name], tags: [], scenarios: [work.url], metrics: [] }
  const request = UrlUser.requestOf(work)
  const compiled = Thresholds.compile(thresholds, known)
  const problems = [
    ...Result.isFailure(request) ? request.failure : [],
    ...Result.isFailure(compiled) ? compiled.failure.map(thresholdProblem) : [],
    ...Option.isSome(flags.rate) && Option.isSome(flags.expectedInterval)
      ? ["--expected-interval corrects a load without --rate; with it nothing needs to be corrected"]
      : [],
    ...proxy !== undefined && flags.resolve.length > 0
      ? [`--resolve: the proxy ${HttpPolicy.proxyName(proxy)} looks names up itself; --proxy false connects directly`]
      : []
  ]
  if (problems.length > 0) return yield* ExitCode.wrongUsage(problems.join("\n"))
  const seed = Option.isSome(flags.seed) ? flags.seed.value : yield* Random.nextIntBetween(0, 2 ** 31)
  const plan: Plan = {
    name: work.url,
    seed,
    threads: Option.getOrElse(flags.threads, () => 1),
    warmupMillis: block.warmupMillis,
    gracefulStopMillis: block.gracefulStopMillis,
    thresholds,
    loads: [{ name: work.url, executor: block.executor, work }],
    phases: flags.phases,
    expectedIntervalMillis: millis(flags.expectedInterval)
  }
  yield* refuseIdleThreads(plan)
  const handed: typeof UrlUser.Handed.Type = { proxy: proxy === undefined ? null : Redacted.value(proxy) }
  return { plan, known, target: work.url, transport, handed }
})

/** A thread without users would drop all of its part of an open load. */
export const refuseIdleThreads = Effect.fnUntraced(function*({ loads, threads }: Plan) {
  const few = loads.find(({ executor }) => threads > 1 && Executors.usersOf(executor) < threads)
  if (few === undefined) return
  const users = Executors.usersOf(few.executor)
  const noun = few.work.type === "url" ? "connection" : "virtual user"
  return yield* ExitCode.wrongUsage(
    `--threads ${threads}: each thread needs a ${noun}, and there are ${users} of ${few.name}`,
    `give it more of them, or --threads ${Math.max(users, 1)}`
  )
})

/** Runs `work` with what is secret in the headers, and the password of a proxy, masked. */
export const withSecrets = <A, E, R>(
  flags: Pick<LoadFlags, "header">,
  { proxy }: typeof UrlUser.Handed.Type,
  work: Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const masking = yield* Masking
    if (proxy !== null) masking.add(decodeURIComponent(new URL(proxy).password), "--proxy")
    for (const [name, value] of flags.header) {
      if (SensitiveFields.isSecretHeader(name)) { for (const part of value.split(" ")) masking.add(part, name) }
    }
    return yield* work
  })

const urlOf = Effect.fnUntraced(function*(target: string) {
  const url = URL.parse(target)
  if (url?.protocol === "http:" || url?.protocol === "https:") return url
  const other = /^(wss?|grpcs?):/i.test(target)
  return yield* ExitCode.wrongUsage(
    `${target} is no URL of HTTP`,
    other ? "gRPC and WebSocket are not put under load" : "write it as http://127.0.0.1:8080/path"
  )
})

/** The proxy that `--proxy` names, or the environment as for `skein run`. */
const proxyOf = Effect.fnUntraced(function*(flags: MakingFlags) {
  const url = yield* urlOf(flags.target)
  const { environment } = yield* Invocation
  const given = Option.map(flags.proxy, (text) => {
    const value = Redacted.value(text)
    return value === "false" ? false : Redacted.make(HttpPolicy.proxyUrl(value))
  })
  const proxy = HttpPolicy.proxyOf({ proxy: Option.getOrUndefined(given) }, url, HttpPolicy.proxiesIn(environment))
  const fault = proxy === undefined ? undefined : HttpPolicy.proxyFault(proxy)
  return fault === undefined ? proxy : yield* ExitCode.wrongUsage(fault, "write it as http://user:password@host:port")
})

const workOf = Effect.fnUntraced(function*(
  flags: MakingFlags,
  proxy: Redacted.Redacted<string> | undefined
): Effect.fn.Return<UrlWork, ExitCode.CommandError, FileSystem.FileSystem | Path.Path | Invocation> {
  const url = yield* urlOf(flags.target)
  const body = Option.isSome(flags.body) ? yield* bodyOf(flags.body.value) : undefined
  return {
    type: "url",
    method: Option.getOrElse(flags.method, () => body === undefined ? "GET" : "POST").toUpperCase(),
    url: url.href,
    headers: flags.header,
    body,
    keepAlive: !flags.noKeepalive,
    timeoutMillis: Duration.toMillis(Option.getOrElse(flags.timeout, () => defaults.timeout)),
    resolve: Object.fromEntries(flags.resolve),
    insecure: flags.insecure,
    http2: flags.http2,
    proxy: proxy === undefined ? null : HttpPolicy.proxyName(proxy)
  }
})

const bodyOf = Effect.fnUntraced(function*(text: string) {
  if (!text.startsWith("@")) return text
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const { directory } = yield* Invocation
  return yield* files.readFileString(resolve(directory, text.slice(1))).pipe(
    Effect.catch(() => ExitCode.wrongUsage(`--body ${text}: this file cannot be read`))
  )
})

const settingsOf = (flags: MakingFlags): LoadSettings.LoadSettings => {
  const rate = Option.getOrUndefined(flags.rate)
  const requests = Option.getOrUndefined(flags.requests)
  const duration = millis(flags.duration)
  const common = {
    warmupMillis: millis(flags.warmup),
    gracefulStopMillis: millis(flags.gracefulStop) ?? defaults.gracefulStopMillis
  }
  if (rate !== undefined) {
    return {
      ...common,
      executor: "constant-arrival-rate",
      rate,
      arrivals: flags.arrivals,
      vus: Option.getOrUndefined(flags.connections),
      durationMillis: requests === undefined ? duration ?? defaults.durationMillis : requests / rate * 1000
    }
  }
  const vus = Option.getOrElse(flags.connections, () => defaults.connections)
  return requests === undefined
    ? { ...common, executor: "constant-vus", vus, durationMillis: duration ?? defaults.durationMillis }
    : { ...common, executor: "shared-iterations", vus, iterations: requests, durationMillis: duration }
}

/** For people: what is wrong with a threshold, and where in it. */
export const thresholdProblem = ({ at, expression, hint, message }: Thresholds.Problem): string =>
  [`threshold: ${message}`, `  ${expression}`, `  ${" ".repeat(at)}^${hint === undefined ? "" : ` ${hint}`}`].join(
    "\n"
  )

const millis = (duration: Option.Option<Duration.Duration>): number | undefined =>
  Option.isSome(duration) ? Duration.toMillis(duration.value) : undefined
