/** Messages that wait in a queue: the highest priority first, then in the order of their arrival, also those that came back. */
import type { Entry } from "./BrokerMessage.ts"

export class Backlog {
  readonly #levels: Array<Level> = []
  #size = 0
  #bytes = 0

  get size(): number {
    return this.#size
  }

  /** Bytes of the bodies. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds one that is newer than all others of its level. */
  push(entry: Entry): void {
    this.#level(entry).arrived.push(entry)
    this.#count(entry, 1)
  }

  /** Adds one at the place that it had before. */
  giveBack(entry: Entry): void {
    insert(this.#level(entry).returned, entry)
    this.#count(entry, 1)
  }

  /** The next one, which stays. */
  peek(): Entry | undefined {
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const { arrived, returned } = this.#levels[index]!
      // Those that came back had been at the head: they are older than all that are still there.
      const entry = returned.at(-1) ?? arrived.peek()
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** Takes the next one. */
  shift(): Entry | undefined {
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const { arrived, returned } = this.#levels[index]!
      const entry = returned.pop() ?? arrived.shift()
      if (entry !== undefined) {
        this.#count(entry, -1)
        return entry
      }
    }
    return undefined
  }

  /** All of them, next one first; they stay. */
  *[Symbol.iterator](): Iterator<Entry> {
    for (const { arrived, returned } of this.#levels.toReversed()) {
      yield* returned.toReversed()
      yield* arrived
    }
  }

  #level({ level }: Entry): Level {
    while (this.#levels.length <= level) this.#levels.push({ arrived: new Line(), returned: [] })
    return this.#levels[level]!
  }

  #count({ message }: Entry, by: 1 | -1): void {
    this.#size += by
    this.#bytes += by * message.body.length
  }
}

interface Level {
  readonly arrived: Line
  /** The oldest one last. */
  readonly returned: Array<Entry>
}

/** First in, first out, in constant time. */
class Line {
  #entries: Array<Entry | undefined> = []
  #head = 0

  push(entry: Entry): void {
    this.#entries.push(entry)
  }

  peek(): Entry | undefined {
    return this.#entries[this.#head]
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#head]
    if (entry === undefined) return undefined
    this.#entries[this.#head++] = undefined
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let index = this.#head; index < this.#entries.length; index++) yield this.#entries[index]!
  }
}

/** Keeps the oldest one last. What came back together is put in newest first, and so without moving others. */
const insert = (entries: Array<Entry>, entry: Entry): void => {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]!.number > entry.number) low = middle + 1
    else high = middle
  }
  entries.splice(low, 0, entry)
}
