/** When to look again while something is awaited. Pure: the caller measures the time and sleeps. */
import { Duration } from "effect"

export interface Polling {
  /** From the end of one look to the start of the next. */
  readonly interval: Duration.Duration
  /** Growth of the interval from look to look; 1 keeps it. @default 1 */
  readonly factor?: number | undefined
  /** The longest interval. @default ten times `interval` */
  readonly maxInterval?: Duration.Duration | undefined
  /** Bound on the whole wait, the looks' own time included. */
  readonly timeout: Duration.Duration
}

/**
 * Returns the wait before the next look, or `undefined` when time is up. `polls` looks have been taken (at least 1) in
 * `elapsed`. The last look is taken when the timeout ends, so that a late change is not missed for want of a full interval.
 */
export const next = (polling: Polling, polls: number, elapsed: Duration.Duration): Duration.Duration | undefined => {
  const left = Duration.toMillis(polling.timeout) - Duration.toMillis(elapsed)
  if (left <= 0) return undefined
  const interval = Math.max(0, Duration.toMillis(polling.interval))
  const longest = polling.maxInterval === undefined ? interval * 10 : Duration.toMillis(polling.maxInterval)
  const grown = interval === 0 ? 0 : interval * Math.max(1, polling.factor ?? 1) ** (Math.max(1, polls) - 1)
  return Duration.millis(Math.max(0, Math.min(grown, Math.max(longest, 0), left)))
}
