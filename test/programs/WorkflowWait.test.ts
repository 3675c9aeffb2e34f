/** Waiting for workflows that a function plays, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as WorkflowWait from "../../src/programs/WorkflowWait.ts"

const seconds = (n: number) => n * 1_000
const item = (parent: string, id: string) => ({ parent, id })

/** Workflows that end so many seconds after the beginning, by `parent/id`; negative ones fail. */
const api = (ends: Readonly<Record<string, number>>) => {
  const polls: Array<{ readonly at: number; readonly parent: string; readonly ids: ReadonlyArray<string> }> = []
  const poll = (parent: string, ids: ReadonlyArray<string>) =>
    Effect.map(Clock.currentTimeMillis, (at): ReadonlyMap<string, WorkflowWait.Seen> => {
      polls.push({ at, parent, ids })
      return new Map(ids.flatMap((id) => {
        const end = ends[`${parent}/${id}`]
        if (end === undefined) return []
        const over = at >= seconds(Math.abs(end))
        const state = over ? end < 0 ? "failed" : "done" : "running"
        return [[id, { state, text: state, progress: Math.min(1, at / seconds(Math.abs(end) || 1)) }] as const]
      }))
    })
  return { poll, polls }
}

/** Runs while virtual time passes, up to an hour. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    for (let n = 0; n < 3_600 && fiber.pollUnsafe() === undefined; n++) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })

const outcomes = (result: WorkflowWait.Result) => result.items.map(({ outcome }) => outcome)

describe("WorkflowWait", () => {
  it.effect("asks once for all workflows of one parent, and ends soon after the last", () => {
    const { poll, polls } = api({ "a/1": 30, "a/2": 5, "a/3": 60, "b/1": 12 })
    return Effect.gen(function*() {
      const items = [item("a", "1"), item("a", "2"), item("b", "1"), item("a", "3")]
      const result = yield* inTime(WorkflowWait.all(items, { poll }))

      assert.strictEqual(result.verdict, "met")
      assert.deepStrictEqual(outcomes(result), ["done", "done", "done", "done"])
      assert.deepStrictEqual(result.items.map(({ id, parent }) => item(parent, id)), items)
      assert.isAtMost(yield* Clock.currentTimeMillis, seconds(72))
      assert.deepStrictEqual(polls[0]?.ids, ["1", "2", "3"])
      assert.deepStrictEqual(polls.filter(({ parent }) => parent === "a").at(-1)?.ids, ["3"])
    })
  })

  it.effect("looks less often while nothing changes", () => {
    const polls: Array<number> = []
    const poll = () =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        polls.push(at)
        return new Map<string, WorkflowWait.Seen>([["1", { state: at < seconds(100) ? "running" : "done", text: "x" }]])
      })
    return Effect.gen(function*() {
      yield* inTime(WorkflowWait.all([item("a", "1")], { poll }))

      const gaps = polls.slice(1).map((at, n) => Math.round((at - polls[n]!) / 1_000))
      assert.isAtMost(gaps[0]!, 2)
      for (const gap of gaps.slice(4)) assert.isAtLeast(gap, 9)
    })
  })

  it.effect("any: the first success ends it, at once for all parents", () => {
    const { poll } = api({ "a/1": 1_000, "b/1": 7, "c/1": -3 })
    return Effect.gen(function*() {
      const result = yield* inTime(
        WorkflowWait.all([item("a", "1"), item("b", "1"), item("c", "1")], { poll, until: "any" })
      )

      assert.deepStrictEqual([result.verdict, ...outcomes(result)], ["met", "not awaited", "done", "failed"])
      assert.isAtMost(yield* Clock.currentTimeMillis, seconds(20))
    })
  })

  it.effect("a quorum that cannot be reached any more ends it too", () => {
    const { poll } = api({ "a/1": 5, "a/2": -5, "a/3": -6, "a/4": 900 })
    return Effect.gen(function*() {
      const items = ["1", "2", "3", "4"].map((id) => item("a", id))
      const result = yield* inTime(WorkflowWait.all(items, { poll, until: { done: 3 } }))

      assert.deepStrictEqual([result.verdict, ...outcomes(result)], [
        "failed",
        "done",
        "failed",
        "failed",
        "not awaited"
      ])
    })
  })

  it.effect("fail fast returns at the first failure", () => {
    const { poll } = api({ "a/1": 900, "b/1": -5 })
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1"), item("b", "1")], { poll, failFast: true }))

      assert.deepStrictEqual([result.verdict, ...outcomes(result)], ["failed", "not awaited", "failed"])
    })
  })

  it.effect("time-outs give what there is: of the whole, and of each", () => {
    const { poll } = api({ "a/1": 10, "a/2": 3_000 })
    return Effect.gen(function*() {
      const items = [item("a", "1"), item("a", "2")]
      const whole = yield* inTime(WorkflowWait.all(items, { poll, timeout: "2 minutes" }))
      assert.deepStrictEqual([whole.verdict, ...outcomes(whole)], ["timed out", "done", "timed out"])
      assert.strictEqual(whole.items[1]?.seen?.state, "running")

      const each = yield* inTime(WorkflowWait.all(items, { poll, itemTimeout: "1 minute" }))
      assert.deepStrictEqual([each.verdict, ...outcomes(each)], ["timed out", "done", "timed out"])
    })
  })

  it.effect("a state that nobody has described is no success", () => {
    const mystic = new Map<string, WorkflowWait.Seen>([["1", { state: "unknown", text: "mystic" }]])
    const poll = () => Effect.succeed(mystic)
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1")], { poll, timeout: "1 minute" }))

      assert.deepStrictEqual([result.verdict, result.items[0]?.outcome, result.items[0]?.seen?.text], [
        "timed out",
        "timed out",
        "mystic"
      ])
    })
  })

  it.effect("what is not there is missing, after it was looked for again", () => {
    const { poll, polls } = api({ "a/1": 1 })
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1"), item("a", "gone")], { poll }))

      assert.deepStrictEqual([result.verdict, ...outcomes(result)], ["failed", "done", "missing"])
      assert.isAtLeast(polls.filter(({ ids }) => ids.includes("gone")).length, 3)
    })
  })

  it.effect("a parent that cannot be asked is told, and given up after a while; others go on", () => {
    const { poll } = api({ "a/1": 100 })
    return Effect.gen(function*() {
      const events = yield* inTime(Stream.runCollect(WorkflowWait.events([item("a", "1"), item("b", "1")], {
        poll: (parent, ids) => parent === "b" ? Effect.fail(new Error("status 500")) : poll(parent, ids)
      })))

      const finished = events.at(-1)
      assert.isTrue(finished?._tag === "Finished")
      if (finished?._tag !== "Finished") return
      assert.deepStrictEqual(outcomes(finished.result), ["done", "unreachable"])
      assert.strictEqual(finished.result.items[1]?.problem, "status 500")
      assert.strictEqual(events.filter(({ _tag }) => _tag === "Trouble").length, 10)
    })
  })

  it.effect("five hundred workflows of twenty sites take a twentieth of the requests of one poll each", () => {
    const items = Array.from({ length: 500 }, (_, n) => item(`site${n % 20}`, String(n)))
    const { poll, polls } = api(Object.fromEntries(items.map(({ id, parent }) => [`${parent}/${id}`, 120])))
    return Effect.gen(function*() {
      yield* inTime(WorkflowWait.all(items, { poll }))

      const asked = polls.reduce((sum, { ids }) => sum + ids.length, 0)
      assert.isAtMost(polls.length * 20, asked)
    })
  })

  it.effect("the same workflow given twice is awaited once, and none at all is met at once", () => {
    const { poll } = api({ "a/1": 1 })
    return Effect.gen(function*() {
      const twice = yield* inTime(WorkflowWait.all([item("a", "1"), item("a", "1")], { poll }))
      const none = yield* WorkflowWait.all([], { poll })

      assert.deepStrictEqual([twice.items.length, twice.verdict, none.verdict], [1, "met", "met"])
    })
  })
})
