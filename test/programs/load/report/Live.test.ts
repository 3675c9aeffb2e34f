import { assert, describe, it } from "@effect/vitest"
import * as Style from "../../../../src/core/Style.ts"
import * as TerminalText from "../../../../src/core/TerminalText.ts"
import type { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as Live from "../../../../src/programs/load/report/Live.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { progressOf } from "../progress.ts"
import { bad, good, withTexts } from "../results.ts"

const after = (result: LoadResult, seconds: number) => {
  const live = Live.make(result.name, result.model)
  for (const progress of progressOf(result).slice(0, seconds)) Live.add(live, progress)
  return live
}

describe("the live view of a load", () => {
  it("is empty before the first second, then shows rate, latencies, users and how far it is", () => {
    assert.deepStrictEqual(Live.frame(after(good, 0), 100), [])

    const text = Live.frame(after(good, 12), 100).join("\n")
    assert.match(text, /^ Checkout {2}open model {2}12s of 30s {2}━{12}─{18}$/m)
    assert.match(text, /^ {3}rate +200\/s {2}█{12} {2}200\/s iterations due$/m)
    assert.match(text, /^ {3}p99 +\d+\.\dms {2}[▁-█]{12} {2}all \d+\.\dms$/m)
    assert.match(text, /\d\.00ms-\d\.00ms +\d\d\.\d% {2}█/)
    assert.notMatch(text, /^ +errors /m)
  })

  it("sets what is due beside the rate where each iteration is one request", () => {
    const live = Live.make("http://shop.test/", "open")
    for (const progress of progressOf(good).slice(0, 3)) Live.add(live, { ...progress, iterations: progress.requests })

    assert.match(Live.frame(live, 100).join("\n"), /^ {3}rate +200\/s {2}█+ {2}of 200\/s due$/m)
  })

  it("shows errors with an example, what was dropped, and thresholds as they stand", () => {
    const text = Live.frame(after(bad, 40), 100).join("\n")

    assert.match(text, /^ {3}errors +\d+ {2}[▁-█]{40} {2}all \d+$/m)
    assert.match(text, /requests, \d+ failed, .*60 dropped/)
    assert.match(text, /status 503 \d+ {2}POST/)
    assert.match(text, /✗ http\.p99 < 100ms/)
    assert.notMatch(text, /more threshold/)
  })

  it("R17 is never wider than the terminal, nor longer than its 24 lines, and shows no control characters", () => {
    for (const width of [20, 40, 80, 200]) {
      for (const result of [bad, withTexts(bad, hostileTexts)]) {
        const lines = Live.frame(after(result, 60), width, Style.make(true))

        assert.isAtMost(lines.length, 22)
        for (const line of lines) {
          assert.isAtMost(TerminalText.width(TerminalText.strip(line)), width)
          assert.notMatch(line.replaceAll(/\u001b\[\d+m/g, ""), /[\u0000-\u001f\u007f-\u009f\u202e]/)
        }
      }
    }
  })

  it("keeps a minute of seconds, however long it goes on", () => {
    const live = after(bad, 60)
    for (let i = 0; i < 200; i++) for (const one of progressOf(good).slice(0, 1)) Live.add(live, one)

    assert.lengthOf(live.seconds, 60)
  })

  it("without a terminal says something every five seconds, then every thirty, and at the end", () => {
    const long = {
      ...good,
      seconds: Array.from({ length: 152 }, (_, at) => ({ ...good.seconds[at % 30]!, at })),
      duration_s: 152
    }
    const lines = progressOf(long).flatMap((progress) => Live.line(progress, "open") ?? [])

    assert.deepStrictEqual(
      lines.map((line) => line.trim().split("  ")[0]),
      [
        "5s",
        "10s",
        "15s",
        "20s",
        "25s",
        "30s",
        "35s",
        "40s",
        "45s",
        "50s",
        "55s",
        "1m",
        "1m 30s",
        "2m",
        "2m 30s",
        "2m 32s"
      ]
    )
    assert.match(
      lines[0]!,
      /^ {4}5s {2}200\/s \(200\/s iterations due\) {2}p50 .*ms {2}p99 .*ms {2}6 users {2}1,000 requests so far, 0 failed, p99 /
    )
  })
})
