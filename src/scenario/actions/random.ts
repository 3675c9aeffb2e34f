/** `uuid`, `random` and `string_random`: chance that repeats with the run's seed. */
import { Effect, Schema } from "effect"
import * as Action from "../Action.ts"
import * as TestData from "../data/TestData.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"

export const uuid = Action.make({
  name: "uuid",
  family: "random",
  summary: "Makes a UUID (version 4)",
  input: Schema.Struct({}),
  positional: [],
  output: Schema.String,
  effect: "none",
  examples: [
    {
      title: "An id for this run",
      yaml: "steps:\n  - uuid:\n    save: { id: value }\n  - assert: size(id) == 36\n"
    },
    {
      title: "Two that differ",
      yaml: "steps:\n  - uuid:\n    save: { a: value }\n  - uuid:\n    save: { b: value }\n  - assert: a != b\n"
    }
  ],
  run: (_, context) => Effect.sync(() => TestData.uuid(context.random))
})

export const random = Action.make({
  name: "random",
  family: "random",
  summary: "Picks a number of a range, both ends included",
  input: Schema.Struct({
    max: Fields.describe(Fields.Finite, "The largest number"),
    min: Fields.optional(Fields.Finite, "The smallest number [default: 0]"),
    precision: Fields.optional(Fields.Int, "Decimal places [default: none when both ends are whole, else 2]")
  }),
  positional: ["max"],
  output: Schema.Finite,
  effect: "none",
  robogo: {
    names: ["get_random"],
    input: (args, options) => named(args.length === 1 ? ["max"] : ["min", "max", "precision"], args, options)
  },
  examples: [
    { title: "A whole number", yaml: "steps:\n  - random: { min: 1, max: 6 }\n    expect: [value >= 1, value <= 6]\n" },
    {
      title: "A price",
      yaml: "steps:\n  - random: { min: 10.5, max: 99.99, precision: 2 }\n    expect: [value >= 10.5, value <= 99.99]\n"
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { max, min = 0 } = input
    if (min > max) return yield* invalid(`random: the smallest number ${min} is above the largest ${max}`)
    const places = input.precision ?? (Number.isSafeInteger(min) && Number.isSafeInteger(max) ? 0 : 2)
    if (places < 0 || places > 15) return yield* invalid("random: precision is from 0 to 15")
    const scale = 10 ** places
    const [low, high] = [Math.ceil(min * scale), Math.floor(max * scale)]
    // Rounding can leave nothing between two close ends.
    return high < low ? min : (low + Math.floor(context.random() * (high - low + 1))) / scale
  })
})

const maxLength = 10_000

export const stringRandom = Action.make({
  name: "string_random",
  family: "random",
  summary: "Makes a random text",
  input: Schema.Struct({
    length: Fields.describe(Fields.Int, `How many characters, 1 to ${maxLength}`),
    charset: Fields.optional(
      Fields.Text,
      "Which: numeric, lowercase, uppercase, alphabetic, alphanumeric, hex, special, all, custom [default: alphanumeric]"
    ),
    custom_chars: Fields.optional(Fields.Text, "The characters of the charset custom")
  }),
  positional: ["length", "charset"],
  output: Schema.Struct({ value: Schema.String, length: Schema.Int, charset: Schema.String }),
  effect: "none",
  examples: [
    {
      title: "A code of digits",
      yaml: "steps:\n  - string_random: { length: 6, charset: numeric }\n    expect: matches(value, '^[0-9]{6}$')\n"
    },
    {
      title: "Of characters of your own",
      yaml: `steps:
  - string_random: { length: 20, charset: custom, custom_chars: ACGT }
    expect: matches(value, '^[ACGT]{20}$')
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { length } = input
    if (length < 1 || length > maxLength) {
      return yield* invalid(`string_random: the length is from 1 to ${maxLength}, not ${length}`)
    }
    const charset = (input.charset ?? (input.custom_chars === undefined ? "alphanumeric" : "custom")).toLowerCase()
    const characters = [...(charset === "custom" ? input.custom_chars ?? "" : charsets[charset] ?? "")]
    if (characters.length === 0) {
      return yield* invalid(
        charset === "custom"
          ? "string_random: the charset custom needs custom_chars"
          : `string_random: there is no charset ${JSON.stringify(charset)}`
      )
    }
    const value = Array.from({ length }, () => characters[Math.floor(context.random() * characters.length)]).join("")
    return { value, length, charset }
  })
})

const numeric = "0123456789"
const lowercase = "abcdefghijklmnopqrstuvwxyz"
const uppercase = lowercase.toUpperCase()
const special = "!@#$%^&*()_+-=[]{}|;:,.<>?"
const alphabetic = lowercase + uppercase

/** Robogo's names, its short ones included. */
const charsets: Readonly<Record<string, string>> = {
  numeric,
  numbers: numeric,
  lowercase,
  lower: lowercase,
  uppercase,
  upper: uppercase,
  alphabetic,
  alpha: alphabetic,
  letters: alphabetic,
  alphanumeric: alphabetic + numeric,
  alphanum: alphabetic + numeric,
  hex: "0123456789abcdef",
  hexadecimal: "0123456789abcdef",
  special,
  symbols: special,
  all: alphabetic + numeric + special
}

const invalid = (message: string) => Effect.fail(new Action.ActionError({ reason: "Invalid", message }))
