import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as WorkerJq from "../../../src/layers/live/WorkerJq.ts"
import * as Extract from "../../../src/scenario/run/Extract.ts"
import { processorMillis } from "../../support/processorTime.ts"

const jq = WorkerJq.layer({ entry: new URL("../../../src/worker.ts", import.meta.url) })

const people = "name,age,city\nAda,36,London\nAlan,41,Wilmslow\nGrace,85,\"New York, NY\"\n"
const answer: Value = { status: 200, headers: { etag: "x" }, body: { items: [{ id: 1 }, { id: 2 }], next: null } }
const robogoAnswer: Value = { status_code: 200, headers: { Etag: ["x"] }, body: "<a><b>1</b><b>2</b></a>" }

const take = (spec: unknown, output: Value) =>
  Extract.extract(spec, output).pipe(Effect.catch((error) => Effect.succeed(`! ${error.reason}: ${error.message}`)))

type Row = readonly [spec: unknown, output: Value, part: Value, because: string]

const native: ReadonlyArray<Row> = [
  [{ jq: ".items[0].id" }, answer, 1, "jq looks at the body of an answer"],
  [{ jq: ".items[].id" }, answer, [1, 2], "several results are a list"],
  [{ jq: ".nosuch" }, answer, null, "jq's null is null"],
  [{ jq: "empty" }, answer, null, "no result is null"],
  [{ jsonpath: "$.items[0].id" }, answer, 1, "a JSONPath of names is a value"],
  [{ jsonpath: "$.items[*].id" }, answer, [1, 2], "any other JSONPath is a list"],
  [{ jsonpath: "$.a" }, { a: [1] }, [1], "other outputs are looked at whole"],
  [{ jsonpath: "$.a" }, { content: { a: 7 }, file_path: "a.json" }, 7, "a file's content is looked at"],
  [{ xpath: "//b" }, robogoAnswer, "1", "XPath takes the first"],
  [{ xpath: "//b", multiple: true }, robogoAnswer, ["1", "2"], "XPath takes all"],
  [{ xpath: "//c" }, robogoAnswer, null, "XPath finds nothing"],
  [{ xpath: "//x:b", namespaces: { x: "u" } }, "<b xmlns='u'>1</b>", "1", "XPath by namespace"],
  [{ regex: "id=(\\d+)" }, "id=42", "42", "the first group is the default"],
  [{ regex: "id=\\d+" }, "id=42", "id=42", "without groups it is the match"],
  [{ regex: "(?P<k>\\w+)=(\\d+)", group: "k" }, "id=42", "id", "a named group"],
  [{ regex: "(\\w+)=(\\d+)", group: 0 }, "id=42", "id=42", "group 0 is the match"],
  [{ regex: "(\\w+)=(\\d+)", group: "2" }, "id=42", "42", "a number written as text"],
  [{ regex: "(\\d)", multiple: true }, "a1b2", ["1", "2"], "all matches"],
  [{ regex: "a(b)?" }, "a", "", "a group that took no part is empty"],
  [{ regex: "\"id\":2" }, answer, "\"id\":2", "a pattern searches the JSON of the body"],
  [{ csv: { row: 0, column: "name" } }, people, "Ada", "a cell by name"],
  [{ csv: { row: -1, column: 2 } }, people, "New York, NY", "a cell by numbers, from the end"],
  [{ csv: { row: 1 } }, people, { name: "Alan", age: "41", city: "Wilmslow" }, "a row"],
  [{ csv: { column: "age" } }, people, ["36", "41", "85"], "a column"],
  [{ csv: { filter: "age > 40", column: "name" } }, people, ["Alan", "Grace"], "numbers are compared as numbers"],
  [{ csv: { filter: "city == New York, NY", row: 0, column: "name" } }, people, "Grace", "a value may have spaces"],
  [{ csv: { filter: "name contains A" } }, "name\nAda\nBob", [{ name: "Ada" }], "rows by a filter"],
  [{ csv: {} }, "a;b\n1;2", [{ "a;b": "1;2" }], "all rows"],
  [{ csv: { delimiter: ";", row: 0, column: "b" } }, "a;b\n1;2", "2", "another delimiter"],
  [{ csv: { row: 0, column: "a" } }, [{ a: 7 }], 7, "rows that were read before keep their kinds"],
  [{ csv: { row: 0, column: "a" } }, { rows: [{ a: "7" }], row_count: 1 }, "7", "the answer of csv_parse"],
  [{ csv: { column: "1" } }, "1,a\nx,y", ["x"], "a column called by a number comes before the number"]
]

const robogo: ReadonlyArray<Row> = [
  [{ type: "jq", path: ".status_code" }, robogoAnswer, 200, "jq looks at the whole result"],
  [{ type: "jq", path: ".body | length" }, robogoAnswer, 23, "a body stays text"],
  [{ type: "jsonpath", path: "$.status_code" }, robogoAnswer, 200, "JSONPath looks at the whole result"],
  [{ type: "xpath", path: "//b" }, robogoAnswer, "1", "XPath looks at the body"],
  [{ type: "regex", path: "status_code:(\\d+)" }, robogoAnswer, "200", "a pattern searches what Go writes"],
  [{ type: "regex", path: "<b>(\\d)</b>", group: 0 }, robogoAnswer, "1", "group 0 is group 1"],
  [{ type: "csv", row: 0, column: "name" }, people, "Ada", "a cell"],
  [{ type: "csv", column: "1" }, "a, b\n1, 2", ["2"], "spaces go"],
  [{ type: "csv", filter: "age > 40", has_header: false }, { content: [{ age: "41" }], file_path: "p.csv" }, [{
    age: "41"
  }], "file_read"]
]

const refused: ReadonlyArray<readonly [spec: unknown, output: Value, message: string]> = [
  [{}, 1, "! Invalid: extract: it names one of jq, jsonpath, xpath, regex or csv"],
  [{ jq: ".a", regex: "b" }, 1, "! Invalid: extract"],
  [{ yq: ".a" }, 1, "! Invalid: extract: it names one of jq"],
  ["text", 1, "! Invalid: extract: it names one of jq"],
  [{ type: "yq", path: "a" }, 1, "! Invalid: extract: there is no type \"yq\""],
  [{ type: "jq" }, 1, "! Invalid: extract of type jq: it needs a path"],
  [{ jq: ".a.b" }, { a: 1 }, "! Invalid: jq \".a.b\": Cannot index number with string \"b\""],
  [{ jq: ".a |" }, 1, "! Invalid: jq \".a |\": syntax error"],
  [{ jsonpath: "a" }, 1, "! Invalid: jsonpath \"a\": expected '$'"],
  [{ xpath: "//a[" }, "<a/>", "! Invalid: xpath \"//a[\": XPST0003"],
  [{ xpath: "//a" }, "{}", "! Invalid: xpath \"//a\": the document is not well-formed XML: 1:"],
  [{ regex: "(" }, "", "! Invalid: regex \"(\": \"(\" is no pattern"],
  [{ regex: "x" }, "abc", "! Invalid: regex \"x\": there is no match in \"abc\""],
  [{ regex: "(a)", group: 2 }, "abc", "! Invalid: regex \"(a)\": it has no group 2"],
  [{ regex: "(a)", group: "n" }, "abc", "! Invalid: regex \"(a)\": it has no group n"],
  [{ csv: { row: 9 } }, people, "! Invalid: csv: there is no row 9; there are 3"],
  [{ csv: { column: "nosuch" } }, people, "! Invalid: csv: there is no column nosuch; there are name, age, city"],
  [{ csv: { column: "3" } }, people, "! Invalid: csv: there is no column 3"],
  [{ csv: { filter: "age" } }, people, "! Invalid: csv: the filter \"age\" is not: column operator value"],
  [{ csv: { filter: "age ~ 3" } }, people, "! Invalid: csv: the filter has no operator ~"],
  [{ csv: { filter: "size > 3" } }, people, "! Invalid: csv: the filter names no column: size"],
  [{ csv: {} }, 5, "! Invalid: csv: it takes text or a list of records, found number"],
  [{ csv: {} }, "a,b\n1", "! Invalid: csv: invalid Record Length"]
]

it.layer(jq, { excludeTestServices: true })("Extract", (it) => {
  describe("in skein's spelling", () => {
    for (const [spec, output, part, because] of native) {
      it.effect(`${because}: ${JSON.stringify(spec)}`, () =>
        Effect.gen(function*() {
          assert.deepEqual(yield* take(spec, output), part as never)
        }))
    }
  })

  describe("in Robogo's spelling", () => {
    for (const [spec, output, part, because] of robogo) {
      it.effect(`${because}: ${JSON.stringify(spec)}`, () =>
        Effect.gen(function*() {
          assert.deepEqual(yield* take(spec, output), part as never)
        }))
    }
  })

  it.effect("says what is wrong with a spec, and what was not there", () =>
    Effect.gen(function*() {
      for (const [spec, output, message] of refused) {
        const found = yield* take(spec, output)
        assert.isTrue(String(found).startsWith(message), `${JSON.stringify(spec)}: ${String(found)}`)
      }
    }))

  it.effect("R09 a pattern takes linear time on a long text", () =>
    Effect.gen(function*() {
      const start = processorMillis()
      yield* take({ regex: "(a+)+$" }, `${"a".repeat(50_000)}!`)
      yield* take({ regex: "^(a|aa)+$", multiple: true }, `${"a".repeat(50_000)}!`)
      assert.isBelow(processorMillis() - start, 1_000)
    }))
})
