/**
 * The functions of Go's templates, and the few that message templates add: upper, lower, title, trim, replace, join, default.
 *
 * @see https://pkg.go.dev/text/template#hdr-Functions
 */
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import * as Operators from "../expression/Operators.ts"
import * as Text from "../expression/Text.ts"
import { FormatProblem, printf } from "./GoFormat.ts"

/** Why a function has no answer, or a template cannot be rendered. */
export class Failure extends Error {}

/** `undefined` is a field that is not there. */
export type Found = Value | undefined

/** The arguments of a call, each computed when it is asked for: `and` and `or` may not ask for all. */
export type Arguments = ReadonlyArray<() => Found>

/** False are: false, 0, "", nil, and what is empty. */
export const isTruthy = (value: Found): boolean =>
  !(value === false || value === 0 || value === 0n || Operators.isEmpty(value))

const values = (given: Arguments, least: number, most = least): ReadonlyArray<Value> => {
  if (given.length < least || given.length > most) throw new Failure(`it takes ${least} arguments, not ${given.length}`)
  return given.map((read) => read() ?? null)
}

const onText = (run: (text: string) => string) => (given: Arguments): Value => run(Text.write(values(given, 1)[0]!))

const ordered = (accept: (order: number) => boolean) => (given: Arguments): Value => {
  const [a, b] = values(given, 2)
  try {
    return accept(Operators.compare(a!, b!))
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error))
  }
}

const formatted = (given: Arguments): string => {
  const [format, ...rest] = values(given, 1, Infinity)
  try {
    return printf(Text.write(format!), rest)
  } catch (error) {
    if (error instanceof FormatProblem) throw new Failure(error.message)
    throw error
  }
}

const indexed = (value: Found, key: Value): Found => {
  if (isArray(value) && typeof key === "number") return value[key]
  return isRecord(value) && Object.hasOwn(value, Text.write(key)) ? value[Text.write(key)] : undefined
}

const lengthOf = (value: Value): number =>
  typeof value === "string" || isArray(value)
    ? value.length
    : isRecord(value)
    ? Object.keys(value).length
    : notCountable(value)

const notCountable = (value: Value): never => {
  throw new Failure(`len takes a text, a list or an object, found ${Text.show(value)}`)
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&#34;",
  "'": "&#39;"
}

/** By name. Throw a {@link Failure}. */
export const functions: Readonly<Record<string, (given: Arguments) => Found>> = {
  and: (given) => given.reduce<Found>((last, read, at) => at === 0 || isTruthy(last) ? read() : last, true),
  or: (given) => given.reduce<Found>((last, read, at) => at === 0 || !isTruthy(last) ? read() : last, false),
  not: (given) => !isTruthy(given[0]?.()),
  eq: (given) => {
    const [first, ...others] = values(given, 2, Infinity)
    return others.some((other) => Operators.equal(first!, other))
  },
  ne: (given) => {
    const [a, b] = values(given, 2)
    return !Operators.equal(a!, b!)
  },
  lt: ordered((order) => order < 0),
  le: ordered((order) => order <= 0),
  gt: ordered((order) => order > 0),
  ge: ordered((order) => order >= 0),
  len: (given) => lengthOf(values(given, 1)[0]!),
  index: (given) => {
    const [value, ...keys] = values(given, 1, Infinity)
    return keys.reduce<Found>(indexed, value)
  },
  print: (given) => values(given, 0, Infinity).map(Text.goText).join(" "),
  println: (given) => `${values(given, 0, Infinity).map(Text.goText).join(" ")}\n`,
  printf: formatted,
  html: onText((text) => text.replaceAll(/[&<>"']/g, (found) => entities[found]!)),
  js: onText((text) => JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll("<", "\\u003C")),
  urlquery: onText((text) => encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+")),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  title: onText((text) => text.replaceAll(/(?<![\p{L}\p{N}])\p{L}/gu, (letter) => letter.toUpperCase())),
  trim: onText((text) => text.trim()),
  replace: (given) => {
    const [old, by, text] = values(given, 3).map(Text.write)
    return text!.replaceAll(old!, () => by!)
  },
  join: (given) => {
    const [separator, list] = values(given, 2)
    if (!isArray(list)) throw new Failure(`join takes a list, found ${Text.show(list ?? null)}`)
    return list.map(Text.write).join(Text.write(separator!))
  },
  default: (given) => {
    const value = given[1]?.()
    return isTruthy(value) ? value : given[0]?.()
  }
}
