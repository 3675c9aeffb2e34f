/** How things are named on the command line, `{site}.{env}`, and what such a text is taken apart into. Pure. */

export interface Pattern {
  readonly text: string
  readonly names: ReadonlyArray<string>
  readonly parts: ReadonlyArray<string | { readonly name: string }>
  readonly matches: RegExp
}

/** Reads a pattern; a text says what is wrong with it. */
export const pattern = (text: string): Pattern | string => {
  const parts = text.split(/(\{\w+\})/).filter((part) => part !== "").map((part) =>
    /^\{\w+\}$/.test(part) ? { name: part.slice(1, -1) } : part
  )
  const names = parts.flatMap((part) => typeof part === "string" ? [] : [part.name])
  if (names.length === 0) return `expected a pattern such as {site}.{env}, found ${JSON.stringify(text)}`
  if (new Set(names).size < names.length) return `${text} has a name twice`
  if (parts.some((part, at) => typeof part !== "string" && typeof parts[at + 1] === "object")) {
    return `${text} needs something between its parts, such as a dot`
  }
  return { text, names, parts, matches: new RegExp(`^${parts.map(source).join("")}$`) }
}

/** A part ends where the text after it begins; the last one is the rest. */
const source = (part: Pattern["parts"][number], at: number, all: Pattern["parts"]): string => {
  if (typeof part === "string") return escape(part)
  const after = all[at + 1]
  return typeof after === "string" ? `([^\\s${escape(after.slice(0, 1))}]+)` : "(\\S+)"
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** Takes a text apart; `undefined` when it is not written like that. */
export const read = ({ matches, names }: Pattern, text: string): Readonly<Record<string, string>> | undefined => {
  const found = matches.exec(text)
  return found === null ? undefined : Object.fromEntries(names.map((name, at) => [name, found[at + 1]!]))
}

/** Puts a text together. */
export const write = ({ parts }: Pattern, values: Readonly<Record<string, string>>): string =>
  parts.map((part) => typeof part === "string" ? part : values[part.name] ?? "").join("")

/** The pattern of what stands before the last part: the parent in `{site}/{id}`; `undefined` when there is nothing. */
export const before = ({ parts }: Pattern): Pattern | undefined => {
  const last = parts.findLastIndex((part) => typeof part !== "string")
  const text = parts.slice(0, Math.max(0, last - 1)).map((part) => typeof part === "string" ? part : `{${part.name}}`)
  const made = pattern(text.join(""))
  return typeof made === "string" ? undefined : made
}
