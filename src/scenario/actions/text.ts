/** `length`, `concat`, `string`, `string_replace`, `string_format`: small work on texts. */
import { Effect, Schema } from "effect"
import { isArray, isRecord, kindOf, type Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"

export const length = Action.make({
  name: "length",
  family: "text",
  summary: "Counts the characters of a text, the items of a list or the fields of an object",
  input: Schema.Struct({ value: Fields.describe(Fields.Value, "What to measure; numbers and the like as text") }),
  positional: ["value"],
  output: Schema.Int,
  effect: "none",
  examples: [
    { title: "Characters", yaml: "steps:\n  - length: héllo\n    expect: value == 5\n" },
    {
      title: "Items",
      yaml: "vars: { ids: [7, 8, 9] }\nsteps:\n  - length: { value: \"${ids}\" }\n    expect: value == 3\n"
    }
  ],
  run: ({ value }) => Effect.sync(() => lengthOf(value))
})

export const concat = Action.make({
  name: "concat",
  family: "text",
  summary: "Joins values into one text",
  input: Schema.Struct({
    values: Fields.describe(Schema.Array(Fields.Value), "What to join; lists and objects as JSON"),
    separator: Fields.optional(Fields.Text, "What stands between them [default: nothing]")
  }),
  positional: ["values"],
  output: Schema.String,
  effect: "none",
  robogo: { input: (args, options) => ({ separator: " ", ...options, values: args.map(Text.goText) }) },
  examples: [
    {
      title: "A path of parts",
      yaml:
        "vars: { id: 7 }\nsteps:\n  - concat: { values: [orders, \"${id}\", items], separator: / }\n    expect: value == 'orders/7/items'\n"
    },
    { title: "Without a separator", yaml: "steps:\n  - concat: [a, 1, true]\n    expect: value == 'a1true'\n" }
  ],
  run: (input) => Effect.sync(() => input.values.map(Text.write).join(input.separator ?? ""))
})

export const string = Action.make({
  name: "string",
  family: "text",
  summary: "Writes a value as text",
  input: Schema.Struct({ value: Fields.describe(Fields.Value, "What to write; lists and objects as JSON") }),
  positional: ["value"],
  output: Schema.Struct({ value: Schema.String, original_type: Schema.String, length: Schema.Int }),
  effect: "none",
  robogo: {
    input: (args) => ({ value: args[0] ?? null }),
    result: (_, { value }) => {
      const text = Text.goText(value)
      return { value: text, original_type: goType(value), length: new TextEncoder().encode(text).length }
    }
  },
  examples: [
    {
      title: "An object as JSON",
      yaml:
        "steps:\n  - string: { value: { a: 1 } }\n    expect: [\"value == '{\\\"a\\\":1}'\", original_type == 'object']\n"
    },
    { title: "A number", yaml: "steps:\n  - string: 42\n    expect: [value == '42', length == 2]\n" }
  ],
  run: ({ value }) =>
    Effect.sync(() => {
      const text = Text.write(value)
      return { value: text, original_type: kindOf(value), length: lengthOf(text) }
    })
})

export const stringReplace = Action.make({
  name: "string_replace",
  family: "text",
  summary: "Replaces a part of a text, word for word; the action regex takes patterns",
  input: Schema.Struct({
    text: Fields.describe(Fields.Text, "The text"),
    old: Fields.describe(Fields.Text, "The part to replace"),
    new: Fields.describe(Fields.Text, "What stands there afterwards"),
    count: Fields.optional(Fields.Int, "The most replacements, from the start [default: all]")
  }),
  positional: ["text", "old", "new"],
  output: Schema.Struct({
    result: Schema.String,
    original_text: Schema.String,
    replacements_made: Schema.Int,
    total_occurrences: Schema.Int
  }),
  effect: "none",
  examples: [
    {
      title: "Every occurrence",
      yaml:
        "steps:\n  - string_replace: { text: a-b-c, old: \"-\", new: + }\n    expect: [result == 'a+b+c', replacements_made == 2]\n"
    },
    {
      title: "Only the first",
      yaml:
        "steps:\n  - string_replace: { text: a-b-c, old: \"-\", new: \"\", count: 1 }\n    expect: result == 'ab-c'\n"
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    if (input.old === "") {
      return yield* new Action.ActionError({
        reason: "Invalid",
        message: "string_replace: the part to replace is empty"
      })
    }
    const parts = input.text.split(input.old)
    const total = parts.length - 1
    const made = input.count === undefined || input.count < 0 ? total : Math.min(input.count, total)
    const replaced = parts.slice(0, made + 1).join(input.new)
    return {
      result: [replaced, ...parts.slice(made + 1)].join(input.old),
      original_text: input.text,
      replacements_made: made,
      total_occurrences: total
    }
  })
})

export const stringFormat = Action.make({
  name: "string_format",
  family: "text",
  summary: "Puts values in the places of {} in a text",
  input: Schema.Struct({
    template: Fields.describe(Fields.Text, "The text, with one {} for each value"),
    values: Fields.describe(Schema.Array(Fields.Value), "The values, in their order")
  }),
  positional: ["template", "values"],
  output: Schema.Struct({ result: Schema.String, template: Schema.String, values_used: Schema.Int }),
  effect: "none",
  robogo: {
    input: (args, options) => named(["template", "values"], [args[0]!, args.slice(1).map(Text.goText)], options)
  },
  examples: [
    {
      title: "Two values",
      yaml: "steps:\n  - string_format: { template: \"{} of {}\", values: [3, 7] }\n    expect: result == '3 of 7'\n"
    },
    {
      title: "A value that has braces itself",
      yaml:
        "steps:\n  - string_format: { template: \"<{}><{}>\", values: [\"{}\", x] }\n    expect: result == '<{}><x>'\n"
    }
  ],
  run: Effect.fnUntraced(function*({ template, values }) {
    const parts = template.split("{}")
    const places = parts.length - 1
    if (places !== values.length) {
      return yield* new Action.ActionError({
        reason: "Invalid",
        message: `string_format: the template has ${places} times {}, and there are ${values.length} values`
      })
    }
    const result = parts.map((part, at) => at === 0 ? part : Text.write(values[at - 1]!) + part).join("")
    return { result, template, values_used: values.length }
  })
})

/** A text counts in characters as people see code points; anything that is neither list nor object as its text. */
const lengthOf = (value: Value): number => {
  if (isArray(value) || value instanceof Uint8Array) return value.length
  if (isRecord(value)) return Object.keys(value).length
  return value === null ? 0 : [...Text.write(value)].length
}

const goType = (value: Value): string => {
  if (value === null) return "<nil>"
  if (typeof value === "string") return "string"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "bigint") return "int64"
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64"
  if (value instanceof Uint8Array) return "[]uint8"
  return isArray(value) ? "[]interface {}" : "map[string]interface {}"
}
