import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import { processorMillis } from "../../support/processorTime.ts"
import { caseEvents, manyEvents, ordinary, run, statusFailure } from "./fixtures.ts"
import { hostileRun } from "./hostile.ts"

const caseOf = (report: Report.Report, name: string) => report.cases.find((one) => one.name === name)!

const shard = (name: string, options: { readonly at?: number } = {}) =>
  ReportFold.fromEvents(run([caseEvents({ name, at: options.at ?? 0, steps: [{ duration: 10 }] })]))

describe("Report", () => {
  it("counts each way of ending, and agrees with its cases", () => {
    const counts = { total: 6, passed: 1, failed: 1, error: 1, skipped: 1, flaky: 1, interrupted: 1 }

    assert.deepStrictEqual(ordinary.summary, counts)
    assert.deepStrictEqual(Report.summarise(ordinary.cases), counts)
  })

  it("sorts cases by file, line and the numbers in their ids", () => {
    const rows = [10, 2, 1].map((row) => caseEvents({ name: `row ${row}`, id: `a.yaml#Row[${row}]`, file: "a.yaml" }))
    const report = ReportFold.fromEvents(run([caseEvents({ name: "late", file: "b.yaml" }), ...rows]))

    assert.deepStrictEqual(report.cases.map((one) => one.name), ["row 1", "row 2", "row 10", "late"])
  })

  it("keeps the last attempt's steps, and what failed in earlier ones", () => {
    const search = caseOf(ordinary, "Search")

    assert.strictEqual(search.status, "flaky")
    assert.strictEqual(search.attempts, 2)
    assert.deepStrictEqual(search.steps.map((step) => step.status), ["passed"])
    assert.strictEqual(search.steps[0]!.retries[0]!.failure.reason, "Connection")
    assert.strictEqual(search.earlier.length, 1)
    assert.strictEqual(search.earlier[0]!.status, "failed")
    assert.deepStrictEqual(search.earlier[0]!.steps[0]!.failures, [statusFailure])
  })

  it("keeps steps in the order they started, though they end in another", () => {
    const [started, first, firstEnd, second, secondEnd, end] = caseEvents({
      name: "parallel",
      steps: [{ name: "slow" }, { name: "fast" }]
    })
    const report = ReportFold.fromEvents(run([[started!, first!, second!, secondEnd!, firstEnd!, end!]]))

    assert.deepStrictEqual(report.cases[0]!.steps.map((step) => step.name), ["slow", "fast"])
  })

  it("marks as interrupted what has not ended, with the time it took so far", () => {
    const events = caseEvents({ name: "hanging", steps: [{ duration: 30 }], finished: false })
    const report = ReportFold.fromEvents([
      ...run([]).slice(0, 1),
      ...events.filter((event) => event._tag !== "StepFinished"),
      { _tag: "Warning", text: "stopping", at: events[0]!.at + 500 }
    ])

    assert.isTrue(report.interrupted)
    assert.strictEqual(report.duration_ms, 500)
    assert.strictEqual(report.cases[0]!.status, "interrupted")
    assert.strictEqual(report.cases[0]!.duration_ms, 500)
    assert.strictEqual(report.cases[0]!.steps[0]!.status, "interrupted")
  })

  it("R33 never shows a negative duration when the wall clock goes back", () => {
    const fold = ReportFold.make()
    for (const event of caseEvents({ name: "clock", steps: [{}], finished: false })) {
      ReportFold.add(fold, { ...event, at: event._tag === "CaseStarted" ? event.at : event.at - 3_600_000 })
    }

    const report = ReportFold.report(fold)

    assert.isAtLeast(report.duration_ms, 0)
    assert.isAtLeast(report.cases[0]!.duration_ms, 0)
    assert.isAtLeast(report.cases[0]!.steps[0]!.duration_ms, 0)
  })

  it("R42 cuts a message of 10 MB and says how much is missing", () => {
    const message = "x".repeat(10_000_000)
    const report = ReportFold.fromEvents(run([
      caseEvents({ name: "big", status: "failed", failures: [{ kind: "failed", reason: "Failed", message }] })
    ]))

    const kept = report.cases[0]!.failures[0]!.message

    assert.isBelow(kept.length, 66_000)
    assert.match(kept, /… \(9934464 more characters left out\)$/)
  })

  it("gives up bodies of what passed, then steps and log lines, and says so", () => {
    const body = { _tag: "Text" as const, name: "body", text: "0123456789" }
    const steps = [
      { attachments: [body] },
      { attachments: [body] },
      { attachments: [body], status: "failed" as const },
      { logs: ["a", "b", "c"] },
      { name: "over the limit" },
      { name: "over it, and failed", status: "failed" as const }
    ]
    const report = ReportFold.fromEvents(run([caseEvents({ name: "full", steps })]), {
      steps: 4,
      logs: 2,
      passedAttachments: 15
    })

    const [full] = report.cases

    assert.deepStrictEqual(full!.steps.map((step) => step.name), [
      "step 1",
      "step 2",
      "step 3",
      "step 4",
      "over it, and failed"
    ])
    assert.strictEqual(full!.steps_left_out, 1)
    assert.deepStrictEqual(full!.steps.slice(0, 3).map((step) => step.attachments[0]), [
      body,
      { ...body, text: "(left out: this report is full)" },
      body
    ])
    assert.deepStrictEqual(full!.steps[3]!.logs.map((line) => line.text), ["a", "b", "(1 more lines left out)"])
  })

  it("survives a trip through JSON unchanged", () => {
    const read = Report.parse(JSON.stringify(ordinary), "report.json")

    assert.deepStrictEqual(Result.getOrThrow(read), ordinary)
  })

  it("R42 decodes what it made of any hostile run", () => {
    const decode = Schema.decodeUnknownSync(Report.Report)
    fc.assert(
      fc.property(hostileRun, (events) => {
        const report = ReportFold.fromEvents(events)
        assert.deepStrictEqual(decode(JSON.parse(JSON.stringify(report))), report)
      }),
      { numRuns: 50 }
    )
  })

  it.each([
    { text: "{", because: "it is not JSON" },
    { text: "[]", because: "it has no \"format\"" },
    { text: "{\"format\":\"skein-report\",\"version\":2}", because: "reads up to version 1" },
    { text: "{\"format\":\"skein-report\",\"version\":1}", because: "damaged report" }
  ])("refuses to read a file because $because", ({ because, text }) => {
    const read = Report.parse(text, "old.json")

    assert.isTrue(Result.isFailure(read))
    if (Result.isFailure(read)) assert.include(read.failure.message, because)
    if (Result.isFailure(read)) assert.include(read.failure.message, "old.json")
  })

  it("folds 10,000 cases with 30,000 steps in well under a second", () => {
    const events = manyEvents(10_000)
    const begin = processorMillis()

    const report = ReportFold.fromEvents(events)

    assert.strictEqual(report.cases.length, 10_000)
    assert.isBelow(processorMillis() - begin, 1_000)
  })
})

describe("Report.merge", () => {
  it("joins shards: cases sorted, counts added, time from the first start to the last end", () => {
    const merged = Result.getOrThrow(Report.merge([shard("b"), shard("a", { at: 40 })]))

    assert.deepStrictEqual(merged.cases.map((one) => one.name), ["a", "b"])
    assert.strictEqual(merged.summary.total, 2)
    assert.strictEqual(merged.summary.passed, 2)
    assert.strictEqual(merged.duration_ms, 50)
  })

  it("is interrupted when one shard was, and warns of different seeds", () => {
    const other = { ...shard("b"), interrupted: true, seed: 7 }
    const merged = Result.getOrThrow(Report.merge([shard("a"), other]))

    assert.isTrue(merged.interrupted)
    assert.deepStrictEqual(merged.warnings, ["the merged runs had different seeds: 42, 7"])
  })

  it("names each case that stands in two reports", () => {
    const merged = Report.merge([shard("a"), shard("b"), shard("a")])

    assert.isTrue(Result.isFailure(merged))
    if (Result.isFailure(merged)) {
      assert.strictEqual(merged.failure.reason, "DuplicateCases")
      assert.include(merged.failure.message, "1 case is in more than one report: shop.yaml#a")
    }
  })

  it("refuses an empty list", () => {
    assert.isTrue(Result.isFailure(Report.merge([])))
  })

  it("of one report is that report", () => {
    assert.deepStrictEqual(Result.getOrThrow(Report.merge([ordinary])), ordinary)
  })
})
