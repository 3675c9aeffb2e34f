/**
 * Readers for the structure of files: each turns a node into a typed part of the tree, notes every problem with its place,
 * and knows its own JSON Schema, so that reading, checking and the editor's schema cannot differ.
 */
import { Duration } from "effect"
import { suggest } from "../../core/DidYouMean.ts"
import * as DurationText from "../../core/DurationText.ts"
import type { Problem, Span } from "../../core/SourceText.ts"
import * as Node from "./Node.ts"

export type JsonSchema = { readonly [key: string]: unknown }

/** Collects problems while a file is read. */
export interface Notes {
  readonly problems: Array<Problem>
}

/** Reads one kind of node; `schema` is made when asked for. Answers `undefined` after it has noted a problem; never throws. */
export interface Reader<A> {
  readonly read: (node: Node.Node, notes: Notes) => A | undefined
  readonly schema: JsonSchema
}

/** Notes an error at `span`. */
export const note = (notes: Notes, code: string, message: string, span: Span, hint?: string): undefined => {
  notes.problems.push({ code, message, hint, severity: "error", span })
  return undefined
}

/** Notes a warning at `span`. */
export const warn = (notes: Notes, code: string, message: string, span: Span, hint?: string): void => {
  notes.problems.push({ code, message, hint, severity: "warning", span })
}

const wrongType = (node: Node.Node, expected: string, notes: Notes): undefined =>
  note(notes, "wrong-type", `expected ${expected}, found ${Node.describe(node)}`, node.span)

const template: JsonSchema = { type: "string", pattern: "\\$\\{" }

/** Text with its node, for later templates and messages. Numbers and booleans are taken as text. */
export const text: Reader<string> = {
  schema: { type: "string" },
  read: (node, notes) =>
    node._tag !== "Scalar" || node.value === null ? wrongType(node, "text", notes) : String(node.value)
}

/** Text, not empty. */
export const name: Reader<string> = {
  schema: { type: "string", minLength: 1 },
  read: (node, notes) => {
    const value = text.read(node, notes)
    return value?.trim() === "" ? note(notes, "empty", "expected text, found an empty one", node.span) : value
  }
}

export const flag: Reader<boolean> = {
  schema: { type: "boolean" },
  read: (node, notes) =>
    node._tag === "Scalar" && typeof node.value === "boolean" ? node.value : wrongType(node, "true or false", notes)
}

/** A whole number of at least `minimum`. */
export const int = (minimum: number): Reader<number> => ({
  schema: { type: "integer", minimum },
  read: (node, notes) => {
    if (node._tag !== "Scalar" || typeof node.value !== "number" || !Number.isInteger(node.value)) {
      return wrongType(node, "a whole number", notes)
    }
    return node.value < minimum
      ? note(notes, "out-of-range", `expected a whole number of at least ${minimum}, found ${node.value}`, node.span)
      : node.value
  }
})

export const duration: Reader<Duration.Duration> = {
  schema: { type: ["string", "number"], examples: ["200ms", "30s", "1m30s"] },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? node.value : undefined
    const parsed = typeof value === "number"
      ? Duration.seconds(value)
      : typeof value === "string"
      ? DurationText.parse(value)
      : undefined
    return parsed === undefined || Duration.toMillis(parsed) < 0
      ? note(
        notes,
        "bad-duration",
        `expected a duration, found ${shown(node)}`,
        node.span,
        "write it as 200ms, 30s or 1m30s"
      )
      : parsed
  }
}

/** One of `words`, with a suggestion for a misspelt one. */
export const oneOf = <const Word extends string>(words: ReadonlyArray<Word>): Reader<Word> => ({
  schema: { enum: words },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? String(node.value) : undefined
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    const close = value === undefined ? undefined : suggest(value, words)
    return note(
      notes,
      "unknown-word",
      `expected one of ${words.join(", ")}, found ${shown(node)}`,
      node.span,
      close === undefined ? undefined : `did you mean ${close}?`
    )
  }
})

/** The node itself: a value or template that is read later. */
export const any: Reader<Node.Node> = { schema: {}, read: (node) => node }

export const list = <A>(item: Reader<A>): Reader<ReadonlyArray<A>> => ({
  get schema() {
    return { type: "array", items: item.schema }
  },
  read: (node, notes) => {
    if (node._tag !== "List") return wrongType(node, "a list", notes)
    return node.items.map((child) => item.read(child, notes)).filter((read) => read !== undefined)
  }
})

/** A list, or one item where a list of one is meant. */
export const oneOrMany = <A>(item: Reader<A>): Reader<ReadonlyArray<A>> => ({
  get schema() {
    return { anyOf: [item.schema, { type: "array", items: item.schema }] }
  },
  read: (node, notes) => {
    if (node._tag === "List") return list(item).read(node, notes)
    const one = item.read(node, notes)
    return one === undefined ? undefined : [one]
  }
})

/** One entry of a map with free keys. */
export interface Named<A> {
  readonly name: string
  readonly nameSpan: Span
  readonly value: A
}

/** A map with free keys, in the order of the file. */
export const named = <A>(item: Reader<A>): Reader<ReadonlyArray<Named<A>>> => ({
  get schema() {
    return { type: "object", additionalProperties: item.schema }
  },
  read: (node, notes) => {
    if (node._tag !== "Map") return wrongType(node, "a map", notes)
    return node.entries.flatMap((entry) => {
      const value = item.read(entry.value, notes)
      return value === undefined ? [] : [{ name: entry.key, nameSpan: entry.keySpan, value }]
    })
  }
})

export interface Field<A> {
  readonly reader: Reader<A>
  readonly description: string
  readonly required: boolean
}

export const required = <A>(reader: Reader<A>, description: string): Field<A> & { readonly required: true } => ({
  reader,
  description,
  required: true
})

export const optional = <A>(reader: Reader<A>, description: string): Field<A> & { readonly required: false } => ({
  reader,
  description,
  required: false
})

type Fields = { readonly [key: string]: Field<unknown> }
type FieldType<F> = F extends Field<infer A> ? A : never

/** What {@link fields} reads: every key may be missing, since a problem may have kept it from being read. */
export type Read<F extends Fields> = { readonly [K in keyof F]?: FieldType<F[K]> | undefined } & {
  readonly span: Span
  readonly node: Node.MapNode
}

/** A map with known keys. Unknown ones are errors with a suggestion; all problems are noted. */
export const fields = <const F extends Fields>(what: string, table: F): Reader<Read<F>> => ({
  get schema() {
    return objectSchema(table)
  },
  read: (node, notes) => {
    if (node._tag !== "Map") return wrongType(node, `${what} (a map)`, notes)
    return { ...readKnown(what, table, node, node.entries, notes), span: node.span, node } as unknown as Read<F>
  }
})

/** Reads the known keys among `entries`; used by {@link fields}, and for steps, whose action key is free. */
export const readKnown = (
  what: string,
  table: Fields,
  node: Node.MapNode,
  entries: ReadonlyArray<Node.Entry>,
  notes: Notes
): { readonly [key: string]: unknown } => {
  const read: { [key: string]: unknown } = {}
  const meant = new Set<string>()
  for (const entry of entries) {
    const known = Object.hasOwn(table, entry.key) ? table[entry.key] : undefined
    if (known === undefined) meant.add(unknownKey(what, entry, Object.keys(table), notes) ?? "")
    else read[entry.key] = known.reader.read(entry.value, notes)
  }
  for (const [key, field] of Object.entries(table)) {
    // A misspelt key has been told already.
    if (field.required && !meant.has(key) && !entries.some((entry) => entry.key === key)) {
      note(notes, "missing-key", `${what} needs ${key}: ${lowerFirst(field.description)}`, headOf(node))
    }
  }
  return read
}

/** Notes an unknown key, and answers with the one that was probably meant. */
export const unknownKey = (
  what: string,
  entry: Node.Entry,
  known: ReadonlyArray<string>,
  notes: Notes,
  otherwise = `known keys: ${[...known].sort().join(", ")}`
): string | undefined => {
  const close = suggest(entry.key, known)
  const hint = close === undefined ? otherwise : `did you mean ${close}?`
  note(notes, "unknown-key", `${what} has no key ${JSON.stringify(entry.key)}`, entry.keySpan, hint)
  return close
}

/** The first key of a map: a better place to point at than the whole of it. */
export const headOf = (node: Node.Node): Span =>
  node._tag === "Map" && node.entries[0] !== undefined ? node.entries[0].keySpan : node.span

/** Reads with the first reader whose kind of node fits. */
export const byKind = <A, B = never, C = never>(options: {
  readonly scalar?: Reader<A>
  readonly map?: Reader<B>
  readonly list?: Reader<C>
  readonly expected: string
}): Reader<A | B | C> => ({
  get schema() {
    const readers = [options.scalar, options.map, options.list]
    return { anyOf: readers.flatMap((reader) => reader === undefined ? [] : [reader.schema]) }
  },
  read: (node, notes) => {
    const reader: Reader<A | B | C> | undefined = node._tag === "Scalar"
      ? options.scalar
      : node._tag === "Map"
      ? options.map
      : options.list
    return reader === undefined ? wrongType(node, options.expected, notes) : reader.read(node, notes)
  }
})

/** Changes what a reader answers. */
export const map = <A, B>(
  reader: Reader<A>,
  change: (value: A, node: Node.Node, notes: Notes) => B | undefined
): Reader<B> => ({
  get schema() {
    return reader.schema
  },
  read: (node, notes) => {
    const value = reader.read(node, notes)
    return value === undefined ? undefined : change(value, node, notes)
  }
})

/** The same reader with a `${...}` template allowed in the editor's schema. */
export const withTemplate = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, template] })

const objectSchema = (table: Fields): JsonSchema => ({
  type: "object",
  properties: Object.fromEntries(
    Object.entries(table).map(([key, field]) => [key, { ...field.reader.schema, description: field.description }])
  ),
  required: Object.entries(table).filter(([, field]) => field.required).map(([key]) => key),
  additionalProperties: false
})

const shown = (node: Node.Node): string =>
  node._tag === "Scalar" && node.value !== null ? JSON.stringify(String(node.value)) : Node.describe(node)

const lowerFirst = (sentence: string): string => sentence.slice(0, 1).toLowerCase() + sentence.slice(1)
