/** Rows as a table for people: aligned, as wide as the terminal at most, harmless whatever the cells hold. */
import type { Style } from "../../core/Style.ts"
import * as TerminalText from "../../core/TerminalText.ts"
import type { Cell, Columned } from "./RowText.ts"

/** Rows that are looked at to find out how wide columns are. */
const sample = 100
/** A column is made no narrower than this to fit into the terminal. */
const narrowest = 6
const gap = "  "

/** Without a width columns are as wide as their cells. Cells of later rows that do not fit are cut on a terminal only. */
export const make = (width: number | undefined, style: Style): Columned => {
  let names: ReadonlyArray<string> = []
  let kept: Array<ReadonlyArray<Cell>> = []
  let widths: ReadonlyArray<number> | undefined

  const line = (cells: ReadonlyArray<Cell>): string =>
    cells.map((cell, at) => aligned(cell, widths![at]!, width !== undefined, at === cells.length - 1)).join(gap)
      .trimEnd()
  const flush = (): string => {
    if (widths !== undefined || names.length === 0) return ""
    widths = fit(wanted(names, kept), width)
    const heading = style.bold(line(names.map((text, at) => ({ text, isNumber: isNumeric(kept, at) }))))
    const text = [heading, ...kept.map(line), ""].join("\n")
    kept = []
    return text
  }
  return {
    head: (given) => {
      names = given.map(TerminalText.escape)
      return ""
    },
    rows: (rows) => {
      const shown = rows.map((cells) => cells.map((cell) => ({ ...cell, text: TerminalText.escape(cell.text) })))
      if (widths !== undefined) return shown.map((cells) => `${line(cells)}\n`).join("")
      for (const cells of shown) kept.push(cells)
      return kept.length < sample ? "" : flush()
    },
    end: flush
  }
}

const isNumeric = (rows: ReadonlyArray<ReadonlyArray<Cell>>, at: number): boolean =>
  rows.length > 0 && rows.every((cells) => cells[at]!.isNumber || cells[at]!.text === "") &&
  rows.some((cells) => cells[at]!.isNumber)

const aligned = ({ isNumber, text }: Cell, width: number, cuts: boolean, isLast: boolean): string => {
  const fitted = cuts ? TerminalText.cut(text, width) : text
  const space = " ".repeat(Math.max(0, width - TerminalText.width(fitted)))
  return isNumber ? space + fitted : isLast ? fitted : fitted + space
}

const wanted = (names: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): ReadonlyArray<number> =>
  names.map((name, at) =>
    rows.reduce((widest, cells) => Math.max(widest, TerminalText.width(cells[at]!.text)), TerminalText.width(name))
  )

/** Takes from the widest columns until all fit. */
const fit = (widths: ReadonlyArray<number>, width: number | undefined): ReadonlyArray<number> => {
  if (width === undefined) return widths
  const room = width - gap.length * (widths.length - 1)
  const total = (most: number) => widths.reduce((sum, one) => sum + Math.min(one, most), 0)
  let most = Math.max(narrowest, ...widths)
  while (most > narrowest && total(most) > room) most--
  return widths.map((one) => Math.min(one, most))
}
