/**
 * A target over time: iterations a second, or virtual users. Stages are lines from one target to the next, one after the other; a stage
 * of no length is a jump.
 *
 * Times are seconds since the curve began. Nothing here has a clock: when the k-th arrival is due follows from the area under the line.
 */
import type { Stage } from "../../../scenario/LoadBlock.ts"

export interface Curve {
  /** In order, none of no length. */
  readonly lines: ReadonlyArray<Line>
  readonly seconds: number
  /** How many iterations that makes: the whole area. */
  readonly area: number
}

interface Line {
  /** When it begins and ends, and how long it is. */
  readonly at: number
  readonly end: number
  readonly seconds: number
  readonly from: number
  readonly to: number
  /** What lies before it. */
  readonly before: number
  readonly area: number
}

export const make = (from: number, stages: ReadonlyArray<Stage>): Curve => {
  const lines: Array<Line> = []
  // Sums of milliseconds are exact where those of seconds are not.
  let begin = 0
  let before = 0
  for (const { millis, to } of stages) {
    const seconds = millis / 1000
    const area = (from + to) / 2 * seconds
    const end = begin + millis
    if (seconds > 0) lines.push({ at: begin / 1000, end: end / 1000, seconds, from, to, before, area })
    begin = end
    before += area
    from = to
  }
  return { lines, seconds: begin / 1000, area: before }
}

/** The same target all the time. */
export const constant = (target: number, millis: number): Curve => make(target, [{ to: target, millis }])

/** The curve after so long at the target it begins with. */
export const after = (millis: number, { lines }: Curve): Curve =>
  make(lines[0]?.from ?? 0, [
    { to: lines[0]?.from ?? 0, millis },
    ...lines.flatMap(({ from, seconds, to }) => [{ to: from, millis: 0 }, { to, millis: seconds * 1000 }])
  ])

/** The target at a time; at a jump, the one after it. 0 before the beginning and from the end on. */
export const targetAt = (curve: Curve, seconds: number): number => {
  const line = seconds < 0 ? undefined : curve.lines.find(({ end }) => seconds < end)
  return line === undefined ? 0 : line.from + (line.to - line.from) * (seconds - line.at) / line.seconds
}

/** The first time after `seconds` at which the whole part of the target is another one; the end at the latest. */
export const nextChange = (curve: Curve, seconds: number): number => {
  const now = Math.floor(targetAt(curve, seconds) + tolerance)
  for (const { at, end, from, seconds: long, to } of curve.lines) {
    if (end <= seconds) continue
    if (at > seconds && Math.floor(from + tolerance) !== now) return at
    // Where the line reaches the next whole number, up or down.
    const edge = to > from ? now + 1 : now
    const crossing = to === from ? Infinity : at + (edge - from) / (to - from) * long
    // On the way down the target is below the edge only after it.
    const change = to < from ? crossing + nudge : crossing
    if (change > seconds && change < end) return change
  }
  return curve.seconds
}

/**
 * When the area under the curve reaches `count`: the time of arrival `count`, where arrivals are counted from 0. `Infinity` when there
 * are not so many. `hint` is a line that is not after it, for those who ask in order.
 */
export const timeOf = (curve: Curve, count: number, hint = 0): number => {
  const index = lineOf(curve, count, hint)
  const line = curve.lines[index]
  if (line === undefined) return Infinity
  const missing = count - line.before
  if (missing <= 0) return line.at
  const slope = (line.to - line.from) / line.seconds
  // The root of slope / 2 * t^2 + from * t = missing, in the form that also holds for a slope of 0.
  const root = Math.sqrt(Math.max(0, line.from * line.from + 2 * slope * missing))
  return line.at + 2 * missing / (line.from + root)
}

/** The line in which the area reaches `count`. */
export const lineOf = (curve: Curve, count: number, hint = 0): number => {
  let index = hint
  for (; index < curve.lines.length; index++) {
    const { area, before } = curve.lines[index]!
    // An arrival at the very end of a line belongs to the next one, or to none.
    if (count < before + area - tolerance) return index
  }
  return index
}

/** Areas are sums of products: what is whole but for rounding is whole. */
const tolerance = 1e-9
const nudge = 1e-6
