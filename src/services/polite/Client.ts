/** The client behind `PoliteHttp`: one gate per host, tries again, one answer for equal questions. */
import { Clock, Duration, Effect, Layer, Random, Redacted, Result, Scope } from "effect"
import type { HttpClient } from "effect/http"
import { CircuitBreaker } from "effect/persistence"
import * as DurationText from "../../core/DurationText.ts"
import * as SingleFlight from "../../core/SingleFlight.ts"
import { isRepeatable } from "../http/Repeatable.ts"
import * as HttpExchange from "../HttpExchange.ts"
import { type Decision, defaults, PoliteHttp, type RequestOptions, type Settings } from "../PoliteHttp.ts"
import * as Advice from "./Advice.ts"
import * as HostGate from "./HostGate.ts"
import * as HostMetrics from "./HostMetrics.ts"
import type { Change } from "./Pace.ts"
import * as RateLimitHeaders from "./RateLimitHeaders.ts"
import * as Retry from "./Retry.ts"
import * as Revalidation from "./Revalidation.ts"

const maxDecisions = 1_000

type Sent = Effect.Effect<HttpExchange.Exchange, HttpExchange.HttpExchangeError, HttpClient.HttpClient>

/** Each layer is a client of its own: what several programs are to share, they are given by one. */
export const layer = (settings: Partial<Settings> = {}): Layer.Layer<PoliteHttp> =>
  Layer.effect(PoliteHttp, make({ ...defaults, ...settings }))

/** Makes one that is closed with the scope: what waits then is not sent any more. */
export const make = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<PoliteHttp["Service"], never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const breaker = yield* makeBreaker(settings)
  const hosts = new Map<string, Host>()
  const flights = SingleFlight.make<HttpExchange.Exchange>(scope, () => {})
  const kept = Revalidation.make(settings.revalidateBytes)
  const decisions: Array<Decision> = []

  const hostOf = (name: string): Effect.Effect<Host> =>
    Effect.suspend(() => {
      const known = hosts.get(name)
      if (known !== undefined) return Effect.succeed(known)
      return Effect.map(Scope.provide(HostGate.make(settings), scope), (gate) => {
        const made: Host = { name, gate, metrics: HostMetrics.make(name, clock), answers: 0, latency: 0, lost: "" }
        hosts.set(name, made)
        return made
      })
    })

  const decide = Effect.fnUntraced(function*(host: string, changes: ReadonlyArray<Noted>, because: string) {
    for (const change of changes) {
      decisions.push({ at: clock.currentTimeMillisUnsafe(), host, because, ...change })
      if (decisions.length > maxDecisions) decisions.shift()
      yield* Effect.logDebug(`${host}: ${describe(change)}, because of ${because}`)
    }
  })

  /** Learns from an attempt; a host that wants silence has it from everybody. */
  const learn = Effect.fnUntraced(function*(
    { gate, metrics, name: host }: Host,
    attempt: Retry.Attempt,
    verdict: Retry.Verdict,
    delay: Duration.Duration
  ) {
    const now = clock.currentTimeMillisUnsafe()
    if (Result.isSuccess(attempt)) {
      const { perSecond, remaining, resetMs } = RateLimitHeaders.read(attempt.success.headers, now)
      if (perSecond !== undefined) {
        yield* decide(host, yield* gate.tell({ _tag: "Allowed", perSecond }), "RateLimit-Policy")
      }
      if (remaining === 0 && resetMs !== undefined && verdict._tag === "Answered") {
        yield* pause(host, gate, Duration.millis(resetMs), "no requests left in this window")
      }
    }
    if (verdict._tag === "Answered") {
      yield* gate.tell({ _tag: "Answered" })
    } else {
      const refused = verdict._tag === "SlowDown"
      if (refused) yield* metrics.refused
      yield* decide(host, yield* gate.tell({ _tag: refused ? "Refused" : "Lost" }), verdict.because)
      if (refused) yield* pause(host, gate, verdict.wait ?? delay, verdict.because)
    }
  })

  /** A part of the pause is added at random: those who were told the same moment must not all come at it. */
  const pause = Effect.fnUntraced(function*(
    host: string,
    gate: HostGate.HostGate,
    wanted: Duration.Duration,
    because: string
  ) {
    const allowed = Duration.min(wanted, settings.maxRetryAfter)
    if (Duration.isLessThan(allowed, wanted)) {
      yield* Effect.logWarning(
        `${host} wants a wait of ${DurationText.format(wanted)}; it is asked again after ${
          DurationText.format(allowed)
        }`
      )
    }
    const spread = Math.min(5_000, Duration.toMillis(allowed) * 0.25) * (yield* Random.next)
    const millis = Math.round(Duration.toMillis(allowed) + spread)
    yield* gate.pause(Duration.millis(millis))
    yield* decide(host, [{ what: "pause", from: 0, to: millis }], because)
  })

  /** Says once per host that one of rate and concurrency never binds, when requests wait for the other. */
  const advise = (host: Host, millis: number): Effect.Effect<void> => {
    host.answers++
    host.latency += (millis - host.latency) / Math.min(host.answers, answersUntilAdvice)
    if (host.answers !== answersUntilAdvice) return Effect.void
    const advice = Advice.advise(settings, host.latency)
    return advice === undefined ? Effect.void : Effect.flatMap(
      host.gate.state,
      ({ waiting }) => waiting === 0 ? Effect.void : Effect.logWarning(`${host.name}: ${advice}`)
    )
  }

  const attempts = Effect.fnUntraced(function*(
    request: HttpExchange.Request,
    options: RequestOptions
  ): Effect.fn.Return<HttpExchange.Exchange, HttpExchange.HttpExchangeError, HttpClient.HttpClient> {
    const host = yield* hostOf(nameOf(request))
    const { gate, metrics } = host
    const sent = guarded(breaker, host, settings, request)
    const tries = 1 + ((options.repeatable ?? isRepeatable(request)) ? options.retries ?? settings.retries : 0)
    const started = clock.monotonicTimeNanosUnsafe()
    yield* metrics.requested

    for (let attempt = 1;; attempt++) {
      const result = yield* metrics.attempt(sent, gate.run)
      const verdict = Retry.verdict(result, settings, clock.currentTimeMillisUnsafe())
      const delay = Retry.backoff(settings, attempt, yield* Random.next)
      yield* learn(host, result, verdict, delay)
      if (verdict._tag === "Answered" && Result.isSuccess(result)) yield* advise(host, result.success.durationMs)
      const spent = Duration.nanos(clock.monotonicTimeNanosUnsafe() - started)
      if (verdict._tag === "Answered" || attempt >= tries || Duration.isGreaterThan(spent, settings.retryBudget)) {
        return yield* Effect.fromResult(result)
      }
      // A pause holds everybody at the gate; only the wait of this one request is slept here.
      if (verdict._tag === "Unwell") {
        yield* Effect.sleep(Duration.max(delay, Duration.min(verdict.wait ?? delay, settings.maxRetryAfter)))
      }
    }
  })

  const revalidated = (request: HttpExchange.Request, options: RequestOptions, key: string): Sent =>
    settings.revalidateBytes === 0
      ? attempts(request, options)
      : Effect.map(attempts(kept.ask(request, key), options), (exchange) => kept.answer(exchange, key))

  return {
    execute: (request, options = {}) => {
      const key = questionOf(request)
      if (key === undefined) return attempts(request, options)
      return settings.coalesce
        ? flights.join(key, revalidated(request, options, key))
        : revalidated(request, options, key)
    },
    decisions: Effect.sync(() => [...decisions]),
    gate: (name) => Effect.map(hostOf(name), ({ gate }) => gate),
    state: (name) => Effect.flatMap(hostOf(name), ({ gate }) => gate.state)
  }
})

interface Host {
  readonly name: string
  readonly gate: HostGate.HostGate
  readonly metrics: HostMetrics.HostMetrics
  answers: number
  /** Of an answer, in milliseconds; the mean of the latest. */
  latency: number
  /** Why the latest request that had no answer had none. */
  lost: string
}

/** Answers after which latency is known well enough. */
const answersUntilAdvice = 30

type Noted = Change | { readonly what: "pause"; readonly from: number; readonly to: number }

const describe = ({ from, to, what }: Noted): string =>
  what === "pause"
    ? `nothing is sent for ${DurationText.format(Duration.millis(to))}`
    : what === "rate"
    ? `${rounded(to)} requests a second in the place of ${rounded(from)}`
    : `${to} requests at once in the place of ${from}`

const rounded = (number: number): number => Number(number.toPrecision(3))

const makeBreaker = Effect.fnUntraced(function*(settings: Settings) {
  const store = yield* Layer.build(CircuitBreaker.layerStoreMemory())
  return yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(settings.breakAfter),
    openDuration: settings.breakFor
  }).pipe(Effect.provideContext(store))
})

/** One attempt, unless the host has lost so many in a row that it is left alone; then that is the failure. */
const guarded = (
  breaker: CircuitBreaker.CircuitBreaker,
  host: Host,
  settings: Settings,
  request: HttpExchange.Request
): Effect.Effect<Retry.Attempt, never, HttpClient.HttpClient> =>
  breaker.execute(Effect.result(Effect.tapError(HttpExchange.execute(request), noteLoss(host))), {
    key: host.name,
    classify: (exit) =>
      exit._tag === "Success" && Retry.verdict(exit.value, settings, 0)._tag === "Unwell"
        ? CircuitBreaker.failure()
        : CircuitBreaker.success
  }).pipe(
    Effect.catch((error) =>
      Effect.succeed(Result.fail(
        new HttpExchange.HttpExchangeError({
          method: request.method ?? "GET",
          url: request.url,
          reason: "CircuitOpen",
          detail: `not sent: ${settings.breakAfter} requests in a row to ${host.name} had no answer${
            host.lost === "" ? "" : `, the last one: ${host.lost}`
          }`,
          hint: `see whether it is there; it is tried again after ${DurationText.format(settings.breakFor)}`,
          cause: error
        })
      ))
    )
  )

const noteLoss = (host: Host) => ({ detail }: HttpExchange.HttpExchangeError) =>
  Effect.sync(() => {
    host.lost = detail
  })

/** `host:port` of a request, as far as it can be told; a request that cannot be sent fails by itself. */
const nameOf = ({ base, url }: HttpExchange.Request): string =>
  URL.parse(url)?.host ?? URL.parse(base ?? "")?.host ?? ""

/**
 * Equal for requests that any answer would do for: GET and HEAD without a body or cookies that are kept. It holds what the
 * request holds, secrets too, so it never leaves this file.
 */
const questionOf = (request: HttpExchange.Request): string | undefined => {
  const method = (request.method ?? "GET").toUpperCase()
  if (method !== "GET" && method !== "HEAD" || request.body !== undefined || request.jar !== undefined) return undefined
  if (request.connection !== undefined) return undefined
  const { base, cookies, headers, maxBodyBytes, maxRedirects, query, url } = request
  return JSON.stringify([method, base, url, query, headers, secretOf(request), cookies, maxBodyBytes, maxRedirects])
}

const secretOf = ({ auth }: HttpExchange.Request): ReadonlyArray<string> =>
  auth === undefined
    ? []
    : auth._tag === "Bearer"
    ? [Redacted.value(auth.token)]
    : [auth.user, Redacted.value(auth.password)]
