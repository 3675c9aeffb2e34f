/** JSON bodies of other tools, in which `{{name}}` may stand inside a text or in place of a value. */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import { type Data, type Part, placeholders, Text, text } from "./Draft.ts"

/** Reads a JSON text with placeholders; `undefined` when it is no JSON even so. */
export const parse = (source: string, resolve: (name: string) => Part): Data | undefined => {
  const plain = Json.parse(source)
  if (Result.isSuccess(plain)) return dataOf(plain.success, (value) => placeholders(value, resolve))
  // A bare {{name}} is put in quotes with a mark that no text of the source has.
  let mark = "bare"
  while (source.includes(mark)) mark += "_"
  const quoted = outsideTexts(
    source,
    (code) => code.replaceAll(/\{\{([^{}]{1,200})\}\}/g, (_, name) => `"${mark}${escape(String(name).trim())}"`)
  )
  const marked = Json.parse(quoted)
  if (Result.isFailure(marked)) return undefined
  return dataOf(marked.success, (value) => {
    if (!value.startsWith(mark)) return placeholders(value, resolve)
    const part = resolve(value.slice(mark.length))
    // There it was text that became part of the JSON, so a variable "5" gave the number 5.
    return typeof part === "string" ? text(part) : text({ expression: `json(text(${part.expression}))` })
  })
}

/** Makes data of a plain value. */
export const dataOf = (value: Value, ofText: (value: string) => Text = (value) => text(value)): Data => {
  if (typeof value === "string") return ofText(value)
  if (value instanceof Uint8Array) return text(Json.stringify(value).slice(1, -1))
  if (isArray(value)) return value.map((item) => dataOf(item, ofText))
  if (!isRecord(value)) return value
  const record = Object.create(null) as { [key: string]: Data }
  for (const [key, field] of Object.entries(value)) record[key] = dataOf(field, ofText)
  return record
}

/** Changes what stands outside of the quoted texts of a JSON-like source. */
const outsideTexts = (source: string, change: (code: string) => string): string =>
  source.split(/("(?:[^"\\]|\\.)*")/s).map((piece, at) => (at % 2 === 1 ? piece : change(piece))).join("")

const escape = (name: string): string => JSON.stringify(name).slice(1, -1)

/** The texts of data, for `Guard`. */
export const mapTexts = (data: Data, change: (value: Text, key: string | undefined) => Text, key?: string): Data => {
  if (data instanceof Text) return change(data, key)
  if (Array.isArray(data)) return data.map((item: Data) => mapTexts(item, change, key))
  if (typeof data !== "object" || data === null) return data
  const record = Object.create(null) as { [key: string]: Data }
  for (const [name, field] of Object.entries(data as { readonly [key: string]: Data })) {
    record[name] = mapTexts(field, change, name)
  }
  return record
}
