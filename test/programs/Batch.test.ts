/** Batches of items that a function plays, in virtual time, with journals on a disk in memory. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { Value } from "../../src/core/Value.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import * as MemoryJournal from "../../src/layers/fake/MemoryJournal.ts"
import * as Batch from "../../src/programs/Batch.ts"

const rejected = (retryable = true) => new Batch.ItemError({ message: "status 500", kind: "rejected", retryable })
const lost = new Batch.ItemError({ message: "no answer", kind: "lost", retryable: true })

/** Something that can be done, and what was done so far. */
const world = (
  fate: (item: Batch.Item) => "fine" | Batch.ItemError = () => "fine",
  takes: Duration.Input | ((value: Value) => number) = "1 second"
) => {
  const done: Array<{ readonly value: Value; readonly at: number }> = []
  const busy = { now: 0, most: 0 }
  const run = Effect.fnUntraced(function*(item: Batch.Item) {
    busy.most = Math.max(busy.most, ++busy.now)
    yield* Effect.ensuring(
      Effect.sleep(typeof takes === "function" ? takes(item.value) : takes),
      Effect.sync(() => busy.now--)
    )
    const end = fate(item)
    if (end !== "fine") return yield* end
    done.push({ value: item.value, at: yield* Clock.currentTimeMillis })
    return item.value
  })
  return { run, done, busy, values: () => done.map(({ value }) => value) }
}

const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, n) => n)

const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("100 millis")
    return yield* Fiber.join(fiber)
  })

const batch = <R>(items: ReadonlyArray<Value>, options: Omit<Batch.Options<R>, "operation">) =>
  inTime(Effect.scoped(Stream.runCollect(Batch.events(Stream.fromIterable(items), { operation: "test", ...options }))))
    .pipe(
      Effect.map((events) => {
        const last = events.at(-1)
        return {
          events,
          ended: events.flatMap((event) => event._tag === "Ended" ? [event.item] : []),
          summary: last?._tag === "Finished" ? last.summary : assert.fail("no summary")
        }
      })
    )

const outcomes = (ended: ReadonlyArray<Batch.Ended>) =>
  ended.toSorted((a, b) => a.index - b.index).map(({ outcome }) => outcome)

describe("Batch", () => {
  it.effect("does each item once, so many at once", () => {
    const { busy, run, values } = world()
    return Effect.gen(function*() {
      const { summary } = yield* batch(upTo(100), { run, concurrency: 7 })

      assert.deepStrictEqual([...values()].toSorted(), [...upTo(100)].toSorted())
      assert.strictEqual(busy.most, 7)
      assert.strictEqual(summary.counts.succeeded, 100)
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("results leave in the order of the items when that is wanted", () => {
    const { run } = world(() => "fine", (value) => 1_000 - 10 * Number(value))
    return Effect.gen(function*() {
      const wanted = yield* batch(upTo(50), { run, concurrency: 10, order: "input" })
      const free = yield* batch(upTo(50), { run, concurrency: 10 })

      assert.deepStrictEqual(wanted.ended.map(({ index }) => index), [...upTo(50)])
      assert.notDeepEqual(free.ended.map(({ index }) => index), [...upTo(50)])
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("goes on after failures, and tells each with its reason", () => {
    const { run } = world(({ value }) => Number(value) % 3 === 0 ? rejected(false) : "fine")
    return Effect.gen(function*() {
      const { ended, summary } = yield* batch(upTo(9), { run })

      assert.deepStrictEqual(ended.flatMap(({ problem }) => problem ?? []), ["status 500", "status 500", "status 500"])
      assert.deepStrictEqual([summary.counts.succeeded, summary.counts.failed], [6, 3])
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("tries again what may help, and after a lost answer only what may be done twice", () => {
    const tries: Array<string> = []
    const fate = ({ attempt, value }: Batch.Item) => {
      tries.push(`${String(value)}${attempt}`)
      return value === "lost" ? lost : value === "passing" && attempt > 2 ? "fine" : rejected(value !== "final")
    }
    const retry = { attempts: 4, delay: Duration.millis(100), backoff: "exponential", jitter: true } as const
    return Effect.gen(function*() {
      const once = yield* batch(["passing", "final", "lost"], { run: world(fate).run, retry })
      assert.deepStrictEqual(outcomes(once.ended), ["succeeded", "failed", "unknown"])
      assert.deepStrictEqual(tries.toSorted(), ["final1", "lost1", "passing1", "passing2", "passing3"])

      tries.length = 0
      const twice = yield* batch(["lost"], { run: world(fate).run, retry, idempotent: true })
      assert.deepStrictEqual(outcomes(twice.ended), ["unknown"])
      assert.strictEqual(tries.length, 4)
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("one that takes too long is unknown", () => {
    const { run } = world(() => "fine", "1 hour")
    return Effect.gen(function*() {
      const { ended } = yield* batch([1], { run, itemTimeout: "5 seconds" })

      assert.deepStrictEqual(ended.map(({ outcome, problem }) => [outcome, problem]), [
        ["unknown", "it did not end within 5s"]
      ])
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("begins nothing more once too many failed", () => {
    const failing = ({ value }: Batch.Item) => Number(value) >= 40 ? rejected(false) : "fine" as const
    return Effect.gen(function*() {
      const first = world(failing)
      const byCount = yield* batch(upTo(1_000), { run: first.run, concurrency: 5, stopAfter: { failures: 1 } })
      assert.isAtMost(byCount.ended.length, 45)
      assert.match(byCount.summary.halted?.reason ?? "", /1 stop the batch/)

      const byPercent = yield* batch(upTo(1_000), {
        run: world(failing).run,
        concurrency: 5,
        stopAfter: { percent: 20 }
      })
      assert.isAtMost(byPercent.ended.length, 56)
      assert.isAtLeast(byPercent.summary.counts.failed, 10)
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("waves: the next one begins when the one before has ended well", () => {
    const { done, run } = world()
    return Effect.gen(function*() {
      const { events } = yield* batch(upTo(100), { run, concurrency: 50, waves: [5, 20] })

      const at = (from: number, to: number) =>
        done.filter(({ value }) => Number(value) >= from && Number(value) < to)
          .map(({ at }) => at)
      assert.isBelow(Math.max(...at(0, 5)), Math.min(...at(5, 25)))
      assert.isBelow(Math.max(...at(5, 25)), Math.min(...at(25, 100)))
      assert.deepStrictEqual(events.filter(({ _tag }) => _tag === "WaveEnded"), [
        { _tag: "WaveEnded", wave: 1, items: 5 },
        { _tag: "WaveEnded", wave: 2, items: 20 }
      ])

      const bad = world(({ value }) => value === 3 ? rejected(false) : "fine")
      const halted = yield* batch(upTo(100), { run: bad.run, concurrency: 50, waves: [5], stopAfter: { failures: 1 } })
      assert.deepStrictEqual([...bad.values()].toSorted(), [0, 1, 2, 4])
      assert.strictEqual(halted.ended.length, 5)
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("waves without a bound: the first failure is the end of its wave, and of the batch", () => {
    const bad = world(({ value }) => value === 3 ? rejected(false) : "fine")
    return Effect.gen(function*() {
      const { summary } = yield* batch(upTo(100), { run: bad.run, waves: [5, 20] })

      assert.deepStrictEqual([...bad.values()].toSorted(), [0, 1, 2, 4])
      assert.deepStrictEqual(summary.halted, {
        by: "failures",
        reason: "1 item was not done, and 1 stop the batch"
      })
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("a per cent is asked of a whole wave, however small", () => {
    const bad = world(({ value }) => Number(value) < 3 ? rejected(false) : "fine")
    return Effect.gen(function*() {
      const { summary } = yield* batch(upTo(100), { run: bad.run, waves: [5], stopAfter: { percent: 50 } })

      assert.strictEqual(summary.counts.succeeded, 2)
      assert.strictEqual(summary.halted?.by, "failures")
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("R26 a stop signal: nothing more begins, what is under way ends, and the rest is left", () => {
    const { run, values } = world()
    return Effect.gen(function*() {
      const { stop } = yield* FakeStopSignal.FakeStopSignal
      yield* Effect.forkChild(Effect.delay(stop(), "1500 millis"))
      const { summary } = yield* batch(upTo(100), { run, concurrency: 5 })

      assert.strictEqual(values().length, 10)
      assert.deepInclude(summary, { halted: { by: "stop", reason: "the batch was stopped" } })
      assert.deepInclude(summary.counts, { succeeded: 10, failed: 0, unknown: 0 })
    }).pipe(Effect.provide([MemoryJournal.layer, FakeStopSignal.layer]))
  })

  it.effect("what is under way after the grace is given up, and unknown; so is a source that says nothing", () => {
    const { run } = world(() => "fine", "1 hour")
    return Effect.gen(function*() {
      const { stop } = yield* FakeStopSignal.FakeStopSignal
      yield* Effect.forkChild(Effect.delay(stop(), "1 second"))
      const silent = Stream.concat(Stream.make("a"), Stream.never)
      const events = yield* inTime(Effect.scoped(Stream.runCollect(
        Batch.events(silent, { operation: "test", run, grace: "5 seconds" })
      )))

      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Ended", "Finished"])
      assert.deepInclude(events[0]?._tag === "Ended" ? events[0].item : {}, {
        outcome: "unknown",
        problem: "it was under way when the batch was stopped"
      })
    }).pipe(Effect.provide([MemoryJournal.layer, FakeStopSignal.layer]))
  })

  it.effect("its time is over: what is under way is given up at once", () => {
    const { run } = world()
    return Effect.gen(function*() {
      const { summary } = yield* batch(upTo(100), { run, concurrency: 1, timeout: "2500 millis" })

      assert.deepStrictEqual([summary.counts.succeeded, summary.counts.unknown], [2, 1])
      assert.deepStrictEqual(summary.halted, { by: "timeout", reason: "the time for the batch was over (2.5s)" })
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  it.effect("the same content twice is done once, and said", () => {
    const { run, values } = world()
    return Effect.gen(function*() {
      const { ended } = yield* batch([{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }], { run, concurrency: 1 })

      assert.deepStrictEqual(outcomes(ended), ["succeeded", "duplicate", "succeeded"])
      assert.strictEqual(values().length, 2)
    }).pipe(Effect.provide(MemoryJournal.layer))
  })

  describe("with a journal", () => {
    it.effect("goes on where it ended: no success is repeated, also when the input was edited", () => {
      const bad = world(({ value }) => value === "b" ? rejected(false) : "fine")
      const good = world()
      return Effect.gen(function*() {
        yield* batch(["a", "b", "c"], { run: bad.run, journal: "/batch" })
        const second = yield* batch(["new", "c", "b", "a"], { run: good.run, journal: "/batch" })
        const third = yield* batch(["c", "b", "a"], { run: good.run, journal: "/batch", retryFailed: true })

        assert.deepStrictEqual(outcomes(second.ended), ["succeeded", "done before", "failed before", "done before"])
        assert.deepStrictEqual(outcomes(third.ended), ["done before", "succeeded", "done before"])
        assert.deepStrictEqual(good.values(), ["new", "b"])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("what was under way when it was stopped is unknown, and done again only when that is safe", () => {
      const slow = world(() => "fine", "1 minute")
      const good = world()
      return Effect.gen(function*() {
        const stopped = yield* Effect.forkChild(Effect.scoped(Stream.runDrain(
          Batch.events(Stream.make("a", "b"), { operation: "test", run: slow.run, concurrency: 1, journal: "/batch" })
        )))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.interrupt(stopped)

        const careful = yield* batch(["a", "b"], { run: good.run, journal: "/batch" })
        assert.deepStrictEqual(outcomes(careful.ended), ["unknown", "succeeded"])
        const bold = yield* batch(["a", "b"], { run: good.run, journal: "/batch", retryUnknown: true })
        assert.deepStrictEqual(outcomes(bold.ended), ["succeeded", "done before"])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("of one whose end was not seen it can be found out; what was found is not asked again", () => {
      const slow = world(() => "fine", "1 minute")
      const good = world()
      const asked: Array<readonly [Value, number]> = []
      const recover = ({ value }: Batch.Item, since: number) =>
        Effect.sync(() => {
          asked.push([value, since])
          return value === "a" ? Option.some<Value>("adopted") : Option.none()
        })
      return Effect.gen(function*() {
        yield* TestClock.adjust("1 hour")
        const stopped = yield* Effect.forkChild(Effect.scoped(Stream.runDrain(
          Batch.events(Stream.make("a", "b"), { operation: "test", run: slow.run, journal: "/batch" })
        )))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.interrupt(stopped)

        const again = batch(["a", "b"], { run: good.run, journal: "/batch", recover, order: "input" })
        const second = yield* again
        const third = yield* again

        assert.deepStrictEqual(outcomes(second.ended), ["succeeded", "unknown"])
        assert.deepStrictEqual(outcomes(third.ended), ["done before", "unknown"])
        assert.deepStrictEqual(asked, [["a", 3_600_000], ["b", 3_600_000], ["b", 3_600_000]])
        assert.deepStrictEqual(good.values(), [])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("begun anew it knows of nothing", () => {
      const { run, values } = world()
      return Effect.gen(function*() {
        yield* batch(["a", "b"], { run, journal: "/batch" })
        yield* batch(["a"], { run, journal: "/batch", earlier: "anew" })
        const { ended } = yield* batch(["a", "b"], { run, journal: "/batch" })

        assert.deepStrictEqual(outcomes(ended), ["done before", "succeeded"])
        assert.deepStrictEqual(values(), ["a", "b", "a", "b"])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("one that is done is begun anew, one that is not is refused until it is said what to do", () => {
      const bad = world(({ value }) => value === "b" ? rejected(false) : "fine")
      const good = world()
      return Effect.gen(function*() {
        yield* batch(["a", "b"], { run: bad.run, journal: "/batch", earlier: "refuse" })
        const error = yield* Effect.flip(batch(["a", "b"], { run: good.run, journal: "/batch", earlier: "refuse" }))
        yield* batch(["a", "b"], { run: good.run, journal: "/batch", retryFailed: true })
        yield* batch(["a", "b"], { run: good.run, journal: "/batch", earlier: "refuse" })

        assert.deepInclude(error, { _tag: "UnfinishedBatch", succeeded: 1, failed: 1, unknown: 0 })
        assert.deepStrictEqual(good.values(), ["b", "a", "b"])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("R32 while another process has its journal, it does not begin", () => {
      const { run, values } = world()
      return Effect.gen(function*() {
        const { heldBy } = yield* MemoryJournal.MemoryJournal
        yield* heldBy("/batch", "process 4711 on host")

        const error = yield* Effect.flip(batch(["a"], { run, journal: "/batch" }))

        assert.deepInclude(error, { reason: "Held", holder: "process 4711 on host" })
        assert.deepStrictEqual(values(), [])
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("one of another batch is refused", () => {
      const { run } = world()
      return Effect.gen(function*() {
        yield* batch(["a"], { run, journal: "/batch" })

        const error = yield* Effect.flip(inTime(Effect.scoped(Stream.runDrain(
          Batch.events(Stream.make("a"), { operation: "delete everything", run, journal: "/batch" })
        ))))

        assert.include(error.message, "/batch belongs to another batch: test")
      }).pipe(Effect.provide(MemoryJournal.layer))
    })

    it.effect("R29 however often it dies, no recorded success is repeated and nothing is left out", () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 6 }), (deaths) => {
            const counts = new Map<Value, number>()
            const run = Effect.fnUntraced(function*({ value }: Batch.Item) {
              yield* Effect.sleep("300 millis")
              counts.set(value, (counts.get(value) ?? 0) + 1)
              return null
            })
            const once = Effect.scoped(Stream.runDrain(
              Batch.events(Stream.fromIterable(upTo(40)), {
                operation: "x",
                run,
                concurrency: 4,
                journal: "/b",
                idempotent: true
              })
            ))
            return Effect.runPromise(
              Effect.gen(function*() {
                const { crash } = yield* MemoryJournal.MemoryJournal
                let interrupted = 0
                for (const millis of deaths) {
                  const fiber = yield* Effect.forkChild(once)
                  yield* TestClock.adjust(Duration.millis(millis))
                  yield* crash("kept")
                  yield* Fiber.interrupt(fiber)
                  interrupted++
                }
                const last = yield* Effect.forkChild(once)
                yield* TestClock.adjust("1 minute")
                yield* Fiber.join(last)

                assert.deepStrictEqual([...counts.keys()].toSorted(), [...upTo(40)].toSorted())
                // Done again are at most those that were under way, whose end was not on the disk yet.
                const again = [...counts.values()].reduce((sum, times) => sum + times - 1, 0)
                assert.isAtMost(again, interrupted * 4)
              }).pipe(Effect.provide(Layer.merge(MemoryJournal.layer, TestClock.layer())))
            )
          }),
          { numRuns: 20 }
        )
      ))
  })
})
