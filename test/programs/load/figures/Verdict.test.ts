import { assert, describe, it } from "@effect/vitest"
import * as Verdict from "../../../../src/programs/load/figures/Verdict.ts"

const healthy: Verdict.Evidence = {
  model: "open",
  cpu: 0.5,
  lagP99Millis: 1,
  lateness: { count: 1_000, p99: 0.2 },
  medianMillis: 10,
  portsExhausted: 0,
  measured: 1_000,
  threads: 1,
  cores: 4
}

describe("the verdict", () => {
  const cases: ReadonlyArray<
    readonly [evidence: Partial<Verdict.Evidence>, codes: ReadonlyArray<string>, because: string]
  > = [
    [{}, [], "a healthy generator"],
    [{ cpu: 0.85 }, [], "85 % of a core is still well"],
    [{ cpu: 0.86 }, ["cpu"], "more is not"],
    [{ model: "closed", lateness: null, cpu: 1 }, [], "a closed load may use all of its core"],
    [{ lagP99Millis: 5 }, [], "5 ms of lag are still well"],
    [{ lagP99Millis: 5.1 }, ["loop_lag"], "more are not"],
    [{ model: "closed", lateness: null, lagP99Millis: 6 }, ["loop_lag"], "nor in a closed load"],
    [{ lateness: { count: 10, p99: 2 } }, [], "2 ms late are still well"],
    [{ lateness: { count: 10, p99: 2.1 } }, ["lateness"], "more are not"],
    [{ lateness: { count: 10, p99: 40 }, medianMillis: 1_000 }, [], "beside a second, 40 ms are little"],
    [{ lateness: { count: 10, p99: 51 }, medianMillis: 1_000 }, ["lateness"], "beside a second, 51 ms are not"],
    [{ medianMillis: 30_000 }, [], "a target that stands still is no fault of the generator"],
    [{ portsExhausted: 1 }, ["ports"], "a connection without a port"],
    [{ measured: 0 }, ["too_short"], "nothing was measured"],
    [{ cpu: 1, lagP99Millis: 100, portsExhausted: 3 }, ["cpu", "loop_lag", "ports"], "all that is wrong is told"]
  ]
  for (const [evidence, codes, because] of cases) {
    it(`is ${codes.length === 0 ? "valid" : `invalid for ${codes.join(", ")}`}: ${because}`, () => {
      const reasons = Verdict.judge({ ...healthy, ...evidence })
      assert.deepStrictEqual(reasons.map(({ code }) => code), [...codes])
      for (const { advice, text } of reasons) assert.isAbove(Math.min(advice.length, text.length), 20)
    })
  }

  it("more threads are advised as long as there are cores", () => {
    assert.include(Verdict.judge({ ...healthy, cpu: 1 })[0]?.advice, "--threads 2")
    assert.notInclude(Verdict.judge({ ...healthy, cpu: 1, threads: 4 })[0]?.advice, "--threads")
  })
})
