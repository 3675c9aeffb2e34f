/** Where the time of requests went, for loads that measure it. Part of `Recorder.ts`. */
import { Histogram } from "../../../core/Histogram.ts"
import type { Reader, Writer } from "../../../core/Varint.ts"
import type { Phases } from "../../../services/LoadTransport.ts"

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
