import { assert, describe, it } from "@effect/vitest"
import * as Agenda from "../../src/programs/wait/Agenda.ts"

describe("Agenda", () => {
  it("gives out what is due first, and of those due together the one that came first", () => {
    const numbers = Array.from({ length: 500 }, (_, n) => (n * 7_919) % 53)
    const agenda = Agenda.make<readonly [number, number]>()
    numbers.forEach((at, order) => agenda.add(at, [at, order]))

    const given = numbers.map(() => [agenda.next(), agenda.take()] as const)

    const expected = numbers.map((at, order) => [at, order] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1])
    assert.deepStrictEqual(given, expected.map((entry) => [entry[0], entry] as const))
    assert.isUndefined(agenda.next())
  })

  it("keeps the order while some are added and some taken", () => {
    const agenda = Agenda.make<number>()
    let seed = 1
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 1_000
    const kept: Array<number> = []
    for (let n = 0; n < 2_000; n++) {
      if (kept.length > 0 && random() < 400) {
        kept.sort((a, b) => a - b)
        assert.strictEqual(agenda.take(), kept.shift())
      } else {
        const at = random()
        agenda.add(at, at)
        kept.push(at)
      }
    }
  })
})
