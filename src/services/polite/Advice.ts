/**
 * Rate and concurrency are two bounds on one flow: at `r` requests a second that take `t` seconds each, `r * t` are under way
 * at once. Where that is far from the concurrency, one of the two never binds. Pure.
 */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import { defaults, type Settings } from "../PoliteHttp.ts"

/** They may be so many times apart before it is worth a word. */
const tolerance = 2

/**
 * What to change when one bound, set by somebody and not by default, can never bind. `latency` is that of an answer, in
 * milliseconds; `undefined` when all is well.
 */
export const advise = (
  settings: Pick<Settings, "concurrency" | "requestsPerSecond">,
  latency: number
): string | undefined => {
  const { concurrency, requestsPerSecond: rate } = settings
  if (rate === Infinity || latency <= 0) return undefined
  const under = rate * latency / 1_000
  const each = DurationText.format(Duration.millis(latency))
  if (under > concurrency * tolerance && rate !== defaults.requestsPerSecond) {
    const reached = Math.max(1, Math.floor(concurrency * 1_000 / latency))
    return `${concurrency} requests at once of ${each} each are ${reached} a second, so limits.requests_per_second (${rate}) never binds: ` +
      `set limits.concurrency to ${Math.ceil(under)} to reach it, if the server takes that`
  }
  if (under * tolerance < concurrency && concurrency !== defaults.concurrency) {
    const allowed = Math.floor(concurrency * 1_000 / latency)
    return `at ${rate} requests a second of ${each} each, ${
      Math.max(1, Math.ceil(under))
    } are under way at once, so limits.concurrency (${concurrency}) never binds: ` +
      `set limits.requests_per_second to ${allowed} to use it, if the server takes that`
  }
  return undefined
}
