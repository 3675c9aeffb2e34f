/**
 * Which files a scenario may touch: those inside its root folder, links followed. Everything that takes a path out of a
 * scenario (file actions, includes, data files, schemas, snapshots) asks here first.
 *
 * The check looks at the real place of a file, so `..`, absolute paths and symbolic links are all the same to it. It
 * cannot see a link that is put in place between the check and the use; the root is no jail against other processes.
 */
import { Effect, FileSystem, Option, Path, type PlatformError, Schema, Stream } from "effect"
import * as Bytes from "../core/Bytes.ts"
import * as ByteSize from "../core/ByteSize.ts"
import { ActionError } from "./Action.ts"

/** Where a path starts and what it must not leave. An `ActionContext` is one. */
export interface Bounds {
  /** Absolute folder that a relative path starts from. */
  readonly directory: string
  /** Absolute folder outside of which nothing is touched. */
  readonly root: string
  readonly allowOutside: boolean
}

/**
 * A path that may not be used, or a file that cannot be read:
 *
 * - `Outside`, `Link`, `Url`: not allowed here; it lies outside the root, a link leads out, it is no file path at all
 * - `TooLarge`: the file is over the cap of the reader
 * - `Missing`: there is no such file
 * - `Unreadable`: it is there but cannot be used; the message has the reason of the system
 */
export class SafePathError extends Schema.TaggedError<SafePathError>()("SafePathError", {
  reason: Schema.Literals(["Outside", "Link", "Url", "TooLarge", "Missing", "Unreadable"]),
  path: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {}

/** The root of a file: that of the run for files inside it, and its own folder for a file elsewhere. Both absolute. */
export const rootOf = (directory: string, root: string): string =>
  directory === root || directory.startsWith(root.replace(/[/\\]?$/, "/")) ? root : directory

/** @default of `read`: 10 MB */
export const defaultMaxBytes = 10_000_000

/**
 * Returns the absolute place that `path` means, links resolved; the last parts need not exist yet.
 *
 * Fails with `Url`, `Outside`, `Link` or `Unreadable`. With `allowOutside` only URLs are refused.
 */
export const resolve = Effect.fnUntraced(function*(
  path: string,
  bounds: Bounds
): Effect.fn.Return<string, SafePathError, FileSystem.FileSystem | Path.Path> {
  const paths = yield* Path.Path
  if (path === "" || path.includes("\0")) {
    return yield* new SafePathError({ reason: "Unreadable", path, message: `${quote(path)} is not a file path` })
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path) || /^file:/i.test(path)) {
    return yield* new SafePathError({
      reason: "Url",
      path,
      message: `${quote(path)} is a URL; only files can be named here`,
      hint: "Download it first, or fetch it with an http step"
    })
  }

  const target = paths.resolve(bounds.directory, path)
  if (bounds.allowOutside) return target

  const root = yield* realPlace(paths.resolve(bounds.root), path)
  const real = yield* realPlace(target, path)
  if (isInside(paths, root, real)) return real

  const plainlyInside = isInside(paths, paths.resolve(bounds.root), target) || isInside(paths, root, target)
  return yield* new SafePathError({
    reason: plainlyInside ? "Link" : "Outside",
    path,
    message: plainlyInside
      ? `${quote(path)} is or goes through a link that leads out of the root folder ${bounds.root}`
      : `${quote(path)} is outside the root folder ${bounds.root}`,
    hint: "Move the file inside, choose a wider root, or allow it with --allow-outside"
  })
})

/**
 * Reads a whole file of at most `maxBytes` bytes. Devices, pipes and folders are refused, so that it always ends.
 *
 * Fails with the reasons of {@link resolve}, and with `Missing`, `TooLarge` or `Unreadable`.
 */
export const read = Effect.fnUntraced(function*(
  path: string,
  bounds: Bounds,
  /** @default 10 MB */
  maxBytes: number = defaultMaxBytes
): Effect.fn.Return<Uint8Array, SafePathError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const place = yield* resolve(path, bounds)
  const info = yield* files.stat(place).pipe(Effect.mapError((error) => unreadable(path, "read", error)))
  if (info.type !== "File") {
    const message = `cannot read ${quote(path)}: it is ${info.type === "Directory" ? "a folder" : "not a regular file"}`
    return yield* new SafePathError({ reason: "Unreadable", path, message })
  }

  // Files of /proc say that they are empty and a log may grow while it is read: what counts is what arrives.
  const chunks = yield* files.stream(place, { bytesToRead: maxBytes + 1 }).pipe(
    Stream.runCollect,
    Effect.mapError((error) => unreadable(path, "read", error))
  )
  const bytes = Bytes.concat(chunks)
  if (bytes.length <= maxBytes) return bytes
  return yield* new SafePathError({
    reason: "TooLarge",
    path,
    message: `${quote(path)} is larger than ${ByteSize.format(maxBytes)}`
  })
})

/** Reads a file as UTF-8 text without its byte order mark; see {@link read}. Text that is no UTF-8 is `Unreadable`. */
export const readText = Effect.fnUntraced(function*(path: string, bounds: Bounds, maxBytes?: number) {
  return yield* decodeText(path, yield* read(path, bounds, maxBytes))
})

/** Returns the bytes of the file `path` as UTF-8 text without a byte order mark, or fails with `Unreadable`. */
export const decodeText = (path: string, bytes: Uint8Array): Effect.Effect<string, SafePathError> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => {
      const message = `cannot read ${quote(path)} as text: it is not UTF-8`
      return new SafePathError({ reason: "Unreadable", path, message })
    }
  })

/** Turns a failure of the file system into ours: `cannot read "a.txt": no such file`. */
export const unreadable = (path: string, verb: string, error: PlatformError.PlatformError): SafePathError =>
  new SafePathError({
    reason: error.reason._tag === "NotFound" ? "Missing" : "Unreadable",
    path,
    message: `cannot ${verb} ${quote(path)}: ${explain(error)}`
  })

/** Makes it the failure of a step: what is not allowed is refused, what is not there cannot be used. */
export const asActionError = (error: SafePathError): ActionError =>
  new ActionError({
    reason: error.reason === "Missing" || error.reason === "Unreadable" ? "Unavailable" : "Refused",
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint })
  })

const texts: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENOTEMPTY: "the folder is not empty",
  ELOOP: "its links go round in a circle",
  ENAMETOOLONG: "the name is too long",
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the disk is read-only",
  EMFILE: "too many open files",
  EIO: "the disk reported an error"
}

/** Says in a few words why the system refused to touch a file: `no space left on the disk`. */
export const explain = (error: PlatformError.PlatformError): string => {
  const cause: unknown = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  return texts[code] ?? (code === "" ? error.message : `the system reported ${code}`)
}

/** A failure of the file system for people: what cannot be used, why, and what helps. */
export const cannotUse = (
  error: PlatformError.PlatformError
): { readonly message: string; readonly hint?: string | undefined } => {
  const { _tag, pathOrDescriptor: place } = { pathOrDescriptor: undefined, ...error.reason }
  if (place === undefined) return { message: error.message }
  return {
    message: `${place} cannot be used: ${explain(error)}`,
    hint: _tag === "PermissionDenied"
      ? "give this user the right to read and write there, or name another place"
      : undefined
  }
}

/** The real place of `target`: that of its deepest existing folder, and the rest as it stands. */
const realPlace = Effect.fnUntraced(function*(
  target: string,
  path: string
): Effect.fn.Return<string, SafePathError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  const missing: Array<string> = []
  for (let place = target;;) {
    const real = yield* files.realPath(place).pipe(
      Effect.asSome,
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone),
      Effect.mapError((error) => unreadable(path, "use", error))
    )
    if (Option.isSome(real)) return paths.join(real.value, ...missing)

    // A link that leads nowhere yet would be followed by whoever creates the file.
    const link = yield* Effect.option(files.readLink(place))
    if (Option.isSome(link)) {
      return yield* new SafePathError({
        reason: "Link",
        path,
        message: `${quote(path)} is or goes through a link to ${quote(link.value)}, which does not exist`
      })
    }
    const parent = paths.dirname(place)
    if (parent === place) return target
    missing.unshift(paths.basename(place))
    place = parent
  }
})

const isInside = (paths: Path.Path, root: string, place: string): boolean => {
  const relative = paths.relative(root, place)
  return relative === "" || (relative !== ".." && !relative.startsWith(`..${paths.sep}`) && !paths.isAbsolute(relative))
}

const quote = (path: string): string => JSON.stringify(path)
