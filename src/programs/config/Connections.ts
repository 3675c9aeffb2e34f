/** Reads `connections:` of `skein.yaml`: servers by name, each a URL or `{ url, options }`. */
import type { Value, ValueRecord } from "../../core/Value.ts"
import * as Node from "../../scenario/read/Node.ts"
import * as Reader from "../../scenario/read/Reader.ts"
import * as FileSettings from "./FileSettings.ts"
import * as Table from "./Table.ts"

/** The family of settings that a URL belongs to, by its scheme. One that is embedded may be of any. */
const families = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mongodb:": "mongo",
  "mongodb+srv:": "mongo",
  "amqp:": "amqp",
  "amqps:": "amqp",
  "redis:": "cache",
  "rediss:": "cache"
} as const

export type Family = (typeof families)[keyof typeof families]

/** All of them, each once. */
export const familyNames: ReadonlyArray<Family> = [...new Set(Object.values(families))]

/** The family of a URL; `undefined` for one that is embedded or of no server that skein knows. */
export const familyOf = (url: string): Family | undefined =>
  families[/^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase() as keyof typeof families]

const connection = Reader.fields("a connection", {
  url: Reader.required(Reader.name, "A URL such as amqp://user:password@host/vhost"),
  options: Reader.optional(Reader.any, "Settings of its family, such as max_connections")
})

/**
 * Returns `{ url, options }` by name. `${env.NAME}` is filled in; `${secrets.NAME}` stays in the URL, to be filled in once secrets are
 * fetched.
 */
export const read = (
  node: Node.Node | undefined,
  environment: Readonly<Record<string, string>>,
  secrets: ReadonlyArray<string>,
  notes: Reader.Notes
): ValueRecord => {
  if (node === undefined || FileSettings.isNothing(node)) return {}
  const themselves = Object.fromEntries(secrets.map((name) => [name, `\${secrets.${name}}`]))
  return Object.fromEntries((Reader.named(Reader.any).read(node, notes) ?? []).flatMap(({ name, nameSpan, value }) => {
    if (name.includes(":")) {
      Reader.note(notes, "bad-name", "the name of a connection has no colon: with one it would be a URL", nameSpan)
      return []
    }
    const filled = FileSettings.expand(value, environment, notes, { secrets: themselves })
    const one = filled === undefined ? undefined : readOne(filled, notes)
    return one === undefined ? [] : [[name, one]]
  }))
}

const readOne = (node: Node.Node, notes: Reader.Notes): Value | undefined => {
  const { options, url } = (node._tag === "Map"
    ? connection.read(node, notes)
    : { url: Reader.name.read(node, notes), options: undefined }) ?? {}
  if (url === undefined) return undefined
  const isAny = /^embedded:/i.test(url) || url.startsWith("${secrets.")
  const family = familyOf(url)
  if (family === undefined && !isAny) {
    // It may be a secret in the wrong place: not repeated.
    const known = [...Object.keys(families), "embedded:"].join(", ")
    return Reader.note(
      notes,
      "bad-url",
      "this is no URL of a server that skein knows",
      node.span,
      `URLs begin with ${known}`
    )
  }
  const of = family === undefined ? familyNames : [family]
  return { url, options: options === undefined ? {} : readOptions(options, of, notes) }
}

/** The options of a connection are the settings of its family, apart from the URL, and are read as those are. */
const readOptions = (node: Node.Node, of: ReadonlyArray<string>, notes: Reader.Notes): ValueRecord => {
  if (node._tag !== "Map") {
    Reader.note(notes, "wrong-type", `expected options (a map), found ${Node.describe(node)}`, node.span)
    return {}
  }
  const known = new Map(Table.keys.flatMap((key) => {
    const [family = "", name = ""] = key.split(".")
    return of.includes(family) && name !== "url" ? [[name, key]] : []
  }))
  return Object.fromEntries(node.entries.flatMap((entry) => {
    const key = known.get(entry.key)
    if (key === undefined) {
      Reader.unknownKey(`${of.join(", ")} connections`, entry, [...known.keys()], notes)
      return []
    }
    const { kind } = Table.of(key)
    const value = kind.reader.read(entry.value, notes)
    return value === undefined ? [] : [[entry.key, kind.toValue(value)]]
  }))
}
