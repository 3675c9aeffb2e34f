/** Which seconds of a run were whole: the others begin or end with the run, and their counts would look like a rate that rose or fell. */
import type { LoadResult, Second } from "../LoadResult.ts"

/** Frames are made a little after the second that they are about. */
const slackSeconds = 0.05

/** How long a run was: before its figures begin, and while they were taken. */
export interface Length {
  readonly warmupSeconds: number
  readonly measuredSeconds: number
}

export const isWhole = ({ at }: Pick<Second, "at">, { measuredSeconds, warmupSeconds }: Length): boolean =>
  at >= -warmupSeconds - slackSeconds && at + 1 <= measuredSeconds + slackSeconds

/** Returns the seconds of a chart, warm-up included; all of them when none was whole. */
export const whole = (
  { duration_s, measured_s, seconds }: Pick<LoadResult, "duration_s" | "measured_s" | "seconds">
): ReadonlyArray<Second> => {
  const length = { warmupSeconds: duration_s - measured_s, measuredSeconds: measured_s }
  const found = seconds.filter((second) => isWhole(second, length))
  return found.length === 0 ? seconds : found
}
