/** `skip` and `control`: what a case does next. Conditions and loops are controls of a step; `control` is Robogo's own. */
import { Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import { isTrue } from "../expression/Expression.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"

export const skip = Action.make({
  name: "skip",
  family: "basics",
  summary: "Ends the case here, as skipped",
  input: Schema.Struct({
    reason: Fields.optional(Fields.Text, "Why; it stands in the reports [default: skipped by a step]")
  }),
  positional: ["reason"],
  output: Schema.Never,
  effect: "none",
  examples: [
    {
      title: "Where a feature is off",
      yaml: `vars: { beta: false }
steps:
  - if: "!beta"
    skip: the beta is off here
`
    },
    { title: "A case that waits for its feature", yaml: "steps:\n  - skip: not built yet\n" }
  ],
  run: (input) =>
    Effect.fail(new Action.ActionError({ reason: "Skipped", message: input.reason ?? "skipped by a step" }))
})

export const control = Action.make({
  name: "control",
  family: "basics",
  summary: "Answers whether a condition holds, or how often a loop would run; use the step's own if, for and while",
  input: Schema.Struct({
    kind: Fields.describe(Schema.Literals(["if", "for", "while"]), "What it is about"),
    condition: Fields.describe(Fields.Expression, "The condition, or the range, list or count of a loop")
  }),
  positional: ["kind", "condition"],
  output: Schema.Union([Schema.Boolean, Schema.Int]),
  effect: "none",
  examples: [
    {
      title: "A condition as a value",
      yaml: "vars: { n: 3 }\nsteps:\n  - control: { kind: if, condition: n > 2 }\n    expect: value\n"
    },
    {
      title: "How often a loop runs",
      yaml: "steps:\n  - control: { kind: for, condition: \"3\" }\n    expect: value == 3\n"
    }
  ],
  run: Effect.fnUntraced(function*(input) {
    if (input.kind === "for") return yield* countOf(input.condition)
    const value = yield* input.condition.evaluate()
    return isTrue(value)
  })
})

/** The passes of `1..5`, `[a, b]` or `3`. */
const countOf = Effect.fnUntraced(function*(condition: Action.Condition): Effect.fn.Return<number, Action.ActionError> {
  const text = condition.text.trim()
  const range = /^(-?\d+)\s*\.\.\s*(-?\d+)$/.exec(text)
  if (range !== null) return Math.abs(Number(range[2]) - Number(range[1])) + 1
  const list = /^\[(.*)\]$/s.exec(text)
  if (list !== null) return list[1]!.split(",").filter((item) => item.trim() !== "").length
  const count = Number(Text.write(yield* condition.evaluate()))
  if (Number.isInteger(count) && count >= 0) return count
  return yield* new Action.ActionError({
    reason: "Invalid",
    message: `control: ${JSON.stringify(text)} is no range, list or count`,
    hint: "Write 1..5, [a, b] or 3"
  })
})
