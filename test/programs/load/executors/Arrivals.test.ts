import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Arrivals from "../../../../src/programs/load/executors/Arrivals.ts"
import * as Curve from "../../../../src/programs/load/executors/Curve.ts"
import type { Share } from "../../../../src/programs/load/Plan.ts"
import { ticksPerSecond } from "../../../../src/services/LoadClock.ts"

const alone: Share = { index: 0, of: 1 }

const take = (arrivals: Arrivals.Arrivals): ReadonlyArray<readonly [number: number, tick: number]> => {
  const taken: Array<readonly [number, number]> = []
  for (; arrivals.tick < Infinity; arrivals.advance()) taken.push([arrivals.number, arrivals.tick])
  return taken
}
const secondsOf = (arrivals: Arrivals.Arrivals) => take(arrivals).map(([, tick]) => tick / ticksPerSecond)

const stages = fc.array(
  fc.record({ to: fc.nat(200), millis: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000 })) }),
  { maxLength: 6 }
)
const curves = fc.record({ from: fc.nat(200), stages }).map(({ from, stages }) => Curve.make(from, stages))

/** The area under a curve up to a time, added up in small steps. */
const areaUpTo = (curve: Curve.Curve, seconds: number): number => {
  const steps = 20_000
  const width = seconds / steps
  let area = 0
  for (let step = 0; step < steps; step++) area += Curve.targetAt(curve, (step + 0.5) * width) * width
  return area
}

describe("Arrivals", () => {
  const known: ReadonlyArray<readonly [curve: Curve.Curve, seconds: ReadonlyArray<number>, because: string]> = [
    [Curve.constant(4, 1_000), [0, 0.25, 0.5, 0.75], "evenly, and none at the very end"],
    [Curve.constant(0.5, 5_000), [0, 2, 4], "less than one a second"],
    [Curve.make(0, [{ to: 8, millis: 1_000 }]), [0, 0.5, 0.7071068, 0.8660254], "from nothing: the root of the area"],
    [Curve.make(8, [{ to: 0, millis: 1_000 }]), [0, 0.1339746, 0.2928932, 0.5], "down to nothing"],
    [Curve.make(2, [{ to: 2, millis: 1_000 }, { to: 10, millis: 0 }, { to: 10, millis: 400 }]), [
      0,
      0.5,
      1,
      1.1,
      1.2,
      1.3
    ], "a jump"],
    [
      Curve.make(0, [{ to: 0, millis: 3_000 }, { to: 2, millis: 0 }, { to: 2, millis: 1_000 }]),
      [3, 3.5],
      "a rest first"
    ],
    [Curve.constant(0, 1_000), [], "nothing at all"]
  ]
  for (const [curve, seconds, because] of known) {
    it(`are due when the area says: ${because}`, () => {
      const found = secondsOf(Arrivals.even(curve, alone))
      assert.strictEqual(found.length, seconds.length)
      for (const [index, second] of seconds.entries()) assert.closeTo(found[index]!, second, 1e-6)
    })
  }

  it("are as many as the area, each when the area reaches its number, in order", () =>
    fc.assert(
      fc.property(curves, (curve) => {
        const found = secondsOf(Arrivals.even(curve, alone))

        assert.strictEqual(found.length, Math.ceil(curve.area - 1e-9))
        for (const [number, second] of found.entries()) {
          assert.isAtLeast(second, found[number - 1] ?? 0)
          assert.isBelow(second, curve.seconds)
        }
        const last = found.length - 1
        if (last > 0) assert.closeTo(areaUpTo(curve, found[last]!), last, 0.2)
      }),
      { numRuns: 50 }
    ))

  it("of several threads are together those of one, whatever their count, even and at random", () =>
    fc.assert(fc.property(curves, fc.integer({ min: 1, max: 5 }), fc.nat(), (curve, of, seed) => {
      for (
        const make of [
          Arrivals.even,
          (curve: Curve.Curve, share: Share) => Arrivals.poisson(curve, share, seed)
        ]
      ) {
        const parts = Array.from({ length: of }, (_, index) => take(make(curve, { index, of })))

        assert.deepStrictEqual(parts.flat().sort(([a], [b]) => a - b), [...take(make(curve, alone))])
        for (const [index, part] of parts.entries()) assert.isTrue(part.every(([number]) => number % of === index))
      }
    })))

  it("at random have gaps of the mean that the rate says, spread as widely as the mean", () => {
    const seconds = secondsOf(Arrivals.poisson(Curve.constant(100, 200_000), alone, 7))
    const gaps = seconds.slice(1).map((second, index) => second - seconds[index]!)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)

    assert.closeTo(mean, 0.01, 0.0003)
    assert.closeTo(deviation, 0.01, 0.0005)
  })

  it("do not drift: arrival k of an hour is due at k / rate to a tick", () => {
    const arrivals = Arrivals.even(Curve.constant(1_000, 3_600_000), alone)
    for (let number = 0; number < 3_599_999; number++) arrivals.advance()

    assert.strictEqual(arrivals.tick, 3_599_999 * ticksPerSecond / 1_000)
  })
})

describe("Profile", () => {
  it("a change is the next time at which the whole part of the target is another one", () =>
    fc.assert(fc.property(curves, (curve) => {
      let at = 0
      for (let changes = 0; at < curve.seconds; changes++) {
        assert.isBelow(changes, 3_000)
        const next = Curve.nextChange(curve, at)
        assert.isAbove(next, at)
        // On the way down it is told a microsecond later.
        if (next - at <= 2e-6) {
          at = next
          continue
        }
        const between = Math.floor(Curve.targetAt(curve, at + (next - at) * 0.5) + 1e-7)
        assert.strictEqual(between, Math.floor(Curve.targetAt(curve, at + 1e-9) + 1e-7))
        at = next
      }
    })))

  it("a warm-up before it holds the target that it begins with", () => {
    const curve = Curve.after(2_000, Curve.make(10, [{ to: 30, millis: 1_000 }]))

    assert.deepStrictEqual([1, 2, 2.5, 3].map((second) => Curve.targetAt(curve, second)), [10, 10, 20, 0])
    assert.strictEqual(curve.area, 40)
  })
})
