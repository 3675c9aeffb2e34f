/**
 * What a reading of lists leaves behind, so that another process goes on where it was killed: for each page where the next one
 * is, which ids it had, and how far the file was written. JSON records in a `Journal`.
 */
import { Effect, Result, Schema, type Scope, Stream } from "effect"
import { Base64 } from "effect/encoding"
import { Journal, JournalError, type JournalHandle } from "../../services/Journal.ts"
import type * as RowText from "../output/RowText.ts"
import type { ListSummary } from "../Paginate.ts"
import type * as Pagination from "../Pagination.ts"

const format = { name: "skein paginate", version: 1 }

/** A place in the file. */
export interface Mark {
  readonly bytes: number
  /** CRC-32C of everything before it. */
  readonly checksum: number
  readonly writer: RowText.State
}

/** What is known of the list that is being read. */
export interface Current {
  readonly found: Pagination.Found
  readonly because: "told" | "seen"
  after: Pagination.Checkpoint | undefined
  readonly ids: Array<Float64Array>
}

/** What was found. */
export interface Progress {
  /** Tells this reading from others. */
  readonly key: string
  /** Of the lists that are whole, in order. */
  readonly lists: ReadonlyArray<ListSummary>
  /** Of the list after them. */
  readonly current: Current | undefined
  /** Up to where the file is right. */
  readonly mark: Mark | undefined
  /** The file is whole; it may not have its name yet. */
  readonly done: boolean
}

const ListSummarySchema = Schema.declare((input): input is ListSummary => typeof input === "object")
const MarkSchema = Schema.declare((input): input is Mark => typeof input === "object")
const FoundSchema = Schema.declare((input): input is Pagination.Found => typeof input === "object")
const CheckpointSchema = Schema.declare((input): input is Pagination.Checkpoint => typeof input === "object")

/** One record. The journal's checksums say that a record is one of ours, and its format that we know its shape. */
const RecordSchema = Schema.Union([
  Schema.Struct({ is: Schema.Literal("start"), key: Schema.String }),
  Schema.Struct({ is: Schema.Literal("list"), found: FoundSchema, because: Schema.Literals(["told", "seen"]) }),
  Schema.Struct({ is: Schema.Literal("page"), after: CheckpointSchema, ids: Schema.String, mark: MarkSchema }),
  Schema.Struct({ is: Schema.Literal("end"), list: ListSummarySchema, mark: MarkSchema }),
  Schema.Struct({ is: Schema.Literal("done"), mark: MarkSchema })
])
export type Entry = typeof RecordSchema.Type

const decodeEntry = Schema.decodeUnknownResult(Schema.fromJsonString(RecordSchema))
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface ListJournal {
  readonly progress: Progress | undefined
  readonly append: (entry: Entry) => Effect.Effect<void, JournalError>
  /** Forgets everything. */
  readonly begin: (key: string) => Effect.Effect<void, JournalError>
}

/** Opens the journal in a folder (absolute) and reads it. */
export const open = Effect.fnUntraced(function*(
  folder: string
): Effect.fn.Return<ListJournal, JournalError, Journal | Scope.Scope> {
  const journal = yield* Journal
  const handle = yield* journal.open(folder, { format })
  return {
    progress: yield* read(handle, folder),
    append: (entry) => handle.append([bytesOf(entry)]),
    begin: (key) => handle.rewrite([bytesOf({ is: "start", key })])
  }
})

/** The ids of a page as text. */
export const packed = (ids: Float64Array): string =>
  Base64.encode(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength))

const unpacked = (text: string): Float64Array => {
  const bytes = Result.getOrElse(Base64.decode(text), () => new Uint8Array(0))
  return new Float64Array(bytes.slice().buffer)
}

const bytesOf = (entry: Entry): Uint8Array => encoder.encode(JSON.stringify(entry))

const read = (handle: JournalHandle, folder: string): Effect.Effect<Progress | undefined, JournalError> =>
  Stream.runFoldEffect(handle.records, (): Progress | undefined => undefined, (progress, bytes) => {
    const entry = decodeEntry(decoder.decode(bytes))
    return Result.isSuccess(entry)
      ? Effect.succeed(next(progress, entry.success))
      : Effect.fail(
        new JournalError({ reason: "Format", message: `the journal in ${folder} has a record that is none of a list` })
      )
  })

const next = (progress: Progress | undefined, entry: Entry): Progress | undefined => {
  if (entry.is === "start") return { key: entry.key, lists: [], current: undefined, mark: undefined, done: false }
  if (progress === undefined) return undefined
  switch (entry.is) {
    case "list":
      return { ...progress, current: { found: entry.found, because: entry.because, after: undefined, ids: [] } }
    case "page":
      // In place: a list has many pages.
      progress.current!.ids.push(unpacked(entry.ids))
      progress.current!.after = entry.after
      return { ...progress, mark: entry.mark }
    case "end":
      return { ...progress, lists: [...progress.lists, entry.list], current: undefined, mark: entry.mark }
    case "done":
      return { ...progress, mark: entry.mark, done: true }
  }
}
