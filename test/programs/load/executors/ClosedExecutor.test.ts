import { assert, describe, it } from "@effect/vitest"
import { ClosedExecutor, type Options } from "../../../../src/programs/load/executors/ClosedExecutor.ts"
import * as Curve from "../../../../src/programs/load/executors/Curve.ts"
import { LoadRecorder } from "../../../../src/programs/load/figures/Recorder.ts"
import { ticksPerMilli } from "../../../../src/services/LoadClock.ts"

interface Start {
  readonly user: number
  readonly number: number
  readonly millis: number
}

/** Runs an executor whose iterations all take `millis`, by a clock that jumps from event to event; answers with what was started. */
const run = (
  millis: number,
  untilMillis: number,
  options: Partial<Options> & Pick<Options, "curve">,
  count = 1
): { readonly starts: ReadonlyArray<Start>; readonly idle: boolean; readonly executor: ClosedExecutor } => {
  let now = 0
  let alarm = Infinity
  let idle = false
  const starts: Array<Start> = []
  const ends: Array<{ readonly at: number; readonly user: number }> = []
  const executor = new ClosedExecutor({
    share: { index: 0, of: 1 },
    freeMillis: 0,
    seed: 1,
    now: () => now,
    alarm: { at: (tick) => void (alarm = tick) },
    figures: new LoadRecorder(false),
    onIdle: () => void (idle = true),
    ...options
  })
  const users = Array.from({ length: count }, (_, user) => ({
    start: (number: number, _intended: number, started: number) => {
      starts.push({ user, number, millis: started / ticksPerMilli })
      ends.push({ at: started + millis * ticksPerMilli, user })
      ends.sort((a, b) => a.at - b.at)
    }
  }))
  executor.begin(users, 0)
  for (;;) {
    const end = ends[0]?.at ?? Infinity
    const next = Math.min(end, alarm)
    if (next > untilMillis * ticksPerMilli) break
    now = next
    if (end === next) executor.doneOf(ends.shift()!.user)(true, now)
    else {
      alarm = Infinity
      executor.wake()
    }
  }
  return { starts, idle, executor }
}

const times = (starts: ReadonlyArray<Start>) => starts.map(({ millis }) => millis)
const one = Curve.constant(1, 1_000_000)

describe("a closed executor", () => {
  it("starts an iteration when the one before has ended", () =>
    assert.deepStrictEqual(times(run(30, 100, { curve: one }).starts), [0, 30, 60, 90]))

  it("keeps the pacing from start to start; a slow iteration is followed at once", () => {
    assert.deepStrictEqual(times(run(30, 350, { curve: one, pacingMillis: 100 }).starts), [0, 100, 200, 300])
    assert.deepStrictEqual(times(run(150, 350, { curve: one, pacingMillis: 100 }).starts), [0, 150, 300])
  })

  it("thinks after each iteration, as long as is asked, the same for the same seed", () => {
    assert.deepStrictEqual(times(run(30, 200, { curve: one, thinkMillis: [20, 20] }).starts), [0, 50, 100, 150, 200])

    const random = () => times(run(0, 10_000, { curve: one, thinkMillis: [10, 30] }).starts)
    const gaps = random().slice(1).map((time, index) => time - random()[index]!)
    assert.isTrue(gaps.every((gap) => gap >= 10 && gap <= 30))
    assert.closeTo(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, 20, 1)
  })

  it("a thread has its users and numbers: those of its index modulo the threads", () => {
    const { starts } = run(50, 60, { curve: Curve.constant(5, 1_000), share: { index: 1, of: 2 } }, 2)

    assert.deepStrictEqual(starts.map(({ number }) => number), [1, 3, 5, 7])
  })

  it("ends by itself when all iterations are done", () => {
    const shared = run(10, 10_000, { curve: Curve.constant(3, 10_000), limit: { iterations: 10, per: "run" } }, 3)
    const each = run(10, 10_000, { curve: Curve.constant(3, 10_000), limit: { iterations: 4, per: "user" } }, 3)

    assert.deepStrictEqual([shared.starts.length, shared.idle], [10, true])
    assert.deepStrictEqual([each.starts.length, each.idle], [12, true])
  })

  it("users come and go with the curve, and end what they have begun", () => {
    const curve = Curve.make(1, [
      { to: 1, millis: 100 },
      { to: 3, millis: 0 },
      { to: 3, millis: 100 },
      { to: 0, millis: 0 },
      { to: 0, millis: 100 },
      { to: 2, millis: 0 },
      { to: 2, millis: 50 }
    ])
    const { starts } = run(40, 349, { curve }, 3)
    const startsOf = (user: number) => times(starts.filter((start) => start.user === user))

    assert.deepStrictEqual(startsOf(0), [0, 40, 80, 120, 160, 300, 340])
    assert.deepStrictEqual(startsOf(1), [100, 140, 180, 300, 340])
    assert.deepStrictEqual(startsOf(2), [100, 140, 180])
  })

  it("stopped, it starts nothing more, and is idle when the last one has ended", () => {
    const { executor, idle } = run(40, 30, { curve: Curve.constant(2, 1_000) }, 2)
    executor.stop()

    assert.deepStrictEqual([idle, executor.running], [false, 2])
  })
})
