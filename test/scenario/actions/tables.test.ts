import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { csvParse } from "../../../src/scenario/actions/csv.ts"
import { xmlBuild, xmlParse } from "../../../src/scenario/actions/xml.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([csvParse, xmlBuild, xmlParse])

it.layer(NodeServices.layer)("csv_parse", (it) => {
  const inFolder = Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const root = yield* files.makeTempDirectoryScoped({ prefix: "skein-test-" })
    yield* files.makeDirectory(`${root}/cases`)
    yield* files.writeFileString(`${root}/at-root.csv`, "a,b\n1, x\n")
    yield* files.writeFileString(`${root}/cases/beside.csv`, "a\n2\n")
    return { root, directory: `${root}/cases` }
  })

  it.effect("reads text", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(csvParse, { text: "a,b\n1, x\n2,y\n", max_rows: 1 }), {
        rows: [{ a: "1", b: " x" }],
        headers: ["a", "b"],
        row_count: 1,
        column_count: 2
      })
    }))

  it.effect("answers a Robogo file with that tool's fields", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runRobogo(csvParse, ["a;b\n1; x\n"], { options: { delimiter: ";" } }), {
        rows: [{ a: "1", b: "x" }],
        headers: ["a", "b"],
        row_count: 1,
        column_count: 2,
        has_header: true,
        raw_records: [["a", "b"], ["1", "x"]]
      })
      assert.deepInclude((yield* runRobogo(csvParse, ["1,2\n3,4"], { options: { skip_header: false } })) as object, {
        headers: ["column_0", "column_1"],
        row_count: 2,
        has_header: false
      })
    }))

  it.effect("reads a file beside the scenario; in a Robogo file first one at the root", () =>
    Effect.gen(function*() {
      const folder = yield* inFolder
      assert.propertyVal(yield* runAction(csvParse, { file: "beside.csv" }, folder), "row_count", 1)
      const context = yield* makeContext({ ...folder, robogo: true })
      assert.deepInclude((yield* runRobogo(csvParse, ["at-root.csv"], { context })) as object, { headers: ["a", "b"] })
      assert.deepInclude((yield* runRobogo(csvParse, ["beside.csv"], { context })) as object, { headers: ["a"] })
    }))

  it.effect("refuses a file that is missing, or outside the root", () =>
    Effect.gen(function*() {
      const folder = yield* inFolder
      const context = yield* makeContext({ ...folder, robogo: true })
      assert.propertyVal(yield* Effect.flip(runRobogo(csvParse, ["nosuch.csv"], { context })), "reason", "Unavailable")
      assert.propertyVal(yield* Effect.flip(runAction(csvParse, { file: "/etc/passwd" }, folder)), "reason", "Refused")
      assert.propertyVal(yield* Effect.flip(runAction(csvParse, { file: "../../x.csv" }, folder)), "reason", "Refused")
    }))

  it.effect("refuses a broken table with its line", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(csvParse, { text: "a,b\n1\n" }))
      assert.strictEqual(error.message, "csv_parse: invalid Record Length: expect 2, got 1 on line 2")
      assert.propertyVal(yield* Effect.flip(runAction(csvParse, { text: "a", delimiter: "" })), "reason", "Invalid")
    }))
})

it.effect("xml_parse keeps prefixes, and drops them in a Robogo file", () =>
  Effect.gen(function*() {
    const text = "<s:a><s:b k='1'>x</s:b></s:a>"
    assert.strictEqual(
      JSON.stringify(yield* runAction(xmlParse, { text })),
      "{\"s:a\":{\"s:b\":{\"@attributes\":{\"k\":\"1\"},\"#text\":\"x\"}}}"
    )
    assert.strictEqual(
      JSON.stringify(yield* runRobogo(xmlParse, [text])),
      "{\"a\":{\"b\":{\"@attributes\":{\"k\":\"1\"},\"#text\":\"x\"}}}"
    )
    assert.propertyVal(yield* Effect.flip(runAction(xmlParse, { text: "<!DOCTYPE a><a/>" })), "reason", "Invalid")
  }))

it.effect("xml_build takes the only key for the root, and root in a Robogo file", () =>
  Effect.gen(function*() {
    assert.strictEqual(yield* runAction(xmlBuild, { value: { a: { b: 1 } } }), "<a>\n  <b>1</b>\n</a>\n")
    assert.strictEqual(
      yield* runAction(xmlBuild, { value: { a: [1, 2] } }),
      "<root>\n  <a>1</a>\n  <a>2</a>\n</root>\n"
    )
    assert.strictEqual(
      yield* runAction(xmlBuild, { value: [1, 2] }),
      "<root>\n  <item>1</item>\n  <item>2</item>\n</root>\n"
    )
    assert.strictEqual(yield* runRobogo(xmlBuild, [{ a: 1 }]), "<root>\n  <a>1</a>\n</root>\n")
    assert.strictEqual(
      yield* runRobogo(xmlBuild, ["x", "y"]),
      "<root>\n  <items>x</items>\n  <items>y</items>\n</root>\n"
    )
    assert.strictEqual(
      yield* runRobogo(xmlBuild, [], { options: { root_element: "r", declaration: true, a: "<" } }),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r>\n  <a>&lt;</a>\n</r>\n"
    )
    assert.propertyVal(yield* Effect.flip(runAction(xmlBuild, { value: { "a b": 1 } })), "reason", "Invalid")
  }))
