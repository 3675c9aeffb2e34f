import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Selection from "../../src/programs/Selection.ts"

const one = (id: string, options: { readonly tags?: Array<string>; readonly locks?: Array<string> } = {}) => ({
  id,
  name: id.slice(id.indexOf("#") + 1),
  tags: options.tags ?? [],
  locks: options.locks ?? []
})
const cases = [
  one("shop.yaml#Checkout", { tags: ["smoke", "slow"] }),
  one("shop.yaml#Refund", { tags: ["slow"] }),
  one("users/login.yaml#Log in", { tags: ["smoke"] }),
  one("users/login.yaml#Log out")
]
const names = (criteria: Selection.Criteria) =>
  Result.getOrThrow(Selection.select(cases, criteria)).map(({ name }) => name)

describe("Selection.select", () => {
  it.each<{ criteria: Selection.Criteria; chosen: Array<string>; because: string }>([
    { criteria: {}, chosen: ["Checkout", "Refund", "Log in", "Log out"], because: "nothing is asked for" },
    { criteria: { filter: "log" }, chosen: ["Log in", "Log out"], because: "letter case is free" },
    { criteria: { filter: "shop.yaml" }, chosen: ["Checkout", "Refund"], because: "the file is part of the id" },
    { criteria: { filter: "/^Log (in|off)$/" }, chosen: ["Log in"], because: "slashes make it a pattern" },
    { criteria: { filter: "/^checkout/i" }, chosen: ["Checkout"], because: "patterns take flags" },
    { criteria: { tags: ["smoke"] }, chosen: ["Checkout", "Log in"], because: "it has the tag" },
    { criteria: { tags: ["!slow"] }, chosen: ["Log in", "Log out"], because: "it does not have the tag" },
    { criteria: { tags: ["smoke", "!slow"] }, chosen: ["Log in"], because: "both must hold" },
    {
      criteria: { tags: ["smoke", "slow"] },
      chosen: ["Checkout", "Refund", "Log in"],
      because: "one wanted tag is enough"
    },
    { criteria: { only: new Set(["shop.yaml#Refund"]) }, chosen: ["Refund"], because: "it is one of the given ids" },
    { criteria: { filter: "log", tags: ["slow"] }, chosen: [], because: "every criterion must hold" }
  ])("chooses $chosen because $because", ({ chosen, criteria }) => {
    assert.deepStrictEqual(names(criteria), chosen)
  })

  it("fails with a sentence when the filter is no regular expression", () => {
    const result = Selection.select(cases, { filter: "/(/" })

    assert.isTrue(Result.isFailure(result) && result.failure.includes("\"(\" is no pattern"))
  })
})

describe("Selection.select by shard", () => {
  const anyCases = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), group: fc.nat(3) }), {
    selector: (c) => c.id
  })
    .map((all) => all.map(({ group, id }) => one(id, group === 0 ? { locks: [`serial:${group}`] } : {})))

  it("every case is in exactly one shard, whatever the durations, and order is kept", () => {
    fc.assert(fc.property(
      anyCases,
      fc.integer({ min: 1, max: 7 }),
      fc.dictionary(fc.string(), fc.nat(10_000)),
      (all, count, known) => {
        const durations = new Map(Object.entries(known))
        const shards = Array.from(
          { length: count },
          (_, index) => Result.getOrThrow(Selection.select(all, { shard: { index: index + 1, count }, durations }))
        )
        const ids = shards.flat().map(({ id }) => id)

        assert.deepStrictEqual(ids.toSorted(), all.map(({ id }) => id).toSorted())
        for (const shard of shards) assert.deepStrictEqual(shard, all.filter((c) => shard.includes(c)))
      }
    ))
  })

  it("cases that depend on their order stay together", () => {
    const all = Array.from({ length: 9 }, (_, i) => one(`all.yaml#${i}`, { locks: ["serial:all.yaml"] }))
    const shards = [1, 2, 3].map((index) => Result.getOrThrow(Selection.select(all, { shard: { index, count: 3 } })))

    assert.deepStrictEqual(shards.map(({ length }) => length).toSorted(), [0, 0, 9])
  })

  it("shards take about the same time when past durations are known", () => {
    const all = Array.from({ length: 40 }, (_, i) => one(`a.yaml#${i}`))
    const durations = new Map(all.map(({ id }, i) => [id, i < 4 ? 10_000 : 100]))
    const times = [1, 2, 3, 4].map((index) =>
      Result.getOrThrow(Selection.select(all, { shard: { index, count: 4 }, durations }))
        .reduce((sum, { id }) => sum + durations.get(id)!, 0)
    )

    assert.deepStrictEqual(times, [10_900, 10_900, 10_900, 10_900])
  })

  it("shards have about the same number of cases when nothing is known", () => {
    const all = Array.from({ length: 10 }, (_, i) => one(`a.yaml#${i}`))
    const sizes = [1, 2, 3].map((index) =>
      Result.getOrThrow(Selection.select(all, { shard: { index, count: 3 } })).length
    )

    assert.deepStrictEqual(sizes.toSorted(), [3, 3, 4])
  })
})

describe("Selection.parseShard", () => {
  it.each([
    { text: "1/1", shard: { index: 1, count: 1 } },
    { text: " 2/10 ", shard: { index: 2, count: 10 } },
    { text: "0/2", shard: undefined },
    { text: "3/2", shard: undefined },
    { text: "1", shard: undefined },
    { text: "1/", shard: undefined },
    { text: "-1/2", shard: undefined },
    { text: "1/0", shard: undefined }
  ])("reads $text", ({ shard, text }) => {
    assert.deepStrictEqual(Selection.parseShard(text), shard)
  })
})
