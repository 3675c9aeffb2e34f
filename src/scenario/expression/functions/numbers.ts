/** Functions on numbers, and on lists of numbers. */
import * as Preview from "../../../core/Preview.ts"
import { isArray, type Value } from "../../../core/Value.ts"
import * as Arithmetic from "../Arithmetic.ts"
import * as Operators from "../Operators.ts"
import type { Call, FunctionDefinition } from "./Call.ts"

export const numbers: ReadonlyArray<FunctionDefinition> = [
  {
    name: "number",
    family: "numbers",
    signature: "number(value: text | number | boolean): number",
    summary: "The number that a text writes; white space around it does not matter; true is 1 and false 0",
    example: ["number(' 4.50 ')", "4.5"],
    run: (call) => number(call)
  },
  {
    name: "int",
    family: "numbers",
    signature: "int(value: text | number | boolean): int",
    summary: "The whole number of a text or number, without its fraction",
    example: ["int('42.9')", "42"],
    run: (call) => {
      const value = number(call)
      return typeof value === "number" ? Math.trunc(value) + 0 : value
    }
  },
  {
    name: "round",
    family: "numbers",
    signature: "round(number: number, digits?: int): number",
    summary: "The nearest number with so many digits after the point (default 0); halves away from zero",
    example: ["round(2.345, 2)", "2.35"],
    run: (call) => round(call)
  },
  {
    name: "floor",
    family: "numbers",
    signature: "floor(number: number): int",
    summary: "The nearest whole number below",
    example: ["floor(2.7)", "2"],
    run: (call) => whole(call.number(0), Math.floor)
  },
  {
    name: "ceil",
    family: "numbers",
    signature: "ceil(number: number): int",
    summary: "The nearest whole number above",
    example: ["ceil(2.1)", "3"],
    run: (call) => whole(call.number(0), Math.ceil)
  },
  {
    name: "abs",
    family: "numbers",
    signature: "abs(number: number): number",
    summary: "The number without its sign",
    example: ["abs(-3)", "3"],
    run: (call) => (call.number(0) < 0 ? Arithmetic.negate(call.number(0)) : call.number(0))
  },
  {
    name: "min",
    family: "numbers",
    signature: "min(...values: number | text | list): number | text",
    summary: "The least of the values, or of the items of one list",
    example: ["min([3, 1, 2])", "1"],
    run: (call) => extreme(call, -1)
  },
  {
    name: "max",
    family: "numbers",
    signature: "max(...values: number | text | list): number | text",
    summary: "The greatest of the values, or of the items of one list",
    example: ["max(3, 1)", "3"],
    run: (call) => extreme(call, 1)
  },
  {
    name: "sum",
    family: "numbers",
    signature: "sum(list: list, of?: item => number): number",
    summary: "The sum of the items, or of what the computation makes of them; 0 for an empty list",
    example: ["sum([{ n: 2 }, { n: 3 }], x => x.n)", "5"],
    run: (call) => sum(call)
  },
  {
    name: "avg",
    family: "numbers",
    signature: "avg(list: list, of?: item => number): number",
    summary: "The mean of the items, or of what the computation makes of them",
    example: ["avg([1, 2, 6])", "3"],
    run: (call) =>
      call.list(0).length === 0
        ? call.bad("an empty list has no mean", "check first: is_empty(list)")
        : Arithmetic.divide(sum(call), call.list(0).length)
  },
  {
    name: "random",
    family: "numbers",
    signature: "random(below: int): int",
    summary: "A whole number from 0 up to, without, the limit; it depends on the run's seed",
    example: ["random(1)", "0"],
    impure: true,
    run: (call) =>
      call.int(0) < 1 ? call.bad("the limit must be at least 1") : Math.floor(call.machine.random() * call.int(0))
  }
]

const number = (call: Call): Arithmetic.Numeric => {
  const value = call.value(0)
  if (Operators.isNumber(value)) return value
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value !== "string") return call.wrong(0, "a text or a number")
  const read = Arithmetic.fromText(call.text(0).trim())
  return read ?? call.bad(`${JSON.stringify(Preview.cut(value, 60))} is no number`)
}

const whole = (value: Arithmetic.Numeric, round: (value: number) => number): Arithmetic.Numeric =>
  typeof value === "bigint" ? value : round(value) + 0

/** Rounds the decimal digits that the number is written with, so that 1.005 becomes 1.01. */
const round = (call: Call): Arithmetic.Numeric => {
  const value = call.number(0)
  const digits = call.int(1, 0)
  if (digits < 0 || digits > 15) return call.bad("digits must be from 0 to 15")
  if (typeof value === "bigint" || Number.isInteger(value)) return value
  const [mantissa, exponent = "0"] = Math.abs(value).toString().split("e")
  const shifted = Number(`${mantissa}e${Number(exponent) + digits}`)
  if (!Number.isSafeInteger(Math.round(shifted))) return value
  const rounded = Number(`${Math.round(shifted)}e-${digits}`)
  return value < 0 ? Arithmetic.negate(rounded) : rounded
}

const extreme = (call: Call, sign: number): Value => {
  const only = call.value(0)
  const values = call.count === 1 && isArray(only) ? call.list(0) : call.values()
  const [first, ...rest] = values
  if (first === undefined) return call.bad("there are no values", "check first: is_empty(list)")
  // One value alone is still checked to have an order.
  Operators.compare(first, first)
  return rest.reduce((best, value) => (Operators.compare(value, best) * sign > 0 ? value : best), first)
}

const sum = (call: Call): Arithmetic.Numeric => {
  const of = call.has(1) ? call.lambda(1) : undefined
  let total: Arithmetic.Numeric = 0
  for (const [at, item] of call.list(0).entries()) {
    const value = of === undefined ? item : of(item, at)
    if (!Operators.isNumber(value)) {
      return call.bad(`item ${at} is no number`, "name the number: sum(list, x => x.price)")
    }
    total = Arithmetic.add(total, value)
  }
  return total
}
