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

/** Runs while virtual time passes, as much as is needed. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
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
    const { poll } = api({ "a/1": 1_000, "b/1": 7, "c/1": -2 })
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

  it.effect("R39 what never ends meets its deadline, and the rest is given: of the whole, and of each", () => {
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

  it.effect("R39 a state that nobody has described is no success", () => {
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
      assert.strictEqual(result.items[1]?.problem, "3 looks in a row did not show it")
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

  it.effect("R39 states that flap are seen to end once they say so often enough in a row", () => {
    const said = ["running", "done", "running", "failed", "unknown", "done", "done", "done"] as const
    let looks = 0
    const poll = () =>
      Effect.sync(() => {
        const state = said[Math.min(looks++, said.length - 1)]!
        return new Map<string, WorkflowWait.Seen>([["1", { state, text: state }]])
      })
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1")], { poll, confirmations: 3 }))

      assert.deepStrictEqual([outcomes(result), looks], [["done"], 8])
    })
  })

  it.effect("R39 a session that ends midway is trouble, not the end: once it is back the wait goes on", () => {
    const { poll } = api({ "a/1": 60 })
    let looks = 0
    const refused = () => ++looks > 2 && looks < 9
    return Effect.gen(function*() {
      const events = yield* inTime(Stream.runCollect(WorkflowWait.events([item("a", "1")], {
        poll: (parent, ids) => refused() ? Effect.fail(new Error("status 401")) : poll(parent, ids)
      })))

      const finished = events.at(-1)
      assert.deepStrictEqual(finished?._tag === "Finished" && outcomes(finished.result), ["done"])
      assert.strictEqual(events.filter(({ _tag }) => _tag === "Trouble").length, 6)
    })
  })

  it.effect("R39 a thousand ids of as many parents: never more looks at once or a second than allowed, each with its own wait", () => {
    const items = Array.from({ length: 1_000 }, (_, n) => item(`site${n}`, "1"))
    const { poll, polls } = api(Object.fromEntries(items.map(({ parent }) => [`${parent}/1`, 300])))
    let underWay = 0
    let most = 0
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all(items, {
        poll: (parent, ids) =>
          Effect.acquireUseRelease(
            Effect.sync(() => most = Math.max(most, ++underWay)),
            () => Effect.delay(poll(parent, ids), "150 millis"),
            () => Effect.sync(() => underWay--)
          ),
        concurrency: 8,
        pollsPerSecond: 50
      }))

      assert.strictEqual(result.verdict, "met")
      assert.isAtMost(most, 8)
      const seconds = Map.groupBy(polls, ({ at }) => Math.floor(at / 1_000))
      assert.isAtMost(Math.max(...[...seconds.values()].map(({ length }) => length)), 51)
      const waits = new Set(polls.filter(({ parent }) => parent === "site7").map(({ at }) => at % 1_000))
      assert.isAbove(waits.size, 3)
    })
  })

  it.effect("three that take as long as one are seen to end when it is", () => {
    const wait = (...parents: ReadonlyArray<string>) =>
      Effect.gen(function*() {
        const start = yield* Clock.currentTimeMillis
        const poll = (_: string, ids: ReadonlyArray<string>) =>
          Effect.map(Clock.currentTimeMillis, (now): ReadonlyMap<string, WorkflowWait.Seen> => {
            const state = now - start < seconds(27) ? "running" : "done"
            return new Map(ids.map((id) => [id, { state, text: state }]))
          })
        const result = yield* inTime(WorkflowWait.all(parents.map((parent) => item(parent, "1")), { poll }))
        return result.items.map(({ durationMs }) => durationMs)
      })
    return Effect.gen(function*() {
      const [a, b, c] = yield* wait("a", "b", "c")

      assert.deepStrictEqual([b, c], [a, a])
    })
  })

  it.effect("begins again with what an earlier wait has seen, and with the time that has gone by", () => {
    const { poll, polls } = api({ "a/1": 100, "a/2": 5 })
    return Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const since = (yield* Clock.currentTimeMillis) - seconds(50)
      const items = [item("a", "1"), item("a", "2"), { ...item("a", "3"), since }]
      const ended: ReadonlyArray<WorkflowWait.Ended> = [
        { ...item("a", "1"), outcome: "done", durationMs: 7 },
        { ...item("a", "gone"), outcome: "done", durationMs: 7 }
      ]
      const result = yield* inTime(WorkflowWait.all(items, { poll, ended, itemTimeout: "1 minute", absences: 100 }))

      assert.deepStrictEqual(outcomes(result), ["done", "done", "timed out"])
      assert.deepStrictEqual([result.items[0]?.durationMs, result.items[2]?.durationMs], [7, 60_000])
      assert.isFalse(polls.some(({ ids }) => ids.includes("1")))
    })
  })

  it.effect("after so many looks, time is up", () => {
    const { poll, polls } = api({ "a/1": 900, "b/1": 900 })
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1"), item("b", "1")], { poll, maxPolls: 5 }))

      assert.deepStrictEqual([result.verdict, result.polls, polls.length], ["timed out", 5, 5])
      assert.strictEqual(result.items[0]?.problem, "it did not end within 5 looks")
    })
  })

  it.effect("a look that hangs is trouble, and holds nobody's deadline up", () => {
    const { poll } = api({ "b/1": 5 })
    return Effect.gen(function*() {
      const items = [item("a", "1"), item("b", "1")]
      const hanging = (parent: string, ids: ReadonlyArray<string>) => parent === "a" ? Effect.never : poll(parent, ids)
      const late = yield* inTime(WorkflowWait.all(items, { poll: hanging, itemTimeout: "30 seconds", concurrency: 1 }))
      assert.strictEqual(late.items[0]?.durationMs, 30_000)

      const given = yield* inTime(WorkflowWait.all(items, { poll: hanging, pollTimeout: "10 seconds", failures: 2 }))
      assert.deepStrictEqual(outcomes(given), ["unreachable", "done"])
      assert.strictEqual(given.items[0]?.problem, "there was no answer within 10s")
    })
  })

  it.effect("a look that dies ends the wait", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(WorkflowWait.all([item("a", "1")], { poll: () => Effect.die("broken") }))

      assert.isTrue(exit._tag === "Failure")
    }))

  it.effect("twenty thousand parents wait in one wait, without a fiber each", () => {
    const items = Array.from({ length: 20_000 }, (_, n) => item(`site${n}`, "1"))
    const { poll, polls } = api(Object.fromEntries(items.map(({ parent }) => [`${parent}/1`, 20])))
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all(items, { poll, intervals: ["30 seconds"] }))

      assert.strictEqual(result.verdict, "met")
      assert.isAtMost(polls.length, 40_000)
    })
  })

  it.effect("an hour of virtual time is a few looks", () => {
    const { poll, polls } = api({ "a/1": 3_590 })
    return Effect.gen(function*() {
      const result = yield* inTime(WorkflowWait.all([item("a", "1")], { poll }))

      assert.strictEqual(result.verdict, "met")
      assert.isAtLeast(polls.length, 300)
      assert.isAtMost(polls.length, 400)
    })
  })
})
