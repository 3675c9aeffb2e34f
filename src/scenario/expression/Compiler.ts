/**
 * Turns an expression's tree into closures, once. Running them touches no JavaScript object by its prototype, and takes
 * its work from a budget.
 *
 * Inside, `undefined` is a missing field: it travels along a path, and `need` turns it into an error where a value is needed.
 */
import { emptyRecord, isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import * as Arithmetic from "./Arithmetic.ts"
import { bounded, charge, type Frame, located, reject } from "./Evaluation.ts"
import * as Fault from "./Fault.ts"
import * as Functions from "./Functions.ts"
import { type Argument, Call, type Lambda } from "./functions/Call.ts"
import * as Operators from "./Operators.ts"
import { type BinaryOperator, children, type Node, type NodeOf } from "./Syntax.ts"
import * as Text from "./Text.ts"

/** Runs a compiled expression. Throws `EvaluationError` only. `undefined` is a missing field. */
export type Run = (frame: Frame) => Value | undefined
export type Needed = (frame: Frame) => Value

/** Compiles a node so that a missing field is an error. `source` is the text the node was parsed from. */
export const need = (node: Node, source: string): Needed => {
  const run = compile(node, source)
  if (node.type === "literal") return () => node.value
  return (frame) => {
    const value = run(frame)
    return value === undefined ? missing(node, source, frame) : value
  }
}

/** Compiles a node; it answers `undefined` for a missing field. */
export const compile = (node: Node, source: string): Run => {
  switch (node.type) {
    case "literal":
      return () => node.value
    case "name":
      return (frame) => {
        const value = frame.names.get(node.name)
        // A variable that is null is known.
        return value === undefined ? Fault.unknownName(node, frame.names.list()) : value
      }
    case "local":
      return (frame) => frame.locals[node.slot]
    case "member":
      return member(node, source)
    case "index":
      return index(node, source)
    case "not": {
      const operand = condition(node.operand, source)
      return (frame) => !operand(frame)
    }
    case "negate": {
      const operand = need(node.operand, source)
      return guarded(node, (frame) => Arithmetic.negate(numeric(operand(frame), "-")))
    }
    case "and": {
      const [left, right] = [condition(node.left, source), condition(node.right, source)]
      return (frame) => left(frame) && right(frame)
    }
    case "or": {
      const [left, right] = [condition(node.left, source), condition(node.right, source)]
      return (frame) => left(frame) || right(frame)
    }
    case "coalesce": {
      const [left, right] = [compile(node.left, source), compile(node.right, source)]
      return (frame) => left(frame) ?? right(frame)
    }
    case "conditional": {
      const test = condition(node.test, source)
      const [then, otherwise] = [compile(node.then, source), compile(node.otherwise, source)]
      return (frame) => (test(frame) ? then(frame) : otherwise(frame))
    }
    case "list":
      return list(node, source)
    case "record":
      return record(node, source)
    case "binary":
      return binary(node, source)
    case "call":
      return call(node, source)
    case "lambda":
      return () => undefined
  }
}

/** Compiles a node whose value must be true or false. */
export const condition = (node: Node, source: string): (frame: Frame) => boolean => {
  const run = need(node, source)
  return (frame) => {
    const value = run(frame)
    return typeof value === "boolean" ? value : Fault.notBoolean(node, source, value)
  }
}

/** Gives errors from inside this node's place. */
const guarded = (node: Node, run: Run): Run => (frame) => {
  try {
    return run(frame)
  } catch (error) {
    throw located(error, node.start, node.end)
  }
}

const member = (node: NodeOf<"member">, source: string): Run => {
  const target = compile(node.target, source)
  const { key } = node
  return (frame) => {
    const value = target(frame)
    if (isRecord(value)) return Object.hasOwn(value, key) ? value[key] : undefined
    if (value === undefined || value === null) return undefined
    return Fault.noFields(node, source, value)
  }
}

const index = (node: NodeOf<"index">, source: string): Run => {
  const target = compile(node.target, source)
  const index = need(node.index, source)
  return (frame) => {
    const value = target(frame)
    if (value === undefined || value === null) return undefined
    const key = index(frame)
    if (isArray(value) && typeof key === "number" && Number.isInteger(key)) return value.at(key)
    if (isRecord(value) && typeof key === "string") return Object.hasOwn(value, key) ? value[key] : undefined
    return Fault.wrongIndex(node, source, value, key)
  }
}

const list = (node: NodeOf<"list">, source: string): Run => {
  if (node.items.every((item) => item.type === "literal")) {
    const constant = node.items.map((item) => (item as NodeOf<"literal">).value)
    return () => constant
  }
  const items = node.items.map((item) => need(item, source))
  return (frame) => items.map((item) => item(frame))
}

const record = (node: NodeOf<"record">, source: string): Run => {
  const fields = node.fields.map(({ key, value }) => [key, need(value, source)] as const)
  return (frame) => {
    const made = emptyRecord()
    for (const [key, value] of fields) made[key] = value(frame)
    return made
  }
}

const isNull = (node: Node): boolean => node.type === "literal" && node.value === null

const binary = (node: NodeOf<"binary">, source: string): Run => {
  const { operator } = node
  if ((operator === "==" || operator === "!=") && (isNull(node.left) || isNull(node.right))) {
    // Beside `??`, the place where a missing field is no error.
    const operand = compile(isNull(node.left) ? node.right : node.left, source)
    return operator === "=="
      ? (frame) => (operand(frame) ?? null) === null
      : (frame) => (operand(frame) ?? null) !== null
  }
  const [left, right] = [need(node.left, source), need(node.right, source)]
  const compute = operations[operator]
  return (frame) => {
    const a = left(frame)
    const b = right(frame)
    try {
      return compute(a, b, frame)
    } catch (error) {
      throw located(error, node.start, node.end)
    }
  }
}

const operations: Readonly<Record<BinaryOperator, (a: Value, b: Value, frame: Frame) => Value>> = {
  "==": (a, b, frame) => equal(a, b, frame),
  "!=": (a, b, frame) => !equal(a, b, frame),
  "<": (a, b) => Operators.compare(a, b) < 0,
  "<=": (a, b) => Operators.compare(a, b) <= 0,
  ">": (a, b) => Operators.compare(a, b) > 0,
  ">=": (a, b) => Operators.compare(a, b) >= 0,
  in: (a, b, frame) => isIn(a, b, frame),
  "not in": (a, b, frame) => !isIn(a, b, frame),
  "+": (a, b, frame) => plus(a, b, frame),
  "-": (a, b) => Arithmetic.subtract(numeric(a, "-"), numeric(b, "-")),
  "*": (a, b) => Arithmetic.multiply(numeric(a, "*"), numeric(b, "*")),
  "/": (a, b) => Arithmetic.divide(numeric(a, "/"), numeric(b, "/")),
  "%": (a, b) => Arithmetic.remainder(numeric(a, "%"), numeric(b, "%"))
}

const numeric = (value: Value, operator: string): Arithmetic.Numeric =>
  Operators.isNumber(value) ? value : reject(
    "wrong-type",
    `${operator} takes numbers, not ${kindOf(value)} (${Text.show(value)})`,
    typeof value === "string" ? "number(...) reads a number from a text" : undefined
  )

const equal = (a: Value, b: Value, frame: Frame): boolean => Operators.equal(a, b, (steps) => charge(frame, steps))

const isIn = (a: Value, b: Value, frame: Frame): boolean => Operators.contains(b, a, (steps) => charge(frame, steps))

const plus = (a: Value, b: Value, frame: Frame): Value => {
  if (typeof a === "number" && typeof b === "number") return Arithmetic.add(a, b)
  if (typeof a === "string" && typeof b === "string") {
    charge(frame, (a.length + b.length) >> 10)
    return bounded(a + b)
  }
  if (isArray(a) && isArray(b)) {
    charge(frame, (a.length + b.length) >> 4)
    return [...a, ...b]
  }
  if (Operators.isNumber(a) && Operators.isNumber(b)) return Arithmetic.add(a, b)
  return reject(
    "wrong-type",
    `+ takes two numbers, two texts or two lists, not ${kindOf(a)} (${Text.show(a)}) and ${kindOf(b)} (${
      Text.show(b)
    })`,
    typeof a === "string" || typeof b === "string"
      ? "write the other one as text: text(...), or use a template \"${a}${b}\""
      : undefined
  )
}

const call = (node: NodeOf<"call">, source: string): Run => {
  const definition = Functions.find(node.name)
  if (definition === undefined) return () => Fault.at(node, "unknown-function", `unknown function ${node.name}`)
  if (definition.name === "has") return has(node.arguments[0]!, source)
  const args = node.arguments.map((argument): (frame: Frame) => Argument =>
    argument.type === "lambda"
      ? lambda(argument, source)
      : definition.acceptsMissing === true
      ? compile(argument, source)
      : need(argument, source)
  )
  return guarded(node, (frame) => {
    charge(frame, 1)
    return definition.run(
      new Call(definition.name, definition.parameters, args.map((argument) => argument(frame)), frame)
    )
  })
}

const lambda = (node: NodeOf<"lambda">, source: string): (frame: Frame) => Lambda => {
  const body = need(node.body, source)
  const cost = 1 + (weight(node.body) >> 4)
  const [item, index] = node.slots
  return (frame) => (value, at) => {
    charge(frame, cost)
    if (item !== undefined) frame.locals[item] = value
    if (index !== undefined) frame.locals[index] = at
    return body(frame)
  }
}

/** The number of nodes in a tree: what one run of it costs. */
const weight = (node: Node): number => children(node).reduce((sum, child) => sum + weight(child), 1)

/** A path along which nothing is an error. */
const has = (path: Node, source: string): Run => {
  const run = lenient(path, source)
  return (frame) => run(frame) !== undefined
}

const lenient = (node: Node, source: string): Run => {
  if (node.type === "name") return (frame) => frame.names.get(node.name)
  if (node.type !== "member" && node.type !== "index") return compile(node, source)
  const target = lenient(node.target, source)
  const key: Needed = node.type === "member" ? () => node.key : need(node.index, source)
  return (frame) => {
    const value = target(frame)
    if (value === undefined || value === null) return undefined
    const at = key(frame)
    if (isRecord(value)) return typeof at === "string" && Object.hasOwn(value, at) ? value[at] : undefined
    return isArray(value) && typeof at === "number" ? value.at(at) : undefined
  }
}

/** Finds the first part of a path that is not there, and says so. Runs parts again, which only a failure pays for. */
const missing = (node: Node, source: string, frame: Frame): never => {
  if (node.type === "coalesce") return missing(node.right, source, frame)
  if (node.type === "conditional") {
    return missing(condition(node.test, source)(frame) ? node.then : node.otherwise, source, frame)
  }
  if (node.type !== "member" && node.type !== "index") return Fault.noValue(node, source)
  const value = compile(node.target, source)(frame)
  if (value === undefined) return missing(node.target, source, frame)
  const key = node.type === "member" ? node.key : need(node.index, source)(frame)
  return Fault.missingField(node, source, value, key)
}
