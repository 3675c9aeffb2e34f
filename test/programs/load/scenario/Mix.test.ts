import { assert, describe, it } from "@effect/vitest"
import * as Mix from "../../../../src/programs/load/scenario/Mix.ts"

const counts = (weights: ReadonlyArray<number>, iterations: number, step = 1): ReadonlyArray<number> => {
  const pick = Mix.make(weights)
  const found = weights.map(() => 0)
  for (let count = 0; count < iterations; count++) found[pick(count * step)]!++
  return found
}

describe("Mix", () => {
  const shares: ReadonlyArray<readonly [weights: ReadonlyArray<number>, of100: ReadonlyArray<number>]> = [
    [[1], [100]],
    [[3, 1], [75, 25]],
    [[1, 0, 1], [50, 0, 50]],
    [[0.5, 0.25, 0.25], [50, 25, 25]],
    [[98, 1, 1], [98, 1, 1]]
  ]
  it.each(shares)("runs %j in shares of %j, to one in a hundred", (weights, wanted) => {
    counts(weights, 1_000).forEach((count, index) => assert.closeTo(count / 10, wanted[index]!, 1))
  })

  it("keeps the shares on each of several threads, which take every n-th iteration", () => {
    for (const threads of [2, 3, 8]) assert.closeTo(counts([3, 1], 1_000, threads)[0]! / 10, 75, 2)
  })
})
