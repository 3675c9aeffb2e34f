/**
 * XML as values and back. A document may come from anywhere: a DOCTYPE is refused, and with it every entity of its own
 * and every external file; depth and size are bounded, and time is linear in the text.
 */
import { Result } from "effect"
import { SaxesParser, type SaxesTagPlain } from "saxes"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"

export interface XmlProblem {
  readonly message: string
}

/** Longest text that is read, in UTF-16 units. */
export const maxLength = 20_000_000
/** Deepest nesting that is read or written. */
export const maxDepth = 1_000

/** What a reader of a document hears, in its order. Names are as written, attributes of one element are distinct. */
export interface Listener {
  readonly open: (name: string, attributes: ReadonlyMap<string, string>) => void
  readonly close: () => void
  readonly text: (text: string) => void
  readonly comment: (text: string) => void
}

/** Reads a document from its start to its end. Fails on bad syntax with `line:column`, on a DOCTYPE, and over the bounds. */
export const read = (text: string, listener: Listener): Result.Result<void, XmlProblem> => {
  if (text.length > maxLength) return Result.fail({ message: `it is longer than ${maxLength} characters` })
  const parser = new SaxesParser({ xmlns: false })
  let depth = 0
  parser.on("error", (error) => {
    throw new Refused(error.message)
  })
  parser.on("doctype", () => {
    throw new Refused("it has a DOCTYPE, which is refused: entities can read files and grow without bounds")
  })
  parser.on("opentag", (tag: SaxesTagPlain) => {
    if (++depth > maxDepth) throw new Refused(`it is nested deeper than ${maxDepth} levels`)
    listener.open(tag.name, new Map(Object.entries(tag.attributes)))
  })
  parser.on("closetag", () => {
    depth--
    listener.close()
  })
  parser.on("text", (part) => depth > 0 ? listener.text(part) : undefined)
  parser.on("cdata", listener.text)
  parser.on("comment", (part) => depth > 0 ? listener.comment(part) : undefined)
  try {
    parser.write(text).close()
    return Result.succeed(undefined)
  } catch (error) {
    if (error instanceof Refused) return Result.fail({ message: error.message })
    throw error
  }
}

/**
 * Reads a document into `{ root: { "@attributes", "#text", "#comments", child, ... } }`. A child that occurs several times
 * is a list; text is trimmed, and the pieces of mixed text are joined. `localNames` drops the prefixes of names.
 */
export const parse = (
  text: string,
  options: { /** @default false */ readonly localNames?: boolean | undefined } = {}
): Result.Result<ValueRecord, XmlProblem> => {
  const nameOf = options.localNames === true
    ? (name: string) => name.slice(name.indexOf(":") + 1)
    : (name: string) => name
  const document = emptyRecord()
  const open: Array<{ [key: string]: Value }> = [document]
  const result = read(text, {
    open: (name, attributes) => {
      const element = emptyRecord()
      if (attributes.size > 0) {
        const fields = emptyRecord()
        for (const [key, value] of attributes) fields[nameOf(key)] = value
        element["@attributes"] = fields
      }
      append(open.at(-1)!, nameOf(name), element)
      open.push(element)
    },
    close: () => open.pop(),
    text: (part) => {
      const trimmed = part.trim()
      const element = open.at(-1)!
      if (trimmed !== "") element["#text"] = `${(element["#text"] as string | undefined) ?? ""}${trimmed}`
    },
    comment: (part) => {
      const trimmed = part.trim()
      if (trimmed !== "") append(open.at(-1)!, "#comments", trimmed)
    }
  })
  return Result.map(result, () => document)
}

export interface BuildOptions {
  readonly root: string
  readonly declaration: boolean
}

/**
 * Writes a value as a document with the element `root`, two spaces a level, keys in their order: `@attributes` become
 * attributes, `#text` (or `text`) text, `#comments` comments, a list one element per item. Everything is escaped.
 *
 * Fails on a key that is no XML name, on characters that XML cannot hold, and on a list or a text where only one element
 * may stand.
 */
export const build = (value: Value, options: BuildOptions): Result.Result<string, XmlProblem> => {
  if (isArray(value)) return Result.fail({ message: "a document has one root element, and a list would make several" })
  try {
    const head = options.declaration ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : ""
    return Result.succeed(head + element(options.root, value, 0))
  } catch (error) {
    if (error instanceof Refused) return Result.fail({ message: error.message })
    throw error
  }
}

class Refused extends Error {}

const append = (record: { [key: string]: Value }, key: string, value: Value): void => {
  const present = Object.hasOwn(record, key) ? record[key] : undefined
  if (present === undefined) record[key] = value
  // The lists are our own: growing them in place keeps long documents linear.
  else if (isArray(present)) (present as Array<Value>).push(value)
  else record[key] = [present, value]
}

const element = (name: string, value: Value, depth: number): string => {
  if (depth > maxDepth) throw new Refused(`the value is nested deeper than ${maxDepth} levels`)
  if (!xmlName.test(name)) throw new Refused(`${JSON.stringify(name)} is no name of an element`)
  const indent = "  ".repeat(depth)
  if (isArray(value)) return value.map((item) => element(name, item, depth)).join("")
  if (!isRecord(value)) {
    const text = plain(value)
    return text === "" ? `${indent}<${name}/>\n` : `${indent}<${name}>${escapeText(text)}</${name}>\n`
  }

  const tag = `${indent}<${name}${attributesOf(value)}`
  const text = textOf(value)
  const children = childrenOf(value, depth + 1)
  if (children !== "") {
    const line = text === "" ? "" : `${indent}  ${escapeText(text)}\n`
    return `${tag}>\n${line}${children}${indent}</${name}>\n`
  }
  return text === "" ? `${tag}/>\n` : `${tag}>${escapeText(text)}</${name}>\n`
}

const special = new Set(["@attributes", "#text", "text", "#comments"])

const attributesOf = (value: ValueRecord): string => {
  const attributes = value["@attributes"]
  if (attributes === undefined || attributes === null) return ""
  if (!isRecord(attributes)) throw new Refused("@attributes is no object")
  return Object.entries(attributes).map(([name, field]) => {
    if (!xmlName.test(name)) throw new Refused(`${JSON.stringify(name)} is no name of an attribute`)
    return ` ${name}="${escapeAttribute(plain(field))}"`
  }).join("")
}

const textOf = (value: ValueRecord): string => {
  const text = value["#text"] ?? value["text"]
  return text === undefined ? "" : isRecord(text) || isArray(text) ? refuseText() : plain(text)
}

const refuseText = (): never => {
  throw new Refused("#text is no text")
}

const childrenOf = (value: ValueRecord, depth: number): string => {
  const comments = value["#comments"] ?? []
  const lines = (isArray(comments) ? comments : [comments]).map((comment) => {
    const text = plain(comment)
    if (/--|-$/.test(text)) throw new Refused("a comment cannot have -- in it")
    return `${"  ".repeat(depth)}<!-- ${checked(text)} -->\n`
  })
  const elements = Object.entries(value).map(([name, child]) => special.has(name) ? "" : element(name, child, depth))
  return [...lines, ...elements].join("")
}

const plain = (value: Value): string =>
  value === null
    ? ""
    : value instanceof Uint8Array || isArray(value) || isRecord(value)
    ? JSON.stringify(value)
    : String(value)

// Names of XML 1.0, without the rarest ranges.
const xmlName = /^[A-Za-z_\u00C0-\uD7FF\uF900-\uFDCF][\w.\-\u00B7\u00C0-\uD7FF\uF900-\uFDCF]*(:[A-Za-z_][\w.-]*)?$/

const escapeText = (text: string): string =>
  checked(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const escapeAttribute = (text: string): string =>
  escapeText(text).replaceAll("\"", "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;")

const checked = (text: string): string => {
  const bad = forbidden.exec(text)
  if (bad === null) return text
  const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")
  throw new Refused(`the character U+${code} cannot stand in XML`)
}

// What XML 1.0 cannot hold in any form, half of a surrogate pair included.
const forbidden = new RegExp(
  "[\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\uFFFE\\uFFFF]" +
    "|[\\uD800-\\uDBFF](?![\\uDC00-\\uDFFF])|(?<![\\uD800-\\uDBFF])[\\uDC00-\\uDFFF]"
)
