import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber } from "effect"
import { SideWork } from "../../../../src/programs/load/scenario/SideWork.ts"

const started = Effect.fnUntraced(function*(canCancel: boolean) {
  const side = new SideWork<never>(canCancel)
  const broken: Array<string> = []
  const fiber = yield* Effect.forkChild(side.loop((cause) => broken.push(String(Cause.squash(cause)))))
  yield* Effect.yieldNow
  const said: Array<string> = []
  const say = (word: string) => Effect.sync(() => void said.push(word))
  return { side, fiber, broken, said, say }
})

describe("SideWork", () => {
  it.effect("does one piece at a time, the next one as soon as the first is done", () =>
    Effect.gen(function*() {
      const { said, say, side } = yield* started(false)

      side.run(Effect.andThen(Effect.yieldNow, say("first")))
      side.run(say("second"))
      for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow

      assert.deepStrictEqual(said, ["first", "second"])
    }))

  it.effect("tells of a piece that breaks, and goes on", () =>
    Effect.gen(function*() {
      const { broken, said, say, side } = yield* started(false)

      side.run(Effect.die(new Error("no")))
      for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow
      side.run(say("after"))
      for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow

      assert.deepStrictEqual(broken, ["Error: no"])
      assert.deepStrictEqual(said, ["after"])
    }))

  it.effect("cancels the piece that is done: what comes next begins when it has ended", () =>
    Effect.gen(function*() {
      const { broken, said, say, side } = yield* started(true)

      side.run(Effect.onInterrupt(Effect.never, () => say("interrupted")))
      for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow
      side.cancel()
      side.run(say("after"))
      for (let turns = 0; turns < 10; turns++) yield* Effect.yieldNow

      assert.deepStrictEqual(said, ["interrupted", "after"])
      assert.isEmpty(broken)
    }))

  it.effect("ends with its fiber, in the middle of a piece", () =>
    Effect.gen(function*() {
      const { fiber, said, say, side } = yield* started(true)

      side.run(Effect.onInterrupt(Effect.never, () => say("interrupted")))
      for (let turns = 0; turns < 5; turns++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)

      assert.deepStrictEqual(said, ["interrupted"])
    }))
})
