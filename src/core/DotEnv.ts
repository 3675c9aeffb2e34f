/**
 * Reads `.env` files: `NAME=value`, `export NAME=value`, quotes, comments.
 *
 * Nothing is expanded: `$` is a character like any other, so that a password holds what was written. Unquoted, `#` begins a
 * comment only after a blank. In double quotes `\n`, `\r`, `\t`, `\"` and `\\` are escapes; single quotes and backticks keep
 * everything. A quoted value may span lines. Of a name given twice the last one counts.
 */
import type { Problem, SourceText } from "./SourceText.ts"

export interface DotEnv {
  /** By name, in the order of the file. No prototype. */
  readonly values: Readonly<Record<string, string>>
  /** Lines that could not be read, as warnings: they are left out, the others count. */
  readonly problems: ReadonlyArray<Problem>
}

/** Reads a whole file. Never fails. */
export const parse = (source: SourceText): DotEnv => {
  const values = Object.create(null) as Record<string, string>
  const problems: Array<Problem> = []
  const { text } = source
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length;) {
    const lineEnd = endOfLine(text, at)
    const line = text.slice(at, lineEnd)
    const start = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*/.exec(line)
    const problem = (message: string): void => {
      problems.push({
        code: "bad-env-line",
        message,
        hint: "write NAME=value",
        severity: "warning",
        span: { source, start: at, end: lineEnd }
      })
    }
    if (start === null) {
      if (!/^\s*(?:#.*)?$/.test(line)) problem("this line is not NAME=value and is left out")
      at = lineEnd + 1
      continue
    }
    const from = at + start[0].length
    const value = readValue(text, from, lineEnd)
    if (value === undefined) problem("the quote that opens here is not closed; the line is left out")
    else values[start[1]!] = value.text
    at = (value === undefined ? lineEnd : endOfLine(text, value.end)) + 1
  }
  return { values, problems }
}

const endOfLine = (text: string, from: number): number => {
  const found = text.indexOf("\n", from)
  return found === -1 ? text.length : found
}

const readValue = (
  text: string,
  from: number,
  lineEnd: number
): { readonly text: string; readonly end: number } | undefined => {
  const quote = text[from]
  if (quote !== "\"" && quote !== "'" && quote !== "`") {
    return { text: text.slice(from, lineEnd).replace(/(^|\s)#.*$/, "").trim(), end: lineEnd }
  }
  for (let at = from + 1; at < text.length; at++) {
    if (quote === "\"" && text[at] === "\\") at++
    else if (text[at] === quote) {
      const inside = text.slice(from + 1, at).replaceAll("\r\n", "\n")
      return { text: quote === "\"" ? unescape(inside) : inside, end: at }
    }
  }
  return undefined
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\"": "\"", "\\": "\\" }

const unescape = (text: string): string =>
  text.replaceAll(/\\([^])/g, (whole, character: string) => escapes[character] ?? whole)
