/** The body of an answer on its way to the disk: it waits until it is saved, then `DiskWriter` has it. */
import { Effect } from "effect"
import type { FileTransferError, Part, SaveOptions } from "../../../services/FileTransfer.ts"
import type { BufferPool } from "./BufferPool.ts"
import { DiskWriter } from "./DiskWriter.ts"
import type * as PartFolder from "./PartFolder.ts"
import * as TransferFailures from "./TransferFailures.ts"

/** The connection that a body comes over. */
export interface Flow {
  /** Goes on reading. */
  readonly resume: () => void
  /** Ends the connection. */
  readonly stop: () => void
}

export class TransferBody {
  readonly #pool: BufferPool
  readonly #flow: Flow
  /** What came before it was saved. */
  #held: Array<Uint8Array> = []
  #writer: DiskWriter | undefined
  #end: { readonly failure: unknown } | undefined

  constructor(pool: BufferPool, flow: Flow) {
    this.#pool = pool
    this.#flow = flow
  }

  /** Where to read to; `undefined` where what was read is copied. */
  get space(): Buffer | undefined {
    return this.#writer?.isEnded === false ? this.#writer.space : undefined
  }

  /** Whether it is we who let the other side wait. */
  get isHeld(): boolean {
    return this.#writer === undefined || this.#writer.isHeld
  }

  /** Takes a part of it; all that was read at once is taken before {@link next}. */
  take(bytes: Uint8Array, start: number, end: number): void {
    if (this.#writer === undefined) this.#held.push(Uint8Array.prototype.slice.call(bytes, start, end))
    else this.#writer.take(bytes, start, end)
  }

  /** Answers whether more may be read now. Ends the connection when no more is wanted. */
  next(): boolean {
    if (this.#writer === undefined) return false
    if (!this.#writer.isEnded) return this.#writer.next()
    this.#flow.stop()
    return false
  }

  /** It has ended, or it broke off. */
  end(failure?: unknown): void {
    this.#end ??= { failure }
    this.#writer?.end(failure)
  }

  /**
   * Writes it to its place; once. Interruption ends the connection, and waits for the write under way. `host` is for messages.
   */
  save(part: Part, options: SaveOptions, host: string): Effect.Effect<number, FileTransferError> {
    const { fd, path } = part as PartFolder.OpenPart
    return Effect.callback<number, FileTransferError>((resume) => {
      const ended = Promise.withResolvers<void>()
      const onEnd = (failure: unknown) => {
        resume(
          failure === undefined
            ? Effect.sync(() => this.#writer!.written)
            : Effect.fail(TransferFailures.fromBody(failure, host, path))
        )
        ended.resolve()
      }
      this.#begin(new DiskWriter(this.#pool, { ...options, fd, onEnd }, this.#flow.resume))
      return Effect.promise(() => {
        this.#flow.stop()
        this.#writer?.end(new Error("the download was given up"))
        return ended.promise
      })
    })
  }

  #begin(writer: DiskWriter): void {
    this.#writer = writer
    for (const part of this.#held) writer.take(part, 0, part.length)
    this.#held = []
    if (this.#end !== undefined) writer.end(this.#end.failure)
    else if (this.next()) this.#flow.resume()
  }
}
