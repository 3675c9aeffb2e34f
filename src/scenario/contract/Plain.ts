/**
 * Values as schema validators take them: plain objects, doubles for big integers, base64 text for bytes. A field called
 * `__proto__` stays a field.
 */
import { Base64 } from "effect/encoding"
import type { Value } from "../../core/Value.ts"

export type Plain = null | boolean | number | string | Array<Plain> | { [key: string]: Plain }

/** Copies a value. Integers beyond 2^53 lose digits, which no keyword but `const`, `enum` and `multipleOf` can see. */
export const from = (value: Value): Plain => {
  if (typeof value === "bigint") return Number(value)
  if (value instanceof Uint8Array) return Base64.encode(value)
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item: Value) => from(item))
  const copy: { [key: string]: Plain } = {}
  for (const [key, field] of Object.entries(value as { readonly [key: string]: Value })) {
    if (key === "__proto__") {
      Object.defineProperty(copy, key, { value: from(field), enumerable: true, writable: true, configurable: true })
    } else copy[key] = from(field)
  }
  return copy
}

export const isRecord = (plain: Plain | undefined): plain is { [key: string]: Plain } =>
  typeof plain === "object" && plain !== null && !Array.isArray(plain)

/** Returns the field `key` of a record when it has it itself. */
export const field = (plain: Plain | undefined, key: string): Plain | undefined =>
  isRecord(plain) && Object.hasOwn(plain, key) ? plain[key] : undefined
