/** Values at paths such as `items.0.sku`, through lists, as filters, sorts and indexes see them. */
import { compare, isDocument, own } from "./DocumentKinds.ts"

export type Parts = ReadonlyArray<string>

export const split = (path: string): Parts => path.split(".")

const isPosition = (part: string): boolean => /^(?:0|[1-9]\d{0,9})$/.test(part)

/**
 * Whether `test` holds for a value at the path. A list in the middle stands for each of its documents, and for the element
 * when the part is a number; a list at the end is one value. What is missing is `undefined`.
 */
export const some = (value: unknown, parts: Parts, at: number, test: (value: unknown) => boolean): boolean => {
  if (at === parts.length) return test(value)
  const part = parts[at]!
  if (isDocument(value)) return some(own(value, part), parts, at + 1, test)
  if (!Array.isArray(value)) return test(undefined)
  if (isPosition(part) && Number(part) < value.length && some(value[Number(part)], parts, at + 1, test)) return true
  return value.some((one) => isDocument(one) && some(one, parts, at, test))
}

/**
 * The values that an index keeps for a document, at least one: of a list, at the end or in the middle, each element and the list
 * itself. What is missing is null.
 */
export const keys = (document: unknown, parts: Parts): Array<unknown> => {
  if (parts.length === 1 && isDocument(document)) {
    const value = own(document, parts[0]!)
    if (!Array.isArray(value)) return [value ?? null]
  }
  const found: Array<unknown> = []
  gather(document, parts, 0, found)
  return found.length === 0 ? [null] : found
}

const gather = (value: unknown, parts: Parts, at: number, found: Array<unknown>): void => {
  if (at === parts.length) {
    if (!Array.isArray(value)) found.push(value ?? null)
    // With two keys an index of lists says that it is one, also when they are empty.
    else if (value.length === 0) found.push(undefined, value)
    else found.push(...value, value)
    return
  }
  const part = parts[at]!
  if (isDocument(value)) return gather(own(value, part), parts, at + 1, found)
  if (!Array.isArray(value)) return void found.push(null)
  if (isPosition(part) && Number(part) < value.length) gather(value[Number(part)], parts, at + 1, found)
  for (const one of value) if (isDocument(one)) gather(one, parts, at, found)
}

/** Whether the document has the path, as sparse indexes ask. */
export const has = (document: unknown, parts: Parts): boolean =>
  some(document, parts, 0, (value) => value !== undefined)

export type SortFields = ReadonlyArray<readonly [field: string, direction: 1 | -1]>

/** Orders documents; of a list counts the least element going up, the greatest going down. */
export const comparator = (sort: SortFields): (a: unknown, b: unknown) => number => {
  const fields = sort.map(([field, direction]) => ({ parts: split(field), direction }))
  return (a, b) => {
    for (const { direction, parts } of fields) {
      const order = compare(sortKey(a, parts, direction), sortKey(b, parts, direction))
      if (order !== 0) return order * direction
    }
    return 0
  }
}

const sortKey = (document: unknown, parts: Parts, direction: 1 | -1): unknown => {
  const found: Array<unknown> = []
  spread(document, parts, 0, found)
  if (found.length < 2) return found.length === 0 ? null : found[0]
  return found.reduce((best, one) => compare(one, best) * direction < 0 ? one : best)
}

/** As {@link gather}, without the list itself. */
const spread = (value: unknown, parts: Parts, at: number, found: Array<unknown>): void => {
  if (at < parts.length) {
    const part = parts[at]!
    if (isDocument(value)) return spread(own(value, part), parts, at + 1, found)
    if (!Array.isArray(value)) return void found.push(null)
    if (isPosition(part) && Number(part) < value.length) spread(value[Number(part)], parts, at + 1, found)
    for (const one of value) if (isDocument(one)) spread(one, parts, at, found)
  } else if (!Array.isArray(value)) found.push(value ?? null)
  else if (value.length === 0) found.push(undefined)
  else found.push(...value)
}
