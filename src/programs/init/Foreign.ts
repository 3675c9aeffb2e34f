/** Lenient reading of other tools' files: what is missing or of another kind is empty. */
import { isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

export const recordOf = (value: Value | undefined): ValueRecord => (isRecord(value) ? value : {})

export const listOf = (value: Value | undefined): ReadonlyArray<Value> => (isArray(value) ? value : [])

/** The text of a text, number or boolean. */
export const textOf = (value: Value | undefined): string =>
  typeof value === "string"
    ? value
    : typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : ""

/** Decodes percent signs and pluses of a form; a text that cannot be decoded stays as it is. */
export const decodeForm = (piece: string): string => decodePart(piece.replaceAll("+", " "), piece)

/** Decodes percent signs of a URL's path or a reference. */
export const decodePart = (piece: string, otherwise = piece): string => {
  try {
    return decodeURIComponent(piece)
  } catch {
    return otherwise
  }
}
