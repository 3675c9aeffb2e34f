/** When a request is sent again, and after which wait. Pure: the caller brings the random number and sleeps. */
import { Duration, Result } from "effect"
import type { Exchange, HttpExchangeError } from "../HttpExchange.ts"
import type { Settings } from "../PoliteHttp.ts"
import * as RateLimitHeaders from "./RateLimitHeaders.ts"

export type Attempt = Result.Result<Exchange, HttpExchangeError>

/** What an attempt says about its host. */
export type Verdict =
  /** An answer, be it an error that another try will not mend. */
  | { readonly _tag: "Answered" }
  /** "Not now": 429, or what the settings take for it. `wait` is what the host asked for. */
  | { readonly _tag: "SlowDown"; readonly wait: Duration.Duration | undefined; readonly because: string }
  /** No answer, or one that says that the host is unwell; another try may find it better. */
  | { readonly _tag: "Unwell"; readonly wait: Duration.Duration | undefined; readonly because: string }

/** Statuses of a host, or of something before it, that is unwell for now. */
const passing: ReadonlySet<number> = new Set([408, 502, 503, 504])

/** Failures that did not come from the request itself. */
const passingReasons: ReadonlySet<HttpExchangeError["reason"]> = new Set([
  "Dns",
  "Refused",
  "Unreachable",
  "ConnectTimeout",
  "Timeout",
  "Reset"
])

export const verdict = (attempt: Attempt, settings: Settings, now: number): Verdict => {
  if (Result.isFailure(attempt)) {
    const { detail, reason } = attempt.failure
    return passingReasons.has(reason) ? { _tag: "Unwell", wait: undefined, because: detail } : { _tag: "Answered" }
  }
  const { headers, status } = attempt.success
  const asked = RateLimitHeaders.retryAfterMs(headers, now)
  const wait = asked === undefined ? undefined : Duration.millis(asked)
  const because = `status ${status}`
  if (status === 429 || settings.isSlowDown(attempt.success)) return { _tag: "SlowDown", wait, because }
  return passing.has(status) ? { _tag: "Unwell", wait, because } : { _tag: "Answered" }
}

/** The wait before the try after `attempt` (from 1): full jitter below a bound that doubles. `random` is in [0, 1). */
export const backoff = (settings: Settings, attempt: number, random: number): Duration.Duration => {
  const bound = Duration.toMillis(settings.retryDelay) * 2 ** Math.min(attempt - 1, 30)
  return Duration.millis(random * Math.min(bound, Duration.toMillis(settings.maxRetryDelay)))
}
