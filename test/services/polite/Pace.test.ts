import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Pace } from "../../../src/services/polite/Pace.ts"

const limits = { concurrency: 5, requestsPerSecond: 10, burst: 20, adaptive: true }

/** Sends as fast as it may for so long; answers with the times. */
const send = (pace: Pace, from: number, to: number, each: (time: number) => void = () => {}): ReadonlyArray<number> => {
  const times: Array<number> = []
  for (let now = from; now < to;) {
    const wait = pace.wait(now)
    if (wait > 0) now += wait
    else {
      pace.take(now)
      times.push(now)
      each(now)
    }
  }
  return times
}

describe("Pace", () => {
  it("lets a burst through at once, then so many a second", () => {
    const times = send(new Pace(limits, 0), 0, 10_000)

    assert.strictEqual(times.filter((time) => time === 0).length, 20)
    assert.strictEqual(times.length, 20 + 99)
  })

  it("never sends more in a second than burst and rate together", () => {
    fc.assert(fc.property(
      fc.record({ requestsPerSecond: fc.integer({ min: 1, max: 500 }), burst: fc.integer({ min: 1, max: 50 }) }),
      (some) => {
        const times = send(new Pace({ ...limits, ...some }, 0), 0, 3_000)
        for (const [at, start] of times.entries()) {
          const within = times.slice(at).filter((time) => time < start + 1_000).length
          assert.isAtMost(within, some.burst + some.requestsPerSecond + 1)
        }
      }
    ))
  })

  it("without a rate only the requests at once are bounded", () => {
    const pace = new Pace({ ...limits, requestsPerSecond: Infinity }, 0)

    for (let n = 0; n < 1_000; n++) {
      assert.strictEqual(pace.wait(0), 0)
      pace.take(0)
    }
    assert.strictEqual(pace.concurrency(), 5)
  })

  it("finds the rate of a host that refuses what is above it, and stays close under it", () => {
    const pace = new Pace({ ...limits, requestsPerSecond: 500, burst: 10 }, 0)
    const host = { tokens: 50, at: 0 }
    let answered = 0
    let refused = 0
    send(pace, 0, 130_000, (now) => {
      if (now > 10_000 && host.at <= 10_000) answered = refused = 0
      host.tokens = Math.min(50, host.tokens + (now - host.at) / 1_000 * 50)
      host.at = now
      if (host.tokens < 1) {
        refused++
        pace.refuse(now)
      } else {
        host.tokens -= 1
        answered++
        pace.answer(now)
      }
    })

    assert.isAtLeast(answered / 120, 45)
    assert.isAtMost(refused / (answered + refused), 0.02)
  })

  it("several refusals at once count as one", () => {
    const pace = new Pace({ ...limits, requestsPerSecond: 100 }, 0)
    const changes = [0, 10, 20, 500].flatMap((now) => pace.refuse(now))

    assert.deepStrictEqual(changes.map(({ what }) => what), ["rate"])
    // Nothing was answered yet: nine tenths of half of it.
    assert.closeTo(changes[0]!.to, 45, 0.001)
  })

  it("losses take a tenth of the requests at once, answers give it back", () => {
    const pace = new Pace({ ...limits, concurrency: 20 }, 0)

    const lost = [0, 2_000, 4_000].flatMap((now) => pace.lose(now))

    assert.deepStrictEqual(lost, [
      { what: "concurrency", from: 20, to: 18 },
      { what: "concurrency", from: 18, to: 16 },
      { what: "concurrency", from: 16, to: 14 }
    ])
    for (let n = 0; n < 200; n++) pace.answer(5_000)
    assert.strictEqual(pace.concurrency(), 20)
  })

  it("never goes below one at once, nor to a standstill", () => {
    const pace = new Pace(limits, 0)
    for (let now = 0; now < 1_000_000; now += 2_000) {
      pace.lose(now)
      pace.refuse(now)
    }

    assert.strictEqual(pace.concurrency(), 1)
    assert.isAtLeast(pace.rate(1_000_000), 0.1)
  })

  it("takes a rate that the host tells, and never more than it was given", () => {
    const pace = new Pace(limits, 0)

    assert.deepStrictEqual(pace.allow(2, 0), [{ what: "rate", from: 10, to: 2 }])
    assert.deepStrictEqual(pace.allow(1_000, 0), [{ what: "rate", from: 2, to: 10 }])
  })

  it("stays as it is when it is told to", () => {
    const pace = new Pace({ ...limits, adaptive: false }, 0)

    assert.deepStrictEqual([...pace.refuse(0), ...pace.lose(0), ...pace.allow(1, 0)], [])
    assert.strictEqual(pace.rate(0), 10)
  })
})
