/**
 * The types of Postgres that the driver's own codecs lose something of, or cannot read: numerics and moments beyond a
 * double, big integers in JSON, intervals, ranges, bit strings. Plain data, without the driver.
 *
 * `PgPostgres` registers them; `PostgresValues` turns what they read into values.
 */
import { Result } from "effect"
import * as Json from "../../../core/Json.ts"
import type { Value } from "../../../core/Value.ts"

/** A `numeric` by its exact text, scale included: `12.50`, `NaN`. */
export class Numeric {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A value that is shown as text while the driver has a form of its own for it (`time`, `interval`). */
export class Shown {
  readonly text: string
  readonly native: unknown
  constructor(text: string, native: unknown) {
    this.text = text
    this.native = native
  }
}

/** A `timestamp` or `timestamptz`: a Date cut to milliseconds, with the exact ISO text beside it. */
export class Moment extends Date {
  readonly text: string
  constructor(millis: number, text: string) {
    super(millis)
    this.text = text
  }
}

export interface PostgresCodec {
  readonly oid: number
  /** The type of arrays of it. */
  readonly arrayOid?: number
  readonly decode: (bytes: Uint8Array) => unknown
  /** Left out where parameters are never given this type. */
  readonly encode?: (value: Value) => Uint8Array
}

const utf8 = new TextDecoder()
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const epochMicros = 946_684_800_000_000n
const latest = 0x7fff_ffff_ffff_ffffn
const earliest = -0x8000_0000_0000_0000n
const maxDateMillis = 8_640_000_000_000_000n

/** ISO text of a count of microseconds since 2000: three digits of a second, six where they are needed. */
const momentText = (micros: bigint, zone: "Z" | ""): Moment => {
  const unix = micros + epochMicros
  const rest = ((unix % 1000n) + 1000n) % 1000n
  const millis = (unix - rest) / 1000n
  if (micros === latest || micros === earliest || millis > maxDateMillis) {
    return new Moment(Number.NaN, micros === earliest ? "-infinity" : "infinity")
  }
  const iso = new Date(Number(millis)).toISOString().slice(0, -1)
  return new Moment(Number(millis), `${iso}${rest === 0n ? "" : String(rest).padStart(3, "0")}${zone}`)
}

const moment = (zone: "Z" | "") => (bytes: Uint8Array) => momentText(view(bytes).getBigInt64(0), zone)

const seconds = (micros: bigint): string => {
  const fraction = String(micros % 1_000_000n).padStart(6, "0").replace(/0+$/, "")
  return `${String(micros / 1_000_000n).padStart(2, "0")}${fraction === "" ? "" : `.${fraction}`}`
}

/** `04:05:06.5` of a count of microseconds; hours may pass 24. */
const clockText = (micros: bigint): string => {
  const hours = String(micros / 3_600_000_000n).padStart(2, "0")
  const minutes = String(micros / 60_000_000n % 60n).padStart(2, "0")
  return `${hours}:${minutes}:${seconds(micros % 60_000_000n)}`
}

const time = (bytes: Uint8Array): Shown => {
  const micros = view(bytes).getBigInt64(0)
  return new Shown(clockText(micros), micros)
}

const counted = (amount: number, unit: string): ReadonlyArray<string> =>
  amount === 0 ? [] : [`${amount} ${unit}${amount === 1 ? "" : "s"}`]

/** As the server writes it: `1 year 2 mons 3 days 04:05:06`. */
const interval = (bytes: Uint8Array): Shown => {
  const data = view(bytes)
  const microseconds = data.getBigInt64(0)
  const days = data.getInt32(8)
  const months = data.getInt32(12)
  const clock = microseconds === 0n
    ? []
    : [`${microseconds < 0n ? "-" : ""}${clockText(microseconds < 0n ? -microseconds : microseconds)}`]
  const parts = [
    ...counted(Math.trunc(months / 12), "year"),
    ...counted(months % 12, "mon"),
    ...counted(days, "day"),
    ...clock
  ]
  return new Shown(parts.length === 0 ? "00:00:00" : parts.join(" "), { months, days, microseconds })
}

/** A document that cannot be kept as data (a number beyond a double) comes as its text. */
const json = (text: string): Value => {
  const parsed = Json.parse(text)
  return Result.isFailure(parsed) ? text : parsed.success
}

const jsonb: PostgresCodec = {
  oid: 3802,
  arrayOid: 3807,
  decode: (bytes) => json(utf8.decode(bytes.subarray(1))),
  encode: (value) => {
    const text = new TextEncoder().encode(Json.stringify(value))
    const bytes = new Uint8Array(text.length + 1)
    bytes[0] = 1
    bytes.set(text, 1)
    return bytes
  }
}

const bits = (bytes: Uint8Array): string => {
  const digits = Array.from(bytes.subarray(4), (byte) => byte.toString(2).padStart(8, "0")).join("")
  return digits.slice(0, view(bytes).getInt32(0))
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":")

/** Pairs of doubles in parentheses: `(1,2)`, for a box or segment the pairs apart. */
const points = (bytes: Uint8Array): string => {
  const data = view(bytes)
  const pairs: Array<string> = []
  for (let at = 0; at + 16 <= bytes.length; at += 16) pairs.push(`(${data.getFloat64(at)},${data.getFloat64(at + 8)})`)
  return pairs.join(",")
}

/** `[1,10)`: a byte of flags, then each bound with its length. */
const range = (bound: (bytes: Uint8Array) => string) => (bytes: Uint8Array): string => {
  const data = view(bytes)
  const flags = bytes[0] ?? 0
  if ((flags & 1) !== 0) return "empty"
  let at = 1
  const next = (): string => {
    const length = data.getInt32(at)
    at += 4 + length
    return bound(bytes.subarray(at - length, at))
  }
  const lower = (flags & 8) === 0 ? next() : ""
  const upper = (flags & 16) === 0 ? next() : ""
  return `${(flags & 2) === 0 ? "(" : "["}${lower},${upper}${(flags & 4) === 0 ? ")" : "]"}`
}

const int32 = (bytes: Uint8Array): string => String(view(bytes).getInt32(0))
const int64 = (bytes: Uint8Array): string => String(view(bytes).getBigInt64(0))
const day = (bytes: Uint8Array): string =>
  momentText(BigInt(view(bytes).getInt32(0)) * 86_400_000_000n, "").text.slice(0, -13)
const unsigned = (bytes: Uint8Array): number => view(bytes).getUint32(0)

/**
 * A list of lists as deep as the array has dimensions: their count, a flag, the type of the elements, then length and lower
 * bound of each dimension, then the elements with their lengths.
 */
export const decodeArray = (
  bytes: Uint8Array,
  element: (bytes: Uint8Array, oid: number) => unknown
): ReadonlyArray<unknown> => {
  const data = view(bytes)
  const dimensions = data.getInt32(0)
  const oid = data.getUint32(8)
  let at = 12 + dimensions * 8
  const read = (): unknown => {
    const length = data.getInt32(at)
    at += 4
    if (length === -1) return null
    at += length
    return element(bytes.subarray(at - length, at), oid)
  }
  const list = (dimension: number): ReadonlyArray<unknown> =>
    Array.from(
      { length: data.getInt32(12 + dimension * 8) },
      () => dimension + 1 < dimensions ? list(dimension + 1) : read()
    )
  return dimensions === 0 ? [] : list(0)
}

/** Every codec, by the OID that the server's catalogue gives the type; `numericText` is the driver's reader of a `numeric`. */
export const codecs = (numericText: (bytes: Uint8Array) => string): ReadonlyArray<PostgresCodec> => [
  { oid: 1114, arrayOid: 1115, decode: moment("") },
  { oid: 1184, arrayOid: 1185, decode: moment("Z") },
  { oid: 1083, arrayOid: 1183, decode: time },
  { oid: 1186, arrayOid: 1187, decode: interval },
  { oid: 114, arrayOid: 199, decode: (bytes) => json(utf8.decode(bytes)) },
  jsonb,
  { oid: 4072, arrayOid: 4073, decode: (bytes) => utf8.decode(bytes.subarray(1)) },
  { oid: 2278, decode: () => null },
  { oid: 1560, arrayOid: 1561, decode: bits },
  { oid: 1562, arrayOid: 1563, decode: bits },
  { oid: 829, arrayOid: 1040, decode: hexadecimal },
  { oid: 774, arrayOid: 775, decode: hexadecimal },
  { oid: 600, arrayOid: 1017, decode: points },
  { oid: 603, arrayOid: 1020, decode: points },
  { oid: 601, arrayOid: 1018, decode: (bytes) => `[${points(bytes)}]` },
  { oid: 3904, arrayOid: 3905, decode: range(int32) },
  { oid: 3926, arrayOid: 3927, decode: range(int64) },
  { oid: 3906, arrayOid: 3907, decode: range(numericText) },
  { oid: 3912, arrayOid: 3913, decode: range(day) },
  { oid: 3908, arrayOid: 3909, decode: range((bytes) => moment("")(bytes).text) },
  { oid: 3910, arrayOid: 3911, decode: range((bytes) => moment("Z")(bytes).text) },
  // oid-like numbers: regproc, xid, regtype, regrole, regnamespace, regconfig
  ...[[24, 1008], [28, 1011], [2206, 2211], [4096, 4097], [4089, 4090], [3734, 3735]].map(([oid, arrayOid]) => ({
    oid: oid!,
    arrayOid: arrayOid!,
    decode: unsigned
  }))
]
