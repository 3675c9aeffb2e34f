/**
 * Journals in files: `skein.journal` in the folder, held through `skein.lock` beside it. `JournalFormat` has the bytes.
 *
 * A rewrite goes to `skein.journal.new`, which is renamed when it is safe. The cut-off end of a damaged journal is kept in
 * `skein.journal.1.damaged` and so on. Nothing is open before the first `open`, and each closes with its scope.
 */
import { Effect, Exit, Latch, Layer, type Scope, Semaphore, Stream } from "effect"
import { dirname, join } from "node:path"
import { Journal, JournalError, type JournalHandle, type OpenOptions } from "../../services/Journal.ts"
import * as FolderLock from "../FolderLock.ts"
import { diskError, type Files, nodeFiles, operation, syncFolder } from "./journal/JournalDisk.ts"
import * as Format from "./journal/JournalFormat.ts"
import * as Recovery from "./journal/JournalRecovery.ts"
import { bufferBytes, type End, JournalWriter, writeFully, writeRecords } from "./journal/JournalWriter.ts"

/** What it stands on; `fake/MemoryJournal` gives other ones. */
export interface Options {
  /** @default those of Node */
  readonly files?: Files | undefined
  /** Makes the folder and keeps others out of it. @default FolderLock.hold */
  readonly hold?: typeof FolderLock.hold | undefined
}

export const layer = (options: Options = {}): Layer.Layer<Journal> =>
  Layer.succeed(Journal, {
    open: Effect.fn("Journal.open")((folder, open) => openIn(folder, open ?? {}, options))
  })

const openIn = Effect.fnUntraced(function*(
  folder: string,
  { format = { name: "records", version: 1 }, sync = "1 second" }: Partial<OpenOptions>,
  { files = nodeFiles, hold = FolderLock.hold }: Options
): Effect.fn.Return<JournalHandle, JournalError, Scope.Scope> {
  yield* Effect.mapError(hold(folder), (refusal) => notHeld(folder, refusal))
  const path = join(folder, "skein.journal")
  const place: Place = { files, folder, path, format }
  const found = yield* openFile(place, sync === "always")
  let unsynced = false
  const written = Latch.makeUnsafe(false)
  const writer = new JournalWriter(found.end, {
    files,
    path,
    syncEach: sync === "always",
    onWrite: () => {
      unsynced = true
      written.openUnsafe()
    }
  })
  // The file is not closed, and no other takes its place, while it is being synced.
  const stays = yield* Semaphore.make(1)
  const turn = Effect.uninterruptible(Effect.callback<void>((resume) => writer.takeTurn(() => resume(Effect.void))))
  const syncNow = operation(`sync ${path}`, (done) => {
    unsynced = false
    written.closeUnsafe()
    files.fdatasync(writer.end.fd, done)
  }).pipe(
    Effect.tapError((error) => Effect.sync(() => writer.break(error)))
  )
  const records = Recovery.recordsOf(files, path, found)
  let rewritten = false

  yield* Effect.addFinalizer(() =>
    turn.pipe(
      Effect.andThen(Effect.suspend(() => unsynced && sync !== "never" ? syncNow : Effect.void)),
      Effect.catch(({ message }) => Effect.logWarning(`the journal may lack its last records: ${message}`)),
      Effect.andThen(Effect.sync(() => {
        writer.break(new JournalError({ reason: "Disk", message: `the journal in ${folder} is closed` }))
        writer.giveBack()
      })),
      Effect.andThen(Effect.suspend(() => Effect.ignore(close(place, writer.end.fd))))
    )
  )
  if (sync !== "always" && sync !== "never") {
    yield* written.await.pipe(
      Effect.andThen(Effect.sleep(sync)),
      Effect.andThen(stays.withPermit(syncNow)),
      Effect.forever,
      // The next append fails with it.
      Effect.ignore,
      Effect.forkScoped
    )
  }

  return {
    recovered: { records: found.records, droppedBytes: found.droppedBytes },
    records: Stream.suspend(() =>
      rewritten ? Stream.die(new Error("the records of a journal are read before it is rewritten")) : records
    ),
    append: (records) =>
      Effect.callback((resume) => {
        const long = records.find(isTooLong)
        if (long !== undefined) return resume(Effect.fail(tooLong(path, long)))
        writer.append(records, (error) => resume(error === undefined ? Effect.void : Effect.fail(error)))
      }),
    rewrite: (records) =>
      Effect.acquireUseRelease(
        turn,
        () =>
          Effect.gen(function*() {
            if (writer.broken !== undefined) return yield* writer.broken
            const old = writer.end.fd
            const end = yield* writeDraft(place, records)
            rewritten = true
            writer.moveTo(end)
            yield* Effect.ignore(close(place, old))
            yield* Effect.tapError(syncFolder(files, folder), (error) => Effect.sync(() => writer.break(error)))
          }),
        () => Effect.sync(() => writer.giveBack())
      ).pipe(stays.withPermit, Effect.uninterruptible, Effect.withSpan("Journal.rewrite")),
    size: Effect.sync(() => writer.end.at)
  }
})

interface Place {
  readonly files: Files
  readonly folder: string
  readonly path: string
  readonly format: Format.Kind
}

/** Opens the file with its end cut to what is good, or makes it. The caller closes it. */
const openFile = Effect.fnUntraced(function*(place: Place, safe: boolean) {
  const { files, folder, format, path } = place
  const fd = yield* openOrAbsent(place)
  if (fd !== undefined) {
    const found = yield* Recovery.inspect(files, path, fd, format).pipe(
      Effect.tap((found) =>
        found === undefined || found.droppedBytes === 0 ? Effect.void : Recovery.cutTail(files, path, found)
      ),
      Effect.onExit((exit) =>
        Exit.isSuccess(exit) && exit.value !== undefined ? Effect.void : Effect.ignore(close(place, fd))
      )
    )
    if (found !== undefined) return found
  }
  const end = yield* writeDraft(place, [])
  if (safe) yield* syncAncestors(files, folder)
  return { from: end.at, end, records: 0, droppedBytes: 0 }
})

const openOrAbsent = ({ files, path }: Place): Effect.Effect<number | undefined, JournalError> =>
  operation<number | undefined>(
    `open ${path}`,
    (done) => files.open(path, "r+", (error, fd) => error?.code === "ENOENT" ? done(null, undefined) : done(error, fd))
  )

const close = ({ files, path }: Place, fd: number) => operation(`close ${path}`, (done) => files.close(fd, done))

/** Makes a file of `records`, safe on the disk, and puts it in the place of the one that is there. Leaves no draft behind. */
const writeDraft = Effect.fnUntraced(function*(
  place: Place,
  records: Iterable<Uint8Array>
): Effect.fn.Return<End, JournalError> {
  const { files, format, path } = place
  const draft = `${path}.new`
  const header = Format.encodeHeader(format)
  const fd = yield* operation<number>(`open ${draft}`, (done) => files.open(draft, "w+", done))
  return yield* Effect.gen(function*() {
    yield* operation(`write ${draft}`, (done) => writeFully(files, fd, header, 0, done))
    const start: End = { fd, at: header.length, checksum: Format.headerChecksum(format) }
    const end = yield* Effect.callback<End, JournalError>((resume) => {
      const buffer = Buffer.allocUnsafeSlow(bufferBytes)
      const given = guard(path, records)
      writeRecords(files, draft, start, given, buffer, (error, end) => {
        resume(given.failure ?? (error === undefined ? Effect.succeed(end) : Effect.fail(error)))
      })
    })
    yield* operation(`sync ${draft}`, (done) => files.fsync(fd, done))
    yield* operation(`rename ${draft}`, (done) => files.rename(draft, path, done))
    return end
  }).pipe(
    Effect.onError(() =>
      Effect.andThen(
        Effect.ignore(close(place, fd)),
        Effect.ignore(operation(`remove ${draft}`, (done) => files.rm(draft, { force: true }, done)))
      )
    )
  )
}, Effect.uninterruptible)

/** Ends early, and keeps why, when the given records cannot be taken: nothing may be thrown from within a callback. */
const guard = (path: string, records: Iterable<Uint8Array>) => {
  const iterator = records[Symbol.iterator]()
  const guarded: Iterator<Uint8Array> & { failure: Effect.Effect<never, JournalError> | undefined } = {
    failure: undefined,
    next: () => {
      try {
        const next = iterator.next()
        if (next.done === true || !isTooLong(next.value)) return next
        guarded.failure = Effect.fail(tooLong(path, next.value))
      } catch (defect) {
        guarded.failure = Effect.die(defect)
      }
      return { done: true, value: undefined }
    }
  }
  return guarded
}

/** Makes the names of new folders safe too, as far as this user may. */
const syncAncestors = (files: Files, folder: string): Effect.Effect<void, JournalError> =>
  Effect.andThen(
    syncFolder(files, folder),
    dirname(folder) === folder ? Effect.void : Effect.ignore(syncAncestors(files, dirname(folder)))
  )

const isTooLong = (record: Uint8Array): boolean => record.length > Format.maxRecordBytes

const tooLong = (path: string, record: Uint8Array) =>
  new JournalError({
    reason: "TooLong",
    message: `a record of ${record.length} bytes is too long for ${path}, which takes ${Format.maxRecordBytes} bytes`,
    hint: "keep it in parts, or elsewhere"
  })

const notHeld = (folder: string, refusal: FolderLock.Refusal): JournalError =>
  refusal._tag === "Disk"
    ? diskError(`lock ${folder}`, refusal.cause)
    : new JournalError({
      reason: "Held",
      message: `${folder} is held by ${refusal.by}`,
      hint: `wait until it is done, or name another folder; when nobody uses it, delete ${
        join(folder, FolderLock.fileName)
      }`,
      holder: refusal.by
    })
