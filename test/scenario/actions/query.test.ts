import { assert, describe } from "@effect/vitest"
import { it as plain } from "@effect/vitest"
import { Effect } from "effect"
import type { Value } from "../../../src/core/Value.ts"
import * as WorkerJq from "../../../src/layers/live/WorkerJq.ts"
import { jq, jsonpath, regex, xpath } from "../../../src/scenario/actions/query.ts"
import { processorMillis } from "../../support/processorTime.ts"
import { runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([jq, jsonpath, regex, xpath])

const worker = WorkerJq.layer({ entry: new URL("../../../src/worker.ts", import.meta.url) })

plain.layer(worker, { excludeTestServices: true })("jq", (it) => {
  const rows: ReadonlyArray<readonly [data: Value, query: string, result: Value]> = [
    [{ a: { b: 1 } }, ".a.b", 1],
    [[1, 2], ".[]", [1, 2]],
    [[1], ".[]", 1],
    [null, "empty", null],
    ["{\"a\":1}", "type", "string"],
    ["{\"a\":1}", "fromjson.a", 1]
  ]
  for (const [data, query, result] of rows) {
    it.effect(`${query} of ${JSON.stringify(data)} is ${JSON.stringify(result)}, in both spellings`, () =>
      Effect.gen(function*() {
        assert.deepEqual(yield* runAction(jq, { data, query }), result as never)
        assert.deepEqual(yield* runRobogo(jq, [data, query]), result as never)
      }))
  }

  it.effect("gives a hint when text is asked for fields", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(jq, { data: "{}", query: ".a" }))
      assert.propertyVal(error, "hint", "its input is text: start with fromjson if that is JSON")
    }))
})

describe("xpath", () => {
  plain.effect("answers with the first text or null, or with all", () =>
    Effect.gen(function*() {
      const xml = "<a><b>1</b><b>2</b></a>"
      assert.strictEqual(yield* runRobogo(xpath, [xml, "//b"]), "1")
      assert.isNull(yield* runRobogo(xpath, [xml, "//c"]))
      assert.deepEqual(yield* runRobogo(xpath, [xml, "//b"], { options: { multiple: true } }), ["1", "2"])
      assert.strictEqual(yield* runAction(xpath, { xml, query: "count(//b)" }), 2)
    }))

  plain.effect("refuses a DOCTYPE", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(xpath, { xml: "<!DOCTYPE a><a/>", query: "/a" }))
      assert.propertyVal(error, "reason", "Invalid")
      assert.include(error.message, "DOCTYPE")
    }))
})

describe("regex", () => {
  plain.effect("answers with the match, its groups and where it is", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(regex, { text: "x id=7", pattern: "(?P<key>\\w+)=(\\d)(z)?" }), {
        matched: true,
        match: "id=7",
        index: 2,
        groups: ["id", "7", null],
        named: { key: "id" }
      })
    }))

  plain.effect("does not fail when nothing matches", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(regex, { text: "a", pattern: "b", all: true }), {
        matched: false,
        match: null,
        index: null,
        groups: [],
        named: {},
        matches: []
      })
    }))

  plain.effect("takes flags, and replaces", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* runAction(regex, { text: "ABC", pattern: "b", flags: "i" }), "match", "B")
      assert.propertyVal(
        yield* runAction(regex, { text: "a-b", pattern: "(\\w)", replace: "<$1>" }),
        "result",
        "<a>-<b>"
      )
    }))

  plain.effect(
    "refuses a pattern that is none, with a hint for what linear time leaves out",
    () =>
      Effect.gen(function*() {
        assert.propertyVal(yield* Effect.flip(runAction(regex, { text: "a", pattern: "(" })), "reason", "Invalid")
        assert.property(yield* Effect.flip(runAction(regex, { text: "a", pattern: "(?=a)" })), "hint")
        assert.propertyVal(
          yield* Effect.flip(runAction(regex, { text: "a", pattern: "a", flags: "x" })),
          "reason",
          "Invalid"
        )
      })
  )

  plain.effect("R09 takes linear time for every pattern", () =>
    Effect.gen(function*() {
      const text = `${"a".repeat(50_000)}!`
      for (const pattern of ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "^(a|a)*$", "([a-zA-Z]+)*$", "(\\w*)*1"]) {
        const start = processorMillis()
        yield* Effect.result(runAction(regex, { text, pattern: `${pattern}x`, all: true, replace: "y" }))
        assert.isBelow(processorMillis() - start, 1_500, pattern)
      }
    }))
})
