/** Follows a load second by second: judges its thresholds, and tells how it goes. */
import * as Executors from "../executors/Executors.ts"
import type { LoadProgress } from "../LoadProgress.ts"
import type { ThresholdResult } from "../LoadResult.ts"
import type { Plan } from "../Plan.ts"
import * as Frame from "./Frame.ts"
import { Recorder, sumOf } from "./Recorder.ts"
import * as Seconds from "./Seconds.ts"
import * as Summary from "./Summary.ts"
import { type Compiled, Judge } from "./Thresholds.ts"
import type { Ended, Totals } from "./Totals.ts"

export class Scoreboard {
  private readonly judges: ReadonlyArray<Judge>
  /** The frames of the last seconds, as many as the longest window needs. */
  private readonly recent: Array<{ readonly at: number; readonly frames: ReadonlyArray<Uint8Array> }> = []
  private readonly longest: number
  private readonly plan: Plan
  private readonly totals: Totals

  constructor(plan: Plan, totals: Totals, thresholds: ReadonlyArray<Compiled>) {
    this.plan = plan
    this.totals = totals
    this.judges = thresholds.map((compiled) => new Judge(compiled))
    this.longest = Math.max(0, ...this.judges.map(secondsOf))
  }

  get thresholds(): ReadonlyArray<ThresholdResult> {
    return this.judges.map(({ result }) => result)
  }

  /** Takes a second that is complete. `abort`: a threshold wants the run to end. */
  follow({ frames, second }: Ended, stopping: boolean): { readonly abort: boolean; readonly progress: LoadProgress } {
    const abort = second.at >= 0 && this.judge(second.at, frames)
    return { abort, progress: this.progress(second, stopping) }
  }

  /** The last word: figures of the whole run, and windows longer than it. */
  finish(): void {
    const { measuredSeconds, run } = this.totals
    const elapsed = measuredSeconds * 1000
    for (const judge of this.judges) {
      if (judge.overMillis === undefined || judge.result.actual === null) {
        judge.judge({ figures: run, seconds: measuredSeconds }, elapsed)
      }
    }
  }

  private judge(at: number, frames: ReadonlyArray<Uint8Array>): boolean {
    if (this.longest > 0) {
      this.recent.push({ at, frames })
      while (this.recent.length > this.longest) this.recent.shift()
    }
    const { measuredSeconds, run } = this.totals
    let abort = false
    const windows = new Map<number, Recorder>()
    for (const judge of this.judges) {
      const length = secondsOf(judge)
      if (length === 0) abort = judge.judge({ figures: run, seconds: measuredSeconds }, (at + 1) * 1000) || abort
      else if (at + 1 >= length) {
        const figures = windows.get(length) ?? this.window(at, length)
        windows.set(length, figures)
        // The last second of a run may be a short one.
        const seconds = Math.min(at + 1, measuredSeconds) - (at + 1 - length)
        abort = judge.judge({ figures, seconds }, (at + 1) * 1000) || abort
      }
    }
    return abort
  }

  private window(at: number, length: number): Recorder {
    const figures = new Recorder(this.plan.loads.map(({ executor }) => Executors.isOpen(executor)))
    for (const one of this.recent) {
      if (one.at > at - length) { for (const frame of one.frames) Frame.decode(frame, () => [figures]) }
    }
    return figures
  }

  private progress(second: Ended["second"], stopping: boolean): LoadProgress {
    const { plan, totals } = this
    const { loads, steps } = totals.run
    const elapsedMillis = (second.at + 1) * 1000 + plan.warmupMillis
    const totalMillis = plan.warmupMillis + Math.max(...plan.loads.map(({ executor }) => Executors.millisOf(executor)))
    const isTimed = plan.loads.every(({ executor }) => Executors.isTimed(executor))
    return {
      phase: stopping || isTimed && elapsedMillis > totalMillis ? "stopping" : second.at < 0 ? "warm-up" : "running",
      elapsedMillis,
      totalMillis: isTimed ? totalMillis : undefined,
      second,
      isWhole: Seconds.isWhole(second, {
        warmupSeconds: plan.warmupMillis / 1000,
        measuredSeconds: totals.measuredSeconds
      }),
      requests: sumOf(steps, ({ count }) => count),
      failed: sumOf(steps, ({ failures }) => failures),
      iterations: sumOf(loads, ({ completed }) => completed),
      dropped: sumOf(loads, ({ dropped }) => dropped),
      bytesIn: sumOf(steps, ({ bytesIn }) => bytesIn),
      checks: {
        passed: sumOf(steps, ({ checksPassed }) => checksPassed),
        failed: sumOf(steps, ({ checksFailed }) => checksFailed)
      },
      latency: () => Summary.distribution(totals.latency),
      statuses: Summary.statusesOf(steps),
      errors: Summary.errorsOf(steps),
      thresholds: this.thresholds,
      histogram: totals.latency
    }
  }
}

const secondsOf = ({ overMillis }: Judge): number => overMillis === undefined ? 0 : Math.ceil(overMillis / 1000)
