/**
 * Texts with holes: `"${base}/orders/${id}"`. A hole holds any expression; `$${` stands for the characters `${`.
 *
 * A text that is one hole keeps the type of its value; in all others values are written as `Text.write` does. What a hole
 * gives is never looked at again: a value that contains `${` stays as it is.
 */
import { Result } from "effect"
import type { Value } from "../../core/Value.ts"
import { bounded, type EvaluationError, located, type Machine, type Names } from "./Evaluation.ts"
import * as Expression from "./Expression.ts"
import * as Parser from "./Parser.ts"
import type { Name, SyntaxProblem } from "./Syntax.ts"
import * as Text from "./Text.ts"

export interface Template {
  readonly text: string
  /** The names read by all holes, with offsets in the template's text. */
  readonly names: ReadonlyArray<Name>
  /** The value, when every hole is constant. */
  readonly constant: Value | undefined
  /** True when the text is one hole and nothing else, so that its value keeps its type. */
  readonly whole: boolean
  readonly parts: ReadonlyArray<string | Expression.Expression>
  /** Throws `EvaluationError` only. */
  readonly run: (names: Names, machine: Machine) => Value
}

/** Parses a template. Fails with the problems of all its holes; offsets are those of the template's text. */
export const parse = (text: string): Result.Result<Template, ReadonlyArray<SyntaxProblem>> => {
  const parts: Array<string | Expression.Expression> = []
  const problems: Array<SyntaxProblem> = []
  let plain = ""
  let at = 0
  for (;;) {
    const hole = text.indexOf("${", at)
    if (hole === -1) break
    if (hole > at && text[hole - 1] === "$") {
      plain += `${text.slice(at, hole - 1)}\${`
      at = hole + 2
      continue
    }
    plain += text.slice(at, hole)
    if (plain !== "") parts.push(plain)
    plain = ""
    const parsed = Parser.parse(text, hole + 2, true)
    problems.push(...(parsed.closed ? parsed.problems : unclosed(hole, parsed.problems)))
    if (parsed.node !== undefined) {
      parts.push(Expression.make(parsed.node, text, text.slice(hole + 2, parsed.end).trim()))
    }
    at = parsed.end + 1
  }
  plain += text.slice(at)
  if (plain !== "") parts.push(plain)
  return problems.length > 0 ? Result.fail(problems) : Result.succeed(make(text, parts))
}

/** Runs a template. Fails with why a hole has no value. */
export const evaluate = (
  template: Template,
  names: Names,
  machine: Machine
): Result.Result<Value, EvaluationError> => Expression.evaluate(template, names, machine)

/** Makes a template of its parts, in order. */
export const make = (text: string, parts: ReadonlyArray<string | Expression.Expression>): Template => {
  const [first] = parts
  const holes = parts.filter((part) => typeof part !== "string")
  const whole = parts.length === 1 && holes.length === 1
  const base = { text, parts, whole, names: holes.flatMap((hole) => hole.names) }
  if (typeof first === "object" && whole) return { ...base, constant: first.constant, run: first.run }
  const run = (names: Names, machine: Machine): Value => {
    try {
      let written = ""
      for (const part of parts) {
        written = bounded(written + (typeof part === "string" ? part : Text.write(part.run(names, machine))))
      }
      return written
    } catch (error) {
      throw located(error, 0, text.length)
    }
  }
  if (holes.some((hole) => hole.constant === undefined)) return { ...base, constant: undefined, run }
  const folded = Expression.fold(run)
  return folded === undefined ? { ...base, constant: undefined, run } : { ...base, constant: folded, run: () => folded }
}

/** Without a closing brace the rest of the text was read as an expression: of its problems only an open quote tells something. */
const unclosed = (hole: number, problems: ReadonlyArray<SyntaxProblem>): ReadonlyArray<SyntaxProblem> => {
  const quotes = problems.filter((problem) => problem.message.includes("closing quote"))
  return quotes.length > 0 ? quotes : [{
    message: "the ${ has no closing }",
    hint: "add }, or write $${ for the characters themselves",
    start: hole,
    end: hole + 2
  }]
}
