/** A file that is written text by text, also over several lives of the process: its part until a mark is checked, what is after that is cut off. */
import { Effect, FileSystem, type PlatformError, type Scope } from "effect"
import { crc32c } from "../../core/Crc32c.ts"

/** Length and CRC-32C of what is there. */
export interface Mark {
  readonly bytes: number
  readonly checksum: number
}

export interface PartFile {
  /** Adds text, one after the other. */
  readonly write: (text: string) => Effect.Effect<void, PlatformError.PlatformError>
  readonly written: () => Mark
  /** Waits until it is on the disk. */
  readonly sync: Effect.Effect<void, PlatformError.PlatformError>
}

const encoder = new TextEncoder()
const chunkBytes = 1 << 20

/** Makes the file: a new one (`wx`), or one in the place of what is there (`w`). */
export const create = Effect.fnUntraced(function*(
  path: string,
  flag: "w" | "wx"
): Effect.fn.Return<PartFile, PlatformError.PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  return partOf(yield* files.open(path, { flag }), { bytes: 0, checksum: 0 })
})

/** Opens the file for writing after `mark`, the length and checksum that it had; `undefined` when what is there is something else. */
export const open = Effect.fnUntraced(function*(
  path: string,
  mark: Mark
): Effect.fn.Return<PartFile | undefined, PlatformError.PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const files = yield* FileSystem.FileSystem
  if (!(yield* isAsMarked(path, mark))) return undefined
  const file = yield* files.open(path, { flag: "r+" })
  yield* file.truncate(mark.bytes)
  yield* file.seek(BigInt(mark.bytes), "start")
  return partOf(file, mark)
})

const partOf = (file: FileSystem.File, { bytes, checksum }: Mark): PartFile => {
  let written = { bytes, checksum }
  // The same for every text.
  let buffer = new Uint8Array(0)
  return {
    write: (text) =>
      Effect.suspend(() => {
        if (text === "") return Effect.void
        const most = 3 * text.length
        if (buffer.length < most) buffer = new Uint8Array(most)
        const { written: length } = encoder.encodeInto(text, buffer)
        return Effect.map(file.writeAll(buffer.subarray(0, length)), () => {
          written = { bytes: written.bytes + length, checksum: crc32c(buffer, 0, length, written.checksum) }
        })
      }),
    written: () => written,
    sync: file.sync
  }
}

/** Whether the file begins with what was marked. */
export const isAsMarked = Effect.fnUntraced(function*(
  path: string,
  mark: Mark
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
