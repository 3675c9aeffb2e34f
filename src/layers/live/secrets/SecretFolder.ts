/** Reads the secret folders of Docker (`/run/secrets`) and Kubernetes, and any other folder of files. */
import { Effect, type FileSystem, type PlatformError, Result } from "effect"
import type { Texts, Trouble } from "../../../services/Secrets.ts"

/** Files of a folder that are read; more of them are an error. */
const maxFiles = 1_000

/**
 * Kubernetes mounts secrets as links into a folder behind `..data`, and changes them all at once by moving that link: so it
 * is followed first, and whatever comes from there is of one version.
 */
export const read = (
  fileSystem: FileSystem.FileSystem,
  path: string,
  readFile: (path: string) => Effect.Effect<string, Trouble>
): Effect.Effect<Texts, Trouble> => {
  const once = Effect.gen(function*() {
    const folder = yield* fileSystem.realPath(`${path}/..data`).pipe(Effect.orElseSucceed(() => path))
    const entries = yield* Effect.mapError(fileSystem.readDirectory(folder), cannotList)
    const names = entries.filter((name) => !name.startsWith("..")).toSorted()
    if (names.length > maxFiles) return yield* Effect.fail(tooMany)
    const files = yield* Effect.filter(names, (name) =>
      fileSystem.stat(`${folder}/${name}`).pipe(
        Effect.map(({ type }) => type === "File"),
        Effect.orElseSucceed(() => false)
      ), { concurrency: 16 })
    const texts = yield* Effect.forEach(files, (name) => Effect.result(readFile(`${folder}/${name}`)), {
      concurrency: 16
    })
    const failed = texts.findIndex(Result.isFailure)
    const trouble = texts[failed]
    if (trouble !== undefined && Result.isFailure(trouble)) {
      return yield* Effect.fail({
        ...trouble.failure,
        problem: `has ${files[failed]}, which ${trouble.failure.problem}`
      })
    }
    return Object.fromEntries(files.map((name, at) => [name, Result.getOrElse(texts[at]!, () => "")]))
  })
  // A version may be taken away while it is read; the next one is there by then.
  return Effect.retry(once, { times: 1, while: ({ kind, problem }) => kind === "Absent" && problem.startsWith("has ") })
}

/** Why a file cannot be read. */
export const cannotRead = (error: PlatformError.PlatformError): Trouble =>
  error.reason._tag === "NotFound"
    ? { kind: "Absent", problem: "does not exist", hint: "create it" }
    : error.reason._tag === "PermissionDenied"
    ? { kind: "Failed", problem: "may not be read (permission denied)", hint: "allow it to be read" }
    : { kind: "Failed", problem: "cannot be read", hint: "see whether it is a file" }

const cannotList = (error: PlatformError.PlatformError): Trouble =>
  error.reason._tag === "NotFound" || error.reason._tag === "PermissionDenied"
    ? cannotRead(error)
    : { kind: "Failed", problem: "cannot be read", hint: "see whether it is a folder" }

const tooMany: Trouble = {
  kind: "Failed",
  problem: `has more than ${maxFiles} files`,
  hint: "name a folder that holds nothing but secrets"
}
