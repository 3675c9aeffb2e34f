/**
 * Rows as text for people and programs: an aligned table, JSON, JSON lines or CSV, page after page in bounded memory.
 *
 * A writer is a plain object without effects: whoever has it gives it rows and puts what it answers where it belongs.
 */
import * as Json from "../../core/Json.ts"
import * as Style from "../../core/Style.ts"
import type { Value } from "../../core/Value.ts"
import * as Csv from "./CsvText.ts"
import * as Fields from "./Fields.ts"
import * as Table from "./TableText.ts"

export const formats = ["table", "jsonl", "json", "csv"] as const
/** `json` is one list with a row on each line, `jsonl` a row on each line without the list around it. */
export type Format = (typeof formats)[number]

/** The format that a file's name asks for; `undefined` when it ends in none of `.jsonl`, `.ndjson`, `.json` and `.csv`. */
export const formatOfFile = (name: string): Exclude<Format, "table"> | undefined => {
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase()
  if (extension === "ndjson") return "jsonl"
  return extension === "jsonl" || extension === "json" || extension === "csv" ? extension : undefined
}

export interface Options {
  /** @default all fields; of a table or CSV those that the first rows have */
  readonly fields?: ReadonlyArray<Fields.Field> | undefined
  /** Whether a cell of a CSV that a spreadsheet would calculate gets a `'` before it. @default true */
  readonly guardFormulas?: boolean | undefined
  /** Columns of the terminal that a table is to fit in. @default as wide as it is */
  readonly width?: number | undefined
  /** @default Style.plain */
  readonly style?: Style.Style | undefined
  /** Goes on after what an earlier writer wrote. */
  readonly after?: State | undefined
}

/** Enough for another writer to go on in the same text; plain JSON. */
export interface State {
  readonly rows: number
  /** The columns of a table or CSV, once they are settled. */
  readonly columns?: ReadonlyArray<Fields.Field> | undefined
}

export interface RowWriter {
  /** The text of the next rows. A table keeps the first hundred back until it knows how wide its columns are. */
  readonly write: (rows: ReadonlyArray<Value>) => string
  /** What comes after the last row. */
  readonly end: () => string
  /** Where the text stands after the last {@link write}. Not of use for a table, which keeps rows back. */
  readonly state: () => State
  /** Fields of later rows that a table or CSV has no column for, so that somebody can be told. */
  readonly leftOut: () => ReadonlyArray<string>
}

export const make = (format: Format, options: Options = {}): RowWriter => {
  switch (format) {
    case "csv":
      return columned(options, Csv.make(options.guardFormulas ?? true))
    case "table":
      return columned(options, Table.make(options.width, options.style ?? Style.plain))
    case "json":
      return listed(options, "[\n", ",\n", "\n]\n", "[]\n")
    case "jsonl":
      return listed(options, "", "\n", "\n", "")
  }
}

/** All rows at once. */
export const render = (format: Format, rows: ReadonlyArray<Value>, options: Options = {}): string => {
  const writer = make(format, options)
  return writer.write(rows) + writer.end()
}

/** Text of rows under headings. */
export interface Columned {
  readonly head: (names: ReadonlyArray<string>) => string
  readonly rows: (cells: ReadonlyArray<ReadonlyArray<Cell>>) => string
  readonly end: () => string
}

export interface Cell {
  readonly text: string
  /** Put to the right of its column. */
  readonly isNumber: boolean
}

const columned = ({ after, fields }: Options, form: Columned): RowWriter => {
  let columns = fields ?? after?.columns
  let count = after?.rows ?? 0
  let known: ReadonlySet<string> | undefined
  const leftOut = new Set<string>()

  const noteOthers = (rows: ReadonlyArray<Value>): void => {
    known ??= new Set(columns!.map(({ name }) => name))
    for (const { name } of Fields.of(rows)) if (!known.has(name) && leftOut.size < 100) leftOut.add(name)
  }
  const cellOf = (row: Value) => (one: Fields.Field): Cell => {
    const value = Fields.get(row, one)
    return { text: Fields.text(value), isNumber: typeof value === "number" || typeof value === "bigint" }
  }
  return {
    write: (rows) => {
      if (rows.length === 0) return ""
      if (columns === undefined) columns = Fields.of(rows)
      else if (fields === undefined) noteOthers(rows)
      const head = count === 0 ? form.head(columns.map(({ name }) => name)) : ""
      count += rows.length
      return head + form.rows(rows.map((row) => columns!.map(cellOf(row))))
    },
    end: () => (count === 0 && fields !== undefined ? form.head(fields.map(({ name }) => name)) : "") + form.end(),
    state: () => ({ rows: count, columns }),
    leftOut: () => [...leftOut]
  }
}

const listed = (
  { after, fields }: Options,
  start: string,
  between: string,
  last: string,
  none: string
): RowWriter => {
  let count = after?.rows ?? 0
  return {
    write: (rows) => {
      if (rows.length === 0) return ""
      const before = count === 0 ? start : between
      count += rows.length
      return before +
        rows.map((row) => Json.stringify(fields === undefined ? row : Fields.pick(row, fields))).join(between)
    },
    end: () => count === 0 ? none : last,
    state: () => ({ rows: count }),
    leftOut: () => []
  }
}
