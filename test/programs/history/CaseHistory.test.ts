import { assert, describe, it } from "@effect/vitest"
import * as CaseHistory from "../../../src/programs/history/CaseHistory.ts"
import * as HistoryText from "../../../src/programs/history/HistoryText.ts"
import { start } from "../report/fixtures.ts"
import { history } from "./fixtures.ts"

describe("CaseHistory", () => {
  it.each([
    { signs: "✓✗", failed: true, because: "it failed in the last run" },
    { signs: "✗ ", failed: true, because: "it failed when it last ran, an earlier time" },
    { signs: "✗○", failed: true, because: "a skip says nothing" },
    { signs: "✗✓", failed: false, because: "it passed since" },
    { signs: "✗≈", failed: false, because: "a flaky pass is a pass" },
    { signs: "✓■", failed: true, because: "it was interrupted and waits to be run" },
    { signs: "✓!", failed: true, because: "it could not be done" }
  ])("counts a case of runs $signs among the last failed: $failed, as $because", ({ failed, signs }) => {
    assert.strictEqual(CaseHistory.lastFailed(history({ a: signs, other: "✓✓" })).has("a"), failed)
  })

  it.each([
    { signs: "✓✓✓✓", flips: 0, isFlaky: false, because: "it always passes" },
    { signs: "✗✗✗✗", flips: 0, isFlaky: false, because: "it always fails" },
    { signs: "✓✓✗✗", flips: 1, isFlaky: false, because: "it broke once" },
    { signs: "✓✗✓✓", flips: 2, isFlaky: true, because: "it failed once in between" },
    { signs: "✓ ✗○✓", flips: 2, isFlaky: true, because: "runs without it do not matter" },
    { signs: "✓≈✓✓", flips: 2, isFlaky: true, because: "it passed on a later attempt" },
    { signs: "✓■✓✓", flips: 0, isFlaky: false, because: "an interruption is nobody's fault" }
  ])("gives runs $signs $flips flips, flaky: $isFlaky, as $because", ({ flips, isFlaky, signs }) => {
    const runs = history({ a: signs })

    assert.strictEqual(CaseHistory.all(runs)[0]!.flips, flips)
    assert.strictEqual(CaseHistory.flaky(runs).length === 1, isFlaky)
  })

  it("takes the median of the passes as the usual duration, and of all runs when there was none", () => {
    const times: Readonly<Record<string, ReadonlyArray<number>>> = { a: [10, 9_000, 30, 20], b: [5, 7, 6, 8] }
    const runs = history({ a: "✓✗✓✓", b: "✗✗✗✗" }, (id, run) => times[id]![run]!)

    assert.deepStrictEqual([...CaseHistory.durations(runs)], [["a", 20], ["b", 6]])
  })

  it.each([
    { now: 149, found: false, because: "less than half as long again" },
    { now: 150, found: true, because: "half as long again" }
  ])("finds a case that went from 100 ms to $now ms slower: $found, as $because", ({ found, now }) => {
    const runs = history({ a: "✓✓✓✓✓✓" }, (_, run) => run < 3 ? 100 : now)

    assert.strictEqual(CaseHistory.slower(runs).length === 1, found)
  })

  it("does not call a case slower for a few milliseconds, nor after five passes", () => {
    assert.deepStrictEqual(CaseHistory.slower(history({ a: "✓✓✓✓✓✓" }, (_, run) => run < 3 ? 10 : 59)), [])
    assert.deepStrictEqual(CaseHistory.slower(history({ a: "✓✓✓✓✓" }, (_, run) => run < 2 ? 10 : 900)), [])
  })
})

describe("HistoryText", () => {
  const runs = history(
    { "shop.yaml#Checkout": "✓✗✓≈✓✓✓", "shop.yaml#Browse": "✓✓✓✓✓✓✓", "slow.yaml#Import": "✓✓✓✓✓✓✗" },
    (id, run) => id === "slow.yaml#Import" && run >= 3 ? 400 : 100
  )

  it("shows the runs, the flaky cases and those that became slower", () => {
    assert.deepStrictEqual(HistoryText.lines(runs, { now: start + 400_000, rows: 3 }), [
      "7 runs",
      "  ✗  40s ago        7s  ▇▇▇▇▇▇▇▇▇▇▇▇  3 cases: 1 failed, 2 passed",
      "  ✓   1m ago        6s  ▇▇▇▇▇▇▇▇▇▇    3 cases: 3 passed",
      "  ✓   2m ago        5s  ▇▇▇▇▇▇▇▇▇     3 cases: 3 passed",
      "",
      "1 flaky case",
      "  shop.yaml#Checkout   85% passed  ✓✗✓≈✓✓✓",
      "",
      "1 case slower than before",
      "  slow.yaml#Import     100ms → 400ms ×4.0"
    ])
  })

  it("gives programs the same figures", () => {
    const json = HistoryText.toJson(runs)

    assert.strictEqual(json.runs.length, 7)
    assert.deepStrictEqual(json.flaky, ["shop.yaml#Checkout"])
    assert.deepInclude(json.cases.find(({ id }) => id === "shop.yaml#Checkout")!, {
      runs: 7,
      passed: 5,
      failed: 1,
      flaky: 1,
      flips: 4,
      median_ms: 100
    })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(json)), json)
  })

  it("says what to do when there is no history, and how much of it is damaged", () => {
    assert.deepStrictEqual(HistoryText.lines({ runs: [], damaged: [] }, { now: 0 }), [
      "No runs are recorded yet: skein run records each one."
    ])
    assert.include(HistoryText.lines({ ...runs, damaged: ["x"] }, { now: 0 }), "1 damaged records were passed over")
  })

  it("R18 shows hostile ids as text", () => {
    const hostile = history({ "\u001b]0;title\u0007\n::error::x": "✓✗✓✗" })

    for (const line of HistoryText.lines(hostile, { now: 0 })) {
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f]|^\s*::/)
    }
  })
})
