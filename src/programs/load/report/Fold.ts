/** Breaks lines between words where a terminal would break them anywhere. */
import * as TerminalText from "../../../core/TerminalText.ts"

/** What a line is broken into: colours take no room and go on over the break; a size keeps its unit. */
// oxlint-disable-next-line no-control-regex -- colours begin with one
const pieces = /(?:\u001b\[\d+m)+|[\d.,]+ [kMGT]?B\b|[^\s\u001b]+|\s+/g

/**
 * Returns `line` in lines of at most `columns`; a word that is longer stays whole. What follows the first one stands below the text of
 * the first: behind its label, which ends with two blanks, or two columns further in.
 */
export const line = (line: string, columns: number): ReadonlyArray<string> => {
  const plain = TerminalText.strip(line)
  if (TerminalText.width(plain) <= columns) return [line]
  const indent = indentOf(plain)
  const lines: Array<string> = []
  let text = ""
  let used = 0
  let gap = ""
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.startsWith("\u001b")) {
      text += gap + piece
      used += gap.length
      gap = ""
      continue
    }
    if (piece.trim() === "") {
      gap += piece
      continue
    }
    const width = TerminalText.width(piece)
    if (used + gap.length + width > columns && used > indent) {
      lines.push(text.trimEnd())
      text = " ".repeat(indent) + piece
      used = indent + width
    } else {
      text += gap + piece
      used += gap.length + width
    }
    gap = ""
  }
  return [...lines, text]
}

const widestLabel = 16

const indentOf = (plain: string): number => {
  const label = /^\s*\S+(?: \S+)* {2,}/.exec(plain)?.[0].length ?? Infinity
  return label <= widestLabel ? label : /^ */.exec(plain)![0].length + 2
}
