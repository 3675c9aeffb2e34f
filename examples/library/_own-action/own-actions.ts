/** An action of your own: `skein.yaml` names this file, and `check`, `skein actions` and the editor's schema know the action. */
import { Effect, Schema } from "effect"
import { Action, Fields } from "skein"

export const vat = Action.make({
  name: "vat",
  family: "shop",
  summary: "Adds value added tax to a price in cents",
  input: Schema.Struct({
    net: Fields.describe(Fields.Int, "The price without tax"),
    percent: Fields.optional(Fields.Int, "The tax [default: 19]")
  }),
  positional: ["net", "percent"],
  output: Schema.Struct({ tax: Schema.Int, gross: Schema.Int }),
  effect: "none",
  examples: [
    { title: "The usual rate", yaml: "steps: [{ vat: 1000, expect: gross == 1190 }]" },
    { title: "Another rate", yaml: "steps: [{ vat: { net: 1000, percent: 7 }, expect: tax == 70 }]" }
  ],
  run: ({ net, percent = 19 }) => {
    if (net < 0) return new Action.ActionError({ reason: "Invalid", message: `a price cannot be ${net}` })
    const tax = Math.round((net * percent) / 100)
    return Effect.succeed({ tax, gross: net + tax })
  }
})
