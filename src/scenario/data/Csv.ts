/** Tables of text in CSV: read strictly, so that a broken row is an error with its line and never a shifted column. */
import { parse as parseRecords } from "csv-parse/sync"
import { Result } from "effect"
import { emptyRecord, type ValueRecord } from "../../core/Value.ts"

export interface Options {
  /** @default "," */
  readonly delimiter?: string | undefined
  /** True when the first row names the columns; otherwise they are `column_0`, `column_1`, ... @default true */
  readonly header?: boolean | undefined
  /** The most rows that are kept, the header not counted. @default all */
  readonly maxRows?: number | undefined
  /** Drops spaces around fields. @default false */
  readonly trim?: boolean | undefined
  /** @default `"` */
  readonly quote?: string | undefined
}

export interface Table {
  readonly headers: ReadonlyArray<string>
  /** One list of fields per row, without the header. */
  readonly cells: ReadonlyArray<ReadonlyArray<string>>
}

export interface CsvProblem {
  readonly message: string
}

/** Longest text that is read, in UTF-16 units. */
export const maxLength = 20_000_000

/** Reads a whole text of at most {@link maxLength}. A name that several columns have gets a number from its second use on: `id`, `id_2`. */
export const parse = (text: string, options: Options = {}): Result.Result<Table, CsvProblem> => {
  if (text.length > maxLength) return Result.fail({ message: `it is longer than ${maxLength} characters` })
  return Result.map(recordsOf(text, options), (records) => {
    const first = records[0] ?? []
    const hasHeader = options.header ?? true
    const rows = hasHeader ? records.slice(1) : records
    return {
      headers: hasHeader ? distinct(first) : first.map((_, at) => `column_${at}`),
      cells: rows.slice(0, options.maxRows ?? rows.length)
    }
  })
}

/** Returns the rows of a table as records by column name. */
export const rows = (table: Table): ReadonlyArray<ValueRecord> => table.cells.map((cells) => row(table.headers, cells))

/** Returns one row as a record by column name. */
export const row = (headers: ReadonlyArray<string>, cells: ReadonlyArray<string>): ValueRecord => {
  const record = emptyRecord()
  headers.forEach((header, at) => record[header] = cells[at] ?? "")
  return record
}

const recordsOf = (text: string, options: Options): Result.Result<ReadonlyArray<ReadonlyArray<string>>, CsvProblem> =>
  Result.try({
    try: () =>
      parseRecords(text, {
        bom: true,
        delimiter: options.delimiter ?? ",",
        quote: options.quote ?? "\"",
        // Named, because what is found first would otherwise hold for the whole text.
        record_delimiter: ["\r\n", "\n", "\r"],
        skip_empty_lines: true,
        trim: options.trim ?? false
      }),
    catch: (error) => ({
      message: (error instanceof Error ? error.message : String(error)).replace(/^\w/, (first) => first.toLowerCase())
    })
  })

const distinct = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let count = 2; seen.has(unique); count++) unique = `${name}_${count}`
    seen.add(unique)
    return unique
  })
}
