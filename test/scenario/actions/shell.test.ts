import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import { ActionError } from "../../../src/scenario/Action.ts"
import { shell } from "../../../src/scenario/actions/shell.ts"
import { makeContext, runAction } from "./context.ts"
import { runExamples } from "./examples.ts"

interface Output {
  readonly exit_code: number
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly duration_ms: number
}

const folder = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.realPath(yield* files.makeTempDirectoryScoped())
  const context = yield* makeContext({ directory, environment: { PATH: "/usr/bin:/bin" } })
  const run = (input: unknown) =>
    Effect.map(runAction(shell, input, { context }), (output) => output as unknown as Output)
  return { files, directory, context, run }
})

const failure = <A, R>(effect: Effect.Effect<A, unknown, R>) =>
  Effect.flatMap(
    Effect.flip(effect),
    (error) => error instanceof ActionError ? Effect.succeed(error) : Effect.die(error)
  )

layer(NodeServices.layer, { excludeTestServices: true })("shell", (it) => {
  it.effect("R11 hostile values stay data in the list of arguments, in env and in stdin", () =>
    Effect.gen(function*() {
      const { directory, files, run } = yield* folder
      const hostile = [
        "; touch sentinel",
        "$(touch sentinel)",
        "`touch sentinel`",
        "| touch sentinel",
        "&& touch sentinel &",
        "x\ntouch sentinel\n",
        "'; touch sentinel; '",
        "\"; touch sentinel; \"",
        "> sentinel",
        "--help",
        "-rf",
        "*",
        "~",
        "${PATH}",
        "\\",
        ""
      ]

      for (const value of hostile) {
        const argument = yield* run({ command: ["printf", "[%s]", value] })
        assert.strictEqual(argument.stdout, `[${value}]`)
        const variable = yield* run({ command: "printf '[%s]' \"$VALUE\"", shell: true, env: { VALUE: value } })
        assert.strictEqual(variable.stdout, `[${value}]`)
        const read = yield* run({ command: ["cat"], stdin: value })
        assert.strictEqual(read.stdout, value)
      }
      assert.deepStrictEqual(yield* files.readDirectory(directory), [])
    }))

  it.effect("R11 a text is not run by a shell unless asked for", () =>
    Effect.gen(function*() {
      const { directory, files, run } = yield* folder

      for (const command of ["touch sentinel", "true; touch sentinel", "$(touch sentinel)", "true|touch", "a\nb"]) {
        assert.strictEqual((yield* failure(run({ command }))).reason, "Invalid")
      }
      assert.strictEqual((yield* failure(run({ command: ["touch sentinel"] }))).reason, "Unavailable")
      assert.strictEqual((yield* failure(run({ command: ["true", "a\0b"] }))).reason, "Invalid")
      assert.strictEqual((yield* failure(run({ command: [] }))).reason, "Invalid")
      assert.deepStrictEqual(yield* files.readDirectory(directory), [])
      assert.strictEqual((yield* run({ command: "true" })).exit_code, 0)
    }))

  it.effect("takes exit code, stdout and stderr, and fails on a code other than 0", () =>
    Effect.gen(function*() {
      const { context, run } = yield* folder
      const command = "echo out; echo broken >&2; exit 3"

      const error = yield* failure(run({ command, shell: true }))
      assert.strictEqual(error.reason, "Failed")
      assert.strictEqual(error.message, `${JSON.stringify(command)} exited with 3: broken`)
      const output = yield* run({ command, shell: true, any_exit: true })
      assert.deepInclude(output, { exit_code: 3, signal: null, stdout: "out\n", stderr: "broken\n" })
      assert.isAbove(output.duration_ms, 0)
      assert.strictEqual(context.attachments.length, 2)
    }))

  it.effect("tells of a program that a signal ended", () =>
    Effect.gen(function*() {
      const { run } = yield* folder

      const output = yield* run({ command: "kill -9 $$", shell: true, any_exit: true })

      assert.deepInclude(output, { exit_code: 137, signal: "SIGKILL" })
    }))

  it.effect("names a program that is not there", () =>
    Effect.gen(function*() {
      const { run } = yield* folder

      const error = yield* failure(run({ command: ["no-such-program-here"] }))

      assert.strictEqual(error.message, "cannot run \"no-such-program-here\": there is no such program")
    }))

  it.effect("gives the environment of the run and its own, and nothing else", () =>
    Effect.gen(function*() {
      const { directory, run } = yield* folder

      const output = yield* run({ command: ["env"], env: { MINE: 1 } })

      assert.sameMembers(output.stdout.trim().split("\n").filter((line) => !line.startsWith("_=")), [
        "PATH=/usr/bin:/bin",
        "MINE=1"
      ])
      assert.strictEqual((yield* run({ command: ["pwd"] })).stdout, `${directory}\n`)
      assert.strictEqual((yield* failure(run({ command: ["pwd"], cwd: ".." }))).reason, "Refused")
    }))

  it.effect("ends a program that writes more than the cap", () =>
    Effect.gen(function*() {
      const { run } = yield* folder

      const error = yield* failure(run({ command: ["yes"], max_output: "1kB" }))
      const exact = yield* run({ command: ["printf", "%s", "12345"], max_output: 5 })

      assert.strictEqual(error.message, "\"yes\" wrote more than 1 kB to stdout")
      assert.strictEqual(exact.stdout, "12345")
    }))

  it.effect("keeps characters whole that arrive in two parts", () =>
    Effect.gen(function*() {
      const { run } = yield* folder

      const output = yield* run({ command: "printf '\\303'; sleep 0.02; printf '\\251'", shell: true })

      assert.strictEqual(output.stdout, "é")
    }))

  // Where nobody takes notice of ended orphans, each waits two seconds for them.
  describe.concurrent("what a program leaves behind", () => {
    it.effect("ends the whole process group when it is interrupted", () =>
      Effect.gen(function*() {
        const { directory, files, run } = yield* folder
        const command = "sleep 60 & echo $! > child; echo $$ > parent; wait"
        const fiber = yield* Effect.forkChild(run({ command, shell: true }))
        yield* files.exists(`${directory}/parent`).pipe(
          Effect.tap(() => Effect.sleep("2 millis")),
          Effect.repeat({ until: (there) => there, times: 1_000 })
        )
        const pids = (yield* Effect.all([
          files.readFileString(`${directory}/child`),
          files.readFileString(`${directory}/parent`)
        ])).map(Number)

        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual(pids.map(isAlive), [false, false])
      }))

    it.effect("does not wait for what a finished program left behind, and ends it", () =>
      Effect.gen(function*() {
        const { run } = yield* folder

        const output = yield* run({ command: "sleep 60 & echo $!", shell: true })

        assert.strictEqual(output.exit_code, 0)
        assert.isFalse(isAlive(Number(output.stdout)))
      }))
  })
})

describe("shell, checked before the run", () => {
  const rows = [
    [{ command: "echo hi", shell: true }, [], "a fixed script"],
    [{ command: ["echo", "hi"] }, [], "a list without a shell"],
    [{ command: undefined }, [], "a list with values"],
    [{ command: undefined, shell: true }, ["a script for"], "a script with values in it"],
    [{ command: ["echo"], shell: true }, ["with `shell: true`"], "a list for a shell"],
    [{ command: "echo", shell: undefined }, ["`shell` must be"], "a shell that depends on a value"]
  ] as const
  for (const [input, starts, because] of rows) {
    it(because, () => {
      const constants = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      const problems = shell.validate!(new Set(Object.keys(input)), constants as never)
      assert.deepStrictEqual(
        problems.map((problem, at) => problem.startsWith(starts[at] ?? "?")),
        starts.map(() => true)
      )
    })
  }
})

runExamples([shell])

/** A process that has ended but waits for its parent to notice counts as ended. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !/\) Z /.test(readStat(pid))
}

const readStat = (pid: number): string => {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/stat`, "utf8")
  } catch {
    return ") Z "
  }
}
