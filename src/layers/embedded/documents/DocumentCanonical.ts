/** Values as the engine keeps them: copied, of known kinds, each kind of number in one spelling. */
import { Binary, calculateObjectSize, Double } from "bson"
import { invalid, shown } from "./DocumentFailure.ts"
import { bsonType, type Fields, isDocument, put } from "./DocumentKinds.ts"
import { isInt32 } from "./DocumentNumbers.ts"

/** As deep as MongoDB goes. */
const maxDepth = 100

/** As big as a document of MongoDB may be. */
export const maxBytes = 16 * 1024 * 1024

/** Copies a value. Fields that are `undefined`, and functions, are left out. Throws `Invalid` for what no document can hold. */
export const canonical = (value: unknown, depth = 0): unknown => {
  if (typeof value !== "object" || value === null) return scalar(value)
  if (depth > maxDepth) throw invalid(`a document is nested in more than ${maxDepth} levels, or holds itself`)
  if (Array.isArray(value)) return value.map((one) => canonical(one, depth + 1) ?? null)
  if (isDocument(value)) {
    const fields: Fields = {}
    for (const name of Object.keys(value)) {
      const one = canonical(value[name], depth + 1)
      if (one === undefined) continue
      if (name.includes("\0")) throw invalid(`the name of a field has a zero byte: ${JSON.stringify(name)}`)
      put(fields, name, one)
    }
    return fields
  }
  return ofClass(value, depth)
}

const scalar = (value: unknown): unknown => {
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) throw invalid(`${value} does not fit an int64`)
    return value
  }
  return typeof value === "function" || typeof value === "symbol" ? undefined : value
}

const ofClass = (value: object, depth: number): unknown => {
  if (value instanceof Date) return new Date(value)
  if (value instanceof RegExp) return value
  if (value instanceof Uint8Array) return new Binary(new Uint8Array(value))
  if (value instanceof Map) return canonical(Object.fromEntries(value), depth)
  switch (bsonType(value)) {
    case undefined:
      if ("toBSON" in value && typeof value.toBSON === "function") return canonical(value.toBSON(), depth + 1)
      return canonical({ ...value }, depth)
    case "Int32":
      return Number(value.valueOf())
    case "Double": {
      const number = Number(value.valueOf())
      return isInt32(number) ? new Double(number) : number
    }
    case "Long":
      return (value as { toBigInt: () => bigint }).toBigInt()
    case "Binary":
      return new Binary((value as Binary).value().slice(), (value as Binary).sub_type)
    case "BSONRegExp": {
      const { options, pattern } = value as { readonly pattern: string; readonly options: string }
      return /^[imsu]*$/.test(options) ? asRegExp(pattern, options) ?? value : value
    }
    default:
      return value
  }
}

const asRegExp = (pattern: string, options: string): RegExp | undefined => {
  try {
    return new RegExp(pattern, options)
  } catch {
    return undefined
  }
}

/** A whole document. Throws `Invalid` also when it is too big. */
export const document = (value: unknown): Fields => {
  if (!isDocument(value)) throw invalid(`a document is wanted, and not ${shown(value)}`)
  const made = canonical(value) as Fields
  refuseBig(made)
  return made
}

/** Counts the bytes only of documents that may have too many. */
export const refuseBig = (value: Fields): void => {
  if (weight(value) * 5 < maxBytes) return
  const bytes = calculateObjectSize(value)
  if (bytes > maxBytes) throw invalid(`a document of ${bytes} bytes is too big: at most ${maxBytes} are possible`)
}

/** A lower bound on a fifth of the size: no kind has more than 5 bytes for each unit counted here, plus 16. */
const weight = (value: unknown): number => {
  if (typeof value === "string") return value.length + 4
  if (typeof value !== "object" || value === null) return 4
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + weight(one) + 2, 4)
  if (isDocument(value)) {
    let sum = 4
    for (const name in value) sum += name.length + 1 + weight(value[name])
    return sum
  }
  return value instanceof Binary ? value.position + 4 : 8
}
