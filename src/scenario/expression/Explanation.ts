/** Shows the parts of an expression with their values, for the message of a failed check. */
import { Result } from "effect"
import { kindOf, type Value } from "../../core/Value.ts"
import * as Compiler from "./Compiler.ts"
import { EvaluationError, type Machine, makeFrame, type Names } from "./Evaluation.ts"
import * as Fault from "./Fault.ts"
import { children, type Node } from "./Syntax.ts"
import * as Text from "./Text.ts"

/** Most parts shown. */
const maxParts = 6

/**
 * Returns the parts that have a value worth seeing, outermost first and left to right, each once; not the expression
 * itself, no literals, nothing that was not evaluated, nothing that depends on chance. Never throws.
 */
export const explain = (
  node: Node,
  source: string,
  names: Names,
  machine: Machine
): ReadonlyArray<{ readonly expression: string; readonly value: string }> => {
  // One budget for all parts: explaining a failure costs no more than twice the evaluation.
  const frame = makeFrame(names, machine)
  const valueOf = (part: Node): Result.Result<Value | undefined, EvaluationError> => {
    try {
      return Result.succeed(Compiler.compile(part, source)(frame))
    } catch (error) {
      if (error instanceof EvaluationError) return Result.fail(error)
      throw error
    }
  }
  const shown = new Map<string, string>()
  // A lone path, or one under a `not`, is its own part.
  let level: ReadonlyArray<Node> = isPath(node) ? [node] : partsOf(node, valueOf)
  while (level.length > 0 && shown.size < maxParts) {
    for (const part of level) {
      if (shown.size >= maxParts) break
      if (!isShown(part)) continue
      const value = valueOf(part)
      const text = Fault.textOf(part, source)
      const written = Result.isSuccess(value) ? Text.show(value.success) : `error: ${value.failure.message}`
      if (!shown.has(text)) shown.set(text, written)
    }
    level = level.flatMap((part) => partsOf(part, valueOf))
  }
  return Array.from(shown, ([expression, value]) => ({ expression, value }))
}

/** The error for a condition that is neither true nor false. `text` is the whole condition. */
export const notBoolean = (text: string, value: Value): EvaluationError =>
  new EvaluationError({
    code: "wrong-type",
    message: `the condition must be true or false, it is ${kindOf(value)} (${Text.show(value)})`,
    hint: Fault.conditionHint(text, value),
    start: 0,
    end: text.length
  })

const isPath = (node: Node): boolean => node.type === "name" || node.type === "member" || node.type === "index"

const isShown = (node: Node): boolean =>
  node.type !== "literal" && node.type !== "lambda" && node.type !== "list" && node.type !== "record" &&
  !dependsOn(node, (part) => part.type === "local" || (part.type === "call" && chance.has(part.name)))

const chance: ReadonlySet<string> = new Set(["random", "uuid", "now", "now_iso"])

const dependsOn = (node: Node, test: (node: Node) => boolean): boolean =>
  test(node) || children(node).some((child) => dependsOn(child, test))

/** The nodes below, without those that were not evaluated and without the inside of paths. */
const partsOf = (
  node: Node,
  valueOf: (node: Node) => Result.Result<Value | undefined, EvaluationError>
): ReadonlyArray<Node> => {
  const isValue = (part: Node, wanted: Value | undefined): boolean => {
    const value = valueOf(part)
    return Result.isSuccess(value) && value.success === wanted
  }
  switch (node.type) {
    case "and":
      return isValue(node.left, false) ? [node.left] : [node.left, node.right]
    case "or":
      return isValue(node.left, true) ? [node.left] : [node.left, node.right]
    case "coalesce": {
      const left = valueOf(node.left)
      return Result.isSuccess(left) && (left.success ?? null) !== null ? [node.left] : [node.left, node.right]
    }
    case "conditional":
      return [node.test, isValue(node.test, true) ? node.then : node.otherwise]
    case "member":
      return isPath(node.target) ? partsOf(node.target, valueOf) : [node.target]
    case "index":
      return [...(isPath(node.target) ? partsOf(node.target, valueOf) : [node.target]), node.index]
    case "lambda":
      return []
    default:
      return children(node)
  }
}
