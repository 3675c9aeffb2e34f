import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as fc from "fast-check"
import * as RetryPolicy from "../../src/core/RetryPolicy.ts"

const policy = (options: {
  readonly delay: number
  readonly backoff?: RetryPolicy.RetryPolicy["backoff"]
  readonly maxDelay?: number
  readonly jitter?: boolean
}) => ({
  delay: Duration.millis(options.delay),
  backoff: options.backoff ?? "fixed",
  maxDelay: options.maxDelay === undefined ? undefined : Duration.millis(options.maxDelay),
  jitter: options.jitter ?? false
})

const millis = (options: Parameters<typeof policy>[0], attempt: number, random = 0.5) =>
  Duration.toMillis(RetryPolicy.delay(policy(options), attempt, random))

describe("RetryPolicy", () => {
  it("waits the same, a step more, or twice as long each time, up to the cap", () => {
    const rows: ReadonlyArray<
      readonly [because: string, options: Parameters<typeof policy>[0], attempt: number, wait: number]
    > = [
      ["fixed stays", { delay: 200 }, 1, 200],
      ["fixed stays", { delay: 200 }, 9, 200],
      ["the first linear wait is the delay itself", { delay: 200, backoff: "linear" }, 1, 200],
      ["linear grows by the delay", { delay: 200, backoff: "linear" }, 3, 600],
      ["the first exponential wait is the delay itself", { delay: 200, backoff: "exponential" }, 1, 200],
      ["exponential doubles", { delay: 200, backoff: "exponential" }, 4, 1_600],
      ["just below the cap", { delay: 200, backoff: "exponential", maxDelay: 1_601 }, 4, 1_600],
      ["the cap holds", { delay: 200, backoff: "exponential", maxDelay: 1_000 }, 4, 1_000],
      ["a cap below the delay holds at once", { delay: 200, maxDelay: 50 }, 1, 50],
      ["no delay stays none", { delay: 0, backoff: "exponential" }, 5_000, 0],
      ["an hour is the cap when none is given", { delay: 200, backoff: "exponential" }, 5_000, 3_600_000],
      ["but not of a delay that is longer itself", { delay: 7_200_000 }, 1, 7_200_000],
      ["jitter takes at most a quarter", { delay: 200, jitter: true }, 1, 200],
      ["the cap holds with jitter", { delay: 200, maxDelay: 200, jitter: true }, 1, 200]
    ]
    for (const [because, options, attempt, wait] of rows) assert.strictEqual(millis(options, attempt), wait, because)
    assert.strictEqual(millis({ delay: 200, jitter: true }, 1, 0), 150)
    assert.closeTo(millis({ delay: 200, jitter: true }, 1, 0.999_999), 250, 0.01)
    assert.strictEqual(millis({ delay: 200, maxDelay: 200, jitter: true }, 1, 0.999_999), 200)
  })

  it("is never negative and never above the cap, whatever the numbers", () => {
    fc.assert(fc.property(
      fc.record({
        delay: fc.integer({ min: -1_000, max: 1_000_000 }),
        backoff: fc.constantFrom("fixed", "linear", "exponential"),
        maxDelay: fc.integer({ min: 0, max: 1_000_000 }),
        jitter: fc.boolean()
      }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 999 }).map((thousandths) => thousandths / 1_000),
      (options, attempt, random) => {
        const wait = millis(options, attempt, random)
        assert.isAtLeast(wait, 0)
        assert.isAtMost(wait, options.maxDelay)
      }
    ))
  })

  it("never waits less for a later attempt, but for jitter", () => {
    fc.assert(fc.property(
      fc.constantFrom("fixed" as const, "linear" as const, "exponential" as const),
      fc.integer({ min: 1, max: 200 }),
      (backoff, attempt) => {
        assert.isAtLeast(millis({ delay: 10, backoff }, attempt + 1), millis({ delay: 10, backoff }, attempt))
      }
    ))
  })
})
