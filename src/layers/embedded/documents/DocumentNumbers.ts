/**
 * Numbers of the four kinds of BSON, as documents hold them: an int32 is a number, an int64 a `bigint` (or `Long`), a double a
 * number when it has a fraction or does not fit an int32 and else a `Double`, a decimal a `Decimal128`.
 */
import { Decimal128, Double, type Int32, type Long } from "bson"

export type Numeric = number | bigint | Double | Int32 | Long | Decimal128

/** `coefficient * 10 ** exponent`. */
interface Decimal {
  readonly coefficient: bigint
  readonly exponent: number
}

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

export const isInt32 = (value: number): boolean => (value | 0) === value && !Object.is(value, -0)

export const isNumeric = (value: unknown): value is Numeric =>
  typeof value === "number" || typeof value === "bigint" ||
  typeof value === "object" && value !== null && "_bsontype" in value && typeof value._bsontype === "string" &&
    /^(?:Double|Int32|Long|Decimal128)$/.test(value._bsontype)

/** The same without the wrappers of what JavaScript has itself. */
const plain = (value: Numeric): number | bigint | Decimal128 => {
  if (typeof value === "number" || typeof value === "bigint" || value instanceof Decimal128) return value
  return value._bsontype === "Long" ? value.toBigInt() : value.valueOf() as number
}

export const typeName = (value: Numeric): "int" | "long" | "double" | "decimal" => {
  if (typeof value === "number") return isInt32(value) ? "int" : "double"
  if (typeof value === "bigint" || value._bsontype === "Long") return "long"
  return value._bsontype === "Int32" ? "int" : value._bsontype === "Double" ? "double" : "decimal"
}

/** As near as a number comes. */
export const toNumber = (value: Numeric): number => {
  const one = plain(value)
  return one instanceof Decimal128 ? Number(one.toString()) : Number(one)
}

/** NaN comes before all others and equals itself. */
export const compare = (a: Numeric, b: Numeric): number => {
  const one = plain(a)
  const other = plain(b)
  if (one instanceof Decimal128 || other instanceof Decimal128) return compareDecimals(one, other)
  if (one < other) return -1
  if (one > other) return 1
  return Number(Number.isNaN(other)) - Number(Number.isNaN(one))
}

const compareDecimals = (a: number | bigint | Decimal128, b: number | bigint | Decimal128): number => {
  const one = exact(a)
  const other = exact(b)
  if (typeof one === "number" || typeof other === "number") {
    // One of them is infinite or not a number, and doubles know the order of those.
    return compare(typeof one === "number" ? one : 0, typeof other === "number" ? other : 0)
  }
  const exponent = Math.min(one.exponent, other.exponent)
  const difference = scaled(one, exponent) - scaled(other, exponent)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

const scaled = (value: Decimal, exponent: number): bigint =>
  value.coefficient * 10n ** BigInt(value.exponent - exponent)

/** A number itself when it is infinite or none. */
const exact = (value: number | bigint | Decimal128): Decimal | number => {
  if (typeof value === "bigint") return { coefficient: value, exponent: 0 }
  if (value instanceof Decimal128) return parsed(value.toString())
  if (!Number.isFinite(value)) return value
  if (Number.isInteger(value)) return { coefficient: BigInt(value), exponent: 0 }
  let binary = 0
  let whole = value
  while (!Number.isInteger(whole)) {
    whole *= 2
    binary++
  }
  return { coefficient: BigInt(whole) * 5n ** BigInt(binary), exponent: -binary }
}

const parsed = (text: string): Decimal | number => {
  const match = /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/i.exec(text)
  if (match === null) return Number(text)
  const [, sign, whole = "", fraction = "", exponent = "0"] = match
  const coefficient = BigInt(`${whole}${fraction}` || "0")
  return { coefficient: sign === "-" ? -coefficient : coefficient, exponent: Number(exponent) - fraction.length }
}

/** The same for numbers that are equal, whatever their kinds. */
export const keyOf = (value: Numeric): number | string => {
  const one = plain(value)
  if (typeof one === "number" && (Number.isSafeInteger(one) || !Number.isInteger(one))) return one
  if (typeof one === "bigint" && one >= Number.MIN_SAFE_INTEGER && one <= Number.MAX_SAFE_INTEGER) return Number(one)
  const found = exact(one)
  if (typeof found === "number") return found
  const near = toNumber(value)
  if (!Number.isInteger(near) && compare(near, value) === 0) return near
  let { coefficient, exponent } = found
  if (coefficient === 0n) return 0
  while (coefficient % 10n === 0n) {
    coefficient /= 10n
    exponent++
  }
  if (exponent >= 0 && Number.isSafeInteger(near)) return near
  return `n${coefficient}e${exponent}`
}

/** The sum or product, of the wider kind of both; undefined when it does not fit an int64. */
export const calculate = (operation: "add" | "multiply", a: Numeric, b: Numeric): Numeric | undefined => {
  const one = plain(a)
  const other = plain(b)
  if (one instanceof Decimal128 || other instanceof Decimal128) return decimals(operation, one, other)
  const types = [typeName(a), typeName(b)]
  if (types.includes("double")) {
    const [x, y] = [Number(one), Number(other)]
    return double(operation === "add" ? x + y : x * y)
  }
  if (!types.includes("long")) {
    const result = operation === "add" ? Number(one) + Number(other) : Number(one) * Number(other)
    if (isInt32(result)) return result
  }
  const [x, y] = [BigInt(one), BigInt(other)]
  const result = operation === "add" ? x + y : x * y
  return result > int64Max || result < int64Min ? undefined : result
}

/** A double that stays one. */
export const double = (value: number): number | Double => isInt32(value) ? new Double(value) : value

const decimals = (operation: "add" | "multiply", a: number | bigint | Decimal128, b: number | bigint | Decimal128) => {
  const one = decimal(a)
  const other = decimal(b)
  if (typeof one === "number" || typeof other === "number") {
    const [x, y] = [typeof one === "number" ? one : 1, typeof other === "number" ? other : 1]
    return Decimal128.fromString(String(operation === "add" ? x + y : x * y))
  }
  if (operation === "multiply") return rounded(one.coefficient * other.coefficient, one.exponent + other.exponent)
  const exponent = Math.min(one.exponent, other.exponent)
  return rounded(scaled(one, exponent) + scaled(other, exponent), exponent)
}

/** Doubles become decimals with the digits they are written with. */
const decimal = (value: number | bigint | Decimal128): Decimal | number =>
  typeof value === "number" ? parsed(String(value)) : exact(value)

/** At most 34 digits, half to even. */
const rounded = (coefficient: bigint, exponent: number): Decimal128 => {
  const negative = coefficient < 0n
  const digits = String(negative ? -coefficient : coefficient)
  const over = digits.length - 34
  if (over <= 0) return Decimal128.fromString(`${coefficient}E${exponent}`)
  return Decimal128.fromStringWithRounding(`${negative ? "-" : ""}${digits}E${exponent}`)
}
