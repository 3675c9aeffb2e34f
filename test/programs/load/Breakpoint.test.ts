import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Breakpoint from "../../../src/programs/load/Breakpoint.ts"

/** Tries what the search wants to try on a target that holds up to a rate. */
const search = (
  settings: { readonly fromRate: number; readonly toRate: number; readonly precision: number },
  holds: (rate: number, trial: number) => boolean,
  generatorRate = Infinity
) => {
  const trials: Array<Breakpoint.Trial> = []
  for (let rate = Breakpoint.next(settings, trials); rate !== undefined; rate = Breakpoint.next(settings, trials)) {
    trials.push({ rate, passed: holds(rate, trials.length), valid: rate <= generatorRate })
  }
  return { trials, ...Breakpoint.bracketOf(trials), limit: Breakpoint.limitOf(settings, trials) }
}

const settings = { fromRate: 10, toRate: 10_000, precision: 0.05 }

describe("Breakpoint", () => {
  it("finds the rate of any target within the precision, and tries both ends twice", () =>
    fc.assert(fc.property(fc.integer({ min: 10, max: 9_999 }), fc.constantFrom(0.2, 0.05, 0.01), (truth, precision) => {
      const { failed, limit, passed, trials } = search({ ...settings, precision }, (rate) => rate <= truth)

      assert.isAtMost(passed!, truth)
      assert.isAbove(failed!, truth)
      assert.isAtMost(failed! - passed!, failed! * precision)
      assert.deepStrictEqual(Breakpoint.countsOf(trials, passed!), { tried: 2, passed: 2 })
      assert.deepStrictEqual(Breakpoint.countsOf(trials, failed!), { tried: 2, passed: 0 })
      assert.strictEqual(limit, "target")
      assert.isAtMost(trials.length, 25)
    })))

  it("doubles from the lowest rate on, then halves the bracket", () => {
    const { trials } = search({ fromRate: 100, toRate: 1_000, precision: 0.2 }, (rate) => rate <= 500)

    assert.deepStrictEqual(trials.map(({ rate }) => rate), [100, 200, 400, 800, 600, 500, 500, 600])
  })

  it("a target that holds at the highest rate is limited by the range", () => {
    const { failed, limit, passed } = search(settings, () => true)

    assert.deepStrictEqual([passed, failed, limit], [10_000, undefined, "range"])
  })

  it("a target that does not hold at the lowest rate has none", () => {
    const { failed, passed, trials } = search(settings, () => false)

    assert.deepStrictEqual([passed, failed, trials.length], [undefined, 10, 2])
  })

  it("the generator's limit is told as such", () => {
    const { limit, passed } = search(settings, () => true, 1_000)

    assert.strictEqual(limit, "generator")
    assert.isAtMost(passed!, 1_000)
  })

  it("ends on a target that answers by chance", () =>
    fc.assert(fc.property(fc.infiniteStream(fc.boolean()), (coins) => {
      const { trials } = search({ ...settings, precision: 0.01 }, () => coins.next().value === true)
      assert.isAtMost(trials.length, 60)
    })))
})
