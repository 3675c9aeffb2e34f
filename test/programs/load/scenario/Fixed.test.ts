/** What of a scenario is made once for all iterations. To take for fixed what is not would send the wrong request; not to see it is only slow. */
import { assert, describe, it } from "@effect/vitest"
import * as Fixed from "../../../../src/programs/load/scenario/Fixed.ts"
import { builtin } from "../../../../src/scenario/actions/builtin.ts"
import * as Code from "../../../../src/scenario/compile/Code.ts"
import * as Compile from "../../../../src/scenario/compile/Compile.ts"
import type { CompiledStep } from "../../../../src/scenario/compile/Compiled.ts"
import * as Load from "../../../../src/scenario/read/Load.ts"
import * as Node from "../../../../src/scenario/read/Node.ts"

const code = (text: string): Code.Code =>
  Code.template(Node.fromValue(text, { source: { path: "", text }, start: 0, end: 0 }), "native", [])

const stepsOf = (steps: string): ReadonlyArray<CompiledStep> => {
  const names = builtin.map(({ name }) => name)
  const notes = { problems: [] }
  const scenario = Load.parse({ path: "a.yaml", text: `vars: { token: x }\nsteps:\n${steps}` }, names, notes)
  if (scenario?._tag !== "Scenario") throw new Error("no scenario")
  const options = { actions: builtin, variables: [], secrets: [], connections: [] }
  return Compile.scenario(scenario, "/", options, []).steps
}

const value = (text: string, steps: string) =>
  Fixed.make({
    environment: { HOST: "shop.test" },
    secrets: { key: "k" },
    mocks: new Map([["api", () => ({ url: "http://127.0.0.1:1", calls: [] })]]),
    variables: [
      { name: "base", code: code("${mocks.api.url}/v1") },
      { name: "token", code: code("t-${secrets.key}") },
      { name: "id", code: code("${uuid()}") },
      { name: "sku", code: code("${row.sku}") },
      { name: "a", code: code("${b}") },
      { name: "b", code: code("${a}") }
    ],
    values: { given: 7 },
    steps: stepsOf(steps)
  })(code(text))

/** A step that sets nothing. */
const any = "  - log: x"

describe("Fixed", () => {
  const fixed: ReadonlyArray<readonly [text: string, value: unknown, because: string]> = [
    ["plain", "plain", "there is nothing in it"],
    ["${env.HOST}", "shop.test", "the environment stays"],
    ["${base}/orders", "http://127.0.0.1:1/v1/orders", "the address of a mock stays"],
    ["Bearer ${token}", "Bearer t-k", "a variable of a secret"],
    ["${given + 1}", 8, "it was given from outside"]
  ]
  it.each(fixed)("%s is %j: %s", (text, wanted) => {
    assert.deepStrictEqual(value(text, any), wanted)
  })

  const differing: ReadonlyArray<readonly [text: string, because: string, steps: string]> = [
    ["${id}", "it is made by chance", any],
    ["${now()}", "it is the time", any],
    ["${sku}", "it is of the row", any],
    ["${row.sku}", "it is the row", any],
    ["${index} ${vu} ${iteration}", "it is of the iteration", any],
    ["${size(mocks.api.calls)}", "calls of a mock grow", any],
    ["${vars.base}", "all variables are read", any],
    ["${steps.one.status}", "it is of a step", any],
    ["${a}", "it needs itself", any],
    ["${nobody}", "nobody sets it", any],
    ["${token}", "a step saves it", "  - { log: x, save: { token: \"'y'\" } }"],
    ["${token}", "a step in a group saves it", "  - steps: [{ log: x, save: { token: \"'y'\" } }]"],
    ["${token}", "a step sets it", "  - variable: { name: token, value: 1 }"],
    ["${token}", "steps set what cannot be seen", "  - data_set: { name: any }"]
  ]
  it.each(differing)("%s is not: %s", (text, _because, steps) => {
    assert.isUndefined(value(text, steps))
  })
})
