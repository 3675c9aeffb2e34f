/**
 * Robogo's conditions: `${status} == 200`, `${name} contains 'x'`, or a value alone, which holds unless it is empty, `0` or
 * `false`. Values are compared as that tool did (`Operators`, mode `robogo`).
 *
 * Better than there: operators are looked for outside of quotes and `${...}`, quotes round a side are taken off, and
 * `&&`, `||`, `!`, `and`, `or`, `not` and round brackets work.
 */
import { Result } from "effect"
import type { Value } from "../../core/Value.ts"
import { located, type Machine, type Names } from "./Evaluation.ts"
import * as Expression from "./Expression.ts"
import * as Operators from "./Operators.ts"
import * as RobogoTemplate from "./RobogoTemplate.ts"
import type { Name, SyntaxProblem } from "./Syntax.ts"
import * as Text from "./Text.ts"

/** Parses a condition. Its value is always true or false. Never fails, unless brackets are nested absurdly. */
export const parse = (text: string): Result.Result<Expression.Expression, ReadonlyArray<SyntaxProblem>> => {
  const sides: Array<Side> = []
  const test = disjunction({ text, opaque: opaqueIn(text), start: 0, end: text.length }, sides, 0)
  if (test === undefined) {
    return Result.fail([{ message: "the condition is nested too deeply", start: 0, end: text.length }])
  }
  const names = sides.flatMap((side) => side.names)
  return Result.succeed({
    text,
    names,
    constant: names.length === 0 ? Expression.fold(test) : undefined,
    run: test,
    explain: (names, machine) => explain(sides, names, machine)
  })
}

type Test = (names: Names, machine: Machine) => boolean

interface Range {
  readonly text: string
  readonly opaque: ReadonlyMap<number, number>
  readonly start: number
  readonly end: number
}

interface Side {
  readonly text: string
  readonly names: ReadonlyArray<Name>
  readonly run: (names: Names, machine: Machine) => Value
}

const maxNesting = 100

const explain = (sides: ReadonlyArray<Side>, names: Names, machine: Machine): ReadonlyArray<Expression.Part> => {
  const shown = new Map<string, string>()
  for (const side of sides) {
    if (side.names.length === 0) continue
    const value = Expression.evaluate(side, names, machine)
    shown.set(side.text, Result.isSuccess(value) ? Text.show(value.success) : `error: ${value.failure.message}`)
  }
  return Array.from(shown, ([expression, value]) => ({ expression, value })).slice(0, 6)
}

const disjunction = (range: Range, sides: Array<Side>, depth: number): Test | undefined =>
  joined(
    split(range, /\|\||\bor\b/y),
    (part) => conjunction(part, sides, depth),
    (tests) => (names, machine) => tests.some((test) => test(names, machine))
  )

const conjunction = (range: Range, sides: Array<Side>, depth: number): Test | undefined =>
  joined(
    split(range, /&&|\band\b/y),
    (part) => inverted(part, sides, depth),
    (tests) => (names, machine) => tests.every((test) => test(names, machine))
  )

const joined = (
  parts: ReadonlyArray<Range>,
  parse: (part: Range) => Test | undefined,
  join: (tests: ReadonlyArray<Test>) => Test
): Test | undefined => {
  const tests: Array<Test> = []
  for (const part of parts) {
    const test = parse(part)
    if (test === undefined) return undefined
    tests.push(test)
  }
  return tests.length === 1 ? tests[0] : join(tests)
}

const inverted = (range: Range, sides: Array<Side>, depth: number): Test | undefined => {
  if (depth > maxNesting) return undefined
  const trimmed = trim(range)
  const written = trimmed.text.slice(trimmed.start, trimmed.end)
  const not = /^(?:!(?!=)|not\s)/.exec(written)
  if (not !== null) {
    const test = inverted({ ...trimmed, start: trimmed.start + not[0].length }, sides, depth + 1)
    return test === undefined ? undefined : (names, machine) => !test(names, machine)
  }
  if (written.startsWith("(") && range.opaque.get(trimmed.start) === trimmed.end) {
    return disjunction({ ...trimmed, start: trimmed.start + 1, end: trimmed.end - 1 }, sides, depth + 1)
  }
  return comparison(trimmed, sides)
}

const comparators = />=|<=|==|!=|<>|>|<|=(?!=)|\b(?:not_contains|contains|starts_with|ends_with|not_matches|matches)\b/y

const comparison = (range: Range, sides: Array<Side>): Test => {
  const found = scan(range, comparators)[0]
  if (found === undefined) {
    const side = sideOf(range)
    sides.push(side)
    return (names, machine) => holds(side.run(names, machine))
  }
  const left = sideOf({ ...range, end: found.start })
  const right = sideOf({ ...range, start: found.end })
  sides.push(left, right)
  const operator = Operators.operators[range.text.slice(found.start, found.end)]!
  return (names, machine) => {
    try {
      return operator(left.run(names, machine), right.run(names, machine), "robogo")
    } catch (error) {
      throw located(error, range.start, range.end)
    }
  }
}

const holds = (value: Value): boolean => {
  const text = value === null ? "" : Text.goText(value).trim()
  return text !== "" && text !== "0" && text.toLowerCase() !== "false"
}

/** One side of a comparison: a template, without the quotes round it. */
const sideOf = (range: Range): Side => {
  const outer = trim(range)
  const written = outer.text.slice(outer.start, outer.end)
  const quoted = written.length >= 2 && (written[0] === "'" || written[0] === "\"") && written.at(-1) === written[0]
  const shift = quoted ? 1 : 0
  const inner = written.slice(shift, written.length - shift)
  const template = RobogoTemplate.of(inner)
  const by = outer.start + shift
  return {
    text: written,
    names: template.names.map((name) => ({ ...name, start: name.start + by, end: name.end + by })),
    run: (names, machine) => {
      const value = Expression.evaluate(template, names, machine)
      if (Result.isSuccess(value)) return value.success
      const { code, end, hint, message, start } = value.failure
      throw new Expression.EvaluationError({ code, message, hint, start: start + by, end: end + by })
    }
  }
}

const trim = (range: Range): Range => {
  let { end, start } = range
  while (start < end && /\s/.test(range.text[start]!)) start += 1
  while (end > start && /\s/.test(range.text[end - 1]!)) end -= 1
  return { ...range, start, end }
}

const split = (range: Range, pattern: RegExp): ReadonlyArray<Range> => {
  const parts: Array<Range> = []
  let start = range.start
  for (const separator of scan(range, pattern)) {
    parts.push({ ...range, start, end: separator.start })
    start = separator.end
  }
  return [...parts, { ...range, start }]
}

/** Finds where a sticky pattern matches outside of quotes, `${...}` and round brackets. */
const scan = (range: Range, pattern: RegExp): ReadonlyArray<{ readonly start: number; readonly end: number }> => {
  const found: Array<{ readonly start: number; readonly end: number }> = []
  let at = range.start
  while (at < range.end) {
    const skipped = range.opaque.get(at)
    if (skipped !== undefined && skipped <= range.end) {
      at = skipped
      continue
    }
    pattern.lastIndex = at
    const match = pattern.exec(range.text)
    if (match !== null && at + match[0].length <= range.end) {
      found.push({ start: at, end: at + match[0].length })
      at += match[0].length
    } else at += 1
  }
  return found
}

/**
 * Finds, in one pass, what is looked into only as a whole: the offset after each hole, quoted text and bracket, by the
 * offset of its start. Quotes inside words are letters.
 */
const opaqueIn = (text: string): ReadonlyMap<number, number> => {
  const opaque = new Map<number, number>()
  const open: Array<number> = []
  const last: Readonly<Record<string, number>> = {
    "}": text.lastIndexOf("}"),
    "'": text.lastIndexOf("'"),
    "\"": text.lastIndexOf("\"")
  }
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    const hole = char === "$" && text[at + 1] === "{"
    const quote = (char === "'" || char === "\"") && (at === 0 || /[\s=<>!&|(]/.test(text[at - 1]!))
    const closing = hole ? "}" : char
    if ((hole || quote) && at < last[closing]!) {
      const end = text.indexOf(closing, at + 1) + 1
      opaque.set(at, end)
      at = end - 1
    } else if (char === "(") open.push(at)
    else if (char === ")") {
      const start = open.pop()
      if (start !== undefined) opaque.set(start, at + 1)
    }
  }
  return opaque
}
