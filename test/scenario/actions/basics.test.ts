import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Value } from "../../../src/core/Value.ts"
import { assert as assertAction } from "../../../src/scenario/actions/assert.ts"
import { control, skip } from "../../../src/scenario/actions/control.ts"
import { sleep, time } from "../../../src/scenario/actions/time.ts"
import { variable } from "../../../src/scenario/actions/variable.ts"
import { processorMillis } from "../../support/processorTime.ts"
import { condition } from "./condition.ts"
import { runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([assertAction, control, skip, sleep, time, variable])

const that = (texts: ReadonlyArray<string>, message?: string) =>
  runAction(assertAction, {
    that: texts.map((text) => condition(text, { n: 2, name: "Ada" })),
    ...(message === undefined ? {} : { message })
  })

const problems = (...present: ReadonlyArray<string>) => assertAction.validate!(new Set(present), {})

describe("assert", () => {
  it.effect("passes when every expression holds", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* that(["n == 2", "name == 'Ada'"]))
    }))

  it.effect("reports every expression that does not hold, with its values, in one error", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(that(["n == 3", "n == 2", "name == 'Bob'"]))
      assert.strictEqual(error._tag, "ActionError")
      if (error._tag !== "ActionError") return
      assert.strictEqual(error.reason, "Failed")
      assert.strictEqual(error.message, "expected n == 3; name == 'Bob'")
      assert.deepEqual(error.values?.map((part) => part.expression), ["n", "name"])
    }))

  it.effect("says the given message first", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        (yield* Effect.flip(that(["n == 3"], "Wrong number"))).message,
        "Wrong number (expected n == 3)"
      )
    }))

  it.effect("takes nothing but true for true", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(that(["n"]))).message, "expected n (must be true or false)")
    }))

  it.effect("ends as an error, not as failed, when an expression cannot be answered", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* Effect.flip(that(["nosuch == 1"])), "reason", "Invalid")
    }))

  type Row = readonly [actual: Value, op: string, expected: Value | undefined, holds: boolean]
  const natively: ReadonlyArray<Row> = [
    [1, "==", 1, true],
    [1, "==", "1", false],
    [1, "!=", "1", true],
    [[1, { a: 2 }], "==", [1, { a: 2 }], true],
    [3, ">", 2, true],
    ["b", ">=", "c", false],
    ["abc", "contains", "b", true],
    [[1, 2], "contains", 3, false],
    ["abc", "not_contains", "x", true],
    ["abc", "starts_with", "ab", true],
    ["abc", "ends_with", "ab", false],
    ["order 42", "matches", "\\d+$", true],
    ["order", "not_matches", "\\d", true],
    [2, "in", [1, 2], true],
    [[], "empty", undefined, true],
    ["x", "not_empty", undefined, true],
    [10, "%", 5, true],
    [10, "type", "number", true]
  ]
  for (const [actual, op, expected, holds] of natively) {
    it.effect(`${JSON.stringify(actual)} ${op} ${JSON.stringify(expected) ?? ""} ${holds ? "holds" : "fails"}`, () =>
      Effect.gen(function*() {
        const input = { actual, op, ...(expected === undefined ? {} : { expected }) }
        const result = yield* Effect.result(runAction(assertAction, input))
        assert.strictEqual(result._tag, holds ? "Success" : "Failure")
        if (result._tag === "Failure") assert.propertyVal(result.failure, "reason", "Failed")
      }))
  }

  const ofRobogo: ReadonlyArray<readonly [args: ReadonlyArray<Value>, holds: boolean]> = [
    [[true], true],
    [[false], false],
    [["true"], true],
    [["1", "==", 1], true],
    [["a", "=", "a", "same"], true],
    [["a", "<>", "a"], false],
    [["10", ">", "9"], true],
    [[{ a: 1 }, "==", "map[a:1]"], true],
    [["", "empty"], true],
    [["  ", "empty", ""], true],
    [["abc", "starts_with", "a"], true],
    [["abc", "matches", "^a.c$"], true],
    [[10, "%", 3, "==", 1], true],
    [[10, "%", 3, "==", 2, "odd"], false],
    [[null, "==", "<nil>"], true]
  ]
  for (const [args, holds] of ofRobogo) {
    it.effect(`in a Robogo file ${JSON.stringify(args)} ${holds ? "holds" : "fails"}`, () =>
      Effect.gen(function*() {
        const result = yield* Effect.result(runRobogo(assertAction, args))
        assert.strictEqual(result._tag, holds ? "Success" : "Failure")
        if (result._tag === "Failure") assert.propertyVal(result.failure, "reason", "Failed")
      }))
  }

  it.effect("says in a Robogo file what that tool says, the given message last", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runRobogo(assertAction, [404, "==", 200, "wrong status"]))
      assert.strictEqual(error.message, "Assertion failed: 404 == 200 (wrong status)")
    }))

  it.effect("names the operator that was meant", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(assertAction, { actual: "a", op: "contain", expected: "a" }))
      assert.propertyVal(error, "reason", "Invalid")
      assert.propertyVal(error, "hint", "did you mean \"contains\"?")
    }))

  it.effect("is an error for values that have no order", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runAction(assertAction, { actual: "a", op: ">", expected: 1 }))
      assert.propertyVal(error, "reason", "Invalid")
    }))

  it("asks for either expressions or a value", () => {
    assert.isEmpty(problems("that", "message"))
    assert.isEmpty(problems("actual", "op", "expected"))
    assert.lengthOf(problems("that", "actual"), 1)
    assert.lengthOf(problems(), 1)
    assert.lengthOf(problems("that", "op", "expected"), 2)
  })

  it.effect("R09 a pattern takes linear time", () =>
    Effect.gen(function*() {
      const start = processorMillis()
      const actual = `${"a".repeat(50_000)}!`
      yield* Effect.result(runAction(assertAction, { actual, op: "matches", expected: "^(a+)+$" }))
      yield* Effect.result(runRobogo(assertAction, [actual, "not_matches", "^(a|aa)+$"]))
      assert.isBelow(processorMillis() - start, 1_000)
    }))
})

describe("variable", () => {
  it("sets one variable, or several", () => {
    assert.deepEqual({ ...variable.assigns!({ name: "a", value: 1 }) }, { a: 1 })
    assert.deepEqual({ ...variable.assigns!({ set: { a: 1, b: [2] } }) }, { a: 1, b: [2] })
  })

  it("tells the name when the value is not known yet", () => {
    assert.deepEqual(Object.keys(variable.assigns!({ name: "a" })), ["a"])
  })

  it.effect("answers with the value", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(variable, { name: "a", value: { b: 1 } }), { b: 1 })
      assert.deepEqual(yield* runAction(variable, { set: { a: 1 } }), { a: 1 })
      assert.strictEqual(yield* runRobogo(variable, ["a", 7]), 7)
      assert.strictEqual(yield* runRobogo(variable, ["set_variable", "a", 7]), 7)
      assert.strictEqual(yield* runRobogo(variable, ["set", "a", 1, "b"]), "1 b")
    }))
})

describe("skip", () => {
  it.effect("ends the case with its reason", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(runRobogo(skip, ["not today"]))
      assert.propertyVal(error, "reason", "Skipped")
      assert.strictEqual(error.message, "not today")
    }))
})

describe("control", () => {
  const rows: ReadonlyArray<readonly [kind: string, condition: string, value: Value]> = [
    ["if", "n > 1", true],
    ["while", "n > 2", false],
    ["for", "3", 3],
    ["for", "[1, 2]", 2]
  ]
  for (const [kind, text, value] of rows) {
    it.effect(`${kind} ${text} is ${String(value)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* runAction(control, { kind, condition: condition(text, { n: 2 }) }), value)
      }))
  }
})

describe("time", () => {
  const at = "2024-03-05T07:08:09.120Z"
  const rows: ReadonlyArray<readonly [input: Record<string, Value>, value: Value]> = [
    [{}, "2024-03-05T07:08:09Z"],
    [{ format: "iso_date" }, "2024-03-05"],
    [{ format: "iso_time" }, "07:08:09"],
    [{ format: "datetime" }, "2024-03-05 07:08:09"],
    [{ format: "timestamp" }, "20240305070809"],
    [{ format: "unix" }, 1_709_622_489],
    [{ format: "unix_ms" }, 1_709_622_489_120],
    [{ format: "rfc1123" }, "Tue, 05 Mar 2024 07:08:09 UTC"],
    [{ format: "yyyy/MM/dd HH:mm:ss.SSS" }, "2024/03/05 07:08:09.120"],
    [{ format: "Monday, January 2 2006, 3:04:05.000 PM" }, "Tuesday, March 5 2024, 7:08:09.120 AM"],
    [{ format: "2006-01-02T15:04:05.999Z07:00" }, "2024-03-05T07:08:09.12Z"],
    [{ format: "_2/1/06 002 -0700" }, " 5/3/24 065 +0000"],
    [{ offset: "+1h30m" }, "2024-03-05T08:38:09Z"],
    [{ offset: "-2d" }, "2024-03-03T07:08:09Z"],
    [{ zone: "Europe/Berlin" }, "2024-03-05T08:08:09+01:00"],
    [{ zone: "+05:30", format: "15:04 -07" }, "12:38 +05"],
    [{ at: 0, format: "date" }, "1970-01-01"]
  ]
  for (const [input, value] of rows) {
    it.effect(`${JSON.stringify(input)} is ${String(value)}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* runAction(time, { at, ...input }), value)
      }))
  }

  it.effect("is the run's clock", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(86_400_000)
      assert.strictEqual(yield* runAction(time, { format: "unix" }), 86_400)
    }))

  const ofRobogo: ReadonlyArray<readonly [args: ReadonlyArray<Value>, name: string, value: string]> = [
    [["2006-01-02"], "time", "1970-01-02"],
    [["Unix"], "time", "86400"],
    [["unix_ms"], "get_time", "86400000"],
    [["iso_date", "UTC"], "get_time", "1970-01-02"],
    [["now+1d", "date"], "get_time", "1970-01-03"],
    [["date", "now-2d", "UTC"], "get_time", "1969-12-31"]
  ]
  for (const [args, name, value] of ofRobogo) {
    it.effect(`in a Robogo file ${name} ${JSON.stringify(args)} is ${value}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(86_400_000)
        assert.strictEqual(yield* runRobogo(time, args, { name, options: { zone: "UTC" } }), value)
      }))
  }

  it.effect("refuses an unknown zone, offset or moment", () =>
    Effect.gen(function*() {
      for (const input of [{ zone: "Mars/Base" }, { offset: "1 parsec" }, { at: "yesterday" }]) {
        assert.propertyVal(yield* Effect.flip(runAction(time, input)), "reason", "Invalid")
      }
    }))
})

describe("sleep", () => {
  it.effect("waits by the run's clock", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(runAction(sleep, { duration: "1m30s" }))
      yield* TestClock.adjust("89 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepEqual(yield* Fiber.join(fiber), { duration: "1m 30s", duration_ms: 90_000 })
    }))

  it.effect("tells a Robogo file the duration as Go writes it", () =>
    Effect.gen(function*() {
      const texts: ReadonlyArray<readonly [Value, string]> = [
        ["90s", "1m30s"],
        [0.5, "500ms"],
        ["2h", "2h0m0s"],
        ["1.5s", "1.5s"],
        [0, "0s"]
      ]
      for (const [duration, text] of texts) {
        const fiber = yield* Effect.forkChild(runRobogo(sleep, [duration]))
        yield* TestClock.adjust("3 hours")
        assert.propertyVal(yield* Fiber.join(fiber), "duration_parsed", text)
      }
    }))
})
