/** How long to wait before something that failed is tried again. Pure: the caller brings the random number and sleeps. */
import { Duration } from "effect"

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number
  /** The wait before the second try. */
  readonly delay: Duration.Duration
  /** How the wait grows: not at all, by `delay` each time, or twofold each time. */
  readonly backoff: "fixed" | "linear" | "exponential"
  /** The longest wait. @default one hour, or `delay` when that is longer */
  readonly maxDelay?: Duration.Duration | undefined
  /** Varies each wait by up to a quarter of it, both ways, so that many callers do not come back at the same time. */
  readonly jitter: boolean
}

/** The part of a wait that jitter may add or take. */
export const jitterRatio = 0.25

/**
 * Returns the wait after attempt number `attempt` (from 1) has failed. Whether there is another attempt is the caller's question.
 *
 * Never negative, never above the cap, always finite. `random` is in [0, 1); without jitter it does nothing.
 */
export const delay = (policy: Omit<RetryPolicy, "attempts">, attempt: number, random: number): Duration.Duration => {
  const base = Math.max(0, Duration.toMillis(policy.delay))
  const cap = policy.maxDelay === undefined ? Math.max(hour, base) : Math.max(0, Duration.toMillis(policy.maxDelay))
  const grown = Math.min(base === 0 ? 0 : base * factor(policy.backoff, Math.max(1, attempt)), cap)
  const varied = policy.jitter ? grown * (1 + jitterRatio * (2 * random - 1)) : grown
  return Duration.millis(Math.min(varied, cap))
}

const hour = 3_600_000

const factor = (backoff: RetryPolicy["backoff"], attempt: number): number =>
  backoff === "fixed" ? 1 : backoff === "linear" ? attempt : 2 ** (attempt - 1)
