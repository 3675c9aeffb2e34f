/**
 * How often which value was seen, in buckets whose width grows with the value: counts instead of samples, so that hours of load take no
 * more room than a second of it, and those of many threads add up exactly.
 *
 * Values are whole numbers from 0 to 2^32 - 1; in a load they are ticks of 100 ns, which reach to seven minutes. A bucket is at most
 * 2^(1 - bits) of its value wide: with 11 bits a quantile is at most 0.05 % off (three digits), with 7 bits 0.8 %.
 *
 * The buckets are those of HdrHistogram with a lowest value of 1; `HdrHistogram.ts` reads and writes its format.
 *
 * @see https://hdrhistogram.github.io/HdrHistogram
 */
import { Reader, Writer } from "./Varint.ts"

/** Three digits: for figures. */
export const fine = 11
/** Two digits: for charts. */
export const coarse = 7

export class Histogram {
  readonly bits: number
  /** Of values, those beyond the range included. */
  count = 0
  /** Of values that were beyond the range: they count as the largest that is within. */
  overflow = 0
  /** Exact while it is below 2^53. */
  sum = 0
  /** Exact. `Infinity` when empty. */
  min = Infinity
  /** Exact. 0 when empty. */
  max = 0
  private counts: Float64Array

  constructor(bits: number = fine) {
    this.bits = bits
    this.counts = new Float64Array(1 << bits)
  }

  /** Counts one value: fractions are cut, negative ones count as 0. Some 5 ns; allocates only when a value is larger than all before. */
  record(value: number): void {
    const ticks = value < limit ? value < 0 ? 0 : value >>> 0 : this.beyond()
    const shift = Math.max(0, 32 - this.bits - Math.clz32(ticks))
    const index = (shift << this.bits - 1) + (ticks >>> shift)
    if (index >= this.counts.length) this.reach(index)
    // The array reaches to the index.
    this.counts[index]!++
    this.count++
    this.sum += ticks
    if (ticks < this.min) this.min = ticks
    if (ticks > this.max) this.max = ticks
  }

  /** Counts a value so many times. */
  recordMany(value: number, times: number): void {
    if (times <= 0) return
    this.record(value)
    const ticks = Math.min(Math.max(Math.floor(value), 0), limit - 1)
    this.addBucket(this.indexOf(ticks), times - 1)
    this.count += times - 1
    this.sum += ticks * (times - 1)
    if (!(value < limit)) this.overflow += times - 1
  }

  /** Adds what another one has seen. Exact when it has the same number of bits; it may have more, never fewer. */
  add(other: Histogram): void {
    if (other.bits === this.bits) {
      if (other.last >= this.counts.length) this.reach(other.last)
      for (let index = other.first; index <= other.last; index++) this.counts[index]! += other.counts[index]!
    } else {
      for (let index = other.first; index <= other.last; index++) {
        const count = other.counts[index]!
        if (count > 0) this.addBucket(this.indexOf(other.lowestOf(index)), count)
      }
    }
    this.addTotals(other)
  }

  /** Adds all of them up, in a new one. They may have more bits than it, never fewer. */
  static together(histograms: Iterable<Histogram>, bits: number = fine): Histogram {
    const sum = new Histogram(bits)
    for (const histogram of histograms) sum.add(histogram)
    return sum
  }

  /** Forgets all, and keeps its memory. */
  clear(): void {
    if (this.count > 0) this.counts.fill(0)
    this.count =
      this.overflow =
      this.sum =
      this.max =
        0
    this.min = Infinity
  }

  /**
   * The value that a share `q` (0 to 1) of all values is at most: nearest-rank, the middle of the bucket that holds it. The first and the
   * last rank are exact. 0 when empty.
   */
  quantile(q: number): number {
    return this.quantiles([q])[0]!
  }

  /** Those of several shares, ascending, in one walk. */
  quantiles(shares: ReadonlyArray<number>): ReadonlyArray<number> {
    // A rank that is whole but for the rounding of share * count is whole.
    const ranks = shares.map((share) => Math.min(Math.max(Math.ceil(share * this.count - 1e-6), 1), this.count))
    const found: Array<number> = []
    let seen = 0
    for (let index = this.first; index < this.counts.length && found.length < ranks.length; index++) {
      seen += this.counts[index]!
      while (found.length < ranks.length && seen >= ranks[found.length]!) {
        found.push(this.valueAt(ranks[found.length]!, index))
      }
    }
    return found
  }

  private valueAt(rank: number, index: number): number {
    if (rank <= 1) return this.count === 0 ? 0 : this.min
    if (rank === this.count) return this.max
    return Math.min(Math.max(this.middleOf(index), this.min), this.max)
  }

  /** Exact. 0 when empty. */
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count
  }

  /** Of the whole population, from the middles of the buckets. */
  get stddev(): number {
    if (this.count === 0) return 0
    const mean = this.mean
    let squares = 0
    for (let index = this.first; index <= this.last; index++) {
      const count = this.counts[index]!
      if (count > 0) squares += count * (this.middleOf(index) - mean) ** 2
    }
    return Math.sqrt(squares / this.count)
  }

  /** The buckets that hold something, in order; `from` and `to` are the smallest and largest value that belong there. */
  *buckets(): Generator<{ readonly from: number; readonly to: number; readonly count: number }> {
    for (let index = this.first; index <= this.last; index++) {
      const count = this.counts[index]!
      if (count === 0) continue
      const from = this.lowestOf(index)
      yield { from, to: this.lowestOf(index + 1) - 1, count }
    }
  }

  /** The counts by bucket, from the lowest value on; what lies beyond the array is 0. */
  get cells(): Readonly<Float64Array> {
    return this.counts
  }

  /** A histogram of those counts. Its sum, smallest and largest value are those of the middles of the buckets. */
  static ofCells(cells: Iterable<readonly [index: number, count: number]>, bits: number = fine): Histogram {
    const histogram = new Histogram(bits)
    for (const [index, count] of cells) {
      if (index >= bucketsOf(bits)) throw new RangeError("a histogram has more buckets than there are")
      const middle = Math.floor(histogram.middleOf(index))
      histogram.addBucket(index, count)
      histogram.count += count
      histogram.sum += middle * count
      histogram.min = Math.min(histogram.min, middle)
      histogram.max = Math.max(histogram.max, middle)
    }
    return histogram
  }

  /** Few bytes: only buckets that hold something, each as its distance from the one before, and its count. */
  write(writer: Writer): void {
    writer.number(this.bits)
    writer.number(this.count)
    if (this.count === 0) return
    writer.number(this.overflow)
    writer.number(this.sum)
    writer.number(this.min)
    writer.number(this.max)
    let last = -1
    for (let index = this.first; index <= this.last; index++) {
      const count = this.counts[index]!
      if (count === 0) continue
      writer.number(index - last)
      writer.number(count)
      last = index
    }
    writer.number(0)
  }

  /** Adds what another one wrote, without making it first. Throws `RangeError` for bytes that none has written. */
  addFrom(reader: Reader): void {
    const bits = reader.number()
    const count = reader.number()
    if (count === 0) return
    if (bits < this.bits || bits > 16) {
      throw new RangeError(`a histogram of ${bits} bits cannot be added to one of ${this.bits}`)
    }
    const totals = {
      count,
      overflow: reader.number(),
      sum: reader.number(),
      min: reader.number(),
      max: reader.number()
    }
    const finer = bits - this.bits
    let index = -1
    for (let gap = reader.number(); gap > 0; gap = reader.number()) {
      index += gap
      if (index >= bucketsOf(bits)) throw new RangeError("a histogram has more buckets than there are")
      this.addBucket(finer === 0 ? index : this.indexOf(lowest(index, bits)), reader.number())
    }
    this.addTotals(totals)
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const writer = new Writer()
    this.write(writer)
    return writer.done()
  }

  /** Throws `RangeError` for bytes that none has written. */
  static fromBytes(bytes: Uint8Array, bits: number = fine): Histogram {
    const histogram = new Histogram(bits)
    histogram.addFrom(new Reader(bytes))
    return histogram
  }

  private addTotals(other: Pick<Histogram, "count" | "overflow" | "sum" | "min" | "max">): void {
    this.count += other.count
    this.overflow += other.overflow
    this.sum += other.sum
    this.min = Math.min(this.min, other.min)
    this.max = Math.max(this.max, other.max)
  }

  private addBucket(index: number, count: number): void {
    if (index >= this.counts.length) this.reach(index)
    this.counts[index]! += count
  }

  private beyond(): number {
    this.overflow++
    return limit - 1
  }

  private reach(index: number): void {
    const bigger = new Float64Array(Math.min(Math.max(this.counts.length * 2, index + 1), bucketsOf(this.bits)))
    bigger.set(this.counts)
    this.counts = bigger
  }

  private indexOf(ticks: number): number {
    const shift = Math.max(0, 32 - this.bits - Math.clz32(ticks))
    return (shift << this.bits - 1) + (ticks >>> shift)
  }

  private lowestOf(index: number): number {
    return lowest(index, this.bits)
  }

  private middleOf(index: number): number {
    return (this.lowestOf(index) + this.lowestOf(index + 1) - 1) / 2
  }

  /** The first bucket that holds something; behind `last` when none does. Most of the array lies outside. */
  private get first(): number {
    return this.count === 0 ? 0 : this.indexOf(this.min)
  }

  private get last(): number {
    return this.count === 0 ? -1 : this.indexOf(this.max)
  }
}

const limit = 2 ** 32

/** Rows of half as many buckets as values that need no rounding, and the lower half of the first one. */
const bucketsOf = (bits: number): number => (34 - bits) << bits - 1

const lowest = (index: number, bits: number): number => {
  const row = Math.max(0, (index >>> bits - 1) - 1)
  return (index - (row << bits - 1)) * 2 ** row
}
