import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Schedule from "../../../src/programs/runner/Schedule.ts"

/** Tasks of one second each that record when they ran beside what. */
const record = () => {
  const running = new Set<string>()
  const order: Array<string> = []
  const beside: Array<ReadonlyArray<string>> = []
  const task = (name: string, ...locks: ReadonlyArray<string>): Schedule.Task<never> => ({
    locks,
    run: Effect.gen(function*() {
      running.add(name)
      order.push(name)
      beside.push([...running].sort())
      yield* Effect.sleep("1 second")
      running.delete(name)
    })
  })
  return { task, order, beside }
}

const runFor = (tasks: ReadonlyArray<Schedule.Task<never>>, concurrency: number, seconds: number) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Schedule.run(tasks, concurrency), { startImmediately: true })
    for (let second = 0; second < seconds; second++) yield* TestClock.adjust("1 second")
    assert.isDefined(fiber.pollUnsafe(), `ends within ${seconds} s`)
    yield* Fiber.join(fiber)
  })

describe("Schedule", () => {
  it.effect("runs as many at once as allowed", () =>
    Effect.gen(function*() {
      const { beside, task } = record()
      yield* runFor(["a", "b", "c", "d", "e"].map((name) => task(name)), 2, 3)

      assert.strictEqual(Math.max(...beside.map((names) => names.length)), 2)
    }))

  it.effect("never runs two tasks that share a lock, and keeps their order", () =>
    Effect.gen(function*() {
      const { beside, order, task } = record()
      yield* runFor([task("a1", "db"), task("a2", "db"), task("b1"), task("a3", "db"), task("b2")], 4, 3)

      assert.deepStrictEqual(order.filter((name) => name.startsWith("a")), ["a1", "a2", "a3"])
      assert.isTrue(beside.every((names) => names.filter((name) => name.startsWith("a")).length <= 1))
    }))

  it.effect("a task that waits for a lock takes no place from those that need none", () =>
    Effect.gen(function*() {
      const { order, task } = record()
      yield* runFor([task("a1", "db"), task("a2", "db"), task("b1"), task("b2")], 2, 3)

      assert.deepStrictEqual(order.slice(0, 2), ["a1", "b1"])
    }))

  it.effect("does not let a later task overtake one that waits for two locks", () =>
    Effect.gen(function*() {
      const { order, task } = record()
      yield* runFor([task("x", "left"), task("both", "left", "right"), task("late", "right")], 3, 3)

      assert.deepStrictEqual(order, ["x", "both", "late"])
    }))

  it.effect("a lock is free again after its task was interrupted or broke", () =>
    Effect.gen(function*() {
      let ran = false
      const broken: Schedule.Task<never> = { locks: ["db"], run: Effect.die("broken") }
      const exit = yield* Effect.exit(Schedule.run([broken], 1))
      yield* Schedule.run([{ locks: ["db"], run: Effect.sync(() => void (ran = true)) }], 1)

      assert.strictEqual(exit._tag, "Failure")
      assert.isTrue(ran)
    }))
})
