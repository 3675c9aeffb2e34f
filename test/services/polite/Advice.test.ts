import { assert, describe, it } from "@effect/vitest"
import { advise } from "../../../src/services/polite/Advice.ts"

describe("Advice", () => {
  it.each([
    [{ concurrency: 5, requestsPerSecond: 10 }, 10, "the defaults are nobody's choice"],
    [{ concurrency: 5, requestsPerSecond: Infinity }, 500, "there is no rate"],
    [{ concurrency: 10, requestsPerSecond: 50 }, 200, "both fit: 50 a second of 200 ms are 10 at once"],
    [{ concurrency: 10, requestsPerSecond: 50 }, 110, "they are less than twice apart"],
    [{ concurrency: 10, requestsPerSecond: 50 }, 390, "they are less than twice apart"]
  ])("has nothing to say of %j and %d ms: %s", (limits, latency) => {
    assert.isUndefined(advise(limits, latency))
  })

  it("says when the rate never binds, and which concurrency reaches it", () => {
    assert.strictEqual(
      advise({ concurrency: 5, requestsPerSecond: 100 }, 200),
      "5 requests at once of 200ms each are 25 a second, so limits.requests_per_second (100) never binds: set limits.concurrency to 20 to reach it, if the server takes that"
    )
  })

  it("says when the concurrency never binds, and which rate would use it", () => {
    assert.strictEqual(
      advise({ concurrency: 50, requestsPerSecond: 10 }, 200),
      "at 10 requests a second of 200ms each, 2 are under way at once, so limits.concurrency (50) never binds: set limits.requests_per_second to 250 to use it, if the server takes that"
    )
  })
})
