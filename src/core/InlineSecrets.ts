/**
 * Secrets that stand in a file themselves: `secrets: { token: { value: "..." } }`. A code frame must not show them, also when
 * the file is too broken to be read; so this looks at characters, not at a tree. It rather hides too much of that part.
 */
import type { Range } from "./Masking.ts"

/** Returns where in a YAML or JSON text such values stand: in order, apart from each other. Linear in the text. */
export const find = (text: string): ReadonlyArray<Range> => {
  const ranges: Array<Range> = []
  const key = /(?<=^|[\s{,["'])secrets["']?[ \t]*:/gm
  for (let match = key.exec(text); match !== null; match = key.exec(text)) {
    // What is inside of this one is done with it.
    key.lastIndex = Math.max(key.lastIndex, endOfValue(text, match.index, key.lastIndex))
    addValues(text, match.index, key.lastIndex, ranges)
  }
  return ranges
}

/** Where the value of a key ends: at its closing bracket, or before the first line that is not indented more. */
const endOfValue = (text: string, key: number, afterColon: number): number => {
  const open = /^[ \t]*[{[]/.exec(text.slice(afterColon, afterColon + 1_000))
  if (open !== null) return closing(text, afterColon + open[0].length - 1)
  const indent = key - (text.lastIndexOf("\n", key - 1) + 1)
  let end = endOfLine(text, afterColon)
  while (end < text.length) {
    const next = endOfLine(text, end + 1)
    const line = text.slice(end + 1, next)
    if (line.trim() !== "" && line.search(/\S/) <= indent) return end
    end = next
  }
  return end
}

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}

/** The bracket that closes the one at `open`; the end of the text when none does. Quoted brackets do not count. */
const closing = (text: string, open: number): number => {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    const char = text[at]!
    if (char === "\"" || char === "'") at = endOfQuoted(text, at) - 1
    else if (char === "{" || char === "[") depth++
    else if ((char === "}" || char === "]") && --depth === 0) return at
  }
  return text.length
}

const endOfQuoted = (text: string, open: number): number => {
  const quote = text[open]!
  for (let at = open + 1; at < text.length; at++) {
    if (quote === "\"" && text[at] === "\\") at++
    else if (text[at] === quote && quote === "'" && text[at + 1] === quote) at++
    else if (text[at] === quote) return at + 1
  }
  return text.length
}

const addValues = (text: string, start: number, end: number, ranges: Array<Range>): void => {
  const key = /(?<=^|[\s{,["'])value["']?[ \t]*:[ \t]*/gm
  key.lastIndex = start
  for (let match = key.exec(text); match !== null && match.index < end; match = key.exec(text)) {
    const from = key.lastIndex
    const to = Math.min(endOfScalar(text, match.index, from), end)
    if (to <= from) continue
    ranges.push({ start: from, end: to })
    key.lastIndex = to
  }
}

/** More of a line than this is not looked at to see whether a value stands in brackets. */
const maxBefore = 2_000

const endOfScalar = (text: string, key: number, from: number): number => {
  const first = text[from]
  if (first === "\"" || first === "'") return endOfQuoted(text, from)
  if (first === "|" || first === ">") return endOfValue(text, key, from)
  const before = text.slice(Math.max(text.lastIndexOf("\n", from - 1) + 1, from - maxBefore), from)
  const open = before.search(/[{[]/)
  const inBrackets = open !== -1 && closing(before, open) === before.length
  const rest = text.slice(from, endOfLine(text, from))
  const stop = rest.search(inBrackets ? /\s*(?:[,}\]]| #|$)/ : /\s*(?: #|$)/)
  return from + stop
}
