/**
 * A file that is not whole yet, as a folder `NAME.part` beside where it will be: `content`, `note`, a spare, and the lock that says whose
 * it is. A folder, so that all of it is held, found and removed together.
 */
import { Effect, type Scope, Semaphore } from "effect"
import { createHash } from "node:crypto"
import { constants, createReadStream, rmSync } from "node:fs"
import { type FileHandle, link, lstat, open, readFile, rename, rm, unlink } from "node:fs/promises"
import { join } from "node:path"
import { Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FileTransferError, type Found, type Part, type Wanted } from "../../../services/FileTransfer.ts"
import * as FolderLock from "../../FolderLock.ts"
import * as MakeFolder from "../../MakeFolder.ts"

/** Of a file that is given up when the disk is full, so that a note of what fitted fits too. */
const spareBytes = 8_192

/** A part and where its content is written. */
export interface OpenPart extends Part {
  readonly path: string
  readonly fd: number
}

const { O_CREAT, O_NOFOLLOW = 0, O_RDWR } = constants

/** Opens the part of `name` in `folder`; it is closed, and gone if it has no note, with the scope. */
export const openPart = Effect.fnUntraced(function*(
  folder: string,
  name: string
): Effect.fn.Return<OpenPart, FileTransferError, Scope.Scope> {
  const path = join(folder, `${name}.part`)
  const found = yield* kindOf(path)
  if (found !== undefined && found.kind !== "folder") {
    return yield* new FileTransferError({ reason: "Link", message: `${path} is in the way: it is no folder` })
  }
  const state = { finished: false, noted: false, spared: false }
  // Closed after the lock is given back: the lock lies in it.
  yield* Effect.addFinalizer(() =>
    state.finished || !state.noted ? Effect.promise(() => removeUnheld(path)) : Effect.void
  )
  yield* FolderLock.hold(path).pipe(
    Effect.mapError((refusal) =>
      refusal._tag === "Held"
        ? new FileTransferError({ reason: "Busy", message: `${name} is being downloaded by ${refusal.by}` })
        : fromSystem(refusal.cause, path)
    )
  )
  const content = join(path, "content")
  const handle = yield* Effect.acquireRelease(
    disk(content, () => open(content, O_RDWR | O_CREAT | O_NOFOLLOW, 0o666)),
    (handle) => Effect.promise(() => handle.close().catch(() => {}))
  )
  state.noted = (yield* kindOf(join(path, "note"))) !== undefined
  return make(folder, name, path, handle, state)
})

const make = (
  folder: string,
  name: string,
  path: string,
  handle: FileHandle,
  state: { finished: boolean; noted: boolean; spared: boolean }
): OpenPart => {
  const note = join(path, "note")
  const content = join(path, "content")
  const spare = join(path, "spare")
  const turn = Semaphore.makeUnsafe(1)
  return {
    path,
    fd: handle.fd,
    size: disk(content, async () => (await handle.stat()).size),
    note: disk(note, () => readFile(note, "utf8").catch(absent)),
    remember: (text) =>
      disk(note, async () => {
        await handle.datasync()
        if (!state.spared) await write(spare, " ".repeat(spareBytes))
        state.spared = true
        await write(`${note}.new`, text).catch(async (error: unknown) => {
          if (codeOf(error) !== "ENOSPC") throw error
          await rm(spare, { force: true })
          state.spared = false
          await write(`${note}.new`, text)
        })
        await rename(`${note}.new`, note)
        state.noted = true
      }).pipe(turn.withPermit),
    reset: disk(content, async () => {
      await rm(note, { force: true })
      state.noted = false
      await handle.truncate(0)
    }).pipe(turn.withPermit),
    examine: (wanted) => examine(content, wanted),
    finish: ({ replace }) =>
      disk(join(folder, name), async () => {
        await handle.sync()
        await (replace ? rename(content, join(folder, name)) : move(content, join(folder, name)))
        state.finished = true
        await syncFolder(folder)
      })
  }
}

/** Like a rename that replaces nothing. */
const move = async (from: string, to: string): Promise<void> => {
  try {
    await link(from, to)
  } catch (error) {
    if (codeOf(error) !== "EPERM" && codeOf(error) !== "ENOTSUP") throw error
    // A disk without links.
    const there = await lstat(to).then(() => true, () => false)
    if (there) throw Object.assign(new Error("EEXIST: file already exists"), { code: "EEXIST" })
    return await rename(from, to)
  }
  await unlink(from)
}

/** Reads a file and finds out what is wanted. */
export const examine = (path: string, wanted: Wanted): Effect.Effect<Found, FileTransferError> =>
  Effect.tryPromise({
    try: (signal) => read(path, wanted, signal),
    catch: (cause) => fromSystem(cause, path)
  })

const read = async (path: string, wanted: Wanted, signal: AbortSignal): Promise<Found> => {
  const digests = (["md5", "sha256"] as const).filter((kind) => wanted[kind] === true)
  const hashes = digests.map((kind) => [kind, createHash(kind)] as const)
  if (hashes.length > 0) {
    for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576, signal })) {
      for (const [, hash] of hashes) hash.update(chunk as Buffer)
    }
  }
  const gzipDamage = wanted.gzip === true ? await damageOf(path, signal) : undefined
  return {
    ...Object.fromEntries(hashes.map(([kind, hash]) => [kind, hash.digest("hex")])),
    ...(gzipDamage === undefined ? {} : { gzipDamage })
  }
}

/** The decompressor compares the checksum and the length of every member with what it made of it. */
const damageOf = async (path: string, signal: AbortSignal): Promise<string | undefined> => {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    await pipeline(createReadStream(path), createGunzip({ chunkSize: 262_144 }), nowhere, { signal })
    return undefined
  } catch (error) {
    if (String(codeOf(error)).startsWith("Z_")) return error instanceof Error ? error.message : String(error)
    throw error
  }
}

/** Opened read-write and synced by name, so that what a power cut leaves is all of it. */
const write = async (path: string, text: string): Promise<void> => {
  await rm(path, { force: true })
  const handle = await open(path, "wx")
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** Not every system lets folders be opened. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r").catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

/** Removes the folder of a part, unless somebody else holds it by now. */
const removeUnheld = async (path: string): Promise<void> => {
  try {
    const outcome = await import("../../LockFile.ts").then((LockFile) => LockFile.acquire(path))
    if ("token" in outcome) rmSync(path, { recursive: true, force: true })
  } catch {
    // It stays: the next one of that name finds it.
  }
}

/** What stands under a name, links not followed. */
export const kindOf = (
  path: string
): Effect.Effect<
  { readonly kind: "file" | "folder" | "link" | "other"; readonly size: number } | undefined,
  FileTransferError
> =>
  disk(path, async () => {
    const found = await lstat(path).catch(absent)
    if (found === undefined) return undefined
    const kind = found.isSymbolicLink() ? "link" : found.isFile() ? "file" : found.isDirectory() ? "folder" : "other"
    return { kind, size: found.size }
  })

export const makeFolder = (path: string): Effect.Effect<void, FileTransferError> =>
  disk(path, async () => MakeFolder.makeFolder(path)).pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ cause }) => codeOf(cause) === "EEXIST" || codeOf(cause) === "ENOTDIR",
      ({ cause }) =>
        new FileTransferError({
          reason: "Disk",
          message: `${path} cannot be made a folder: a file is in the way`,
          cause
        })
    )
  )

/** Runs something short of the disk, which is never left half-way; what it throws becomes our error. */
export const disk = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, FileTransferError> =>
  Effect.uninterruptible(Effect.tryPromise({ try: run, catch: (cause) => fromSystem(cause, path) }))

/** Makes the error of what a disk said. */
export const fromSystem = (cause: unknown, path: string): FileTransferError => {
  const code = codeOf(cause)
  const said = cause instanceof Error ? cause.message : String(cause)
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new FileTransferError({
        reason: "DiskFull",
        message: `there is no space left for ${path}`,
        hint: "Make room and start again: it goes on where it stopped",
        cause
      })
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new FileTransferError({ reason: "Permission", message: `${path} may not be written: ${said}`, cause })
    case "EEXIST":
      return new FileTransferError({ reason: "Exists", message: `${path} is there already`, cause })
    case "ELOOP":
      return new FileTransferError({ reason: "Link", message: `${path} is a link`, cause })
    default:
      return new FileTransferError({ reason: "Disk", message: `${path}: ${said}`, cause })
  }
}

const absent = (error: unknown): undefined => {
  if (codeOf(error) === "ENOENT") return undefined
  throw error
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined
