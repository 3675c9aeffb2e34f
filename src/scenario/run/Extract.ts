/**
 * Takes a part of a step's output: the `extract` of a step, in skein's spelling (`{ jq: ".items[0]" }`) and in Robogo's
 * (`{ type: jq, path: ".items[0]" }`).
 *
 * skein's spelling looks at the body of an HTTP answer, at the content of a file that was read, and else at the whole
 * output. Robogo's looks at the whole output, as that tool did; only where text is needed does it take the body.
 */
import { Effect, Result, Schema, SchemaIssue } from "effect"
import * as LinearRegex from "../../core/LinearRegex.ts"
import { field, isArray, isRecord, kindOf, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Jq from "../../services/Jq.ts"
import { ActionError } from "../Action.ts"
import * as Csv from "../data/Csv.ts"
import * as JsonPath from "../data/JsonPath.ts"
import * as Operators from "../expression/Operators.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"

const group = Fields.optional(
  Schema.Union([Fields.Int, Schema.String]),
  "The group of the pattern, by number or name [default: 1, or the whole match when the pattern has no group]"
)
const csvFields = {
  row: Fields.optional(Fields.Int, "The row, from 0; negative from the end"),
  column: Fields.optional(Fields.Text, "The column, by name or by its number from 0"),
  filter: Fields.optional(Fields.Text, "Which rows: a column, an operator and a value, such as `age > 30`"),
  delimiter: Fields.optional(Fields.Text, "What separates fields [default: ,]")
}
const multiple = Fields.optional(Fields.Flag, "All that is found, as a list [default: the first]")

const types = ["jq", "jsonpath", "xpath", "regex", "csv"] as const

/** One part to take. Each form is one key that names the language, and its options. */
export const Spec = Schema.Union([
  Schema.Struct({ jq: Fields.describe(Fields.Text, "A jq program; one result is itself, several are a list") }),
  Schema.Struct({ jsonpath: Fields.describe(Fields.Text, "A JSONPath; a list unless it can name one value only") }),
  Schema.Struct({
    xpath: Fields.describe(Fields.Text, "An XPath; the text of the first node"),
    multiple,
    namespaces: Fields.optional(Fields.TextRecord, "Namespaces by prefix; without them names match as written")
  }),
  Schema.Struct({ regex: Fields.describe(Fields.Text, "A pattern in RE2 syntax"), group, multiple }),
  Schema.Struct({ csv: Fields.describe(Schema.Struct(csvFields), "Rows, a row, a column or a cell of a table") }),
  Schema.Struct({
    type: Fields.describe(Schema.Literals(types), "Robogo: the language"),
    path: Fields.optional(Fields.Text, "Robogo: the query"),
    expression: Fields.optional(Fields.Text, "The same as path"),
    has_header: Fields.optional(Fields.Flag, "Robogo: accepted, the first row always names the columns"),
    group,
    multiple,
    ...csvFields
  })
])
export type Spec = typeof Spec.Type

/**
 * Returns the part of `output` that `spec` names. `spec` is decoded here: it may hold evaluated templates.
 *
 * Fails with `Invalid` when `spec` is wrong, when there is nothing to take (no match, no such row or column), and when the
 * output is of the wrong kind. What jq, JSONPath and XPath do not find is null or an empty list, and no failure.
 */
export const extract = Effect.fnUntraced(function*(
  spec: unknown,
  output: Value
): Effect.fn.Return<Value, ActionError, Jq.Jq> {
  const decoded = decode(spec)
  if (Result.isFailure(decoded)) return yield* invalid("extract", describe(spec, decoded.failure))
  const part = decoded.success

  if ("type" in part) return yield* extractRobogo(part, output)
  const subject = subjectOf(output)
  if ("jq" in part) return yield* byJq(part.jq, subject)
  if ("jsonpath" in part) return yield* byJsonPath(part.jsonpath, subject)
  if ("xpath" in part) return yield* byXPath(part, textOf(subject))
  if ("regex" in part) return yield* byRegex(part, textOf(subject))
  return yield* byCsv(part.csv, subject)
})

/** Runs jq; one result is itself, none is null, several are a list. */
export const byJq = Effect.fnUntraced(
  function*(program: string, subject: Value): Effect.fn.Return<Value, ActionError, Jq.Jq> {
    const jq = yield* Jq.Jq
    const results = yield* jq.run(program, subject).pipe(Effect.mapError((error) =>
      new ActionError({
        reason: error.reason === "Timeout" || error.reason === "Unavailable" ? error.reason : "Invalid",
        message: `jq ${JSON.stringify(program)}: ${error.message}`,
        ...(typeof subject === "string" && error.reason === "Input"
          ? { hint: "its input is text: start with fromjson if that is JSON" }
          : {})
      })
    ))
    return Jq.collapse(results)
  }
)

/** Runs a JSONPath; see {@link JsonPath.collapse}. */
export const byJsonPath = (path: string, subject: Value): Effect.Effect<Value, ActionError> =>
  Result.match(JsonPath.query(path, subject), {
    onFailure: (problem) => invalid(`jsonpath ${JSON.stringify(path)}`, problem.message),
    onSuccess: (found) => Effect.succeed(JsonPath.collapse(found))
  })

/** Runs an XPath; the first thing found or null, or all of them as a list. */
export const byXPath = Effect.fnUntraced(function*(part: {
  readonly xpath: string
  readonly multiple?: boolean | undefined
  readonly namespaces?: Readonly<Record<string, string>> | undefined
}, text: string): Effect.fn.Return<Value, ActionError> {
  // Loaded when used: it is the largest of the languages.
  const XPath = yield* Effect.promise(() => import("../data/XPath.ts"))
  const found = XPath.evaluate(text, part.xpath, { namespaces: part.namespaces })
  if (Result.isFailure(found)) return yield* invalid(`xpath ${JSON.stringify(part.xpath)}`, found.failure.message)
  return part.multiple === true ? found.success : found.success[0] ?? null
})

/** Searches a text; fails when the pattern does not occur or has no such group. */
export const byRegex = Effect.fnUntraced(function*(part: {
  readonly regex: string
  readonly flags?: string | undefined
  readonly group?: number | string | undefined
  readonly multiple?: boolean | undefined
}, text: string): Effect.fn.Return<Value, ActionError> {
  const what = `regex ${JSON.stringify(part.regex)}`
  const regex = LinearRegex.compile(part.regex, part.flags)
  if (Result.isFailure(regex)) return yield* invalid(what, regex.failure.message, regex.failure.hint)
  if (part.multiple === true) {
    const matches = regex.success.matchAll(text)
    if (Result.isFailure(matches)) return yield* invalid(what, matches.failure.message, matches.failure.hint)
    return yield* Effect.forEach(matches.success, (match) => groupOf(match, part.group, what))
  }
  const match = regex.success.exec(text)
  return match === undefined
    ? yield* invalid(what, `there is no match in ${Text.show(text)}`)
    : yield* groupOf(match, part.group, what)
})

type RobogoSpec = Extract<Spec, { readonly type: string }>

const extractRobogo = Effect.fnUntraced(function*(
  spec: RobogoSpec,
  output: Value
): Effect.fn.Return<Value, ActionError, Jq.Jq> {
  const path = spec.path ?? spec.expression
  if (spec.type === "csv") return yield* byCsv({ trim: true, ...spec }, subjectOf(output))
  if (path === undefined) return yield* invalid(`extract of type ${spec.type}`, "it needs a path")
  switch (spec.type) {
    case "jq":
      return yield* byJq(path, output)
    case "jsonpath":
      return yield* byJsonPath(path, output)
    case "xpath":
      return yield* byXPath({ xpath: path, multiple: spec.multiple }, textOf(subjectOf(output)))
    case "regex": {
      // That tool searched the text that Go writes for the whole result: the body stands in it, the status does too.
      const text = typeof output === "string" ? output : Text.goText(answerOf(output))
      return yield* byRegex({ regex: path, group: spec.group === 0 ? 1 : spec.group, multiple: spec.multiple }, text)
    }
  }
})

interface CsvPart {
  readonly row?: number | undefined
  readonly column?: string | undefined
  readonly filter?: string | undefined
  readonly delimiter?: string | undefined
  readonly trim?: boolean | undefined
}

/** Takes rows, a row, a column or a cell of CSV text, or of a list of records. */
const byCsv = Effect.fnUntraced(function*(part: CsvPart, subject: Value): Effect.fn.Return<Value, ActionError> {
  const table = yield* tableOf(part, subject)
  const rows = part.filter === undefined ? table.rows : yield* filtered(part.filter, table)
  const column = part.column === undefined ? undefined : columnOf(part.column, table.headers)
  if (part.column !== undefined && column === undefined) {
    return yield* invalid("csv", `there is no column ${part.column}; there are ${table.headers.join(", ")}`)
  }
  const pick = (row: ValueRecord): Value => column === undefined ? row : field(row, column) ?? ""
  if (part.row === undefined) return rows.map(pick)
  const row = rows.at(part.row)
  return row === undefined
    ? yield* invalid("csv", `there is no row ${part.row}; there are ${rows.length}`)
    : pick(row)
})

interface Rows {
  readonly headers: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ValueRecord>
}

const tableOf = Effect.fnUntraced(function*(part: CsvPart, subject: Value): Effect.fn.Return<Rows, ActionError> {
  const list = isRecord(subject) ? field(subject, "rows") ?? null : subject
  if (isArray(list) && list.every(isRecord)) return { headers: Object.keys(list[0] ?? {}), rows: list }
  if (typeof subject !== "string") {
    return yield* invalid("csv", `it takes text or a list of records, found ${kindOf(subject)}`)
  }
  const table = Csv.parse(subject, { delimiter: part.delimiter, trim: part.trim })
  return Result.isSuccess(table)
    ? { headers: table.success.headers, rows: Csv.rows(table.success) }
    : yield* invalid("csv", table.failure.message)
})

/** A name comes before a number: a column may be called `1`. */
const columnOf = (column: string, headers: ReadonlyArray<string>): string | undefined =>
  headers.includes(column) ? column : /^\d+$/.test(column) ? headers[Number(column)] : undefined

const filtered = Effect.fnUntraced(function*(
  filter: string,
  table: Rows
): Effect.fn.Return<ReadonlyArray<ValueRecord>, ActionError> {
  const match = /^\s*(\S+)\s+(\S+)\s+(.*?)\s*$/s.exec(filter)
  if (match === null) return yield* invalid("csv", `the filter ${JSON.stringify(filter)} is not: column operator value`)
  const [, column = "", name = "", value = ""] = match
  const operator = Operators.operators[name]
  if (operator === undefined) return yield* invalid("csv", `the filter has no operator ${name}`)
  if (!table.headers.includes(column)) {
    return yield* invalid("csv", `the filter names no column: ${column}; there are ${table.headers.join(", ")}`)
  }
  // Cells are text, so they are compared as Robogo did: as numbers where both are.
  return yield* Effect.try({
    try: () => table.rows.filter((row) => operator(field(row, column) ?? "", unquoted(value), "robogo")),
    catch: (error) =>
      failure("csv", `the filter cannot be used: ${error instanceof Error ? error.message : String(error)}`)
  })
})

const unquoted = (text: string): string => /^'.*'$|^".*"$/s.test(text) ? text.slice(1, -1) : text

const groupOf = (match: LinearRegex.Match, group: number | string | undefined, what: string) => {
  const wanted = group ?? (match.groups.length === 0 ? 0 : 1)
  const number = typeof wanted === "string" && /^\d+$/.test(wanted) ? Number(wanted) : wanted
  const found = typeof number === "string" ? match.named[number] : number === 0 ? match.text : match.groups[number - 1]
  const known = typeof number === "string" ? Object.hasOwn(match.named, number) : number <= match.groups.length
  return known ? Effect.succeed<Value>(found ?? "") : invalid(what, `it has no group ${wanted}`)
}

/** The body of an HTTP answer, the content of a file that was read, or the output itself. */
const subjectOf = (output: Value): Value => {
  if (!isRecord(output)) return output
  const isAnswer = Object.hasOwn(output, "body") &&
    (Object.hasOwn(output, "status") || Object.hasOwn(output, "status_code"))
  if (isAnswer) return output["body"]!
  return Object.hasOwn(output, "content") && Object.hasOwn(output, "file_path") ? output["content"]! : output
}

/** Of an HTTP answer what that tool had of it: patterns may count on what stands beside what. */
const answerOf = (output: Value): Value => {
  if (!isRecord(output) || !Object.hasOwn(output, "status_code") || !Object.hasOwn(output, "body")) return output
  return { body: output["body"]!, headers: output["headers"] ?? {}, status_code: output["status_code"]! }
}

const textOf = (value: Value): string =>
  value instanceof Uint8Array ? new TextDecoder().decode(value) : Text.write(value)

const decode = Schema.decodeUnknownResult(Spec, { errors: "first", onExcessProperty: "error" })

const formKeys = ["jq", "jsonpath", "xpath", "regex", "csv", "type"]

/** A union's own message lists every form; what is missing in the forms that are not meant says nothing. */
const describe = (spec: unknown, error: Schema.SchemaError): string => {
  const type = isRecord(spec) ? field(spec, "type") : undefined
  if (typeof type === "string" && !(types as ReadonlyArray<string>).includes(type)) {
    return `there is no type ${JSON.stringify(type)}; there are ${types.join(", ")}`
  }
  const issues = SchemaIssue.makeFormatterStandardSchemaV1()(error.issue).issues
  const exact = issues.find((issue) => (issue.path?.length ?? 0) > 0 && issue.message !== "Missing key")
  return exact === undefined || !isRecord(spec) || !formKeys.some((key) => Object.hasOwn(spec, key))
    ? "it names one of jq, jsonpath, xpath, regex or csv, such as { jq: \".id\" }"
    : `${exact.path!.map(String).join(".")}: ${exact.message}`
}

const failure = (what: string, message: string, hint?: string): ActionError =>
  new ActionError({ reason: "Invalid", message: `${what}: ${message}`, ...(hint === undefined ? {} : { hint }) })

const invalid = (what: string, message: string, hint?: string) => Effect.fail(failure(what, message, hint))
