/** What the parts of the text of a load run are drawn on. */
import type * as Style from "../../../../core/Style.ts"
import * as Amounts from "../Amounts.ts"

export interface Screen {
  readonly style: Style.Style
  readonly columns: number
  /** Draws with `#` instead of blocks, where those cannot be shown. */
  readonly ascii: boolean
}

/** Rows of steps and of errors that are shown; how many more there are is said. */
export const maxRows = 12

/** Says how many rows are left out; nothing when all are shown. */
export const more = (length: number, word: string, style: Style.Style): ReadonlyArray<string> =>
  length <= maxRows ? [] : [style.dim(`  and ${Amounts.plural(length - maxRows, `more ${word}`)}`)]
