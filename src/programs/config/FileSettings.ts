/** Reads `skein.yaml` by the table of settings: every unknown key and wrong value is noted, with its place. */
import { Result } from "effect"
import type { SourceText, Span } from "../../core/SourceText.ts"
import { field, type ValueRecord } from "../../core/Value.ts"
import * as Code from "../../scenario/compile/Code.ts"
import * as Node from "../../scenario/read/Node.ts"
import * as Reader from "../../scenario/read/Reader.ts"
import * as Yaml from "../../scenario/read/Yaml.ts"
import * as SecretReference from "../../services/SecretReference.ts"
import * as Table from "./Table.ts"

export interface FileSettings {
  readonly values: ReadonlyMap<Table.Key, { readonly value: unknown; readonly span: Span }>
  readonly sections: { readonly [S in Table.Section]?: Node.Node }
}

/** Reads the whole file. Texts may hold templates with `env`: `${env.PROXY ?? 'none'}`. */
export const read = (
  source: SourceText,
  environment: Readonly<Record<string, string>>,
  notes: Reader.Notes
): FileSettings => {
  const parsed = Yaml.parse(source)
  notes.problems.push(...parsed.problems)
  const values = new Map<Table.Key, { readonly value: unknown; readonly span: Span }>()
  const sections: { [S in Table.Section]?: Node.Node } = {}
  const { root } = parsed
  if (root === undefined) return { values, sections }
  if (root._tag !== "Map") {
    Reader.note(notes, "wrong-type", `expected the settings (a map), found ${Node.describe(root)}`, root.span)
    return { values, sections }
  }
  const walk = (map: Node.MapNode, prefix: string): void => {
    for (const entry of map.entries) {
      const path = prefix + entry.key
      if (isKey(path)) {
        const node = expand(entry.value, environment, notes)
        const value = node === undefined ? undefined : Table.of(path).kind.reader.read(node, notes)
        if (value !== undefined) values.set(path, { value, span: entry.value.span })
      } else if (prefix === "" && isSection(entry.key)) {
        sections[entry.key] = entry.value
      } else {
        readGroup(entry, path)
      }
    }
  }
  const readGroup = (entry: Node.Entry, path: string): void => {
    const enabled: string = `${path}.enabled`
    if (!Table.keys.some((key) => key.startsWith(`${path}.`))) {
      Reader.unknownKey(whatOf(path), entry, knownAt(path), notes)
    } else if (entry.value._tag === "Map") {
      walk(entry.value, `${path}.`)
    } else if (entry.value._tag === "Scalar" && typeof entry.value.value === "boolean" && isKey(enabled)) {
      // `history: false` and `parallel: true` are short for `enabled`.
      values.set(enabled, { value: entry.value.value, span: entry.value.span })
    } else if (entry.value._tag !== "Scalar" || entry.value.value !== null) {
      const hint = `known keys: ${knownAt(`${path}.x`).join(", ")}`
      Reader.note(
        notes,
        "wrong-type",
        `expected the settings of ${path} (a map), found ${Node.describe(entry.value)}`,
        entry.value.span,
        hint
      )
    }
  }
  walk(root, "")
  return { values, sections }
}

/** Values of a section with its templates filled in; `undefined` for what has no value, which is noted. */
export const readValues = (
  node: Node.Node | undefined,
  environment: Readonly<Record<string, string>>,
  notes: Reader.Notes
): ValueRecord => {
  if (node === undefined || isNothing(node)) return {}
  if (node._tag !== "Map") {
    Reader.note(notes, "wrong-type", `expected names with values (a map), found ${Node.describe(node)}`, node.span)
    return {}
  }
  return Object.fromEntries(node.entries.flatMap((entry) => {
    const value = expand(entry.value, environment, notes)
    return value === undefined ? [] : [[entry.key, Node.toValue(value)]]
  }))
}

/** Secrets of a section, checked but not fetched. Relative paths are made to start at `directory`. */
export const readSecrets = (node: Node.Node | undefined, directory: string, notes: Reader.Notes): ValueRecord => {
  if (node === undefined || isNothing(node)) return {}
  if (node._tag !== "Map") {
    Reader.note(notes, "wrong-type", `expected secrets by name (a map), found ${Node.describe(node)}`, node.span)
    return {}
  }
  return Object.fromEntries(node.entries.flatMap((entry) => {
    const read = SecretReference.read(Node.toValue(entry.value))
    if (Result.isSuccess(read)) {
      return [[entry.key, read.success.map((reference) => SecretReference.from(reference, directory))]]
    }
    const { hint, message } = read.failure
    Reader.note(notes, "bad-secret", `secret ${JSON.stringify(entry.key)}: ${message}`, entry.value.span, hint)
    return []
  }))
}

/** The entries of `environments` by name. */
export const readEnvironments = (
  node: Node.Node | undefined,
  notes: Reader.Notes
): ReadonlyMap<string, { readonly [S in Exclude<Table.Section, "environments" | "load">]?: Node.Node }> => {
  const any = Reader.optional(Reader.any, "")
  const environment = Reader.fields("an environment", {
    vars: any,
    base_urls: any,
    secrets: any,
    connections: any
  })
  if (node === undefined || isNothing(node)) return new Map()
  return new Map(
    (Reader.named(environment).read(node, notes) ?? []).map((
      { name, value: { base_urls, connections, secrets, vars } }
    ) => [
      name,
      {
        ...(vars && { vars }),
        ...(base_urls && { base_urls }),
        ...(secrets && { secrets }),
        ...(connections && { connections })
      }
    ])
  )
}

export const isNothing = (node: Node.Node): boolean => node._tag === "Scalar" && node.value === null
const isKey = (path: string): path is Table.Key => Object.hasOwn(Table.table, path)
const isSection = (key: string): key is Table.Section => Object.hasOwn(Table.sections, key)

const whatOf = (path: string): string => {
  const at = path.lastIndexOf(".")
  return at === -1 ? "the configuration" : path.slice(0, at)
}

/** The keys that may stand where `path` stands. */
const knownAt = (path: string): ReadonlyArray<string> => {
  const prefix = path.slice(0, path.lastIndexOf(".") + 1)
  const own = Table.keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length).split(".")[0]!)
  return [...new Set([...own, ...(prefix === "" ? Object.keys(Table.sections) : [])])]
}

/** Fills in the templates of a node, which may read `env` and `more`; `undefined` when one has no value, which is noted. */
export const expand = (
  node: Node.Node,
  environment: Readonly<Record<string, string>>,
  notes: Reader.Notes,
  more: ValueRecord = {}
): Node.Node | undefined => {
  if (node._tag === "Scalar") return expandScalar(node, { env: environment, ...more }, notes)
  if (node._tag === "List") {
    const items = node.items.map((item) => expand(item, environment, notes, more))
    return items.every((item) => item !== undefined) ? { ...node, items } : undefined
  }
  const entries = node.entries.flatMap((entry) => {
    const value = expand(entry.value, environment, notes, more)
    return value === undefined ? [] : [{ ...entry, value }]
  })
  return entries.length === node.entries.length ? { ...node, entries } : undefined
}

const expandScalar = (
  node: Node.ScalarNode,
  values: ValueRecord,
  notes: Reader.Notes
): Node.Node | undefined => {
  if (typeof node.value !== "string" || !node.value.includes("$")) return node
  const before = notes.problems.length
  const code = Code.template(node, "native", notes.problems)
  if (notes.problems.length > before) return undefined
  // A setting that changes with the clock would make runs differ for no visible reason.
  const refuse = (): never => {
    throw new Code.CodeFailure(
      "not-here",
      "the time and random values cannot be used in settings",
      undefined,
      node.span
    )
  }
  const names: Code.Names = { get: (name) => field(values, name), list: () => Object.keys(values) }
  try {
    return Node.fromValue(code.run(names, { now: refuse, random: refuse }), node.span)
  } catch (error) {
    if (!(error instanceof Code.CodeFailure)) throw error
    return Reader.note(notes, error.code, error.message, error.span, error.hint)
  }
}
