/** `json_parse`, `json_build`, `json_diff`, `json_extract`. */
import { Effect, Result, Schema } from "effect"
import * as Json from "../../core/Json.ts"
import { isRecord, type Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as JsonDiff from "../data/JsonDiff.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"
import * as Extract from "../run/Extract.ts"

export const jsonParse = Action.make({
  name: "json_parse",
  family: "json",
  summary: "Reads JSON text; integers of any size stay exact",
  input: Schema.Struct({ text: Fields.describe(Fields.Text, "The text") }),
  positional: ["text"],
  output: Schema.Unknown,
  effect: "none",
  examples: [
    { title: "An object", yaml: "steps:\n  - json_parse: '{\"items\": [1, 2]}'\n    expect: items[1] == 2\n" },
    {
      title: "A big integer",
      yaml: "steps:\n  - json_parse: '{\"id\": 12345678901234567890}'\n    expect: id == 12345678901234567890\n"
    }
  ],
  run: (input) => parse("json_parse", input.text)
})

export const jsonBuild = Action.make({
  name: "json_build",
  family: "json",
  summary: "Writes a value as JSON text",
  input: Schema.Struct({
    value: Fields.describe(Fields.Value, "The value"),
    indent: Fields.optional(Fields.Int, "Spaces per level, 0 to 10 [default: 0, one line]"),
    format: Fields.optional(
      Schema.Literals(["string", "value"]),
      "`value` answers with the value itself [default: string; value in Robogo files]"
    )
  }),
  positional: ["value"],
  output: Schema.Unknown,
  effect: "none",
  robogo: {
    // One argument is the value, several are a list; without any, the options are the value.
    input: (args, { format, ...options }) => ({
      value: args.length === 1 ? args[0]! : args.length > 1 ? args : options,
      format: format === "string" ? "string" : "value"
    })
  },
  examples: [
    {
      title: "A body",
      yaml:
        "vars: { sku: A1 }\nsteps:\n  - json_build: { value: { sku: \"${sku}\", count: 2 } }\n    expect: value == '{\"sku\":\"A1\",\"count\":2}'\n"
    },
    {
      title: "Over several lines",
      yaml: "steps:\n  - json_build: { value: { a: [1] }, indent: 2 }\n    expect: size(split(value, \"\\n\")) == 5\n"
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    if (input.format === "value") return input.value
    const indent = input.indent ?? 0
    if (indent < 0 || indent > 10) return yield* invalid("json_build: indent is from 0 to 10")
    return Json.stringify(input.value, indent)
  })
})

const maxDifferences = 1_000

export const jsonDiff = Action.make({
  name: "json_diff",
  family: "json",
  summary: "Compares two values and lists what differs",
  input: Schema.Struct({
    left: Fields.describe(Fields.Value, "One value; text that is JSON is read first"),
    right: Fields.describe(Fields.Value, "The other"),
    ignore: Fields.optional(
      Schema.Array(Schema.String),
      "Places to leave out, with all that is in them: $.created_at, $.items[*].id"
    )
  }),
  positional: ["left", "right"],
  output: Schema.Struct({
    equal: Schema.Boolean,
    count: Schema.Int,
    differences: Schema.Array(Schema.Struct({
      path: Schema.String,
      kind: Schema.Literals(["added", "removed", "changed"]),
      left: Schema.Unknown,
      right: Schema.Unknown
    }))
  }),
  effect: "none",
  examples: [
    {
      title: "What changed",
      yaml: `steps:
  - json_diff: { left: { a: 1, b: [1, 2] }, right: { a: 1, b: [1, 3] } }
    expect: [count == 1, "differences[0].path == '$.b[1]'", "differences[0].right == 3"]
`
    },
    {
      title: "Equal but for what always differs",
      yaml: `steps:
  - json_diff:
      left: '{"items": [{"id": 1, "sku": "A1"}]}'
      right: { items: [{ id: 2, sku: A1 }] }
      ignore: ["$.items[*].id"]
    expect: equal
`
    }
  ],
  run: (input) =>
    Effect.sync(() => {
      const differences = JsonDiff.diff(readable(input.left), readable(input.right), {
        ignore: input.ignore,
        max: maxDifferences
      })
      return {
        equal: differences.length === 0,
        count: differences.length,
        differences: differences.map((difference) => ({ ...difference }))
      }
    })
})

export const jsonExtract = Action.make({
  name: "json_extract",
  family: "json",
  summary: "Takes a part of a value or of JSON text by a path",
  input: Schema.Struct({
    data: Fields.describe(Fields.Value, "The value, or JSON text"),
    path: Fields.describe(Fields.Text, "A JSONPath; `items[0].id` is the same as `$.items[0].id`")
  }),
  positional: ["data", "path"],
  output: Schema.Unknown,
  effect: "none",
  robogo: { input: (args, options) => named(["data", "path"], args, options) },
  examples: [
    {
      title: "From text",
      yaml: "steps:\n  - json_extract: { data: '{\"a\": {\"b\": 7}}', path: a.b }\n    expect: value == 7\n"
    },
    {
      title: "Several parts",
      yaml:
        "steps:\n  - json_extract: { data: { items: [{ id: 1 }, { id: 2 }] }, path: \"$.items[*].id\" }\n    expect: value == [1, 2]\n"
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    const path = input.path.trim()
    const full = path.startsWith("$") ? path : /^[.[]/.test(path) ? `$${path}` : `$.${path}`
    const data = typeof input.data === "string" ? yield* parse("json_extract", input.data) : input.data
    return yield* Extract.byJsonPath(full, data)
  })
})

const parse = (action: string, text: string): Effect.Effect<Value, Action.ActionError> =>
  Result.match(Json.parse(text), {
    onFailure: (problem) => invalid(`${action}: the text is not JSON: ${problem.message}`),
    onSuccess: (value) => Effect.succeed(value)
  })

/** Text that is a JSON object or list is meant as what it says. */
const readable = (value: Value): Value => {
  if (typeof value !== "string" || !Json.looksLikeJson(value)) return value
  const parsed = Json.parse(value)
  return Result.isSuccess(parsed) && (isRecord(parsed.success) || Array.isArray(parsed.success))
    ? parsed.success
    : value
}

const invalid = (message: string) => Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
