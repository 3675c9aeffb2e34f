/**
 * A sorted list of keys with the rows they belong to: blocks of a few hundred entries, so that adding to a million moves no
 * more than one block. Equal keys are in the order of their rows.
 */
import type { Fields } from "./DocumentKinds.ts"

/** A document at its place in a collection. */
export interface Row {
  /** The `_id` as a key. */
  readonly id: unknown
  /** Grows with each insert. */
  readonly order: number
  document: Fields
}

interface Block {
  readonly keys: Array<unknown>
  readonly rows: Array<Row>
}

/** The entry at `at` of a block, or the end of the block. */
export interface Place {
  readonly block: number
  readonly at: number
}

/** A block that grows beyond this is halved. */
const most = 512

export class Order {
  size = 0
  private blocks: Array<Block> = []
  private readonly compare: (a: unknown, b: unknown) => number

  constructor(compare: (a: unknown, b: unknown) => number) {
    this.compare = compare
  }

  /** Takes many entries into an empty order. */
  load(keys: ReadonlyArray<unknown>, rows: ReadonlyArray<Row>): void {
    const order = keys.map((_, at) => at).sort((a, b) =>
      this.compare(keys[a], keys[b]) || rows[a]!.order - rows[b]!.order
    )
    for (let from = 0; from < order.length; from += most / 2) {
      const part = order.slice(from, from + most / 2)
      this.blocks.push({ keys: part.map((at) => keys[at]), rows: part.map((at) => rows[at]!) })
    }
    this.size = order.length
  }

  add(key: unknown, row: Row): void {
    const { at, block } = this.place(key, row)
    const target = this.blocks[block]
    this.size++
    if (target === undefined) return void this.blocks.push({ keys: [key], rows: [row] })
    target.keys.splice(at, 0, key)
    target.rows.splice(at, 0, row)
    if (target.keys.length > most) {
      const half = target.keys.length / 2 | 0
      this.blocks.splice(block + 1, 0, { keys: target.keys.splice(half), rows: target.rows.splice(half) })
    }
  }

  remove(key: unknown, row: Row): void {
    const { at, block } = this.place(key, row)
    const target = this.blocks[block]
    if (target?.rows[at] !== row) return
    this.size--
    target.keys.splice(at, 1)
    target.rows.splice(at, 1)
    if (target.keys.length === 0) this.blocks.splice(block, 1)
  }

  private place(key: unknown, row: Row): Place {
    const place = this.seek((one, other) => {
      const order = this.compare(one, key)
      return order < 0 || order === 0 && other.order < row.order
    })
    // What comes after everything goes to the end of the last block.
    const last = this.blocks.length - 1
    return place.block <= last || last < 0 ? place : { block: last, at: this.blocks[last]!.keys.length }
  }

  /** The first entry that is not `before`, which holds for the first entries and for no others. */
  seek(before: (key: unknown, row: Row) => boolean): Place {
    let low = 0
    let high = this.blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { keys, rows } = this.blocks[middle]!
      if (before(keys[keys.length - 1], rows[keys.length - 1]!)) low = middle + 1
      else high = middle
    }
    const block = this.blocks[low]
    if (block === undefined) return { block: low, at: 0 }
    let first = 0
    let end = block.keys.length - 1
    while (first < end) {
      const middle = (first + end) >>> 1
      if (before(block.keys[middle], block.rows[middle]!)) first = middle + 1
      else end = middle
    }
    return { block: low, at: first }
  }

  /** How many entries are between, exactly when they are in neighbouring blocks and else about. */
  count(from: Place, to: Place): number {
    if (from.block === to.block) return Math.max(0, to.at - from.at)
    const between = to.block - from.block - 1
    const first = (this.blocks[from.block]?.keys.length ?? 0) - from.at
    return first + to.at + Math.max(0, between) * (this.size / this.blocks.length)
  }

  /** Rows of entries from `from` up to, and without, `to`; backwards from the last one when `reverse`. */
  *rows(from: Place, to: Place, reverse: boolean): Generator<Row> {
    if (!reverse) {
      for (let block = from.block; block <= to.block; block++) {
        const rows = this.blocks[block]?.rows ?? []
        const end = block === to.block ? to.at : rows.length
        for (let at = block === from.block ? from.at : 0; at < end; at++) yield rows[at]!
      }
      return
    }
    for (let block = to.block; block >= from.block; block--) {
      const rows = this.blocks[block]?.rows ?? []
      const start = block === from.block ? from.at : 0
      for (let at = (block === to.block ? to.at : rows.length) - 1; at >= start; at--) yield rows[at]!
    }
  }

  /** Two neighbours with equal keys and different rows. */
  duplicate(): unknown {
    let previous: { readonly key: unknown; readonly row: Row } | undefined
    for (const { keys, rows } of this.blocks) {
      for (const [at, row] of rows.entries()) {
        const key = keys[at]
        if (previous !== undefined && previous.row !== row && this.compare(previous.key, key) === 0) return key
        previous = { key, row }
      }
    }
    return undefined
  }
}
