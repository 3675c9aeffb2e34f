/** `csv_parse`. */
import { Effect, Result, Schema } from "effect"
import { isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Csv from "../data/Csv.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"
import * as InputFile from "../steps/InputFile.ts"

export const csvParse = Action.make({
  name: "csv_parse",
  family: "data",
  summary: "Reads a CSV table of a text or a file; every field is text",
  input: Schema.Struct({
    text: Fields.optional(Fields.Text, "The table"),
    file: Fields.optional(Fields.Text, "The file it is in, relative to the scenario's folder; at most 10 MB"),
    delimiter: Fields.optional(Fields.Text, "What separates fields [default: ,]"),
    header: Fields.optional(Fields.Flag, "The first row names the columns [default: true]"),
    max_rows: Fields.optional(Fields.Int, "The most rows to answer with; 0 is all [default: 0]"),
    trim: Fields.optional(Fields.Flag, "Leave out spaces around fields [default: false; true in Robogo files]"),
    quote: Fields.optional(Fields.Text, "The character around fields with delimiters in them [default: \"]")
  }),
  positional: ["text"],
  validate: (present) => present.has("text") === present.has("file") ? ["give either `text` or `file`"] : [],
  output: Schema.Struct({
    rows: Schema.Array(Schema.Record(Schema.String, Schema.String)),
    headers: Schema.Array(Schema.String),
    row_count: Schema.Int,
    column_count: Schema.Int
  }),
  effect: (constants) => constants["file"] === undefined ? "none" : "read",
  robogo: {
    input: (args, options) => {
      const source = Text.goText(args[0] ?? "")
      const delimiter = typeof options["delimiter"] === "string" ? options["delimiter"] : ","
      // As that tool tells them apart; but a file that is missing is an error, and not read as a table of its name.
      const isFile = !source.includes("\n") && !source.includes(delimiter)
      return named([isFile ? "file" : "text"], [source], { trim_spaces: true, ...options }, {
        skip_header: "header",
        trim_spaces: "trim",
        quote_char: "quote"
      })
    },
    result: (output, input) => ({
      ...(output as ValueRecord),
      has_header: input.header ?? true,
      raw_records: rawRecords(output, input.header ?? true)
    })
  },
  examples: [
    {
      title: "Text",
      yaml: `vars: { people: "name,city\\nAda,London\\nAlan,Wilmslow\\n" }
steps:
  - csv_parse: "\${people}"
    expect: [row_count == 2, "rows[1].name == 'Alan'"]
`
    },
    {
      title: "A file with semicolons",
      yaml: `steps:
  - file_write: { path: build/prices.csv, content: "sku; price\\nA1; 9.5\\n" }
  - csv_parse: { file: build/prices.csv, delimiter: ";", trim: true }
    expect: ["headers == ['sku', 'price']", "rows[0].price == '9.5'"]
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    if (input.delimiter?.length === 0) return yield* invalid("csv_parse: the delimiter is empty")
    const text = input.file === undefined
      ? input.text ?? ""
      : yield* InputFile.readText(input.file, context)
    const table = Csv.parse(text, {
      delimiter: input.delimiter,
      header: input.header,
      maxRows: input.max_rows === undefined || input.max_rows <= 0 ? undefined : input.max_rows,
      trim: input.trim,
      quote: input.quote
    })
    if (Result.isFailure(table)) return yield* invalid(`csv_parse: ${table.failure.message}`)
    const { headers } = table.success
    const rows = Csv.rows(table.success)
    return { rows, headers, row_count: rows.length, column_count: headers.length }
  })
})

/** All rows as lists, the header first. */
const rawRecords = (output: Value, header: boolean): Value => {
  if (!isRecord(output)) return []
  const headers = output["headers"] as ReadonlyArray<string>
  const rows = (output["rows"] as ReadonlyArray<ValueRecord>).map((row) => headers.map((name) => row[name] ?? ""))
  return header ? [headers, ...rows] : rows
}

const invalid = (message: string) => Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
