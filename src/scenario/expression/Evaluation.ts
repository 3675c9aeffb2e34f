/** What running an expression needs and how it fails. Shared by expressions, templates and both spellings of files. */
import { Data } from "effect"
import type { Value } from "../../core/Value.ts"

/** The names an expression may read. */
export interface Names {
  /** Returns the value of a root name; `undefined` when there is no such name. */
  readonly get: (name: string) => Value | undefined
  /** All root names, for suggestions. */
  readonly list: () => ReadonlyArray<string>
}

/** The outside world of an expression: milliseconds since the epoch, and numbers in [0, 1). */
export interface Machine {
  readonly now: () => number
  readonly random: () => number
}

/**
 * Why an expression has no value. `start` and `end` are offsets in the text that was parsed; both are -1 while the place
 * is not known yet (inside a function).
 */
export class EvaluationError extends Data.TaggedError("EvaluationError")<{
  /** Stable kebab-case: `unknown-name`, `missing-field`, `wrong-type`, `not-a-number`, `too-much`, `bad-argument`, `bad-pattern`. */
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly start: number
  readonly end: number
}> {}

/** Work that one evaluation may do, in steps of roughly a microsecond. */
export const maxSteps = 100_000

/** Longest text that an expression may make, in UTF-16 units. */
export const maxTextLength = 10_000_000

/** What a compiled expression carries while it runs: one per evaluation. `locals` are the parameters of lambdas. */
export interface Frame {
  readonly names: Names
  readonly machine: Machine
  readonly locals: Array<Value>
  steps: number
}

export const makeFrame = (names: Names, machine: Machine): Frame => ({ names, machine, locals: [], steps: maxSteps })

/** Takes `steps` from the budget. Throws `too-much` once it is used up. */
export const charge = (frame: Frame, steps: number): void => {
  frame.steps -= steps
  if (frame.steps < 0) {
    reject(
      "too-much",
      `the expression takes more than ${maxSteps} steps`,
      "select or count the data where it comes from, or in a step of its own"
    )
  }
}

/** Throws an error whose place is filled in by {@link located}. */
export const reject = (code: string, message: string, hint?: string): never => {
  throw new EvaluationError({ code, message, hint, start: -1, end: -1 })
}

/** Gives an error without a place this place. */
export const located = (error: unknown, start: number, end: number): unknown =>
  error instanceof EvaluationError && error.start === -1
    ? new EvaluationError({ code: error.code, message: error.message, hint: error.hint, start, end })
    : error

/** Returns `text` unless it is longer than an expression may make. */
export const bounded = (text: string): string =>
  text.length > maxTextLength ? reject("too-much", `the text would be longer than ${maxTextLength} characters`) : text
