/**
 * Whether the figures of a load can be believed: whether they are of the target, or of a generator that could not keep up.
 *
 * A slow target never makes them invalid: iterations that wait for it, and those that are dropped, are what was to be measured.
 */
import type { Distribution, InvalidReason, Model } from "../LoadResult.ts"

export interface Evidence {
  readonly model: Model
  /** Of the busiest thread, mean over the measured time: 1 is a whole core. */
  readonly cpu: number
  readonly lagP99Millis: number
  /** How late it was noticed that iterations were due; open loads only. */
  readonly lateness: Pick<Distribution, "count" | "p99"> | null
  readonly medianMillis: number
  readonly portsExhausted: number
  /** Requests and iterations that ended within the measured time. */
  readonly measured: number
  readonly threads: number
  readonly cores: number
  /** What a thread that broke down said. */
  readonly crash?: string | undefined
}

export const maxCpu = 0.85
export const maxLagMillis = 5
/** Of lateness: this, or {@link maxLatenessShare} of the median response where that is more. */
export const maxLatenessMillis = 2
export const maxLatenessShare = 0.05

/** Everything that speaks against the figures; nothing when they are valid. */
export const judge = (evidence: Evidence): ReadonlyArray<InvalidReason> => {
  const { cpu, lagP99Millis, lateness, measured, medianMillis, model, portsExhausted } = evidence
  const reasons: Array<InvalidReason> = []
  if (evidence.crash !== undefined) {
    reasons.push({
      code: "crash",
      text: `the load ended early: ${evidence.crash}`,
      advice: "the figures are of what ran until then; run it again, with fewer users if memory was the reason"
    })
  }
  if (model === "open" && cpu > maxCpu) {
    reasons.push({
      code: "cpu",
      text: `the generator used ${percent(cpu)} of a core, over ${
        percent(maxCpu)
      }: it was too busy to start and to stamp in time`,
      advice: more(evidence)
    })
  }
  if (lagP99Millis > maxLagMillis) {
    reasons.push({
      code: "loop_lag",
      text: `the generator's own loop was held up: p99 ${millis(lagP99Millis)}, over ${millis(maxLagMillis)}`,
      advice: quieter
    })
  }
  const bound = Math.max(maxLatenessMillis, maxLatenessShare * medianMillis)
  if (model === "open" && lateness !== null && lateness.count > 0 && lateness.p99 > bound) {
    reasons.push({
      code: "lateness",
      text: `iterations were noticed late: p99 ${millis(lateness.p99)}, over ${millis(bound)}`,
      advice: cpu > busyCpu ? more(evidence) : quieter
    })
  }
  if (portsExhausted > 0) {
    reasons.push({
      code: "ports",
      text: `${portsExhausted} ${portsExhausted === 1 ? "connection" : "connections"} found no free local port`,
      advice: "keep connections alive, use fewer of them, or widen net.ipv4.ip_local_port_range"
    })
  }
  if (measured === 0) {
    reasons.push({
      code: "too_short",
      text: "nothing ended within the measured time",
      advice:
        "does the target answer at all? Use a longer --duration or --graceful-stop, a shorter --warmup, or a --timeout"
    })
  }
  return reasons
}

/** With less than this more threads would help nobody: something else is in the way. */
const busyCpu = 0.5
const quieter = "let nothing else run on this machine, and keep the target on another one; or use a lower rate"

const more = ({ cores, threads }: Evidence): string =>
  threads < cores
    ? `use a lower rate, or more threads: --threads ${Math.min(cores, threads * 2)}`
    : "use a lower rate, or a machine with more cores; keep the target on another one"

const percent = (share: number): string => `${Math.round(share * 100)} %`
const millis = (value: number): string => `${Number(value.toPrecision(3))} ms`
