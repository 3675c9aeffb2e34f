/** `fake`: made-up names, addresses, numbers and records, the same for the same seed. */
import { Clock, Effect, Result, Schema } from "effect"
import * as Json from "../../core/Json.ts"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as TestData from "../data/TestData.ts"
import * as Fields from "../Fields.ts"

const input = Schema.Struct({
  kind: Fields.optional(
    Fields.Text,
    "What to make, as faker calls it: person.fullName, internet.email, number.int, date.past"
  ),
  args: Fields.optional(Fields.Value, "What the kind takes, such as { min: 1, max: 9 }; a list for several arguments"),
  record: Fields.optional(
    Schema.Record(Schema.String, Fields.Value),
    "Make objects instead: for each field a kind, or a pattern with {index} {random} {range:1:6} {uuid}"
  ),
  count: Fields.optional(Fields.Int, `Make a list of so many, at most ${TestData.maxCount} [default: one, no list]`),
  unique: Fields.optional(Fields.Flag, "No two of the list are equal [default: false]")
})
type Input = typeof input.Type

export const fake = Action.make({
  name: "fake",
  family: "random",
  summary: "Makes up data that looks real, the same for the same seed",
  input,
  positional: ["kind"],
  validate: (present) => present.has("kind") === present.has("record") ? ["give either `kind` or `record`"] : [],
  output: Schema.Unknown,
  effect: "none",
  examples: [
    {
      title: "Three addresses that differ",
      yaml:
        "steps:\n  - fake: { kind: internet.email, count: 3, unique: true }\n    expect: [size(value) == 3, \"contains(value[0], '@')\"]\n"
    },
    {
      title: "Records",
      yaml: `steps:
  - fake:
      record: { id: "u-{index}", name: person.fullName, age: "{range:18:99}", active: true }
      count: 2
    expect: ["value[1].id == 'u-1'", "value[0].active"]
`
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const { count } = input
    if (count !== undefined && (count < 0 || count > TestData.maxCount)) {
      return yield* invalid(`fake: count is from 0 to ${TestData.maxCount}`)
    }
    const faker = yield* TestData.faker
    const source = { random: context.random, now: yield* Clock.currentTimeMillis }
    const make = (index: number) => one(input, index, faker, source)
    if (count === undefined) return yield* make(0)
    return yield* input.unique === true
      ? distinct(count, make)
      : Effect.forEach(Array.from({ length: count }).keys(), make)
  })
})

const one = (
  input: Input,
  index: number,
  faker: TestData.Faker,
  source: TestData.Source
): Effect.Effect<Value, Action.ActionError> => {
  const args = input.args === undefined
    ? []
    : Array.isArray(input.args)
    ? input.args as ReadonlyArray<Value>
    : [input.args]
  const made: Result.Result<Value, TestData.TestDataProblem> = input.record === undefined
    ? faker.make(input.kind ?? "", args, source)
    : TestData.record(input.record, index, faker, source)
  return Result.match(made, {
    onFailure: ({ hint, message }) => invalid(`fake: ${message}`, hint),
    onSuccess: (value) => Effect.succeed(value)
  })
}

/** Tries often, but not for ever: there are only so many months. */
const distinct = Effect.fnUntraced(function*(
  count: number,
  make: (index: number) => Effect.Effect<Value, Action.ActionError>
): Effect.fn.Return<Value, Action.ActionError> {
  const found = new Map<string, Value>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries >= count * 20 + 1_000) {
      return yield* invalid(`fake: there are no ${count} that differ, only ${found.size} were found`)
    }
    const value = yield* make(found.size)
    found.set(Json.stringify(value), value)
  }
  return [...found.values()]
})

const invalid = (message: string, hint?: string) =>
  Effect.fail(new Action.ActionError({ reason: "Invalid", message, ...(hint === undefined ? {} : { hint }) }))
