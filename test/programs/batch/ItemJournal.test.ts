/** What a resumed batch knows of its items: all 128 bits of a key decide, also where the first of them are those of another. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryJournal from "../../../src/layers/fake/MemoryJournal.ts"
import * as ItemJournal from "../../../src/programs/batch/ItemJournal.ts"
import * as ItemKey from "../../../src/programs/batch/ItemKey.ts"
import { ItemStates, type State, states } from "../../../src/programs/batch/ItemStates.ts"
import { numbers } from "../../support/seeds.ts"

/** A key whose bytes are 7 up to the last one. */
const near = (last: number): Uint8Array => new Uint8Array(ItemKey.keyBytes).fill(7).with(ItemKey.keyBytes - 1, last)

const open = ItemJournal.open("/batch", "test", "resume")

describe("ItemJournal", () => {
  it("a key has at least 96 bits, and the same for the same content in another order", () => {
    assert.isAtLeast(ItemKey.keyBytes * 8, 96)
    assert.deepStrictEqual(ItemKey.of({ a: 1, b: { c: 2, d: 3 } }), ItemKey.of({ b: { d: 3, c: 2 }, a: 1 }))
  })

  it.effect("an item is not taken for done whose key differs from that of a done one in its last byte alone", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(
        Effect.flatMap(open, ({ record }) => Effect.andThen(record(near(1), "started"), record(near(1), "succeeded")))
      )
      const { found } = yield* open

      assert.strictEqual(found.get(near(1)), "succeeded")
      assert.isUndefined(found.get(near(2)))
      assert.strictEqual(found.size, 1)
    }).pipe(Effect.scoped, Effect.provide(MemoryJournal.layer)))

  it.effect("of two such items under way at a kill, neither is taken for done, nor forgotten, when the other ended", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 minute")
      yield* Effect.scoped(Effect.flatMap(open, ({ record }) =>
        Effect.forEach(
          [[near(1), "started"], [near(2), "started"], [near(2), "succeeded"]] as const,
          ([key, state]) => record(key, state)
        )))
      const { begun, found } = yield* open

      assert.deepStrictEqual([found.get(near(1)), found.get(near(2))], ["started", "succeeded"])
      // When it was begun is kept by 48 bits: it stays unknown, and is done again only when that is safe.
      assert.isUndefined(begun(near(1)))
    }).pipe(Effect.scoped, Effect.provide(MemoryJournal.layer)))

  it("knows what a map by the text of the keys knows, through growth, with keys that fall onto each other", () => {
    const random = numbers(1)
    const one = new ItemStates()
    const model = new Map<string, State>()
    for (let n = 0; n < 6_000; n++) {
      const key = new Uint8Array(ItemKey.keyBytes)
      // Few first words: most keys meet in their slots.
      key[3] = random() * 200
      new DataView(key.buffer).setUint32(12, random() * 20)
      const state = states[Math.floor(random() * states.length)]!
      assert.strictEqual(one.get(key), model.get(ItemKey.text(key)))
      one.set(key, state)
      model.set(ItemKey.text(key), state)
    }

    assert.strictEqual(one.size, model.size)
    assert.deepStrictEqual(
      one.counts(),
      Object.fromEntries(states.map((state) => [state, [...model.values()].filter((other) => other === state).length]))
    )
  })
})
