import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestConsole } from "effect/testing"
import { Invocation } from "../../src/cli/Invocation.ts"
import { Machine, type MachineServices } from "../../src/cli/Machine.ts"
import { main } from "../../src/cli/main.ts"
import type { ActionModules } from "../../src/services/ActionModules.ts"
import type { FakeServer } from "../../src/services/FakeServer.ts"
import { invocation } from "./invocation.ts"

/** No command of these tests needs more. */
const nothing: Layer.Layer<never> = Layer.unwrap(Effect.die("not needed"))
const noMachine = Layer.succeed(Machine, {
  services: () => nothing as Layer.Layer<MachineServices>,
  modules: nothing as Layer.Layer<ActionModules>,
  load: Layer.empty as never,
  fakeServers: nothing as Layer.Layer<FakeServer>,
  staySmall: Effect.void,
  bundled: false
})
const services = Layer.mergeAll(NodeServices.layer, invocation(), noMachine)

/** Runs a command line and answers with what a shell would see. */
const run = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const code = yield* main(args)
    const stdout = (yield* TestConsole.logLines).join("\n")
    const stderr = (yield* TestConsole.errorLines).join("\n")
    return { code, stdout, stderr }
  }).pipe(Effect.provide(services))

describe("skein", () => {
  it.effect("--version prints name and version on stdout", () =>
    Effect.gen(function*() {
      const { version } = yield* Invocation

      assert.deepStrictEqual(yield* run("--version"), { code: 0, stdout: `skein ${version}`, stderr: "" })
    }).pipe(Effect.provide(services)))

  it.effect("--help prints the commands on stdout", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run("--help")

      assert.strictEqual(code, 0)
      assert.include(stdout, "completions")
      assert.strictEqual(stderr, "")
    }))

  it.effect("no command at all shows the help on stderr and is wrong usage", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run()

      assert.strictEqual(code, 2)
      assert.include(stderr, "SUBCOMMANDS")
      assert.strictEqual(stdout, "")
    }))

  it.effect.each([
    { args: ["completion", "bash"], error: "unknown command \"completion\"; did you mean completions?" },
    { args: ["completions", "bash", "--formt", "json"], error: "unknown flag --formt; did you mean --format?" },
    { args: ["completions", "bash", "--zzz"], error: "unknown flag --zzz" },
    { args: ["completions"], error: "<shell> is missing" },
    { args: ["completions", "tcsh"], error: "<shell>: \"tcsh\" is not \"bash\", \"zsh\", \"fish\"" },
    { args: ["completions", "bash", "again"], error: "unexpected \"again\"" },
    { args: ["completions", "bash", "--format", "xml"], error: "--format: \"xml\" is not \"text\", \"json\"" },
    { args: ["completions", "bash", "--format"], error: "--format needs a value: text, json" },
    { args: ["completions", "bash", "--format=json", "--format=text"], error: "--format is given more than once" },
    { args: ["completions", "\u001b[2J"], error: "<shell>: \"\\x1b[2J\" is not \"bash\", \"zsh\", \"fish\"" }
  ])("a mistake is told in short on stderr: $error", ({ args, error }) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run(...args)

      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.strictEqual(stderr.split("\n")[0], `error: ${error}`)
      assert.isAtMost(stderr.split("\n").length, 2)
    }))

  it.effect.each(["bash", "zsh", "fish"])("completions %s knows commands and flags", (shell) =>
    Effect.gen(function*() {
      const { code, stdout } = yield* run("completions", shell)

      assert.strictEqual(code, 0)
      assert.include(stdout, "completions")
      assert.include(stdout, "format")
      assert.notInclude(stdout, "--completions")
    }))
})
