/** Reads: documents of a collection that match, as everybody or as a transaction sees them. */
import type { Explanation } from "../../../services/DocumentStore.ts"
import { invalid } from "./DocumentFailure.ts"
import * as Filter from "./DocumentFilter.ts"
import { compare, type Fields, keyOf } from "./DocumentKinds.ts"
import * as Paths from "./DocumentPaths.ts"
import { type Plan, plan } from "./DocumentPlanner.ts"
import type { State, Transaction } from "./DocumentState.ts"
import { Table } from "./DocumentTable.ts"

export interface Selection {
  readonly table: string
  readonly filter: Fields
  readonly sort?: Paths.SortFields | undefined
  readonly skip?: number | undefined
  readonly limit?: number | undefined
  readonly hint?: string | undefined
  readonly transaction?: Transaction | undefined
  readonly expressions?: Filter.Expressions | undefined
}

export interface Selected {
  readonly documents: ReadonlyArray<Fields>
  readonly explanation: Explanation
}

/** Throws `Invalid` when the filter, skip or limit is wrong. */
export const select = (state: State, selection: Selection): Selected => {
  selection.transaction?.refuseEnded()
  const { filter, hint, sort } = selection
  const skip = natural("skip", selection.skip) ?? 0
  const limit = natural("limit", selection.limit) || undefined
  const most = limit === undefined ? undefined : skip + limit
  for (const [field, direction] of sort ?? []) {
    if (direction !== 1 && direction !== -1) throw invalid(`the sort of ${field} is 1 or -1`)
  }
  const test = Filter.compile(filter, selection.expressions)
  const table = state.tables.get(selection.table) ?? new Table(selection.table)
  const chosen = plan(table, { filter, sort, most, hint })
  const view = viewOf(selection)
  const isOrdered = chosen.isOrdered && view === undefined
  const found = collect(chosen, test, view, isOrdered ? most : undefined)
  // In a transaction what it changed comes after the rest.
  if (view !== undefined) {
    for (const [, document] of view.entries()) {
      if (document !== undefined && test(document)) found.documents.push(document)
    }
  }
  const isSorted = sort !== undefined && sort.length > 0 && !isOrdered
  if (isSorted) found.documents.sort(Paths.comparator(sort))
  const documents = skip === 0 && most === undefined || skip === 0 && found.documents.length <= most!
    ? found.documents
    : found.documents.slice(skip, most)
  return {
    documents,
    explanation: {
      plan: chosen.kind,
      ...(chosen.index === undefined ? {} : { index: chosen.index }),
      sorted: isSorted,
      keysExamined: found.keys,
      documentsExamined: found.examined,
      returned: documents.length
    }
  }
}

const natural = (name: string, value: number | undefined): number | undefined => {
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${name} is a whole number from 0, and not ${value}`)
  return value
}

const collect = (
  { kind, rows }: Plan,
  test: Filter.Test,
  view: ReadonlyMap<unknown, Fields | undefined> | undefined,
  most: number | undefined
) => {
  const found = { documents: [] as Array<Fields>, keys: 0, examined: 0 }
  const read = () => void found.keys++
  if (most === 0) return found
  for (const row of rows(read)) {
    if (view?.has(row.id) === true) continue
    found.examined++
    if (!test(row.document)) continue
    found.documents.push(row.document)
    if (found.documents.length === most) break
  }
  if (kind === "collection scan") found.keys = 0
  return found
}

/** Documents that the transaction sees otherwise than everybody. */
const viewOf = ({ table, transaction }: Selection): ReadonlyMap<unknown, Fields | undefined> | undefined => {
  const seen = transaction?.seen.of(table)
  const own = transaction?.own.of(table)
  if (seen === undefined) return own
  return own === undefined ? seen : new Map([...seen, ...own])
}

/** How many match. Without a filter nothing is read. */
export const count = (state: State, selection: Selection): number => {
  if (Object.keys(selection.filter).length > 0 || viewOf(selection) !== undefined || selection.hint !== undefined) {
    return select(state, selection).documents.length
  }
  selection.transaction?.refuseEnded()
  const size = state.tables.get(selection.table)?.rows.size ?? 0
  const left = Math.max(0, size - (natural("skip", selection.skip) ?? 0))
  return Math.min(left, natural("limit", selection.limit) || left)
}

/** The different values of a field, with those in lists, in order. */
export const distinct = (state: State, field: string, selection: Selection): ReadonlyArray<unknown> => {
  const parts = Paths.split(field)
  const found = new Map<unknown, unknown>()
  for (const document of select(state, selection).documents) {
    Paths.some(document, parts, 0, (value) => {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one === undefined) continue
        const key = keyOf(one)
        if (!found.has(key)) found.set(key, one)
      }
      return false
    })
  }
  return [...found.values()].sort(compare)
}
