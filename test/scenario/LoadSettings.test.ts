import { assert, describe, it } from "@effect/vitest"
import type { Executor } from "../../src/scenario/LoadBlock.ts"
import * as LoadSettings from "../../src/scenario/LoadSettings.ts"

const executor = (...layers: ReadonlyArray<LoadSettings.LoadSettings>): Executor =>
  LoadSettings.resolve(layers).executor

describe("LoadSettings", () => {
  const meant: ReadonlyArray<readonly [LoadSettings.LoadSettings, Executor["type"], string]> = [
    [{}, "constant-arrival-rate", "open is the default"],
    [{ rate: 5, vus: 2 }, "constant-arrival-rate", "a rate is open, with a bound on users"],
    [{ vus: 2 }, "constant-vus", "only users are counted"],
    [{ iterations: 7 }, "shared-iterations", "only iterations are counted"],
    [{ stages: [] }, "ramping-arrival-rate", "stages are of rates unless told otherwise"],
    [{ to: 100 }, "breakpoint", "a search has an end"],
    [{ executor: "ramping-vus", stages: [] }, "ramping-vus", "told"]
  ]
  it.each(meant)("%j means %s, since %s", (settings, type) => {
    assert.strictEqual(executor(settings).type, type)
  })

  it("makes lines of stages: a hold elsewhere is a jump, one without a target stays", () => {
    const stages = [
      { target: 100, holds: false, millis: 1_000 },
      { target: undefined, holds: true, millis: 2_000 },
      { target: 300, holds: true, millis: 3_000 }
    ]

    assert.deepStrictEqual(executor({ stages }), {
      type: "ramping-arrival-rate",
      startRate: 0,
      stages: [
        { to: 100, millis: 1_000 },
        { to: 100, millis: 2_000 },
        { to: 300, millis: 0 },
        { to: 300, millis: 3_000 }
      ],
      arrivals: "even",
      vus: 500,
      queue: 3_000
    })
  })

  it("begins with the first hold, unless told where", () => {
    const stages = [{ target: 50, holds: true, millis: 1_000 }]

    assert.deepInclude(executor({ stages }), { startRate: 50, stages: [{ to: 50, millis: 1_000 }] })
    assert.deepInclude(executor({ stages, start: 10 }), {
      startRate: 10,
      stages: [{ to: 50, millis: 0 }, { to: 50, millis: 1_000 }]
    })
  })

  it("takes what is nearer; who says what is started when has said it all", () => {
    const file = { stages: [{ target: 50, holds: true, millis: 1_000 }], vus: 20 }

    assert.deepInclude(executor({ rate: 7 }, file), { type: "constant-arrival-rate", rate: 7, vus: 20 })
    assert.deepInclude(executor({ vus: 3 }, file), { type: "ramping-arrival-rate", vus: 3 })
    assert.deepInclude(executor({ iterations: 9, vus: 3 }, file), { type: "shared-iterations", iterations: 9, vus: 3 })
  })

  it("stretches stages to a duration that is laid over them", () => {
    const stages = [{ target: 50, holds: true, millis: 30_000 }, { target: 0, holds: false, millis: 10_000 }]

    assert.deepInclude(executor({ durationMillis: 4_000 }, { stages }), {
      stages: [{ to: 50, millis: 3_000 }, { to: 0, millis: 1_000 }]
    })
  })

  it("has no more users than iterations that they share", () => {
    assert.deepInclude(executor({ iterations: 3 }), { vus: 3, iterations: 3 })
  })
})
