/**
 * Files that come over HTTP: bodies that go to disk as they arrive, into a part that gets its name when it is whole.
 *
 * Implementations: `layers/live/SocketFileTransfer`, through proxies `layers/live/UndiciFileTransfer`; `layers/fake/FakeFileTransfer`. All pass
 * `test/services/FileTransferSuite`. `programs/Download` makes downloads of it.
 */
import { Context, type Duration, type Effect, Schema, type Scope } from "effect"
import type { ConnectionOptions } from "./HttpPolicy.ts"

export class FileTransfer extends Context.Service<FileTransfer, {
  /**
   * Sends a GET and answers with the head of the answer, whatever its status. Redirects are not followed and nothing is decompressed.
   * The body waits until it is saved; its connection ends with the scope.
   */
  readonly get: (request: Request) => Effect.Effect<Answer, FileTransferError, Scope.Scope>
  /** Makes the folder when it is missing. Fails with `Permission`, `DiskFull` or `Disk`. */
  readonly folder: (path: string) => Effect.Effect<Folder, FileTransferError>
}>()("skein/services/FileTransfer") {}

/**
 * Why something could not be transferred. `reason` says what to do:
 *
 * - `Network` no answer, or half of one: another try may do better; `Unsendable` no other try will: a bad URL, no trust
 * - `Private` the address is one of this machine or its network, which was not allowed
 * - `TooLong` there is more body than allowed
 * - `DiskFull`, `Permission`, `Disk` the files cannot be written; `message` has the reason of the system
 * - `Exists` there is a file of that name; `Link` there is something else where a file should be
 * - `Busy` somebody else is downloading to that name
 */
export class FileTransferError extends Schema.TaggedError<FileTransferError>()("FileTransferError", {
  reason: Schema.Literals([
    "Network",
    "Unsendable",
    "Private",
    "TooLong",
    "DiskFull",
    "Permission",
    "Disk",
    "Exists",
    "Link",
    "Busy"
  ]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface Request {
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Longest silence, before the answer and within its body. */
  readonly silence: Duration.Duration
  /** Whether addresses of this machine and of private networks are refused; looked at when connecting, whatever the name said. */
  readonly publicOnly: boolean
  readonly connection?: ConnectionOptions | undefined
}

export interface Answer {
  readonly status: number
  /** Names in lower case; those that come twice are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** True when it came from an address of this machine or of a private network. */
  readonly isPrivate: boolean
  /**
   * Writes the body into `part` and answers with its bytes. Once only. Interruption waits for the write under way and ends the
   * connection; what {@link SaveOptions.onBytes} told is written then too.
   */
  readonly save: (part: Part, options: SaveOptions) => Effect.Effect<number, FileTransferError>
}

export interface SaveOptions {
  /** Where in the part the body begins. */
  readonly at: number
  /** Bytes that are taken. */
  readonly limit: number
  /** Whether a body that is longer is left there, or an error (`TooLong`). */
  readonly surplus: "leave" | "fail"
  /** Hears of bytes that were written, in their order, some thousand to a million at a time. */
  readonly onBytes: (bytes: number) => void
}

/** A folder for downloads. Names are of files in it: no separators. Links are never followed. */
export interface Folder {
  /** Its absolute path, links resolved. */
  readonly path: string
  /** The size of the file of that name; `undefined` when there is nothing. Fails with `Link` when it is no file. */
  readonly size: (name: string) => Effect.Effect<number | undefined, FileTransferError>
  /** Reads a finished file, as {@link Part.examine}. */
  readonly examine: (name: string, wanted: Wanted) => Effect.Effect<Found, FileTransferError>
  /**
   * Opens what is there of a file, or begins one: `name.part`, a folder. Held until the scope closes: `Busy` for others. Then
   * the part stays if it has a note, and is removed if not.
   */
  readonly part: (name: string) => Effect.Effect<Part, FileTransferError, Scope.Scope>
}

/** A file that is not whole yet. */
export interface Part {
  /** Bytes up to the last one that was written. There may be holes before it. */
  readonly size: Effect.Effect<number, FileTransferError>
  /** What was last remembered; `undefined` when nothing, or when it was lost. */
  readonly note: Effect.Effect<string | undefined, FileTransferError>
  /** Brings what was written to disk, and then the note, at once or not at all. Of several at the same time the last one stays. */
  readonly remember: (note: string) => Effect.Effect<void, FileTransferError>
  /** Forgets content and note. */
  readonly reset: Effect.Effect<void, FileTransferError>
  /** Reads the content once for all that is wanted. */
  readonly examine: (wanted: Wanted) => Effect.Effect<Found, FileTransferError>
  /**
   * Brings the content to disk and gives it its name, at once or not at all; the part goes with its scope. Fails with `Exists` when there is
   * a file and `replace` is not set.
   */
  readonly finish: (options: { readonly replace: boolean }) => Effect.Effect<void, FileTransferError>
}

/** What to find out of a content. */
export interface Wanted {
  readonly md5?: boolean | undefined
  readonly sha256?: boolean | undefined
  /** Whether it is whole and undamaged gzip: checksums and lengths of all its members. */
  readonly gzip?: boolean | undefined
}

export interface Found {
  /** In hexadecimal. */
  readonly md5?: string | undefined
  readonly sha256?: string | undefined
  /** Why it is not whole gzip; `undefined` when it is, or when that was not asked. */
  readonly gzipDamage?: string | undefined
}
