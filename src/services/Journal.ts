/**
 * Records that outlive the process: an append-only file per folder that only one process may hold, with a checksum at each
 * record, so that a torn or damaged end costs no more than what was not yet promised.
 *
 * Implementations: `layers/live/FileJournal`, `layers/fake/MemoryJournal`. Both pass `test/services/JournalSuite`.
 */
import { Context, type Duration, type Effect, Schema, type Scope, type Stream } from "effect"

export class Journal extends Context.Service<Journal, {
  /**
   * Opens the journal in `folder` (absolute), making both when they are not there, and holds the folder until the scope
   * closes. Fails with `Held` while another process, or another scope of this one, holds it.
   */
  readonly open: (folder: string, options?: OpenOptions) => Effect.Effect<JournalHandle, JournalError, Scope.Scope>
}>()("skein/services/Journal") {}

export interface OpenOptions {
  /** What the records are, such as `skein documents 1`: a journal of another kind, or of a newer version, is refused. */
  readonly format: { readonly name: string; readonly version: number }
  /**
   * When a record is on the disk: `always` before `append` answers (several appends share one `fdatasync`), `never` when the
   * system likes, or after at most so long. All survive a kill of the process; only `always` survives a loss of power.
   * @default "1 second"
   */
  readonly sync?: "always" | "never" | Duration.Input | undefined
}

export interface JournalHandle {
  /** What was found on opening. */
  readonly recovered: Recovered
  /** The records that were there on opening, oldest first. Ends there; to be read before `rewrite`. Copy what is kept for long. */
  readonly records: Stream.Stream<Uint8Array, JournalError>
  /**
   * Adds records in order, all or (after a crash) a prefix of them. Answers when they are as safe as `sync` says; until then
   * they must not change. When it fails or is interrupted, a part of them may be found on the next opening. An empty list
   * waits for what was added before.
   */
  readonly append: (records: ReadonlyArray<Uint8Array>) => Effect.Effect<void, JournalError>
  /** Puts `records` in the place of everything, atomically: after a crash it is either the old ones or the new ones. Appends wait. */
  readonly rewrite: (records: Iterable<Uint8Array>) => Effect.Effect<void, JournalError>
  /** Bytes on the disk. */
  readonly size: Effect.Effect<number>
}

export interface Recovered {
  readonly records: number
  /** Bytes after the last good record, which were cut off: a torn write, or damage. They are kept beside the journal in `*.damaged`. */
  readonly droppedBytes: number
}

/**
 * Failure of a journal. `reason` says what kind:
 *
 * - `Held` another process holds the folder; `holder` says who
 * - `Format` the journal is of another kind, or of a newer version
 * - `Disk` it could not be read or written: no space, no permission, an I/O error. After a failed write every further one fails,
 *   since nobody knows what is on the disk; after a failed rewrite the old records are still there and it goes on
 * - `TooLong` a record is longer than 64 MiB; nothing was written
 */
export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  reason: Schema.Literals(["Held", "Format", "Disk", "TooLong"]),
  /** What was tried, on what, and what went wrong. */
  message: Schema.String,
  /** What to do about it. */
  hint: Schema.optionalKey(Schema.String),
  /** `process 4711 on host`. */
  holder: Schema.optionalKey(Schema.String)
}) {}
