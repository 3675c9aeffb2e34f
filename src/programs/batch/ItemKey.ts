/** What tells items apart: their content, not their place, so that a resumed batch knows them again when the input was edited. */
import { sha256 } from "@noble/hashes/sha2.js"
import * as Json from "../../core/Json.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"

/** Bytes of a key: enough that two items never meet by chance. */
export const keyBytes = 16

/** The first bytes of the SHA-256 of the item as JSON, with the fields of records in order of their names. */
export const of = (item: Value): Uint8Array =>
  sha256(encoder.encode(Json.stringify(sorted(item)))).subarray(0, keyBytes)

/** As text, for idempotency keys, audit files and messages. */
export const text = (key: Uint8Array): string => {
  let text = ""
  for (const byte of key) text += hex[byte]!
  return text
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const encoder = new TextEncoder()

const sorted = (value: Value): Value => {
  if (isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.keys(value).toSorted().map((name) => [name, sorted(value[name]!)]))
}
