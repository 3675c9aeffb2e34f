/**
 * Takes the body of an answer to disk: one buffer is filled from the socket, without a copy, while others are written, one after the
 * other. A disk that is slower than the network holds the network back.
 */
import { write } from "node:fs"
import { bufferBytes, type BufferPool } from "./BufferPool.ts"

/** A buffer with less room than this is written, and another one filled. */
const leastRoom = 65_536
/** Buffers that wait to be written before the network is held back. */
const maxWaiting = 2
/** Milliseconds that fewer bytes wait for others. */
const gatherMillis = 50

export interface Target {
  readonly fd: number
  readonly at: number
  readonly limit: number
  readonly surplus: "leave" | "fail"
  readonly onBytes: (bytes: number) => void
  /** Once, when all was written (`undefined`) or when it cannot go on; nothing is being written then. */
  readonly onEnd: (error: unknown) => void
}

/** More body than allowed. */
export class Surplus extends Error {}

/** Bytes of a buffer that wait to be written. */
interface Filled {
  readonly buffer: Buffer
  readonly from: number
  readonly to: number
  /** Whether nothing is read into the buffer any more. */
  readonly isLast: boolean
}

/** States: open, where bytes are taken; ended, where what was taken is being written; told, where nothing happens any more. */
export class DiskWriter {
  readonly #pool: BufferPool
  readonly #target: Target
  readonly #onRoom: () => void
  #buffer: Buffer
  #fill = 0
  /** Bytes of the buffer that are on their way to the disk. */
  #sent = 0
  #filled: Array<Filled> = []
  #taken = 0
  #written = 0
  #isWriting = false
  #isEnded = false
  #isTold = false
  #failure: unknown
  #timer: NodeJS.Timeout | undefined

  /** `onRoom` hears when more may be read again. */
  constructor(pool: BufferPool, target: Target, onRoom: () => void) {
    this.#pool = pool
    this.#target = target
    this.#onRoom = onRoom
    this.#buffer = pool.take()
    if (target.limit === 0 && target.surplus === "leave") this.end()
  }

  /** Bytes that are on disk by now. */
  get written(): number {
    return this.#written
  }

  /** Whether it takes nothing more: all that is wanted is there, or it cannot go on. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Whether the disk holds the network back. */
  get isHeld(): boolean {
    return this.#filled.length >= maxWaiting
  }

  /** Where to read to. What was read must be taken before anything else is. */
  get space(): Buffer {
    return this.#buffer.subarray(this.#fill)
  }

  /** Takes bytes of the body: from {@link space} as they are, others by a copy. */
  take(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isEnded) return
    const { limit, surplus } = this.#target
    const room = limit - this.#taken
    const to = end - start <= room ? end : start + room
    this.#taken += to - start
    for (let at = start; at < to;) at += this.#put(bytes, at, to)
    if (end > to && surplus === "fail") this.end(new Surplus("there is more body than allowed"))
    else if (this.#taken === limit && surplus === "leave") this.end()
  }

  /** Writes what is enough for a write; answers whether more may be read now. */
  next(): boolean {
    if (bufferBytes - this.#fill < leastRoom) this.#swap()
    else if (this.#fill > this.#sent) this.#timer ??= setTimeout(() => this.#flush(false), gatherMillis)
    return !this.isHeld
  }

  /** Ends it, by a failure or because the body has ended. What was taken before is written: it is good. */
  end(failure?: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#failure = failure
    if (this.#isWriting || this.#fill > this.#sent) return this.#flush(true)
    clearTimeout(this.#timer)
    this.#pool.give(this.#buffer)
    this.#tell()
  }

  #put(bytes: Uint8Array, start: number, end: number): number {
    const isThere = bytes.buffer === this.#buffer.buffer &&
      bytes.byteOffset + start === this.#buffer.byteOffset + this.#fill
    if (!isThere && this.#fill === bufferBytes) this.#swap()
    const length = Math.min(end - start, bufferBytes - this.#fill)
    if (!isThere) this.#buffer.set(bytes.subarray(start, start + length), this.#fill)
    this.#fill += length
    return length
  }

  /** Fills another buffer from now on. Only where the socket asks for its space before it reads again. */
  #swap(): void {
    this.#flush(true)
    this.#buffer = this.#pool.take()
    this.#fill = this.#sent = 0
  }

  #flush(isLast: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#fill === this.#sent && !isLast) return
    this.#filled.push({ buffer: this.#buffer, from: this.#sent, to: this.#fill, isLast })
    this.#sent = this.#fill
    if (!this.#isWriting) this.#write(0)
  }

  /** Writes what waits longest, without its first `done` bytes. */
  #write(done: number): void {
    const { buffer, from, isLast, to } = this.#filled[0]!
    const length = to - from - done
    this.#isWriting = true
    write(this.#target.fd, buffer, from + done, length, this.#target.at + this.#written, (error, count) => {
      if (error !== null) return this.#lost(error)
      this.#written += count
      if (count > 0) this.#target.onBytes(count)
      // A write may stop half-way.
      if (count < length) return this.#write(done + count)
      const wasHeld = this.isHeld
      this.#filled.shift()
      if (isLast) this.#pool.give(buffer)
      this.#isWriting = this.#filled.length > 0
      if (this.#isWriting) this.#write(0)
      else if (this.#isEnded) this.#tell()
      if (wasHeld && !this.#isEnded) this.#onRoom()
    })
  }

  /** A disk that does not take it: what is left is of no use. The socket may still read into a buffer: none is given back. */
  #lost(error: unknown): void {
    clearTimeout(this.#timer)
    this.#isWriting = false
    this.#isEnded = true
    this.#failure = error
    this.#filled = []
    this.#tell()
  }

  #tell(): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#target.onEnd(this.#failure)
  }
}
