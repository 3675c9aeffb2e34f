/** The HTML report in a real browser. Skipped where there is none; `SKEIN_CHROMIUM` names one that stands elsewhere. */
import { afterAll, assert, describe, it, type TestContext } from "@effect/vitest"
import type { Page } from "playwright-core"
import * as Html from "../../../src/programs/report/Html.ts"
import type * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import * as Chromium from "../../support/Chromium.ts"
import { manyEvents, ordinary } from "./fixtures.ts"
import { hostile } from "./hostile.ts"

afterAll(Chromium.close)

const open = (context: TestContext, report: Report.Report) => Chromium.open(context, [...Html.write(report)].join(""))

const rows = (page: Page) => page.locator(".row .name").allTextContents()

describe("Html in a browser", () => {
  it("R17 executes none of the hostile texts, whatever is opened", async (context) => {
    const { alarms, page } = await open(context, hostile)

    // Every case is picked, every fold of it opened, and every hostile handler given a chance to fire.
    await page.evaluate(`(async () => {
      for (const sort of ["file"]) {
        const select = document.getElementById("sort")
        select.value = sort
        select.dispatchEvent(new Event("change"))
        for (let i = 0; i < ${hostile.cases.length}; i++) {
          document.dispatchEvent(new KeyboardEvent("keydown", { key: "j" }))
          for (const fold of document.querySelectorAll("details")) fold.open = true
          await new Promise((resolve) => setTimeout(resolve))
          for (const fold of document.querySelectorAll("details")) fold.open = true
        }
      }
    })()`)
    const state = await page.evaluate(
      `({ hacked: window.hacked === undefined ? "no" : "yes", elements: document.querySelectorAll("img, iframe, object, a, base, form, [onerror], [onload]").length,
        shown: document.body.innerText.includes("<img src=x onerror=") })`
    )

    assert.deepStrictEqual(state, { hacked: "no", elements: 0, shown: true } as unknown)
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })

  it("opens on the first problem; searches, filters and follows the keyboard", async (context) => {
    const { alarms, page } = await open(context, ordinary)

    assert.strictEqual(await page.locator(".details h2").textContent(), "Checkout")
    assert.deepStrictEqual(await rows(page), ["Checkout", "Stock level", "Import", "Search", "Refund", "Browse"])
    await page.keyboard.press("j")
    assert.strictEqual(await page.locator(".details h2").textContent(), "Stock level")
    await page.keyboard.press("/")
    await page.keyboard.type("smoke brow")
    assert.deepStrictEqual(await rows(page), ["Browse"])
    await page.keyboard.press("Escape")
    await page.locator(".chip.flaky").click()
    assert.deepStrictEqual(await rows(page), ["Search"])
    await page.locator(".row").click()
    assert.include(await page.locator(".details").textContent(), "Attempt 1")
    assert.match(page.url(), /#search\.yaml%23Search$/)
    assert.deepStrictEqual(alarms, [])
    await page.close()
  })

  it("keeps only the rows in view in the page, and scrolls to the last of 3,000", async (context) => {
    const { page } = await open(context, ReportFold.fromEvents(manyEvents(3_000)))

    assert.isBelow((await rows(page)).length, 60)
    await page.selectOption("#sort", "file")
    await page.locator("#list").evaluate((list: { scrollTop: number }) => list.scrollTop = 1e9)
    await page.getByText("Case 2999:").waitFor()
    assert.isBelow((await rows(page)).length, 60)
    await page.close()
  })
})
