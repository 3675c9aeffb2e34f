/** Makes the plan of a load on a URL from the flags of `skein load`. */
import { Duration, Effect, FileSystem, Option, Path, Random, Redacted, Result } from "effect"
import * as Masking from "../core/Masking.ts"
import * as SensitiveFields from "../core/SensitiveFields.ts"
import * as Executors from "../programs/load/executors/Executors.ts"
import * as Thresholds from "../programs/load/figures/Thresholds.ts"
import type { Plan, UrlWork } from "../programs/load/Plan.ts"
import * as UrlUser from "../programs/load/UrlUser.ts"
import type { Threshold } from "../scenario/LoadBlock.ts"
import * as LoadSettings from "../scenario/LoadSettings.ts"
import * as SafePath from "../scenario/SafePath.ts"
import * as UserInfo from "../services/http/UserInfo.ts"
import * as HttpPolicy from "../services/HttpPolicy.ts"
import { LoadTransportError } from "../services/LoadTransport.ts"
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
  const { secrets, work } = yield* workOf(flags, proxy)
  const block = LoadSettings.resolve([settingsOf(flags)])
  const thresholds = flags.threshold.map((expression): Threshold => ({ expression, abort: false, delayMillis: 0 }))
  const transport = UrlUser.transportOf(work)
  const known = { actions: ["http"], steps: [UrlUser.stepOf(work).name], tags: [], scenarios: [work.url], metrics: [] }
  const request = UrlUser.requestOf(work)
  const compiled = Thresholds.compile(thresholds, known)
  const problems = [
    ...tooMuch(flags),
    ...unknownAddresses(flags),
    ...Result.isFailure(request) ? request.failure : [],
    ...Result.isFailure(compiled) ? compiled.failure.map(thresholdProblem) : [],
    ...Option.isSome(flags.rate) && Option.isSome(flags.expectedInterval)
      ? ["--expected-interval corrects a load without --rate; with it nothing needs to be corrected"]
      : [],
    ...Option.isNone(flags.rate) && flags.arrivals === "poisson"
      ? ["--arrivals poisson is about when requests are due, and nothing is due without --rate"]
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
  return { plan, known, target: work.url, transport, handed, secrets }
})

/** What flags ask for that one machine cannot do. */
export const tooMuch = (
  { connections, rate, threads, vus = Option.none() }:
    & Pick<LoadFlags, "connections" | "rate" | "threads">
    & Partial<Pick<LoadFlags, "vus">>
): ReadonlyArray<string> =>
  ([
    ["--rate", rate, LoadSettings.most.rate],
    ["--connections", connections, LoadSettings.most.vus],
    ["--vus", vus, LoadSettings.most.vus],
    ["--threads", threads, LoadSettings.most.threads]
  ] as const).flatMap(([name, given, most]) =>
    Option.isSome(given) && given.value > most
      ? [`${name} ${given.value}: that is more than one machine can do; at most ${most}`]
      : []
  )

const unknownAddresses = ({ resolve }: Pick<LoadFlags, "resolve">): ReadonlyArray<string> =>
  resolve.filter(([, address]) => !isAddress(address)).map(([name, address]) =>
    `--resolve ${name}=${address}: ${address} is no IP address; write --resolve shop.test=127.0.0.1`
  )

const isAddress = (text: string): boolean =>
  /^[\d.]+$/.test(text)
    ? URL.parse(`http://${text}/`)?.hostname === text
    : text.includes(":") && URL.canParse(`http://[${text}]/`)

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

/** Runs `work` with what is secret masked. */
export const withSecrets = <A, E, R>(secrets: ReadonlyArray<Secret>, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const masking = yield* Masking.Masking
    for (const { name, value } of secrets) masking.add(value, name)
    return yield* work
  })

/** What helps against a certificate that is not trusted, in the words of the command line instead of those of scenarios. */
export const orByFlags = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.mapError(
    work,
    (error) =>
      !(error instanceof LoadTransportError) || error.kind !== "tls" || error.hint?.includes("insecure: true") !== true
        ? error
        : new ExitCode.CommandError({
          code: ExitCode.unavailable,
          message: error.message,
          hint:
            "--insecure accepts any certificate; NODE_EXTRA_CA_CERTS=ca.pem trusts an authority beside those of Node"
        })
  )

/** What must not be seen anywhere, and where it came from. */
interface Secret {
  readonly name: string
  readonly value: string
}

/** Passwords, and headers and parameters whose names say that they are secret: each part that can stand somewhere else alone. */
const secretsOf = (
  url: URL,
  headers: UrlWork["headers"],
  userInfo: UserInfo.UserInfo | undefined,
  proxy: Redacted.Redacted<string> | undefined
): ReadonlyArray<Secret> => [
  ...(userInfo === undefined ? [] : [{ name: "the password in the URL", value: userInfo.password }]),
  ...(proxy === undefined
    ? []
    : [{ name: "--proxy", value: decodeURIComponent(new URL(Redacted.value(proxy)).password) }]),
  ...[...url.searchParams, ...headers].filter(([name]) => SensitiveFields.isSecretHeader(name)).flatMap((
    [name, value]
  ) => partsOf(name, value).map((value) => ({ name, value })))
]

const partsOf = (header: string, value: string): ReadonlyArray<string> => {
  if (/cookie$/i.test(header)) return value.split(/;\s*/).map((cookie) => cookie.slice(cookie.indexOf("=") + 1))
  return [/authorization$/i.test(header) ? value.replace(/^\S+\s+/, "") : value]
}

const urlOf = Effect.fnUntraced(function*(target: string) {
  const url = URL.parse(target)
  if (url?.protocol === "http:" || url?.protocol === "https:") return url
  const other = /^(wss?|grpcs?):/i.test(target)
  return yield* ExitCode.wrongUsage(
    `${Masking.make().text(target)} is no URL of HTTP`,
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
  if (fault === undefined) return proxy
  const where = Option.isSome(given) ? "--proxy" : "http_proxy or its like"
  return yield* ExitCode.wrongUsage(`${where}: ${fault}`, "write it as http://user:password@host:port")
})

const workOf = Effect.fnUntraced(function*(
  flags: MakingFlags,
  proxy: Redacted.Redacted<string> | undefined
): Effect.fn.Return<
  { readonly work: UrlWork; readonly secrets: ReadonlyArray<Secret> },
  ExitCode.CommandError,
  FileSystem.FileSystem | Path.Path | Invocation
> {
  const url = yield* urlOf(flags.target)
  const userInfo = UserInfo.take(url)
  const hasAuthorization = flags.header.some(([name]) => name.toLowerCase() === "authorization")
  const headers = userInfo === undefined || hasAuthorization
    ? flags.header
    : [...flags.header, ["authorization", UserInfo.header(userInfo)] as const]
  const body = Option.isSome(flags.body) ? yield* bodyOf(flags.body.value) : undefined
  const work: UrlWork = {
    type: "url",
    method: Option.getOrElse(flags.method, () => body === undefined ? "GET" : "POST").toUpperCase(),
    url: url.href,
    headers,
    body,
    keepAlive: !flags.noKeepalive,
    timeoutMillis: Duration.toMillis(Option.getOrElse(flags.timeout, () => defaults.timeout)),
    resolve: Object.fromEntries(flags.resolve),
    insecure: flags.insecure,
    http2: flags.http2,
    proxy: proxy === undefined ? null : HttpPolicy.proxyName(proxy)
  }
  return { work, secrets: secretsOf(url, headers, userInfo, proxy) }
})

/** As it stands, or of a file. A plan is plain data, so a body is text. */
const bodyOf = Effect.fnUntraced(function*(text: string) {
  if (!text.startsWith("@")) return text
  const files = yield* FileSystem.FileSystem
  const { resolve } = yield* Path.Path
  const { directory } = yield* Invocation
  const path = resolve(directory, text.slice(1))
  const bytes = yield* Effect.mapError(
    files.readFile(path),
    (error) => ExitCode.wrongUsage(`--body ${text}: ${path} cannot be read: ${SafePath.explain(error)}`)
  )
  return yield* Effect.mapError(
    Effect.fromResult(Result.try(() => utf8.decode(bytes))),
    () => ExitCode.wrongUsage(`--body ${text}: ${path} is not UTF-8 text`, "bodies of other bytes cannot be sent")
  )
})

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

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
      durationMillis: requests === undefined
        ? duration ?? defaults.durationMillis
        : Math.min(duration ?? Infinity, requests / rate * 1000)
    }
  }
  const vus = Option.getOrElse(flags.connections, () => defaults.connections)
  return requests === undefined
    ? { ...common, executor: "constant-vus", vus, durationMillis: duration ?? defaults.durationMillis }
    : { ...common, executor: "shared-iterations", vus, iterations: requests, durationMillis: duration }
}

/** For people: what is wrong with a threshold, and where in it. */
export const thresholdProblem = ({ at, hint, message, threshold: { expression } }: Thresholds.Problem): string =>
  [`threshold: ${message}`, `  ${expression}`, `  ${" ".repeat(at)}^${hint === undefined ? "" : ` ${hint}`}`].join(
    "\n"
  )

/** Milliseconds of a flag. */
export const millis = (duration: Option.Option<Duration.Duration>): number | undefined =>
  Option.isSome(duration) ? Duration.toMillis(duration.value) : undefined
