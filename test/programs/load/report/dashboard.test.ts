import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as NodeDashboardServer from "../../../../src/layers/live/NodeDashboardServer.ts"
import * as Dashboard from "../../../../src/programs/load/report/Dashboard.ts"
import { DashboardServer } from "../../../../src/services/DashboardServer.ts"
import * as Chromium from "../../../support/Chromium.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { progressOf } from "../progress.ts"
import { bad, withTexts } from "../results.ts"

afterAll(Chromium.close)

describe("the dashboard of a load", () => {
  it("R17 may ask its own origin for events, and nothing else", () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(Dashboard.page(bad))![1]!

    assert.match(policy, /^default-src 'none'; connect-src 'self'; script-src 'sha256-[^ ]*; style-src 'sha256-/)
  })

  it("sends a second in a few kilobytes, whatever is in it", () => {
    for (const progress of progressOf(withTexts(bad, hostileTexts)).slice(0, 3)) {
      assert.isBelow(Dashboard.event(progress).length, 40_000)
    }
    assert.isBelow(Dashboard.event(progressOf(bad)[0]!).length, 3_000)
  })

  it.live("R17 follows a run in a browser: charts grow, texts stay texts, and the end is said", (context) =>
    Effect.gen(function*() {
      const hostile = withTexts(bad, hostileTexts)
      const progress = progressOf(hostile)
      const server = yield* DashboardServer
      const { send, url } = yield* server.open(0, Dashboard.page(hostile))
      for (const one of progress.slice(0, 20)) send(Dashboard.event(one))
      const { alarms, page } = yield* Effect.promise(async () => Chromium.openUrl(context, url))

      yield* Effect.promise(() => page.getByText("20s of 1m").waitFor())
      for (const one of progress.slice(20, 30)) send(Dashboard.event(one))
      yield* Effect.promise(() => page.getByText("30s of 1m").waitFor())
      // Charts are drawn with the next frame.
      yield* Effect.promise(() => page.locator("#latency .line").nth(3).waitFor({ state: "attached" }))
      const found = yield* Effect.promise(() =>
        page.evaluate(
          `({ lines: document.querySelectorAll("#latency .line").length, bars: document.querySelectorAll("#distribution .bar").length > 5,
          foreign: document.querySelectorAll("img, iframe, a, form, [onerror], [onload]").length, hacked: window.hacked !== undefined })`
        )
      )
      yield* Effect.promise(() => page.setViewportSize({ width: 420, height: 900 }))
      const width = yield* Effect.promise(() => page.evaluate<number>("document.documentElement.scrollWidth"))
      send(Dashboard.ending(bad))
      yield* Effect.promise(() => page.getByText("failed: 2 of 3").waitFor())

      assert.isAtMost(width, 420)
      assert.deepStrictEqual(found, { lines: 4, bars: true, foreign: 0, hacked: false } as unknown)
      assert.deepStrictEqual(alarms.filter((alarm) => alarm !== `request: ${url}events`), [])
      yield* Effect.promise(() => page.close())
    }).pipe(Effect.scoped, Effect.provide(NodeDashboardServer.layer)))
})
