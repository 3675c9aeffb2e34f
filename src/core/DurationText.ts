/** Durations as people write them in files and flags: `200ms`, `30s`, `1m30s`, `2h`, `1d`; Go's spelling included. */
import { Duration } from "effect"

const unitMillis: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000
}

/** Reads a duration; `undefined` when the text is none. A bare number needs a unit, except `0`. */
export const parse = (text: string): Duration.Duration | undefined => {
  const trimmed = text.trim()
  if (trimmed === "0") return Duration.zero
  const body = trimmed.replace(/^[+-]/, "")
  if (!/^(\d+(\.\d+)?(ns|us|µs|μs|ms|s|m|h|d)\s*)+$/.test(body)) return undefined
  let millis = 0
  for (const [, amount, unit] of body.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h|d)/g)) {
    millis += Number(amount) * unitMillis[unit!]!
  }
  return Duration.millis(trimmed.startsWith("-") ? -millis : millis)
}

/** Writes a duration in its largest fitting unit: `850ms`, `1.2s`, `2m 3s`, `1h 4m`. */
export const format = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis < 1) return `${Math.round(millis * 1000)}us`
  if (millis < 1_000) return `${Math.round(millis)}ms`
  if (millis < 60_000) return `${Number((millis / 1_000).toFixed(millis < 10_000 ? 2 : 1))}s`
  const seconds = Math.round(millis / 1_000)
  if (seconds < 3_600) return seconds % 60 === 0 ? `${seconds / 60}m` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`
  const minutes = Math.round(seconds / 60)
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}
