/**
 * Secrets from files, programs and a Vault that a test describes. The environment and inline values are those of the call, as ever.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { Masking } from "../../core/Masking.ts"
import { make, maxLength, Secrets, type Texts, type Trouble } from "../../services/Secrets.ts"

/** The controls of the fake, in the same layer. */
export class FakeSecrets extends Context.Service<FakeSecrets, {
  /** Writes a file; `undefined` removes it. The path is absolute, or relative to the folder of the call: `/suite/token`. */
  readonly file: (path: string, text: string | undefined) => Effect.Effect<void>

  /** Describes a program by its words, joined by blanks: what it prints, and how it exits. */
  readonly command: (words: string, output: string, exitCode?: number) => Effect.Effect<void>

  /** Writes the keys of a path in the Vault, `secret/app`, as a new version; `undefined` removes the path. */
  readonly vault: (path: string, keys: Readonly<Record<string, string>> | undefined) => Effect.Effect<void>

  /**
   * Lets the next reads and runs fail as a broken disk or program would, or, with `Down`, as a server that is not there.
   * @default kind "Failed"
   */
  readonly failNext: (times: number, problem?: string, kind?: "Failed" | "Down") => Effect.Effect<void>

  /** Lets every read and run take this long from now on. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>

  /** What was asked, oldest first: `read /suite/token`, `run pass show x`, `vault secret/app`. */
  readonly calls: Effect.Effect<ReadonlyArray<string>>
}>()("skein/layers/FakeSecrets") {}

const service = Effect.gen(function*() {
  const masking = yield* Masking
  const files = new Map<string, string>()
  const commands = new Map<string, { readonly output: string; readonly exitCode: number }>()
  const calls: Array<string> = []
  const vault = new Map<string, ReadonlyArray<Texts>>()
  let latency = Duration.zero
  let failures: { left: number; readonly problem: string; readonly kind: "Failed" | "Down" } = {
    left: 0,
    problem: "",
    kind: "Failed"
  }

  const called = Effect.fnUntraced(function*(call: string) {
    calls.push(call)
    yield* Effect.sleep(latency)
    if (failures.left > 0) {
      failures = { ...failures, left: failures.left - 1 }
      return yield* Effect.fail<Trouble>({ kind: failures.kind, problem: failures.problem, hint: "try again" })
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
    readFolder: Effect.fnUntraced(function*(path) {
      yield* called(`list ${path}`)
      const names = [...files.keys()].filter((file) => file.startsWith(`${path}/`)).map((file) =>
        file.slice(path.length + 1)
      )
      const own = names.filter((name) => !name.includes("/") && !name.startsWith(".."))
      if (names.length === 0) {
        return yield* Effect.fail<Trouble>({ kind: "Absent", problem: "does not exist", hint: "create it" })
      }
      return Object.fromEntries(own.map((name) => [name, files.get(`${path}/${name}`) ?? ""]))
    }),
    readVault: Effect.fnUntraced(function*({ mount, path, version }) {
      yield* called(`vault ${mount}/${path}`)
      const versions = vault.get(`${mount}/${path}`) ?? []
      const texts = version === undefined ? versions.at(-1) : versions[version - 1]
      if (texts === undefined) {
        const hint = "describe it with FakeSecrets.vault"
        return yield* Effect.fail<Trouble>({ kind: "Absent", problem: "is not there", hint })
      }
      return texts
    }),
    vaultHealth: () =>
      Effect.match(called("vault health"), {
        onSuccess: () => ({ status: "up" as const, version: "fake" }),
        onFailure: ({ hint, problem }) => ({ status: "down" as const, problem: `it ${problem}`, hint })
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
    vault: (path, keys) =>
      Effect.sync(() =>
        void (keys === undefined ? vault.delete(path) : vault.set(path, [...vault.get(path) ?? [], keys]))
      ),
    failNext: (left, problem = "cannot be read", kind = "Failed") =>
      Effect.sync(() => void (failures = { left, problem, kind })),
    delay: (duration) => Effect.sync(() => void (latency = Duration.fromInputUnsafe(duration))),
    calls: Effect.sync(() => [...calls])
  }))
})

/** No files, no programs, an empty Vault. */
export const layer: Layer.Layer<Secrets | FakeSecrets, never, Masking> = Layer.effectContext(service)

const capped = (verb: string, text: string): Effect.Effect<string, Trouble> =>
  new TextEncoder().encode(text).length <= maxLength
    ? Effect.succeed(text)
    : Effect.fail({ kind: "Failed", problem: `${verb} more than 1 MB`, hint: "a secret is a short text" })
