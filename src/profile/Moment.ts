/** Moments as APIs write them, and how far their clock is from ours. Pure. */
import type { Value } from "../core/Value.ts"

/** Milliseconds since 1970 of seconds, milliseconds or a date; `undefined` for what is none of them. */
export const millisOf = (value: Value): number | undefined => {
  if (typeof value === "string" && Number.isNaN(Number(value))) {
    const millis = Date.parse(value)
    return Number.isNaN(millis) ? undefined : millis
  }
  const number = Number(value)
  // Seconds are told from milliseconds by their size: as milliseconds they would be in the seventies.
  return value === null || Number.isNaN(number) ? undefined : number < 100_000_000_000 ? number * 1_000 : number
}

/** A clock that is behind by more than this is not believed. */
const mostBehindMs = 60_000

/**
 * What to add to our time to have the earliest that it may be on the clock of an API whose answer says that it is `date`, was
 * asked for at `asked` and came at `came`, both by our clock. 0 while the two may agree, or when it does not say.
 */
export const clockOffset = (date: string | undefined, asked: number, came: number): number => {
  const there = Date.parse(date ?? "")
  // `Date` has whole seconds: it was written within the second that follows.
  if (Number.isNaN(there) || asked < there + 1_000 && there <= came) return 0
  return Math.max(there - came, -mostBehindMs)
}

/** Whether something was created at or after a moment, both in milliseconds. Whole seconds are as exact as what has no others. */
export const isSince = (created: number, moment: number): boolean =>
  created >= (created % 1_000 === 0 ? Math.floor(moment / 1_000) * 1_000 : moment)
