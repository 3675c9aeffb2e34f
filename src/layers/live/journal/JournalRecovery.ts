/** Reading a journal that is there: where its good part ends, its records, and cutting off what comes after. */
import { Effect, Option, type Scope, Stream } from "effect"
import { JournalError, type Recovered } from "../../../services/Journal.ts"
import { type Files, openFile, operation } from "./JournalDisk.ts"
import * as Format from "./JournalFormat.ts"
import { type End, writeFully } from "./JournalWriter.ts"

/** Bytes read at a time. */
const chunkBytes = 256 * 1024

export interface Found extends Recovered {
  /** Where the first record starts. */
  readonly from: number
  /** Where the last good one ends. */
  readonly end: End
}

/** Checks every record of the file `fd`, in constant memory. `undefined` when not even its first line was written. */
export const inspect = Effect.fnUntraced(function*(
  files: Files,
  path: string,
  fd: number,
  kind: Format.Kind
): Effect.fn.Return<Found | undefined, JournalError> {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes)
  const size = yield* operation<number>(
    `read ${path}`,
    (done) => files.fstat(fd, (error, stat) => done(error, stat?.size))
  )
  const beginning = Format.readHeader(
    yield* readAt(files, path, fd, 0, Math.min(size, Format.headerLimit), buffer),
    kind
  )
  if (beginning._tag === "Torn") return undefined
  if (beginning._tag === "Refused") {
    const { because, hint } = beginning
    return yield* new JournalError({ reason: "Format", message: `${path} ${because}`, hint })
  }

  let { checksum, from: at } = beginning
  let records = 0
  const check = (bytes: Buffer, from: number, length: number) => {
    const next = Format.checkRecord(bytes, from, length, checksum)
    if (next === undefined) return false
    checksum = next
    records++
    return true
  }
  for (let wanted = 0; wanted <= Format.frameBytes + Format.maxRecordBytes && at + wanted <= size;) {
    const bytes = yield* readAt(files, path, fd, at, Math.min(Math.max(wanted, chunkBytes), size - at), buffer)
    const step = walk(bytes, check)
    at += step.used
    if (step.stopped) break
    wanted = step.wanted
  }
  return { from: beginning.from, end: { fd, at, checksum }, records, droppedBytes: size - at }
})

/** The good records, oldest first. Those of one chunk are parts of one buffer. */
export const recordsOf = (files: Files, path: string, { end, from }: Found): Stream.Stream<Uint8Array, JournalError> =>
  Stream.paginate({ at: from, wanted: 0 }, ({ at, wanted }) => {
    if (at === end.at) return Effect.succeed([[], Option.none()] as const)
    // A new buffer each time: what was handed out must not change under its reader.
    const length = Math.min(Math.max(wanted, chunkBytes), end.at - at)
    return Effect.map(readAt(files, path, end.fd, at, length, Buffer.allocUnsafeSlow(length)), (bytes) => {
      const records: Array<Uint8Array> = []
      const { used, wanted } = walk(bytes, (bytes, from, length) => {
        records.push(bytes.subarray(from + Format.frameBytes, from + Format.frameBytes + length))
        return true
      })
      return [records, Option.some({ at: at + used, wanted })] as const
    })
  })

/** Cuts what comes after the last good record, and keeps it in the first of `1.damaged`, `2.damaged` ... that is free. */
export const cutTail = Effect.fnUntraced(function*(files: Files, path: string, { droppedBytes, end }: Found) {
  const { at, fd } = end
  yield* Effect.scoped(Effect.gen(function*() {
    const damaged = yield* openFirstFree(files, path, 1)
    const buffer = Buffer.allocUnsafeSlow(chunkBytes)
    for (let done = 0; done < droppedBytes;) {
      const bytes = yield* readAt(files, path, fd, at + done, Math.min(chunkBytes, droppedBytes - done), buffer)
      yield* operation(`keep the damaged end of ${path}`, (resume) => writeFully(files, damaged, bytes, done, resume))
      done += bytes.length
    }
    yield* operation(`sync the damaged end of ${path}`, (done) => files.fsync(damaged, done))
  }))
  yield* operation(`cut ${path}`, (done) => files.ftruncate(fd, at, done))
  yield* operation(`sync ${path}`, (done) => files.fsync(fd, done))
})

const openFirstFree = (files: Files, path: string, number: number): Effect.Effect<number, JournalError, Scope.Scope> =>
  Effect.catchIf(
    openFile(files, `${path}.${number}.damaged`, "wx"),
    ({ message }) => message.includes("EEXIST"),
    () => openFirstFree(files, path, number + 1)
  )

/**
 * Goes over the records that are wholly in `bytes` until `visit` says no. `wanted` is how many bytes the one after them
 * takes, as far as that can be seen.
 */
const walk = (bytes: Buffer, visit: (bytes: Buffer, at: number, length: number) => boolean) => {
  let used = 0
  while (used + Format.frameBytes <= bytes.length) {
    const length = Format.recordLength(bytes, used)
    const wanted = Format.frameBytes + length
    if (used + wanted > bytes.length) return { used, wanted, stopped: false }
    if (!visit(bytes, used, length)) return { used, wanted, stopped: true }
    used += wanted
  }
  return { used, wanted: Format.frameBytes, stopped: false }
}

/** Reads `length` bytes into `buffer`, or into a new one when it is too small. */
const readAt = (files: Files, path: string, fd: number, at: number, length: number, buffer: Buffer) => {
  const into = length <= buffer.length ? buffer.subarray(0, length) : Buffer.allocUnsafeSlow(length)
  return operation<Buffer>(`read ${path}`, (done) => {
    const step = (filled: number) =>
      files.read(fd, into, filled, length - filled, at + filled, (error, read) => {
        if (error !== null) return done(error)
        const total = filled + read
        if (read === 0 || total === length) return done(null, into.subarray(0, total))
        step(total)
      })
    step(0)
  })
}
