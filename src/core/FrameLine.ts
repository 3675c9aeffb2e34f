/** One line of a source as it is shown in a code frame, and where each of its characters stands. Part of `core/CodeFrame.ts`. */
import { mask, type Range } from "./Masking.ts"
import { lineRange, type SourceText, type Span } from "./SourceText.ts"
import * as TerminalText from "./TerminalText.ts"

export interface FrameLine {
  /** One line without control characters, at most as wide as asked for. */
  readonly text: string
  /** The column, from 0, at which the character at an offset of the source is shown; nearest shown one for others. */
  readonly columnOf: (offset: number) => number
}

/** More than this of one line is never looked at: a minified file has one line. */
const maxWindow = 4_000
const tab = "    "

/**
 * Lays out line `number` (from 1; another one is empty) in at most `columns`, cut around `focus` when it is longer.
 * What lies in a hidden range is shown as `***`.
 */
export const lay = (
  source: SourceText,
  number: number,
  focus: Span | undefined,
  hidden: ReadonlyArray<Range>,
  columns: number
): FrameLine => {
  const line = lineRange(source, number)
  const from = Math.max(line.start, Math.min((focus?.start ?? line.start) - maxWindow / 4, line.end - maxWindow))
  const to = Math.min(line.end, from + maxWindow)
  const cells = cellsOf(source, from, to, hidden)
  const all = cells.reduce((sum, cell) => sum + cell.width, 0)
  if (all <= columns && from === line.start && to === line.end) return show(cells, "", "")
  const shown = around(cells, focus?.start ?? from, Math.max(1, columns - 2))
  return show(
    shown,
    shown[0] !== undefined && shown[0].start > line.start ? "…" : "",
    shown.at(-1) !== undefined && shown.at(-1)!.end < line.end ? "…" : ""
  )
}

/** What stands in some columns: a character, or the mask of a secret. */
interface Cell {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly width: number
}

const cellsOf = (source: SourceText, from: number, to: number, hidden: ReadonlyArray<Range>): ReadonlyArray<Cell> => {
  const cells: Array<Cell> = []
  let at = from
  const plain = (end: number): void => {
    for (const character of TerminalText.characters(source.text.slice(at, end))) {
      const text = character === "\t" ? tab : at === 0 && character === "\ufeff" ? "" : TerminalText.escape(character)
      cells.push({ start: at, end: at + character.length, text, width: TerminalText.width(text) })
      at += character.length
    }
  }
  for (const range of hidden) {
    if (range.end <= from || range.start >= to) continue
    plain(Math.max(at, range.start))
    cells.push({ start: at, end: Math.min(range.end, to), text: mask, width: mask.length })
    at = Math.min(range.end, to)
  }
  plain(to)
  return cells
}

/** The cells that fit into `columns`, with the focus in the first third when it would not be seen otherwise. */
const around = (cells: ReadonlyArray<Cell>, focus: number, columns: number): ReadonlyArray<Cell> => {
  const widthUpTo = (offset: number): number =>
    cells.reduce((sum, cell) => cell.end <= offset ? sum + cell.width : sum, 0)
  const all = widthUpTo(Infinity)
  const target = widthUpTo(focus)
  const skip = target <= columns * 2 / 3 ? 0 : Math.max(0, Math.min(target - Math.floor(columns / 3), all - columns))
  let column = 0
  return cells.filter((cell) => {
    const start = column
    column += cell.width
    return start >= skip && column <= skip + columns
  })
}

const show = (cells: ReadonlyArray<Cell>, before: string, after: string): FrameLine => {
  const last = cells.at(-1)
  const end = cells.reduce((sum, cell) => sum + cell.width, before.length)
  const columnOf = (offset: number): number => {
    let column = before.length
    for (const cell of cells) {
      if (offset < cell.end) return column
      column += cell.width
    }
    return last === undefined ? before.length : end
  }
  return { text: before + cells.map((cell) => cell.text).join("") + after, columnOf }
}
