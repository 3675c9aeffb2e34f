import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import type { JournalHandle } from "../../src/services/Journal.ts"
import { all, bytes, kept, open, TestFolder, tests, using } from "../services/JournalSuite.ts"

const folders = Layer.sync(TestFolder, () => {
  let number = 0
  return { next: Effect.sync(() => `/journals/${++number}`) }
})

layer(Layer.merge(MemoryJournal.layer, folders), { excludeTestServices: true })(
  "a journal in memory",
  (it) => tests(it)
)

const disk = MemoryJournal.MemoryJournal
const ten = Array.from({ length: 10 }, (_, at) => bytes(`record ${at}`))

describe("the disk of a journal in memory", () => {
  it.effect("R30 a write torn at any byte leaves the records before it, and says how many bytes were cut", () =>
    Effect.gen(function*() {
      const whole = ten.length * (8 + "record 0".length)
      for (let cut = 0; cut < whole; cut++) {
        const found = yield* Effect.gen(function*() {
          const faults = yield* disk
          yield* using("/torn", (journal) =>
            Effect.gen(function*() {
              yield* journal.append([bytes("first")])
              yield* faults.tearAfter(cut)
              assert.strictEqual((yield* Effect.flip(journal.append(ten))).reason, "Disk")
            }))
          return yield* using("/torn", (journal) => Effect.zip(all(journal), Effect.succeed(journal.recovered)))
        }).pipe(Effect.provide(MemoryJournal.layer))

        const records = Math.floor(cut / 16)
        assert.deepStrictEqual(found, [
          ["first", ...Array.from({ length: records }, (_, at) => `record ${at}`)],
          { records: records + 1, droppedBytes: cut - records * 16 }
        ])
      }
    }))

  it.effect("R31 after a failed write every further one fails with the same reason, also of those who wait", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      const errors = yield* using("/full", (journal) =>
        Effect.gen(function*() {
          yield* faults.limit((yield* journal.size) + 20)
          const waiting = yield* Effect.forkChild(Effect.flip(journal.append(ten)))
          const first = yield* Effect.flip(journal.append(ten))
          yield* faults.limit(Infinity)
          return [
            first,
            yield* Fiber.join(waiting),
            yield* Effect.flip(journal.append([bytes("small")])),
            yield* Effect.flip(journal.rewrite([]))
          ]
        }))

      for (const error of errors) {
        assert.strictEqual(error.reason, "Disk")
        assert.include(error.message, "ENOSPC")
        assert.include(error.hint ?? "", "make room")
      }
      assert.deepStrictEqual(yield* kept("/full"), ["record 0"])
    }).pipe(Effect.provide(MemoryJournal.layer)))

  it.effect("R31 a rewrite that does not fit leaves the old records, and appends go on", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      const error = yield* using("/full", (journal) =>
        Effect.gen(function*() {
          yield* journal.append([bytes("old")])
          yield* faults.limit((yield* journal.size) + 100)
          const error = yield* Effect.flip(journal.rewrite(ten))
          yield* journal.append([bytes("new")])
          return error
        }))

      assert.include(error.message, "ENOSPC")
      assert.deepStrictEqual(yield* kept("/full"), ["old", "new"])
    }).pipe(Effect.provide(MemoryJournal.layer)))

  it.effect("R31 a failed sync fails the append that waits for it, and all after it", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      yield* using("/sync", (journal) =>
        Effect.gen(function*() {
          yield* journal.append([bytes("safe")])
          yield* faults.failSync(1)
          const error = yield* Effect.flip(journal.append([bytes("unknown")]))
          assert.strictEqual(error.reason, "Disk")
          assert.include(error.hint ?? "", "may be failing")
          assert.strictEqual(yield* Effect.flip(journal.append([bytes("later")])), error)
        }), { sync: "always" })
    }).pipe(Effect.provide(MemoryJournal.layer)))

  it.effect("a failed sync in the background fails the next append", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      yield* using("/sync", (journal) =>
        Effect.gen(function*() {
          yield* faults.failSync(1)
          yield* journal.append([bytes("written")])
          yield* TestClock.adjust("1 second")
          assert.include((yield* Effect.flip(journal.append([bytes("later")]))).message, "fsync")
        }))
    }).pipe(Effect.provide(MemoryJournal.layer)))

  /** What is left after `work` and a loss of power that follows at once. */
  const afterPowerLoss = (
    sync: "always" | "never" | "1 second",
    work: (journal: JournalHandle) => Effect.Effect<void, unknown>
  ) =>
    Effect.gen(function*() {
      const faults = yield* disk
      yield* using("/power", (journal) => Effect.andThen(work(journal), faults.crash("lost")), { sync })
      return yield* kept("/power")
    }).pipe(Effect.provide(MemoryJournal.layer))

  it.effect("a loss of power takes nothing that was acknowledged with sync always", () =>
    Effect.gen(function*() {
      const found = yield* afterPowerLoss("always", (journal) => journal.append(ten))

      assert.strictEqual(found.length, 10)
    }))

  it.effect("a loss of power takes what was added since the last sync, and that is after one interval", () =>
    Effect.gen(function*() {
      const append = (journal: JournalHandle) => journal.append(ten)

      assert.strictEqual((yield* afterPowerLoss("1 second", append)).length, 0)
      assert.strictEqual((yield* afterPowerLoss("never", append)).length, 0)
      for (const [millis, left] of [[999, 0], [1_000, 10]] as const) {
        const found = yield* afterPowerLoss(
          "1 second",
          (journal) => Effect.andThen(append(journal), TestClock.adjust(millis))
        )
        assert.strictEqual(found.length, left, `after ${millis} ms`)
      }
    }))

  it.effect("the end of a process takes nothing, frees the folder, and fails the handles of old", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      yield* using("/killed", (journal) =>
        Effect.gen(function*() {
          yield* journal.append(ten)
          yield* faults.crash("kept")
          assert.strictEqual((yield* kept("/killed")).length, 10)
          assert.strictEqual((yield* Effect.flip(journal.append([bytes("late")]))).reason, "Disk")
        }), { sync: "never" })
    }).pipe(Effect.provide(MemoryJournal.layer)))

  it.effect("a folder that another process holds is refused by its name", () =>
    Effect.gen(function*() {
      const faults = yield* disk
      yield* faults.heldBy("/held", "process 4711 on elsewhere")
      const error = yield* Effect.flip(Effect.scoped(open("/held")))
      yield* faults.heldBy("/held", undefined)

      assert.deepStrictEqual([error.reason, error.holder], ["Held", "process 4711 on elsewhere"])
      assert.deepStrictEqual(yield* kept("/held"), [])
    }).pipe(Effect.provide(MemoryJournal.layer)))
})
