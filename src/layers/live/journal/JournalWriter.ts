/**
 * The end of a journal file where records are added: one write at a time, and all who came during it share the next one.
 *
 * Plain callbacks without fibers: a batch that fits the buffer costs one write, in the same turn of the event loop.
 */
import type { JournalError } from "../../../services/Journal.ts"
import { diskError, type Files } from "./JournalDisk.ts"
import { encodeRecord, frameBytes } from "./JournalFormat.ts"

/** Told how it ended: safe as far as asked, or why nobody knows. */
export type Done = (error: JournalError | undefined) => void

/** The place after the last record. */
export interface End {
  readonly fd: number
  readonly at: number
  readonly checksum: number
}

interface Waiting {
  readonly records: ReadonlyArray<Uint8Array>
  readonly done: Done
}

export interface Options {
  readonly files: Files
  /** Shown in errors. */
  readonly path: string
  /** Whether each write is followed by an `fdatasync` before it is told done. */
  readonly syncEach: boolean
  /** Called after a write that is not followed by one. */
  readonly onWrite: () => void
}

/** Records are gathered up to here for one write; it is also the size of the buffer. */
export const bufferBytes = 256 * 1024

/** Copying into the system's cache takes less time than the way to another thread and back, up to about here. */
const writeAtOnceBytes = 64 * 1024

export class JournalWriter {
  readonly #options: Options
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes)
  readonly #turns: Array<() => void> = []
  #end: End
  #waiting: Array<Waiting> = []
  #busy = false
  #broken: JournalError | undefined

  constructor(end: End, options: Options) {
    this.#end = end
    this.#options = options
  }

  get end(): End {
    return this.#end
  }

  /** Why nothing can be written any more. */
  get broken(): JournalError | undefined {
    return this.#broken
  }

  /** Refuses everything from now on. The first reason stays. */
  break(error: JournalError): void {
    this.#broken ??= error
  }

  /** Adds records; they are read when their turn comes, which is when `done` is called at the latest. */
  append(records: ReadonlyArray<Uint8Array>, done: Done): void {
    this.#waiting.push({ records, done })
    this.#next()
  }

  /** Calls `work` when no write is going on; none begins until {@link giveBack}. */
  takeTurn(work: () => void): void {
    this.#turns.push(work)
    this.#next()
  }

  /** Goes on in another file; to be called in a turn. */
  moveTo(end: End): void {
    this.#end = end
  }

  /** Ends a turn. */
  giveBack(): void {
    this.#busy = false
    this.#next()
  }

  #next(): void {
    if (this.#busy) return
    const turn = this.#turns.shift()
    if (turn === undefined && this.#waiting.length === 0) return
    this.#busy = true
    if (turn === undefined) this.#commit(this.#waiting)
    else turn()
  }

  /** Writes the records of all who wait and answers them. */
  #commit(waiting: ReadonlyArray<Waiting>): void {
    this.#waiting = []
    const finish = (error: JournalError | undefined) => {
      if (error !== undefined) this.break(error)
      this.#busy = false
      for (const { done } of waiting) done(error)
      this.#next()
    }
    if (this.#broken !== undefined) return finish(this.#broken)

    const { files, onWrite, path, syncEach } = this.#options
    writeRecords(files, path, this.#end, recordsOf(waiting), this.#buffer, (error, end) => {
      this.#end = end
      if (error !== undefined) return finish(error)
      if (syncEach) {
        return files.fdatasync(end.fd, (cause) => finish(cause === null ? undefined : diskError(`sync ${path}`, cause)))
      }
      onWrite()
      finish(undefined)
    })
  }
}

/**
 * Writes records at `end` in as few writes as the buffer allows; one that is longer gets a buffer of its own. Tells the new
 * end, which after an error is the last one that is known to be written.
 */
export const writeRecords = (
  files: Files,
  path: string,
  end: End,
  records: Iterator<Uint8Array>,
  buffer: Buffer,
  done: (error: JournalError | undefined, end: End) => void
): void => {
  let next = records.next()
  const step = ({ at, checksum, fd }: End): void => {
    let into = buffer
    let used = 0
    let sum = checksum
    while (next.done !== true) {
      const size = frameBytes + next.value.length
      if (used + size > into.length) {
        if (used > 0) break
        into = Buffer.allocUnsafeSlow(size)
      }
      sum = encodeRecord(into, used, next.value, sum)
      used += size
      next = records.next()
    }
    if (used === 0) return done(undefined, { fd, at, checksum })
    writeFully(files, fd, into.subarray(0, used), at, (cause) => {
      if (cause !== undefined) return done(diskError(`write ${path}`, cause), { fd, at, checksum })
      step({ fd, at: at + used, checksum: sum })
    })
  }
  step(end)
}

/** A disk that is nearly full takes a part of the bytes, and refuses the rest only when it is tried. */
export const writeFully = (
  files: Files,
  fd: number,
  bytes: Buffer,
  at: number,
  done: (cause?: unknown) => void
): void => {
  if (bytes.length > writeAtOnceBytes) {
    return files.write(fd, bytes, 0, bytes.length, at, (cause, written) => {
      if (cause !== null) return done(cause)
      if (written === bytes.length) return done()
      writeFully(files, fd, bytes.subarray(written), at + written, done)
    })
  }
  try {
    for (let from = 0; from < bytes.length;) from += files.writeSync(fd, bytes, from, bytes.length - from, at + from)
  } catch (cause) {
    return done(cause)
  }
  done()
}

const recordsOf = (waiting: ReadonlyArray<Waiting>): Iterator<Uint8Array> =>
  waiting.length === 1 ? waiting[0]!.records[Symbol.iterator]() : allOf(waiting)

function* allOf(waiting: ReadonlyArray<Waiting>): Iterator<Uint8Array> {
  for (const { records } of waiting) yield* records
}
