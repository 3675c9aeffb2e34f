/**
 * Readers for Robogo's files. That tool dropped unknown keys and learnt of most mistakes while it ran, and its files must
 * run: what would be an error in skein's own spelling is a warning here, as long as there is something to run.
 */
import { Duration } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as Node from "../read/Node.ts"
import * as Reader from "../read/Reader.ts"

/** The same reader; what it notes is a warning, and what it cannot read is left out. */
export const soft = <A>(reader: Reader.Reader<A>): Reader.Reader<A> => ({
  get schema() {
    return reader.schema
  },
  read: (node, notes) => {
    const own: Reader.Notes = { problems: [] }
    const value = reader.read(node, own)
    for (const problem of own.problems) notes.problems.push({ ...problem, severity: "warning" })
    return value
  }
})

const switches: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false]
])

/** True or false, also as YAML 1.1 wrote it. */
export const flag: Reader.Reader<boolean> = soft({
  schema: { type: "boolean" },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? switches.get(String(node.value).toLowerCase()) : undefined
    return value ?? Reader.flag.read(node, notes)
  }
})

/** A whole number; text that is one is taken. */
export const int = (minimum: number): Reader.Reader<number> => {
  const strict = Reader.int(minimum)
  return soft({
    schema: strict.schema,
    read: (node, notes) =>
      node._tag === "Scalar" && typeof node.value === "string" && /^\s*-?\d+\s*$/.test(node.value)
        ? strict.read({ ...node, value: Number(node.value) }, notes)
        : strict.read(node, notes)
  })
}

export const words: Reader.Reader<ReadonlyArray<string>> = soft(Reader.oneOrMany(Reader.name))

/** A duration as that tool took it: a bad one is `fallback`, with a warning. Numbers are seconds. */
export const duration = (fallback: Duration.Duration): Reader.Reader<Duration.Duration> => ({
  schema: { type: ["string", "number"] },
  read: (node, notes) => {
    const value = node._tag === "Scalar" ? node.value : undefined
    if (typeof value === "number" && value >= 0) return Duration.seconds(value)
    const parsed = typeof value === "string" ? DurationText.parse(value) : undefined
    if (parsed !== undefined && Duration.toMillis(parsed) >= 0) return parsed
    Reader.warn(
      notes,
      "bad-duration",
      `this is no duration; ${DurationText.format(fallback)} is used`,
      node.span,
      "write it as 500ms or 2s"
    )
    return fallback
  }
})

/** A condition: text. `true`, `1` and the like stand for the text that they are. */
export const condition: Reader.Reader<Node.Node> = {
  schema: { type: "string" },
  read: (node, notes) =>
    node._tag === "Scalar"
      ? typeof node.value === "string" ? node : { ...node, value: String(node.value), textStart: undefined }
      : Reader.note(notes, "wrong-type", `expected a condition, found ${Node.describe(node)}`, node.span)
}

/**
 * Like `Reader.fields`, but unknown keys are warnings, and a key without a value is as good as none. Keys of `foreign`
 * belong to skein's own spelling: they are errors, since nothing would come of them.
 */
export const fields = <const F extends { readonly [key: string]: Reader.Field<unknown> }>(
  what: string,
  table: F,
  foreign: ReadonlyArray<string> = []
): Reader.Reader<Reader.Read<F>> => ({
  get schema() {
    return Reader.fields(what, table).schema
  },
  read: (node, notes) => {
    if (node._tag !== "Map") return Reader.fields(what, table).read(node, notes)
    const known = node.entries.filter((entry) => Object.hasOwn(table, entry.key) && !isNothing(entry.value))
    for (const entry of node.entries) {
      if (Object.hasOwn(table, entry.key)) continue
      if (foreign.includes(entry.key)) mixed(entry, notes)
      else {
        const message = `${what} has no key ${JSON.stringify(entry.key)}: it is left out`
        Reader.warn(notes, "unknown-key", message, entry.keySpan)
      }
    }
    const read = Reader.readKnown(what, table, { ...node, entries: known }, known, notes)
    return { ...read, span: node.span, node } as unknown as Reader.Read<F>
  }
})

const isNothing = (node: Node.Node): boolean => node._tag === "Scalar" && node.value === null

const mixed = (entry: Node.Entry, notes: Reader.Notes): void =>
  void Reader.note(
    notes,
    "mixed-spelling",
    `${entry.key} belongs to skein's own spelling, and this is a Robogo file`,
    entry.keySpan,
    "write the whole file in one spelling: name: instead of testcase:, or variables: instead of vars:"
  )

/** Puts maps that are merged by `<<` in their place, as the YAML library of that tool does. A map's own keys come first. */
export const merged = (node: Node.Node): Node.Node => {
  switch (node._tag) {
    case "Scalar":
      return node
    case "List":
      return { ...node, items: node.items.map(merged) }
    case "Map": {
      const own = node.entries.filter((entry) => entry.key !== "<<").map((entry) => ({
        ...entry,
        value: merged(entry.value)
      }))
      const taken = new Set(own.map((entry) => entry.key))
      const others = node.entries.flatMap((entry) => entry.key === "<<" ? mapsOf(merged(entry.value)) : [])
      const added = others.flatMap((map) => map.entries).filter((entry) => {
        const isNew = !taken.has(entry.key)
        taken.add(entry.key)
        return isNew
      })
      return { ...node, entries: [...own, ...added] }
    }
  }
}

const mapsOf = (node: Node.Node): ReadonlyArray<Node.MapNode> =>
  node._tag === "Map" ? [node] : node._tag === "List" ? node.items.flatMap(mapsOf) : []
