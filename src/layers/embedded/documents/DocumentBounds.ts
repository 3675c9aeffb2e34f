/**
 * What a filter says about the values of fields, as ranges that an index can read. They may be wider than the filter, which is
 * always tested as well, but never narrower.
 */
import { isOperators, isPattern, toRegExp } from "./DocumentFilter.ts"
import { compare, Edge, isDocument, Kind, kindOf } from "./DocumentKinds.ts"

/** Values from one to another, each included or not. */
export interface Range {
  readonly low: unknown
  readonly includesLow: boolean
  readonly high: unknown
  readonly includesHigh: boolean
}

/** What is known of a field: for each condition the ranges, in order and apart, in which its values may be. */
export type Bounds = ReadonlyMap<string, ReadonlyArray<ReadonlyArray<Range>>>

export const isPoint = ({ high, low }: Range): boolean => low === high

const point = (value: unknown): Range => ({ low: value, includesLow: true, high: value, includesHigh: true })

const ofKind = (kind: number): Range => ({
  low: new Edge(kind),
  includesLow: true,
  high: new Edge(kind + 1),
  includesHigh: false
})

export const of = (filter: unknown, prefix = ""): Bounds => {
  const found = new Map<string, Array<ReadonlyArray<Range>>>()
  const add = (field: string, ranges: ReadonlyArray<Range> | undefined) => {
    if (ranges === undefined) return
    const known = found.get(field)
    if (known === undefined) found.set(field, [ranges])
    else known.push(ranges)
  }
  collect(filter, prefix, add)
  return found
}

type Add = (field: string, ranges: ReadonlyArray<Range> | undefined) => void

const collect = (filter: unknown, prefix: string, add: Add): void => {
  if (!isDocument(filter)) return
  for (const [name, condition] of Object.entries(filter)) {
    if (name === "$and" && Array.isArray(condition)) { for (const one of condition) collect(one, prefix, add) }
    if (name.startsWith("$")) continue
    const field = prefix + name
    if (!isOperators(condition)) {
      add(field, isPattern(condition) ? ofPattern(condition, undefined) : [point(condition ?? null)])
      continue
    }
    for (const [operator, operand] of Object.entries(condition)) {
      if (operator === "$elemMatch") {
        if (isOperators(operand)) collect({ [name]: operand }, prefix, add)
        else collect(operand, `${field}.`, add)
      } else add(field, ofOperator(operator, operand, condition["$options"]))
    }
  }
}

const ofOperator = (operator: string, operand: unknown, options: unknown): ReadonlyArray<Range> | undefined => {
  switch (operator) {
    case "$eq":
      return [point(operand ?? null)]
    case "$in":
      return Array.isArray(operand) && !operand.some(isPattern) ? points(operand) : undefined
    case "$all": {
      const first: unknown = Array.isArray(operand) ? operand[0] : undefined
      return first === undefined || isPattern(first) || isOperators(first) ? undefined : [point(first)]
    }
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return beyond(operator, operand)
    case "$regex":
      return ofPattern(operand, options)
    case "$exists":
      return operand === false ? [point(null)] : undefined
    default:
      return undefined
  }
}

const points = (values: ReadonlyArray<unknown>): ReadonlyArray<Range> =>
  values.map((value) => value ?? null)
    .toSorted(compare)
    .filter((value, at, all) => at === 0 || compare(value, all[at - 1]) !== 0)
    .map(point)

const beyond = (operator: string, operand: unknown): ReadonlyArray<Range> | undefined => {
  const kind = kindOf(operand)
  if (kind === Kind.null || kind === Kind.undefined) return operator.endsWith("e") ? [point(null)] : undefined
  if (kind === Kind.minKey || kind === Kind.maxKey) return undefined
  const whole = ofKind(kind)
  const includes = operator.endsWith("e")
  return operator.startsWith("$g")
    ? [{ ...whole, low: operand, includesLow: includes }]
    : [{ ...whole, high: operand, includesHigh: includes }]
}

/** A pattern that begins with plain text finds only text that begins so; and patterns equal to itself. */
const ofPattern = (pattern: unknown, options: unknown): ReadonlyArray<Range> => {
  const { flags, source } = toRegExp(pattern, options)
  const prefix = /[im]/.test(flags) || source.includes("|")
    ? undefined
    : /^\^([\w\s\-:;,/@#%&='"<>~!]+)(?![*?{+])/.exec(source)?.[1]
  const text = prefix === undefined ? ofKind(Kind.text) : {
    low: prefix,
    includesLow: true,
    high: prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1),
    includesHigh: false
  }
  return [text, ofKind(Kind.pattern)]
}

/** What holds for both. For fields of lists this is wrong: two elements may meet one each. */
export const intersect = (a: ReadonlyArray<Range>, b: ReadonlyArray<Range>): ReadonlyArray<Range> =>
  a.flatMap((one) =>
    b.flatMap((other): ReadonlyArray<Range> => {
      const byLow = compare(one.low, other.low)
      const low = byLow > 0 || byLow === 0 && !one.includesLow ? one : other
      const byHigh = compare(one.high, other.high)
      const high = byHigh < 0 || byHigh === 0 && !one.includesHigh ? one : other
      const width = compare(low.low, high.high)
      if (width > 0 || width === 0 && !(low.includesLow && high.includesHigh)) return []
      if (width === 0) return [point(low.low)]
      return [{ low: low.low, includesLow: low.includesLow, high: high.high, includesHigh: high.includesHigh }]
    })
  )
