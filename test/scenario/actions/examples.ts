/** A check that an action's examples fit its own definition. The end-to-end tests run them for real. */
import { assert, describe, it } from "@effect/vitest"
import { parse } from "yaml"
import type { Any } from "../../../src/scenario/Action.ts"

/** For each action: every example is YAML with steps, uses the action, and names only inputs that it has. */
export const checkExamples = (actions: ReadonlyArray<Any>) =>
  describe("examples", () => {
    for (const action of actions) {
      it(`of ${action.name} use it with inputs that it has`, () => {
        assert.isAtLeast(action.examples.length, 2)
        for (const example of action.examples) {
          const steps = stepsOf(parse(example.yaml)).filter((step) => Object.hasOwn(step, action.name))
          assert.isNotEmpty(steps, example.title)
          for (const step of steps) {
            const input = step[action.name]
            if (typeof input !== "object" || input === null || Array.isArray(input)) continue
            for (const key of Object.keys(input)) assert.property(action.input.fields, key, example.title)
          }
        }
      })
    }
  })

const stepsOf = (scenario: { readonly steps: ReadonlyArray<Record<string, unknown>> }) => scenario.steps
