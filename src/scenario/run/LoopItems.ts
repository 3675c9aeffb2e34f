/** The items of a `for`: a list, a count, a range, or a text that is one of these. */
import type { Value } from "../../core/Value.ts"
import * as Code from "../compile/Code.ts"
import type { CompiledStep } from "../compile/Compiled.ts"

/** Throws `CodeFailure` for a value that is nothing to loop over, and for more items than the loop's `max`. */
export const of = (value: Value, loop: NonNullable<CompiledStep["for"]>): ReadonlyArray<Value> => {
  const refuse = (message: string): never => {
    throw new Code.CodeFailure("bad-loop", message, undefined, loop.items.node.span)
  }
  const items = typeof value === "string" ? fromText(value.trim(), loop.max) : value
  const length = Array.isArray(items)
    ? items.length
    : typeof items === "number" && Number.isInteger(items)
    ? items
    : undefined
  if (length === undefined || length < 0) return refuse("for needs a list, a range such as 1..5, or a count")
  if (length > loop.max) return refuse(`for has ${length} items, more than its max of ${loop.max}`)
  return Array.isArray(items) ? items : Array.from({ length }, (_, index) => index + 1)
}

/** A count, `1..5` or `[a, b]`; a range with more than `max` numbers is only counted. */
const fromText = (text: string, max: number): Value => {
  if (/^\d+$/.test(text)) return Number(text)
  const range = /^(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(text)
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])]
    const length = Math.abs(to - from) + 1
    return length > max ? length : Array.from({ length }, (_, index) => from <= to ? from + index : from - index)
  }
  const list = /^\[(.*)\]$/s.exec(text)
  return list === null
    ? text
    : list[1]!.split(",").map((item) => item.trim().replace(/^(['"])(.*)\1$/s, "$2")).filter((item) => item !== "")
}
