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
  /** From the actual start. */
  readonly service = new Histogram()
  /** From the intended start: the same histogram in a closed load. */
  readonly responses: Histogram
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
    this.responses = isOpen ? new Histogram() : this.service
  }

  response(intended: number, started: number, ended: number, status: number, bytesIn: number, bytesOut: number): void {
    this.count++
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    // A status has three digits, as the parser has seen.
    this.statuses[status]!++
    this.service.record(ended - started)
    if (this.responses !== this.service) this.responses.record(ended - intended)
  }

  /** Of errors only time-outs are among the latencies: a quick refusal is no quick answer, but who waited in vain did wait. */
  error(intended: number, started: number, ended: number, kind: string, example: () => string): void {
    this.count++
    this.failures++
    this.tell(kind, example)
    if (kind !== "timeout") return
    this.service.record(ended - started)
    if (this.responses !== this.service) this.responses.record(ended - intended)
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

  write(writer: Writer): void {
    writer.text(this.about.scenario)
    writer.text(this.about.name)
    writer.text(this.about.action)
    writer.number(this.about.tags.length)
    for (const tag of this.about.tags) writer.text(tag)
    for (const field of stepFields) writer.number(this[field])
    this.service.write(writer)
    if (this.responses !== this.service) this.responses.write(writer)
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
    this.service.addFrom(reader)
    if (this.responses !== this.service) this.responses.addFrom(reader)
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
    this.service.clear()
    this.responses.clear()
    this.errors.clear()
  }
}

const stepFields = ["count", "failures", "bytesIn", "bytesOut", "checksPassed", "checksFailed"] as const

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
