/** `log`: writes a line into the run's output. */
import { Effect, Schema } from "effect"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"

export const log = Action.make({
  name: "log",
  family: "basics",
  summary: "Writes a line into the run's output",
  input: Schema.Struct({
    message: Fields.describe(Fields.Value, "What to write; a list or map is written as JSON"),
    level: Fields.optional(Schema.Literals(["debug", "info", "warning"]), "How important it is [default: info]"),
    format: Fields.optional(Schema.Literals(["compact", "pretty", "raw"]), "How JSON is laid out [default: compact]")
  }),
  positional: ["message"],
  output: Schema.String,
  effect: "none",
  robogo: {
    // There any number of arguments is one line.
    input: (args, options) => ({ ...options, message: args.length === 1 ? args[0]! : args.map(Text.write).join(" ") })
  },
  examples: [
    { title: "A line with a variable", yaml: "vars: { name: Ada }\nsteps:\n  - log: \"hello ${name}\"\n" },
    { title: "A warning", yaml: "steps:\n  - log: { message: the cache is cold, level: warning }\n" }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const text = input.format === "pretty" ? pretty(input.message) : Text.write(input.message)
    yield* context.log(text, input.level ?? "info")
    return text
  })
})

const pretty = (value: Value): string => typeof value === "string" ? value : Json.stringify(value, 2)
