/** `data_set` (Robogo's `tdm`): makes up data, checks data, and brings data sets and environments of the case into use. */
import { Clock, Effect, Result, Schema } from "effect"
import * as Json from "../../core/Json.ts"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import * as TestData from "../data/TestData.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"
import * as DataSets from "../run/DataSets.ts"

const operations = ["generate", "validate", "load", "environment"] as const

const input = Schema.Struct({
  operation: Fields.describe(
    Schema.Literals(operations),
    "generate records, validate data, load a set of the case, or switch to an environment of the case"
  ),
  pattern: Fields.optional(Fields.Text, "generate: a text with {index} {random} {range:1:6} {uuid}"),
  fields: Fields.optional(
    Schema.Record(Schema.String, Fields.Value),
    "generate: for each field a kind of faker, a pattern or a value"
  ),
  count: Fields.optional(Fields.Int, "generate: how many [default: 1]"),
  data: Fields.optional(Fields.Value, "validate: an object whose fields the rules name [default: the variables]"),
  rules: Fields.optional(Schema.Array(DataSets.Rule), "validate: the rules [default: those of the case]"),
  fail: Fields.optional(Fields.Flag, "validate: fail when a rule is broken [default: true]"),
  name: Fields.optional(Fields.Text, "load, environment: the name of it")
})
type Input = typeof input.Type

export const dataSet = Action.make({
  name: "data_set",
  family: "data",
  summary: "Makes up and checks data, and brings data sets and environments of the case into use",
  input,
  positional: ["operation", "name"],
  validate: (present, constants) => {
    switch (constants["operation"]) {
      case "generate":
        return present.has("pattern") === present.has("fields") ? ["generate takes either `pattern` or `fields`"] : []
      case "load":
      case "environment":
        return present.has("name") ? [] : [`${constants["operation"]} needs a \`name\``]
      default:
        return []
    }
  },
  output: Schema.Unknown,
  effect: "none",
  assigns: (input, output) => {
    const { name, operation } = input
    if (operation === "load" && name !== undefined) {
      return { [Text.write(name)]: isRecord(output) ? output["data"]! : null }
    }
    return operation === "environment" && isRecord(output) && isRecord(output["variables"])
      ? output["variables"]
      : emptyRecord()
  },
  robogo: {
    names: ["tdm"],
    input: (args, options) => {
      const operation = robogoOperations[Text.write(args[0] ?? "").toLowerCase()] ?? args[0] ?? null
      const fields = operation === "generate" ? ["pattern", "count"] : operation === "validate" ? ["rules"] : ["name"]
      const given = named(fields, args.slice(1), options)
      const rules = given["rules"]
      return { ...given, ...(isRecord(rules) ? { rules: [rules] } : {}), operation }
    },
    // That tool answers with JSON text.
    result: (output, input) =>
      Json.stringify({
        operation: robogoNames[input.operation],
        ...(input.pattern === undefined ? {} : { pattern: input.pattern }),
        ...(isRecord(output) ? output : {}),
        status: "success"
      })
  },
  examples: [
    {
      title: "Users that differ",
      yaml: `steps:
  - data_set: { operation: generate, count: 3, fields: { id: "{index}", name: person.fullName, email: "u{index}@shop.test" } }
    expect: [count == 3, "data[2].email == 'u2@shop.test'"]
`
    },
    {
      title: "Rules that data must keep",
      yaml: `vars: { users: { ada: { email: ada@shop.test, age: 36 }, bob: { email: bob@shop.test, age: 41 } } }
steps:
  - data_set:
      operation: validate
      rules:
        - { type: format, field: users.*.email, rule: email }
        - { type: unique, field: users.*.email }
        - { type: range, field: users.*.age, rule: { min: 18, max: 99 } }
    expect: [valid, is_empty(violations)]
`
    }
  ],
  run: (input, context) => {
    switch (input.operation) {
      case "generate":
        return generate(input, context)
      case "validate":
        return validate(input, context)
      case "load":
        return Effect.flatMap(loaded(context, undefined), (data) => pick(input.name ?? "", data.variables))
      case "environment":
        return Effect.map(loaded(context, input.name ?? ""), (data) => ({
          environment: input.name ?? "",
          variables: data.variables
        }))
    }
  }
})

const robogoOperations: Readonly<Record<string, string>> = {
  generate: "generate",
  validate: "validate",
  load_dataset: "load",
  set_environment: "environment"
}

const robogoNames: Readonly<Record<(typeof operations)[number], string>> = {
  generate: "generate",
  validate: "validate",
  load: "load_dataset",
  environment: "set_environment"
}

const generate = Effect.fnUntraced(
  function*(input: Input, context: Action.ActionContext): Effect.fn.Return<Value, Action.ActionError> {
    const count = input.count ?? 1
    if (count < 0 || count > TestData.maxCount) return yield* invalid(`count is from 0 to ${TestData.maxCount}`)
    const { fields, pattern } = input
    if (fields === undefined) {
      const make = (index: number): ValueRecord => ({ generated: TestData.fill(pattern ?? "", index, context.random) })
      return { count, data: Array.from({ length: count }, (_, index) => make(index)) }
    }
    const faker = yield* TestData.faker
    const source = { random: context.random, now: yield* Clock.currentTimeMillis }
    const data = yield* Effect.forEach(
      Array.from({ length: count }).keys(),
      (index) =>
        Result.match(TestData.record(fields, index, faker, source), {
          onFailure: ({ hint, message }) => invalid(message, hint),
          onSuccess: (record) => Effect.succeed(record)
        })
    )
    return { count, data }
  }
)

const validate = Effect.fnUntraced(
  function*(input: Input, context: Action.ActionContext): Effect.fn.Return<Value, Action.ActionError> {
    const rules = input.rules ?? (yield* definitionOf(context)).validation ?? []
    const root = isRecord(input.data) ? input.data : context.variables
    const violations = DataSets.validate(rules, root).map((violation) => ({ ...violation }))
    const errors = violations.filter((violation) => violation.severity === "error")
    if (errors.length === 0 || input.fail === false) return { valid: errors.length === 0, violations }
    return yield* new Action.ActionError({
      reason: "Failed",
      message: `the data breaks ${errors.length} of its rules: ${
        errors.map(({ message, path }) => `${path} ${message}`).join("; ")
      }`
    })
  }
)

/** The data sets of the case as they are in an environment, or in the one of the run. */
const loaded = Effect.fnUntraced(function*(
  context: Action.ActionContext,
  environment: string | undefined
): Effect.fn.Return<DataSets.Loaded, Action.ActionError> {
  const definition = yield* definitionOf(context)
  const environments = yield* decode(Schema.Array(DataSets.Environment), context.settings["environments"] ?? [])
  if (environment !== undefined && !environments.some((known) => known.name === environment)) {
    const known = environments.map((environment) => environment.name).join(", ")
    return yield* invalid(
      `there is no environment ${JSON.stringify(environment)}`,
      known === "" ? "Add it under environments:" : `The case has ${known}`
    )
  }
  return yield* DataSets.load(definition, {
    environments,
    environment,
    random: context.random,
    now: yield* Clock.currentTimeMillis
  })
})

const pick = (name: string, variables: ValueRecord): Effect.Effect<Value, Action.ActionError> => {
  const data = Object.hasOwn(variables, name) ? variables[name] : undefined
  return data === undefined
    ? invalid(
      `there is no data set ${JSON.stringify(name)}`,
      `The case has ${Object.keys(variables).join(", ") || "none"}`
    )
    : Effect.succeed({ name, data, count: isArray(data) ? data.length : isRecord(data) ? Object.keys(data).length : 1 })
}

/** The definition that the case was written with, as whoever runs it hands it in. */
const definitionOf = (context: Action.ActionContext) =>
  decode(DataSets.Definition, context.settings["data_management"] ?? {})

const decode = <A>(schema: Schema.Codec<A, unknown>, value: Value): Effect.Effect<A, Action.ActionError> =>
  Schema.decodeUnknownEffect(schema)(value).pipe(
    Effect.mapError((error) =>
      new Action.ActionError({
        reason: "Invalid",
        message: `data_set: the data sets of the case cannot be used: ${error.message}`
      })
    )
  )

const invalid = (message: string, hint?: string) =>
  Effect.fail(
    new Action.ActionError({
      reason: "Invalid",
      message: `data_set: ${message}`,
      ...(hint === undefined ? {} : { hint })
    })
  )
