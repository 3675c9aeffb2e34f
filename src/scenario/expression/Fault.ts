/** The messages of expressions that have no value: what is wrong, where, and what to write instead. All functions throw. */
import * as DidYouMean from "../../core/DidYouMean.ts"
import { isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import { EvaluationError } from "./Evaluation.ts"
import * as Functions from "./Functions.ts"
import type { Node, NodeOf } from "./Syntax.ts"
import * as Text from "./Text.ts"

/** The text of a node, cut where it is long. */
export const textOf = (node: Node, source: string): string => {
  const text = source.slice(node.start, node.end)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

export const at = (node: Node, code: string, message: string, hint?: string): never => {
  throw new EvaluationError({ code, message, hint, start: node.start, end: node.end })
}

/** Advice on how to turn a value that is neither true nor false into a condition. `text` is what gave the value. */
export const conditionHint = (text: string, value: Value): string =>
  typeof value === "string"
    ? `compare it (${text} == 'true') or write !is_empty(${text})`
    : typeof value === "number" || typeof value === "bigint"
    ? `compare it: ${text} != 0`
    : value === null
    ? `compare it: ${text} != null`
    : `write !is_empty(${text})`

export const notBoolean = (node: Node, source: string, value: Value): never => {
  const text = textOf(node, source)
  const message = `${text} must be true or false, it is ${kindOf(value)} (${Text.show(value)})`
  return at(node, "wrong-type", message, conditionHint(text, value))
}

export const unknownName = (node: NodeOf<"name">, known: ReadonlyArray<string>): never => {
  const hint = node.hint ?? DidYouMean.hint(node.name, known) ??
    (Functions.find(node.name) === undefined ? undefined : `${node.name} is a function: ${node.name}(...)`) ??
    (known.length === 0 ? "no names are known here" : `known names: ${listed(known)}`)
  return at(node, "unknown-name", `unknown name ${node.name}`, hint)
}

/** A field was asked of a text, number, boolean or list. */
export const noFields = (node: NodeOf<"member">, source: string, value: Value): never => {
  const target = textOf(node.target, source)
  const hint = node.key === "length" || node.key === "size" || node.key === "count"
    ? `write size(${target})`
    : isArray(value)
    ? `write ${target}[0].${node.key}, or map(${target}, x => x.${node.key})`
    : typeof value === "string" && /^\s*[[{]/.test(value)
    ? `it looks like JSON: json(${target}).${node.key}`
    : undefined
  return at(node, "wrong-type", `${target} is ${kindOf(value)} (${Text.show(value)}), it has no fields`, hint)
}

/** An index was asked of what has none, or is of the wrong kind. */
export const wrongIndex = (node: NodeOf<"index">, source: string, value: Value, key: Value): never => {
  const text = textOf(node.target, source)
  const wanted = isArray(value)
    ? "an index of a list is a whole number"
    : isRecord(value)
    ? "a key of an object is a text"
    : `it is ${kindOf(value)}, which has no items`
  const hint = typeof value === "string" ? `write slice(${text}, 0, 1) for a character` : undefined
  return at(node, "wrong-type", `${text}[${Text.show(key)}]: ${wanted}`, hint)
}

/** `value` is what the target of the path step gave, null or without the key. */
export const missingField = (
  node: NodeOf<"member"> | NodeOf<"index">,
  source: string,
  value: Value,
  key: Value
): never => {
  const target = textOf(node.target, source)
  const name = Text.write(key)
  const hint = "if it may be missing, write ... ?? null"
  if (value === null) return at(node, "missing-field", `${target} is null, it has no ${name}`, hint)
  if (isArray(value)) {
    return at(node, "missing-field", `${target} has ${value.length} items, there is no [${name}]`, hint)
  }
  const keys = isRecord(value) ? Object.keys(value) : []
  const dashed = node.type === "member" ? keys.find((other) => other.startsWith(`${name}-`)) : undefined
  const meant = dashed === undefined
    ? DidYouMean.hint(name, keys)
    : `a field with a dash is written ${target}['${dashed}']`
  const others = keys.length === 0 ? "it is empty" : `its fields: ${listed(keys)}`
  return at(node, "missing-field", `${target} has no field ${name}`, meant ?? others)
}

export const noValue = (node: Node, source: string): never =>
  at(node, "missing-field", `${textOf(node, source)} has no value`)

const listed = (names: ReadonlyArray<string>): string =>
  names.length <= 8 ? names.join(", ") : `${names.slice(0, 8).join(", ")}, ...`
