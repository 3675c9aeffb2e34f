import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { formatPlace, type Problem } from "../../../src/core/SourceText.ts"
import * as LoadSettings from "../../../src/scenario/LoadSettings.ts"
import * as Load from "../../../src/scenario/read/Load.ts"
import type { Notes } from "../../../src/scenario/read/Reader.ts"
import * as Testing from "../../../src/testing.ts"

const parsed = (text: string) => {
  const notes: Notes = { problems: [] }
  const document = Load.parse({ path: "a.yaml", text }, ["log"], notes)
  return { load: document?._tag === "Scenario" ? document.load : undefined, problems: notes.problems }
}

const read = (block: string) => parsed(`steps: [log: x]\nload: ${block}`)

const shown = ({ code, hint, message, span }: Problem) =>
  `${formatPlace(span)} ${code}: ${message}${hint === undefined ? "" : ` (${hint})`}`

describe("load:", () => {
  it("is read with its rates, times, thresholds and feeder", () => {
    const { load, problems } = read(`
  executor: ramping-arrival-rate
  stages: [{ to: 200/s, in: 30s }, { hold: 12000/m, for: 2m }]
  vus: 40
  arrivals: poisson
  thresholds:
    - http.p95 < 300ms
    - { expression: errors.rate < 1%, over: 10s, abort: true, delay: 5s }
  warmup: 3s
  feeder: { order: once, per: vu }
  seed: 42`)

    assert.isEmpty(problems)
    assert.deepStrictEqual(LoadSettings.resolve([load!]), {
      executor: {
        type: "ramping-arrival-rate",
        startRate: 0,
        stages: [{ to: 200, millis: 30_000 }, { to: 200, millis: 120_000 }],
        arrivals: "poisson",
        vus: 40,
        queue: 2_000
      },
      weight: 1,
      thresholds: [
        { expression: "http.p95 < 300ms", abort: false, delayMillis: 0 },
        { expression: "errors.rate < 1%", overMillis: 10_000, abort: true, delayMillis: 5_000 }
      ],
      warmupMillis: 3_000,
      gracefulStopMillis: 30_000,
      pacingMillis: undefined,
      thinkMillis: undefined,
      feeder: { order: "once", per: "vu" },
      seed: 42
    })
  })

  it("has all its mistakes told at once, each at its place", () => {
    const { problems } = read(`
  executor: constant-arrival-rat
  rate: fast
  treshold: [http.p95 < 1s]
  thresholds: [http.p95 <> 1s, { expression: errors.rate, ovr: 1s }]
  stages: [{ to: 10/s }, { to: 5/s, for: 1s }]
  think_time: [3s, 1s]
  feeder: { order: randm }`)

    assert.deepStrictEqual(problems.map(shown), [
      "a.yaml:3:13 unknown-word: expected one of constant-arrival-rate, ramping-arrival-rate, constant-vus, ramping-vus, per-vu-iterations, shared-iterations, breakpoint, found \"constant-arrival-rat\" (did you mean constant-arrival-rate?)",
      "a.yaml:4:9 bad-rate: expected a rate, found \"fast\" (write it as 200/s, 600/m, or as a number a second)",
      "a.yaml:5:3 unknown-key: load has no key \"treshold\" (did you mean thresholds?)",
      "a.yaml:6:26 bad-threshold: this is no threshold: expected a number, such as 300ms, 1%, 100/s or 5 (write it as http.p95 < 300ms, errors.rate < 1% or http.p99{step: \"Log in\"} < 1s)",
      "a.yaml:6:56 bad-threshold: this is no threshold: expected a comparison: <, <=, >, >=, == or != (write it as http.p95 < 300ms, errors.rate < 1% or http.p99{step: \"Log in\"} < 1s)",
      "a.yaml:6:59 unknown-key: a threshold has no key \"ovr\" (did you mean over?)",
      "a.yaml:7:14 bad-stage: this stage has no length (write { to: 200/s, in: 30s } or { hold: 200/s, for: 2m })",
      "a.yaml:7:28 bad-stage: a stage either goes to a target or holds one (write { to: 200/s, in: 30s } or { hold: 200/s, for: 2m })",
      "a.yaml:8:15 bad-duration: expected the shortest and the longest pause, such as [1s, 3s]",
      "a.yaml:9:20 unknown-word: expected one of sequential, random, once, found \"randm\" (did you mean random?)"
    ])
  })

  const refused: ReadonlyArray<readonly [block: string, message: string]> = [
    ["{ rate: 10/s, pacing: 1s }", "pacing has no meaning for constant-arrival-rate, which the other keys mean"],
    ["{ executor: constant-vus, rate: 10/s }", "rate has no meaning for constant-vus"],
    ["{ executor: ramping-vus }", "ramping-vus needs stages"],
    ["{ stages: [{ to: 200, in: 1s }] }", "200 of what?"],
    ["{ executor: ramping-vus, stages: [{ to: 200/s, in: 1s }] }", "a whole number of virtual users"],
    ["{ from: 100/s, to: 50/s }", "from must be below to"],
    ["{ rate: 0 }", "a rate above 0"],
    ["{ stages: [] }", "at least one stage"],
    ["{ to: 9, precision: 200% }", "a share between 0 and 1"],
    ["{ vus: 0 }", "at least 1"],
    ["10/s", "expected load (a map)"]
  ]
  it.each(refused)("%s is refused: %s", (block, message) => {
    assert.include(read(block).problems.map((problem) => problem.message).join("\n"), message)
  })

  it("is taken from Robogo's parallel.load_testing: workers are users, the limit is the rate", () => {
    const robogo = (settings: string) =>
      parsed(`testcase: T\nparallel: { load_testing: ${settings} }\nsteps: [{ name: a, action: log, args: [x] }]`)

    assert.deepInclude(
      LoadSettings.resolve([robogo("{ enabled: true, max_workers: 4, rate_limit: 50 }").load!]).executor,
      { type: "constant-arrival-rate", rate: 50, vus: 4 }
    )
    assert.deepInclude(LoadSettings.resolve([robogo("{ max_workers: 4 }").load!]).executor, {
      type: "constant-vus",
      vus: 4
    })
    assert.deepStrictEqual(robogo("{ enabled: false, max_workers: 4 }").load, {})
  })
})

it.layer(Testing.layer())("load: of a scenario that is run", (it) => {
  it.effect("changes nothing", () =>
    Effect.gen(function*() {
      const { report } = yield* Testing.run("load: { rate: 10/s }\nsteps: [log: x]")

      assert.strictEqual(report.cases[0]!.status, "passed")
    }))
})
