import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { log } from "../../../src/scenario/actions/log.ts"
import { makeContext, runAction, runRobogo } from "./context.ts"

describe("log", () => {
  it.effect("writes the message with its level", () =>
    Effect.gen(function*() {
      const context = yield* makeContext()
      assert.strictEqual(yield* runAction(log, { message: "cold", level: "warning" }, { context }), "cold")
      assert.deepStrictEqual(context.logs, [{ text: "cold", level: "warning" }])
    }))

  it.effect("takes its message from the first argument of a Robogo step", () =>
    Effect.gen(function*() {
      const context = yield* makeContext({ robogo: true })
      yield* runRobogo(log, ["hello"], { context })
      assert.deepStrictEqual(context.logs.map((entry) => entry.text), ["hello"])
    }))
})
