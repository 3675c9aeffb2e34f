/**
 * Go's `Printf` for the verbs that texts need: `%s %v %d %f %e %g %t %q %x %X %c %%`, with width, precision and the flags
 * `-`, `0`, `+`, `#` left out.
 *
 * @see https://pkg.go.dev/fmt
 */
import type { Value } from "../../core/Value.ts"
import * as Text from "../expression/Text.ts"

/** Widest field that is written. */
export const maxWidth = 10_000

/** Writes `values` in the places of the verbs. Throws a {@link FormatProblem} for values that are missing, left over or of the wrong kind. */
export const printf = (format: string, values: ReadonlyArray<Value>): string => {
  let next = 0
  const written = format.replaceAll(
    verb,
    (found, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === "%") return "%"
      if (next >= values.length) throw new FormatProblem(`printf: ${found} has no value`)
      if (Number(width) > maxWidth) throw new FormatProblem(`printf: ${found} is wider than ${maxWidth}`)
      const value = values[next++]!
      const text = one(kind, value, precision === undefined ? undefined : Number(precision || "0"), found)
      return pad(
        flags.includes("+") && isNumeric(kind) && !text.startsWith("-") ? `+${text}` : text,
        flags,
        Number(width),
        kind
      )
    }
  )
  if (next < values.length) throw new FormatProblem(`printf: there are ${values.length} values for ${next} verbs`)
  return written
}

export class FormatProblem extends Error {}

const verb = /%([-+0 #]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/g

const isNumeric = (kind: string): boolean => "dfFeEgG".includes(kind)

const one = (kind: string, value: Value, precision: number | undefined, found: string): string => {
  switch (kind) {
    case "s":
    case "v":
      return precision === undefined ? Text.goText(value) : [...Text.goText(value)].slice(0, precision).join("")
    case "d":
      return integer(value, found).toString()
    case "f":
    case "F":
      return number(value, found).toFixed(Math.min(precision ?? 6, 100))
    case "e":
      return exponent(number(value, found).toExponential(Math.min(precision ?? 6, 100)))
    case "g":
      return precision === undefined
        ? String(number(value, found))
        : String(Number(number(value, found).toPrecision(Math.max(1, Math.min(precision, 100)))))
    case "t":
      return typeof value === "boolean" ? String(value) : wrong(found, value)
    case "q":
      return JSON.stringify(Text.goText(value))
    case "x":
    case "X": {
      const hex = typeof value === "string"
        ? Array.from(new TextEncoder().encode(value), (byte) => byte.toString(16).padStart(2, "0")).join("")
        : integer(value, found).toString(16)
      return kind === "X" ? hex.toUpperCase() : hex
    }
    case "c":
      return String.fromCodePoint(Number(integer(value, found)))
    default:
      throw new FormatProblem(`printf: ${found} is unknown here`)
  }
}

const pad = (text: string, flags: string, width: number, kind: string): string => {
  if (flags.includes("-")) return text.padEnd(width)
  if (!flags.includes("0") || !isNumeric(kind)) return text.padStart(width)
  const sign = /^[+-]/.exec(text)?.[0] ?? ""
  return sign + text.slice(sign.length).padStart(width - sign.length, "0")
}

/** A number; text that is one is taken, as values of Robogo files often are text. */
const number = (value: Value, found: string): number => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number)
    ? number
    : typeof number === "bigint"
    ? Number(number)
    : wrong(found, value)
}

const integer = (value: Value, found: string): bigint => {
  if (typeof value === "bigint") return value
  const whole = number(value, found)
  return Number.isInteger(whole) ? BigInt(whole) : wrong(found, value)
}

/** Go writes at least two digits of the exponent. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2")

const wrong = (found: string, value: Value): never => {
  throw new FormatProblem(`printf: ${found} does not write ${Text.show(value)}`)
}
