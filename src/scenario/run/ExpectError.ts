/** Compares the error of a step with the one that its file wants. */
import { Result } from "effect"
import { hint } from "../../core/DidYouMean.ts"
import * as LinearRegex from "../../core/LinearRegex.ts"
import { errorTypes } from "../read/NativeStep.ts"

/**
 * Answers with the reason why `found` is not the wanted error, or `undefined` when it is. `found` is `undefined` after a
 * success. `said` is what another tool says of the same error: text and patterns may also be found there.
 */
export const check = (
  type: string,
  wanted: string | undefined,
  found: string | undefined,
  said = ""
): string | undefined => {
  if (!isType(type)) return unknownType(type)
  if (found === undefined) return "an error was expected, and the step had none"
  if (type === "any" || wanted === undefined) return undefined
  const shown = `the error was: ${found}`
  switch (type) {
    case "contains":
      return found.includes(wanted) || said.includes(wanted)
        ? undefined
        : `expected an error that contains ${JSON.stringify(wanted)}; ${shown}`
    case "not_contains":
      return found.includes(wanted) ? `expected an error without ${JSON.stringify(wanted)}; ${shown}` : undefined
    case "exact":
      return found === wanted ? undefined : `expected the error ${JSON.stringify(wanted)}; ${shown}`
    case "starts_with":
      return found.startsWith(wanted)
        ? undefined
        : `expected an error that begins with ${JSON.stringify(wanted)}; ${shown}`
    case "ends_with":
      return found.endsWith(wanted) ? undefined : `expected an error that ends with ${JSON.stringify(wanted)}; ${shown}`
    case "matches":
    case "not_matches": {
      const pattern = LinearRegex.compile(wanted)
      if (Result.isFailure(pattern)) return `expect_error has a pattern that cannot be read: ${pattern.failure.message}`
      const matches = pattern.success.test(found) || type === "matches" && pattern.success.test(said)
      if (matches === (type === "matches")) return undefined
      return `expected an error that ${matches ? "does not match" : "matches"} ${wanted}; ${shown}`
    }
  }
}

const unknownType = (type: string): string =>
  `expect_error has no type ${JSON.stringify(type)}: ${hint(type, errorTypes) ?? `there are ${errorTypes.join(", ")}`}`

const isType = (word: string): word is (typeof errorTypes)[number] =>
  (errorTypes as ReadonlyArray<string>).includes(word)
