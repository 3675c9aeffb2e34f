import { assert, describe, it } from "@effect/vitest"
import type { Load } from "../../../src/programs/load/Plan.ts"
import * as ScenarioPlan from "../../../src/programs/load/ScenarioPlan.ts"
import type { LoadSettings } from "../../../src/scenario/LoadSettings.ts"

const source = (name: string, load?: LoadSettings): ScenarioPlan.Source => ({ name, file: `${name}.yaml`, load })
const shown = ({ executor, work }: Load) => [
  executor.type,
  ...work.type === "scenario" ? work.mix.map(({ file, weight }) => `${file} ${weight}`) : []
]

describe("ScenarioPlan", () => {
  const files = [source("A", { weight: 3 }), source("B", { rate: 5 }), source("C"), source("D", { iterations: 2 })]

  it("lets scenarios that say how they are started stand alone, and mixes the others as the configuration says", () => {
    const { loads } = ScenarioPlan.make(files, {}, { vus: 4 })

    assert.deepStrictEqual(loads.map(shown), [
      ["constant-arrival-rate", "B.yaml 1"],
      ["shared-iterations", "D.yaml 1"],
      ["constant-vus", "A.yaml 3", "C.yaml 1"]
    ])
  })

  it("mixes all of them when flags say how they are started", () => {
    const { loads } = ScenarioPlan.make(files, { rate: 50 }, {})

    assert.deepStrictEqual(loads.map(shown), [
      ["constant-arrival-rate", "A.yaml 3", "B.yaml 1", "C.yaml 1", "D.yaml 1"]
    ])
  })

  it("takes the thresholds of all, each once, and the longest times", () => {
    const one = { expression: "http.p95 < 1s", abort: false, delayMillis: 0 }
    const plan = ScenarioPlan.make(
      [source("A", { thresholds: [one], warmupMillis: 5 }), source("B", { thresholds: [one] })],
      { gracefulStopMillis: 9 },
      { thresholds: [{ ...one, abort: true }] }
    )

    assert.deepStrictEqual(plan.thresholds, [one])
    assert.deepInclude(plan, { warmupMillis: 5, gracefulStopMillis: 9, seed: undefined })
  })
})
