/** Cells in columns, for a terminal. */
import * as TerminalText from "../../../core/TerminalText.ts"

/** Text of a cell, and how it is painted once it has its width. */
export interface Cell {
  readonly text: string
  readonly paint?: ((text: string) => string) | undefined
}

export interface Options {
  /** So many of the first columns begin at the left; all others end at the right. */
  readonly left: number
  /** Whether the last column is text, which begins at the left too. @default false */
  readonly prose?: boolean | undefined
  /** What there is room for. @default for all of it */
  readonly columns?: number | undefined
  /** Which columns can be done without where there is not room for all: those that go together, the first to go first. @default none */
  readonly drop?: ReadonlyArray<ReadonlyArray<number>> | undefined
}

/** Returns a line per row. */
export const lines = (
  rows: ReadonlyArray<ReadonlyArray<Cell | string>>,
  options: Options
): ReadonlyArray<string> => {
  const cells = rows.map((row) => row.map((cell) => typeof cell === "string" ? { text: cell } : cell))
  const length = Math.max(0, ...cells.map(({ length }) => length))
  const widths = Array.from(
    { length },
    (_, i) => Math.max(0, ...cells.map((row) => TerminalText.width(row[i]?.text ?? "")))
  )
  const shown = fitting(widths, options)
  const last = shown.at(-1)
  return cells.map((row) =>
    shown.flatMap((i) => {
      const { paint = same, text } = row[i] ?? nothing
      if (i >= row.length) return []
      const space = " ".repeat(widths[i]! - TerminalText.width(text))
      if (i === length - 1 && options.prose === true) return [paint(text)]
      return [i < options.left ? paint(text) + (i === last ? "" : space) : space + paint(text)]
    }).join("  ").trimEnd()
  )
}

/** The columns that there is room for. */
const fitting = (widths: ReadonlyArray<number>, { columns = Infinity, drop = [] }: Options): ReadonlyArray<number> => {
  let shown = [...widths.keys()]
  const total = () => shown.reduce((sum, i) => sum + widths[i]! + 2, -2)
  for (const some of drop) if (total() > columns) shown = shown.filter((i) => !some.includes(i))
  return shown
}

const nothing: Cell = { text: "" }
const same = (text: string): string => text
