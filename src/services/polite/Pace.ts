/**
 * How fast one host may be asked: a token bucket whose rate, and a limit of requests at once that, learn from what the
 * host refuses. Pure but for its own state: the caller brings the time, in milliseconds that only grow.
 *
 * A refusal cuts the rate to nine tenths of what was answered lately. From there it grows along a cubic curve: quickly at first,
 * slowly around the rate that was refused, so that it stays near it and seldom meets it again. A loss (a reset, a time-out) cuts
 * the limit at once by a tenth, and each answer gives a part of one back.
 */

export interface Limits {
  /** Requests that are under way at once. */
  readonly concurrency: number
  /** Requests a second in the long run. `Infinity` for no bound. */
  readonly requestsPerSecond: number
  /** Requests that may be sent at once after a pause. */
  readonly burst: number
  /** Whether the two are lowered when the host refuses, and raised again. */
  readonly adaptive: boolean
}

/** A change of pace. */
export interface Change {
  readonly what: "rate" | "concurrency"
  readonly from: number
  readonly to: number
}

/** What remains of rate and limit after a refusal or a loss. */
const decrease = 0.9
/** Time for the rate to come back to where it was refused. */
const recoveryMs = 20_000
/** Several refusals within this time are one. */
const oneEventMs = 1_000
const minRequestsPerSecond = 0.1
/** One refusal cuts the rate by no more than this, whatever was answered: a few answers after a pause say little. */
const mostCut = 0.5
/** Growth a second once the rate is well beyond where it was refused: the host allows more than it did. */
const growth = 1.03

export class Pace {
  readonly limits: Limits
  private tokens: number
  private filledAt: number
  /** Where the rate was refused, and when; absent before it ever was. */
  private refused: { readonly rate: number; readonly at: number } | undefined
  private ceiling: number
  private limit: number
  private lostAt = -Infinity
  /** Answers a second, when they could last be counted. */
  private measured: number | undefined
  private readonly answered = new Recent()

  constructor(limits: Limits, now: number) {
    this.limits = limits
    this.ceiling = limits.requestsPerSecond
    this.limit = limits.concurrency
    this.tokens = limits.burst
    this.filledAt = now
  }

  /** Requests that may be under way now. */
  concurrency(): number {
    return Math.max(1, Math.floor(this.limit + 1e-9))
  }

  /** Requests a second now. */
  rate(now: number): number {
    if (this.refused === undefined) return this.ceiling
    const t = (now - this.refused.at) / recoveryMs - 1
    const beyond = Math.max(0, t - 1) * recoveryMs / 1_000
    const rate = this.refused.rate * (1 + (1 - decrease) * t ** 3) * growth ** beyond
    return Math.max(minRequestsPerSecond, Math.min(this.ceiling, rate))
  }

  /** Milliseconds until the next request may be sent; 0 when it may now. */
  wait(now: number): number {
    this.fill(now)
    if (this.pausedFor(now) > 0) return this.pausedFor(now)
    return this.tokens >= 1 ? 0 : Math.ceil((1 - this.tokens) / this.rate(now) * 1_000)
  }

  /** Counts a request that is sent. */
  take(now: number): void {
    this.fill(now)
    this.tokens -= 1
  }

  /** An answer that is no refusal. */
  answer(now: number): void {
    this.answered.add(now)
    if (this.limit < this.limits.concurrency) {
      this.limit = Math.min(this.limits.concurrency, this.limit + 1 / this.limit)
    }
  }

  /** Nothing is sent before `until`, and then no burst: what waited comes out one by one. */
  pause(now: number, until: number): void {
    this.fill(now)
    this.tokens = Math.min(this.tokens, 0)
    this.filledAt = Math.max(this.filledAt, until)
    this.answered.restart(until)
  }

  /** Milliseconds until a pause ends; 0 when there is none. */
  pausedFor(now: number): number {
    return Math.max(0, this.filledAt - now)
  }

  /** The host asked to slow down. */
  refuse(now: number): ReadonlyArray<Change> {
    if (!this.limits.adaptive || this.refused !== undefined && now - this.refused.at < oneEventMs) return []
    const from = this.rate(now)
    // Right after a pause there is nothing to measure: what was measured before it is still the best guess.
    this.measured = this.answered.perSecond(now) ?? this.measured
    const rate = Math.min(from, Math.max(this.measured ?? 0, from * mostCut))
    if (!Number.isFinite(rate)) return this.lose(now)
    this.refused = { rate, at: now }
    return [{ what: "rate", from, to: this.rate(now) }]
  }

  /** A request was lost: nobody answered, or the connection broke. */
  lose(now: number): ReadonlyArray<Change> {
    if (!this.limits.adaptive || now - this.lostAt < oneEventMs) return []
    const from = this.concurrency()
    this.lostAt = now
    this.limit = Math.max(1, this.limit * decrease)
    return from === this.concurrency() ? [] : [{ what: "concurrency", from, to: this.concurrency() }]
  }

  /** The host said how many requests a second it allows. */
  allow(perSecond: number, now: number): ReadonlyArray<Change> {
    const ceiling = Math.max(minRequestsPerSecond, Math.min(this.limits.requestsPerSecond, perSecond))
    if (!this.limits.adaptive || ceiling === this.ceiling) return []
    const from = this.rate(now)
    this.ceiling = ceiling
    const to = this.rate(now)
    return from === to ? [] : [{ what: "rate", from, to }]
  }

  private fill(now: number): void {
    const rate = this.rate(now)
    const seconds = Math.max(0, now - this.filledAt) / 1_000
    this.tokens = rate === Infinity ? this.limits.burst : Math.min(this.limits.burst, this.tokens + seconds * rate)
    this.filledAt = Math.max(this.filledAt, now)
  }
}

/** Counts events in tenths of a second, to say how many a second there were lately. */
class Recent {
  private readonly counts = new Float64Array(20)
  private slot = -Infinity
  private since = Infinity

  add(now: number): void {
    this.forward(now)
    if (this.since === Infinity) this.since = now
    this.counts[this.slot % 20]! += 1
  }

  /** What was before, and the time until then, say nothing any more. */
  restart(at: number): void {
    this.counts.fill(0)
    this.since = Math.max(at, this.since === Infinity ? at : this.since)
  }

  /** Over the last two seconds; `undefined` before there was half a second to look at. */
  perSecond(now: number): number | undefined {
    this.forward(now)
    const seconds = Math.min(2, (now - this.since) / 1_000)
    return seconds < 0.5 ? undefined : this.counts.reduce((sum, count) => sum + count, 0) / seconds
  }

  private forward(now: number): void {
    const slot = Math.floor(now / 100)
    if (slot === this.slot) return
    if (slot - this.slot >= 20) this.counts.fill(0)
    else for (let old = this.slot + 1; old <= slot; old++) this.counts[old % 20] = 0
    this.slot = slot
  }
}
