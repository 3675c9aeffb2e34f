/**
 * Numbers and texts as few bytes: 7 bits a byte, lowest first, the top bit set on all but the last (LEB128).
 *
 * What reads is strict: bytes that end too early or say something impossible throw `RangeError`, so that a torn frame is never half read.
 */

/** Bytes that grow as they are written. */
export class Writer {
  private bytes = new Uint8Array(256)
  private length = 0

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.room(8)
    while (value >= 0x80) {
      this.bytes[this.length++] = value % 0x80 | 0x80
      value = Math.floor(value / 0x80)
    }
    this.bytes[this.length++] = value
  }

  /** Any number, in eight bytes. */
  float(value: number): void {
    this.room(8)
    new DataView(this.bytes.buffer).setFloat64(this.length, value)
    this.length += 8
  }

  /** Its length in bytes, then UTF-8. */
  text(value: string): void {
    this.raw(encoder.encode(value))
  }

  /** Their length, then the bytes. */
  raw(value: Uint8Array): void {
    this.number(value.length)
    this.room(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  /** A copy of what was written. */
  done(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length)
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    bigger.set(this.bytes.subarray(0, this.length))
    this.bytes = bigger
  }
}

/** Reads in the order in which it was written. */
export class Reader {
  private at = 0
  private readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Another reader at the same place. */
  fork(): Reader {
    const fork = new Reader(this.bytes)
    fork.at = this.at
    return fork
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length
  }

  number(): number {
    let value = 0
    for (let weight = 1; weight <= 2 ** 49; weight *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
    }
    throw new RangeError("a number is longer than 53 bits")
  }

  float(): number {
    this.need(8)
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset).getFloat64(this.at)
    this.at += 8
    return value
  }

  text(): string {
    return decoder.decode(this.raw())
  }

  /** A view, not a copy. */
  raw(): Uint8Array {
    const length = this.number()
    this.need(length)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  private byte(): number {
    this.need(1)
    // Within the bytes, as was just seen.
    return this.bytes[this.at++]!
  }

  private need(more: number): void {
    if (this.at + more > this.bytes.length) throw new RangeError("the bytes end too early")
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
