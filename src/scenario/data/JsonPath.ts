/** JSONPath (RFC 9535) over values. The patterns of its `match()` and `search()` take linear time like all others. */
import { Result } from "effect"
import { FunctionExpressionType, JSONPathEnvironment, JSONPathError, type JSONPathQuery, type JSONValue } from "json-p3"
import * as LinearRegex from "../../core/LinearRegex.ts"
import type { Value } from "../../core/Value.ts"

export interface Found {
  /** All values found, in the order of the document. */
  readonly values: ReadonlyArray<Value>
  /** True when the path can name one value at most: names and indexes only. */
  readonly singular: boolean
}

export interface PathProblem {
  readonly message: string
}

/** Runs a query. Nothing found is no failure; a text that is no path is. */
export const query = (path: string, value: Value): Result.Result<Found, PathProblem> =>
  Result.try({
    try: () => {
      const compiled = compile(path)
      const values = compiled.query(value as JSONValue).values() as ReadonlyArray<Value>
      return { values, singular: compiled.singularQuery() }
    },
    catch: (error) => ({
      message: error instanceof JSONPathError
        ? error.message.split("\n")[0]!
        : `the path cannot be used: ${String(error)}`
    })
  })

/** The one value of a singular path, or null when it is not there; the list of values of any other path. */
export const collapse = (found: Found): Value => found.singular ? found.values[0] ?? null : found.values

const environment = new JSONPathEnvironment()

/**
 * A pattern of RFC 9485 in RE2's syntax: there a dot is no carriage return either.
 */
const mapDots = (pattern: string): string =>
  pattern.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\./g, (part) => part === "." ? "[^\\n\\r]" : part)

const regexFunction = (test: (regex: LinearRegex.LinearRegex, text: string) => boolean) => ({
  argTypes: [FunctionExpressionType.ValueType, FunctionExpressionType.ValueType],
  returnType: FunctionExpressionType.LogicalType,
  // As the standard has it: what is no text or no pattern does not match.
  call: (text: unknown, pattern: unknown): boolean => {
    if (typeof text !== "string" || typeof pattern !== "string") return false
    const regex = LinearRegex.compile(mapDots(pattern))
    return Result.isSuccess(regex) && test(regex.success, text)
  }
})

environment.functionRegister.set("match", regexFunction((regex, text) => regex.testWhole(text)))
environment.functionRegister.set("search", regexFunction((regex, text) => regex.test(text)))

// A memo: paths stand in files, so the same few come again and again. Oldest out first.
const maxCompiled = 256
const compiledPaths = new Map<string, JSONPathQuery>()

const compile = (path: string): JSONPathQuery => {
  const known = compiledPaths.get(path)
  if (known !== undefined) return known
  const compiled = environment.compile(path)
  if (compiledPaths.size >= maxCompiled) compiledPaths.delete(compiledPaths.keys().next().value!)
  compiledPaths.set(path, compiled)
  return compiled
}
