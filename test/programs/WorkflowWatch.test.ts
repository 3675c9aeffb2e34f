/** Watching workflows that a function plays, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Seen } from "../../src/programs/WorkflowWait.ts"
import * as WorkflowWatch from "../../src/programs/WorkflowWatch.ts"

const seen = (state: Seen["state"], text: string = state, more: Partial<Seen> = {}): Seen => ({ state, text, ...more })

/** Lets so many seconds pass, one after the other: streams take a few turns to begin. */
const passing = (seconds: number) => Effect.replicateEffect(TestClock.adjust("1 second"), seconds, { discard: true })

describe("WorkflowWatch", () => {
  const a = seen("running", "queued")
  it.each([
    { before: undefined, now: { 1: a, 2: seen("done"), 3: seen("failed") }, told: ["1"], because: "old ends are old" },
    { before: undefined, now: { 1: seen("unknown", "odd") }, told: ["1"], because: "an odd state is no end" },
    { before: { 1: a }, now: { 1: a }, told: [], because: "nothing changed" },
    { before: { 1: a }, now: { 1: seen("running", "busy") }, told: ["1"], because: "its state changed" },
    { before: { 1: a }, now: { 1: seen("running", "queued", { progress: 0.5 }) }, told: ["1"], because: "it went on" },
    { before: { 1: a }, now: { 1: seen("done") }, told: ["1"], because: "it ended" },
    { before: {}, now: { 1: seen("done") }, told: ["1"], because: "it began and ended between two looks" },
    { before: { 1: a }, now: {}, told: [], because: "it fell off the end of the list" },
    { before: {}, now: { z: a, y: a }, told: ["y", "z"], because: "the newest is first in the list and last in time" }
  ] as ReadonlyArray<{
    readonly before: Readonly<Record<string, Seen>> | undefined
    readonly now: Readonly<Record<string, Seen>>
    readonly told: ReadonlyArray<string>
    readonly because: string
  }>)("tells $told: $because", ({ before, now, told }) => {
    const known = before === undefined ? undefined : new Map(Object.entries(before))
    assert.deepStrictEqual(WorkflowWatch.changes(known, new Map(Object.entries(now))).map(({ id }) => id), told)
  })

  it.effect("looks less often while nothing changes, and at its shortest interval again when something did", () =>
    Effect.gen(function*() {
      const looks: Array<number> = []
      const all = Effect.map(Clock.currentTimeMillis, (at) => {
        looks.push(at / 1_000)
        return new Map([["1", seen(at < 60_000 ? "running" : "done")]])
      })
      const fiber = yield* Effect.forkChild(
        Stream.runDrain(WorkflowWatch.events([{ text: "a", all }], { intervals: ["1 second", "10 seconds"] }))
      )
      yield* passing(80)
      yield* Fiber.interrupt(fiber)

      const gaps = looks.slice(1).map((at, n) => at - looks[n]!)
      assert.deepStrictEqual(gaps, [1, 10, 10, 10, 10, 10, 10, 1, 10])
    }))

  it.effect("an owner that cannot be seen is told, given up after ten looks in a row, and does not end the others", () =>
    Effect.gen(function*() {
      const down = { text: "down", all: Effect.fail({ message: "status 500" }) }
      const up = { text: "up", all: Effect.map(Clock.currentTimeMillis, (at) => new Map([[`${at}`, seen("done")]])) }
      const fiber = yield* Effect.forkChild(
        WorkflowWatch.events([down, up], { intervals: ["1 second"] }).pipe(
          Stream.interruptWhen(Effect.sleep("1 minute")),
          Stream.runCollect
        )
      )
      yield* passing(61)
      const events = yield* Fiber.join(fiber)

      const of = (owner: string) => events.filter((event) => event.owner === owner)
      assert.deepStrictEqual(of("down").map(({ _tag }) => _tag), [
        ...Array.from({ length: 9 }, () => "Trouble"),
        "Lost"
      ])
      assert.isAtLeast(of("up").length, 58)
    }))
})
