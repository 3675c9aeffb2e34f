/** The tree that the parser makes of an expression, and the words shared by those who walk it. */
import type { Value } from "../../core/Value.ts"

/** One thing wrong in a text, at UTF-16 offsets of that text; `end` is exclusive. */
export interface SyntaxProblem {
  readonly message: string
  readonly hint?: string | undefined
  readonly start: number
  readonly end: number
}

/** A root name that is read, with the static part of its path (`a.b[0]['c']` has `b`, `0`, `c`). */
export interface Name {
  readonly name: string
  readonly path: ReadonlyArray<string>
  readonly start: number
  readonly end: number
  /** True inside `has(...)`, where an unknown name is an answer and no error. */
  readonly optional?: boolean | undefined
  /** What may have been meant when the name is unknown, beyond a misspelling. */
  readonly hint?: string | undefined
}

interface Place {
  readonly start: number
  readonly end: number
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in"

export type Node =
  & Place
  & (
    | { readonly type: "literal"; readonly value: Value }
    | { readonly type: "name"; readonly name: string; readonly hint?: string | undefined }
    | { readonly type: "local"; readonly name: string; readonly slot: number }
    | { readonly type: "member"; readonly target: Node; readonly key: string }
    | { readonly type: "index"; readonly target: Node; readonly index: Node }
    | { readonly type: "negate" | "not"; readonly operand: Node }
    | { readonly type: "binary"; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
    | { readonly type: "and" | "or" | "coalesce"; readonly left: Node; readonly right: Node }
    | { readonly type: "conditional"; readonly test: Node; readonly then: Node; readonly otherwise: Node }
    | { readonly type: "list"; readonly items: ReadonlyArray<Node> }
    | { readonly type: "record"; readonly fields: ReadonlyArray<{ readonly key: string; readonly value: Node }> }
    | { readonly type: "call"; readonly name: string; readonly arguments: ReadonlyArray<Node> }
    | { readonly type: "lambda"; readonly slots: ReadonlyArray<number>; readonly body: Node }
  )

export type NodeOf<Type extends Node["type"]> = Extract<Node, { readonly type: Type }>

/** The nodes directly below a node, left to right. */
export const children = (node: Node): ReadonlyArray<Node> => {
  switch (node.type) {
    case "literal":
    case "name":
    case "local":
      return []
    case "member":
      return [node.target]
    case "index":
      return [node.target, node.index]
    case "negate":
    case "not":
      return [node.operand]
    case "binary":
    case "and":
    case "or":
    case "coalesce":
      return [node.left, node.right]
    case "conditional":
      return [node.test, node.then, node.otherwise]
    case "list":
      return node.items
    case "record":
      return node.fields.map((field) => field.value)
    case "call":
      return node.arguments
    case "lambda":
      return [node.body]
  }
}

/** Returns the key that a path step names in the text itself: `.b`, `[0]`, `[-1]`, `['c']`; `undefined` when it is computed. */
export const staticKey = (node: NodeOf<"member"> | NodeOf<"index">): string | undefined => {
  if (node.type === "member") return node.key
  if (node.index.type !== "literal") return undefined
  const { value } = node.index
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined
}
