/**
 * Makes a folder and those above it. Node's own `recursive` never comes back where the system answers `ENOENT` although the folder
 * above is there, as in `/proc` or below a folder that was deleted.
 */
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"

/** Nothing to do when it is there. Throws what the file system says; `EEXIST` when something else has the name. */
export const makeFolder = (path: string): void => {
  try {
    mkdirSync(path)
  } catch (cause) {
    const code = codeOf(cause)
    const above = dirname(path)
    if (code === "ENOENT" && above !== path && !isFolder(above)) {
      makeFolder(above)
      makeFolder(path)
    } else if (code === "ENOENT" || !isFolder(path)) throw cause
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

const codeOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
