/** `variable`: sets variables for the steps that follow. */
import { Effect, Schema } from "effect"
import { emptyRecord, isRecord, type Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"

/** What Robogo's first generation put before the name. */
const operations = new Set(["set", "set_variable"])

export const variable = Action.make({
  name: "variable",
  family: "basics",
  summary: "Sets variables for the steps that follow",
  input: Schema.Struct({
    name: Fields.optional(Fields.Text, "The variable to set"),
    value: Fields.optional(Fields.Value, "Its value"),
    set: Fields.optional(Schema.Record(Schema.String, Fields.Value), "Several variables with their values")
  }),
  positional: ["name", "value"],
  validate: (present) =>
    present.has("set")
      ? present.has("name") || present.has("value") ? ["give either `set`, or `name` and `value`"] : []
      : present.has("name") && present.has("value")
      ? []
      : ["give `name` and `value`, or `set` with several variables"],
  output: Schema.Unknown,
  effect: "none",
  assigns: (input) => {
    const variables = emptyRecord()
    const { name, set, value } = input
    if (isRecord(set)) Object.assign(variables, set)
    if (name !== undefined) variables[Text.write(name)] = value ?? null
    return variables
  },
  robogo: {
    input: (args, options) =>
      args.length >= 3 && operations.has(Text.write(args[0]!))
        ? named(["name", "value"], [args[1]!, restOf(args.slice(2))], options)
        : named(["name", "value"], args.slice(0, 2), options)
  },
  examples: [
    {
      title: "One variable, from others",
      yaml: `vars: { host: shop.test }
steps:
  - variable: { name: base, value: "https://\${host}/v1" }
  - assert: base == 'https://shop.test/v1'
`
    },
    {
      title: "Several at once, with their kinds",
      yaml: "steps:\n  - variable: { set: { total: 0, seen: [] } }\n  - assert: [total == 0, is_empty(seen)]\n"
    }
  ],
  run: (input) => Effect.succeed(input.set ?? input.value ?? null)
})

/** Several values are one text. */
const restOf = (values: ReadonlyArray<Value>): Value =>
  values.length === 1 ? values[0]! : values.map(Text.goText).join(" ")
