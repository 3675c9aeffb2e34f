/** The HTML report of a load run in a real browser. Skipped where there is none; `SKEIN_CHROMIUM` names one that stands elsewhere. */
import { afterAll, assert, describe, it, type TestContext } from "@effect/vitest"
import { Effect } from "effect"
import type { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as Html from "../../../../src/programs/load/report/Html.ts"
import * as Chromium from "../../../support/Chromium.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { bad, closed, make, withTexts } from "../results.ts"

afterAll(Chromium.close)

const open = async (context: TestContext, result: LoadResult) =>
  Chromium.open(context, await Effect.runPromise(Html.write(result)))

/** Charts, and how many shapes each has drawn. */
const charts = `Object.fromEntries([...document.querySelectorAll(".plot")].map((plot) =>
  [plot.parentElement.id, plot.querySelectorAll("path, rect").length]))`

/** The width of the narrowest cell with text. */
const narrowest = `Math.min(...[...document.querySelectorAll("td.l")].filter(({ textContent }) => textContent !== "")
  .map(({ offsetWidth }) => offsetWidth))`

describe("the HTML of a load run in a browser", () => {
  it("draws every chart, in light and dark, wide and narrow", async (context) => {
    const { alarms, page } = await open(context, bad)

    for (const [colorScheme, width] of [["light", 1_300], ["dark", 420]] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      const shapes = await page.evaluate<Record<string, number>>(charts)
      assert.sameMembers(Object.keys(shapes), [
        "rate",
        "latency",
        "heat",
        "distribution",
        "percentiles",
        "users",
        "cpu",
        "lag"
      ])
      for (const [id, n] of Object.entries(shapes)) assert.isAbove(n, 0, id)
      assert.isAtMost(await page.evaluate<number>("document.documentElement.scrollWidth"), width)
      // Text is never a letter a line.
      assert.isAtLeast(await page.evaluate<number>(narrowest), 80)
    }
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })

  it("shows the values under the cursor in all charts over time, and closer where it was dragged", async (context) => {
    const { alarms, page } = await open(context, bad)
    const legend = () => page.locator("#latency .legend").textContent()
    const span = () => page.locator("#rate .plot").locator("text").allTextContents()

    const before = await legend()
    await page.locator("#rate .plot").hover({ position: { x: 300, y: 60 } })
    await page.locator("#latency .when").waitFor()
    assert.match((await legend())!, /p99.*\dms.*\d:\d\d$/)
    assert.notStrictEqual(await legend(), before)

    const wide = await span()
    await page.locator("#heat .plot").scrollIntoViewIfNeeded()
    const box = (await page.locator("#heat .plot").boundingBox())!
    await page.mouse.move(box.x + box.width * 0.4, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50)
    await page.mouse.up()
    await page.locator("#rate .plot").getByText("0:26").waitFor()
    assert.notDeepEqual(await span(), wide)
    await page.locator("#heat .plot").dblclick({ position: { x: 300, y: 60 } })
    await page.mouse.move(0, 0)
    await page.locator("#latency .when").waitFor({ state: "detached" })
    assert.deepStrictEqual(await span(), wide)
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })

  it("R17 executes none of the hostile texts", async (context) => {
    const { alarms, page } = await open(context, withTexts({ ...bad, verdict: "invalid" }, hostileTexts))

    assert.strictEqual(await page.evaluate("window.hacked === undefined"), true)
    assert.strictEqual(
      await page.evaluate(`document.querySelectorAll("img, iframe, object, a, form, [onerror], [onload]").length`),
      0
    )
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })

  it("shows a closed run, and one that measured nothing", async (context) => {
    for (const result of [closed, await make({ seconds: 0 }), await make({ seconds: 1 })]) {
      const { alarms, page } = await open(context, result)

      assert.deepStrictEqual(alarms, [])
      await page.close()
    }
  })
})
