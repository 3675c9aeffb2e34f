/**
 * Text files that an action reads by a path of its input. A path starts in the scenario's folder; in a Robogo file it
 * starts where that tool ran, which is the root, and only then in the scenario's folder.
 */
import { Effect, type FileSystem, type Path } from "effect"
import type { ActionContext, ActionError } from "./Action.ts"
import * as SafePath from "./SafePath.ts"

/** Reads a UTF-8 file inside the root, of at most 10 MB. Fails with `Unavailable` or `Refused`. */
export const readText = (
  path: string,
  context: Pick<ActionContext, "directory" | "root" | "allowOutside" | "robogo">
): Effect.Effect<string, ActionError, FileSystem.FileSystem | Path.Path> => {
  const besideScenario = SafePath.readText(path, context)
  const read = !context.robogo ? besideScenario : SafePath.readText(path, { ...context, directory: context.root }).pipe(
    Effect.catchIf((error) => error.reason === "Missing", () => besideScenario)
  )
  return Effect.mapError(read, SafePath.asActionError)
}
