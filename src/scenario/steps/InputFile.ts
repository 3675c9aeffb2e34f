/**
 * Files that an action reads by a path of its input. A path starts in the scenario's folder; in a Robogo file it starts where
 * that tool ran, which is the root, and only then in the scenario's folder.
 */
import { Effect, type FileSystem, type Path } from "effect"
import type { ActionContext, ActionError } from "../Action.ts"
import * as SafePath from "../SafePath.ts"

type Context = Pick<ActionContext, "directory" | "root" | "allowOutside" | "robogo">

/** Reads a file inside the root, of at most `maxBytes` (10 MB unless said otherwise). Fails with `Unavailable` or `Refused`. */
export const read = (
  path: string,
  context: Context,
  maxBytes?: number
): Effect.Effect<Uint8Array, ActionError, FileSystem.FileSystem | Path.Path> => {
  const besideScenario = SafePath.read(path, context, maxBytes)
  const found = !context.robogo
    ? besideScenario
    : SafePath.read(path, { ...context, directory: context.root }, maxBytes).pipe(
      Effect.catch((error) =>
        error.reason === "Missing" || error.reason === "Outside"
          ? Effect.mapError(besideScenario, () => error)
          : Effect.fail(error)
      )
    )
  return Effect.mapError(found, SafePath.asActionError)
}

/** Reads a UTF-8 file as {@link read} does. */
export const readText = (
  path: string,
  context: Context
): Effect.Effect<string, ActionError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(
    read(path, context),
    (bytes) => Effect.mapError(SafePath.decodeText(path, bytes), SafePath.asActionError)
  )
