import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, PlatformError } from "effect"
import { TestConsole } from "effect/testing"
import { CommandError, Exit } from "../../src/cli/ExitCode.ts"
import * as Failure from "../../src/cli/Failure.ts"
import * as FakeStopSignal from "../../src/layers/fake/FakeStopSignal.ts"
import { invocation } from "./invocation.ts"

const report = (cause: Cause.Cause<unknown>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const code = yield* Failure.report(cause, { colors: false })
    const stderr = (yield* TestConsole.errorLines).join("\n")
    return { code, stderr }
  }).pipe(Effect.provide(invocation({ environment })))

describe("Failure.report", () => {
  it.effect("an Exit has said everything: its code and nothing else", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* report(Cause.fail(new Exit({ code: 3 }))), { code: 3, stderr: "" })
    }))

  it.effect("an error is one sentence and its hint, without a stack", () =>
    Effect.gen(function*() {
      const error = new CommandError({ code: 2, message: "no file \"x.yaml\"", hint: "did you mean \"y.yaml\"?" })

      assert.deepStrictEqual(yield* report(Cause.fail(error)), {
        code: 2,
        stderr: "error: no file \"x.yaml\"\n  did you mean \"y.yaml\"?"
      })
    }))

  it.effect("an error without a code of its own means that something could not be used", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* report(Cause.fail({ _tag: "PlatformError", message: "cannot read x.yaml" }))

      assert.strictEqual(code, 5)
      assert.strictEqual(stderr, "error: cannot read x.yaml")
    }))

  it.effect("what the system refuses is told in words: what cannot be used, why, and what helps", () =>
    Effect.gen(function*() {
      const error = PlatformError.systemError({
        _tag: "PermissionDenied",
        module: "FileSystem",
        method: "open",
        pathOrDescriptor: "/locked/x.csv",
        cause: Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" })
      })

      assert.deepStrictEqual(yield* report(Cause.fail(error)), {
        code: 5,
        stderr: "error: /locked/x.csv cannot be used: permission denied\n" +
          "  give this user the right to read and write there, or name another place"
      })
    }))

  it.effect("a defect is a bug of skein: 70, and a stack only with SKEIN_DEBUG", () =>
    Effect.gen(function*() {
      const quiet = yield* report(Cause.die(new TypeError("x is not a function")))
      assert.strictEqual(quiet.code, 70)
      assert.include(quiet.stderr, "this is a bug in skein")
      assert.include(quiet.stderr, "TypeError: x is not a function")
      assert.notInclude(quiet.stderr, " at ")

      const debug = yield* report(Cause.die(new TypeError("x is not a function")), { SKEIN_DEBUG: "1" })
      assert.include(debug.stderr, " at ")
    }))

  it.effect("a defect beside an error is told as the bug it is", () =>
    Effect.gen(function*() {
      const cause = Cause.combine(Cause.fail("no"), Cause.die("broken"))

      assert.strictEqual((yield* report(cause)).code, 70)
    }))

  it.effect("an interruption has the code of the signal that asked for it", () =>
    Effect.gen(function*() {
      const { stop } = yield* FakeStopSignal.FakeStopSignal
      yield* stop("SIGHUP")

      assert.deepStrictEqual(yield* report(Cause.interrupt()), { code: 143, stderr: "" })
    }).pipe(Effect.provide(FakeStopSignal.layer)))
})
