/**
 * Numbers as one kind: integers of any usual size are exact, everything else is a double. A result that would have to be
 * rounded to an integer, or that is no number, is an error.
 */
import { reject } from "./Evaluation.ts"

export type Numeric = number | bigint

/** Integers are exact up to this many bits; more is an error. */
const maxBits = 4_096

/** Returns the integer as a plain number when a double holds it exactly, else as it is. */
export const normalise = (value: bigint): Numeric =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value

/**
 * Reads a decimal number: exactly when it is written as an integer, else as the nearest double. `undefined` when the text is
 * none or is beyond a double.
 */
export const fromText = (text: string): Numeric | undefined => {
  if (!/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  return Number.isSafeInteger(value) || !/^[+-]?\d+$/.test(text) ? value + 0 : BigInt(text.replace("+", ""))
}

export const add = (a: Numeric, b: Numeric): Numeric => {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b
    if (Number.isSafeInteger(sum) || !bothExact(a, b)) return finite(sum, "+")
  }
  return exact(a, b, "+", (a, b) => a + b)
}

export const subtract = (a: Numeric, b: Numeric): Numeric => {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b
    if (Number.isSafeInteger(difference) || !bothExact(a, b)) return finite(difference, "-")
  }
  return exact(a, b, "-", (a, b) => a - b)
}

export const multiply = (a: Numeric, b: Numeric): Numeric => {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b
    if (Number.isSafeInteger(product) || !bothExact(a, b)) return finite(product, "*")
  }
  return exact(a, b, "*", (a, b) => a * b)
}

/** Divides. An integer result is exact; two integers that do not divide give a double, unless they are too large for that. */
export const divide = (a: Numeric, b: Numeric): Numeric => {
  if (b == 0) return reject("not-a-number", "division by zero", "check the divisor first: b == 0 ? 0 : a / b")
  if (typeof a === "number" && typeof b === "number") return finite(a / b, "/")
  return exact(a, b, "/", (a, b) =>
    a % b === 0n ? a / b : reject(
      "not-a-number",
      `${brief(a)} / ${brief(b)} is no whole number, and integers this large are not rounded`,
      "take the remainder off first: (a - a % b) / b"
    ))
}

/** The remainder of a division that rounds towards zero; it has the sign of `a`. */
export const remainder = (a: Numeric, b: Numeric): Numeric => {
  if (b == 0) return reject("not-a-number", "division by zero", "check the divisor first")
  if (typeof a === "number" && typeof b === "number") return finite(a % b, "%")
  return exact(a, b, "%", (a, b) => a % b)
}

export const negate = (a: Numeric): Numeric => (typeof a === "bigint" ? normalise(-a) : a === 0 ? 0 : -a)

/** Reports a result that is no number; turns -0 into 0. */
export const finite = (value: number, operator: string): number =>
  Number.isFinite(value)
    ? value + 0
    : reject("not-a-number", `the result of ${operator} is ${Number.isNaN(value) ? "no number" : "too large"}`)

const bothExact = (a: number, b: number): boolean => Number.isSafeInteger(a) && Number.isSafeInteger(b)

const brief = (value: Numeric): string => {
  const text = String(value)
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}

const exact = (a: Numeric, b: Numeric, operator: string, compute: (a: bigint, b: bigint) => bigint): Numeric => {
  for (const operand of [a, b]) {
    if (typeof operand === "number" && !Number.isSafeInteger(operand)) {
      return reject(
        "not-a-number",
        `${brief(a)} ${operator} ${brief(b)} would have to be rounded`,
        "integers beyond 2^53 combine with exact whole numbers only"
      )
    }
  }
  const result = compute(BigInt(a), BigInt(b))
  return result.toString(16).length * 4 > maxBits
    ? reject("too-much", `the result of ${operator} is too large`)
    : normalise(result)
}
