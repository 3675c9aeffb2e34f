/**
 * How values are compared. Expressions and the `assert` action's named operators share it.
 *
 * Two modes: `native` knows types (`1` is not `'1'`), `robogo` compares as that tool did, by what Go's `%v` writes.
 */
import { Result } from "effect"
import * as LinearRegex from "../../core/LinearRegex.ts"
import { isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import * as Arithmetic from "./Arithmetic.ts"
import { reject } from "./Evaluation.ts"
import * as Text from "./Text.ts"

export type Mode = "native" | "robogo"

/** Takes the cost of a comparison from a budget. */
export type Charge = (steps: number) => void

/**
 * Deep equality. Numbers are equal by value whether big or not; lists by order, records by keys in any order; values of
 * different kinds never. Never throws, unless `charge` does.
 */
export const equal = (a: Value, b: Value, charge: Charge = free): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return isNumber(a) && isNumber(b) && a == b
  }
  if (isArray(a)) {
    if (!isArray(b) || a.length !== b.length) return false
    charge(1 + (a.length >> 4))
    return a.every((item, at) => equal(item, b[at]!, charge))
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length &&
      a.every((byte, at) => byte === b[at])
  }
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = Object.keys(a)
  charge(1 + (keys.length >> 3))
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key]!, b[key]!, charge))
}

const free: Charge = () => {}

/**
 * Orders two numbers by value or two texts by their characters: negative, zero or positive. Throws an `EvaluationError`
 * without a place for anything else.
 */
export const compare = (a: Value, b: Value): number => {
  if ((isNumber(a) && isNumber(b)) || (typeof a === "string" && typeof b === "string")) {
    return a < b
      ? -1
      : a > b
      ? 1
      : 0
  }
  return reject(
    "wrong-type",
    `${Text.show(a)} (${kindOf(a)}) and ${Text.show(b)} (${kindOf(b)}) have no order`,
    typeof a === "string" && isNumber(b) || typeof b === "string" && isNumber(a)
      ? "turn the text into a number with number(...)"
      : "compare two numbers or two texts"
  )
}

/** A text has a part, a list an equal item, a record a key. Throws an `EvaluationError` without a place for other values. */
export const contains = (whole: Value, part: Value, charge: Charge = free): boolean => {
  if (typeof whole === "string") {
    return typeof part === "string"
      ? whole.includes(part)
      : reject(
        "wrong-type",
        `a text cannot contain a ${kindOf(part)} (${Text.show(part)})`,
        "turn it into text with text(...)"
      )
  }
  if (isArray(whole)) {
    charge(whole.length >> 4)
    return whole.some((item) => equal(item, part, charge))
  }
  if (isRecord(whole)) return typeof part === "string" && Object.hasOwn(whole, part)
  return reject(
    "wrong-type",
    `a ${kindOf(whole)} (${Text.show(whole)}) contains nothing`,
    "contains takes a text, a list or an object"
  )
}

/** True when the pattern is found anywhere in the text. Throws an `EvaluationError` without a place for a bad pattern. */
export const matches = (text: Value, pattern: Value, flags = ""): boolean => {
  if (typeof text !== "string" || typeof pattern !== "string") {
    return reject(
      "wrong-type",
      `matches takes two texts, not ${kindOf(text)} and ${kindOf(pattern)}`,
      "turn the value into text with text(...)"
    )
  }
  return regex(pattern, flags).test(text)
}

/** Compiles a pattern, or throws an `EvaluationError` without a place. */
export const regex = (pattern: string, flags = ""): LinearRegex.LinearRegex => {
  const compiled = LinearRegex.compile(pattern, flags)
  return Result.isSuccess(compiled)
    ? compiled.success
    : reject("bad-pattern", compiled.failure.message, compiled.failure.hint)
}

/** True for null, a missing value, and an empty text, list, record or bytes. */
export const isEmpty = (value: Value | undefined): boolean => {
  if (value === undefined || value === null || value === "") return true
  if (typeof value !== "object") return false
  return isArray(value) || value instanceof Uint8Array ? value.length === 0 : Object.keys(value).length === 0
}

export const isNumber = (value: Value | undefined): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint"

export type Operator = (actual: Value, expected: Value, mode: Mode) => boolean

const equals: Operator = (a, b, mode) => (mode === "native" ? equal(a, b) : Text.goText(a) === Text.goText(b))

const ordered = (accept: (order: number) => boolean): Operator => (a, b, mode) =>
  accept(mode === "native" ? compare(a, b) : goOrder(Text.goText(a), Text.goText(b)))

const onTexts = (name: string, native: (a: string, b: string) => boolean): Operator => (a, b, mode) => {
  if (mode === "robogo") return native(Text.goText(a), Text.goText(b))
  return typeof a === "string" && typeof b === "string"
    ? native(a, b)
    : reject(
      "wrong-type",
      `${name} takes two texts, not ${kindOf(a)} and ${kindOf(b)}`,
      "turn the value into text with text(...)"
    )
}

const holds: Operator = (a, b, mode) => mode === "native" ? contains(a, b) : Text.goText(a).includes(Text.goText(b))

const isIn: Operator = (a, b, mode) =>
  mode === "robogo" && isArray(b) ? b.some((item) => Text.goText(item) === Text.goText(a)) : holds(b, a, mode)

const found = onTexts("matches", (text, pattern) => regex(pattern).test(text))

/** Numeric when both texts are numbers, else by characters, as Robogo ordered values. */
const goOrder = (a: string, b: string): number => {
  const [x, y] = goNumber.test(a) && goNumber.test(b) ? [Number(a), Number(b)] : [a, b]
  return x < y ? -1 : x > y ? 1 : 0
}

const goNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

const divides: Operator = (a, b) => Arithmetic.remainder(toNumber(a), toNumber(b)) === 0

const toNumber = (value: Value): number | bigint =>
  isNumber(value)
    ? value
    : typeof value === "string" && goNumber.test(value)
    ? Number(value)
    : reject("wrong-type", `% takes two numbers, not ${Text.show(value)}`)

const not = (operator: Operator): Operator => (a, b, mode) => !operator(a, b, mode)

/**
 * The operators by name, as `assert` takes them. `empty` and `not_empty` look at the first value only; `%` is true when
 * the first is divisible by the second; `type` compares the kind of value (`text`, `number`, `list`, ...).
 *
 * An operator throws an `EvaluationError` without a place when it makes no sense for the values.
 */
export const operators: Readonly<Record<string, Operator>> = {
  "==": equals,
  "=": equals,
  "!=": not(equals),
  "<>": not(equals),
  ">": ordered((order) => order > 0),
  "<": ordered((order) => order < 0),
  ">=": ordered((order) => order >= 0),
  "<=": ordered((order) => order <= 0),
  contains: holds,
  not_contains: not(holds),
  starts_with: onTexts("starts_with", (a, b) => a.startsWith(b)),
  ends_with: onTexts("ends_with", (a, b) => a.endsWith(b)),
  matches: found,
  not_matches: not(found),
  in: isIn,
  not_in: not(isIn),
  empty: (a, _, mode) => isEmpty(a) || (mode === "robogo" && goEmpty(a)),
  not_empty: (a, _, mode) => !(isEmpty(a) || (mode === "robogo" && goEmpty(a))),
  "%": divides,
  type: (a, b) => kindOf(a) === b
}

const goEmpty = (value: Value): boolean => typeof value === "string" && value.trim() === ""

/** Finds an operator by its name. */
export const find = (name: string): Operator | undefined => Object.hasOwn(operators, name) ? operators[name] : undefined

/** The names of all operators, in the order of the reference. */
export const operatorNames: ReadonlyArray<string> = Object.keys(operators)
