/**
 * Secrets from files and programs that a test describes. The environment and inline values are those of the call, as ever.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { Masking } from "../../core/Masking.ts"
import { make, maxLength, Secrets, type Trouble } from "../../services/Secrets.ts"

/** The controls of the fake, in the same layer. */
export class FakeSecrets extends Context.Service<FakeSecrets, {
  /** Writes a file; `undefined` removes it. The path is absolute, or relative to the folder of the call: `/suite/token`. */
  readonly file: (path: string, text: string | undefined) => Effect.Effect<void>

  /** Describes a program by its words, joined by blanks: what it prints, and how it exits. */
  readonly command: (words: string, output: string, exitCode?: number) => Effect.Effect<void>

  /** Lets the next reads and runs fail as a broken disk or program would. */
  readonly failNext: (times: number, problem?: string) => Effect.Effect<void>

  /** Lets every read and run take this long from now on. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>

  /** What was asked, oldest first: `read /suite/token`, `run pass show x`. */
  readonly calls: Effect.Effect<ReadonlyArray<string>>
}>()("skein/layers/FakeSecrets") {}

const service = Effect.gen(function*() {
  const masking = yield* Masking
  const files = new Map<string, string>()
  const commands = new Map<string, { readonly output: string; readonly exitCode: number }>()
  const calls: Array<string> = []
  let latency = Duration.zero
  let failures = { left: 0, problem: "" }

  const called = Effect.fnUntraced(function*(call: string) {
    calls.push(call)
    yield* Effect.sleep(latency)
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 }
      return yield* Effect.fail<Trouble>({ kind: "Failed", problem: failures.problem, hint: "try again" })
    }
  })

  const secrets = make({
    readFile: Effect.fnUntraced(function*(path) {
      yield* called(`read ${path}`)
      const text = files.get(path)
      if (text === undefined) {
        return yield* Effect.fail<Trouble>({ kind: "Absent", problem: "does not exist", hint: "create it" })
      }
      return yield* capped("holds", text)
    }),
    run: Effect.fnUntraced(function*(argv) {
      yield* called(`run ${argv.join(" ")}`)
      const command = commands.get(argv.join(" "))
      if (command === undefined) {
        return yield* Effect.fail<Trouble>({
          kind: "Failed",
          problem: "cannot be run: there is no such program",
          hint: "describe it with FakeSecrets.command"
        })
      }
      if (command.exitCode !== 0) {
        const problem = `exited with ${command.exitCode}`
        return yield* Effect.fail<Trouble>({ kind: "Failed", problem, hint: "run it by hand to see why" })
      }
      return yield* capped("wrote", command.output)
    })
  }, masking)

  return Context.make(Secrets, secrets).pipe(Context.add(FakeSecrets, {
    file: (path, text) => Effect.sync(() => void (text === undefined ? files.delete(path) : files.set(path, text))),
    command: (words, output, exitCode = 0) => Effect.sync(() => void commands.set(words, { output, exitCode })),
    failNext: (left, problem = "cannot be read") => Effect.sync(() => void (failures = { left, problem })),
    delay: (duration) => Effect.sync(() => void (latency = Duration.fromInputUnsafe(duration))),
    calls: Effect.sync(() => [...calls])
  }))
})

/** No files and no programs. */
export const layer: Layer.Layer<Secrets | FakeSecrets, never, Masking> = Layer.effectContext(service)

const capped = (verb: string, text: string): Effect.Effect<string, Trouble> =>
  new TextEncoder().encode(text).length <= maxLength
    ? Effect.succeed(text)
    : Effect.fail({ kind: "Failed", problem: `${verb} more than 1 MB`, hint: "a secret is a short text" })
