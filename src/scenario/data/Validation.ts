/** Rules about data: what is required, unique, in a format, in a range, of a length, of a kind. */
import { DateTime, Option, Result } from "effect"
import * as LinearRegex from "../../core/LinearRegex.ts"
import { isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import * as Operators from "../expression/Operators.ts"
import * as Text from "../expression/Text.ts"
import type { Place } from "./Places.ts"

export const kinds = ["required", "unique", "format", "range", "length", "type", "one_of"] as const
export type Kind = (typeof kinds)[number]

/** What is wrong at one place. */
export interface Finding {
  readonly path: string
  readonly message: string
}

/** Checks one rule at its places. Places where nothing stands break `required` only. */
export const check = (kind: Kind, rule: Value, places: ReadonlyArray<Place>): ReadonlyArray<Finding> => {
  if (kind === "unique") return duplicates(places)
  return places.flatMap(({ path, value }) => {
    if (kind === "required") return isMissing(value) ? [{ path, message: "is required" }] : []
    const message = value === undefined ? undefined : problemOf(kind, rule, value)
    return message === undefined ? [] : [{ path, message }]
  })
}

/** The formats by name; any other text is a pattern. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  email: (text) =>
    text.length <= 254 &&
    /^[^\s@"(),:;<>[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i.test(text),
  phone: (text) => /^\+?[\d\s().-]+$/.test(text) && text.replaceAll(/\D/g, "").length >= 3,
  url: (text) => /^https?:\/\/[^\s/$.?#][^\s]*$/i.test(text) && URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text),
  datetime: (text) =>
    /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) && isRealDay(text) && Option.isSome(DateTime.make(text)),
  ipv4: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text)
}

const isMissing = (value: Value | undefined): boolean =>
  value === undefined || value === null || (typeof value === "string" && value.trim() === "")

const isRealDay = (text: string): boolean => {
  const [year, month, day] = text.slice(0, 10).split("-").map(Number)
  const date = new Date(Date.UTC(year!, month! - 1, day!))
  return date.getUTCMonth() === month! - 1 && date.getUTCDate() === day!
}

const duplicates = (places: ReadonlyArray<Place>): ReadonlyArray<Finding> => {
  const byText = new Map<string, Array<Place>>()
  return places.flatMap((place) => {
    if (place.value === undefined) return []
    // Only values of the same text can be equal, so long lists stay quick.
    const text = Text.write(place.value)
    const alike = byText.get(text) ?? []
    const same = alike.find((other) => Operators.equal(other.value!, place.value!))
    alike.push(place)
    byText.set(text, alike)
    return same === undefined
      ? []
      : [{ path: place.path, message: `${Text.show(place.value)} is not unique: ${same.path} has it too` }]
  })
}

const problemOf = (kind: Exclude<Kind, "required" | "unique">, rule: Value, value: Value): string | undefined => {
  switch (kind) {
    case "format":
      return formatProblem(Text.write(rule), Text.write(value))
    case "range":
      return rangeProblem(rule, value)
    case "length":
      return lengthProblem(rule, value)
    case "type":
      return isOfType(Text.write(rule).toLowerCase(), value)
        ? undefined
        : `${Text.show(value)} is no ${Text.write(rule)}`
    case "one_of":
      return isArray(rule) && rule.some((item) => Operators.equal(item, value))
        ? undefined
        : `${Text.show(value)} is none of ${Text.show(rule)}`
  }
}

const formatProblem = (rule: string, text: string): string | undefined => {
  const named = Object.hasOwn(formats, rule) ? formats[rule] : undefined
  if (named !== undefined) return named(text) ? undefined : `${Text.show(text)} is no ${rule}`
  const pattern = LinearRegex.compile(rule)
  if (Result.isFailure(pattern)) return `the rule cannot be used: ${pattern.failure.message}`
  return pattern.success.test(text) ? undefined : `${Text.show(text)} does not match ${rule}`
}

interface Bounds {
  readonly min: number
  readonly max: number
}

/** `{ min, max }`, `[min, max]`, `1..5`, or one number for both. */
const boundsOf = (rule: Value): Bounds | undefined => {
  const pair = isRecord(rule)
    ? [rule["min"] ?? -Infinity, rule["max"] ?? Infinity]
    : isArray(rule)
    ? rule
    : typeof rule === "string" && rule.includes("..")
    ? rule.split("..").map((part, at) => part.trim() === "" ? (at === 0 ? -Infinity : Infinity) : part)
    : [rule, rule]
  const [min, max] = pair.map(numberOf)
  return min === undefined || max === undefined ? undefined : { min, max }
}

const numberOf = (value: Value): number | undefined => {
  if (typeof value === "number" || typeof value === "bigint") return Number(value)
  return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)) ? Number(value) : undefined
}

const unusable = "the rule cannot be used: write { min, max }"

const rangeProblem = (rule: Value, value: Value): string | undefined => {
  const [bounds, number] = [boundsOf(rule), numberOf(value)]
  if (bounds === undefined) return unusable
  if (number === undefined) return `${Text.show(value)} is no number`
  return number < bounds.min
    ? `${number} is below ${bounds.min}`
    : number > bounds.max
    ? `${number} is above ${bounds.max}`
    : undefined
}

const lengthProblem = (rule: Value, value: Value): string | undefined => {
  const bounds = boundsOf(rule)
  if (bounds === undefined) return unusable
  const length = isArray(value)
    ? value.length
    : isRecord(value)
    ? Object.keys(value).length
    : [...Text.write(value)].length
  return length < bounds.min
    ? `its length ${length} is below ${bounds.min}`
    : length > bounds.max
    ? `its length ${length} is above ${bounds.max}`
    : undefined
}

const isText = (value: Value): boolean => typeof value === "string"
const isWhole = (value: Value): boolean => typeof value === "bigint" || Number.isInteger(value)
const isFlag = (value: Value): boolean => typeof value === "boolean"

/** The names that people use for kinds of values. */
const types: Readonly<Record<string, (value: Value) => boolean>> = {
  text: isText,
  string: isText,
  str: isText,
  number: Operators.isNumber,
  float: Operators.isNumber,
  decimal: Operators.isNumber,
  int: isWhole,
  integer: isWhole,
  bool: isFlag,
  boolean: isFlag,
  list: isArray,
  array: isArray,
  object: isRecord,
  map: isRecord,
  record: isRecord
}

/** True when `type` is the name of a kind or of a format. */
export const isType = (type: string): boolean =>
  Object.hasOwn(types, type.toLowerCase()) || Object.hasOwn(formats, type.toLowerCase())

const isOfType = (type: string, value: Value): boolean =>
  Object.hasOwn(types, type)
    ? types[type]!(value)
    : Object.hasOwn(formats, type)
    ? formats[type]!(Text.write(value))
    : kindOf(value) === type
