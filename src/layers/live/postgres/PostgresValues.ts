/**
 * What goes over the wire to Postgres and back, as values: which type a parameter is given, and what a column becomes.
 */
import { Predicate } from "effect"
import * as Json from "../../../core/Json.ts"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../../core/Value.ts"
import { Moment, Numeric, Shown } from "./PostgresCodecs.ts"

/** Makes a parameter of a driver out of a value whose type must be said. */
export type Typed = (oid: number, value: unknown) => unknown

const oids = { bool: 16, bytea: 17, int8: 20, int4: 23, float8: 701, numeric: 1700, jsonb: 3802 }
const arrayOids = { bool: 1000, int8: 1016, int4: 1007, numeric: 1231, bytea: 1001 }

const maxInt8 = 0x7fff_ffff_ffff_ffffn

/**
 * A parameter for `$n`. Text and lists of text have no type of their own, so that they fit a uuid, a date or an enum;
 * numbers are `int4`, `int8` or `numeric` by their size, records `jsonb`. Without `typed` everything beyond the driver's
 * own guesses is text.
 */
export const toParameter = (value: Value, typed: Typed | undefined): unknown => {
  if (value === null || typeof value === "string" || typeof value === "boolean" || value instanceof Uint8Array) {
    return value
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const oid = numberOid(value)
    return typed === undefined ? String(value) : typed(oid, numberOf(value, oid))
  }
  if (!isArray(value)) return typed === undefined ? Json.stringify(value) : typed(oids.jsonb, value)
  return typed === undefined ? arrayText(value) : typedArray(value, typed)
}

/** Text of a parameter for a report. */
export const parameterText = (value: Value): string =>
  value === null
    ? "null"
    : value instanceof Uint8Array
    ? byteaText(value)
    : typeof value === "object"
    ? Json.stringify(value)
    : String(value)

const numberOid = (value: number | bigint): number => {
  if (typeof value === "number" && !Number.isFinite(value)) return oids.float8
  if (typeof value === "number" && !Number.isInteger(value)) return oids.numeric
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return oids.int4
  return value >= -maxInt8 - 1n && value <= maxInt8 ? oids.int8 : oids.numeric
}

const numberOf = (value: number | bigint, oid: number): unknown => {
  if (oid === oids.int8) return BigInt(value)
  if (oid === oids.int4) return Number(value)
  return oid === oids.numeric ? String(value) : value
}

/** Numbers of one type, booleans or bytes make a typed array; everything else is an array literal for the server to read. */
const typedArray = (list: ReadonlyArray<Value>, typed: Typed): unknown => {
  const present = list.filter((item) => item !== null)
  const all = (is: (item: Value) => boolean) => present.length > 0 && present.every(is)
  const map = (oid: number, of: (item: Value) => unknown) =>
    typed(oid, list.map((item) => item === null ? null : of(item)))
  if (all(Predicate.isBoolean)) return map(arrayOids.bool, (item) => item)
  if (all((item) => item instanceof Uint8Array)) return map(arrayOids.bytea, (item) => item)
  if (!all((item) => typeof item === "number" && Number.isFinite(item) || typeof item === "bigint")) {
    return arrayText(list)
  }
  const kinds = new Set(present.map((item) => numberOid(item as number | bigint)))
  const oid = kinds.has(oids.numeric) ? oids.numeric : kinds.has(oids.int8) ? oids.int8 : oids.int4
  const arrayOid = oid === oids.numeric ? arrayOids.numeric : oid === oids.int8 ? arrayOids.int8 : arrayOids.int4
  return map(arrayOid, (item) => numberOf(item as number | bigint, oid))
}

/** `{1,"a \"b\"",NULL,{2}}`: the text that the server reads as an array. */
const arrayText = (list: ReadonlyArray<Value>): string =>
  `{${
    list.map((item) => {
      if (item === null) return "NULL"
      if (isArray(item)) return arrayText(item)
      return typeof item === "number" || typeof item === "bigint" || typeof item === "boolean"
        ? String(item)
        : `"${parameterText(item).replace(/["\\]/g, "\\$&")}"`
    }).join(",")
  }}`

const byteaText = (bytes: Uint8Array): string =>
  `\\x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`

/** How a `numeric` comes: see `QueryOptions`. */
export type NumericForm = "number" | "text"

/**
 * A column's value. `int8` is a number where a double holds it and a big integer where not, moments are ISO text, `NaN` and
 * the infinities are text, bytes are copied.
 */
export const toValue = (raw: unknown, numeric: NumericForm): Value => {
  switch (typeof raw) {
    case "string":
    case "boolean":
      return raw
    case "number":
      return Number.isFinite(raw) ? raw : String(raw)
    case "bigint":
      return raw >= Number.MIN_SAFE_INTEGER && raw <= Number.MAX_SAFE_INTEGER ? Number(raw) : raw
    case "object":
      return raw === null ? null : objectValue(raw, numeric)
    default:
      return null
  }
}

const objectValue = (raw: object, numeric: NumericForm): Value => {
  if (raw instanceof Numeric) return numeric === "text" ? raw.text : exactNumber(raw.text)
  if (raw instanceof Moment || raw instanceof Shown) return raw.text
  if (raw instanceof Date) return Number.isNaN(raw.getTime()) ? "infinity" : raw.toISOString()
  if (raw instanceof Uint8Array) return raw.slice()
  if (Array.isArray(raw)) return raw.map((item) => toValue(item, numeric))
  return isRecord(raw) ? toRecord(raw, numeric) : null
}

/** A row, or a JSON document within one. */
export const toRecord = (raw: object, numeric: NumericForm): ValueRecord => {
  const record = emptyRecord()
  for (const [key, value] of Object.entries(raw)) record[key] = toValue(value, numeric)
  return record
}

/** A numeric as a number where that keeps every digit; a longer integer is exact too, a longer fraction stays text. */
const exactNumber = (text: string): Value => {
  const number = Number(text)
  if (!Number.isFinite(number)) return text
  const digits = text.replace("-", "")
  if (!digits.includes(".")) return Number.isSafeInteger(number) ? number : BigInt(text)
  // Fifteen significant digits always survive a double; of more, only some do.
  const significant = digits.replace(".", "").replace(/^0+|0+$/g, "")
  return significant.length <= 15 || String(number) === text.replace(/\.?0+$/, "") ? number : text
}

/** What `@effect/sql-pg` itself would have read, for those who use its client. */
export const toNative = (raw: unknown): unknown => {
  if (raw instanceof Numeric) return raw.text
  if (raw instanceof Shown) return raw.native
  return Array.isArray(raw) ? raw.map(toNative) : raw
}
