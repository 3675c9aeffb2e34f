/**
 * What a server says about how often it may be asked. Pure.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 Retry-After
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ RateLimit and RateLimit-Policy
 */

export interface RateLimit {
  /** Requests that are left in the window; absent when not told. */
  readonly remaining?: number | undefined
  /** Milliseconds until the window begins anew. */
  readonly resetMs?: number | undefined
  /** Requests a second that the server's policy allows in the long run, the tightest of several. */
  readonly perSecond?: number | undefined
}

type Headers = Readonly<Record<string, string>>

/**
 * Returns the wait that `Retry-After` asks for, in milliseconds from `now` (milliseconds since 1970): seconds, or a date.
 * Never negative; `undefined` when there is none, or none that can be read.
 */
export const retryAfterMs = (headers: Headers, now: number): number | undefined => {
  const text = headers["retry-after"]?.trim()
  if (text === undefined || text === "") return undefined
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  // An HTTP date names its month; other texts a parser would take for years.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Reads `RateLimit` and `RateLimit-Policy` of every draft, and `x-ratelimit-*`. Empty when the server tells nothing. */
export const read = (headers: Headers, now: number): RateLimit => {
  const current = headers["ratelimit"]
  const policy = headers["ratelimit-policy"]
  const named = current === undefined ? separate(headers, now) : structured(current)
  const perSecond = policy === undefined ? undefined : tightest(policy)
  return perSecond === undefined ? named : { ...named, perSecond }
}

/** `"default";r=50;t=30`, and the older `limit=100, remaining=50, reset=30`; of several the one with the least left. */
const structured = (text: string): RateLimit => {
  if (/(^|[,\s])remaining\s*=/i.test(text)) {
    return limit(parameter(text, "remaining"), parameter(text, "reset"))
  }
  const limits = text.split(",").map((item) => limit(parameter(item, "r"), parameter(item, "t")))
  return limits.reduce((least, one) => (one.remaining ?? Infinity) < (least.remaining ?? Infinity) ? one : least, {})
}

/** `ratelimit-remaining` and its like, each a header. A reset is seconds, or, when it is that large, a moment. */
const separate = (headers: Headers, now: number): RateLimit => {
  const get = (name: string) =>
    number(headers[`ratelimit-${name}`] ?? headers[`x-ratelimit-${name}`] ?? headers[`x-rate-limit-${name}`])
  const reset = get("reset")
  const isMoment = reset !== undefined && reset > 1e9
  return limit(get("remaining"), isMoment ? Math.max(0, reset * (reset > 1e12 ? 0.001 : 1) - now / 1_000) : reset)
}

/** `"burst";q=100;w=60, "daily";q=1000;w=86400`: the fewest a second. */
const tightest = (text: string): number | undefined => {
  const rates = text.split(",").flatMap((item) => {
    const quota = parameter(item, "q") ?? number(item.split(";")[0])
    const window = parameter(item, "w")
    return quota === undefined || window === undefined || window === 0 ? [] : [quota / window]
  })
  return rates.length === 0 ? undefined : Math.min(...rates)
}

const limit = (remaining: number | undefined, resetSeconds: number | undefined): RateLimit => ({
  ...(remaining === undefined ? {} : { remaining }),
  ...(resetSeconds === undefined ? {} : { resetMs: resetSeconds * 1_000 })
})

const parameter = (text: string, name: string): number | undefined =>
  number(new RegExp(`(?:^|[;,\\s])${name}\\s*=\\s*"?([^;,"\\s]+)`, "i").exec(text)?.[1])

const number = (text: string | undefined): number | undefined => {
  const value = text === undefined || text.trim() === "" ? NaN : Number(text.trim())
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
