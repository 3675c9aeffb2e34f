/**
 * Values, templates and expressions of a file as closures: compiled once, run as often as needed. A constant is folded.
 */
import { Result } from "effect"
import type { Problem, Span } from "../../core/SourceText.ts"
import { emptyRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Expression from "../expression/Expression.ts"
import * as RobogoCondition from "../expression/RobogoCondition.ts"
import * as RobogoTemplate from "../expression/RobogoTemplate.ts"
import * as Template from "../expression/Template.ts"
import * as Node from "../read/Node.ts"
import type { Spelling } from "../Scenario.ts"

export type Names = Expression.Names
export type Machine = Expression.Machine

/** A name that a piece of code reads, and where it stands. */
export interface NameUse {
  readonly name: string
  readonly path: ReadonlyArray<string>
  readonly span: Span
  /** Read where an unknown name is an answer and no error, as in `has(...)`. */
  readonly optional: boolean
  /** What may have been meant when the name is unknown, beyond a misspelling. */
  readonly hint: string | undefined
}

export interface Code {
  readonly node: Node.Node
  /** The text of an expression, for messages. */
  readonly text: string
  readonly uses: ReadonlyArray<NameUse>
  /** The value when it is the same on every run. */
  readonly constant: Value | undefined
  /** Throws {@link CodeFailure} only. */
  readonly run: (names: Names, machine: Machine) => Value
  /** The parts of an expression with their values; empty for templates. */
  readonly explain: (
    names: Names,
    machine: Machine
  ) => ReadonlyArray<{ readonly expression: string; readonly value: string }>
}

/** Why a piece of code has no value: an unknown name, a wrong kind, a step budget. Has its place in the file. */
export class CodeFailure extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly span: Span
  constructor(code: string, message: string, hint: string | undefined, span: Span) {
    super(message)
    this.code = code
    this.hint = hint
    this.span = span
  }
}

type ParseTemplate = (text: string) => Result.Result<Template.Template, ReadonlyArray<Expression.SyntaxProblem>>

/** Compiles a node in which every text is a template. Syntax problems are added to `problems`. */
export const template = (
  node: Node.Node,
  spelling: Spelling,
  problems: Array<Problem>,
  parse: ParseTemplate = spelling === "robogo" ? RobogoTemplate.parse : Template.parse
): Code => {
  switch (node._tag) {
    case "Scalar":
      return typeof node.value === "string" && node.value.includes("$")
        ? textTemplate(node, node.value, parse, problems)
        : constantOf(node, node.value)
    case "List":
      return listOf(node, node.items.map((item) => template(item, spelling, problems, parse)))
    case "Map":
      return recordOf(
        node,
        node.entries.map((entry) => [entry.key, template(entry.value, spelling, problems, parse)] as const)
      )
  }
}

/** Compiles a bare expression; a value that is not text stands for itself. */
export const expression = (node: Node.Node, spelling: Spelling, problems: Array<Problem>): Code =>
  bare(node, spelling, problems, (parsed) => parsed)

/** Compiles a bare expression that must be true or false: anything else is an error where it stands. */
export const condition = (node: Node.Node, spelling: Spelling, problems: Array<Problem>): Code =>
  bare(node, spelling, problems, spelling === "native" ? Expression.condition : (parsed) => parsed)

const bare = (
  node: Node.Node,
  spelling: Spelling,
  problems: Array<Problem>,
  change: (parsed: Expression.Expression) => Expression.Expression
): Code => {
  if (node._tag !== "Scalar" || typeof node.value !== "string") return template(node, spelling, problems)
  const parsed = spelling === "robogo" ? RobogoCondition.parse(node.value) : Expression.parse(node.value)
  if (Result.isFailure(parsed)) {
    noteSyntax(node, parsed.failure, problems)
    return constantOf(node, null)
  }
  const compiled = change(parsed.success)
  return {
    node,
    text: compiled.text,
    uses: usesOf(node, compiled.names),
    constant: compiled.constant,
    run: located(node, compiled.run),
    explain: (names, machine) => Expression.explain(compiled, names, machine)
  }
}

/** A value that needs no running. */
export const constantOf = (node: Node.Node, value: Value): Code => ({
  node,
  text: typeof value === "string" ? value : "",
  uses: [],
  constant: value,
  run: () => value,
  explain: () => []
})

/** Names over other names: those of `record` first. */
export const over = (record: ValueRecord, names: Names): Names => ({
  get: (name) => Object.hasOwn(record, name) ? record[name] : names.get(name),
  list: () => [...Object.keys(record), ...names.list()]
})

export const listOf = (node: Node.Node, items: ReadonlyArray<Code>): Code => {
  const constant = items.every((item) => item.constant !== undefined) ? items.map((item) => item.constant!) : undefined
  return composite(node, items, constant, (names, machine) => items.map((item) => item.run(names, machine)))
}

export const recordOf = (node: Node.Node, fields: ReadonlyArray<readonly [string, Code]>): Code => {
  const build = (value: (code: Code) => Value): ValueRecord => {
    const record = emptyRecord()
    for (const [key, code] of fields) record[key] = value(code)
    return record
  }
  const codes = fields.map(([, code]) => code)
  const constant = codes.every((code) => code.constant !== undefined) ? build((code) => code.constant!) : undefined
  return composite(node, codes, constant, (names, machine) => build((code) => code.run(names, machine)))
}

const composite = (
  node: Node.Node,
  parts: ReadonlyArray<Code>,
  constant: Value | undefined,
  run: Code["run"]
): Code => ({
  node,
  text: "",
  uses: parts.flatMap((part) => part.uses),
  constant,
  run: constant === undefined ? run : () => constant,
  explain: () => []
})

const textTemplate = (node: Node.Node, text: string, parse: ParseTemplate, problems: Array<Problem>): Code => {
  const parsed = parse(text)
  if (Result.isFailure(parsed)) {
    noteSyntax(node, parsed.failure, problems)
    return constantOf(node, null)
  }
  const compiled = parsed.success
  return {
    node,
    text,
    uses: usesOf(node, compiled.names),
    constant: compiled.constant,
    run: located(node, compiled.run),
    explain: () => []
  }
}

const usesOf = (node: Node.Node, names: ReadonlyArray<Expression.Name>): ReadonlyArray<NameUse> =>
  names.map((use) => ({
    name: use.name,
    path: use.path,
    span: Node.partSpan(node, use.start, use.end),
    optional: use.optional === true,
    hint: use.hint
  }))

const located = (node: Node.Node, run: Code["run"]): Code["run"] => (names, machine) => {
  try {
    return run(names, machine)
  } catch (error) {
    if (!(error instanceof Expression.EvaluationError)) throw error
    throw new CodeFailure(error.code, error.message, error.hint, Node.partSpan(node, error.start, error.end))
  }
}

const noteSyntax = (
  node: Node.Node,
  syntax: ReadonlyArray<Expression.SyntaxProblem>,
  problems: Array<Problem>
): void => {
  for (const problem of syntax) {
    problems.push({
      code: "syntax",
      message: problem.message,
      hint: problem.hint,
      severity: "error",
      span: Node.partSpan(node, problem.start, problem.end)
    })
  }
}
