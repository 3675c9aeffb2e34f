/** Kinds of values in documents: which there are, their order, and what is equal, as MongoDB has it. */
import { Binary, type Decimal128, Double, type ObjectId, type Timestamp } from "bson"
import * as Numbers from "./DocumentNumbers.ts"

export type Fields = { [field: string]: unknown }

/** Places of the kinds in the order of all values; also what makes values comparable with `$gt` and the like. */
export const Kind = {
  minKey: 0,
  /** Stands in indexes for an empty list. */
  undefined: 1,
  null: 2,
  number: 3,
  text: 4,
  document: 5,
  list: 6,
  bytes: 7,
  objectId: 8,
  boolean: 9,
  date: 10,
  timestamp: 11,
  pattern: 12,
  reference: 13,
  code: 14,
  maxKey: 15,
  /** After everything, for ends of ranges. */
  end: 16
} as const

const kindsOfBson: Readonly<Record<string, number>> = {
  MinKey: Kind.minKey,
  Double: Kind.number,
  Int32: Kind.number,
  Long: Kind.number,
  Decimal128: Kind.number,
  BSONSymbol: Kind.text,
  Binary: Kind.bytes,
  ObjectId: Kind.objectId,
  Timestamp: Kind.timestamp,
  BSONRegExp: Kind.pattern,
  DBRef: Kind.reference,
  Code: Kind.code,
  MaxKey: Kind.maxKey
}

/** A place before or after all values of a kind: an end of a range. Not found in documents. */
export class Edge {
  readonly kind: number
  constructor(kind: number) {
    this.kind = kind
  }
}

export const isDocument = (value: unknown): value is Fields => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The name of a kind of `bson`, such as `ObjectId`. */
export const bsonType = (value: unknown): string | undefined =>
  isDocument(value) ? undefined : (value as { readonly _bsontype?: string } | null | undefined)?._bsontype

export const kindOf = (value: unknown): number => {
  switch (typeof value) {
    case "number":
    case "bigint":
      return Kind.number
    case "string":
      return Kind.text
    case "boolean":
      return Kind.boolean
    case "undefined":
      return Kind.undefined
  }
  if (value === null) return Kind.null
  if (Array.isArray(value)) return Kind.list
  if (isDocument(value)) return Kind.document
  if (value instanceof Date) return Kind.date
  if (value instanceof RegExp) return Kind.pattern
  if (value instanceof Edge) return value.kind
  return kindsOfBson[bsonType(value) ?? ""] ?? Kind.code
}

/** Negative, zero or positive, as `a` comes before `b`, is equal to it, or comes after it. Text by its UTF-16 units. */
export const compare = (a: unknown, b: unknown): number => {
  if (a === b) return 0
  if (typeof a === "number" && typeof b === "number") {
    return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number(Number.isNaN(b)) - Number(Number.isNaN(a))
  }
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : 1
  const kind = kindOf(a)
  const other = kindOf(b)
  if (kind !== other) return kind - other
  if (a instanceof Edge || b instanceof Edge) {
    return a instanceof Edge ? b instanceof Edge ? 0 : -1 : 1
  }
  return compareAlike(kind, a, b)
}

const compareAlike = (kind: number, a: unknown, b: unknown): number => {
  switch (kind) {
    case Kind.number:
      return Numbers.compare(a as Numbers.Numeric, b as Numbers.Numeric)
    case Kind.date:
      return Number(a) - Number(b)
    case Kind.objectId:
      return compareBytes((a as ObjectId).id, (b as ObjectId).id)
    case Kind.document:
      return compareDocuments(a as Fields, b as Fields)
    case Kind.list:
      return compareLists(a as ReadonlyArray<unknown>, b as ReadonlyArray<unknown>)
    case Kind.bytes:
      return compareBinary(a as Binary, b as Binary)
    case Kind.boolean:
      return Number(a) - Number(b)
    case Kind.timestamp:
      return Number((a as Timestamp).toBigInt() - (b as Timestamp).toBigInt())
    case Kind.text:
    case Kind.pattern:
    case Kind.reference:
    case Kind.code:
      return compareTexts(textOf(a), textOf(b))
    default:
      return 0
  }
}

const compareTexts = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

const textOf = (value: unknown): string =>
  bsonType(value) === "BSONRegExp"
    ? `/${(value as { pattern: string }).pattern}/${(value as { options: string }).options}`
    : bsonType(value) === "Code" || bsonType(value) === "DBRef"
    ? JSON.stringify(value)
    : String(value)

export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!
  return a.length - b.length
}

const compareBinary = (a: Binary, b: Binary): number =>
  a.position - b.position || a.sub_type - b.sub_type || compareBytes(a.value(), b.value())

const compareLists = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): number => {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const order = compare(a[at], b[at])
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Field by field: kind, then name, then value. */
const compareDocuments = (a: Fields, b: Fields): number => {
  const names = Object.keys(a)
  const others = Object.keys(b)
  const length = Math.min(names.length, others.length)
  for (let at = 0; at < length; at++) {
    const name = names[at]!
    const other = others[at]!
    const order = kindOf(a[name]) - kindOf(b[other]) || compareTexts(name, other) || compare(a[name], b[other])
    if (order !== 0) return order
  }
  return names.length - others.length
}

export const equals = (a: unknown, b: unknown): boolean => a === b || compare(a, b) === 0

/** Whether both are the same to the bit: equal, of the same kinds of number, in the same order of fields. */
export const identical = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => identical(one, b[at]))
  if (isDocument(a)) {
    if (!isDocument(b)) return false
    const names = Object.keys(a)
    const others = Object.keys(b)
    return names.length === others.length &&
      names.every((name, at) => name === others[at] && identical(a[name], b[name]))
  }
  const type = bsonType(a)
  if (type !== bsonType(b) || compare(a, b) !== 0) return false
  return type === "Decimal128" ? (a as Decimal128).toString() === (b as Decimal128).toString() : true
}

/** A key for a `Map`: the same for values that are equal, another one for those that are not. */
export const keyOf = (value: unknown): unknown => {
  switch (typeof value) {
    case "string":
      return `s${value}`
    case "number":
    case "bigint":
      return Numbers.keyOf(value)
    case "boolean":
    case "undefined":
      return value
  }
  if (value === null) return null
  const kind = kindOf(value)
  switch (kind) {
    case Kind.objectId:
      return `o${(value as ObjectId).toHexString()}`
    case Kind.number:
      return Numbers.keyOf(value as Numbers.Numeric)
    case Kind.date:
      return `d${Number(value)}`
    case Kind.list:
      return `[${(value as ReadonlyArray<unknown>).map(nestedKey).join(",")}]`
    case Kind.document:
      return `{${Object.entries(value as Fields).map(([name, one]) => `${JSON.stringify(name)}:${nestedKey(one)}`)}}`
    case Kind.bytes:
      return `b${(value as Binary).sub_type}:${(value as Binary).toString("hex")}`
    default:
      return `${kind}:${kind === Kind.timestamp ? (value as Timestamp).toBigInt() : textOf(value)}`
  }
}

const nestedKey = (value: unknown): string => {
  const key = keyOf(value)
  return typeof key === "string" ? JSON.stringify(key) : String(key)
}

/** The kind as `$type` names it. */
export const typeName = (value: unknown): string => {
  if (typeof value === "number" || typeof value === "bigint") return Numbers.typeName(value)
  switch (kindOf(value)) {
    case Kind.number:
      return Numbers.typeName(value as Numbers.Numeric)
    case Kind.bytes:
      return "binData"
    case Kind.code:
      return "javascript"
    case Kind.text:
      return typeof value === "string" ? "string" : "symbol"
    default:
      return typeNames[kindOf(value)] ?? "undefined"
  }
}

const typeNames: Readonly<Record<number, string>> = {
  [Kind.minKey]: "minKey",
  [Kind.null]: "null",
  [Kind.document]: "object",
  [Kind.list]: "array",
  [Kind.objectId]: "objectId",
  [Kind.boolean]: "bool",
  [Kind.date]: "date",
  [Kind.timestamp]: "timestamp",
  [Kind.pattern]: "regex",
  [Kind.reference]: "dbPointer",
  [Kind.maxKey]: "maxKey"
}

/** Sets a field whatever its name; `__proto__` is a field like others. */
export const put = (fields: Fields, name: string, value: unknown): void => {
  if (name === "__proto__") {
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true })
  } else fields[name] = value
}

/** A field that the document itself has. */
export const own = (fields: Fields, name: string): unknown => {
  const value = fields[name]
  return value !== undefined && name in Object.prototype && !Object.hasOwn(fields, name) ? undefined : value
}

/** A copy that shares nothing, as an application reads it: a `Double` is a number. */
export const copy = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(copy)
  if (isDocument(value)) {
    const fields: Fields = {}
    for (const name of Object.keys(value)) put(fields, name, copy(value[name]))
    return fields
  }
  if (value instanceof Date) return new Date(value)
  if (value instanceof Double) return value.value
  return value instanceof Binary ? new Binary(value.value().slice(), value.sub_type) : value
}
