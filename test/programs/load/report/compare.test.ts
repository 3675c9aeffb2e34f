import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as TerminalText from "../../../../src/core/TerminalText.ts"
import * as Compare from "../../../../src/programs/load/compare/Compare.ts"
import { Comparison } from "../../../../src/programs/load/compare/Comparison.ts"
import * as CompareHtml from "../../../../src/programs/load/report/CompareHtml.ts"
import * as CompareText from "../../../../src/programs/load/report/CompareText.ts"
import * as Chromium from "../../../support/Chromium.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { good, invalid, withTexts } from "../results.ts"
import { run } from "../simulated.ts"

afterAll(Chromium.close)

const steady = { seconds: 40, perSecond: 200, memory: 0.3, spread: 0.01 }
const [before, after] = [run(1, steady), run(2, { ...steady, slower: 1.3 })]
const slower = Compare.runs([before], [after])
const calm = run(1, { seconds: 60, perSecond: 400, memory: 0.2, spread: 0.005 })
const same = Compare.runs([calm], [calm])
const unclear = Compare.runs([good], [invalid])
const hostile = withTexts({ ...before, seconds: before.seconds.slice(0, 12), measured_s: 12 }, hostileTexts)
const html = (...[comparison, before, after]: Parameters<typeof CompareHtml.write>) =>
  Effect.runPromise(CompareHtml.write(comparison, before, after))

const drawn = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({
  lines: Schema.Array(Schema.Struct({ at: Schema.Array(Schema.Int) }))
})))

describe("the text of a comparison", () => {
  it("shows each figure before and after, its change and interval, and the verdict with what decided", () => {
    const text = CompareText.lines(slower, { columns: 120 }).join("\n")

    assert.match(text, /^p50 +3\.\d\dms +3\.\d\dms +\+\d\d\.\d% +\+\d\d\.\d% +\+\d\d\.\d% .*●.* worse$/m)
    assert.match(text, /^rate .*●.*┊.*│.*┊ +worse$/m)
    assert.match(text, /\n✗ slower\n {2}rate -2\d\.\d% \(-/)
    assert.match(CompareText.lines(same).join("\n"), /\n✓ the same\n {2}no change of 5% or more/)
    assert.match(CompareText.lines(unclear).join("\n"), /\n\? cannot tell\n {2}a run after is not valid: /)
  })

  it.each([80, 60])("fits into %i columns", (columns) => {
    for (const comparison of [slower, same, unclear]) {
      for (const line of CompareText.lines(comparison, { columns })) {
        assert.isAtMost(TerminalText.width(line), columns, line)
      }
    }
    assert.match(CompareText.lines(slower, { columns }).join("\n"), /^p50 .* worse$/m)
  })

  it("R17 shows no control character of the outside", () => {
    const text = CompareText.lines(Compare.runs([hostile], [hostile])).join("")

    assert.notMatch(text, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
  })
})

describe("the JSON of a comparison", () => {
  it("fits its schema", () => {
    for (const comparison of [slower, same, unclear]) {
      assert.deepStrictEqual(
        Schema.decodeUnknownSync(Comparison)(JSON.parse(JSON.stringify(comparison))),
        comparison
      )
    }
  })
})

describe("the HTML of a comparison", () => {
  it("has the changes and the reasons without its script", async () => {
    const text = await html(slower, [before], [after])

    assert.match(text, /<b>p50<\/b>.*worse.*\+\d\d\.\d%/)
    assert.match(text, /<li>rate -2\d\.\d% \(/)
    assert.strictEqual(text.match(/<svg class="forest/g)?.length, 7)
  })

  it("draws whole seconds only: the last one of a run would look like a rate that fell", async () => {
    const short = { ...before, measured_s: before.measured_s - 0.6, duration_s: before.duration_s - 0.6 }
    const text = await html(Compare.runs([short], [after]), [short], [after])
    const { lines } = drawn(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text)![1]!)

    assert.deepStrictEqual(lines.map(({ at }) => at.length), [39, 40])
  })

  it("draws both runs in a browser, without an alarm", async (context) => {
    for (const text of [await html(slower, [before], [after]), await html(unclear, [good], [invalid])]) {
      const { alarms, page } = await Chromium.open(context, text)
      assert.isAbove(await page.locator("#distribution .bar").count(), 5)
      assert.strictEqual(await page.locator("#percentiles .line").count(), 2)
      assert.strictEqual(await page.locator("#latency .line").count(), 4)
      assert.deepStrictEqual(alarms, [])
      await page.close()
    }
  })

  it("R17 executes none of the hostile texts", async (context) => {
    const { alarms, page } = await Chromium.open(
      context,
      await html(Compare.runs([hostile], [hostile]), [hostile], [hostile])
    )

    assert.strictEqual(
      await page.evaluate(`document.querySelectorAll("img, iframe, object, a, form, [onerror], [onload]").length`),
      0
    )
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })
})
