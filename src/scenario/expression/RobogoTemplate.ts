/**
 * Robogo's `${...}`: a name, or a path with dots and indexes (`${rows.0.id}`, `${rows[0].id}`), `${ENV:NAME}` and
 * `${SECRETS.name}`. No expressions and no escape, as in that tool.
 *
 * As there, a number, `true` or `false` at the end of a path is text, while a name alone keeps its kind. Two differences,
 * both on purpose: an unknown name is an error where Robogo went on with a marker text, and lists and objects inside a
 * text are written as JSON where Robogo wrote Go's `map[...]`.
 */
import { Result } from "effect"
import * as DidYouMean from "../../core/DidYouMean.ts"
import { field, isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import { EvaluationError, type Names } from "./Evaluation.ts"
import * as Expression from "./Expression.ts"
import * as Operators from "./Operators.ts"
import type { Name, SyntaxProblem } from "./Syntax.ts"
import * as Template from "./Template.ts"
import * as Text from "./Text.ts"

export interface RobogoTemplate extends Template.Template {
  /** The names read as `${ENV:NAME}`: empty text when unset, as in Robogo, which deserves a warning. */
  readonly environment: ReadonlyArray<string>
}

/** Parses a text as every parser does. Never fails: what is no hole is text. */
export const parse = (text: string): Result.Result<RobogoTemplate, ReadonlyArray<SyntaxProblem>> =>
  Result.succeed(of(text))

/** Makes the template of a text. */
export const of = (text: string): RobogoTemplate => {
  const parts: Array<string | Expression.Expression> = []
  const environment: Array<string> = []
  let at = 0
  for (const match of text.matchAll(/\$\{([^{}]+)\}/g)) {
    if (match.index > at) parts.push(text.slice(at, match.index))
    at = match.index + match[0].length
    const content = match[1]!
    const variable = /^\s*ENV:(.*)$/s.exec(content)?.[1]?.trim()
    if (variable !== undefined) environment.push(variable)
    parts.push(hole(match[0], content, match.index + 2, variable))
  }
  if (at < text.length) parts.push(text.slice(at))
  return { ...Template.make(text, parts), environment }
}

/** Runs a template. Fails with the first name or field that is not there. */
export const evaluate = Template.evaluate

const hole = (text: string, content: string, start: number, variable: string | undefined): Expression.Expression => {
  const end = start + content.length
  const [root = "", ...path] = variable === undefined ? segments(content) : ["ENV", variable]
  const name: Name = { name: root, path, start, end, ...(variable === undefined ? {} : { optional: true }) }
  const read = variable === undefined
    ? (names: Names) => lookUp(name, names)
    : (names: Names) => environmentValue(names, variable)
  return {
    text,
    names: [name],
    constant: undefined,
    run: read,
    explain: (names, machine) => {
      const value = Expression.evaluate({ run: read }, names, machine)
      return [{ expression: text, value: Text.show(Result.isSuccess(value) ? value.success : undefined) }]
    }
  }
}

/** `a.b[0].c` and `a.b.0.c` as `a`, `b`, `0`, `c`. */
const segments = (content: string): ReadonlyArray<string> =>
  content.trim().replaceAll(
    /\[\s*(?:(-?\d+)|'([^']*)'|"([^"]*)")\s*\]/g,
    (_, index, single, double) => `.${index ?? single ?? double}`
  ).split(".").map((segment) => segment.trim())

const environmentValue = (names: Names, variable: string): Value => {
  const environment = names.get("ENV")
  return (isRecord(environment) ? field(environment, variable) : undefined) ?? ""
}

const lookUp = (name: Name, names: Names): Value => {
  const { rest, start } = rootOf(name, names)
  let value = start
  let path = name.name
  for (const segment of rest) {
    const next = step(value, segment)
    if (next === undefined) return missing(name, path, segment, value)
    value = next
    path += `.${segment}`
  }
  return rest.length > 0 && (Operators.isNumber(value) || typeof value === "boolean") ? Text.goText(value) : value
}

/** Data sets may be stored under a dotted name (`users.admin`), so the longest name that has a value is the root. */
const rootOf = (name: Name, names: Names): { readonly start: Value; readonly rest: ReadonlyArray<string> } => {
  for (let used = name.path.length; used >= 0; used--) {
    const start = names.get([name.name, ...name.path.slice(0, used)].join("."))
    if (start !== undefined) return { start, rest: name.path.slice(used) }
  }
  const known = names.list()
  throw new EvaluationError({
    code: "unknown-name",
    message: `unknown name ${name.name}`,
    hint: DidYouMean.hint(name.name, known) ??
      (known.length === 0 ? undefined : `known names: ${known.slice(0, 8).join(", ")}`),
    start: name.start,
    end: name.end
  })
}

const step = (value: Value, segment: string): Value | undefined => {
  if (isRecord(value)) return field(value, segment)
  return isArray(value) && /^-?\d+$/.test(segment) ? value.at(Number(segment)) : undefined
}

const missing = (name: Name, path: string, segment: string, value: Value): never => {
  const message = isRecord(value)
    ? `${path} has no field ${segment}`
    : isArray(value)
    ? `${path} has ${value.length} items, there is no ${segment}`
    : `${path} is ${kindOf(value)} (${Text.show(value)}), it has no ${segment}`
  const hint = isRecord(value)
    ? DidYouMean.hint(segment, Object.keys(value)) ?? `its fields: ${Object.keys(value).slice(0, 8).join(", ")}`
    : typeof value === "string"
    ? "take it apart with extract or json_parse first"
    : undefined
  throw new EvaluationError({ code: "missing-field", message, hint, start: name.start, end: name.end })
}
