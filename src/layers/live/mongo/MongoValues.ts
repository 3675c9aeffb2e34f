/**
 * Values of documents as applications get them. The driver brings a copy of `bson` of its own, whose classes are not those of
 * `import "bson"`: here they become those, and an int64 a `bigint`, as the embedded store has them.
 */
import { deserialize, serialize } from "bson"
import type { Document } from "../../../services/DocumentStore.ts"

const options = { useBigInt64: true } as const

/** A document that the driver was asked for as bytes (`raw: true`). */
export const fromBytes = (bytes: unknown): Document => deserialize(bytes as Uint8Array, options)

/** A value that the driver has read. */
export const own = <A>(value: A): A =>
  typeof value === "object" && value !== null ? deserialize(serialize({ value }), options)["value"] as A : value

/** A filter, or a pipeline, in which what is `undefined` is null: left out, as in documents, it would match everything. */
export const wanted = <A>(value: A): A => (value === undefined ? null : withNulls(value)) as A

const withNulls = (value: unknown): unknown => {
  if (!isOpen(value)) return value
  return Array.isArray(value)
    ? value.map(wanted)
    : Object.fromEntries(Object.entries(value as Document).map(([name, one]) => [name, wanted(one)]))
}

/** Whether something in it is `undefined`. */
const isOpen = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return value === undefined
  if (Array.isArray(value)) return value.some(isOpen)
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const name in value) if (isOpen((value as Document)[name])) return true
  return false
}
