/** How fast bytes come, and when they will all be there. No clock in it: the caller brings the time. */

export interface FileProgress {
  readonly name: string
  readonly bytes: number
  /** Absent while it is not known. */
  readonly size: number | undefined
}

export interface Snapshot {
  /** Files under way, in the order of their start. */
  readonly files: ReadonlyArray<FileProgress>
  readonly finished: number
  readonly total: number
  /** Of all files, those under way included. */
  readonly bytes: number
  readonly bytesPerSecond: number
  /** Until all that is known of is there; absent while nothing comes, or sizes are missing. */
  readonly secondsLeft: number | undefined
}

/** Seconds that a rate is taken over. */
const windowSeconds = 5

export class Meter {
  readonly #total: number
  readonly #files = new Map<number, { name: string; bytes: number; size: number | undefined }>()
  #finished = 0
  #bytes = 0
  #received = 0
  #samples: Array<{ readonly at: number; readonly received: number }> = []

  constructor(total: number) {
    this.#total = total
  }

  begin(index: number, name: string, size: number | undefined, bytes: number): void {
    this.#bytes += bytes - (this.#files.get(index)?.bytes ?? 0)
    this.#files.set(index, { name, bytes, size })
  }

  /** Bytes that came. */
  add(index: number, bytes: number): void {
    const file = this.#files.get(index)
    if (file === undefined) return
    file.bytes += bytes
    this.#bytes += bytes
    this.#received += bytes
  }

  end(index: number): void {
    this.#finished++
    this.#files.delete(index)
  }

  /** `now` in milliseconds, never going back. */
  snapshot(now: number): Snapshot {
    this.#samples.push({ at: now, received: this.#received })
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - windowSeconds * 1_000) this.#samples.shift()
    const first = this.#samples[0]!
    const seconds = (now - first.at) / 1_000
    const bytesPerSecond = seconds > 0 ? (this.#received - first.received) / seconds : 0
    const files = [...this.#files.values()].map((file) => ({ ...file }))
    const left = files.reduce((sum, { bytes, size }) => sum + (size === undefined ? NaN : Math.max(0, size - bytes)), 0)
    return {
      files,
      finished: this.#finished,
      total: this.#total,
      bytes: this.#bytes,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 && !Number.isNaN(left) ? left / bytesPerSecond : undefined
    }
  }
}
