/**
 * The words of SQL text, as Postgres cuts them: enough to know what is quoted, what is a comment and where a statement ends.
 * No grammar.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
import type { Value } from "../../core/Value.ts"

/**
 * - `space`, `comment`: nothing to the server
 * - `text` a quoted literal, prefix included (`'a'`, `E'a'`, `U&'a'`, `B'1'`); `dollar` one in dollar quotes
 * - `name` an identifier in double quotes; `word` one without, or a keyword
 * - `number`, `parameter` (`$1`), `symbol` an operator or a punctuation mark, one character each except `::`
 */
export interface Token {
  readonly kind: "space" | "comment" | "text" | "dollar" | "name" | "word" | "number" | "parameter" | "symbol"
  readonly text: string
  readonly start: number
  /** False when the quote or comment never ends. */
  readonly closed: boolean
}

/** Cuts a text; the tokens together are the text. */
export const tokens = (sql: string): ReadonlyArray<Token> => {
  const found: Array<Token> = []
  for (let at = 0; at < sql.length;) {
    const { closed = true, end, kind } = tokenAt(sql, at)
    found.push({ kind, text: sql.slice(at, end), start: at, closed })
    at = end
  }
  return found
}

/** True for tokens that the server reads. */
export const isSignificant = ({ kind }: Token): boolean => kind !== "space" && kind !== "comment"

/** A statement with the values of its own `$1`, `$2`, ... */
export interface Statement {
  readonly text: string
  readonly params: ReadonlyArray<Value>
}

/** The statements of a text, in order; each gets those of the parameters that it names. Empty ones are left out. */
export const statements = (sql: string, params: ReadonlyArray<Value> = []): ReadonlyArray<Statement> => {
  const groups: Array<Array<Token>> = [[]]
  let blocks = 0
  let last = ""
  for (const token of tokens(sql)) {
    const word = token.kind === "word" ? token.text.toLowerCase() : ""
    // The body of a function in standard SQL has statements of its own.
    if (word === "atomic" && last === "begin" || blocks > 0 && word === "case") blocks++
    else if (blocks > 0 && word === "end") blocks--
    if (isSignificant(token)) last = word
    if (token.kind === "symbol" && token.text === ";" && blocks === 0) groups.push([])
    else groups.at(-1)!.push(token)
  }
  const filled = groups.filter((group) => group.some(isSignificant))
  return filled.length === 1 ? [{ text: textOf(filled[0]!), params }] : filled.map((group) => renumbered(group, params))
}

/** The first word of a statement, in lower case: `select`, `insert`, `create`, ...; empty when there is none. */
export const verb = (sql: string): string => {
  const first = tokens(sql).find((token) => isSignificant(token) && token.text !== "(")
  return first?.kind === "word" ? first.text.toLowerCase() : ""
}

/** True when a statement only looks: the first word says so, and no word in it would change anything. */
export const isRead = (sql: string): boolean => {
  const first = verb(sql)
  if (!["select", "show", "explain", "values", "table", "with"].includes(first)) return false
  const writes = new Set(["insert", "update", "delete", "merge", "into", "analyze", "nextval", "setval", "pg_notify"])
  return !tokens(sql).some(({ kind, text }) => kind === "word" && writes.has(text.toLowerCase()))
}

/** The largest `n` of `$n` outside quotes; 0 when there is none. */
export const highestParameter = (sql: string): number =>
  tokens(sql).reduce((most, { kind, text }) => kind === "parameter" ? Math.max(most, Number(text.slice(1))) : most, 0)

const textOf = (group: ReadonlyArray<Token>): string => group.map(({ text }) => text).join("").trim()

const renumbered = (group: ReadonlyArray<Token>, params: ReadonlyArray<Value>): Statement => {
  const own: Array<number> = []
  const text = group.map((token) => {
    if (token.kind !== "parameter") return token.text
    const number = Number(token.text.slice(1))
    if (!own.includes(number)) own.push(number)
    return `$${own.indexOf(number) + 1}`
  }).join("").trim()
  return { text, params: own.flatMap((number) => number <= params.length ? [params[number - 1]!] : []) }
}

interface Cut {
  readonly kind: Token["kind"]
  readonly end: number
  readonly closed?: boolean
}

const space = /\s+/y
const lineComment = /--[^\n]*/y
const textStart = /(?:[eEnNbBxX]|[uU]&)?'/y
const nameStart = /(?:[uU]&)?"/y
const dollarStart = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const parameter = /\$\d+/y
const number = /(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
// NUL stands for a hole of a template; it can be part of a word, and of nothing else without quotes.
const word = /[A-Za-z_\u0000\u0080-\uffff][\w$\u0000\u0080-\uffff]*/y
const cast = /::/y

const tokenAt = (sql: string, at: number): Cut => {
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(sql)?.[0]
  }
  const plain = (kind: Token["kind"], pattern: RegExp): Cut | undefined => {
    const text = match(pattern)
    return text === undefined ? undefined : { kind, end: at + text.length }
  }
  const dollar = match(dollarStart)
  const name = match(nameStart)
  const text = match(textStart)
  return plain("space", space) ??
    plain("comment", lineComment) ??
    (sql.startsWith("/*", at) ? blockComment(sql, at) : undefined) ??
    (text === undefined ? undefined : quoted("text", sql, at + text.length, "'", /^e/i.test(text))) ??
    (name === undefined ? undefined : quoted("name", sql, at + name.length, "\"", false)) ??
    (dollar === undefined ? undefined : until(sql, at + dollar.length, dollar)) ??
    plain("parameter", parameter) ??
    plain("number", number) ??
    plain("word", word) ??
    plain("symbol", cast) ??
    { kind: "symbol", end: at + 1 }
}

/** Two quotes are one of the text; after a backslash, anything is where `escapes`. */
const quoted = (kind: "text" | "name", sql: string, from: number, quote: string, escapes: boolean): Cut => {
  for (let at = from; at < sql.length; at++) {
    if (escapes && sql[at] === "\\") at++
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return { kind, end: at + 1 }
      at++
    }
  }
  return { kind, end: sql.length, closed: false }
}

const until = (sql: string, from: number, tag: string): Cut => {
  const end = sql.indexOf(tag, from)
  return end === -1 ? { kind: "dollar", end: sql.length, closed: false } : { kind: "dollar", end: end + tag.length }
}

/** Comments may hold comments. */
const blockComment = (sql: string, from: number): Cut => {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith("/*", at)) depth++
    else if (sql.startsWith("*/", at)) depth--
    else continue
    at++
    if (depth === 0) return { kind: "comment", end: at + 1 }
  }
  return { kind: "comment", end: sql.length, closed: false }
}
