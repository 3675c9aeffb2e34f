/** A file that is written over several lives of the process: its part until a mark is checked, what is after that is cut off. */
import { Effect, FileSystem, type PlatformError, type Scope } from "effect"
import { crc32c } from "../../core/Crc32c.ts"

export interface PartFile {
  /** Adds text. */
  readonly write: (text: string) => Effect.Effect<void, PlatformError.PlatformError>
  /** Length and CRC-32C of what is there. */
  readonly written: () => { readonly bytes: number; readonly checksum: number }
  /** Waits until it is on the disk. */
  readonly sync: Effect.Effect<void, PlatformError.PlatformError>
}

const encoder = new TextEncoder()
const chunkBytes = 1 << 20

/**
 * Opens the file for writing after `mark`, the length and checksum that it had; without one it begins empty. `undefined` when
 * what is there is not what was marked.
 */
export const open = Effect.fnUntraced(function*(
  path: string,
  mark: { readonly bytes: number; readonly checksum: number } | undefined
): Effect.fn.Return<PartFile | undefined, PlatformError.PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  if (mark !== undefined && !(yield* isAsMarked(path, mark))) return undefined
  const file = yield* files.open(path, { flag: mark === undefined ? "w" : "r+" })
  if (mark !== undefined) {
    yield* file.truncate(mark.bytes)
    yield* file.seek(BigInt(mark.bytes), "start")
  }
  let bytes = mark?.bytes ?? 0
  let checksum = mark?.checksum ?? 0
  return {
    write: (text) => {
      const added = encoder.encode(text)
      return Effect.map(added.length === 0 ? Effect.void : file.writeAll(added), () => {
        bytes += added.length
        checksum = crc32c(added, 0, added.length, checksum)
      })
    },
    written: () => ({ bytes, checksum }),
    sync: file.sync
  }
})

/** Whether the file begins with what was marked. */
export const isAsMarked = Effect.fnUntraced(function*(
  path: string,
  mark: { readonly bytes: number; readonly checksum: number }
): Effect.fn.Return<boolean, PlatformError.PlatformError, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  if (!(yield* files.exists(path))) return false
  return yield* Effect.scoped(Effect.gen(function*() {
    const file = yield* files.open(path, { flag: "r" })
    const buffer = new Uint8Array(chunkBytes)
    let checksum = 0
    for (let left = mark.bytes; left > 0;) {
      const read = yield* file.read(buffer)
      if (read === 0) return false
      checksum = crc32c(buffer, 0, Math.min(read, left), checksum)
      left -= Math.min(read, left)
    }
    return checksum === mark.checksum
  }))
})
