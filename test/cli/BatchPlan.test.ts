import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stdio, Terminal } from "effect"
import { TestConsole } from "effect/testing"
import * as BatchPlan from "../../src/cli/BatchPlan.ts"
import * as ExitCode from "../../src/cli/ExitCode.ts"
import { StopSignal } from "../../src/services/StopSignal.ts"

const flags = { what: "shop:order:delete", yes: false }
const never = Terminal.make({
  columns: Effect.succeed(80),
  rows: Effect.succeed(24),
  size: Effect.never,
  readInput: Effect.never,
  readLine: Effect.never,
  display: () => Effect.void
})

/** Asks whether three items may go, on a terminal where `readLine` is what somebody types. */
const ask = (readLine: Terminal.Terminal["readLine"]) =>
  BatchPlan.confirm(flags, { destructive: true }, 3).pipe(
    Effect.provide(Layer.mergeAll(
      Layer.succeed(Terminal.Terminal, Terminal.Terminal.of({ ...never, readLine })),
      Stdio.layerTest({ stdinIsTerminal: Effect.succeed(true) })
    ))
  )

describe("the question of a destructive batch", () => {
  it.effect("names what is done and to how many; their number lets it through", () =>
    Effect.gen(function*() {
      yield* ask(Effect.succeed(" 3 "))

      const [question] = yield* TestConsole.errorLines
      assert.include(
        String(question),
        "shop:order:delete takes away what cannot be brought back. To do it to 3 items, type 3:"
      )
    }))

  it.effect.each([["yes"], [""], ["30"]])("%s is no answer: nothing is done", ([answer]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask(Effect.succeed(answer!)))

      assert.deepStrictEqual(error, ExitCode.wrongUsage(`nothing was done: the answer was "${answer}", not 3`))
    }))

  it.effect("the end of the input is no answer", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask(Effect.fail(new Terminal.QuitError({}))))

      assert.include(String(error), "nothing was done")
    }))

  it.effect("R26 Ctrl-C ends it at once", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.provideService(ask(Effect.never), StopSignal, {
          await: Effect.succeed("SIGINT"),
          requested: Effect.succeed(true)
        })
      )

      assert.deepStrictEqual(error, new ExitCode.Exit({ code: 130 }))
    }))
})
