import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Style from "../../../src/core/Style.ts"
import * as TerminalText from "../../../src/core/TerminalText.ts"
import * as Console from "../../../src/programs/report/Console.ts"
import * as Progress from "../../../src/programs/report/Progress.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import type { Event } from "../../../src/scenario/Event.ts"
import { caseEvents, ordinary, ordinaryEvents, run, start, statusFailure } from "./fixtures.ts"
import { hostile, hostileEvents, hostileRun } from "./hostile.ts"

const log = (events: ReadonlyArray<Event>, options: Console.Options = {}) => events.flatMap(Console.open(options))

const progressOf = (events: ReadonlyArray<Event>) => {
  const progress = Progress.make()
  for (const event of events) Progress.add(progress, event)
  return progress
}

const colored = { style: Style.make(true), verbosity: "verbose" as const }

// Our own colours begin and end like this; nothing else may.
// eslint-disable-next-line no-control-regex -- escape codes are what is looked for
const ownColors = /\u001b\[(1|2|22|31|32|33|36|39)m/g

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

const checkInert = (lines: ReadonlyArray<string>) => {
  for (const line of lines) {
    const shown = line.replace(ownColors, "")
    assert.notMatch(shown, controls)
    assert.notInclude(shown, "\n")
    assert.notMatch(shown, /##(\[|vso\[|teamcity\[)/i)
    assert.notMatch(shown, /^\s*::/)
  }
}

describe("Console", () => {
  it("tells each case in a line as it ends, with the first thing that went wrong", () => {
    assert.deepStrictEqual(log(ordinaryEvents), [
      "warning: the secret TOKEN is shorter than 4 characters and is not masked",
      "✗    62ms  shop.yaml › Checkout  failed Create an order: expected status == 201",
      "✓   120ms  shop.yaml › Browse",
      "!    1.5s  stock.yaml › Stock level  error Count: postgres: cannot connect to 127.0.0.1:5433: connection refused",
      "✗    30ms  search.yaml › Search  failed Ask: expected status == 201",
      "↻          search.yaml › Search attempt 2",
      "≈    31ms  search.yaml › Search  flaky on attempt 2",
      "○     0ms  shop.yaml › Refund  skipped not on staging",
      "■   900ms  import.yaml › Import  interrupted the run was stopped"
    ])
  })

  it("tells steps, attempts and log lines when verbose, and nothing when quiet", () => {
    const verbose = log(ordinaryEvents, { verbosity: "verbose" })

    assert.include(verbose, "✓    12ms  Checkout › setup: Make the table (postgres)")
    assert.include(verbose, "·          Checkout › sending the order")
    assert.include(
      verbose,
      "↻          Search › attempt 1: postgres: cannot connect to 127.0.0.1:5433: connection refused, again in 200ms"
    )
    assert.deepStrictEqual(log(ordinaryEvents, { verbosity: "quiet" }), [])
  })

  it("ends with failures whole, then the summary", () => {
    const lines = Console.ending(ordinary)

    assert.deepStrictEqual(lines.slice(0, 30), [
      "",
      "✗ Checkout shop.yaml:3  Shop #smoke #orders",
      "│ Create an order (http, 43ms) shop.yaml:12:5",
      "│",
      "│ expected status == 201",
      "│",
      "│   13 |     http: { method: POST, url: \"${base}/orders\" }",
      "│   14 |     expect: [status == 201]",
      "│      |              ^^^^^^^^^^^^^",
      "│",
      "│   status == 201 = false",
      "│   status        = 422",
      "│",
      "│ hint: the server said: out of stock",
      "│",
      "│ → POST http://127.0.0.1:8080/orders",
      "│   content-type: application/json",
      "│   authorization: ***",
      "│",
      "│   {\"sku\":\"A1\",\"quantity\":2}",
      "│",
      "│ ← 422 in 41ms",
      "│   content-type: application/json",
      "│",
      "│   {\"error\":\"out of stock\",\"sku\":\"A1\"}",
      "│",
      "│ repeat: curl -X POST http://127.0.0.1:8080/orders -H 'content-type: application/json' --data '{\"sku\":\"A1\",\"quantity\":2}'",
      "│",
      "│ log: sending the order",
      ""
    ])
    assert.strictEqual(
      lines.at(-1),
      "✗ 6 cases: 1 failed, 1 error, 1 interrupted, 1 flaky, 1 skipped, 1 passed in 1.51s (seed 42)"
    )
  })

  it("shows the first failures whole and names the rest", () => {
    const cases = Array.from(
      { length: 60 },
      (_, i) =>
        caseEvents({
          name: `case ${i}`,
          line: i,
          status: "failed",
          steps: [{ status: "failed", failures: [statusFailure] }]
        })
    )

    const lines = Console.ending(ReportFold.fromEvents(run(cases)), { failures: 2 })

    assert.strictEqual(lines.filter((line) => line.startsWith("│   status ")).length, 4)
    assert.include(lines, "58 not shown whole")
    assert.include(lines, "  and 38 more")
  })

  it("R18 lets no text from outside steer a terminal or command a CI system", () => {
    checkInert(log(hostileEvents, colored))
    checkInert(Console.ending(hostile, colored))
    checkInert(Progress.frame(progressOf(hostileEvents.slice(0, -40)), 100, start + 5, colored))
  })

  it("R18 holds for random hostile runs", () => {
    fc.assert(
      fc.property(hostileRun, (events) => {
        checkInert(log(events, colored))
        checkInert(Console.ending(ReportFold.fromEvents(events), colored))
      }),
      { numRuns: 100 }
    )
  })
})

describe("Progress", () => {
  const events = [
    ...run([
      caseEvents({ name: "done", steps: [{}] }),
      caseEvents({ name: "bad", status: "failed" }),
      caseEvents({ name: "slow", at: 100, steps: [{ name: "Ask the server" }], finished: false }),
      caseEvents({ name: "quick", at: 4_000, finished: false })
    ])
  ].slice(0, -1)

  it("shows what runs, the longest first, with its step and time, then bar, counts and clock", () => {
    assert.deepStrictEqual(Progress.frame(progressOf(events), 90, start + 4_500), [
      "",
      ` ⠴ ${"slow".padEnd(42)}    4.4s › Ask the server`,
      ` ⠴ ${"quick".padEnd(42)}   500ms shop.yaml`,
      ` ${"━".repeat(20)}${"─".repeat(20)}  2/4  1 failed  1 passed  4s, about 5s left`
    ])
  })

  it("takes a case that runs again out of the counts until it ends again", () => {
    const again = caseEvents({ name: "bad", attempt: 2, status: "flaky" })
    const progress = progressOf([...events, again[0]!])

    assert.strictEqual(progress.counts.failed, 0)
    assert.strictEqual(progress.counts.total, 1)
    Progress.add(progress, again.at(-1)!)
    assert.strictEqual(progress.counts.flaky, 1)
  })

  it("shows at most so many running cases", () => {
    const many = run(Array.from({ length: 30 }, (_, i) => caseEvents({ name: `case ${i}`, finished: false })))

    assert.strictEqual(Progress.frame(progressOf(many.slice(0, -1)), 80, start, { rows: 8 }).length, 11)
    assert.include(Progress.frame(progressOf(many.slice(0, -1)), 80, start, { rows: 8 }), "   and 22 more")
  })

  it("never draws a line wider than the terminal", () => {
    fc.assert(
      fc.property(hostileRun, fc.integer({ min: 1, max: 200 }), fc.nat(100_000), (events, width, later) => {
        const frame = Progress.frame(progressOf(events.slice(0, events.length / 2)), width, start + later)
        for (const line of frame) assert.isAtMost(TerminalText.width(line), width)
      }),
      { numRuns: 100 }
    )
  })

  it("is empty before the run has started", () => {
    assert.deepStrictEqual(Progress.frame(Progress.make(), 80, start), [])
  })
})
