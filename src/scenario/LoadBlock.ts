/**
 * The `load:` block of a scenario or of `skein.yaml`, read: how the iterations of a scenario are started, and which thresholds decide.
 *
 * Plain data, so that it can be handed to worker threads. `read/LoadReader.ts` reads it from YAML, `LoadSettings.ts` fills in the
 * defaults, `programs/load` runs it.
 */

/** How iterations are started. Closed executors wait for the iteration before; open ones start on schedule, whatever happens. */
export type Executor =
  | { readonly type: "constant-vus"; readonly vus: number; readonly durationMillis: number }
  | { readonly type: "ramping-vus"; readonly startVus: number; readonly stages: ReadonlyArray<Stage> }
  | {
    readonly type: "per-vu-iterations"
    readonly vus: number
    readonly iterations: number
    readonly maxMillis: number
  }
  | {
    readonly type: "shared-iterations"
    readonly vus: number
    readonly iterations: number
    readonly maxMillis: number
  }
  | {
    readonly type: "constant-arrival-rate"
    /** Iterations a second. */
    readonly rate: number
    readonly durationMillis: number
    readonly arrivals: Arrivals
    /** At most so many iterations at once; what finds none of them free waits, and past `queue` is dropped. */
    readonly vus: number
    readonly queue: number
  }
  | {
    readonly type: "ramping-arrival-rate"
    readonly startRate: number
    readonly stages: ReadonlyArray<Stage>
    readonly arrivals: Arrivals
    readonly vus: number
    readonly queue: number
  }
  | {
    /** Searches the highest arrival rate that still meets the thresholds. */
    readonly type: "breakpoint"
    readonly fromRate: number
    readonly toRate: number
    /** How long a rate is held to be judged, and how long it settles before. */
    readonly stepMillis: number
    readonly settleMillis: number
    /** The search ends when the bracket is narrower than this share of its rate: 0.05. */
    readonly precision: number
    readonly vus: number
    readonly queue: number
  }

/** A target (virtual users, or iterations a second) reached linearly in a time, from the one before. A hold goes to where it is. */
export interface Stage {
  readonly to: number
  readonly millis: number
}

/** Evenly spaced, or random gaps of the same mean (seeded), as independent people come. */
export type Arrivals = "even" | "poisson"

export interface Threshold {
  /** Such as `http.p95 < 300ms`, `errors.rate < 1%`, `http.p99{step: "Log in"} < 1s`. */
  readonly expression: string
  /** Length of the window it must hold in at all times; the whole run when left out. */
  readonly overMillis?: number | undefined
  /** Whether the run ends as soon as it does not hold. */
  readonly abort: boolean
  /** The first so many milliseconds are not judged. */
  readonly delayMillis: number
}

export interface LoadBlock {
  readonly executor: Executor
  /** The share of iterations beside other scenarios of a mix. */
  readonly weight: number
  readonly thresholds: ReadonlyArray<Threshold>
  /** Runs, but is not in the figures. */
  readonly warmupMillis: number
  /** How long running iterations may take to end once nothing is started any more. */
  readonly gracefulStopMillis: number
  /** From the start of one iteration of a virtual user to its next, at least (closed model). */
  readonly pacingMillis?: number | undefined
  /** Pause of a virtual user after each iteration: from and to, evenly spread (closed model). */
  readonly thinkMillis?: readonly [from: number, to: number] | undefined
  /** How the rows of `data:` are handed out. `once`: each row once, and the load ends with an error when they are used up. */
  readonly feeder: { readonly order: "sequential" | "random" | "once"; readonly per: "iteration" | "vu" }
  readonly seed?: number | undefined
}
