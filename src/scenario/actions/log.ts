/** `log`: writes a line into the run's output. */
import { Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import * as Fields from "../Fields.ts"

export const log = Action.make({
  name: "log",
  family: "basics",
  summary: "Writes a line into the run's output",
  input: Schema.Struct({
    message: Fields.describe(Fields.Value, "What to write; a list or object is written as JSON"),
    level: Fields.optional(Schema.Literals(["debug", "info", "warning"]), "How important it is [default: info]")
  }),
  positional: ["message"],
  output: Schema.String,
  effect: "none",
  examples: [
    { title: "A line with a variable", yaml: "vars: { name: Ada }\nsteps:\n  - log: \"hello ${name}\"\n" },
    { title: "A warning", yaml: "steps:\n  - log: { message: the cache is cold, level: warning }\n" }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const text = typeof input.message === "string" ? input.message : JSON.stringify(input.message)
    yield* context.log(text, input.level ?? "info")
    return text
  })
})
