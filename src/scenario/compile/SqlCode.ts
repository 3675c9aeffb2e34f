/** SQL text of a Robogo file as code: its value is `{ text, params }`, with every `${...}` bound or escaped. */
import { Result } from "effect"
import type { Problem } from "../../core/SourceText.ts"
import * as Node from "../read/Node.ts"
import * as Code from "./Code.ts"
import * as SqlTemplate from "./SqlTemplate.ts"

/** Compiles the text; a warning for each hole says how its value enters. */
export const compile = (node: Node.Node, problems: Array<Problem>): Code.Code => {
  if (node._tag !== "Scalar" || typeof node.value !== "string") return Code.template(node, "robogo", problems)
  const { holes, parts } = split(node.value)
  if (holes.length === 0) return Code.constantOf(node, { text: node.value, params: [] })
  const template = SqlTemplate.compile(parts)
  if (Result.isFailure(template)) {
    const { hint, hole, message } = template.failure
    problems.push({ code: "sql-value", message, hint, severity: "warning", span: spanOf(node, holes[hole]!) })
    return failing(node, template.failure, holes)
  }
  const { placements, render } = template.success
  const codes = holes.map((hole) => Code.template(Node.fromValue(hole.text, spanOf(node, hole)), "robogo", problems))
  holes.forEach((hole, index) =>
    problems.push({
      code: "sql-value",
      message: `${hole.text} is ${SqlTemplate.explain[placements[index]!]}`,
      severity: "warning",
      span: spanOf(node, hole)
    })
  )
  return {
    node,
    text: node.value,
    uses: codes.flatMap((code) => code.uses),
    constant: undefined,
    run: (names, machine) => {
      const rendered = render(codes.map((code) => code.run(names, machine)))
      if (Result.isFailure(rendered)) throw failureOf(node, rendered.failure, holes)
      return { text: rendered.success.text, params: rendered.success.params }
    },
    explain: () => []
  }
}

/** A value stands where none may: found when the step runs, as every bad value of a Robogo file. */
const failing = (node: Node.Node, problem: SqlTemplate.SqlProblem, holes: ReadonlyArray<Hole>): Code.Code => ({
  ...Code.constantOf(node, null),
  constant: undefined,
  run: () => {
    throw failureOf(node, problem, holes)
  }
})

const failureOf = (node: Node.Node, problem: SqlTemplate.SqlProblem, holes: ReadonlyArray<Hole>): Code.CodeFailure =>
  new Code.CodeFailure("sql-value", problem.message, problem.hint, spanOf(node, holes[problem.hole]!))

interface Hole {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** The text around `${...}`, with the numbers of the holes in between; `$${` is no hole. */
const split = (
  text: string
): { readonly parts: ReadonlyArray<string | number>; readonly holes: ReadonlyArray<Hole> } => {
  const parts: Array<string | number> = []
  const holes: Array<Hole> = []
  let at = 0
  for (const match of text.matchAll(/(?<!\$)\$\{[^{}]*\}/g)) {
    parts.push(text.slice(at, match.index), holes.length)
    at = match.index + match[0].length
    holes.push({ text: match[0], start: match.index, end: at })
  }
  return { parts: [...parts, text.slice(at)], holes }
}

const spanOf = (node: Node.Node, hole: Hole) => Node.partSpan(node, hole.start, hole.end)
