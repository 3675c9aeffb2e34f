/** Updates of lists: what `$push`, `$addToSet`, `$pop`, `$pull` and `$pullAll` make of a value. */
import { canonical } from "./DocumentCanonical.ts"
import { invalid, shown } from "./DocumentFailure.ts"
import { compile, element, isOperators, isPattern, type Test, toRegExp } from "./DocumentFilter.ts"
import { compare, equals, isDocument } from "./DocumentKinds.ts"
import * as Paths from "./DocumentPaths.ts"

type Make = (path: string, operand: unknown) => (value: unknown) => unknown

const listOf = (operator: string, path: string, value: unknown): ReadonlyArray<unknown> => {
  if (Array.isArray(value)) return value
  throw invalid(`${operator} cannot be done with ${path}, which is no list: ${shown(value)}`)
}

const integer = (name: string, value: unknown): number => {
  if (!Number.isInteger(Number(value)) || typeof value === "string") throw invalid(`${name} wants a whole number`)
  return Number(value)
}

const each = (operator: string, operand: { readonly [name: string]: unknown }): ReadonlyArray<unknown> => {
  const values = operand["$each"]
  if (!Array.isArray(values)) throw invalid(`$each of ${operator} wants a list`, "TypeMismatch")
  return canonical(values) as ReadonlyArray<unknown>
}

export const push: Make = (path, operand) => {
  if (!isDocument(operand) || !("$each" in operand)) {
    const value = canonical(operand)
    return (old) => old === undefined ? [value] : [...listOf("$push", path, old), value]
  }
  for (const name of Object.keys(operand)) {
    if (!["$each", "$position", "$slice", "$sort"].includes(name)) throw invalid(`$push knows no ${name}`)
  }
  const values = each("$push", operand)
  const position = operand["$position"] === undefined ? undefined : integer("$position", operand["$position"])
  const slice = operand["$slice"] === undefined ? undefined : integer("$slice", operand["$slice"])
  const order = operand["$sort"] === undefined ? undefined : orderOf(operand["$sort"])
  return (old) => {
    const list = [...old === undefined ? [] : listOf("$push", path, old)]
    list.splice(position ?? list.length, 0, ...values)
    if (order !== undefined) list.sort(order)
    return slice === undefined ? list : slice < 0 ? list.slice(slice) : list.slice(0, slice)
  }
}

const orderOf = (sort: unknown): (a: unknown, b: unknown) => number => {
  if (sort === 1 || sort === -1) return (a, b) => compare(a, b) * sort
  if (isDocument(sort) && Object.values(sort).every((one) => one === 1 || one === -1)) {
    return Paths.comparator(Object.entries(sort) as unknown as Paths.SortFields)
  }
  throw invalid("$sort of $push wants 1, -1 or fields with these")
}

export const addToSet: Make = (path, operand) => {
  const values = isDocument(operand) && "$each" in operand ? each("$addToSet", operand) : [canonical(operand)]
  return (old) => {
    const list = old === undefined ? [] : listOf("$addToSet", path, old)
    const fresh: Array<unknown> = []
    for (const value of values) {
      if (!list.some((one) => equals(one, value)) && !fresh.some((one) => equals(one, value))) fresh.push(value)
    }
    return fresh.length === 0 && old !== undefined ? old : [...list, ...fresh]
  }
}

export const pop: Make = (path, operand) => {
  const end = Number(operand)
  if (end !== 1 && end !== -1) throw invalid("$pop wants 1 for the last or -1 for the first element", "FailedToParse")
  return (old) => {
    if (old === undefined) return old
    const list = listOf("$pop", path, old)
    return list.length === 0 ? old : end === 1 ? list.slice(0, -1) : list.slice(1)
  }
}

export const pull: Make = (path, operand) => {
  const test = isPulled(operand)
  return (old) => old === undefined ? old : without("$pull", path, old, test)
}

/** A document is a filter for documents; operators are for the element itself. */
const isPulled = (operand: unknown): Test => {
  if (isOperators(operand)) return element(operand)
  if (isDocument(operand)) {
    const test = compile(operand)
    return (value) => isDocument(value) && test(value)
  }
  if (isPattern(operand)) {
    const pattern = toRegExp(operand)
    return (value) => typeof value === "string" && pattern.test(value)
  }
  return (value) => equals(value, operand)
}

export const pullAll: Make = (path, operand) => {
  if (!Array.isArray(operand)) throw invalid("$pullAll wants a list")
  const values = canonical(operand) as ReadonlyArray<unknown>
  return (old) =>
    old === undefined ? old : without("$pullAll", path, old, (value) => values.some((one) => equals(one, value)))
}

const without = (operator: string, path: string, old: unknown, test: Test): unknown => {
  const list = listOf(operator, path, old)
  const left = list.filter((value) => !test(value))
  return left.length === list.length ? old : left
}
