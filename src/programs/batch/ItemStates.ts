/** What is known of each item, by its key: 17 bytes a slot, so that a million items take 36 MB. */
import { keyBytes } from "./ItemKey.ts"

/** From the journal: begun and not ended means that the process died meanwhile. */
export const states = ["started", "succeeded", "failed", "unknown"] as const
export type State = (typeof states)[number]

const words = keyBytes / 4

export class ItemStates {
  private slots = 2_048
  private keys: Uint32Array<ArrayBuffer> = new Uint32Array(this.slots * words)
  /** 0 is a free slot, otherwise one more than the index of the state. */
  private values = new Uint8Array(this.slots)
  private count = 0

  get size(): number {
    return this.count
  }

  get(key: Uint8Array): State | undefined {
    const value = this.values[this.slotOf(wordsOf(key))]!
    return value === 0 ? undefined : states[value - 1]
  }

  set(key: Uint8Array, state: State): void {
    if (this.count * 2 >= this.slots) this.grow()
    this.put(wordsOf(key), states.indexOf(state) + 1)
  }

  /** How many items are in each state. */
  counts(): Readonly<Record<State, number>> {
    const counts = { started: 0, succeeded: 0, failed: 0, unknown: 0 }
    for (const value of this.values) if (value !== 0) counts[states[value - 1]!]++
    return counts
  }

  private put(key: Uint32Array, value: number): void {
    const slot = this.slotOf(key)
    if (this.values[slot] === 0) {
      this.keys.set(key, slot * words)
      this.count++
    }
    this.values[slot] = value
  }

  /** Where the key is, or the free slot where it belongs. */
  private slotOf(key: Uint32Array): number {
    let slot = key[0]! % this.slots
    while (this.values[slot] !== 0 && !this.isAt(slot, key)) slot = slot + 1 === this.slots ? 0 : slot + 1
    return slot
  }

  private isAt(slot: number, key: Uint32Array): boolean {
    for (let word = 0; word < words; word++) if (this.keys[slot * words + word] !== key[word]) return false
    return true
  }

  private grow(): void {
    const { keys, slots, values } = this
    this.slots = slots * 2
    this.keys = new Uint32Array(this.slots * words)
    this.values = new Uint8Array(this.slots)
    this.count = 0
    for (let slot = 0; slot < slots; slot++) {
      if (values[slot] !== 0) this.put(keys.subarray(slot * words, (slot + 1) * words), values[slot]!)
    }
    // At once: megabytes that the engine would count as garbage only much later.
    keys.buffer.transfer(0)
  }
}

/** The words of a key; the same array each time, which is read before the next key comes. */
const wordsOf = (key: Uint8Array): Uint32Array => {
  for (let word = 0, at = 0; word < words; word++, at += 4) {
    wordsNow[word] = key[at]! << 24 | key[at + 1]! << 16 | key[at + 2]! << 8 | key[at + 3]!
  }
  return wordsNow
}

const wordsNow = new Uint32Array(words)
