/**
 * How large a value is when it is written out. Parts may be shared, so a value that was cheap to make can be endless to
 * write: whatever an expression makes is measured before anybody walks over it.
 */
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import { reject } from "./Evaluation.ts"

/** Most values in a value, itself and all parts included. */
export const maxNodes = 1_000_000

/** Deepest nesting of a value; what `core/Json` reads is not deeper. */
export const maxDepth = 1_000

/** Returns the value unless it is too large or too deep. Throws an `EvaluationError` without a place; stops early. */
export const checked = (value: Value): Value => {
  if (typeof value === "object" && value !== null) walk(value, 0, maxNodes)
  return value
}

/** Returns how many more values may follow. */
const walk = (value: Value, depth: number, allowed: number): number => {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return allowed - 1
  if (depth >= maxDepth) return reject("too-much", `the value is nested deeper than ${maxDepth} levels`)
  const items: ReadonlyArray<Value> = isArray(value) ? value : isRecord(value) ? Object.values(value) : []
  let left = allowed - 1
  if (items.length > left) tooLarge()
  for (const item of items) {
    left = walk(item, depth + 1, left)
    if (left < 0) tooLarge()
  }
  return left
}

const tooLarge = (): never => reject("too-much", `the value would have more than ${maxNodes} parts`)
