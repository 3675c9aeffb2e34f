/** Folders for downloads on a real disk. The parts in them are in `PartFolder.ts`. */
import { Effect } from "effect"
import { realpath } from "node:fs/promises"
import { join } from "node:path"
import { FileTransferError, type Folder } from "../../../services/FileTransfer.ts"
import * as PartFolder from "./PartFolder.ts"

export const folder = Effect.fnUntraced(function*(given: string): Effect.fn.Return<Folder, FileTransferError> {
  yield* PartFolder.makeFolder(given)
  const path = yield* PartFolder.disk(given, () => realpath(given))
  return {
    path,
    size: (name) =>
      Effect.flatMap(
        PartFolder.kindOf(join(path, name)),
        (found) =>
          found === undefined || found.kind === "file" ? Effect.succeed(found?.size) : new FileTransferError({
            reason: "Link",
            message: `${join(path, name)} is in the way: it is ${
              found.kind === "link" ? "a link" : found.kind === "folder" ? "a folder" : "no ordinary file"
            }`
          })
      ),
    examine: (name, wanted) => PartFolder.examine(join(path, name), wanted),
    part: (name) => PartFolder.openPart(path, name)
  }
})
