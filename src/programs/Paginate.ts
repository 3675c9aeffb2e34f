/**
 * Reads lists of remote APIs, several at once and in order, to a file or to whoever takes their pages.
 *
 * `Pagination` reads one list; this puts lists one after the other and what was read into a file, atomically: it is there when
 * it is whole. With a folder for its journal a reading that was killed goes on where it was, without loss and without duplicate.
 */
import { Effect, FileSystem, Path, type PlatformError, Schema, Scope, Stream } from "effect"
import type { Value } from "../core/Value.ts"
import * as AtomicWrite from "../scenario/AtomicWrite.ts"
import type { Journal, JournalError } from "../services/Journal.ts"
import * as RowText from "./output/RowText.ts"
import * as ListJournal from "./paginate/ListJournal.ts"
import * as PartFile from "./paginate/PartFile.ts"
import type { Failure, Needs, Source } from "./paginate/Source.ts"
import type * as Pagination from "./Pagination.ts"
import * as Style from "./pagination/Style.ts"

export type { Failure, Source } from "./paginate/Source.ts"

/** What is known of a list that was read whole. */
export interface ListSummary {
  readonly name: string
  /** How it was paged, in words. */
  readonly style: string
  readonly because: "told" | "seen"
  readonly pages: number
  /** Rows that the API gave; there may be fewer after a condition. */
  readonly rows: number
  readonly guards: ReadonlyArray<string>
}

/** What happens meanwhile. */
export type Event =
  | {
    readonly _tag: "StyleFound"
    readonly list: string
    readonly found: Pagination.Found
    readonly because: "told" | "seen"
    /** In words. */
    readonly style: string
  }
  | {
    readonly _tag: "Page"
    readonly list: string
    readonly rows: ReadonlyArray<Value>
    readonly checkpoint: Pagination.Checkpoint
    readonly ids: Float64Array
  }
  | { readonly _tag: "Ended"; readonly summary: ListSummary }
  /** A reading goes on after `rows` of its file; the list `fromStart` is read from its start, since it has no pages to go on after. */
  | { readonly _tag: "Resumed"; readonly rows: number; readonly fromStart?: string | undefined }
  /** A reading begins again, because its file is not as it was left. */
  | { readonly _tag: "BeganAgain" }
  /** Fields of later rows that a table or CSV has no column for. */
  | { readonly _tag: "LeftOut"; readonly fields: ReadonlyArray<string> }

export interface Options {
  /** Lists that are read at once. @default 5 */
  readonly lists?: number | undefined
}

export interface FileOptions extends Options {
  /** Absolute. */
  readonly file: string
  readonly format: RowText.Format
  readonly text?: Omit<RowText.Options, "after"> | undefined
  /** Folder of the journal (absolute), and what tells this reading from others. @default a reading that fails leaves nothing */
  readonly resume?: { readonly folder: string; readonly key: string } | undefined
  /** Is told what happens. */
  readonly onEvent?: ((event: Event) => Effect.Effect<void>) | undefined
}

export interface FileSummary {
  readonly file: string
  /** Rows in it. */
  readonly rows: number
  readonly bytes: number
  readonly lists: ReadonlyArray<ListSummary>
}

/** The journal is of another reading: other lists, another file or other ways to show rows. */
export class OtherReading extends Schema.TaggedError<OtherReading>()("OtherReading", {
  folder: Schema.String
}) {
  override get message(): string {
    return `${this.folder} has the journal of another reading`
  }
  readonly hint = "repeat the command that began it, or give another folder"
}

/** The pages of all lists, in the order of the lists; several lists are read at once. */
export const events = (
  sources: ReadonlyArray<Source>,
  options: Options = {}
): Stream.Stream<Event, Failure, Needs> => inOrder(sources.map((source) => ofSource(source)), options)

/**
 * Reads lists into a file, which is replaced when all of it was read. A failure leaves the old file, and with `resume` what
 * was read beside it in `FILE.part`.
 */
export const toFile = Effect.fn("Paginate.toFile")(function*(
  sources: ReadonlyArray<Source>,
  options: FileOptions
): Effect.fn.Return<
  FileSummary,
  Failure | PlatformError.PlatformError | JournalError | OtherReading,
  Needs | Journal | FileSystem.FileSystem | Path.Path
> {
  return options.resume === undefined
    ? yield* toNewFile(sources, options)
    : yield* Effect.scoped(toKeptFile(sources, options, options.resume))
})

const toNewFile = Effect.fnUntraced(function*(sources: ReadonlyArray<Source>, options: FileOptions) {
  const { file, format, onEvent = () => Effect.void, text } = options
  const writer = RowText.make(format, text)
  const lists: Array<ListSummary> = []
  const bytes = yield* AtomicWrite.replaceBy(file, (draft) =>
    Effect.scoped(Effect.gen(function*() {
      const out = yield* PartFile.create(draft, "wx")
      yield* Stream.runForEach(events(sources, options), (event) => {
        if (event._tag === "Ended") lists.push(event.summary)
        const written = event._tag === "Page" ? out.write(writer.write(event.rows)) : Effect.void
        return Effect.andThen(written, onEvent(event))
      })
      yield* out.write(writer.end())
      return out.written().bytes
    })))
  yield* noteLeftOut(writer, onEvent)
  return { file, rows: writer.state().rows, bytes, lists }
})

const noteLeftOut = (writer: RowText.RowWriter, onEvent: (event: Event) => Effect.Effect<void>) =>
  writer.leftOut().length === 0 ? Effect.void : onEvent({ _tag: "LeftOut", fields: writer.leftOut() })

/** Writes what was read before it is put into the journal, so that the file has at least what the journal says. */
const toKeptFile = Effect.fnUntraced(function*(
  sources: ReadonlyArray<Source>,
  options: FileOptions,
  resume: NonNullable<FileOptions["resume"]>
) {
  const { file, format, onEvent = () => Effect.void, text } = options
  const files = yield* FileSystem.FileSystem
  const paths = yield* Path.Path
  yield* files.makeDirectory(paths.dirname(file), { recursive: true })
  const journal = yield* ListJournal.open(resume.folder)
  const before = journal.progress
  if (before !== undefined && before.key !== resume.key) return yield* new OtherReading({ folder: resume.folder })
  const part = `${file}.part`
  if (before?.done === true) {
    const isThere = yield* PartFile.isAsMarked(file, before.mark!)
    if (!isThere && (yield* PartFile.isAsMarked(part, before.mark!))) yield* files.rename(part, file)
    else if (!isThere) yield* onEvent({ _tag: "BeganAgain" })
    if (isThere || (yield* files.exists(file)) && (yield* PartFile.isAsMarked(file, before.mark!))) {
      const { bytes, writer } = before.mark!
      yield* onEvent({ _tag: "Resumed", rows: writer.rows })
      return { file, rows: writer.rows, bytes, lists: before.lists }
    }
  }
  const kept = before?.done === false ? yield* PartFile.open(part, before.mark ?? empty) : undefined
  const progress = kept === undefined ? undefined : before
  if (progress === undefined) yield* journal.begin(resume.key)
  if (progress !== undefined) {
    const next = sources[progress.lists.length]
    const fromStart = next?.resumable === false ? next.name : undefined
    yield* onEvent({ _tag: "Resumed", rows: progress.mark?.writer.rows ?? 0, fromStart })
  }
  if (progress === undefined && before?.done === false) yield* onEvent({ _tag: "BeganAgain" })
  const out = kept ?? (yield* PartFile.create(part, "w"))
  const writer = RowText.make(format, { ...text, after: progress?.mark?.writer })
  const lists = [...progress?.lists ?? []]
  const mark = () => ({ ...out.written(), writer: writer.state() })

  const left = sources.slice(lists.length)
  const resumable = new Set(sources.filter(({ resumable }) => resumable).map(({ name }) => name))
  const streams = left.map((source, at) =>
    ofSource(source, at === 0 && source.resumable ? progress?.current : undefined)
  )
  let isOn = progress?.current?.after !== undefined
  yield* Stream.runForEach(
    inOrder(streams, options),
    Effect.fnUntraced(function*(event) {
      if (event._tag === "StyleFound") {
        if (!isOn && resumable.has(event.list)) {
          yield* journal.append({ is: "list", found: event.found, because: event.because })
        }
        isOn = false
      } else if (event._tag === "Page") {
        yield* out.write(writer.write(event.rows))
        if (resumable.has(event.list)) {
          const { checkpoint, ids } = event
          yield* journal.append({ is: "page", after: checkpoint, ids: ListJournal.packed(ids), mark: mark() })
        }
      } else if (event._tag === "Ended") {
        lists.push(event.summary)
        yield* journal.append({ is: "end", list: event.summary, mark: mark() })
      }
      yield* onEvent(event)
    })
  )
  yield* out.write(writer.end())
  yield* out.sync
  yield* journal.append({ is: "done", mark: mark() })
  yield* files.rename(part, file)
  yield* noteLeftOut(writer, onEvent)
  return { file, rows: writer.state().rows, bytes: out.written().bytes, lists }
})

const empty = { bytes: 0, checksum: 0 }

/** Pages of a list that are read ahead of their turn. */
const ahead = 4

const inOrder = (
  streams: ReadonlyArray<Stream.Stream<Event, Failure, Needs>>,
  { lists = 5 }: Options
): Stream.Stream<Event, Failure, Needs> =>
  streams.length === 1 ?
    streams[0]! :
    Stream.unwrap(Effect.map(Effect.scope, (scope) =>
      Stream.fromIterable(streams).pipe(
        Stream.mapEffect((stream) => Scope.provide(Stream.toQueue(stream, { capacity: ahead }), scope)),
        Stream.buffer({ capacity: Math.max(1, lists - 1) }),
        Stream.flatMap((queue) => Stream.fromQueue(queue))
      )))

/** `before` is what was read of it by an earlier process. */
const ofSource = (source: Source, before?: ListJournal.Current): Stream.Stream<Event, Failure, Needs> => {
  const resume = before?.after === undefined
    ? undefined
    : { found: before.found, after: before.after, ids: before.ids }
  let style = ""
  let because: "told" | "seen" = "told"
  return Stream.map(source.events(resume), (event): Event => {
    switch (event._tag) {
      case "StyleFound":
        style = source.how?.style ?? Style.describe(event.found.style)
        because = before?.because ?? event.because
        return { _tag: "StyleFound", list: source.name, found: event.found, because, style }
      case "Page":
        return { ...event, list: source.name }
      case "Ended": {
        const { pages, rows } = event
        const guards = source.how?.guards ?? event.guards
        return { _tag: "Ended", summary: { name: source.name, style, because, pages, rows, guards } }
      }
    }
  })
}
