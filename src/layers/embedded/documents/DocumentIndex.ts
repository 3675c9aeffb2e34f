/** One index of a collection: which documents are in it, under which keys, and its order. */
import { Duration } from "effect"
import type { Index as Definition } from "../../../services/DocumentStore.ts"
import { invalid, shown, unsupported } from "./DocumentFailure.ts"
import { compile, type Test } from "./DocumentFilter.ts"
import { compare, type Fields, isDocument } from "./DocumentKinds.ts"
import { Order, type Place, type Row } from "./DocumentOrder.ts"
import * as Paths from "./DocumentPaths.ts"

/** A part of the order: from a prefix of keys to another one, each inclusive or not. */
export interface Interval {
  readonly from: ReadonlyArray<unknown>
  readonly includesFrom: boolean
  readonly to: ReadonlyArray<unknown>
  readonly includesTo: boolean
}

/** So many keys at most has one document. */
const maxKeys = 100_000

export class Index {
  readonly name: string
  readonly definition: Definition & { readonly name: string }
  readonly fields: ReadonlyArray<string>
  /** How each field goes in the order of the index: an index of one field always goes up, and is read from either end. */
  readonly signs: ReadonlyArray<1 | -1>
  readonly order: Order
  /** Some document had several keys: bounds of one query may be met by different ones. */
  isMultikey = false
  /** Milliseconds after the date in the field. */
  readonly expireAfter: number | undefined
  private readonly parts: ReadonlyArray<Paths.Parts>
  private readonly tops: ReadonlyArray<string>
  private readonly partial: Test | undefined

  /** Throws `Invalid` or `Unsupported` when the definition is not possible. */
  constructor(definition: Definition) {
    refuseWrong(definition)
    this.name = nameOf(definition)
    this.definition = { ...definition, name: this.name }
    this.fields = definition.fields.map(([field]) => field)
    this.signs = this.fields.length === 1 ? [1] : definition.fields.map(([, direction]) => direction as 1 | -1)
    this.parts = this.fields.map(Paths.split)
    this.tops = this.parts.map(([top]) => top!)
    this.partial = definition.partialFilter === undefined ? undefined : compile(definition.partialFilter)
    this.expireAfter = definition.expireAfter === undefined
      ? undefined
      : Duration.toMillis(Duration.fromInputUnsafe(definition.expireAfter))
    this.order = new Order((a, b) => this.compareKeys(a, b))
  }

  /** A key of an index of one field is its value, and else the list of its values. */
  private compareKeys(a: unknown, b: unknown): number {
    if (this.signs.length === 1) return compare(a, b)
    return this.comparePrefix(a, b as ReadonlyArray<unknown>)
  }

  comparePrefix(key: unknown, prefix: ReadonlyArray<unknown>): number {
    if (this.signs.length === 1) return prefix.length === 0 ? 0 : compare(key, prefix[0])
    for (let at = 0; at < prefix.length; at++) {
      const order = compare((key as ReadonlyArray<unknown>)[at], prefix[at])
      if (order !== 0) return order * this.signs[at]!
    }
    return 0
  }

  /** The keys of a document, all different; none when it is not in the index. */
  keys(document: Fields): ReadonlyArray<unknown> {
    if (this.partial !== undefined && !this.partial(document)) return []
    if (this.definition.sparse === true && !this.parts.some((parts) => Paths.has(document, parts))) return []
    const values = this.parts.map((parts) => Paths.keys(document, parts))
    const [first] = values
    if (values.length === 1) return first!.length === 1 ? first! : this.distinct(first!)
    if (values.every((one) => one.length === 1)) return [values.map(([one]) => one)]
    if (values.filter((one) => one.length > 1).length > 1 && new Set(this.tops).size > 1) {
      throw invalid(`the index ${this.name} cannot hold a document with lists in more than one of its fields`)
    }
    return this.distinct(product(values))
  }

  private distinct(keys: ReadonlyArray<unknown>): ReadonlyArray<unknown> {
    const sorted = keys.toSorted((a, b) => this.compareKeys(a, b))
    return sorted.filter((key, at) => at === 0 || this.compareKeys(key, sorted[at - 1]) !== 0)
  }

  /** Whether the keys of both are surely the same. Documents share what did not change. */
  isSame(before: Fields, after: Fields): boolean {
    return this.partial === undefined && this.tops.every((top) => before[top] === after[top])
  }

  add(row: Row, keys: ReadonlyArray<unknown>): void {
    if (keys.length > 1) this.isMultikey = true
    for (const key of keys) this.order.add(key, row)
  }

  remove(row: Row, keys: ReadonlyArray<unknown>): void {
    for (const key of keys) this.order.remove(key, row)
  }

  load(rows: Iterable<Row>): void {
    const keys: Array<unknown> = []
    const owners: Array<Row> = []
    for (const row of rows) {
      const own = this.keys(row.document)
      if (own.length > 1) this.isMultikey = true
      for (const key of own) {
        keys.push(key)
        owners.push(row)
      }
    }
    this.order.load(keys, owners)
  }

  /** Rows with a key of the document. */
  *sharing(document: Fields): Generator<{ readonly key: unknown; readonly row: Row }> {
    for (const key of this.keys(document)) {
      const prefix = this.signs.length === 1 ? [key] : key as ReadonlyArray<unknown>
      const [from, to] = this.places({ from: prefix, includesFrom: true, to: prefix, includesTo: true })
      for (const row of this.order.rows(from, to, false)) yield { key, row }
    }
  }

  places({ from, includesFrom, includesTo, to }: Interval): readonly [Place, Place] {
    return [
      this.order.seek((key) => {
        const order = this.comparePrefix(key, from)
        return order < 0 || order === 0 && !includesFrom
      }),
      this.order.seek((key) => {
        const order = this.comparePrefix(key, to)
        return order < 0 || order === 0 && includesTo
      })
    ]
  }

  /** A key as a message shows it. */
  shownKey(key: unknown): string {
    const values = this.signs.length === 1 ? [key] : key as ReadonlyArray<unknown>
    return shown(Object.fromEntries(this.fields.map((field, at) => [field, values[at]])))
  }
}

export const nameOf = ({ fields, name }: Definition): string => name ?? fields.flat().join("_")

const refuseWrong = ({ expireAfter, fields, partialFilter, sparse }: Definition): void => {
  if (fields.length === 0) throw invalid("an index has at least one field")
  if (new Set(fields.map(([field]) => field)).size < fields.length) throw invalid("an index names a field twice")
  for (const [field, direction] of fields) {
    if (field === "" || field.split(".").some((part) => part === "" || part.startsWith("$"))) {
      throw invalid(`${shown(field)} cannot be indexed`)
    }
    if (direction !== 1 && direction !== -1) throw unsupported(`index of the kind ${shown(direction)}`)
  }
  if (expireAfter !== undefined && fields.length !== 1) throw invalid("documents expire by an index of one field")
  if (expireAfter !== undefined && fields[0]![0] === "_id") throw invalid("documents do not expire by their _id")
  if (partialFilter !== undefined && sparse === true) throw invalid("an index is either partial or sparse")
  if (partialFilter !== undefined && !isDocument(partialFilter)) throw invalid("a partial filter is a document")
}

const product = (values: ReadonlyArray<ReadonlyArray<unknown>>): ReadonlyArray<ReadonlyArray<unknown>> =>
  values.reduce<ReadonlyArray<ReadonlyArray<unknown>>>((keys, one) => {
    if (keys.length * one.length > maxKeys) throw invalid(`a document has more than ${maxKeys} keys in an index`)
    return keys.flatMap((key) => one.map((value) => [...key, value]))
  }, [[]])
