/**
 * SQL text with holes, as Robogo files have it: `select * from ${table} where name = '${name}' and id = ${id}`. Each hole is
 * filled in the way that its place allows, so that a value can never become SQL:
 *
 * - bare, where a value may stand: a parameter `$n`; a list in `in (...)`: one for each item
 * - inside a quoted text: escaped text; inside a quoted name: an escaped name
 * - where only a name may stand (after `from`, before a dot, in `order by`): a name, if the value is a plain one
 * - in statements that take no parameters (`create`, `set`, ...): a literal
 * - in a comment: nothing
 *
 * `SqlTokens` cuts the text; nothing here knows how a hole was written.
 */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { isArray, type Value } from "../../core/Value.ts"
import * as SqlTokens from "./SqlTokens.ts"

/** How a hole is filled. `statement`: the whole text is one hole, and runs as it is. */
export type Placement =
  | "parameter"
  | "list"
  | "text"
  | "literal"
  | "name"
  | "column"
  | "direction"
  | "type"
  | "comment"
  | "statement"

/** Why a hole cannot be filled. `hole` counts from 0. */
export interface SqlProblem {
  readonly hole: number
  readonly message: string
  readonly hint?: string
}

export interface BoundSql {
  readonly text: string
  /** Values of the parameters that were added, numbered after those that the text had. */
  readonly params: ReadonlyArray<Value>
}

export interface SqlTemplate {
  /** How each hole is filled, in order; for `check` to tell. */
  readonly placements: ReadonlyArray<Placement>
  /** Fills the holes, one value each. Fails with the first hole whose value does not fit its place. */
  readonly render: (values: ReadonlyArray<Value>) => Result.Result<BoundSql, SqlProblem>
}

/** What `check` says about a hole, after "is". */
export const explain: Readonly<Record<Placement, string>> = {
  parameter: "bound as a parameter",
  list: "bound as a parameter, or as one for each item of a list",
  text: "escaped inside the quoted text",
  literal: "written as a quoted literal: this statement takes no parameters",
  name: "taken as a name: letters, digits and _ only, or anything in double quotes",
  column: "taken as the name or number of a column",
  direction: "taken as asc or desc",
  type: "taken as the name of a type",
  comment: "left out: it stands in a comment",
  statement: "run as the whole statement, with nothing bound"
}

/** Compiles the parts of a text: strings, and numbers for holes, whose order counts and not their value. */
export const compile = (parts: ReadonlyArray<string | number>): Result.Result<SqlTemplate, SqlProblem> => {
  const sql = parts.map((part) => typeof part === "string" ? part.replaceAll("\0", "") : "\0").join("")
  const cut = SqlTokens.tokens(sql)
  const place = sql.trim() === "\0" ? () => "statement" as const : placing(cut)
  const pieces: Array<string | Piece> = []
  const placements: Array<Placement> = []
  for (const [at, token] of cut.entries()) {
    const holes = token.text.split("\0").length - 1
    if (holes === 0) {
      pieces.push(token.text)
      continue
    }
    const how = place(at)
    if (typeof how !== "string") return Result.fail({ hole: placements.length, ...how })
    pieces.push({ placement: how, token: token.text, hole: placements.length })
    for (let hole = 0; hole < holes; hole++) placements.push(how)
  }
  const highest = SqlTokens.highestParameter(sql)
  return Result.succeed({ placements, render: (values) => fill(pieces, values, highest) })
}

/** A token with holes, each a NUL. */
interface Piece {
  readonly placement: Placement
  readonly token: string
  /** The first hole in the token. */
  readonly hole: number
}

type Refusal = Omit<SqlProblem, "hole">

const fill = (
  pieces: ReadonlyArray<string | Piece>,
  values: ReadonlyArray<Value>,
  highest: number
): Result.Result<BoundSql, SqlProblem> => {
  const params: Array<Value> = []
  const bind = (value: Value): string => `$${highest + params.push(value)}`
  let text = ""
  for (const piece of pieces) {
    if (typeof piece === "string") {
      text += piece
      continue
    }
    const own = piece.token.split("\0").slice(1).map((_, at) => values[piece.hole + at] ?? null)
    const filled = writers[piece.placement](own, piece.token, bind)
    if (typeof filled !== "string") return Result.fail({ hole: piece.hole, ...filled })
    text += filled
  }
  return Result.succeed({ text, params })
}

type Writer = (
  values: ReadonlyArray<Value>,
  token: string,
  bind: (value: Value) => string
) => string | Refusal

const writers: Readonly<Record<Placement, Writer>> = {
  parameter: ([value], _token, bind) => bind(value!),
  list: ([value], _token, bind) => {
    if (!isArray(value)) return bind(value!)
    return value.length === 0 ? "null" : value.map(bind).join(", ")
  },
  text: (values, token) => filledText(values, token),
  literal: ([value]) => literal(value!),
  name: (values, token) => token.startsWith("\"") ? filledName(values, token) : plainName(values, token),
  column: ([value], token) =>
    typeof value === "number" && Number.isInteger(value) ? String(value) : plainName([value!], token),
  direction: ([value]) =>
    /^(?:asc|desc)(?: nulls (?:first|last))?$/i.test(String(value))
      ? String(value)
      : { message: `${shown(value!)} is no direction to sort in`, hint: "give asc or desc" },
  type: ([value]) =>
    /^[a-z_][\w ]*(?:\(\d+(?:, ?\d+)?\))?(?:\[\])*$/i.test(String(value))
      ? String(value)
      : { message: `${shown(value!)} is no name of a type` },
  comment: () => " ",
  statement: ([value]) =>
    typeof value === "string" ? value : { message: "the whole statement is a value, and that is no text" }
}

/** A word with holes: plain words with dots between them, each quoted in lower case, as the server folds them. */
const plainName = (values: ReadonlyArray<Value>, token: string): string | Refusal => {
  const words = values.map((value) => typeof value === "number" || typeof value === "bigint" ? String(value) : value)
  const whole = token.split("\0").reduce((text, part, at) => `${text}${String(words[at - 1])}${part}`)
  const isPlain = words.every((word) => typeof word === "string") &&
    /^[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*(?:\.[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)*$/.test(whole)
  return isPlain
    ? whole.split(".").map((part) => `"${part.toLowerCase()}"`).join(".")
    : {
      message: `${shown(values[0]!)} cannot stand where SQL wants a name`,
      hint: "a name of letters, digits and _ can; any other goes into double quotes in the file: \"${...}\""
    }
}

const filledName = (values: ReadonlyArray<Value>, token: string): string | Refusal => {
  const texts = values.map(textOf)
  const odd = values.findIndex((value, at) => value === null || typeof value === "object" || texts[at]!.includes("\0"))
  if (odd !== -1) return { message: `${shown(values[odd]!)} is no name` }
  return token.split("\0").reduce((text, part, at) => `${text}${texts[at - 1]!.replaceAll("\"", "\"\"")}${part}`)
}

/** A quoted text with holes. A value with a backslash makes it an escape string, which means the same on every server. */
const filledText = (values: ReadonlyArray<Value>, token: string): string | Refusal => {
  const prefix = token.slice(0, token.indexOf("'")).toLowerCase()
  if (values.length === 1 && token === `${token.slice(0, prefix.length)}'\0'` && values[0] === null) return "null"
  const missing = values.find((value) => value === null)
  if (missing !== undefined) return { message: "null cannot be part of a text" }
  const texts = values.map(textOf)
  if (texts.some((text) => text.includes("\0"))) return { message: "a text for Postgres cannot hold a NUL character" }
  if (prefix === "b" || prefix === "x") {
    const digits = prefix === "b" ? /^[01]*$/ : /^[\da-f]*$/i
    if (!texts.every((text) => digits.test(text))) return { message: `${shown(values[0]!)} is no bit string` }
  }
  const escapes = prefix === "e" || prefix === "u&"
  const needed = !escapes && texts.some((text) => text.includes("\\"))
  const inner = (needed ? token.replaceAll("\\", "\\\\") : token).split("\0").reduce((text, part, at) => {
    const value = texts[at - 1]!.replaceAll("'", "''")
    return `${text}${escapes || needed ? value.replaceAll("\\", "\\\\") : value}${part}`
  })
  return needed ? ` E${inner.slice(prefix.length)}` : inner
}

const literal = (value: Value): string | Refusal => {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value)
  if (typeof value === "number" && Number.isFinite(value)) return String(value)
  return filledText([value], "'\0'")
}

const textOf = (value: Value): string =>
  value instanceof Uint8Array
    ? `\\x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`
    : typeof value === "object"
    ? Json.stringify(value)
    : String(value)

const shown = (value: Value): string => {
  const text = Json.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Statements whose values may be parameters; all others are read by the server before it knows any. */
const withParameters = new Set(["select", "insert", "update", "delete", "merge", "with", "values", "table"])

const namesFollow = new Set(
  ("join into update table only as truncate schema view index sequence database column constraint references trigger " +
    "function procedure role user type domain extension policy publication tablespace materialized").split(" ")
)
const typesBeforeText = new Set(["interval", "date", "time", "timestamp", "timestamptz", "timetz"])
const aggregates = new Set(["count", "sum", "min", "max", "avg"])
const clauses = new Set([
  "select",
  "from",
  "where",
  "group",
  "order",
  "having",
  "limit",
  "offset",
  "values",
  "set",
  "into",
  "returning",
  "on"
])

/** Decides the placement of the holes in a token, by the words around it. */
const placing = (cut: ReadonlyArray<SqlTokens.Token>) => {
  const significant = cut.map((token, at) => ({ token, at })).filter(({ token }) => SqlTokens.isSignificant(token))

  return (at: number): Placement | Refusal => {
    const token = cut[at]!
    if (!token.closed) return { message: "the quote or comment around it never ends" }
    if (token.kind === "comment") return "comment"
    if (token.kind === "text") return "text"
    if (token.kind === "name") return "name"
    if (token.kind === "dollar") {
      return {
        message: "no value can be put into a text in dollar quotes",
        hint: "use '...', or give the body without ${...}"
      }
    }
    const place = significant.findIndex((other) => other.at === at)
    const near = (offset: number): string => {
      const other = significant[place + offset]?.token
      if (other === undefined) return ""
      return other.kind === "word" || other.kind === "symbol" ? other.text.toLowerCase() : other.kind
    }
    const glued = cut[at - 1]?.kind === "number" || cut[at - 1]?.kind === "parameter"
    if (glued) return { message: "a value cannot go on with a number", hint: "put the whole number into the variable" }
    if (token.text !== "\0" || near(-1) === "." || near(1) === ".") return "name"

    const around = surroundings(significant.slice(0, place).map(({ token }) => token))
    const before = near(-1)
    if (before === "::") return "type"
    if (["order", "group"].includes(around.clause)) {
      if (["by", ","].includes(before)) return "column"
      if (around.clause === "order") return "direction"
    }
    if (isName(before, near(-2), near(1), around)) return "name"
    if (typesBeforeText.has(before)) return "literal"
    const first = significant.findLast(({ token }, index) => index < place && token.text === ";")
    const start = first === undefined ? 0 : significant.indexOf(first) + 1
    const opening = significant.slice(start).find(({ token }) => token.text !== "(")?.token.text.toLowerCase() ?? ""
    if (!withParameters.has(opening)) return "literal"
    return before === "(" && near(-2) === "in" && near(1) === ")" ? "list" : "parameter"
  }
}

/** What stands before a hole, within the same parentheses. */
interface Surroundings {
  /** In lower case, nearest first. */
  readonly words: ReadonlyArray<string>
  /** The nearest word that begins a clause; empty when there is none. */
  readonly clause: string
  /** The clause in which the parentheses were opened. */
  readonly outer: string
}

const surroundings = (before: ReadonlyArray<SqlTokens.Token>): Surroundings => {
  const words: Array<string> = []
  let depth = 0
  let at = before.length - 1
  for (; at >= 0; at--) {
    const { kind, text } = before[at]!
    if (text === ";") break
    if (text === ")") depth++
    else if (text === "(" && --depth < 0) break
    else if (kind === "word" && depth === 0) words.push(text.toLowerCase())
  }
  const outside = before.slice(0, Math.max(0, at)).map(({ text }) => text.toLowerCase())
  return {
    words,
    clause: words.find((word) => clauses.has(word)) ?? "",
    outer: outside.findLast((word) => clauses.has(word)) ?? ""
  }
}

const isName = (before: string, earlier: string, after: string, { clause, outer, words }: Surroundings): boolean =>
  // In extract(day from x) there is no table.
  before === "from" && (words.includes("select") || words.includes("delete")) ||
  namesFollow.has(before) ||
  before === "exists" && ["if", "not"].includes(earlier) && after !== "(" ||
  before === "(" && aggregates.has(earlier) && after === ")" ||
  before === "," && clause === "from" ||
  clause === "" && outer === "into" ||
  clause === "set" && ["set", ","].includes(before) && after === "="
