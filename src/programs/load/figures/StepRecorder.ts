/** The figures of one step of a load. Part of `Recorder.ts`. */
import { Histogram } from "../../../core/Histogram.ts"
import type { Reader, Writer } from "../../../core/Varint.ts"
import type { ErrorCount } from "../LoadResult.ts"
import { ErrorKinds } from "./ErrorKinds.ts"
import type { Recording, StepRecording } from "./Recording.ts"

export type StepAbout = Parameters<Recording["step"]>[0]

export class StepRecorder implements StepRecording {
  readonly about: StepAbout
  private readonly isOpen: boolean
  /** From the actual start; only kept in an open load, where that is not the intended one. */
  private readonly services = new Histogram()
  /** From the intended start, by status: 0 for time-outs, for calls that have none, and for statuses past the bound. */
  private readonly latencies = new Map<number, Histogram>()
  private lastStatus = -1
  private lastLatency = this.services
  /** Requests and calls that ended, however. */
  count = 0
  failures = 0
  bytesIn = 0
  bytesOut = 0
  checksPassed = 0
  checksFailed = 0
  private readonly errors = new ErrorKinds()
  private readonly statuses = new Float64Array(1000)

  constructor(about: StepAbout, isOpen: boolean) {
    this.about = about
    this.isOpen = isOpen
  }

  /** Times from the intended start, of all statuses. Maybe one that lives on: not to be written to. */
  get responses(): Histogram {
    const filled = [...this.latencies.values()].filter(({ count }) => count > 0)
    return filled.length === 1 ? filled[0]! : Histogram.together(filled)
  }

  /** Times from the actual start: the same in a closed load. */
  get service(): Histogram {
    return this.isOpen ? this.services : this.responses
  }

  /** Times from the intended start of the responses that had a status, in its order. */
  get byLatency(): ReadonlyArray<readonly [status: number, latency: Histogram]> {
    return [...this.latencies].filter(([status, { count }]) => status > 0 && count > 0).sort(([a], [b]) => a - b)
  }

  response(intended: number, started: number, ended: number, status: number, bytesIn: number, bytesOut: number): void {
    this.count++
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    // A status has three digits, as the parser has seen.
    this.statuses[status]!++
    this.time(status, intended, started, ended)
  }

  /** Of errors only time-outs are among the latencies: a quick refusal is no quick answer, but who waited in vain did wait. */
  error(intended: number, started: number, ended: number, kind: string, example: () => string): void {
    this.count++
    this.failures++
    this.errors.tell(kind, example)
    if (kind === "timeout") this.time(0, intended, started, ended)
  }

  failed(kind: string, example: () => string): void {
    this.failures++
    this.errors.tell(kind, example)
  }

  check(passed: boolean): void {
    if (passed) this.checksPassed++
    else this.checksFailed++
  }

  /** Responses by status; those without one are left out. */
  get byStatus(): ReadonlyArray<readonly [status: number, count: number]> {
    const found: Array<readonly [number, number]> = []
    for (let status = 1; status < this.statuses.length; status++) {
      if (this.statuses[status]! > 0) found.push([status, this.statuses[status]!])
    }
    return found
  }

  get byError(): ReadonlyArray<ErrorCount> {
    return this.errors.list
  }

  private time(status: number, intended: number, started: number, ended: number): void {
    if (status !== this.lastStatus) {
      this.lastLatency = this.latencyOf(status)
      this.lastStatus = status
    }
    this.lastLatency.record(ended - intended)
    if (this.isOpen) this.services.record(ended - started)
  }

  private latencyOf(status: number): Histogram {
    const known = this.latencies.get(status)
    if (known !== undefined) return known
    if (status !== 0 && this.latencies.size >= maxStatuses) return this.latencyOf(0)
    const latency = new Histogram()
    this.latencies.set(status, latency)
    return latency
  }

  /** Hides what is secret in the errors. */
  mask(text: (text: string) => string): void {
    this.errors.mask(text)
  }

  write(writer: Writer): void {
    writer.text(this.about.scenario)
    writer.text(this.about.name)
    writer.text(this.about.action)
    writer.number(this.about.tags.length)
    for (const tag of this.about.tags) writer.text(tag)
    for (const field of stepFields) writer.number(this[field])
    if (this.isOpen) this.services.write(writer)
    writer.number(this.latencies.size)
    for (const [status, latency] of this.latencies) {
      writer.number(status)
      latency.write(writer)
    }
    const statuses = this.byStatus
    writer.number(statuses.length)
    for (const [status, count] of statuses) {
      writer.number(status)
      writer.number(count)
    }
    this.errors.write(writer)
  }

  /** Reads what `write` wrote after the names. */
  addFrom(reader: Reader): void {
    for (const field of stepFields) this[field] += reader.number()
    if (this.isOpen) this.services.addFrom(reader)
    for (let left = reader.number(); left > 0; left--) this.latencyOf(reader.number()).addFrom(reader)
    for (let left = reader.number(); left > 0; left--) {
      const status = reader.number()
      if (status >= this.statuses.length) throw new RangeError(`a frame tells of a status ${status}`)
      this.statuses[status]! += reader.number()
    }
    this.errors.addFrom(reader)
  }

  clear(): void {
    if (this.count > 0) this.statuses.fill(0)
    for (const field of stepFields) this[field] = 0
    this.services.clear()
    for (const latency of this.latencies.values()) latency.clear()
    this.errors.clear()
  }
}

const stepFields = ["count", "failures", "bytesIn", "bytesOut", "checksPassed", "checksFailed"] as const

/** Statuses of one step whose times are told apart. */
const maxStatuses = 20
