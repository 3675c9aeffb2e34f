import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Bootstrap from "../../../../src/programs/load/compare/Bootstrap.ts"
import * as Compare from "../../../../src/programs/load/compare/Compare.ts"
import type { Comparison } from "../../../../src/programs/load/compare/Comparison.ts"
import * as StudentT from "../../../../src/programs/load/compare/StudentT.ts"
import * as Histograms from "../../../../src/programs/load/figures/Histograms.ts"
import type { LoadResult, Second } from "../../../../src/programs/load/LoadResult.ts"
import { closed, good, invalid } from "../results.ts"
import { run, type Server } from "../simulated.ts"

const histogramOf = (second: Pick<Second, "histogram">) => Result.getOrThrow(Histograms.ofSecond(second))

const soak = process.env["SKEIN_SOAK"] === "1"
const tries = soak ? 400 : 40
const server: Server = { seconds: 30, perSecond: 100, memory: 0.6, spread: 0.04 }

/** How often each verdict came, of servers that differ only by chance and by `slower`. */
const verdicts = (slower: number, pairs: number, of: Server = server) => {
  const counts: Record<Comparison["verdict"], number> = { faster: 0, slower: 0, same: 0, cannot_tell: 0 }
  for (let i = 0; i < tries; i++) {
    const side = (which: number, slower: number) =>
      Array.from({ length: pairs }, (_, pair) => run(10_000 * i + 2 * pair + which, { ...of, slower }))
    counts[Compare.runs(side(0, 1), side(1, slower)).verdict]++
  }
  return counts
}

const verdict = (before: LoadResult, after: LoadResult) => Compare.runs([before], [after]).verdict

describe("Compare", () => {
  it(`R40 calls a server slower than itself in at most 5% of ${tries} comparisons, and one slower by 10% in most`, () => {
    const [same, slower] = [verdicts(1, 1), verdicts(1.1, 1)]

    assert.isAtMost(same.slower, tries * 0.05, JSON.stringify(same))
    assert.isAtMost(same.faster, tries * 0.05, JSON.stringify(same))
    assert.isAbove(slower.slower, tries * 0.6, JSON.stringify(slower))
    assert.strictEqual(slower.faster, 0)
  })

  it(`R40 does so with pairs in alternation too, whose runs drift strongly`, () => {
    const short = { seconds: 6, perSecond: 100, memory: 0.8, spread: 0.04 }
    const [same, slower] = [verdicts(1, 8, short), verdicts(1.1, 8, short)]

    assert.isAtMost(same.slower, tries * 0.05, JSON.stringify(same))
    assert.isAbove(slower.slower, tries * 0.5, JSON.stringify(slower))
  })

  it("calls steady runs of one server the same, and the two sides by their right names", () => {
    const steady = { seconds: 60, perSecond: 400, memory: 0.2, spread: 0.005 }
    const [a, b, slow] = [run(1, steady), run(2, steady), run(3, { ...steady, slower: 1.3 })]

    assert.strictEqual(verdict(a, a), "same")
    assert.strictEqual(verdict(a, b), "same")
    assert.strictEqual(verdict(a, slow), "slower")
    assert.strictEqual(verdict(slow, a), "faster")
  })

  it("gives each change its interval: a slowdown of 30% lies in those of the rate and of all percentiles", () => {
    const steady = { seconds: 60, perSecond: 300, memory: 0.3, spread: 0.01 }
    const { rows } = Compare.runs([run(1, steady)], [run(2, { ...steady, slower: 1.3 })])

    for (const { change, from, metric, to } of rows) {
      const truth = metric === "rate" ? 1 / 1.3 - 1 : metric === "errors" ? 0 : 0.3
      assert.isAtMost(from!, truth + 1e-9, metric)
      assert.isAtLeast(to!, truth - 1e-9, metric)
      assert.isTrue(from! <= change! && change! <= to!, metric)
    }
  })

  it("is not deceived by a target that fails fast", () => {
    const steady = { seconds: 30, perSecond: 200, memory: 0.2, spread: 0.005 }
    const comparison = Compare.runs([run(1, steady)], [run(2, { ...steady, slower: 0.5, failing: 0.2 })])

    assert.strictEqual(comparison.verdict, "slower")
    assert.match(comparison.reasons.join(), /errors \+\d\d\.\d\dpp/)
  })

  it("says the same of the same runs every time", () => {
    const [a, b] = [run(1, server), run(2, server)]

    assert.deepStrictEqual(Compare.runs([a], [b]), Compare.runs([a], [b]))
  })

  it.each<[string, ReadonlyArray<LoadResult>, ReadonlyArray<LoadResult>, RegExp]>([
    ["a run is not valid", [good], [invalid], /^a run after is not valid: the busiest thread/],
    ["a run was interrupted", [{ ...good, interrupted: true }], [good], /^a run before was interrupted/],
    ["the models differ", [good], [closed], /^the first run is of the open model, the second of the closed one/],
    ["a run is too short", [run(1, { ...server, seconds: 9 })], [run(2, server)], /^a run was measured for 9 seconds/],
    ["pairs are too few", [good, good, good, good], [good, good, good, good], /^there are 4 pairs of runs/],
    ["there are no responses", [{ ...good, latency_ms: { ...good.latency_ms, count: 0 } }], [good], /has no responses/],
    [
      "a file was changed",
      [{ ...good, seconds: good.seconds.map((one) => ({ ...one, histogram: "!" })) }],
      [good],
      /seconds that cannot be read/
    ]
  ])("tells nothing when %s", (_, before, after, why) => {
    const comparison = Compare.runs(before, after)

    assert.strictEqual(comparison.verdict, "cannot_tell")
    assert.match(comparison.reasons[0]!, why)
    assert.isTrue(comparison.rows.every(({ verdict }) => verdict === "cannot_tell"))
  })

  it("says how much longer to measure when it cannot tell", () => {
    const loose = { seconds: 12, perSecond: 60, memory: 0.5, spread: 0.05 }

    assert.match(Compare.runs([run(5, loose)], [run(6, loose)]).reasons.at(-1)!, /^measure about \d+ times as long/)
  })

  it("notes what is not alike in the two, beside seed and thresholds", () => {
    const other = {
      ...good,
      configuration: {
        ...good.configuration,
        seed: 1,
        threads: 2,
        loads: [{ name: "a", executor: { type: "constant-vus", vus: 4 } }]
      },
      generator: { ...good.generator, cores: 8 }
    }

    const first = {
      ...good,
      configuration: { ...good.configuration, loads: [{ name: "a", executor: { type: "constant-vus", vus: 2 } }] }
    }
    assert.deepStrictEqual(Compare.runs([first], [other]).notes, [
      "the configuration differs in threads: 1, then 2",
      "the configuration differs in loads[0].executor.vus: 2, then 4",
      "the generator differs in cores: 2, then 8"
    ])
  })
})

describe("Bootstrap", () => {
  const units = (lengths: ReadonlyArray<number>) =>
    lengths.map((perSecond, i) => ({
      histogram: histogramOf(run(i + 1, { seconds: 1, perSecond, memory: 0, spread: 0 }).seconds[0]!),
      completed: perSecond,
      errors: i
    }))

  it("draws as many units as there are, whatever the blocks", () => {
    const sample = Bootstrap.sample(units([10, 10, 10, 10, 10, 10, 10]))
    for (const block of [1, 2, 3, 7]) {
      for (const drawn of Bootstrap.draw(sample, block, 20, Math.random)) {
        assert.strictEqual(Bootstrap.completed(drawn), 70)
      }
    }
  })

  it("takes longer blocks for seconds that depend on each other", () => {
    const of = (memory: number) =>
      Bootstrap.blockLength(
        Bootstrap.sample(
          run(1, { seconds: 100, perSecond: 100, memory, spread: 0.1 }).seconds.map((second) => ({
            histogram: histogramOf(second),
            completed: second.completed,
            errors: 0
          }))
        )
      )

    assert.isAtMost(of(0), 4)
    assert.isAtLeast(of(0.9), 8)
  })

  it("puts the seconds of a long run together, and loses none", () => {
    const sample = Bootstrap.sample(units(Array.from({ length: 50 }, () => 4)), 20)

    assert.strictEqual(sample.length, 17)
    assert.strictEqual(Bootstrap.completed(Bootstrap.whole(sample)), 200)
  })
})

describe("StudentT", () => {
  it.each([
    [0.05, 1, 12.7062],
    [0.05, 2, 4.3027],
    [0.05, 3, 3.1824],
    [0.05, 4, 2.7764],
    [0.01, 4, 4.6041],
    [0.001, 5, 6.8688],
    [0.05, 30, 2.0423],
    [0.01, 1000, 2.5808]
  ])(
    "is exceeded with probability %d at %d degrees of freedom by %d, as tables say",
    (p, freedom, value) => assert.closeTo(StudentT.twoSided(p, freedom), value, 1e-3)
  )
})
