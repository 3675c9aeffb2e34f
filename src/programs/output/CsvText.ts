/** Cells as CSV that every reader takes apart again. @see https://www.rfc-editor.org/rfc/rfc4180 */
import type { Cell, Columned } from "./RowText.ts"

/**
 * Writes lines that end in a line feed, quoted where they must be. With `guardFormulas` a text that a spreadsheet would
 * calculate (`=1+1`, `@SUM(A1)`) begins with a `'`; numbers stay numbers.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export const make = (guardFormulas: boolean): Columned => {
  const cell = ({ isNumber, text }: Cell): string =>
    quoted(guardFormulas && !isNumber && isFormula(text) ? `'${text}` : text)
  const line = (cells: ReadonlyArray<Cell>): string => {
    const text = cells.map(cell).join(",")
    // Readers skip a blank line; a row of one empty cell must not be one.
    return `${text === "" ? "\"\"" : text}\n`
  }
  return {
    head: (names) => line(names.map((text) => ({ text, isNumber: false }))),
    rows: (rows) => rows.map(line).join(""),
    end: () => ""
  }
}

const isFormula = (text: string): boolean => /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text)

const quoted = (text: string): string => /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text
