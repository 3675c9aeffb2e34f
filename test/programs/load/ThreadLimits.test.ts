import { assert, describe, it } from "@effect/vitest"
import * as ThreadLimits from "../../../src/programs/load/ThreadLimits.ts"

describe("ThreadLimits", () => {
  it("shares out what all threads may do together", () => {
    const limits = { requestsPerSecond: 50, burst: 5, concurrency: 7, retries: 3 }
    const parts = [0, 1, 2].map((index) => ThreadLimits.partOf(limits, { index, of: 3 }))

    assert.closeTo(parts.reduce((sum, part) => sum + part.requestsPerSecond, 0), 50, 1e-9)
    assert.deepStrictEqual(parts.map(({ burst, concurrency, retries }) => [burst, concurrency, retries]), [
      [2, 3, 3],
      [2, 2, 3],
      [1, 2, 3]
    ])
  })

  it("leaves limits that are not set unset, and a thread at least one request of a burst", () => {
    assert.deepStrictEqual(ThreadLimits.partOf({}, { index: 1, of: 2 }), {})
    assert.deepStrictEqual(ThreadLimits.partOf({ burst: 1 }, { index: 1, of: 2 }), { burst: 1 })
  })

  it.each([
    { threads: 3, refused: false },
    { threads: 4, refused: true }
  ])("$threads threads and a concurrency of 3", ({ refused, threads }) => {
    assert.strictEqual(ThreadLimits.obstacle({ concurrency: 3 }, threads) !== undefined, refused)
  })

  it("does not mind a concurrency of less than one thread's where there is one thread", () => {
    assert.isUndefined(ThreadLimits.obstacle({ concurrency: 1 }, 1))
    assert.isUndefined(ThreadLimits.obstacle({}, 8))
  })
})
