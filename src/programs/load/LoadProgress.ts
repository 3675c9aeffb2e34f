/** What a load run tells while it goes on, about once a second: for live views, dashboards and plain lines. */
import type { Histogram } from "../../core/Histogram.ts"
import type { Distribution, ErrorCount, Second, ThresholdResult } from "./LoadResult.ts"

export interface LoadProgress {
  /** Stopping: nothing is started any more, what runs is waited for. */
  readonly phase: "warm-up" | "running" | "stopping"
  /** Since the load began, warm-up included, and how long it is meant to take; unknown when iterations are counted. */
  readonly elapsedMillis: number
  readonly totalMillis: number | undefined
  /** The second that just ended, of all threads. */
  readonly second: Second
  /** False for one in which the run began or ended: its counts are of less than a second. */
  readonly isWhole: boolean
  /** So far, warm-up left out. */
  readonly requests: number
  readonly failed: number
  readonly iterations: number
  readonly dropped: number
  readonly bytesIn: number
  readonly checks: { readonly passed: number; readonly failed: number }
  /** From the intended start. Asked for by who shows it: a walk over all that was measured, in the thread that makes the load. */
  readonly latency: () => Distribution
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: ReadonlyArray<ErrorCount>
  /** As they stand; one without samples has no actual value yet. */
  readonly thresholds: ReadonlyArray<ThresholdResult>
  /** The latencies so far, three digits, in ticks of 100 ns. It lives on: read it at once and do not keep it. */
  readonly histogram: Histogram
}
