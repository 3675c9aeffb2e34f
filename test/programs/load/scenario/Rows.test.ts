import { assert, describe, it } from "@effect/vitest"
import * as Rows from "../../../../src/programs/load/scenario/Rows.ts"

const all = { index: 0, of: 1 }
const indexes = (rows: Rows.Rows, users: ReadonlyArray<number>): ReadonlyArray<number | undefined> =>
  users.map((user, iteration) => rows.next(user, iteration)?.index)

describe("Rows", () => {
  it("begins again at the end", () => {
    const rows = Rows.make(["a", "b"], { order: "sequential", per: "iteration" }, all, 1)

    assert.deepStrictEqual(rows.next(0, 0), { value: "a", index: 0 })
    assert.deepStrictEqual(indexes(rows, [7, 3]), [1, 0])
  })

  it("gives each row out once, and then none", () => {
    const rows = Rows.make(["a", "b"], { order: "once", per: "iteration" }, all, 1)

    assert.deepStrictEqual(indexes(rows, [0, 1, 0]), [0, 1, undefined])
  })

  it("lets a user keep its row, and refuses users without one", () => {
    const rows = Rows.make(["a", "b"], { order: "once", per: "vu" }, all, 1)

    assert.deepStrictEqual(indexes(rows, [1, 0, 1, 2]), [1, 0, 1, undefined])
  })

  it("never gives threads the same row", () => {
    const list = Array.from({ length: 10 }, (_, index) => index)
    const threads = [0, 1, 2].map((index) => Rows.make(list, { order: "once", per: "iteration" }, { index, of: 3 }, 1))
    const given = threads.flatMap((rows) => indexes(rows, [0, 0, 0, 0, 0]).filter((index) => index !== undefined))

    assert.deepStrictEqual(given.toSorted((a, b) => a - b), list)
  })

  it("draws the same row for the same iteration and seed, whoever makes it, and all of them about as often", () => {
    const draw = (seed: number) => Rows.make(["a", "b", "c", "d"], { order: "random", per: "iteration" }, all, seed)
    const first = indexes(draw(5), Array.from({ length: 4_000 }, () => 0))

    assert.deepStrictEqual(indexes(draw(5), Array.from({ length: 4_000 }, () => 9)), first)
    assert.notDeepEqual(indexes(draw(6), Array.from({ length: 4_000 }, () => 0)), first)
    for (const row of [0, 1, 2, 3]) assert.closeTo(first.filter((index) => index === row).length, 1_000, 100)
  })

  it("has the number of the iteration where there are no rows, and nothing where the rows are none", () => {
    const feeder = { order: "sequential", per: "iteration" } as const

    assert.deepStrictEqual(Rows.make(undefined, feeder, all, 1).next(3, 17), { value: undefined, index: 17 })
    assert.isUndefined(Rows.make([], feeder, all, 1).next(0, 0))
  })
})
