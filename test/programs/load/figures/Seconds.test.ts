import { assert, describe, it } from "@effect/vitest"
import * as Seconds from "../../../../src/programs/load/figures/Seconds.ts"
import { good } from "../results.ts"

describe("Seconds", () => {
  it.each([
    { at: 0, warmupSeconds: 0, measuredSeconds: 10, whole: true, because: "the first" },
    { at: 9, warmupSeconds: 0, measuredSeconds: 10, whole: true, because: "the last, which was measured to its end" },
    { at: 9, warmupSeconds: 0, measuredSeconds: 9.98, whole: true, because: "frames come a little early or late" },
    { at: 9, warmupSeconds: 0, measuredSeconds: 9.4, whole: false, because: "the run ended within it" },
    { at: -2, warmupSeconds: 2, measuredSeconds: 10, whole: true, because: "warm-up of whole seconds" },
    { at: -2, warmupSeconds: 1.5, measuredSeconds: 10, whole: false, because: "the run began within it" },
    { at: -1, warmupSeconds: 1.5, measuredSeconds: 10, whole: true, because: "warm-up too" }
  ])("second $at is whole: $whole ($because)", ({ at, measuredSeconds, warmupSeconds, whole }) => {
    assert.strictEqual(Seconds.isWhole({ at }, { measuredSeconds, warmupSeconds }), whole)
  })

  it("of a chart are the whole ones; all where none was", () => {
    const [first, second] = good.seconds.filter(({ at }) => at >= 0)
    const run = { ...good, seconds: [first!, second!], measured_s: 1.4, duration_s: 1.4 }

    assert.deepStrictEqual(Seconds.whole(run), [first!])
    assert.deepStrictEqual(Seconds.whole({ ...run, measured_s: 0.4, duration_s: 0.4 }), run.seconds)
  })
})
