/**
 * HTTP for work on somebody else's server: never more at once or a second than it may have, tried again where that is safe,
 * silent while the server wants that. All who share one of these are one client to each host.
 *
 * Works over any `HttpClient`, as `HttpExchange` does; `polite/Client` makes it.
 */
import { Context, Duration, Effect } from "effect"
import type { HttpClient } from "effect/http"
import * as HttpExchange from "./HttpExchange.ts"
import type * as HostGate from "./polite/HostGate.ts"
import type { Change } from "./polite/Pace.ts"

export class PoliteHttp extends Context.Service<PoliteHttp, {
  /**
   * Sends a request in its turn, and again after a failure that another try may mend. Answers with the last answer, whatever
   * its status, or fails as the last try did. Interruption gives its place to the next.
   */
  readonly execute: (
    request: HttpExchange.Request,
    options?: RequestOptions
  ) => Effect.Effect<HttpExchange.Exchange, HttpExchange.HttpExchangeError, HttpClient.HttpClient>
  /** What was changed because of what hosts did, oldest first; the latest thousand. */
  readonly decisions: Effect.Effect<ReadonlyArray<Decision>>
  /** The gate of a host (`api.test:8443`), for those who send their requests themselves; it ends with this client. */
  readonly gate: (host: string) => Effect.Effect<HostGate.HostGate>
  /** How it stands with a host. */
  readonly state: (host: string) => Effect.Effect<HostGate.State>
}>()("skein/services/PoliteHttp") {}

export interface Settings {
  /** Requests to one host that are under way at once. @default 5 */
  readonly concurrency: number
  /** Requests a second to one host; `Infinity` for no bound. @default 10 */
  readonly requestsPerSecond: number
  /** Requests that may be sent at once after a pause. @default 20 */
  readonly burst: number
  /** Whether rate and concurrency are lowered when a host refuses, and raised again. @default true */
  readonly adaptive: boolean
  /** Tries after the first one. @default 5 */
  readonly retries: number
  /** The wait before the second try is at random up to this, then up to twice as much each time. @default 500 millis */
  readonly retryDelay: Duration.Duration
  /** The longest wait, that of `Retry-After` apart. @default 30 seconds */
  readonly maxRetryDelay: Duration.Duration
  /** After this time from the first try there is no other one. @default 2 minutes */
  readonly retryBudget: Duration.Duration
  /** The longest wait that a `Retry-After` is given; a longer one is cut to it, and told. @default 5 minutes */
  readonly maxRetryAfter: Duration.Duration
  /** Tries in a row that a host may lose before nothing is sent to it for a while. @default 10 */
  readonly breakAfter: number
  /** How long that is. @default 10 seconds */
  readonly breakFor: Duration.Duration
  /** Whether equal GETs at the same time share one. @default true */
  readonly coalesce: boolean
  /** Bytes of answers that are kept to be asked for again with `If-None-Match`; 0 keeps none. @default 16 MB */
  readonly revalidateBytes: number
  /** Whether an answer other than 429 means "slow down". @default a 503 with `Retry-After` does */
  readonly isSlowDown: (exchange: HttpExchange.Exchange) => boolean
}

export const defaults: Settings = {
  concurrency: 5,
  requestsPerSecond: 10,
  burst: 20,
  adaptive: true,
  retries: 5,
  retryDelay: Duration.millis(500),
  maxRetryDelay: Duration.seconds(30),
  retryBudget: Duration.minutes(2),
  maxRetryAfter: Duration.minutes(5),
  breakAfter: 10,
  breakFor: Duration.seconds(10),
  coalesce: true,
  revalidateBytes: 16_000_000,
  isSlowDown: ({ headers, status }) => status === 503 && headers["retry-after"] !== undefined
}

/** What `skein run` begins with when the configuration has `limits`: nothing is bounded, tried again or shared unless it says so. */
export const unlimited: Settings = {
  ...defaults,
  concurrency: 1_000,
  requestsPerSecond: Infinity,
  retries: 0,
  coalesce: false,
  revalidateBytes: 0
}

export interface RequestOptions {
  /** Tries after the first one; 0 where the caller tries again itself. @default that of the settings */
  readonly retries?: number | undefined
  /** Whether it may be sent twice. @default by its method, or when it has an `idempotency-key` */
  readonly repeatable?: boolean | undefined
}

/** Something that was changed because of what a host did. */
export interface Decision {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly host: string
  readonly what: Change["what"] | "pause"
  /** For a rate requests a second, for a concurrency requests, for a pause milliseconds. */
  readonly from: number
  readonly to: number
  readonly because: string
}

/** Sends by the `PoliteHttp` of the context where there is one, and as it comes where not. */
export const executeIn = (
  request: HttpExchange.Request,
  options?: RequestOptions
): Effect.Effect<HttpExchange.Exchange, HttpExchange.HttpExchangeError, HttpClient.HttpClient> =>
  Effect.flatMap(
    Effect.serviceOption(PoliteHttp),
    (polite) => polite._tag === "None" ? HttpExchange.execute(request) : polite.value.execute(request, options)
  )
