/** Runs the examples of actions for real, with the actions that a scenario may need beside them. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as UndiciHttpClient from "../../../src/layers/live/UndiciHttpClient.ts"
import * as WorkerJq from "../../../src/layers/live/WorkerJq.ts"
import type { Any } from "../../../src/scenario/Action.ts"
import { assert as assertAction } from "../../../src/scenario/actions/assert.ts"
import { fileRead, fileWrite } from "../../../src/scenario/actions/files.ts"
import { log } from "../../../src/scenario/actions/log.ts"
import { variable } from "../../../src/scenario/actions/variable.ts"
import * as Scenarios from "../../support/runScenarios.ts"

const beside = [assertAction, fileRead, fileWrite, log, variable]

const layer = Layer.mergeAll(
  Scenarios.layer,
  UndiciHttpClient.layer(),
  WorkerJq.layer({ entry: new URL("../../../src/worker.ts", import.meta.url) })
)

/** One test per action: it has two examples or more, each uses it, and each passes (or is skipped, for `skip`). */
export const runExamples = (actions: ReadonlyArray<Any>) =>
  it.layer(layer, { excludeTestServices: true })("examples", (it) => {
    for (const action of actions) {
      it.effect(`of ${action.name} pass`, () =>
        Effect.gen(function*() {
          assert.isAtLeast(action.examples.length, 2)
          const all = [...actions, ...beside.filter((one) => !actions.some((other) => other.name === one.name))]
          for (const example of action.examples) {
            assert.include(example.yaml, action.name)
            const { report } = yield* Scenarios.run({ "example.yaml": `name: Example\n${example.yaml}` }, all)
            const one = report.cases[0]!
            const why = JSON.stringify([example.title, one.failures, one.steps.map((step) => step.failures)])
            assert.strictEqual(one.status, action.name === "skip" ? "skipped" : "passed", why)
          }
        }))
    }
  })
