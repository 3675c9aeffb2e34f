/** What `skein init` does once its flags are read. */
import { Effect, FileSystem, Option, Path, Result, Stdio, Stream } from "effect"
import * as Init from "../programs/Init.ts"
import * as ExitCode from "./ExitCode.ts"
import type { InitFlags } from "./init.ts"
import { Invocation } from "./Invocation.ts"
import * as Output from "./Output.ts"

/** Makes the files and writes them. Fails when the source is none, and when a file is there already. */
export const execute = Effect.fnUntraced(function*(flags: InitFlags) {
  const path = yield* Path.Path
  const { directory } = yield* Invocation
  const folder = path.resolve(directory, Option.getOrElse(flags.out, () => "."))
  const made = yield* make(flags, folder)
  const files = made.files.map((file) => ({ ...file, target: path.join(folder, file.path) }))
  yield* refuseExisting(files.map(({ target }) => target))
  yield* Effect.forEach(files, ({ target, text }) => write(target, text))
  const written = files.map(({ target }) => path.relative(directory, target))
  yield* Output.result({
    json: () => ({ files: written, notes: made.notes }),
    text: () => [...written.map((file) => `wrote ${file}`), ...made.notes].join("\n")
  })
})

const make = Effect.fnUntraced(function*(flags: InitFlags, folder: string) {
  if (Option.isNone(flags.from)) {
    if (Option.isNone(flags.source)) return Init.starter()
    return yield* ExitCode.wrongUsage("say what the source is", `--from ${Init.sources.join(", ")}`)
  }
  const from = flags.from.value
  const given = Option.getOrElse(flags.source, () => "-")
  const source = yield* read(from, given)
  const path = yield* Path.Path
  const { directory } = yield* Invocation
  const contract = source.file === undefined || from !== "openapi"
    ? undefined
    : path.relative(folder, path.resolve(directory, source.file))
  const made = Init.convert({ from, text: source.text, name: source.name, contract })
  return Result.isFailure(made) ? yield* ExitCode.wrongUsage(made.failure.message) : made.success
})

interface SourceText {
  readonly text: string
  /** As it was named; absent for text that comes from elsewhere. */
  readonly file?: string
  readonly name?: string
}

const read = Effect.fnUntraced(function*(
  from: Init.SourceKind,
  given: string
): Effect.fn.Return<SourceText, ExitCode.CommandError, FileSystem.FileSystem | Invocation | Path.Path | Stdio.Stdio> {
  if (from === "curl" && /^\s*curl\s/.test(given)) return { text: given }
  if (given === "-") {
    const { stdin } = yield* Stdio.Stdio
    const text = stdin.pipe(Stream.decodeText, Stream.mkString)
    return { text: yield* Effect.mapError(text, () => ExitCode.wrongUsage("standard input cannot be read")) }
  }
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { directory } = yield* Invocation
  const text = yield* Effect.mapError(
    files.readFileString(path.resolve(directory, given)),
    (error) =>
      ExitCode.wrongUsage(
        error.reason._tag === "NotFound" ? `there is no file ${given}` : `cannot read ${given}: ${error.message}`
      )
  )
  return { text, file: given, name: path.basename(given).replace(/\.[^.]+$/, "") }
})

const refuseExisting = Effect.fnUntraced(function*(targets: ReadonlyArray<string>) {
  const files = yield* FileSystem.FileSystem
  const existing = yield* Effect.filter(targets, (target) => Effect.orElseSucceed(files.exists(target), () => false))
  if (existing.length > 0) {
    return yield* ExitCode.wrongUsage(`${existing.join(", ")} is there already`, "choose another folder with --out")
  }
})

const write = Effect.fnUntraced(function*(target: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* files.makeDirectory(path.dirname(target), { recursive: true })
  yield* files.writeFileString(target, text, { flag: "wx" })
})
