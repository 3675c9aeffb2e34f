import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Testing from "../../../src/testing.ts"

const sets = "data_sets:\n  sets: [{ name: users, data: { a: { id: 1 }, b: { id: 2 } }, unique: [id] }]\n"

it.layer(Testing.layer())("data_sets", (it) => {
  it.effect("are variables, before the variables of the file need them", () =>
    Effect.gen(function*() {
      const { report } = yield* Testing.run(`${sets}vars: { first: "\${users.a.id}" }\nsteps:\n  - assert: first == 1`)

      assert.strictEqual(report.cases[0]!.status, "passed")
    }))

  it.effect("that break a rule fail the case before its first step", () =>
    Effect.gen(function*() {
      const { report } = yield* Testing.run(
        `${sets}  rules: [{ type: range, field: users.b.id, rule: { max: 1 }, message: too large }]\nsteps:\n  - uuid:`
      )

      const [one] = report.cases
      assert.strictEqual(one!.status, "failed")
      assert.isEmpty(one!.steps)
      assert.include(one!.failures[0]!.message, "users.b.id too large")
    }))

  it.effect("are put in place by their own steps and taken away again", () =>
    Effect.gen(function*() {
      const { report } = yield* Testing.run(
        `${sets}  setup: [{ name: put, log: x }]\n  teardown: [{ name: take, log: x }]\nsteps:\n  - { name: main, assert: "false" }`
      )

      assert.deepStrictEqual(report.cases[0]!.steps.map(({ name }) => name), ["put", "main", "take"])
    }))

  it.effect("with mistakes are errors of check, each at its place", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Testing.run(
        "data_sets:\n  sets: [{ name: env, data: 1 }]\n  rules: [{ type: rang, field: x }]\n  other: 1\nsteps:\n  - log: \"${usres}\""
      ))

      for (
        const mistake of [
          "\"env\" cannot be the name",
          "data_sets.0.data",
          "did you mean range?",
          "data_sets has no key \"other\"",
          "nothing sets usres"
        ]
      ) {
        assert.include(error.message, mistake)
      }
    }))
})
