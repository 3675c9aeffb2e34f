/**
 * Reads YAML into located nodes. Bounded: size, depth, and what aliases may expand to. Keys such as `__proto__` and `<<`
 * are data. Numbers are exact or a problem: never silently rounded.
 */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap
} from "yaml"
import type { Problem, SourceText, Span } from "../../core/SourceText.ts"
import type { Entry, Node, Scalar as ScalarValue } from "./Node.ts"

/** The largest file that is read, in UTF-16 units. */
export const maxLength = 10_000_000
const maxDepth = 200
const maxAliasedNodes = 10_000

export interface Parsed {
  /** `undefined` when the text is empty or too broken to be read. */
  readonly root: Node | undefined
  readonly problems: ReadonlyArray<Problem>
}

/** Reads one YAML document. Never throws; every problem found has a place. */
export const parse = (source: SourceText): Parsed => {
  const refusal = refuse(source)
  if (refusal !== undefined) return { root: undefined, problems: [refusal] }
  const reader = new Reader(source)
  return { root: reader.read(), problems: reader.problems }
}

const refuse = (source: SourceText): Problem | undefined => {
  const problem = (code: string, message: string, hint: string, start: number, end: number): Problem => ({
    code,
    message,
    hint,
    severity: "error",
    span: { source, start, end }
  })
  if (source.text.length > maxLength) {
    const size = `${(source.text.length / 1e6).toFixed(1)} MB`
    return problem(
      "file-too-large",
      `the file is ${size} long, more than ${maxLength / 1e6} MB`,
      "put large data into a CSV or JSON Lines file and name it under data:",
      0,
      0
    )
  }
  const nul = source.text.indexOf("\0")
  if (nul !== -1) {
    return problem("binary-file", "this is not a text file", "scenario files are YAML in UTF-8", nul, nul + 1)
  }
  const deep = tooDeep(source.text)
  return deep === undefined
    ? undefined
    : problem("too-deep", `more than ${maxDepth} levels of nesting`, "write it flatter", deep, deep + 1)
}

/** Finds where flow brackets or compact lists nest too deeply for a recursive parser; quotes are ignored, so it only over-counts. */
const tooDeep = (text: string): number | undefined => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 0x5b || char === 0x7b) {
      if (++depth > maxDepth * 5) return at
    } else if (char === 0x5d || char === 0x7d) {
      if (depth > 0) depth--
    } else if (char === 0x0a && depth < maxDepth) {
      depth = 0
      const line = /^[ \t]*(?:[-?] )*/.exec(text.slice(at + 1, at + 1 + maxDepth * 8))
      if (line !== null && line[0].length > maxDepth * 4) return at + 1
    }
  }
  return undefined
}

class Reader {
  readonly problems: Array<Problem> = []
  private readonly source: SourceText
  private aliasedNodes = 0
  private aliasDepth = 0
  /** After the first alias that expands to too much, further ones are left out: one problem says it all. */
  private bombed = false

  constructor(source: SourceText) {
    this.source = source
  }

  read(): Node | undefined {
    try {
      const document = parseDocument(this.source.text, {
        lineCounter: new LineCounter(),
        strict: true,
        uniqueKeys: true,
        prettyErrors: false,
        logLevel: "error",
        keepSourceTokens: false
      })
      for (const error of [...document.errors, ...document.warnings]) {
        // A stack overflow inside the parser arrives as an error that may have no text.
        const text = error.message ?? "Maximum call stack"
        this.problem(yamlCode(error.code, text), yamlMessage(error.code, text), yamlHint(error.code), ...error.pos)
      }
      if (document.contents === null) return undefined
      return this.node(document.contents as YamlNode, document, 0)
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      // The parser is recursive: a nesting that the scan above lets through ends here.
      this.problem("too-deep", "the file is nested too deeply to be read", `at most ${maxDepth} levels`, 0, 1)
      return undefined
    }
  }

  private node(yaml: YamlNode, document: YamlDocument, depth: number): Node {
    const span = this.spanOf(yaml)
    if (depth > maxDepth) {
      this.problem("too-deep", `more than ${maxDepth} levels of nesting`, "write it flatter", span.start, span.end)
      return { _tag: "Scalar", value: null, textStart: undefined, span }
    }
    if (this.aliasDepth > 0 && ++this.aliasedNodes > maxAliasedNodes) throw new AliasBomb()
    if (isAlias(yaml)) return this.alias(yaml, document, depth)
    if (isSeq(yaml)) {
      return { _tag: "List", items: yaml.items.map((item) => this.node(item as YamlNode, document, depth + 1)), span }
    }
    if (isMap(yaml)) return { _tag: "Map", entries: this.entries(yaml, document, depth), span }
    if (isScalar(yaml)) return this.scalar(yaml, span)
    return { _tag: "Scalar", value: null, textStart: undefined, span }
  }

  private entries(map: YAMLMap, document: YamlDocument, depth: number): ReadonlyArray<Entry> {
    const entries: Array<Entry> = []
    for (const pair of map.items) {
      const key = pair.key as YamlNode | null
      const keySpan = key === null ? this.spanOf(map) : this.spanOf(key)
      if (key !== null && !isScalar(key)) {
        this.problem("bad-key", "a key must be text", undefined, keySpan.start, keySpan.end)
        continue
      }
      const value = pair.value === null
        ? { _tag: "Scalar" as const, value: null, textStart: undefined, span: keySpan }
        : this.node(pair.value as YamlNode, document, depth + 1)
      const text = key === null ? "" : typeof key.value === "string" ? key.value : String(key.source ?? key.value)
      entries.push({ key: text, keySpan, value })
    }
    return entries
  }

  private alias(alias: Alias, document: YamlDocument, depth: number): Node {
    const span = this.spanOf(alias)
    const target = alias.resolve(document)
    if (target === undefined) {
      const message = `no anchor &${alias.source} stands before this`
      this.problem("unknown-alias", message, "write &name before the value that *name repeats", span.start, span.end)
    }
    if (target === undefined || this.bombed) return { _tag: "Scalar", value: null, textStart: undefined, span }
    this.aliasDepth++
    try {
      return this.node(target as YamlNode, document, depth + 1)
    } catch (cause) {
      if (!(cause instanceof AliasBomb) || this.aliasDepth > 1) throw cause
      this.problem(
        "alias-bomb",
        `the aliases of this file expand to more than ${maxAliasedNodes} values`,
        "write the values out, or keep them in a data file",
        span.start,
        span.end
      )
      this.bombed = true
      return { _tag: "Scalar", value: null, textStart: undefined, span }
    } finally {
      this.aliasDepth--
    }
  }

  private scalar(yaml: Scalar, span: Span): Node {
    const written = this.source.text.slice(span.start, span.end)
    return {
      _tag: "Scalar",
      value: this.scalarValue(yaml, written, span),
      textStart: textStartOf(yaml, written, span),
      span
    }
  }

  private scalarValue(yaml: Scalar, written: string, span: Span): ScalarValue {
    const value = yaml.value
    if (typeof value !== "number") return value as ScalarValue
    if (Number.isSafeInteger(value)) return value
    if (/^[+-]?\d+$/.test(written)) return BigInt(written)
    if (
      !Number.isFinite(value) ||
      Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER && !/[.eE]/.test(written)
    ) {
      this.problem(
        "inexact-number",
        `${written} is not a number that can be kept exactly`,
        "put it in quotes to keep it as text",
        span.start,
        span.end
      )
    }
    return value
  }

  private spanOf(yaml: YamlNode): Span {
    const [start, end] = yaml.range ?? [0, 0]
    return { source: this.source, start, end }
  }

  private problem(code: string, message: string, hint: string | undefined, start: number, end: number): void {
    this.problems.push({
      code,
      message,
      hint,
      severity: "error",
      span: { source: this.source, start, end: Math.max(start, end) }
    })
  }
}

class AliasBomb extends Error {}

type YamlDocument = ReturnType<typeof parseDocument>
type YamlNode = { readonly range?: readonly [number, number, number] | null | undefined }

const textStartOf = (yaml: Scalar, written: string, span: Span): number | undefined => {
  if (typeof yaml.value !== "string") return undefined
  if (written === yaml.value) return span.start
  return written.slice(1, -1) === yaml.value ? span.start + 1 : undefined
}

/** Mistakes after which the rest of the text still means what it says have codes of their own. */
const yamlCode = (code: string, message: string): string => {
  if (message.startsWith("Maximum call stack")) return "too-deep"
  switch (code) {
    case "DUPLICATE_KEY":
      return "duplicate-key"
    case "TAB_AS_INDENT":
      return "tab"
    case "MULTIPLE_DOCS":
      return "two-documents"
    default:
      return "yaml-syntax"
  }
}

const yamlMessage = (code: string, message: string): string => {
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key stands twice in the same map"
    case "TAB_AS_INDENT":
      return "a tab is used for indentation"
    case "MULTIPLE_DOCS":
      return "the file holds more than one YAML document"
    case "MISSING_CHAR":
      return /quote/.test(message) ? "a quote is not closed" : lowerFirst(message)
    case "BAD_INDENT":
      return /flow/i.test(message) ? "a [ or { is not closed, or what is in it is not indented" : lowerFirst(message)
    case "ALIAS_PROPS":
      return "an alias cannot have a tag or an anchor"
    default:
      if (message.startsWith("Maximum call stack")) return "the file is nested too deeply to be read"
      return lowerFirst(message)
  }
}

const lowerFirst = (message: string): string => message.slice(0, 1).toLowerCase() + message.slice(1)

const yamlHint = (code: string): string | undefined => {
  switch (code) {
    case "DUPLICATE_KEY":
      return "remove or rename one of the two"
    case "TAB_AS_INDENT":
      return "YAML is indented with spaces"
    case "MULTIPLE_DOCS":
      return "one file is one scenario or one suite: remove the `---`"
    case "UNEXPECTED_TOKEN":
    case "BAD_SCALAR_START":
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return "text with `:`, `#`, `{`, `[`, `@`, `` ` `` or `%` in it needs quotes"
    default:
      return undefined
  }
}
