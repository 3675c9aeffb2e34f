/**
 * Robogo's spelling of `postgres`, all generations: `[op, url, sql, params...]` with the operations `query`, `select`,
 * `execute`, `insert`, `update`, `delete`, `batch`, `connect` and `close`; a name may stand for the URL after `connect`.
 */
import * as Json from "../../core/Json.ts"
import { emptyRecord, field, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as SqlTokens from "../compile/SqlTokens.ts"
import * as Text from "../expression/Text.ts"

/** Operations whose rows are wanted. */
const queries = new Set(["query", "select"])

const operations = new Set([...queries, "execute", "insert", "update", "delete", "batch"])

/** The named inputs of a call. SQL text arrives as `{ text, params }`, with the values of its `${...}` apart. */
export const input = (args: ReadonlyArray<Value>, options: ValueRecord, name: string): ValueRecord => {
  const [operation, url, sql, ...rest] = name === "postgres_batch" ? ["batch", ...args] : args
  const word = Text.write(operation ?? "").toLowerCase()
  const made = emptyRecord()
  if (url !== undefined && url !== null && url !== "") made["url"] = url
  for (const key of ["as_json", "timeout", "concurrency"]) {
    const value = field(options, key)
    if (value !== undefined) made[key] = value
  }
  if (word === "connect" || word === "close") {
    made["query"] = "select 1 as connected"
    if (word === "connect" && sql !== undefined) made["connect_as"] = textOf(sql).trim()
    return made
  }
  // Without a statement the step fails, and says which there are.
  if (!operations.has(word)) return made
  const params = paramsOf(rest, options)
  if (word === "batch" || isArray(sql)) {
    made["batch"] = (isArray(sql) ? sql : sql === undefined ? [] : [sql]).map((item) => statementOf(item, params))
    return made
  }
  const key = queries.has(word) ? "query" : "execute"
  const { execute, params: bound } = statementOf(sql ?? "", params)
  made[key] = execute!
  made["params"] = bound!
  return made
}

/** The result in Robogo's shape. */
export const result = (
  output: Value,
  input: { readonly as_json?: boolean; readonly batch?: unknown; readonly query?: string }
): Value => {
  if (!isRecord(output)) return output
  if (input.batch !== undefined) {
    const results = output["results"]
    return {
      results: isArray(results) ? results.map(resultOf) : [],
      rows_affected: output["rows_affected"] ?? 0,
      duration: output["duration_ms"] ?? 0
    }
  }
  if (input.as_json === true) {
    const rows = isArray(output["rows"]) ? output["rows"] : []
    return { json_string: Json.stringify(rows.map((row) => isRecord(row) ? mapCells(row) : row)) }
  }
  return input.query === undefined && isArray(output["columns"]) && output["columns"].length === 0
    ? { rows_affected: output["rows_affected"] ?? 0, duration: output["duration_ms"] ?? 0 }
    : resultOf(output)
}

/** Values given in order after the SQL text, as one list, or as the option `params`. */
const paramsOf = (rest: ReadonlyArray<Value>, options: ValueRecord): ReadonlyArray<Value> => {
  const given = field(options, "params")
  if (isArray(given)) return given
  const [first] = rest
  return rest.length === 1 && isArray(first) ? first : rest
}

/** The values of `${...}` come after those that were given: that is how the text numbers them. */
const statementOf = (item: Value, given: ReadonlyArray<Value>): ValueRecord => {
  if (isBound(item)) {
    // A value too many or too few would take the place of another: then the server shall refuse the statement.
    const fits = item.params.length === 0 ||
      given.length + item.params.length === SqlTokens.highestParameter(item.text)
    return { execute: item.text, params: fits ? [...given, ...item.params] : [] }
  }
  if (!isRecord(item)) return { execute: textOf(item), params: given }
  const own = item["params"]
  const text = item["query"] ?? item["sql"] ?? item["execute"] ?? item["text"] ?? ""
  return statementOf(text, isArray(own) ? own : given)
}

/** What the compiler makes of SQL text: the text, and the values of its `${...}`. */
const isBound = (value: Value): value is { readonly text: string; readonly params: ReadonlyArray<Value> } =>
  isRecord(value) && typeof value["text"] === "string" && isArray(value["params"])

const textOf = (value: Value): string =>
  typeof value === "string" ? value : isBound(value) ? value.text : Json.stringify(value)

const resultOf = (output: Value): Value => {
  if (!isRecord(output)) return output
  const columns = isArray(output["columns"]) ? output["columns"] : []
  const rows = isArray(output["rows"]) ? output["rows"] : []
  return {
    columns,
    rows: rows.map((row) => isRecord(row) ? columns.map((column) => cell(row[String(column)] ?? null)) : row),
    rows_affected: output["rows_affected"] ?? 0,
    duration: output["duration_ms"] ?? 0
  }
}

const mapCells = (row: ValueRecord): ValueRecord => {
  const made = emptyRecord()
  for (const [key, value] of Object.entries(row)) made[key] = cell(value)
  return made
}

const decoder = new TextDecoder()

/** What Robogo's driver gave as bytes came as text: documents, arrays, `bytea`. */
const cell = (value: Value): Value =>
  value instanceof Uint8Array
    ? decoder.decode(value)
    : typeof value === "object" && value !== null
    ? Json.stringify(value)
    : value
