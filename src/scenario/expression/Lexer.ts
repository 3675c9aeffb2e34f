/**
 * Cuts the text of an expression into tokens. Spellings of other languages are reported and read as what was meant, so
 * that one pass finds every problem.
 */
import { Duration } from "effect"
import * as ByteSize from "../../core/ByteSize.ts"
import * as DurationText from "../../core/DurationText.ts"
import type { Value } from "../../core/Value.ts"
import * as Arithmetic from "./Arithmetic.ts"
import type { SyntaxProblem } from "./Syntax.ts"

export interface Token {
  readonly type: "literal" | "name" | "operator" | "end"
  /** The operator or name; for a literal, its text. */
  readonly text: string
  readonly value?: Value | undefined
  readonly start: number
  readonly end: number
}

export interface Lexed {
  /** Ends with one `end` token. */
  readonly tokens: ReadonlyArray<Token>
  readonly problems: ReadonlyArray<SyntaxProblem>
  /** Offset after the last character read: of the closing brace in a hole. */
  readonly end: number
  /** False when a hole has no closing brace. */
  readonly closed: boolean
}

/** Longest text of one expression, in UTF-16 units. */
export const maxLength = 65_536

/**
 * Reads tokens of `text` from `start`. With `hole`, reading stops at the brace that closes a template's hole; otherwise at
 * the end of the text. Never throws.
 */
export const lex = (text: string, start: number, hole: boolean): Lexed => {
  const state: State = { text, at: start, tokens: [], problems: [], closed: !hole }
  let braces = 0
  const limit = Math.min(text.length, start + maxLength)
  for (;;) {
    skipSpace(state)
    if (state.at >= limit) break
    const char = text[state.at]!
    if (hole && char === "}" && braces === 0) {
      state.closed = true
      break
    }
    if (char === "{") braces += 1
    if (char === "}") braces -= 1
    readToken(state)
  }
  if (state.at >= limit && limit < text.length) {
    state.problems.push({
      message: `the expression is longer than ${maxLength} characters`,
      start,
      end: limit
    })
  }
  state.tokens.push({ type: "end", text: "", start: state.at, end: state.at })
  return { tokens: state.tokens, problems: state.problems, end: state.at, closed: state.closed }
}

interface State {
  readonly text: string
  at: number
  readonly tokens: Array<Token>
  readonly problems: Array<SyntaxProblem>
  closed: boolean
}

const operators = "=> == != <= >= && || ?? + - * / % < > ! ? : . , ( ) [ ] { }".split(" ")

/** Spellings of other languages: what is read instead, and the advice. Longest first. */
const foreign: ReadonlyArray<readonly [spelling: string, meant: string, hint: string]> = [
  ["===", "==", "write =="],
  ["!==", "!=", "write !="],
  ["<>", "!=", "write !="],
  ["=~", "==", "write matches(text, 'pattern')"],
  ["**", "*", "powers are not part of the language; multiply"],
  ["=", "==", "to compare, write =="],
  ["&", "&&", "write && or and"],
  ["|", "||", "write || or or"]
]

const closingQuotes: Readonly<Record<string, string>> = { "“": "”", "‘": "’", "”": "”", "’": "’", "`": "`", "«": "»" }

const namePattern = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const spacePattern = /[\s\u00a0]*/y
const numberPattern = /\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\p{L}\d_]))?/uy
const suffixPattern = /(?:[\p{L}_µ]+\d*(?:\.\d+)?)+/uy

const skipSpace = (state: State): void => {
  spacePattern.lastIndex = state.at
  state.at += spacePattern.exec(state.text)![0].length
}

const readToken = (state: State): void => {
  const { at, text } = state
  const char = text[at]!
  if (char >= "0" && char <= "9") return readNumber(state)
  if (char === "'" || char === "\"") return readText(state, char)
  const closing = closingQuotes[char]
  if (closing !== undefined) {
    readText(state, closing)
    return report(
      state,
      `${char} is no quotation mark here`,
      "write 'text' or \"text\" with straight quotes",
      at,
      at + 1
    )
  }
  if (text.startsWith("${", at)) {
    state.at += 1
    return report(state, "${...} inside an expression", "write the expression bare, without ${ and }", at, at + 2)
  }
  namePattern.lastIndex = at
  const name = namePattern.exec(text)?.[0]
  if (name !== undefined) return push(state, "name", name)
  readOperator(state)
}

const readOperator = (state: State): void => {
  const { at, text } = state
  const alien = foreign.find(([spelling]) => text.startsWith(spelling, at))
  const known = operators.find((operator) => text.startsWith(operator, at))
  if (alien !== undefined && (known === undefined || known.length < alien[0].length)) {
    const [spelling, meant, hint] = alien
    report(state, `${spelling} is no operator`, hint, at, at + spelling.length)
    state.tokens.push({ type: "operator", text: meant, start: at, end: at + spelling.length })
    state.at += spelling.length
    return
  }
  if (known !== undefined) return push(state, "operator", known)
  const length = text.codePointAt(at)! > 0xffff ? 2 : 1
  state.at += length
  report(state, `unexpected character ${JSON.stringify(text.slice(at, at + length))}`, undefined, at, at + length)
}

/** A number, or with a suffix a duration (in milliseconds), a size (in bytes) or a percentage (as a ratio). */
const readNumber = (state: State): void => {
  const { at, text } = state
  numberPattern.lastIndex = at
  const digits = numberPattern.exec(text)![0]
  suffixPattern.lastIndex = at + digits.length
  const suffix = suffixPattern.exec(text)?.[0] ?? ""
  const after = at + digits.length + suffix.length
  if (suffix !== "") return pushNumber(state, after, quantity(digits + suffix), "that is no number, duration or size")
  // "10%3" is a remainder, "10%" before anything else a percentage.
  if (text[after] === "%" && !/[\p{L}\p{N}_('"[{]/u.test(text.slice(after + 1, after + 3).slice(0, 1))) {
    return pushNumber(state, after + 1, Arithmetic.fromText(`${digits}e-2`), "the number is too large")
  }
  pushNumber(state, after, Arithmetic.fromText(digits), "the number is too large to be kept exactly")
}

const quantity = (text: string): number | undefined => {
  const duration = DurationText.parse(text)
  return duration === undefined ? ByteSize.parse(text) : Duration.toMillis(duration)
}

const pushNumber = (state: State, end: number, value: Value | undefined, problem: string): void => {
  const { at } = state
  const text = state.text.slice(at, end)
  if (value === undefined) {
    const hint = /\d[a-df-z]/i.test(text) ? "durations are written 300ms, 1m30s; sizes 10MB, 64KiB" : undefined
    report(state, `${text}: ${problem}`, hint, at, end)
  }
  state.tokens.push({ type: "literal", text, value: value ?? 0, start: at, end })
  state.at = end
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", "\"": "\"" }

/** Reads a quoted text. A backslash before anything but an escape stays, so that patterns need no doubling. */
const readText = (state: State, closing: string): void => {
  const { at, text } = state
  let value = ""
  let from = at + 1
  for (let position = from;; position++) {
    const char = text[position]
    if (char === undefined) {
      state.tokens.push({ type: "literal", text: text.slice(at), value: "", start: at, end: text.length })
      state.at = text.length
      return report(state, "the text has no closing quote", `add ${closing}`, at, text.length)
    }
    if (char === closing) {
      state.at = position + 1
      value += text.slice(from, position)
      state.tokens.push({ type: "literal", text: text.slice(at, state.at), value, start: at, end: state.at })
      return
    }
    if (char !== "\\") continue
    value += text.slice(from, position)
    const unicode = /u(?:([\da-fA-F]{4})|\{([\da-fA-F]{1,6})\})/y
    unicode.lastIndex = position + 1
    const match = unicode.exec(text)
    const code = match === null ? undefined : Number.parseInt(match[1] ?? match[2]!, 16)
    if (match !== null && code! <= 0x10ffff) {
      value += String.fromCodePoint(code!)
      position += match[0].length
    } else {
      const next = text[position + 1] ?? ""
      const known = Object.hasOwn(escapes, next) ? escapes[next] : undefined
      value += known ?? "\\"
      if (known !== undefined) position += 1
    }
    from = position + 1
  }
}

const push = (state: State, type: Token["type"], text: string): void => {
  state.tokens.push({ type, text, start: state.at, end: state.at + text.length })
  state.at += text.length
}

const report = (state: State, message: string, hint: string | undefined, start: number, end: number): void => {
  state.problems.push({ message, hint, start, end })
}
