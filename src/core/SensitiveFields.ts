/**
 * Hides the values of fields by their names: those that a step calls sensitive, and headers that always are. For values
 * that are known to be secret, wherever they stand, see `Masking.ts`.
 */
import { isArray, isRecord, type Value } from "./Value.ts"

const hidden = "***"

/** Headers whose value is never shown. */
const secretHeader = /^(proxy-)?authorization$|^(set-)?cookie$|(^|[-_])(api[-_]?key|token|secret|password)$/i

/** Whether the value of a header is never shown. */
export const isSecretHeader = (name: string): boolean => secretHeader.test(name)

const isSensitive = (name: string, fields: ReadonlyArray<string>): boolean => {
  const lower = name.toLowerCase()
  return fields.some((field) => lower.includes(field.toLowerCase()))
}

/** Replaces the values of the named fields at any depth. */
export const mask = (value: Value, fields: ReadonlyArray<string>): Value => {
  if (fields.length === 0) return value
  if (isArray(value)) return value.map((item) => mask(item, fields))
  if (!isRecord(value)) return typeof value === "string" ? maskText(value, fields) : value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isSensitive(key, fields) ? hidden : mask(item, fields)])
  )
}

/** Replaces the values of secret headers and of the named ones. */
export const maskRecord = (
  record: Readonly<Record<string, string>>,
  fields: ReadonlyArray<string>
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(record).map((
      [key, text]
    ) => [key, secretHeader.test(key) || isSensitive(key, fields) ? hidden : text])
  )

/** Replaces `"name": value` and `name=value` in a text. */
export const maskText = (text: string, fields: ReadonlyArray<string>): string =>
  fields.reduce((masked, field) => {
    const name = field.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    return masked
      .replace(new RegExp(`("[^"]*${name}[^"]*"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|[^\\s,}\\]]+)`, "gi"), `$1"${hidden}"`)
      .replace(new RegExp(`(\\b[\\w-]*${name}[\\w-]*\\s*[=:]\\s*)([^\\s"'&,;]+)`, "gi"), `$1${hidden}`)
  }, text)
