/**
 * The figures of a load: what the virtual users of a thread write into, what a frame carries, and what the frames of all threads are
 * added up in. One class for all three, so that the sum is exact by construction.
 *
 * To record allocates nothing, but for the first error of each kind.
 */
import { Histogram } from "../../core/Histogram.ts"
import { Reader, type Writer } from "../../core/Varint.ts"
import type { Phases } from "../../services/LoadTransport.ts"
import type { ErrorCount } from "./LoadResult.ts"
import type { MetricRecording, Recording, StepRecording } from "./Recording.ts"

export class Recorder {
  /** One for each load of the plan. */
  readonly loads: ReadonlyArray<LoadRecorder>
  readonly phases = new PhaseRecorder()

  /** `open` says of each load whether its iterations come on schedule. */
  constructor(open: ReadonlyArray<boolean>) {
    this.loads = open.map((isOpen) => new LoadRecorder(isOpen))
  }

  /** Of all loads. */
  get steps(): ReadonlyArray<StepRecorder> {
    return this.loads.flatMap(({ steps }) => [...steps.values()])
  }

  /** Hides what is secret in the errors. */
  mask(text: (text: string) => string): void {
    for (const step of this.steps) step.mask(text)
  }

  write(writer: Writer): void {
    for (const load of this.loads) load.write(writer)
    this.phases.write(writer)
  }

  /** Throws `RangeError` for bytes that no recorder of the same loads has written. */
  addFrom(reader: Reader): void {
    for (const load of this.loads) load.addFrom(reader)
    this.phases.addFrom(reader)
  }

  /** Forgets all figures; places of steps and metrics that were handed out stay valid. */
  clear(): void {
    for (const load of this.loads) load.clear()
    this.phases.clear()
  }
}

/** Iterations of one load, and the steps and metrics in them. */
export class LoadRecorder implements Recording {
  readonly isOpen: boolean
  started = 0
  completed = 0
  failed = 0
  /** Arrivals whose time came. */
  due = 0
  dropped = 0
  cutOff = 0
  /** Virtual users in the middle of an iteration, when this was written. A level, not a count: those of threads are added. */
  busy = 0
  /** Virtual users that take part then; a level too. */
  users = 0
  /** How late it was noticed that an iteration was due; open loads only. */
  readonly lateness = new Histogram()
  readonly steps = new Map<string, StepRecorder>()
  readonly metrics = new Map<string, MetricRecorder>()

  constructor(isOpen: boolean) {
    this.isOpen = isOpen
  }

  step(about: StepAbout): StepRecorder {
    const key = `${about.scenario}\n${about.name}\n${about.action}`
    const known = this.steps.get(key)
    if (known !== undefined) return known
    const step = new StepRecorder(about, this.isOpen)
    this.steps.set(key, step)
    return step
  }

  metric(name: string, kind: MetricKind): MetricRecorder {
    const known = this.metrics.get(name)
    if (known !== undefined) return known
    const metric = new MetricRecorder(name, kind)
    this.metrics.set(name, metric)
    return metric
  }

  write(writer: Writer): void {
    for (const field of iterationFields) writer.number(this[field])
    this.lateness.write(writer)
    writer.number(this.steps.size)
    for (const step of this.steps.values()) step.write(writer)
    writer.number(this.metrics.size)
    for (const metric of this.metrics.values()) metric.write(writer)
  }

  addFrom(reader: Reader): void {
    for (const field of iterationFields) this[field] += reader.number()
    this.lateness.addFrom(reader)
    for (let left = reader.number(); left > 0; left--) {
      const scenario = reader.text()
      const name = reader.text()
      const action = reader.text()
      const tags = Array.from({ length: reader.number() }, () => reader.text())
      this.step({ scenario, name, action, tags }).addFrom(reader)
    }
    for (let left = reader.number(); left > 0; left--) {
      const name = reader.text()
      this.metric(name, metricKinds[reader.number()] ?? "trend").addFrom(reader)
    }
  }

  clear(): void {
    for (const field of iterationFields) this[field] = 0
    this.lateness.clear()
    for (const step of this.steps.values()) step.clear()
    for (const metric of this.metrics.values()) metric.clear()
  }
}

/** Adds up one of their figures. */
export const sumOf = <A>(items: ReadonlyArray<A>, amount: (item: A) => number): number =>
  items.reduce((total, item) => total + amount(item), 0)

const iterationFields = ["started", "completed", "failed", "due", "dropped", "cutOff", "busy", "users"] as const

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
  readonly errors = new Map<string, { count: number; example: string }>()
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
    this.tell(kind, example)
    if (kind === "timeout") this.time(0, intended, started, ended)
  }

  failed(kind: string, example: () => string): void {
    this.failures++
    this.tell(kind, example)
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
    return Array.from(this.errors, ([kind, { count, example }]) => ({ kind, count, example }))
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

  private tell(kind: string, example: () => string): void {
    const known = this.errors.get(kind)
    if (known !== undefined) known.count++
    else if (this.errors.size < maxErrorKinds) this.errors.set(kind, { count: 1, example: example() })
    else this.addError(otherErrors, 1, example())
  }

  private addError(kind: string, count: number, example: string): void {
    const known = this.errors.get(kind)
    if (known !== undefined) known.count += count
    else if (this.errors.size < maxErrorKinds || kind === otherErrors) this.errors.set(kind, { count, example })
    else this.addError(otherErrors, count, example)
  }

  mask(text: (text: string) => string): void {
    const told = this.byError
    if (told.every(({ example, kind }) => text(kind) === kind && text(example) === example)) return
    this.errors.clear()
    for (const { count, example, kind } of told) this.addError(text(kind), count, text(example))
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
    writer.number(this.errors.size)
    for (const [kind, { count, example }] of this.errors) {
      writer.text(kind)
      writer.number(count)
      writer.text(example)
    }
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
    for (let left = reader.number(); left > 0; left--) {
      const kind = reader.text()
      const count = reader.number()
      this.addError(kind, count, reader.text())
    }
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

/** Kinds of errors of one step that are told apart; more are counted together. */
const maxErrorKinds = 50
const otherErrors = "other"

type MetricKind = Parameters<Recording["metric"]>[1]

const metricKinds = ["trend", "rate", "counter"] as const satisfies ReadonlyArray<MetricKind>

/** Values of a trend are kept to a ten-thousandth, as milliseconds are to a tick. */
export const metricScale = 10_000

export class MetricRecorder implements MetricRecording {
  readonly name: string
  readonly kind: MetricKind
  count = 0
  sum = 0
  /** Of a trend, in ten-thousandths. */
  readonly values = new Histogram()

  constructor(name: string, kind: MetricKind) {
    this.name = name
    this.kind = kind
  }

  /** A value of a trend, 1 or 0 for a rate, what a counter grows by. */
  add(value: number): void {
    this.count++
    this.sum += value
    if (this.kind === "trend") this.values.record(value * metricScale)
  }

  write(writer: Writer): void {
    writer.text(this.name)
    writer.number(metricKinds.indexOf(this.kind))
    writer.number(this.count)
    writer.float(this.sum)
    this.values.write(writer)
  }

  /** Reads what `write` wrote after name and kind. */
  addFrom(reader: Reader): void {
    this.count += reader.number()
    this.sum += reader.float()
    this.values.addFrom(reader)
  }

  clear(): void {
    this.count = this.sum = 0
    this.values.clear()
  }
}

export const phaseNames = ["dns", "connect", "tls", "wait", "transfer"] as const satisfies ReadonlyArray<keyof Phases>

/** Where the time of requests went, of those that had the phase at all. */
export class PhaseRecorder {
  readonly histograms: Readonly<Record<keyof Phases, Histogram>> = {
    dns: new Histogram(),
    connect: new Histogram(),
    tls: new Histogram(),
    wait: new Histogram(),
    transfer: new Histogram()
  }

  record(phases: Phases): void {
    for (const name of phaseNames) if (phases[name] > 0) this.histograms[name].record(phases[name])
  }

  write(writer: Writer): void {
    for (const name of phaseNames) this.histograms[name].write(writer)
  }

  addFrom(reader: Reader): void {
    for (const name of phaseNames) this.histograms[name].addFrom(reader)
  }

  clear(): void {
    for (const name of phaseNames) this.histograms[name].clear()
  }
}
