/**
 * YAML as it was written: values with the place where each stands. Everything later in `scenario` reads this tree, so that
 * every problem can point at its line.
 */
import type { Span } from "../../core/SourceText.ts"
import { emptyRecord, type Value } from "../../core/Value.ts"

export type Scalar = null | boolean | number | bigint | string

export interface ScalarNode {
  readonly _tag: "Scalar"
  readonly value: Scalar
  /** Where the text itself begins in the file when it stands there unchanged (plain or simply quoted); else `undefined`. */
  readonly textStart: number | undefined
  readonly span: Span
}

export interface ListNode {
  readonly _tag: "List"
  readonly items: ReadonlyArray<Node>
  readonly span: Span
}

export interface Entry {
  readonly key: string
  readonly keySpan: Span
  readonly value: Node
}

export interface MapNode {
  readonly _tag: "Map"
  /** In the order of the file; keys are unique. */
  readonly entries: ReadonlyArray<Entry>
  readonly span: Span
}

export type Node = ScalarNode | ListNode | MapNode

/** Returns the value under `key`, or `undefined` when the node is no map or has no such key. */
export const get = (node: Node, key: string): Node | undefined =>
  node._tag === "Map" ? node.entries.find((entry) => entry.key === key)?.value : undefined

/** Returns the plain value of a node, without places. */
export const toValue = (node: Node): Value => {
  switch (node._tag) {
    case "Scalar":
      return node.value
    case "List":
      return node.items.map(toValue)
    case "Map": {
      const record = emptyRecord()
      for (const entry of node.entries) record[entry.key] = toValue(entry.value)
      return record
    }
  }
}

/** Makes a node for a value that did not come from a file, such as a shorthand's; it stands at `span`. */
export const fromValue = (value: Value, span: Span): Node => {
  if (Array.isArray(value)) return { _tag: "List", items: value.map((item: Value) => fromValue(item, span)), span }
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    const entries = Object.entries(value as Readonly<Record<string, Value>>)
    return {
      _tag: "Map",
      entries: entries.map(([key, item]) => ({ key, keySpan: span, value: fromValue(item, span) })),
      span
    }
  }
  return { _tag: "Scalar", value: value as Scalar, textStart: undefined, span }
}

/** `a map`, `a list`, `text`, ... for messages about a node of the wrong kind. */
export const describe = (node: Node): string => {
  if (node._tag === "Map") return "a map"
  if (node._tag === "List") return "a list"
  if (node.value === null) return "nothing"
  if (typeof node.value === "string") return "text"
  return typeof node.value === "boolean" ? "true or false" : "a number"
}

/** The part `start..end` (offsets in the scalar's text) of a scalar, or all of it when its text is not in the file as it is. */
export const partSpan = (node: Node, start: number, end: number): Span =>
  node._tag === "Scalar" && node.textStart !== undefined
    ? { source: node.span.source, start: node.textStart + start, end: node.textStart + end }
    : node.span
