/** Remembers which ids were seen, in 11 to 22 bytes each: a million take 16 MB. Two ids of one hash (one in 10^13 pairs) count as one. */
export class IdSet {
  private table: Float64Array<ArrayBuffer> = new Float64Array(2_048)
  private count = 0

  get size(): number {
    return this.count
  }

  /** Adds an id; false when it was there. */
  add(id: string): boolean {
    return this.addHash(hash(id))
  }

  /** Adds an id by its {@link hash}. */
  addHash(id: number): boolean {
    if (this.count * 4 >= this.table.length * 3) this.grow()
    const added = this.put(id)
    if (added) this.count++
    return added
  }

  has(id: string): boolean {
    const value = hash(id)
    let slot = value % this.table.length
    while (this.table[slot] !== 0) {
      if (this.table[slot] === value) return true
      slot = (slot + 1) % this.table.length
    }
    return false
  }

  private put(value: number): boolean {
    let slot = value % this.table.length
    while (this.table[slot] !== 0) {
      if (this.table[slot] === value) return false
      slot = (slot + 1) % this.table.length
    }
    this.table[slot] = value
    return true
  }

  private grow(): void {
    const old = this.table
    this.table = new Float64Array(old.length * 2)
    for (const value of old) if (value !== 0) this.put(value)
    // At once: megabytes that the engine would count as garbage only much later.
    old.buffer.transfer(0)
  }
}

/** 53 bits, never 0: cyrb53. */
export const hash = (text: string): number => {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0) || 1
}
