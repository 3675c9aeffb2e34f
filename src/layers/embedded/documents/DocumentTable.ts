/** The documents of one collection by `_id`, with their indexes. Changes check the unique ones first and are then done whole. */
import type { Index as Definition } from "../../../services/DocumentStore.ts"
import { duplicateKey, refused, shown } from "./DocumentFailure.ts"
import { Index, nameOf } from "./DocumentIndex.ts"
import { equals, type Fields, identical, keyOf } from "./DocumentKinds.ts"
import type { Row } from "./DocumentOrder.ts"

export class Table {
  /** `database.collection`. */
  readonly name: string
  readonly rows = new Map<unknown, Row>()
  readonly indexes = new Map<string, Index>()
  private byId: Index | undefined
  private inserted = 0

  constructor(name: string) {
    this.name = name
  }

  /** The order of `_id`, which is made when it is first asked for: most collections never are. */
  get idOrder(): Index {
    if (this.byId === undefined) {
      this.byId = new Index({ name: "_id_", fields: [["_id", 1]] })
      this.byId.load(this.rows.values())
    }
    return this.byId
  }

  row(id: unknown): Row | undefined {
    return this.rows.get(keyOf(id))
  }

  /** Throws `DuplicateKey`, also for a row other than `self` that has a key of a unique index. */
  check(document: Fields, self: Row | undefined, ignored?: (row: Row) => boolean): void {
    if (self === undefined) {
      const there = this.row(document["_id"])
      if (there !== undefined && ignored?.(there) !== true) {
        throw duplicateKey(this.name, "_id_", shown({ _id: document["_id"] }))
      }
    }
    for (const index of this.indexes.values()) {
      if (index.definition.unique !== true || self !== undefined && index.isSame(self.document, document)) continue
      for (const { key, row } of index.sharing(document)) {
        if (row !== self && ignored?.(row) !== true) throw taken(this.name, index, key)
      }
    }
  }

  get hasUnique(): boolean {
    return [...this.indexes.values()].some(({ definition }) => definition.unique === true)
  }

  /** Throws `DuplicateKey` when two documents cannot both be here. */
  checkPair(document: Fields, other: Fields): void {
    for (const index of this.indexes.values()) {
      if (index.definition.unique !== true) continue
      const keys = index.keys(other)
      const shared = index.keys(document).find((key) => keys.some((one) => equals(one, key)))
      if (shared !== undefined) throw taken(this.name, index, shared)
    }
  }

  insert(document: Fields): Row {
    this.check(document, undefined)
    const row: Row = { id: keyOf(document["_id"]), order: this.inserted++, document }
    const entries = [...this.all()].map((index) => [index, index.keys(document)] as const)
    this.rows.set(row.id, row)
    for (const [index, keys] of entries) index.add(row, keys)
    return row
  }

  replace(row: Row, document: Fields): void {
    this.check(document, row)
    const before = row.document
    const entries = [...this.all()].filter((index) => !index.isSame(before, document)).map((index) =>
      [index, index.keys(before), index.keys(document)] as const
    )
    for (const [index, old, keys] of entries) {
      index.remove(row, old)
      index.add(row, keys)
    }
    row.document = document
  }

  remove(row: Row): void {
    for (const index of this.all()) index.remove(row, index.keys(row.document))
    this.rows.delete(row.id)
  }

  private *all(): Generator<Index> {
    if (this.byId !== undefined) yield this.byId
    yield* this.indexes.values()
  }

  /** The index when it has to be made; `undefined` when it is there. Throws when another one is in its way. */
  planIndex(definition: Definition): Index | undefined {
    const name = nameOf(definition)
    if (definition.fields.length === 1 && definition.fields[0]![0] === "_id") return undefined
    for (const { definition: other } of this.indexes.values()) {
      const isSame = identical(other.fields, definition.fields)
      if (other.name !== name && !isSame) continue
      if (other.name === name && sameOptions(other, definition) && isSame) return undefined
      if (other.name !== name && !sameOptions(other, definition) && !sameFilter(other, definition)) continue
      throw refused(
        `${this.name} has an index ${other.name} already, and it is another one than ${name}`,
        other.name === name ? 86 : 85,
        "drop that one first, or give this one another name"
      )
    }
    const index = new Index(definition)
    index.load(this.rows.values())
    const key = index.definition.unique === true ? index.order.duplicate() : undefined
    if (key !== undefined) throw taken(this.name, index, key)
    return index
  }
}

const taken = (table: string, index: Index, key: unknown) => duplicateKey(table, index.name, index.shownKey(key))

const sameOptions = (a: Definition, b: Definition): boolean =>
  (a.unique ?? false) === (b.unique ?? false) && (a.sparse ?? false) === (b.sparse ?? false) &&
  String(a.expireAfter) === String(b.expireAfter) && sameFilter(a, b)

const sameFilter = (a: Definition, b: Definition): boolean =>
  identical(a.partialFilter ?? null, b.partialFilter ?? null)
