/** Which seconds of a run were whole: the last one ends with the run, and its counts would look like a rate that fell. */
import type { LoadResult, Second } from "./LoadResult.ts"

/** Frames are made a little after the second that they are about. */
const slack = 0.05

export const isWhole = ({ at }: Pick<Second, "at">, measuredSeconds: number): boolean =>
  at + 1 <= measuredSeconds + slack

/** Returns the seconds of a chart, warm-up included; all of them when none was whole. */
export const whole = ({ measured_s, seconds }: Pick<LoadResult, "measured_s" | "seconds">): ReadonlyArray<Second> => {
  const found = seconds.filter((second) => isWhole(second, measured_s))
  return found.length === 0 ? seconds : found
}
