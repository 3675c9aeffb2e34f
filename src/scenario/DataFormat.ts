/**
 * Data files: how their bytes become values and back, by format. File actions and data sources share it.
 *
 * JSON is `core/Json`'s, YAML is `Yaml`'s: numbers are exact or an error in both, and keys such as `__proto__` are data.
 */
import { Result } from "effect"
import { stringify as stringifyYaml } from "yaml"
import * as Json from "../core/Json.ts"
import { formatPlace } from "../core/SourceText.ts"
import { isArray, isRecord, type Value } from "../core/Value.ts"
import * as Csv from "./data/Csv.ts"
import * as Node from "./read/Node.ts"
import * as Yaml from "./read/Yaml.ts"

export const formats = ["json", "jsonl", "yaml", "csv", "text", "bytes"] as const
export type Format = (typeof formats)[number]

export interface DataProblem {
  /** Says what is wrong and where, by line where one is known. */
  readonly message: string
}

const byExtension: Readonly<Record<string, Format>> = {
  json: "json",
  jsonl: "jsonl",
  ndjson: "jsonl",
  yaml: "yaml",
  yml: "yaml",
  csv: "csv"
}

/** Returns the format that the extension of `path` stands for; `text` when it says nothing. */
export const formatOf = (path: string): Format =>
  byExtension[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ""] ?? "text"

/**
 * Reads `text` of a format into a value. CSV gives a list of records whose fields are text, named by the first row;
 * JSON Lines a list with one value per line that is not blank.
 */
export const parse = (
  text: string,
  format: Exclude<Format, "bytes">,
  options: { readonly path: string; /** @default "," */ readonly delimiter?: string | undefined }
): Result.Result<Value, DataProblem> => {
  switch (format) {
    case "json":
      return Json.parse(text)
    case "jsonl":
      return parseLines(text)
    case "yaml":
      return parseYaml(text, options.path)
    case "csv":
      return parseRecords(text, options.delimiter)
    case "text":
      return Result.succeed(text)
  }
}

/**
 * Writes a value as a file of a format. Text and bytes are written as they are whatever the format; anything else becomes
 * JSON unless the format is `yaml`, `jsonl` (a list has one line per item) or `csv` (a list of flat records or of lists).
 */
export const write = (value: Value, format: Format): Result.Result<string | Uint8Array, DataProblem> => {
  if (typeof value === "string" || value instanceof Uint8Array) return Result.succeed(value)
  switch (format) {
    case "yaml":
      return Result.succeed(stringifyYaml(value, { aliasDuplicateObjects: false, lineWidth: 0 }))
    case "jsonl":
      return Result.succeed((isArray(value) ? value : [value]).map((item) => `${Json.stringify(item)}\n`).join(""))
    case "csv":
      return writeRecords(value)
    default:
      return Result.succeed(`${Json.stringify(value, 2)}\n`)
  }
}

const parseLines = (text: string): Result.Result<Value, DataProblem> => {
  const values: Array<Value> = []
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const value = Json.parse(line)
    if (Result.isFailure(value)) return Result.fail({ message: `line ${at + 1}: ${value.failure.message}` })
    values.push(value.success)
  }
  return Result.succeed(values)
}

const parseYaml = (text: string, path: string): Result.Result<Value, DataProblem> => {
  const { problems, root } = Yaml.parse({ path, text })
  const first = problems.find((problem) => problem.severity === "error")
  return first === undefined
    ? Result.succeed(root === undefined ? null : Node.toValue(root))
    : Result.fail({ message: `${formatPlace(first.span)}: ${first.message}` })
}

const parseRecords = (text: string, delimiter: string | undefined): Result.Result<Value, DataProblem> =>
  Result.map(Csv.parse(text, { delimiter }), Csv.rows)

const writeRecords = (value: Value): Result.Result<string, DataProblem> => {
  if (!isArray(value)) return Result.fail({ message: "CSV is written from a list of records or of lists" })
  const columns = [...new Set(value.flatMap((row) => (isRecord(row) ? Object.keys(row) : [])))]
  const rows = value.map((
    row
  ) => (isRecord(row) ? columns.map((column) => row[column] ?? null) : isArray(row) ? row : [row]))
  const table = columns.length === 0 ? rows : [columns, ...rows]
  return Result.succeed(table.map((row) => `${row.map(cell).join(",")}\n`).join(""))
}

/** One field of a CSV row, quoted where it must be. */
export const cell = (value: Value): string => {
  const text = value === null ? "" : typeof value === "string" ? value : Json.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text
}
