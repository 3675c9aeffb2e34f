import { assert, describe, it } from "@effect/vitest"
import * as RateLimitHeaders from "../../../src/services/polite/RateLimitHeaders.ts"

const now = Date.parse("2026-01-01T00:00:00Z")

describe("RateLimitHeaders", () => {
  const waits: ReadonlyArray<readonly [text: string, millis: number | undefined]> = [
    ["5", 5_000],
    [" 0 ", 0],
    ["1.5", 1_500],
    ["999999999999", 999_999_999_999_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
    ["-5", undefined],
    ["soon", undefined],
    ["", undefined]
  ]
  for (const [text, millis] of waits) {
    it(`Retry-After: ${text || "(nothing)"}`, () => {
      assert.strictEqual(RateLimitHeaders.retryAfterMs({ "retry-after": text }, now), millis)
    })
  }

  const limits: ReadonlyArray<readonly [headers: Record<string, string>, RateLimitHeaders.RateLimit]> = [
    [{ ratelimit: "\"default\";r=50;t=30" }, { remaining: 50, resetMs: 30_000 }],
    [{ ratelimit: "\"a\";r=50;t=30, \"b\";r=0;t=3600" }, { remaining: 0, resetMs: 3_600_000 }],
    [{ ratelimit: "limit=100, remaining=7, reset=12" }, { remaining: 7, resetMs: 12_000 }],
    [{ "ratelimit-remaining": "3", "ratelimit-reset": "9" }, { remaining: 3, resetMs: 9_000 }],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "60" }, { remaining: 0, resetMs: 60_000 }],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 45) }, {
      remaining: 0,
      resetMs: 45_000
    }],
    [{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now + 45_000) }, { remaining: 0, resetMs: 45_000 }],
    [{ "ratelimit-policy": "\"burst\";q=100;w=60, \"daily\";q=1000;w=86400" }, { perSecond: 1_000 / 86_400 }],
    [{ "ratelimit-policy": "10;w=1" }, { perSecond: 10 }],
    [{ ratelimit: "nonsense", "x-ratelimit-remaining": "1" }, {}],
    [{ "x-ratelimit-remaining": "many" }, {}],
    [{}, {}]
  ]
  for (const [headers, expected] of limits) {
    it(JSON.stringify(headers), () => {
      assert.deepStrictEqual(RateLimitHeaders.read(headers, now), expected)
    })
  }
})
