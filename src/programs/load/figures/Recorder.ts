/**
 * The figures of a load: what the virtual users of a thread write into, what a frame carries, and what the frames of all threads are
 * added up in. One class for all three, so that the sum is exact by construction.
 *
 * To record allocates nothing, but for the first error of each kind.
 */
import { Histogram } from "../../../core/Histogram.ts"
import { Reader, type Writer } from "../../../core/Varint.ts"
import type { MetricKind } from "../../../scenario/Scenario.ts"
import { kindOf, MetricRecorder } from "./MetricRecorder.ts"
import { PhaseRecorder } from "./PhaseRecorder.ts"
import type { Recording } from "./Recording.ts"
import { type StepAbout, StepRecorder } from "./StepRecorder.ts"

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
      this.metric(name, kindOf(reader.number())).addFrom(reader)
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
