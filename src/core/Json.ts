/**
 * JSON without losses: integers beyond 2^53 stay exact, records have no prototype, and what cannot be kept is an error.
 *
 * The one place where text becomes a `Value` and back; HTTP bodies, files, jq and reports use it.
 */
import { Result } from "effect"
import { Base64 } from "effect/encoding"
import { isArray, type Value } from "./Value.ts"

/** Why a text is not JSON. `message` names the place by line and column where it is known. */
export interface JsonProblem {
  readonly message: string
}

/** Nesting allowed in a text: far beyond real data, far below what overflows a stack. */
export const maxDepth = 1_000

/** Reads one JSON text. Fails on a syntax error, on a number too large for a double, and on nesting beyond {@link maxDepth}. */
export const parse = (text: string): Result.Result<Value, JsonProblem> => {
  try {
    return Result.succeed(keep(hasLongInteger(text) ? parseWithSource(text, exactNumber) : JSON.parse(text), 0))
  } catch (error) {
    return Result.fail({ message: error instanceof Refused ? error.message : describe(error, text) })
  }
}

/** Writes a value as JSON: big integers as their digits, bytes as base64. `indent` is a number of spaces. @default 0 */
export const stringify = (value: Value, indent = 0): string =>
  JSON.stringify(value, isPlain(value) ? undefined : encode, indent)

/** True when the text starts like a JSON object or list, so that reading it is worth a try. */
export const looksLikeJson = (text: string): boolean => /^\s*[[{]/.test(text)

class Refused extends Error {}

// Sixteen digits are the shortest integer that a double may not hold. Those after a point are of no integer; that is asked
// second, since looking back from every character takes longer.
const hasLongInteger = (text: string): boolean => longDigits.test(text) && longInteger.test(text)
const longDigits = /\d{16}/
const longInteger = /(?<![\d.])\d{16}/

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown
const raw = (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON

const exactNumber: Reviver = (_key, value, context) =>
  typeof value === "number" && context.source !== undefined && /^-?\d+$/.test(context.source) &&
    !Number.isSafeInteger(value)
    ? BigInt(context.source)
    : value

/**
 * Takes the prototypes away in place, which keeps the engine's fast kind of object; a copy into a new record takes twice the
 * time and memory. Throws {@link Refused}.
 */
const keep = (value: unknown, depth: number): Value => {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Refused("a number is too large to be kept")
  if (typeof value !== "object" || value === null) return value as Value
  if (depth >= maxDepth) throw new Refused(`nested deeper than ${maxDepth} levels`)
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) keep(value[at], depth + 1)
  } else {
    // First of all, so that only fields of its own are seen.
    Object.setPrototypeOf(value, null)
    for (const key in value) keep((value as Record<string, unknown>)[key], depth + 1)
  }
  return value as Value
}

/** Whether a value has nothing that only {@link encode} can write. To look first takes half the time of asking it for each part. */
const isPlain = (value: Value): boolean => {
  if (typeof value !== "object") return typeof value !== "bigint"
  if (value === null) return true
  if (isArray(value)) {
    // By index: the faster loop.
    for (let at = 0; at < value.length; at++) if (!isPlain(value[at]!)) return false
    return true
  }
  if (value instanceof Uint8Array) return false
  for (const key in value) if (!isPlain(value[key]!)) return false
  return true
}

const encode = (_key: string, value: unknown): unknown =>
  typeof value === "bigint"
    ? raw(String(value))
    : value instanceof Uint8Array
    ? Base64.encode(value)
    : value

/** The engine's own sentence, without its quotation of the text, plus line and column where they can be had. */
const describe = (error: unknown, text: string): string => {
  if (text.trim() === "") return "the text is empty"
  const message = error instanceof Error ? error.message : String(error)
  const what = message
    .replace(/, (\.\.\.)?".*is not valid JSON$/s, "")
    .replace(/ (in|after) JSON at position.*$/s, "")
    .replace(/ ?(in JSON )?at position.*$/s, "")
    .replace(/ JSON input$/, " the text")
    .replace(/^\w/, (first) => first.toLowerCase())
  const offset = offsetIn(message) ?? firstBadOffset(text)
  if (offset === undefined) return what
  const before = text.slice(0, offset)
  return `${what} at line ${before.split("\n").length}, column ${before.length - before.lastIndexOf("\n")}`
}

/** Halves the text until it finds the first character after which no continuation would help; gives up on long texts. */
const firstBadOffset = (text: string): number | undefined => {
  if (text.length > 1_000_000 || isPrefix(text)) return undefined
  let good = 0
  let bad = text.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isPrefix(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

const isPrefix = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const message = String(error)
    return message.includes("end of JSON input") || offsetIn(message) === text.length
  }
}

const offsetIn = (message: string): number | undefined => {
  const match = /at position (\d+)/.exec(message)
  return match === null ? undefined : Number(match[1])
}
