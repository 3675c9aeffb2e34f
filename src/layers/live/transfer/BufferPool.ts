/** Large buffers that are used again: what comes from a socket is read into them and written from them. */

/** Large enough that reads and writes are few, and that one of each is under way most of the time. */
export const bufferBytes = 1_048_576

/** Buffers that are kept while nobody uses them: more than three files in four pieces have. Dropped ones would stay until they are collected. */
const maxFree = 64

export class BufferPool {
  readonly #free: Array<Buffer> = []

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
  }

  /** Gives one back that nobody reads into or writes from any more. */
  give(buffer: Buffer): void {
    if (this.#free.length < maxFree) this.#free.push(buffer)
  }
}
