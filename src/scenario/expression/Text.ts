/** How values are written: into the text of a template, into a failure, and as Robogo wrote them. */
import * as Json from "../../core/Json.ts"
import { field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Size from "./Size.ts"

/** Longest value shown in a failure, in UTF-16 units. */
export const maxShown = 200

/**
 * Writes a value inside a text: text as it is, numbers plain, `null`, lists and objects as JSON, bytes as base64. Throws an
 * `EvaluationError` without a place when the value is too large.
 */
export const write = (value: Value): string => {
  if (typeof value === "string") return value
  if (typeof value === "number") return plainNumber(value)
  if (typeof value !== "object" || value === null) return String(value)
  if (value instanceof Uint8Array) return Json.stringify(value).slice(1, -1)
  return Json.stringify(Size.checked(value))
}

/** Writes a value for people who look at a failure: text quoted, the rest as JSON, cut with a note of its size. Never throws. */
export const show = (value: Value | undefined): string => {
  if (value === undefined) return "missing"
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const pieces: Array<string> = []
  const left = showInto(pieces, value, maxShown, 0)
  const text = pieces.join("")
  return left >= 0 ? text : `${text.slice(0, maxShown)}... (${sizeOf(value)})`
}

/**
 * Writes a value as Go's `%v` does: `map[a:1 b:2]`, `[1 2]`, `<nil>`. For comparisons in Robogo files. Throws an
 * `EvaluationError` without a place when the value is too large.
 */
export const goText = (value: Value): string => goWrite(Size.checked(value))

const goWrite = (value: Value): string => {
  if (value === null) return "<nil>"
  if (value instanceof Uint8Array) return `[${value.join(" ")}]`
  if (isArray(value)) return `[${value.map(goWrite).join(" ")}]`
  if (typeof value === "number") return goNumber(value)
  if (!isRecord(value)) return String(value)
  return `map[${Object.keys(value).sort().map((key) => `${key}:${goWrite(value[key]!)}`).join(" ")}]`
}

/** Writes an integer with all its digits, whatever its size. */
const plainNumber = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) >= 1e21 ? BigInt(value).toString() : String(value)

/** Go writes 0.00001 as 1e-05. */
const goNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-4
    ? value.toExponential().replace(/e-(\d)$/, "e-0$1")
    : plainNumber(value)

/** Writes pieces until about `left` characters are used up; returns what is left, negative when the value was cut. */
const showInto = (pieces: Array<string>, value: Value, left: number, depth: number): number => {
  const put = (text: string): number => {
    pieces.push(text)
    return left - text.length
  }
  if (typeof value === "string") return put(JSON.stringify(value.length > left ? value.slice(0, left + 1) : value))
  if (typeof value === "number") return put(plainNumber(value))
  if (typeof value !== "object" || value === null) return put(String(value))
  if (value instanceof Uint8Array) return put(`"${value.length} bytes"`)
  if (depth >= maxShown) return -1
  const names = isRecord(value) ? Object.keys(value) : undefined
  const items: ReadonlyArray<Value> = isArray(value) ? value : []
  let room = put(names === undefined ? "[" : "{")
  for (let at = 0; at < (names ?? items).length; at++) {
    if (room < 0) return room
    const name = names?.[at]
    const before = `${at === 0 ? "" : ","}${name === undefined ? "" : `${JSON.stringify(name.slice(0, maxShown))}:`}`
    pieces.push(before)
    const child = name === undefined ? items[at]! : field(value as ValueRecord, name) ?? null
    room = showInto(pieces, child, room - before.length, depth + 1)
  }
  pieces.push(names === undefined ? "]" : "}")
  return room - 1
}

const sizeOf = (value: Value): string =>
  typeof value === "string"
    ? `${value.length} characters`
    : isArray(value)
    ? `${value.length} items`
    : isRecord(value)
    ? `${Object.keys(value).length} fields`
    : "cut"
