/** Cells in columns, for a terminal. */
import * as TerminalText from "../../../core/TerminalText.ts"

/** Text of a cell, and how it is painted once it has its width. */
export interface Cell {
  readonly text: string
  readonly paint?: ((text: string) => string) | undefined
}

/** Returns a line per row. The first `left` columns and a `prose` one at the end begin at the left, all others end at the right. */
export const lines = (
  rows: ReadonlyArray<ReadonlyArray<Cell | string>>,
  options: { readonly left: number; readonly prose?: boolean | undefined }
): ReadonlyArray<string> => {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "string" ? { text: cell } : cell))
  const columns = Math.max(0, ...cells.map(({ length }) => length))
  const widths = Array.from(
    { length: columns },
    (_, i) => Math.max(0, ...cells.map((row) => TerminalText.width(row[i]?.text ?? "")))
  )
  return cells.map((row) =>
    row.map(({ paint = same, text }, i) => {
      const space = " ".repeat(widths[i]! - TerminalText.width(text))
      const isLast = i === columns - 1
      if (isLast && options.prose === true) return paint(text)
      return i < options.left ? paint(text) + (isLast ? "" : space) : space + paint(text)
    }).join("  ").trimEnd()
  )
}

const same = (text: string): string => text
