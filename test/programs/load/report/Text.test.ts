import { assert, describe, it } from "@effect/vitest"
import * as Style from "../../../../src/core/Style.ts"
import * as TerminalText from "../../../../src/core/TerminalText.ts"
import type { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as Amounts from "../../../../src/programs/load/report/Amounts.ts"
import * as Bars from "../../../../src/programs/load/report/Bars.ts"
import * as Outcome from "../../../../src/programs/load/report/Outcome.ts"
import * as Text from "../../../../src/programs/load/report/Text.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { bad, closed, good, invalid, make, searched, withTexts } from "../results.ts"

const textOf = (...args: Parameters<typeof Text.lines>) => Text.lines(...args).join("\n")

describe("the text of a load run", () => {
  it("says the model aloud, and shows response beside service in the open one only", () => {
    assert.match(textOf(good), /^open model: .*from the intended start$/m)
    assert.match(textOf(good), /^response .*\nservice .*\nlateness /m)
    assert.match(textOf(closed), /^closed model: /m)
    assert.match(textOf(closed), /^latency /m)
    assert.notMatch(textOf(closed), /^(response|service|lateness|dropped) /m)
  })

  it("has no second in its range that was not a whole one", async () => {
    const run = await make({ seconds: 10, perSecond: 200 })
    const last = run.seconds.at(-1)!
    const cut = { ...run, measured_s: 10.02, seconds: [...run.seconds, { ...last, at: 10, completed: 3, errors: 0 }] }

    assert.match(textOf(cut), /^per second +[▁-█]+ +200$/m)
    assert.match(textOf({ ...cut, measured_s: 11 }), /^per second +[▁-█]+ +3 to 200$/m)
  })

  it("shows each threshold with what was measured, and by how much it is not met", () => {
    const text = textOf(bad)

    assert.match(text, /✓ {2}http\.p95 < 300ms +\d+ms\n/)
    assert.match(text, /✗ {2}errors\.rate < 1% +1\.9% +0\.88 points too high\n/)
    assert.match(text, /✗ {2}http\.p99 < 100ms +405ms in the worst 10s +305ms too high \(4\.05 times the limit\)/)
    assert.match(text, /✗ failed: 2 of 3 thresholds do not hold \(seed 42\)$/)
  })

  it("shows errors by kind with one example, and what was dropped", () => {
    const text = textOf(bad)

    assert.match(text, /status 503 +224 {2}POST http:\/\/127\.0\.0\.1:8080\/orders answered 503/)
    assert.match(text, /dropped +60 of 6,030 due were never started/)
  })

  it("says why figures are not valid, and what to change", () => {
    assert.match(textOf(invalid), /! not valid: .*\n.*97% of a core.*\n {2}→ give it more threads/)
  })

  it("says which rate a search found, and shows its trials", () => {
    const text = textOf(searched)

    assert.match(text, /^breakpoint {2}all thresholds hold at 480\/s, not at 500\/s: the target is at its limit$/m)
    assert.match(text, /^ {2}✗ +600\/s +495\/s +15\.0ms +100 +0$/m)
    const found = searched.breakpoint!
    assert.match(
      Outcome.breakpoint({ ...found, limited_by: "generator" }),
      /the generator is at its limit, not the target$/
    )
    assert.match(Outcome.breakpoint({ ...found, rate: null }), /^no rate was found/)
    assert.match(Outcome.breakpoint({ ...found, rate: null, limited_by: "generator" }), /^no rate could be judged/)
  })

  it("fits on one screen: 50 lines of 110 columns", () => {
    for (const result of [good, bad, closed, invalid]) {
      const lines = Text.lines(result, { columns: 110, style: Style.make(true) })

      assert.isAtMost(lines.length, 50)
      for (const line of lines) assert.isAtMost(TerminalText.width(TerminalText.strip(line)), 110, line)
    }
  })

  it.each([80, 60, 50])("fits into %i columns, with what matters", (columns) => {
    for (const result of [good, bad, closed, invalid]) {
      const lines = Text.lines(result, { columns, style: Style.make(true) }).map(TerminalText.strip)

      for (const line of lines) assert.isAtMost(TerminalText.width(line), columns, line)
      const text = lines.join("\n")
      for (const name of ["p50", "p95", "p99", "max"]) assert.match(text, new RegExp(`^ .* ${name}\\b`, "m"))
    }
  })

  it("R17 shows no control character of the outside, and stays bounded", () => {
    const lines = Text.lines(withTexts(bad, hostileTexts))

    assert.notMatch(lines.join(""), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
    assert.notMatch(lines.join("\n"), /##(\[|vso\[)/)
    assert.isBelow(lines.length, 250)
  })

  it("draws with plain signs where others cannot be shown", () => {
    assert.notMatch(textOf(bad, { ascii: true }), /[█▏▁▂]/)
    assert.match(textOf(bad, { ascii: true }), /#####/)
  })

  it("shows a run without a single request", async () => {
    const none = await make({ seconds: 0 })

    assert.match(textOf(none), /requests +0\.00\/s {2}0 in all, 0 failed/)
  })
})

describe("Amounts", () => {
  it.each([
    [0, "0ms"],
    [0.0004, "0.40us"],
    [0.0852, "85.2us"],
    [0.9994, "999us"],
    [0.9996, "1.00ms"],
    [9.994, "9.99ms"],
    [9.996, "10.0ms"],
    [99.96, "100ms"],
    [999.4, "999ms"],
    [999.6, "1.00s"],
    [59_994, "60.0s"],
    [59_996, "1m"],
    [200_000, "3m 20s"]
  ])("a time of %d ms reads %s", (millis, text) => assert.strictEqual(Amounts.time(millis), text))

  it.each([
    [0, "0%"],
    [0.00001, "<0.01%"],
    [0.0123, "1.2%"],
    [0.005, "0.5%"],
    [0.99999, ">99.99%"],
    [1, "100%"]
  ])("a share of %d reads %s", (ratio, text) => assert.strictEqual(Amounts.percent(ratio), text))

  it("numbers have three digits or all before the point", () =>
    assert.deepStrictEqual([0.25, 12.34, 410.4, 12_345.6, 1_234_567].map(Amounts.number), [
      "0.25",
      "12.3",
      "410",
      "12,346",
      "1,234,567"
    ]))
})

describe("Bars", () => {
  it("hold every value once, without gaps, and no more of them than asked for", () => {
    for (const most of [1, 4, 8, 14]) {
      for (const spread of [1, 3, 1e3, 1e7]) {
        const buckets = Array.from({ length: 200 }, (_, i) => ({ ms: 0.01 * spread ** (i / 199), count: i % 3 }))
        const bars = Bars.make(buckets, most)

        assert.strictEqual(
          bars.reduce((sum, { count }) => sum + count, 0),
          buckets.reduce((sum, { count }) => sum + count, 0)
        )
        assert.isAtMost(bars.length, most)
        for (let i = 1; i < bars.length; i++) assert.strictEqual(bars[i]!.from, bars[i - 1]!.to)
      }
    }
  })

  it("are none without values", () => assert.deepStrictEqual(Bars.make([{ ms: 1, count: 0 }], 8), []))
})

describe("the outcome of a load run", () => {
  it("is one word; what cannot be believed neither passes nor fails", () => {
    assert.strictEqual(Outcome.of(good), "passed")
    assert.strictEqual(Outcome.of(bad), "failed")
    assert.strictEqual(Outcome.of({ ...bad, verdict: "invalid" }), "invalid")
    assert.strictEqual(Outcome.of({ ...bad, interrupted: true }), "interrupted")
    const { total } = closed.requests
    assert.strictEqual(Outcome.of({ ...closed, errors: { total, rate: 1, kinds: [] } }), "unreachable")
  })

  it("is unreachable, and not invalid, when there was no answer at all and that for no lack of ports", () => {
    const { total } = closed.requests
    const silent = (kind: string): LoadResult => ({
      ...closed,
      verdict: "invalid",
      statuses: {},
      errors: { total, rate: 1, kinds: [{ kind, count: total, example: "" }] }
    })

    assert.strictEqual(Outcome.sentence(silent("connect-refused")), "no request was answered: connect-refused")
    assert.strictEqual(Outcome.of(silent("ports-exhausted")), "invalid")
    assert.strictEqual(Outcome.of({ ...silent("status 500"), statuses: { 500: total } }), "invalid")
  })
})
