import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { dataSet } from "../../../src/scenario/actions/data_set.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"
import { runExamples } from "./examples.ts"

runExamples([dataSet])

const settings = {
  data_management: {
    data_sets: [{ name: "users", data: { ada: { mail: "ada@x.test" } } }],
    validation: [{ type: "format", field: "users.*.mail", rule: "email" }]
  },
  environments: [{ name: "staging", variables: { base: "http://s" }, overrides: { "users.ada.mail": "nobody" } }]
}

describe("data_set", () => {
  it.effect("makes up records by pattern and by fields", () =>
    Effect.gen(function*() {
      assert.deepEqual(yield* runAction(dataSet, { operation: "generate", pattern: "u{index}", count: 2 }), {
        count: 2,
        data: [{ generated: "u0" }, { generated: "u1" }]
      })
      const output = yield* runAction(dataSet, { operation: "generate", fields: { id: "{index}", n: 1 }, count: 1 })
      assert.strictEqual(JSON.stringify(output), "{\"count\":1,\"data\":[{\"id\":\"0\",\"n\":1}]}")
      for (const input of [{ count: 10_001, pattern: "x" }, { fields: { a: "person.nosuch" } }]) {
        assert.propertyVal(
          yield* Effect.flip(runAction(dataSet, { operation: "generate", ...input })),
          "reason",
          "Invalid"
        )
      }
    }))

  it.effect("fails with every broken rule, or reports them when told", () =>
    Effect.gen(function*() {
      const input = {
        operation: "validate",
        data: { a: 1, b: "x" },
        rules: [{ type: "range", field: "a", rule: [2, 3] }, { type: "length", field: "b", rule: { min: 2 } }]
      }
      const error = yield* Effect.flip(runAction(dataSet, input))
      assert.propertyVal(error, "reason", "Failed")
      assert.strictEqual(error.message, "the data breaks 2 of its rules: a 1 is below 2; b its length 1 is below 2")
      const reported = yield* runAction(dataSet, { ...input, fail: false })
      assert.propertyVal(reported, "valid", false)
    }))

  it.effect("checks the variables by the rules of the case", () =>
    Effect.gen(function*() {
      const variables = { users: { ada: { mail: "nobody" } } }
      const error = yield* Effect.flip(runAction(dataSet, { operation: "validate" }, { settings, variables }))
      assert.include(error.message, "users.ada.mail \"nobody\" is no email")
    }))

  it.effect("loads a set of the case, and sets its variable", () =>
    Effect.gen(function*() {
      const input = { operation: "load", name: "users" }
      const output = yield* runAction(dataSet, input, { settings })
      assert.deepEqual(JSON.parse(JSON.stringify(dataSet.assigns!(input, output))), {
        users: { ada: { mail: "ada@x.test" } }
      })
      assert.deepEqual(Object.keys(dataSet.assigns!(input)), ["users"])
      const error = yield* Effect.flip(runAction(dataSet, { ...input, name: "user" }, { settings }))
      assert.propertyVal(error, "hint", "The case has users, env")
    }))

  it.effect("switches to an environment of the case, and sets what that changes", () =>
    Effect.gen(function*() {
      const input = { operation: "environment", name: "staging" }
      const assigned = dataSet.assigns!(input, yield* runAction(dataSet, input, { settings }))
      assert.propertyVal(assigned, "base", "http://s")
      assert.deepEqual(JSON.parse(JSON.stringify(assigned["users"])), { ada: { mail: "nobody" } })
      const error = yield* Effect.flip(runAction(dataSet, { ...input, name: "prod" }, { settings }))
      assert.strictEqual(error.message, "data_set: there is no environment \"prod\"")
    }))

  it.effect("answers a Robogo file's tdm with JSON text, and really does what that tool only announced", () =>
    Effect.gen(function*() {
      const context = yield* makeContext({
        robogo: true,
        settings,
        variables: { users: { ada: { mail: "a@x.test" } } }
      })
      const tdm = (...args: ReadonlyArray<string>) => runRobogo(dataSet, args, { context, name: "tdm" })
      assert.strictEqual(
        yield* tdm("generate", "u_{index}", "2"),
        "{\"operation\":\"generate\",\"pattern\":\"u_{index}\",\"count\":2,\"data\":[{\"generated\":\"u_0\"},{\"generated\":\"u_1\"}],\"status\":\"success\"}"
      )
      assert.include(String(yield* tdm("validate")), "\"valid\":true")
      assert.include(
        String(yield* tdm("load_dataset", "users")),
        "\"operation\":\"load_dataset\""
      )
      assert.include(
        String(yield* tdm("set_environment", "staging")),
        "\"base\":\"http://s\""
      )
    }))
})
