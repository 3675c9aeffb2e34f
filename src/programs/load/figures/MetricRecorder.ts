/** The figures of one metric of a scenario's own. Part of `Recorder.ts`. */
import { Histogram } from "../../../core/Histogram.ts"
import type { Reader, Writer } from "../../../core/Varint.ts"
import { type MetricKind, metricKinds } from "../../../scenario/Scenario.ts"
import type { MetricRecording } from "./Recording.ts"

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

/** The kind of a number that `write` wrote. */
export const kindOf = (number: number): MetricKind => metricKinds[number] ?? "trend"
