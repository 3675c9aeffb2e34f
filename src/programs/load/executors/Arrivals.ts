/**
 * When iterations of an open load are due: arrival k at the time at which the area under the curve reaches k, never "now plus a gap".
 * So nothing that happens during the run moves them, and what begins late is known to be late.
 *
 * Threads take turns: a thread has the arrivals whose number is its index modulo their count. Together they are as even as one would be.
 */
import { randomFrom } from "../../../core/Seeded.ts"
import { ticksPerSecond } from "../../../services/LoadClock.ts"
import type { Share } from "../Plan.ts"
import * as Curve from "./Curve.ts"

/** The next one of a thread; its fields change with {@link Arrivals.advance}. */
export interface Arrivals {
  /** Counts from 0 over all threads. */
  readonly number: number
  /** Whole ticks since the load began; `Infinity` when no more come. */
  readonly tick: number
  readonly advance: () => void
}

/** As evenly as the curve has it. */
export const even = (curve: Curve.Curve, share: Share): Arrivals => new Sequence(curve, share, 0, () => 1)

/**
 * With gaps that are exponential where the target is constant, as those of people who know nothing of each other: a Poisson process with
 * the curve as its rate. The same seed gives the same arrivals, in any number of threads.
 */
export const poisson = (curve: Curve.Curve, share: Share, seed: number): Arrivals => {
  const random = randomFrom(seed)
  const gap = () => -Math.log(1 - random())
  return new Sequence(curve, share, gap(), gap)
}

/** `first` is the area before arrival 0, `gap` the one between two arrivals. */
class Sequence implements Arrivals {
  number = 0
  tick = 0
  private reached: number
  private line = 0
  private readonly curve: Curve.Curve
  private readonly share: Share
  private readonly gap: () => number

  constructor(curve: Curve.Curve, share: Share, first: number, gap: () => number) {
    this.curve = curve
    this.share = share
    this.gap = gap
    this.reached = first
    this.skip(share.index)
    this.place()
  }

  advance(): void {
    this.skip(this.share.of)
    this.place()
  }

  private skip(arrivals: number): void {
    for (let skipped = 0; skipped < arrivals; skipped++) this.reached += this.gap()
    this.number += arrivals
  }

  private place(): void {
    this.line = Curve.lineOf(this.curve, this.reached, this.line)
    this.tick = Math.round(Curve.timeOf(this.curve, this.reached, this.line) * ticksPerSecond)
  }
}
