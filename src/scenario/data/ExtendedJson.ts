/**
 * The kinds of BSON as plain values, in MongoDB's relaxed Extended JSON: `{ $oid: ... }`, `{ $date: ... }`, `{ $numberDecimal: ... }`.
 * So an `_id` that a step has saved is the same `_id` in the filter of a later one, reports show it, and a file may write it.
 *
 * Differs from that format where a value of ours is exact already: integers of 64 bits are numbers, big ones too, and plain
 * binary is bytes. Imported when a step needs it: it loads `bson`.
 *
 * @see https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
 */
import { EJSON } from "bson"
import { Base64 } from "effect/encoding"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

/** A value that no document can hold; `path` leads to it. */
export class NotBson extends Error {
  readonly path: ReadonlyArray<string>
  constructor(path: ReadonlyArray<string>, message: string) {
    super(message)
    this.path = path
  }
}

/** Records that stand for one value: all of their keys. `$regex` with `$options` is an operator, and stays one. */
const forms: ReadonlySet<string> = new Set([
  "$oid",
  "$date",
  "$numberDecimal",
  "$numberLong",
  "$numberInt",
  "$numberDouble",
  "$binary",
  "$uuid",
  "$timestamp",
  "$regularExpression",
  "$minKey",
  "$maxKey",
  "$symbol",
  "$code",
  "$code,$scope"
])

const maxLong = 2n ** 63n - 1n

/** Returns what goes into a document. Throws {@link NotBson}. */
export const toBson = (value: Value, path: ReadonlyArray<string> = []): unknown => {
  if (typeof value === "bigint" && (value > maxLong || value < -maxLong - 1n)) {
    throw new NotBson(path, `${value} has more than 64 bits; write it as { $numberDecimal: "${value}" }`)
  }
  if (isArray(value)) return value.map((item, index) => toBson(item, [...path, String(index)]))
  if (!isRecord(value)) return value
  if (forms.has(Object.keys(value).toSorted().join())) return readForm(value, path)
  return mapRecord(value, (item, key) => toBson(item, [...path, key]))
}

/** Returns a document's value as one of ours. */
export const fromBson = (value: unknown): Value => {
  if (typeof value === "number") return Number.isFinite(value) ? value : { $numberDouble: String(value) }
  if (typeof value === "bigint") return exact(value)
  if (typeof value === "string" || typeof value === "boolean") return value
  return typeof value === "object" && value !== null ? fromObject(value) : null
}

const fromObject = (value: object): Value => {
  if (value instanceof Date) return fromDate(value)
  if (value instanceof RegExp) return { $regularExpression: { pattern: value.source, options: value.flags } }
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(fromBson)
  return "_bsontype" in value
    ? fromKind(value as Tagged)
    : mapRecord(value as { readonly [key: string]: unknown }, fromBson)
}

/** What objects of `bson` have in common, whichever copy of that package made them. */
interface Tagged {
  readonly _bsontype: string
  readonly [key: string]: unknown
}

const fromKind = (value: Tagged): Value => {
  switch (value._bsontype) {
    case "Int32":
    case "Double":
      return fromBson(value["value"])
    case "Long":
      return exact(BigInt(String(value)))
    case "Decimal128":
      return { $numberDecimal: String(value) }
    case "ObjectId":
      return { $oid: String(value) }
    case "Binary":
      return fromBinary(value)
    case "BSONSymbol":
      return String(value["value"])
    case "Timestamp": {
      const bits = BigInt.asUintN(64, BigInt(String(value)))
      return { $timestamp: { t: Number(bits >> 32n), i: Number(bits & 0xffffffffn) } }
    }
    case "BSONRegExp":
      return { $regularExpression: { pattern: String(value["pattern"]), options: String(value["options"]) } }
    case "MinKey":
      return { $minKey: 1 }
    case "MaxKey":
      return { $maxKey: 1 }
    default:
      // Code and the like: as that package writes them.
      return EJSON.serialize(value as object, { relaxed: true }) as Value
  }
}

const fromBinary = (value: Tagged): Value => {
  const bytes = new Uint8Array((value["buffer"] as Uint8Array).subarray(0, value["position"] as number))
  const type = value["sub_type"] as number
  if (type === 0) return bytes
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return type === 4 && bytes.length === 16
    ? { $uuid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") }
    : { $binary: { base64: Base64.encode(bytes), subType: type.toString(16).padStart(2, "0") } }
}

/** Always with milliseconds, so that one moment has one text. */
const fromDate = (date: Date): Value => {
  const millis = date.getTime()
  if (Number.isNaN(millis)) return null
  const year = date.getUTCFullYear()
  return { $date: year >= 1970 && year <= 9999 ? date.toISOString() : { $numberLong: String(millis) } }
}

const exact = (value: bigint): Value => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const readForm = (value: ValueRecord, path: ReadonlyArray<string>): unknown => {
  const refuse = (why: string): never => {
    throw new NotBson(path, why)
  }
  const { $date, $numberLong } = value
  if ($numberLong !== undefined) {
    return /^-?\d+$/.test(String($numberLong))
      ? toBson(BigInt(String($numberLong)), path)
      : refuse("this is no whole number")
  }
  // That package takes milliseconds as text only, and any text as a date.
  const written = typeof $date === "number" ? { $date: { $numberLong: String($date) } } : value
  try {
    // Relaxed, it would forget that a number is a double.
    const read: unknown = EJSON.deserialize({ written } as object, { relaxed: !("$numberDouble" in value) })["written"]
    return read instanceof Date && Number.isNaN(read.getTime()) ? refuse("this is no date") : read
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

const mapRecord = <A, B>(
  record: { readonly [key: string]: A },
  map: (value: A, key: string) => B
): { [key: string]: B } => {
  const made = emptyRecord() as { [key: string]: unknown } as { [key: string]: B }
  for (const key of Object.keys(record)) made[key] = map(record[key]!, key)
  return made
}
