/** The file operations of a journal as Effects, with failures that say what to do. */
import { Duration, Effect } from "effect"
import * as fs from "node:fs"
import { JournalError } from "../../../services/Journal.ts"

/** What a journal needs of `node:fs`. Tests give one that fails. */
export type Files = Pick<
  typeof fs,
  "close" | "fdatasync" | "fstat" | "fsync" | "ftruncate" | "open" | "read" | "rename" | "rm" | "write" | "writeSync"
>

export const nodeFiles: Files = fs

type Callback<A> = (cause?: unknown, value?: A) => void

/** One operation that cannot be taken back: an interruption waits for its end. `what` is as in "cannot open /a/b". */
export const operation = <A = void>(
  what: string,
  run: (done: Callback<A>) => void
): Effect.Effect<A, JournalError> =>
  Effect.uninterruptible(
    Effect.callback<A, JournalError>((resume) =>
      run((cause, value) =>
        resume(cause === null || cause === undefined ? Effect.succeed(value as A) : Effect.fail(diskError(what, cause)))
      )
    )
  )

/** Opens for as long as the scope, without a warning when closing fails: what had to be safe was synced before. */
export const openFile = (files: Files, path: string, flags: string) =>
  Effect.acquireRelease(
    operation<number>(`open ${path}`, (done) => files.open(path, flags, done)),
    (fd) => Effect.ignore(operation(`close ${path}`, (done) => files.close(fd, done)))
  )

/** Makes names in a folder as safe as a file's own bytes. Windows has nothing of the kind. */
export const syncFolder = (files: Files, folder: string): Effect.Effect<void, JournalError> =>
  process.platform === "win32" ? Effect.void : Effect.scoped(Effect.flatMap(
    openFile(files, folder, "r"),
    (fd) => operation(`sync ${folder}`, (done) => files.fsync(fd, done))
  ))

export const diskError = (what: string, cause: unknown): JournalError => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  const message = `cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`
  const hint = hints[code]
  return new JournalError({ reason: "Disk", message, ...hint === undefined ? {} : { hint } })
}

const noSpace = "make room on that disk, then start again: what was acknowledged is kept"
const noPermission = "give this user the right to read and write there, or name another folder"
const tooMany = "raise the limit of open files (ulimit -n), or open fewer"

const hints: Readonly<Record<string, string>> = {
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  EROFS: "the disk is mounted read-only: name another folder, or mount it for writing",
  EACCES: noPermission,
  EPERM: noPermission,
  EMFILE: tooMany,
  ENFILE: tooMany,
  EIO: "the disk may be failing: look into the system's log, and copy the folder to another one",
  EEXIST: "a file has that name: name another folder",
  ENOTDIR: "a part of the path is a file: name another folder"
}

export const millis = (input: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(input))
