import { assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import * as AjvFormats from "ajv-formats"
import { schema as ctrfSchema } from "ctrf"
import { Result } from "effect"
import * as fc from "fast-check"
import { SaxesParser } from "saxes"
import * as Yaml from "yaml"
import * as Ctrf from "../../../src/programs/report/Ctrf.ts"
import * as Github from "../../../src/programs/report/Github.ts"
import * as Json from "../../../src/programs/report/Json.ts"
import * as Jsonl from "../../../src/programs/report/Jsonl.ts"
import * as Junit from "../../../src/programs/report/Junit.ts"
import * as Markdown from "../../../src/programs/report/Markdown.ts"
import * as Report from "../../../src/programs/report/Report.ts"
import * as ReportFold from "../../../src/programs/report/ReportFold.ts"
import * as Tap from "../../../src/programs/report/Tap.ts"
import type { Event } from "../../../src/scenario/Event.ts"
import { caseEvents, ordinary, ordinaryEvents, run } from "./fixtures.ts"
import { hostile, hostileEvents, hostileRun } from "./hostile.ts"

/** `SKEIN_SOAK=1` runs what `npm test` samples. */
const fuzzRuns = process.env["SKEIN_SOAK"] === "1" ? 10_000 : 200

const tenMegabytes = "]]>\u0000<é🧶".repeat(1_000_000)
const enormous = ReportFold.fromEvents(run([
  caseEvents({
    name: "big",
    status: "failed",
    failures: [{ kind: "failed", reason: "Failed", message: tenMegabytes }],
    steps: [{ status: "failed", failures: [{ kind: "error", reason: "Status", message: tenMegabytes }] }]
  })
]))

interface Element {
  readonly name: string
  readonly attributes: Record<string, string>
}

/** Parses XML, failing on whatever is not well formed, and returns its elements. */
const xmlElements = (xml: string): ReadonlyArray<Element> => {
  const parser = new SaxesParser()
  const elements: Array<Element> = []
  parser.on("error", (error) => assert.fail(error.message))
  parser.on("opentag", ({ attributes, name }) => elements.push({ name, attributes }))
  parser.write(xml).close()
  return elements
}

const named = (elements: ReadonlyArray<Element>, name: string) => elements.filter((one) => one.name === name)

// eslint-disable-next-line no-control-regex -- these must not appear
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

const checkJunit = (report: Report.Report) => {
  const xml = Junit.write(report)
  const elements = xmlElements(xml)
  const count = (name: string) => named(elements, name).length

  assert.isTrue(xml.isWellFormed())
  assert.notMatch(xml, controls)
  assert.strictEqual(count("testcase"), report.cases.length)
  assert.strictEqual(count("failure"), report.summary.failed)
  assert.strictEqual(count("error"), report.summary.error + report.summary.interrupted)
  assert.strictEqual(count("skipped"), report.summary.skipped)
}

const checkTap = (report: Report.Report) => {
  const lines = Tap.write(report).slice(0, -1).split("\n")
  const points = lines.filter((line) => /^(not )?ok /.test(line))
  const blocks: Array<Array<string>> = []
  let open: Array<string> | undefined
  for (const line of lines.slice(2)) {
    if (line === "  ---") blocks.push(open = [])
    else if (line === "  ...") open = undefined
    else if (open !== undefined) open.push(line)
    else assert.match(line, /^((not )?ok \d+ - |# warning: |Bail out! )/)
  }

  assert.strictEqual(lines[0], "TAP version 14")
  assert.strictEqual(lines[1], `1..${report.cases.length}`)
  assert.strictEqual(points.length, report.cases.length)
  for (const point of points) assert.notMatch(point, /[^\\]#(?! SKIP)/)
  for (const block of blocks) assert.isString(Yaml.parse(block.join("\n"))["status"])
}

const ajv = new Ajv({ allErrors: true, strict: false })
AjvFormats.default.default(ajv)
const isCtrf = ajv.compile(ctrfSchema)

const checkCtrf = (report: Report.Report) => {
  assert.isTrue(isCtrf(JSON.parse(Ctrf.write(report))), JSON.stringify(isCtrf.errors))
}

const checkGithub = (report: Report.Report) => {
  for (const line of Github.write(report).trimEnd().split("\n")) {
    assert.match(line, /^::(error|warning|notice) ((file|line|col|title)=[^,:\n]*,?)+::[^\n\r]*$/)
    assert.notMatch(line, controls)
  }
}

const checkMarkdown = (report: Report.Report) => {
  let fence: string | undefined
  for (const line of Markdown.write(report).split("\n")) {
    if (fence === undefined && /^`{3,}text$/.test(line)) fence = line.slice(0, -4)
    else if (fence === line) fence = undefined
    else if (fence === undefined) {
      assert.strictEqual(line.replace(/<\/?(details|summary|b|code)>/g, "").match(/[<]/), null, line)
      if (!line.startsWith("<details>")) assert.notMatch(line, /\]\(|!\[|`(?!`)/)
    }
  }
  assert.isUndefined(fence)
}

const checkJson = (report: Report.Report) => {
  const text = Json.write(report)
  assert.isTrue(text.isWellFormed())
  assert.deepStrictEqual(Result.getOrThrow(Report.parse(text, "report.json")), report)
}

const checkJsonl = (events: ReadonlyArray<Event>) => {
  const text = events.map(Jsonl.line).join("")
  assert.isTrue(text.isWellFormed())
  assert.strictEqual(text.split("\n").length, events.length + 1)
  assert.deepStrictEqual(Result.getOrThrow(Jsonl.parse(text, "events.jsonl")), events)
}

const checks = {
  JUnit: checkJunit,
  TAP: checkTap,
  CTRF: checkCtrf,
  GitHub: checkGithub,
  Markdown: checkMarkdown,
  JSON: checkJson
}

describe.each(Object.entries(checks))("%s", (_, check) => {
  it("R42 is valid for an ordinary run", () => check(ordinary))
  it("R42 is valid when each hostile text stands everywhere", () => check(hostile))
  it("R42 is valid for messages of 10 MB, cut", () => check(enormous))
  it("R42 is valid for an empty run", () => check(ReportFold.fromEvents(run([]))))
  it(`R42 is valid for ${fuzzRuns} random hostile runs`, () => {
    fc.assert(fc.property(hostileRun, (events) => check(ReportFold.fromEvents(events))), { numRuns: fuzzRuns })
  })
})

describe("Junit", () => {
  it("has a suite per file, an outcome per case, and its tags", () => {
    const elements = xmlElements(Junit.write(ordinary))

    assert.deepStrictEqual(named(elements, "testsuite").map((one) => one.attributes["name"]), [
      "import.yaml",
      "search.yaml",
      "shop.yaml",
      "stock.yaml"
    ])
    assert.strictEqual(named(elements, "failure")[0]!.attributes["message"], "expected status == 201")
    assert.strictEqual(named(elements, "skipped")[0]!.attributes["message"], "not on staging")
    assert.strictEqual(named(elements, "flakyFailure").length, 1)
    assert.include(
      named(elements, "property").map((one) => one.attributes["value"]),
      "smoke"
    )
  })

  it("tells rows of one case apart by their id", () => {
    const rows = [1, 2].map((row) => caseEvents({ name: "Order", id: `shop.yaml#Order[${row}]` }))
    const elements = xmlElements(Junit.write(ReportFold.fromEvents(run(rows))))

    assert.deepStrictEqual(named(elements, "testcase").map((one) => one.attributes["name"]), [
      "Order (Order[1])",
      "Order (Order[2])"
    ])
  })
})

describe("Tap", () => {
  it("marks skips, and bails out of an interrupted run", () => {
    const lines = Tap.write({ ...ordinary, interrupted: true }).trimEnd().split("\n")

    assert.include(lines, "ok 5 - Refund (shop.yaml:70) # SKIP not on staging")
    assert.include(lines, "not ok 3 - Checkout (shop.yaml:3)")
    assert.strictEqual(lines.at(-1), "Bail out! The run was interrupted")
  })
})

describe("Ctrf", () => {
  it("maps ways of ending to its own words and keeps ours beside them", () => {
    const tests = JSON.parse(Ctrf.write(ordinary)).results.tests as ReadonlyArray<Record<string, unknown>>

    assert.deepStrictEqual(
      Object.fromEntries(tests.map((test) => [test["rawStatus"], test["status"]])),
      {
        interrupted: "other",
        flaky: "passed",
        failed: "failed",
        passed: "passed",
        skipped: "skipped",
        error: "failed"
      }
    )
  })
})

describe("Github", () => {
  it("puts an error on the line of the failed expression", () => {
    assert.include(
      Github.write(ordinary),
      "::error file=shop.yaml,line=14,col=15,title=Checkout › Create an order::expected status == 201%0Astatus == 201 = false"
    )
  })

  it("R18 leaves no way from a message to a second command", () => {
    const lines = Github.write(hostile).trimEnd().split("\n")

    assert.strictEqual(lines.filter((line) => line.startsWith("::set-output")).length, 0)
    assert.isTrue(lines.every((line) => line.startsWith("::")))
    assert.isTrue(lines.some((line) => line.includes("%250A::error::x")))
  })
})

describe("Markdown", () => {
  it("says how the run ended first, and shows failures whole", () => {
    const text = Markdown.write(ordinary)

    assert.match(text, /^## ❌ 6 cases: 1 failed, 1 error, 1 interrupted, 1 flaky, 1 skipped, 1 passed in /)
    assert.include(text, "<b>Checkout</b> <code>shop.yaml:3</code> — expected status == 201</summary>")
    assert.include(text, "repeat: curl -X POST")
  })

  it("stays below the 1 MiB that GitHub allows", () => {
    const cases = Array.from({ length: 500 }, (_, i) =>
      caseEvents({
        id: `a#${i}`,
        name: "x",
        status: "failed",
        failures: [{ kind: "failed", reason: "Failed", message: "é".repeat(60_000) }]
      }))

    const text = Markdown.write(ReportFold.fromEvents(run(cases)))

    assert.isBelow(Buffer.byteLength(text), 2 ** 20)
    assert.match(text, /… and \d+ more that did not pass/)
  })
})

describe("Jsonl", () => {
  it("writes one event a line, and reads them back", () => {
    checkJsonl(ordinaryEvents)
    checkJsonl(hostileEvents)
  })

  it("drops the torn last line of a killed process", () => {
    const text = ordinaryEvents.map(Jsonl.line).join("").slice(0, -20)

    assert.deepStrictEqual(Result.getOrThrow(Jsonl.parse(text, "e.jsonl")), ordinaryEvents.slice(0, -1))
  })

  it("names the line that is no event", () => {
    const read = Jsonl.parse(`${Jsonl.line(ordinaryEvents[0]!)}{"x":1}\n${Jsonl.line(ordinaryEvents[1]!)}`, "e.jsonl")

    assert.isTrue(Result.isFailure(read))
    if (Result.isFailure(read)) assert.match(read.failure.message, /^e\.jsonl:2 /)
  })
})
