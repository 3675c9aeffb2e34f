/**
 * Takes the body of an answer to disk: chunks as they come from the socket are gathered and written where they belong, several at a
 * time and without a copy, while the next ones arrive. A disk that is slower than the network holds the network back.
 */
import { writev } from "node:fs"
import type { Controller } from "../undici/UndiciDispatcher.ts"

/** Bytes that are gathered for one write. */
const batchBytes = 1_048_576
/** Bytes that may wait before the network is held back. */
const maxWaiting = 2 * batchBytes
/** Milliseconds that fewer bytes wait for others. */
const gatherMillis = 50

export interface Target {
  readonly fd: number
  readonly at: number
  readonly limit: number
  readonly surplus: "leave" | "fail"
  readonly onBytes: (bytes: number) => void
  /** Once, when all was written (`undefined`) or when it cannot go on. */
  readonly onEnd: (error: unknown) => void
}

/** More body than allowed. */
export class Surplus extends Error {}

/** The ends of what the writer wants, as an error for the connection. */
class Enough extends Error {}

export class BodyWriter {
  readonly #controller: Controller
  #target: Target | undefined
  #chunks: Array<Buffer> = []
  #waiting = 0
  /** Bytes that were taken; those behind the limit are not. */
  #taken = 0
  #written = 0
  #writing = false
  #ended = false
  #failure: unknown
  #told = false
  #timer: NodeJS.Timeout | undefined

  constructor(controller: Controller) {
    this.#controller = controller
    controller.pause()
  }

  /** Bytes that are on disk by now. */
  get written(): number {
    return this.#written
  }

  start(target: Target): void {
    this.#target = target
    if (target.limit === 0 && target.surplus === "leave") return this.#enough()
    this.#controller.resume()
    this.#next()
  }

  /** Stops; `onEnd` is called when no write is under way any more. */
  stop(reason: Error): void {
    this.#fail(reason)
    if (!this.#controller.aborted) this.#controller.abort(reason)
  }

  chunk(bytes: Buffer): void {
    if (this.#ended) return
    const room = (this.#target?.limit ?? Infinity) - this.#taken
    const kept = bytes.length <= room ? bytes : bytes.subarray(0, room)
    this.#taken += kept.length
    this.#waiting += kept.length
    this.#chunks.push(kept)
    if (this.#target !== undefined && bytes.length > room && this.#target.surplus === "fail") {
      return this.stop(new Surplus("there is more body than allowed"))
    }
    if (this.#target?.surplus === "leave" && this.#taken === this.#target.limit) return this.#enough()
    if (this.#waiting >= maxWaiting) this.#controller.pause()
    if (this.#waiting >= batchBytes) this.#next()
    else this.#timer ??= setTimeout(() => this.#next(true), gatherMillis)
  }

  end(): void {
    this.#ended = true
    this.#next()
  }

  error(error: unknown): void {
    if (error instanceof Enough) return
    this.#fail(error)
  }

  #enough(): void {
    this.#ended = true
    this.#controller.abort(new Enough())
    this.#next()
  }

  /** What has arrived before is kept: it is good. */
  #fail(error: unknown): void {
    if (this.#ended) return
    this.#failure = error
    this.end()
  }

  #next(now = this.#ended): void {
    if (this.#writing || this.#target === undefined) return
    if (this.#chunks.length === 0) return this.#tell()
    if (!now && this.#waiting < batchBytes) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const chunks = this.#chunks
    this.#chunks = []
    this.#writing = true
    this.#write(this.#target, chunks)
  }

  #write(target: Target, chunks: ReadonlyArray<Buffer>): void {
    writev(target.fd, chunks, target.at + this.#written, (error, bytes) => {
      if (error !== null) return this.#lost(error)
      this.#written += bytes
      this.#waiting -= bytes
      target.onBytes(bytes)
      const rest = behind(chunks, bytes)
      if (rest.length > 0) return this.#write(target, rest)
      this.#writing = false
      if (!this.#ended && this.#controller.paused && this.#waiting < batchBytes) this.#controller.resume()
      this.#next()
    })
  }

  /** A disk that does not take it: what is left is of no use. */
  #lost(error: unknown): void {
    clearTimeout(this.#timer)
    this.#writing = false
    this.#chunks = []
    this.#ended = true
    this.#failure = error
    if (!this.#controller.aborted) this.#controller.abort(new Enough())
    this.#tell()
  }

  #tell(): void {
    if (!this.#ended || this.#told || this.#target === undefined) return
    this.#told = true
    this.#target.onEnd(this.#failure)
  }
}

/** What is left of chunks behind their first bytes: a write may stop half-way. */
const behind = (chunks: ReadonlyArray<Buffer>, bytes: number): ReadonlyArray<Buffer> => {
  let rest = bytes
  for (const [index, chunk] of chunks.entries()) {
    if (rest < chunk.length) return [chunk.subarray(rest), ...chunks.slice(index + 1)]
    rest -= chunk.length
  }
  return []
}
