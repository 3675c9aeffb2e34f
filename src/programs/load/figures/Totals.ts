/**
 * Adds up the frames of all threads: the figures of the measured time, second by second, and how the generators fared. Pure but for what
 * it keeps, which does not grow with the number of requests.
 */
import { Base64 } from "effect/encoding"
import { coarse, Histogram } from "../../../core/Histogram.ts"
import { ticksPerMilli } from "../../../services/LoadClock.ts"
import type { Second } from "../LoadResult.ts"
import * as Frame from "./Frame.ts"
import { Recorder, sumOf } from "./Recorder.ts"
import type { StepRecorder } from "./StepRecorder.ts"

/** Figures of one second of all threads, on their way to a {@link Second}. */
interface Slice {
  readonly at: number
  readonly figures: Recorder
  readonly frames: Array<Uint8Array>
  /** Threads that have told of it. */
  threads: number
  cpu: number
  readonly lag: Histogram
}

/** A second that all threads have told of. */
export interface Ended {
  readonly second: Second
  /** The frames it was made of, for windows. */
  readonly frames: ReadonlyArray<Uint8Array>
}

export class Totals {
  /** The measured time, warm-up left out. */
  readonly run: Recorder
  /** Of all steps, from the intended start. */
  readonly latency = new Histogram()
  readonly seconds: Array<Second> = []
  readonly lag = new Histogram()
  gcCount = 0
  gcMillis = 0
  rssPeak = 0
  heapPeak = 0
  socketsMost = 0
  private readonly threads: ReadonlyArray<Thread>
  private readonly slices = new Map<number, Slice>()
  private readonly loads: ReadonlyArray<boolean>
  private spare: Recorder | undefined

  constructor(threads: number, loads: ReadonlyArray<boolean>) {
    this.loads = loads
    this.run = new Recorder(loads)
    this.threads = Array.from({ length: threads }, () => ({
      at: -Infinity,
      until: 0,
      cpu: 0,
      seconds: 0,
      socketsOpened: 0,
      socketsOpen: 0,
      heap: 0
    }))
  }

  /** Takes the frame of a thread; answers with the seconds that are complete by it, in order. Throws `RangeError` for what is no frame. */
  add(thread: number, bytes: Uint8Array): ReadonlyArray<Ended> {
    let slice: Slice | undefined
    const head = Frame.decode(bytes, (at) => {
      slice = this.sliceOf(at)
      return at < 0 ? [slice.figures] : [slice.figures, this.run]
    })
    if (slice === undefined) return []
    slice.threads++
    slice.frames.push(bytes)
    this.note(this.threads[thread]!, head, slice)
    return this.ended()
  }

  /** Seconds that not all threads have told of; called once, when no more frames come. */
  rest(): ReadonlyArray<Ended> {
    return [...this.slices.keys()].sort((a, b) => a - b).map((at) => this.end(at))
  }

  /** How long was measured: until the last frame. */
  get measuredSeconds(): number {
    return Math.max(0, ...this.threads.map(({ until }) => until))
  }

  /** Of the busiest thread, mean over the measured time. */
  get cpu(): number {
    return Math.max(0, ...this.threads.map(({ cpu, seconds }) => seconds > 0 ? cpu / seconds : 0))
  }

  get socketsOpened(): number {
    return sumOf(this.threads, ({ socketsOpened }) => socketsOpened)
  }

  private sliceOf(at: number): Slice {
    const known = this.slices.get(at)
    if (known !== undefined) return known
    const figures = this.spare ?? new Recorder(this.loads)
    this.spare = undefined
    const slice = { at, figures, frames: [], threads: 0, cpu: 0, lag: new Histogram() }
    this.slices.set(at, slice)
    return slice
  }

  private note(thread: Thread, { at, health, until }: Frame.FrameHead, slice: Slice): void {
    const length = until - Math.max(at, thread.until)
    thread.at = at
    thread.until = until
    thread.socketsOpened = health.socketsOpened
    thread.socketsOpen = health.socketsOpen
    thread.heap = health.heapBytes
    slice.cpu = Math.max(slice.cpu, health.cpu)
    slice.lag.add(health.lag)
    this.rssPeak = Math.max(this.rssPeak, health.rssBytes)
    this.heapPeak = Math.max(this.heapPeak, sumOf(this.threads, ({ heap }) => heap))
    this.socketsMost = Math.max(this.socketsMost, sumOf(this.threads, ({ socketsOpen }) => socketsOpen))
    if (at < 0) return
    // The last second of a run is not a whole one.
    if (length > 0) {
      thread.cpu += health.cpu * length
      thread.seconds += length
    }
    this.lag.add(health.lag)
    this.gcCount += health.gcCount
    this.gcMillis += health.gcMillis
  }

  private ended(): ReadonlyArray<Ended> {
    const told = Math.min(...this.threads.map(({ at }) => at))
    return [...this.slices.keys()].filter((at) => at <= told).sort((a, b) => a - b).map((at) => this.end(at))
  }

  private end(at: number): Ended {
    const slice = this.slices.get(at)!
    this.slices.delete(at)
    const { steps } = slice.figures
    const histogram = new Histogram(coarse)
    for (const { responses } of steps) {
      histogram.add(responses)
      if (at >= 0) this.latency.add(responses)
    }
    const second = secondOf(slice, steps, histogram)
    this.seconds.push(second)
    slice.figures.clear()
    this.spare = slice.figures
    return { second, frames: slice.frames }
  }
}

interface Thread {
  /** The last second that it told of, and until when. */
  at: number
  until: number
  /** Sum of shares of a core, by seconds; and the seconds. */
  cpu: number
  seconds: number
  socketsOpened: number
  socketsOpen: number
  heap: number
}

const secondOf = (
  { at, cpu, figures: { loads }, lag }: Slice,
  steps: ReadonlyArray<StepRecorder>,
  histogram: Histogram
): Second => {
  const [p50, p95, p99] = histogram.quantiles([0.5, 0.95, 0.99]).map((ticks) => ticks / ticksPerMilli)
  return {
    at,
    started: sumOf(loads, ({ started }) => started),
    completed: sumOf(steps, ({ count }) => count),
    dropped: sumOf(loads, ({ dropped }) => dropped),
    errors: sumOf(steps, ({ failures }) => failures),
    bytes_in: sumOf(steps, ({ bytesIn }) => bytesIn),
    due: sumOf(loads, ({ due }) => due),
    vus: sumOf(loads, ({ isOpen, busy, users }) => isOpen ? busy : users),
    p50: p50 ?? 0,
    p95: p95 ?? 0,
    p99: p99 ?? 0,
    max: histogram.max / ticksPerMilli,
    cpu,
    lag_ms: lag.max / ticksPerMilli,
    histogram: histogram.count === 0 ? "" : Base64.encode(histogram.toBytes())
  }
}
