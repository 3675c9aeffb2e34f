import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Result, Schema } from "effect"
import { SaxesParser } from "saxes"
import * as HdrHistogram from "../../../../src/core/HdrHistogram.ts"
import { LoadResult } from "../../../../src/programs/load/LoadResult.ts"
import * as Csv from "../../../../src/programs/load/report/Csv.ts"
import * as Formats from "../../../../src/programs/load/report/Formats.ts"
import * as HdrLog from "../../../../src/programs/load/report/HdrLog.ts"
import * as Json from "../../../../src/programs/load/report/Json.ts"
import * as Junit from "../../../../src/programs/load/report/Junit.ts"
import * as Markdown from "../../../../src/programs/load/report/Markdown.ts"
import * as Prometheus from "../../../../src/programs/load/report/Prometheus.ts"
import { hostileTexts } from "../../report/hostile.ts"
import { bad, closed, good, invalid, searched, withTexts } from "../results.ts"

const all = { searched, good, bad, closed, invalid, hostile: withTexts(bad, hostileTexts) }

const xmlElements = (xml: string) => {
  const elements: Array<{ readonly name: string; readonly attributes: Readonly<Record<string, string>> }> = []
  const parser = new SaxesParser()
  parser.on("error", (error) => assert.fail(error.message))
  parser.on("opentag", ({ attributes, name }) => elements.push({ name, attributes }))
  parser.write(xml).close()
  return elements
}

describe("the JSON of a load run", () => {
  it("fits its published schema, and reads back as it was", () => {
    const validate = new Ajv2020({ strict: false }).compile(Json.schema())
    for (const [name, result] of Object.entries(all)) {
      const json: unknown = JSON.parse(Json.write(result))

      assert.isTrue(validate(json), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`)
      assert.deepStrictEqual(Schema.decodeUnknownSync(LoadResult)(json), result)
      // Written before times were kept by status.
      const { by_status_ms: _, ...older } = json as Readonly<Record<string, unknown>>
      assert.deepStrictEqual(Schema.decodeUnknownSync(LoadResult)(older).by_status_ms, {})
    }
    assert.isFalse(validate({ ...good, model: "both" }))
    assert.isFalse(validate({ ...good, latency_ms: { ...good.latency_ms, p99: "3ms" } }))
  })
})

describe("the CSV of a load run", () => {
  it("has a row per second, all of the same columns", () => {
    const [head = "", ...rows] = Csv.write(bad).trimEnd().split("\r\n")

    assert.lengthOf(rows, bad.seconds.length)
    const columns = head.split(",")
    for (const row of rows) assert.lengthOf(row.split(","), columns.length)
    const sum = (name: string) => rows.reduce((sum, row) => sum + Number(row.split(",")[columns.indexOf(name)]), 0)
    assert.strictEqual(sum("completed"), bad.requests.total)
    assert.strictEqual(sum("dropped"), bad.iterations.dropped)
  })
})

describe("the JUnit XML of a load run", () => {
  const counts = (name: keyof typeof all) => {
    const elements = xmlElements(Junit.write(all[name]))
    const suite = elements.find((one) => one.name === "testsuite")!
    const count = (name: string) => elements.filter((one) => one.name === name).length
    assert.strictEqual(Number(suite.attributes["tests"]), count("testcase"))
    assert.strictEqual(Number(suite.attributes["failures"]), count("failure"))
    assert.strictEqual(Number(suite.attributes["errors"]), count("error"))
    return [count("testcase"), count("failure"), count("error")]
  }

  it("has a case per threshold, and one for whether the figures can be believed", () => {
    assert.deepStrictEqual(counts("good"), [4, 0, 0])
    assert.deepStrictEqual(counts("bad"), [4, 2, 0])
    assert.deepStrictEqual(counts("closed"), [1, 0, 0])
    assert.deepStrictEqual(counts("invalid"), [4, 0, 1])
  })

  it("says by how much a threshold is not met", () => {
    const failures = xmlElements(Junit.write(bad)).filter(({ name }) => name === "failure")

    assert.deepStrictEqual(failures.map(({ attributes }) => attributes["message"]), [
      "1.9%, 0.88 points too high",
      "405ms in the worst 10s, 305ms too high (4.05 times the limit)"
    ])
  })

  it("R17 stays well formed whatever texts are in it", () => {
    assert.deepStrictEqual(counts("hostile").slice(0, 2), [4, 2])
  })
})

describe("the Prometheus text of a load run", () => {
  const sample = /^skein_load_[a-z_]+\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\} -?[\d.e+-]+$/

  it("R17 has one sample a line, each metric told once and in one block", () => {
    for (const result of Object.values(all)) {
      const lines = Prometheus.write(result).trimEnd().split("\n")

      for (const line of lines.filter((line) => !line.startsWith("#"))) assert.match(line, sample)
      const told = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2])
      assert.strictEqual(new Set(told).size, told.length)
    }
  })

  it("gives times in seconds", () => {
    const text = Prometheus.write(good)

    assert.include(text, `skein_load_response_seconds{test="Checkout",quantile="0.5"} ${good.latency_ms.p50 / 1000}\n`)
    assert.include(text, `skein_load_response_seconds_count{test="Checkout"} ${good.requests.total}\n`)
  })
})

describe("the Markdown of a load run", () => {
  it("says what failed, by how much, and what came back instead", () => {
    const text = Markdown.write(bad)

    assert.include(text, "## ❌ Checkout: failed&#58; 2 of 3 thresholds do not hold")
    assert.match(text, /\| errors\.rate &#60; 1% \| ❌ \| 1\.9% \| 0\.88 points too high \|/)
    assert.match(text, /\| status 503 \| 224 \|/)
  })

  it("R17 lets no text break a table or become markup", () => {
    for (const line of Markdown.write(all.hostile).split("\n").filter((line) => line.startsWith("|"))) {
      assert.match(line, /\|$/)
    }
    assert.notMatch(Markdown.write(all.hostile), /<(?!\/?b>)[a-z]/i)
  })
})

describe("the HdrHistogram log of a load run", () => {
  it.effect("has the whole run to three digits, and its seconds", () =>
    Effect.gen(function*() {
      const lines = (yield* HdrLog.write(bad)).trimEnd().split("\n")
      const intervals = lines.filter((line) => /^\d/.test(line))
      const response = lines.find((line) => line.startsWith("Tag=response,"))!

      assert.strictEqual(lines[0], "#[Histogram log format version 1.3]")
      assert.lengthOf(intervals, bad.seconds.length)
      const whole = yield* HdrHistogram.decode(response.split(",").at(-1)!)
      assert.strictEqual(whole.count, bad.latency_ms.count)
      let sum = 0
      for (const line of intervals) sum += (yield* HdrHistogram.decode(line.split(",").at(-1)!)).count
      assert.strictEqual(sum, bad.latency_ms.count)
      const first = yield* HdrHistogram.decode(intervals[0]!.split(",").at(-1)!)
      assert.closeTo(first.quantile(0.99) / 10_000, bad.seconds[0]!.p99, bad.seconds[0]!.p99 / 100)
    }))
})

const read = (text: string) => Result.getOrThrow(Formats.parseReportFlag(text))
const why = (text: string) => Result.getOrThrow(Result.flip(Formats.parseReportFlag(text)))

describe("--report of a load run", () => {
  it("knows a format by the extension of the file, or by its name", () => {
    assert.deepStrictEqual(read("out/a.csv"), { format: "csv", path: "out/a.csv" })
    assert.deepStrictEqual(read("junit=report"), { format: "junit", path: "report" })
    assert.deepStrictEqual(read("a=b.XML"), { format: "junit", path: "a=b.XML" })
    assert.deepStrictEqual(read("markdown=-"), { format: "markdown", path: "-" })
  })

  it("says what it knows when it knows not", () => {
    assert.match(why("out.pdf"), /^--report out\.pdf: that is no report format\. Known: json \(\.json\), html/)
    assert.strictEqual(why("csv"), "--report csv: no file is named. Write --report report.csv")
  })
})
