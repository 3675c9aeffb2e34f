/** What a test wants to know afterwards: which requests came, how many at once, what was started and what twice. */
import type { ValueRecord } from "../../../core/Value.ts"

/** A workflow that was started, as the API took it. */
export interface Start {
  readonly id: string
  readonly type: string
  /** `site/environment`, `site`, or the user or organisation. */
  readonly target: string
  readonly params: ValueRecord
  /** Milliseconds. */
  readonly at: number
  /** The client was never told. */
  readonly lost: boolean
  /** An equal one was under way. */
  readonly isDuplicate: boolean
}

export interface Counts {
  readonly requests: number
  /** By route, such as `GET sites/:site/workflows`; `unknown` for what the API does not have. */
  readonly byRoute: Readonly<Record<string, number>>
  readonly byStatus: Readonly<Record<string, number>>
  readonly inFlight: number
  readonly mostInFlight: number
  /** Refused by the limiter. */
  readonly refused: number
  readonly starts: number
  /** Starts while an equal workflow (type, target, parameters) was under way. */
  readonly duplicateStarts: number
  /** Answers of starts that got lost. */
  readonly lostStarts: number
  readonly logins: number
  /** Requests for a file that carried a session: a signed URL wants none. */
  readonly sessionsShown: number
}

/** Starts that are remembered; older ones are forgotten, not uncounted. */
const maxStarts = 100_000

export class Counters {
  private readonly byRoute = new Map<string, number>()
  private readonly byStatus = new Map<string, number>()
  private latest: Array<Start> = []
  private inFlight = 0
  private mostInFlight = 0
  private totals = {
    requests: 0,
    refused: 0,
    starts: 0,
    duplicateStarts: 0,
    lostStarts: 0,
    logins: 0,
    sessionsShown: 0
  }

  /** Counts a request that came; the effect of the answer is that it has left. */
  came(route: string): () => void {
    this.totals.requests++
    this.byRoute.set(route, (this.byRoute.get(route) ?? 0) + 1)
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    let isHere = true
    return () => {
      if (isHere) this.inFlight--
      isHere = false
    }
  }

  answered(status: string): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
  }

  add(what: "refused" | "logins" | "sessionsShown"): void {
    this.totals[what]++
  }

  started(start: Start): void {
    this.totals.starts++
    if (start.isDuplicate) this.totals.duplicateStarts++
    if (start.lost) this.totals.lostStarts++
    this.latest.push(start)
    if (this.latest.length > 2 * maxStarts) this.latest = this.latest.slice(-maxStarts)
  }

  /** Oldest first. */
  starts(): ReadonlyArray<Start> {
    return this.latest.slice(-maxStarts)
  }

  read(): Counts {
    return {
      ...this.totals,
      inFlight: this.inFlight,
      mostInFlight: this.mostInFlight,
      byRoute: Object.fromEntries(this.byRoute),
      byStatus: Object.fromEntries(this.byStatus)
    }
  }

  /** Begins anew; those in flight stay. */
  reset(): void {
    this.byRoute.clear()
    this.byStatus.clear()
    this.latest = []
    this.mostInFlight = this.inFlight
    this.totals = { requests: 0, refused: 0, starts: 0, duplicateStarts: 0, lostStarts: 0, logins: 0, sessionsShown: 0 }
  }
}
