/**
 * The expression language: `status == 200 && size(body.items) > 0`. The reference is `docs/expressions.md`.
 *
 * Expressions are parsed and compiled once and run many times; they see the names they are given, an allow-list of
 * functions, and nothing of JavaScript. `Template.ts` puts them into text.
 */
import { Result } from "effect"
import type { Value } from "../../core/Value.ts"
import * as Compiler from "./Compiler.ts"
import { EvaluationError, located, type Machine, makeFrame, type Names } from "./Evaluation.ts"
import * as Explanation from "./Explanation.ts"
import * as Functions from "./Functions.ts"
import * as Parser from "./Parser.ts"
import * as Size from "./Size.ts"
import { children, type Name, type Node, staticKey, type SyntaxProblem } from "./Syntax.ts"

export { EvaluationError, type Machine, type Name, type Names, type SyntaxProblem }

export interface Expression {
  readonly text: string
  /** Every root name that is read, in the order of the text, with offsets in the text that was parsed. */
  readonly names: ReadonlyArray<Name>
  /** The value, when it depends on no name, no clock and no chance, and has one. */
  readonly constant: Value | undefined
  /** Throws `EvaluationError` only. */
  readonly run: (names: Names, machine: Machine) => Value
  /** The parts with their values, outermost first. Never throws. */
  readonly explain: (names: Names, machine: Machine) => ReadonlyArray<Part>
}

/** A part of an expression and its value as {@link Text.show} writes it. */
export interface Part {
  readonly expression: string
  readonly value: string
}

/** Parses and compiles an expression. Fails with every problem found. */
export const parse = (text: string): Result.Result<Expression, ReadonlyArray<SyntaxProblem>> => {
  const { node, problems } = Parser.parse(text, 0, false)
  return node === undefined ? Result.fail(problems) : Result.succeed(make(node, text, text))
}

/** Makes an expression of a tree. `source` is what the tree's offsets point into, `text` the expression's own part of it. */
export const make = (node: Node, source: string, text: string): Expression => {
  const names: Array<Name> = []
  collect(node, names, false)
  const needed = Compiler.need(node, source)
  const run = makesValues(node)
    ? (names: Names, machine: Machine): Value => checked(needed(makeFrame(names, machine)), node)
    : (names: Names, machine: Machine): Value => needed(makeFrame(names, machine))
  return {
    text,
    names: names.sort((a, b) => a.start - b.start),
    constant: names.length === 0 && isPure(node) ? fold(run) : undefined,
    run,
    explain: (names, machine) => Explanation.explain(node, source, names, machine)
  }
}

/** Runs an expression. Fails with why it has no value. */
export const evaluate = (
  expression: Pick<Expression, "run">,
  names: Names,
  machine: Machine
): Result.Result<Value, EvaluationError> => {
  try {
    return Result.succeed(expression.run(names, machine))
  } catch (error) {
    if (error instanceof EvaluationError) return Result.fail(error)
    throw error
  }
}

/**
 * Makes a condition of an expression: its value is true or false, and anything else is an error that says how to compare
 * it. Without this, a text such as `"true"` under `if` would count as false.
 */
export const condition = (expression: Expression): Expression => {
  const demand = (value: Value): Value => {
    if (typeof value === "boolean") return value
    throw Explanation.notBoolean(expression.text, value)
  }
  const run: Expression["run"] = (names, machine) => demand(expression.run(names, machine))
  const constant = typeof expression.constant === "boolean" ? expression.constant : undefined
  return { ...expression, constant, run }
}

/** Returns the parts of an expression with their values: `status == 201` gives `status` with `500`. Never throws. */
export const explain = (expression: Expression, names: Names, machine: Machine): ReadonlyArray<Part> =>
  expression.explain(names, machine)

/** True for `true` only: no other value counts as true. */
export const isTrue = (value: Value): boolean => value === true

const nothing: Names = { get: () => undefined, list: () => [] }
const stopped: Machine = { now: () => 0, random: () => 0 }

/** Runs what needs no names; `undefined` when it has no value. */
export const fold = (run: Expression["run"]): Value | undefined => {
  const result = evaluate({ run }, nothing, stopped)
  return Result.isSuccess(result) ? result.success : undefined
}

/** True when the value may be another than one that a name gave, so that its size is not known. */
const makesValues = (node: Node): boolean => {
  switch (node.type) {
    case "call":
    case "list":
    case "record":
      return true
    case "binary":
      return node.operator === "+"
    case "conditional":
      return makesValues(node.then) || makesValues(node.otherwise)
    case "coalesce":
      return makesValues(node.left) || makesValues(node.right)
    case "member":
    case "index":
      return makesValues(node.target)
    default:
      return false
  }
}

const checked = (value: Value, node: Node): Value => {
  try {
    return Size.checked(value)
  } catch (error) {
    throw located(error, node.start, node.end)
  }
}

const isPure = (node: Node): boolean =>
  !(node.type === "call" && Functions.find(node.name)?.impure === true) && children(node).every(isPure)

const collect = (node: Node, names: Array<Name>, optional: boolean): void => {
  const steps: Array<string | undefined> = []
  let root: Node = node
  while (root.type === "member" || root.type === "index") {
    steps.unshift(staticKey(root))
    if (root.type === "index") collect(root.index, names, false)
    root = root.target
  }
  if (root.type !== "name") {
    for (const child of children(root)) collect(child, names, root.type === "call" && root.name === "has")
    return
  }
  const dynamic = steps.indexOf(undefined)
  const path = (dynamic === -1 ? steps : steps.slice(0, dynamic)) as ReadonlyArray<string>
  names.push({
    name: root.name,
    path,
    start: root.start,
    end: root.end,
    ...(optional ? { optional } : {}),
    ...(root.hint === undefined ? {} : { hint: root.hint })
  })
}
