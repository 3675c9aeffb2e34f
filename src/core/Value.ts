/**
 * The data that flows between steps: JSON with exact big integers and bytes. Records made from outside input have no prototype.
 *
 * Read by expressions, templates, actions and reports; text and JSON forms are in this file so that they agree everywhere.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | ReadonlyArray<Value>
  | { readonly [key: string]: Value }

export type ValueRecord = { readonly [key: string]: Value }

export const isRecord = (value: unknown): value is ValueRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

export const isArray = (value: unknown): value is ReadonlyArray<Value> => Array.isArray(value)

/** Returns an empty record without a prototype, so that a key such as `__proto__` is plain data. */
export const emptyRecord = <A extends Value = Value>(): { [key: string]: A } =>
  Object.create(null) as { [key: string]: A }

/** Returns the field `key` when the record has it itself; never a field of a prototype. */
export const field = (record: ValueRecord, key: string): Value | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/** Names the kind of a value for error texts: `text`, `number`, `list`, `object`, ... */
export const kindOf = (value: Value | undefined): string => {
  if (value === undefined) return "missing"
  if (value === null) return "null"
  if (typeof value === "string") return "text"
  if (typeof value === "number" || typeof value === "bigint") return "number"
  if (typeof value === "boolean") return "boolean"
  if (value instanceof Uint8Array) return "bytes"
  return isArray(value) ? "list" : "object"
}
