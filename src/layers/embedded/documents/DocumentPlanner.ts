/**
 * Chooses how the documents for a filter are found: by `_id`, through the index that has to read the fewest keys, through one
 * for each branch of an `$or`, or all of them. What an index yields is still tested with the filter.
 */
import type { Explanation } from "../../../services/DocumentStore.ts"
import * as Bounds from "./DocumentBounds.ts"
import { refused } from "./DocumentFailure.ts"
import { compile, isOperators, type Test } from "./DocumentFilter.ts"
import type { Index, Interval } from "./DocumentIndex.ts"
import { compare, type Fields, identical, isDocument, keyOf } from "./DocumentKinds.ts"
import type { Row } from "./DocumentOrder.ts"
import type { SortFields } from "./DocumentPaths.ts"
import type { Table } from "./DocumentTable.ts"

export interface Wanted {
  readonly filter: Fields
  readonly sort?: SortFields | undefined
  /** Rows that are wanted at most, those that are skipped included. */
  readonly most?: number | undefined
  readonly hint?: string | undefined
}

export interface Plan {
  readonly kind: Explanation["plan"]
  readonly index?: string
  /** Whether rows come in the order that was wanted. */
  readonly isOrdered: boolean
  /** The cost, in documents looked at. */
  readonly cost: number
  /** Rows that may match, each once. `examined` is called for each key that is read. */
  readonly rows: (examined: () => void) => Iterable<Row>
}

/** Most ranges of one index that are read for one filter. */
const maxIntervals = 1_000

/** Throws `Refused` when the index of the hint is not there. */
export const plan = (table: Table, wanted: Wanted): Plan => {
  const bounds = Bounds.of(wanted.filter)
  const ids = wanted.hint === undefined || wanted.hint === "_id_" ? byIds(table, bounds) : undefined
  if (ids !== undefined) return ids
  const candidates = candidatesOf(table, bounds, wanted)
  const plans = candidates.flatMap((index) => byIndex(index, bounds, wanted))
  if (wanted.hint !== undefined) {
    const [hinted] = plans
    return hinted ?? refuseHint(table, wanted.hint)
  }
  return [scan(table, wanted), ...plans, ...byBranches(table, wanted)].reduce((best, one) =>
    one.cost < best.cost ? one : best
  )
}

const refuseHint = (table: Table, hint: string): never => {
  throw refused(
    `the index ${hint} of the hint cannot be used for this filter, or ${table.name} has none of this name`,
    2
  )
}

const candidatesOf = (table: Table, bounds: Bounds.Bounds, wanted: Wanted): ReadonlyArray<Index> => {
  const usable = [...table.indexes.values()].filter((index) => covers(index, wanted.filter, bounds))
  if (wanted.hint === "_id_") return [table.idOrder]
  if (wanted.hint !== undefined) return usable.filter(({ name }) => name === wanted.hint)
  const isIdUseful = bounds.has("_id") || wanted.sort?.[0]?.[0] === "_id"
  return isIdUseful ? [table.idOrder, ...usable] : usable
}

const sortCost = (rows: number): number => rows * Math.log2(rows + 2) * 0.3

const scan = ({ rows }: Table, { most, sort }: Wanted): Plan => {
  const isOrdered = sort === undefined || sort.length === 0
  return {
    kind: "collection scan",
    isOrdered,
    cost: isOrdered && most !== undefined ? rows.size : rows.size + (isOrdered ? 0 : sortCost(rows.size)),
    rows: () => rows.values()
  }
}

const byIds = (table: Table, bounds: Bounds.Bounds): Plan | undefined => {
  const ranges = bounds.get("_id")?.find((one) => one.every(Bounds.isPoint))
  if (ranges === undefined) return undefined
  return {
    kind: "id lookup",
    isOrdered: ranges.length < 2,
    cost: 0,
    *rows(examined) {
      for (const { low } of ranges) {
        examined()
        const row = table.rows.get(keyOf(low))
        if (row !== undefined) yield row
      }
    }
  }
}

const byIndex = (index: Index, bounds: Bounds.Bounds, wanted: Wanted): ReadonlyArray<Plan> => {
  const fields = index.fields.map((field) => rangesOf(bounds.get(field), index.isMultikey))
  const direction = directionFor(index, fields, bounds, wanted.sort ?? [])
  if (fields[0] === undefined && direction === undefined && wanted.hint === undefined) return []
  const intervals = intervalsOf(index, fields)
  const places = intervals.map((interval) => index.places(interval))
  const keys = places.reduce((sum, [from, to]) => sum + index.order.count(from, to), 0)
  const isOrdered = direction !== undefined || wanted.sort === undefined || wanted.sort.length === 0
  const isWhole = fields[0] === undefined && Object.keys(wanted.filter).length === 0
  if (fields[0] === undefined && wanted.sort === undefined && wanted.hint === undefined) return []
  const read = isWhole && isOrdered && wanted.most !== undefined ? Math.min(keys, wanted.most) : keys
  return [{
    kind: "index scan",
    index: index.name,
    isOrdered,
    cost: read * 1.5 + places.length + (isOrdered ? 0 : sortCost(keys)),
    rows: (examined) => rowsOf(index, places, direction === -1, examined)
  }]
}

function* rowsOf(
  index: Index,
  places: ReadonlyArray<ReturnType<Index["places"]>>,
  reverse: boolean,
  examined: () => void
): Generator<Row> {
  const seen = index.isMultikey ? new Set<Row>() : undefined
  for (const [from, to] of reverse ? places.toReversed() : places) {
    for (const row of index.order.rows(from, to, reverse)) {
      examined()
      if (seen === undefined) yield row
      else if (!seen.has(row)) {
        seen.add(row)
        yield row
      }
    }
  }
}

/** The ranges of a field. With lists only one condition can be used: the one with points, or the first. */
const rangesOf = (
  conditions: ReadonlyArray<ReadonlyArray<Bounds.Range>> | undefined,
  isMultikey: boolean
): ReadonlyArray<Bounds.Range> | undefined => {
  if (conditions === undefined || conditions.length < 2) return conditions?.[0]
  if (!isMultikey) return conditions.reduce(Bounds.intersect)
  return conditions.find((ranges) => ranges.every(Bounds.isPoint)) ?? conditions[0]
}

/** Equal to one of so many values in the first fields, in a range in the next, anything in the rest. */
const intervalsOf = (
  index: Index,
  fields: ReadonlyArray<ReadonlyArray<Bounds.Range> | undefined>
): ReadonlyArray<Interval> => {
  let prefixes: Array<ReadonlyArray<unknown>> = [[]]
  for (const [at, ranges] of fields.entries()) {
    if (ranges === undefined) break
    const sign = index.signs[at]!
    const ordered = sign === 1 ? ranges : ranges.toReversed()
    if (prefixes.length * ranges.length > maxIntervals && at > 0) break
    if (!ranges.every(Bounds.isPoint)) {
      return prefixes.flatMap((prefix) => ordered.map((range) => toInterval(prefix, range, sign)))
    }
    prefixes = prefixes.flatMap((prefix) => ordered.map(({ low }) => [...prefix, low]))
  }
  return prefixes.map((prefix) => ({ from: prefix, includesFrom: true, to: prefix, includesTo: true }))
}

const toInterval = (prefix: ReadonlyArray<unknown>, range: Bounds.Range, sign: 1 | -1): Interval => {
  const low = [...prefix, range.low]
  const high = [...prefix, range.high]
  return sign === 1
    ? { from: low, includesFrom: range.includesLow, to: high, includesTo: range.includesHigh }
    : { from: high, includesFrom: range.includesHigh, to: low, includesTo: range.includesLow }
}

/** Equal to one value. */
const isFixed = (ranges: ReadonlyArray<Bounds.Range> | undefined): boolean =>
  ranges?.length === 1 && Bounds.isPoint(ranges[0]!)

/** Which way the index is to be read so that rows come as the sort wants; `undefined` when they cannot. */
const directionFor = (
  index: Index,
  fields: ReadonlyArray<ReadonlyArray<Bounds.Range> | undefined>,
  bounds: Bounds.Bounds,
  sort: SortFields
): 1 | -1 | undefined => {
  if (sort.length === 0 || index.isMultikey) return undefined
  let direction: 1 | -1 | undefined
  let at = 0
  for (const [field, wanted] of sort) {
    while (at < index.fields.length && index.fields[at] !== field && isFixed(fields[at])) at++
    if (index.fields[at] !== field) {
      if (index.fields.includes(field) && isFixed(rangesOf(bounds.get(field), false))) continue
      return undefined
    }
    const found = (wanted * index.signs[at]!) as 1 | -1
    if (direction !== undefined && found !== direction && !isFixed(fields[at])) return undefined
    if (!isFixed(fields[at])) direction ??= found
    at++
  }
  return direction ?? 1
}

/** Whether every document that the filter can find is in the index. */
const covers = (index: Index, filter: Fields, bounds: Bounds.Bounds): boolean => {
  const { partialFilter, sparse } = index.definition
  if (partialFilter !== undefined) return implies(filter, bounds, partialFilter as Fields)
  if (sparse !== true) return true
  return index.fields.some((field) => isThere(bounds.get(field)) || asksExistence(filter, field))
}

/** Whether a condition can only be met by a value that is not null, and so not missing. */
const isThere = (conditions: ReadonlyArray<ReadonlyArray<Bounds.Range>> | undefined): boolean =>
  conditions?.some((ranges) => !ranges.some((range) => Bounds.isPoint(range) && range.low === null)) === true

const asksExistence = (filter: Fields, field: string): boolean => {
  const condition = filter[field]
  return isOperators(condition) && condition["$exists"] === true
}

/** Whether the filter holds only where the partial one does: condition by condition, as far as that is simple to see. */
const implies = (filter: Fields, bounds: Bounds.Bounds, partial: Fields): boolean =>
  Object.entries(partial).every(([field, condition]) => {
    if (field === "$and") {
      return Array.isArray(condition) && condition.every((one) => implies(filter, bounds, one as Fields))
    }
    if (field.startsWith("$")) return false
    if (field in filter && identical(filter[field], condition)) return true
    const known = bounds.get(field)
    if (known === undefined) return false
    if (
      known.some((ranges) => ranges.every(Bounds.isPoint) && ranges.every(({ low }) => holdsFor(field, condition, low)))
    ) {
      return true
    }
    const [operator, ...more] = isOperators(condition) ? Object.keys(condition) : []
    if (operator === undefined || more.length > 0) return false
    if (operator === "$exists") return (condition as Fields)["$exists"] === true && isThere(known)
    const wider = comparisons.has(operator) ? Bounds.of({ [field]: condition }).get(field)?.[0]?.[0] : undefined
    return wider !== undefined && known.some((ranges) => ranges.every((range) => isInside(range, wider)))
  })

/** Operators whose ranges are exactly what they mean. */
const comparisons = new Set(["$gt", "$gte", "$lt", "$lte"])

const holdsFor = (field: string, condition: unknown, value: unknown): boolean => {
  const test: Test = compile({ [field]: condition })
  return test(field.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value))
}

const isInside = (inner: Bounds.Range, outer: Bounds.Range): boolean => {
  const low = compare(inner.low, outer.low)
  const high = compare(inner.high, outer.high)
  return (low > 0 || low === 0 && (outer.includesLow || !inner.includesLow)) &&
    (high < 0 || high === 0 && (outer.includesHigh || !inner.includesHigh))
}

/** Each branch of an `$or` through an index of its own. */
const byBranches = (table: Table, wanted: Wanted): ReadonlyArray<Plan> => {
  const branches = wanted.filter["$or"]
  if (!Array.isArray(branches) || !branches.every(isDocument)) return []
  const plans = branches.map((filter) => plan(table, { filter }))
  if (plans.some(({ kind }) => kind === "collection scan")) return []
  return [{
    kind: "index scan",
    index: plans.map(({ index }) => index ?? "_id_").join(" | "),
    isOrdered: wanted.sort === undefined || wanted.sort.length === 0,
    cost: plans.reduce((sum, { cost }) => sum + cost, wanted.sort === undefined ? 0 : sortCost(table.rows.size)),
    *rows(examined) {
      const seen = new Set<Row>()
      for (const one of plans) {
        for (const row of one.rows(examined)) {
          if (seen.has(row)) continue
          seen.add(row)
          yield row
        }
      }
    }
  }]
}
