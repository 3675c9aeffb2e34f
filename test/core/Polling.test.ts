import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as fc from "fast-check"
import * as Polling from "../../src/core/Polling.ts"

const seconds = Duration.seconds
const next = (options: Partial<Polling.Polling>, polls: number, elapsed: number) => {
  const wait = Polling.next({ interval: seconds(1), timeout: seconds(10), ...options }, polls, seconds(elapsed))
  return wait === undefined ? undefined : Duration.toSeconds(wait)
}

describe("Polling", () => {
  it("looks once an interval and a last time when the timeout ends", () => {
    const rows: ReadonlyArray<
      readonly [
        because: string,
        options: Partial<Polling.Polling>,
        polls: number,
        elapsed: number,
        wait: number | undefined
      ]
    > = [
      ["a fixed interval", {}, 1, 0, 1],
      ["a fixed interval stays", {}, 7, 6, 1],
      ["what is left is shorter than the interval", {}, 9, 9.5, 0.5],
      ["time is up to the millisecond", {}, 10, 10, undefined],
      ["a look took longer than the timeout", {}, 2, 12, undefined],
      ["it grows", { factor: 2 }, 3, 3, 4],
      ["up to ten times", { factor: 2, timeout: seconds(100) }, 9, 30, 10],
      ["up to the longest interval", { factor: 2, maxInterval: seconds(3) }, 3, 3, 3],
      ["a factor below 1 does not shrink it", { factor: 0.1 }, 3, 3, 1],
      ["no interval: at once", { interval: seconds(0), factor: 2 }, 2_000, 1, 0]
    ]
    for (const [because, options, polls, elapsed, wait] of rows) {
      assert.strictEqual(next(options, polls, elapsed), wait, because)
    }
  })

  it("ends: the waits together are the timeout", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 1, max: 3, noNaN: true }), (tenths, factor) => {
        let elapsed = 0
        let polls = 1
        for (let wait = next({ interval: seconds(tenths / 10), factor }, polls, elapsed); wait !== undefined; polls++) {
          elapsed += wait
          wait = next({ interval: seconds(tenths / 10), factor }, polls + 1, elapsed)
        }
        assert.closeTo(elapsed, 10, 0.01)
      })
    )
  })
})
