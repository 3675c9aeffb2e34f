/** How values are written: into the text of a template, into a failure, and as Robogo wrote them. */
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"

/** Longest value shown in a failure, in UTF-16 units. */
export const maxShown = 200

/** Writes a value inside a text: text as it is, numbers plain, `null`, lists and objects as JSON, bytes as base64. */
export const write = (value: Value): string => {
  if (typeof value === "string") return value
  if (typeof value === "number") return number(value)
  if (value instanceof Uint8Array) return Json.stringify(value).slice(1, -1)
  return typeof value === "object" && value !== null ? Json.stringify(value) : String(value)
}

/** Writes a value for people who look at a failure: text quoted, the rest as JSON, cut with a note of the full length. */
export const show = (value: Value | undefined): string => {
  if (value === undefined) return "missing"
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = typeof value === "number" ? number(value) : Json.stringify(shallow(value, 0))
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}... (${lengthOf(value, text)})`
}

/** Writes a value as Go's `%v` does: `map[a:1 b:2]`, `[1 2]`, `<nil>`. For comparisons in Robogo files. */
export const goText = (value: Value | undefined): string => {
  if (value === undefined || value === null) return "<nil>"
  if (value instanceof Uint8Array) return `[${value.join(" ")}]`
  if (isArray(value)) return `[${value.map(goText).join(" ")}]`
  if (!isRecord(value)) return typeof value === "number" ? number(value) : String(value)
  const fields = Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`)
  return `map[${fields.join(" ")}]`
}

/** Writes an integer with all its digits, whatever its size. */
const number = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) >= 1e21 ? BigInt(value).toString() : String(value)

/** Cuts what cannot be shown anyway, so that showing a large value costs little. */
const shallow = (value: Value, depth: number): Value => {
  if (typeof value === "string") return value.length > maxShown * 2 ? value.slice(0, maxShown * 2) : value
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value
  if (depth > 20) return "..."
  if (isArray(value)) return value.slice(0, maxShown).map((item) => shallow(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).slice(0, maxShown).map(([key, field]) => [key, shallow(field, depth + 1)])
  )
}

const lengthOf = (value: Value, text: string): string =>
  typeof value === "string"
    ? `${value.length} characters`
    : isArray(value)
    ? `${value.length} items`
    : isRecord(value)
    ? `${Object.keys(value).length} fields`
    : `${text.length} characters`
