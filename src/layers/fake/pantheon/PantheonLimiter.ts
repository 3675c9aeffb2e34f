/** A bucket of requests that fills at the rate of the switches, and every way in which the API may refuse one too many. */
import { type Answer, html, refused, withHeaders } from "./PantheonAnswer.ts"
import type { Switches } from "./PantheonSwitches.ts"

export class Limiter {
  private readonly switches: Switches
  private tokens = Infinity
  private filledAt = 0

  constructor(switches: Switches) {
    this.switches = switches
  }

  /** Takes a place for a request; answers with the refusal when there is none. Times in milliseconds. */
  take(now: number): Answer | undefined {
    const rate = this.switches.get("rate")
    if (rate === undefined) return undefined
    this.fill(now, rate)
    if (this.tokens >= 1) {
      this.tokens--
      return undefined
    }
    return withHeaders(this.refusal(now, Math.ceil((1 - this.tokens) / rate)), this.headers(now))
  }

  /** What every answer says of the limit. */
  headers(now: number): Readonly<Record<string, string>> {
    const rate = this.switches.get("rate")
    const style = this.switches.get("rate_headers")
    if (rate === undefined || style === "none") return {}
    this.fill(now, rate)
    const burst = this.switches.get("burst")
    const remaining = Math.max(0, Math.floor(this.tokens))
    const seconds = Math.ceil((burst - this.tokens) / rate)
    if (style === "draft") {
      return {
        "ratelimit-policy": `"default";q=${burst};w=${Math.ceil(burst / rate)}`,
        "ratelimit": `"default";r=${remaining};t=${seconds}`
      }
    }
    return {
      "x-ratelimit-limit": String(burst),
      "x-ratelimit-remaining": String(remaining),
      "x-ratelimit-reset": String(Math.ceil(now / 1_000) + seconds)
    }
  }

  private fill(now: number, rate: number): void {
    const burst = this.switches.get("burst")
    this.tokens = Math.min(burst, this.tokens + Math.max(0, now - this.filledAt) * rate / 1_000)
    this.filledAt = now
  }

  private refusal(now: number, seconds: number): Answer {
    switch (this.switches.get("refusal")) {
      case "429-seconds":
        return withHeaders(refused(429, "Too many requests."), { "retry-after": String(seconds) })
      case "429-date": {
        // Dates have whole seconds: one that is cut off would be too early.
        const date = new Date(Math.ceil(now / 1_000 + seconds) * 1_000).toUTCString()
        return withHeaders(refused(429, "Too many requests."), {
          "retry-after": date,
          date: new Date(now).toUTCString()
        })
      }
      case "429":
        return refused(429, "Too many requests.")
      case "403":
        return refused(403, "You have already made 1,000 requests in the past hour. Slow your roll.")
      case "503":
        return withHeaders(html(503, "Service Unavailable"), { "retry-after": String(seconds) })
    }
  }
}
