/**
 * What a load run is to do, all defaults filled in: plain data, handed to every thread, and shown in reports as the configuration.
 *
 * Made by `cli/load` from flags, or from a file and its `load:` block.
 */
import type { Executor, LoadBlock, Threshold } from "../../scenario/LoadBlock.ts"

export interface Plan {
  readonly name: string
  readonly seed: number
  readonly threads: number
  readonly warmupMillis: number
  readonly gracefulStopMillis: number
  readonly thresholds: ReadonlyArray<Threshold>
  readonly loads: ReadonlyArray<Load>
  /** Whether DNS, connect, TLS, wait and transfer are measured apart. */
  readonly phases: boolean
  /** Closed model: the interval that users were meant to keep, for the correction of coordinated omission. */
  readonly expectedIntervalMillis?: number | undefined
}

/** One of the things that run side by side. */
export interface Load {
  readonly name: string
  readonly executor: Executor
  readonly work: UrlWork | ScenarioWork
}

/** The same request over and over. */
export interface UrlWork {
  readonly type: "url"
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body?: string | undefined
  readonly keepAlive: boolean
  readonly timeoutMillis: number
  /** Name to address, as `--resolve`. */
  readonly resolve: Readonly<Record<string, string>>
  readonly insecure: boolean
  /** Whether HTTP/2 is spoken, and nothing else. */
  readonly http2: boolean
  /** As it may be shown; what it is with its password, threads get beside the plan. `null` for a direct connection. */
  readonly proxy: string | null
}

/** Scenarios of files, mixed by their weights. Each thread reads and compiles them itself. */
export interface ScenarioWork {
  readonly type: "scenario"
  readonly mix: ReadonlyArray<{ readonly file: string; readonly weight: number }>
  readonly pacingMillis?: number | undefined
  readonly thinkMillis?: readonly [from: number, to: number] | undefined
  readonly feeder: LoadBlock["feeder"]
}

/** Which part of the arrivals, iterations and users a thread takes: those whose number is `index` modulo `of`. */
export interface Share {
  readonly index: number
  readonly of: number
}
