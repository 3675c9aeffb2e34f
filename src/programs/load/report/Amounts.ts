/** Figures of a load run as people read them: three digits, the unit beside them. */
import { Duration } from "effect"
import * as ByteSize from "../../../core/ByteSize.ts"
import * as DurationText from "../../../core/DurationText.ts"
import type { ThresholdResult } from "../LoadResult.ts"

/** Three significant digits, more before the point: `0.25`, `1.50`, `12.3`, `410`, `12,345`. */
export const number = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 99.95) return count(Math.round(value))
  return size >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

/** `12,345`. */
export const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",")

/** A time in milliseconds: `85.2us`, `1.25ms`, `410ms`, `2.10s`, `3m 20s`. */
export const time = (millis: number): string => {
  const size = Math.abs(millis)
  if (size === 0) return "0ms"
  // At the limits the next unit begins where three digits would round up to it.
  if (size < 0.9995) return `${number(millis * 1_000)}us`
  if (size < 999.5) return `${number(millis)}ms`
  return size < 59_995 ? `${number(millis / 1_000)}s` : seconds(Math.round(millis / 1_000))
}

/** A length in seconds: `30s`, `1m 30s`. */
export const seconds = (value: number): string =>
  value < 1 ? time(value * 1_000) : DurationText.format(Duration.millis(Math.round(value * 1_000)))

/** `410/s`. */
export const rate = (perSecond: number): string => `${number(perSecond)}/s`

/** A share from 0 to 1: `1.5%`; what is not nothing is never shown as nothing. */
export const percent = (ratio: number): string => {
  const value = ratio * 100
  if (value === 0 || value === 100) return `${value}%`
  if (value > 0 && value < 0.01) return "<0.01%"
  if (value > 99.99 && value < 100) return ">99.99%"
  return `${Number(value.toFixed(value < 1 || value > 99 ? 2 : 1))}%`
}

export const bytes = ByteSize.format

/** `1 error`, `2 errors`. */
export const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? "" : "s"}`

/** A value of a threshold, in its unit. */
export const inUnit = (value: number, unit: ThresholdResult["unit"]): string => {
  switch (unit) {
    case "ms":
      return time(value)
    case "ratio":
      return percent(value)
    case "per_second":
      return rate(value)
    case "count":
      return Number.isInteger(value) ? count(value) : number(value)
  }
}

/** A change with its sign: `+12.3%`. */
export const signed = (ratio: number): string => `${signOf(ratio, 1)}${Math.abs(ratio * 100).toFixed(1)}%`
/** A difference of shares, in percentage points: `+0.52pp`. */
export const points = (ratio: number): string => `${signOf(ratio, 2)}${Math.abs(ratio * 100).toFixed(2)}pp`
/** What rounds to nothing is not less than nothing. */
const signOf = (ratio: number, digits: number): string => Number((ratio * 100).toFixed(digits)) < 0 ? "-" : "+"

/** The key of a quantile as people write it: `p99_9` is `p99.9`. */
export const quantileName = (key: string): string => key.replace("_", ".")
