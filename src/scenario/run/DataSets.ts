/**
 * Data sets of a scenario (Robogo's `data_management`): named data, made-up rows, data for one environment, and rules that
 * the data must keep. `load` answers with the variables that the case gets and with every rule that is broken.
 *
 * Set-up and clean-up steps are decoded as they stand: whoever runs the case compiles and runs them.
 */
import { Effect, Result, Schema } from "effect"
import { emptyRecord, isArray, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import { ActionError } from "../Action.ts"
import * as Places from "../data/Places.ts"
import * as TestData from "../data/TestData.ts"
import * as Validation from "../data/Validation.ts"
import * as Fields from "../Fields.ts"

const names = Schema.Array(Fields.Text)
const values = Schema.Record(Schema.String, Fields.Value)

/** One set. Its data is an object of fields, an object of records, or a list of records. */
export const DataSet = Schema.Struct({
  name: Fields.describe(Fields.Text, "The variable that holds the data"),
  description: Fields.optional(Fields.Text, "What it is"),
  data: Fields.optional(Schema.Union([values, Schema.Array(Fields.Value)]), "The data"),
  generate: Fields.optional(
    Schema.Struct({
      count: Fields.describe(Fields.Int, "How many records"),
      fields: Fields.describe(values, "For each field a kind of faker, a pattern with {index}, or a value")
    }),
    "Records that are made up, after those of data"
  ),
  schema: Fields.optional(
    Schema.Record(Schema.String, Fields.Text),
    "The type of each field: text, int, email, date, ..."
  ),
  required: Fields.optional(names, "Fields that every record must have"),
  unique: Fields.optional(names, "Fields that no two records share"),
  relations: Fields.optional(
    Schema.Array(Schema.Struct({
      type: Fields.optional(Fields.Text, "Accepted"),
      field: Fields.describe(Fields.Text, "The field that refers"),
      reference: Fields.describe(Fields.Text, "The set and field that is referred to: users.id"),
      required: Fields.optional(Fields.Flag, "The field must be there [default: false]")
    })),
    "Fields whose values stand in another set"
  ),
  version: Fields.optional(Fields.Text, "Accepted"),
  environment: Fields.optional(Fields.Text, "Only in this environment")
})
export type DataSet = typeof DataSet.Type

export const Rule = Schema.Struct({
  name: Fields.optional(Fields.Text, "What it is called in a report"),
  type: Fields.describe(Fields.Text, `The kind of rule: ${Validation.kinds.join(", ")}`),
  field: Fields.describe(Fields.Text, "The place: users.admin.email, or users.*.email for all"),
  rule: Fields.optional(Fields.Value, "The format, or { min, max }"),
  message: Fields.optional(Fields.Text, "What to say when it is broken"),
  severity: Fields.optional(Schema.Literals(["error", "warning", "info"]), "What a broken rule means [default: error]"),
  continue_on_failure: Fields.optional(Fields.Flag, "The same as severity: warning")
})
export type Rule = typeof Rule.Type

export const Environment = Schema.Struct({
  name: Fields.describe(Fields.Text, "The name of the environment"),
  description: Fields.optional(Fields.Text, "What it is"),
  variables: Fields.optional(values, "Variables of this environment"),
  data_sets: Fields.optional(names, "Sets whose fields become variables of their own"),
  overrides: Fields.optional(values, "Values put at places: users.admin.email, or a variable"),
  secrets: Fields.optional(Fields.Value, "Resolved by the secrets, not here")
})
export type Environment = typeof Environment.Type

export const Definition = Schema.Struct({
  environment: Fields.optional(Fields.Text, "The environment, unless the run names one"),
  isolation: Fields.optional(Fields.Flag, "Every case has its own data [always so]"),
  cleanup: Fields.optional(Fields.Flag, "Run the teardown also after a failed set-up [default: true]"),
  data_sets: Fields.optional(Schema.Array(DataSet), "The sets"),
  setup: Fields.optional(Schema.Array(Fields.Value), "Steps that put the data in its place"),
  teardown: Fields.optional(Schema.Array(Fields.Value), "Steps that take it away"),
  validation: Fields.optional(Schema.Array(Rule), "Rules about the data")
})
export type Definition = typeof Definition.Type

/** A rule that the data breaks. */
export interface Violation {
  /** The name of the rule or set that asks for it. */
  readonly name: string
  readonly severity: "error" | "warning" | "info"
  readonly path: string
  readonly message: string
}

export interface Loaded {
  /**
   * Each set under its name, then what the environment adds and overrides. `env` holds the variables of every environment
   * by its name, as Robogo reads them: `${env.staging.base}`.
   */
  readonly variables: ValueRecord
  /** In the order of the file. */
  readonly violations: ReadonlyArray<Violation>
}

export interface LoadOptions extends TestData.Source {
  readonly environments?: ReadonlyArray<Environment> | undefined
  /** The environment of the run. @default the definition's own */
  readonly environment?: string | undefined
}

/**
 * Makes the variables and checks every rule.
 *
 * Fails with `Invalid` when a kind of made-up data or the named environment is unknown.
 */
export const load = Effect.fnUntraced(function*(
  definition: Definition,
  options: LoadOptions
): Effect.fn.Return<Loaded, ActionError> {
  const active = yield* activeEnvironment(definition, options)
  const sets = (definition.data_sets ?? []).filter((set) =>
    set.environment === undefined || set.environment === (active?.name ?? options.environment)
  )
  const data = emptyRecord()
  for (const set of sets) data[set.name] = yield* dataOf(set, options)
  const variables = applied(active, data, options.environments ?? [])
  const violations = [
    ...sets.flatMap((set) => setViolations(set, variables)),
    ...(definition.validation ?? []).flatMap((rule) => ruleViolations(rule, variables))
  ]
  return { variables, violations }
})

/** Checks rules against data; `root` is what their fields are places in. */
export const validate = (rules: ReadonlyArray<Rule>, root: ValueRecord): ReadonlyArray<Violation> =>
  rules.flatMap((rule) => ruleViolations(rule, root))

const activeEnvironment = Effect.fnUntraced(function*(
  definition: Definition,
  options: LoadOptions
): Effect.fn.Return<Environment | undefined, ActionError> {
  const environments = options.environments ?? []
  const name = options.environment ?? definition.environment
  if (name === undefined || environments.length === 0) return undefined
  const found = environments.find((environment) => environment.name === name)
  // The environment of the run may be one that this file does not speak of.
  if (found !== undefined || options.environment !== undefined) return found
  return yield* invalid(
    `there is no environment ${JSON.stringify(name)}`,
    `the file has ${environments.map((environment) => environment.name).join(", ")}`
  )
})

const dataOf = Effect.fnUntraced(
  function*(set: DataSet, source: TestData.Source): Effect.fn.Return<Value, ActionError> {
    const own: Value = set.data ?? (set.generate === undefined ? emptyRecord() : [])
    if (set.generate === undefined) return own
    const { count, fields } = set.generate
    if (count < 0 || count > TestData.maxCount) {
      return yield* invalid(`${set.name}: count is from 0 to ${TestData.maxCount}`)
    }
    const faker = yield* TestData.faker
    const made: Array<ValueRecord> = []
    for (let index = 0; index < count; index++) {
      const record = TestData.record(fields, index, faker, source)
      if (Result.isFailure(record)) return yield* invalid(`${set.name}: ${record.failure.message}`, record.failure.hint)
      made.push(record.success)
    }
    return isArray(own) ? [...own, ...made] : Object.assign(emptyRecord(), own, { generated: made })
  }
)

/** The variables with what the active environment adds: its variables, the fields of its sets, its overrides. */
const applied = (
  active: Environment | undefined,
  data: ValueRecord,
  environments: ReadonlyArray<Environment>
): ValueRecord => {
  let variables: ValueRecord = Object.assign(emptyRecord(), data)
  if (environments.length > 0) {
    const known = emptyRecord()
    for (const environment of environments) known[environment.name] = environment.variables ?? emptyRecord()
    variables = Object.assign(emptyRecord(), variables, { env: known })
  }
  if (active === undefined) return variables
  variables = Object.assign(emptyRecord(), variables, active.variables ?? {})
  for (const name of active.data_sets ?? []) {
    const set = data[name]
    if (isRecord(set)) variables = Object.assign(emptyRecord(), variables, set)
  }
  for (const [path, value] of Object.entries(active.overrides ?? {})) variables = Places.put(variables, path, value)
  return variables
}

/** The paths of the records of a set: the set itself, or each of its records. */
const recordsOf = (name: string, data: Value): string => {
  const items = isArray(data) ? data : isRecord(data) ? Object.values(data) : []
  return items.length > 0 && items.every(isRecord) ? `${name}.*` : name
}

const setViolations = (set: DataSet, variables: ValueRecord): ReadonlyArray<Violation> => {
  const base = recordsOf(set.name, variables[set.name] ?? null)
  const checked = (kind: Validation.Kind, field: string, rule: Value = null) =>
    Validation.check(kind, rule, Places.find(variables, `${base}.${field}`))
  const findings = [
    ...(set.required ?? []).flatMap((field) => checked("required", field)),
    ...(set.unique ?? []).flatMap((field) => checked("unique", field)),
    ...Object.entries(set.schema ?? {}).flatMap(([field, type]) => checked("type", field, type)),
    ...(set.relations ?? []).flatMap((relation) => [
      ...(relation.required === true ? checked("required", relation.field) : []),
      ...checked("one_of", relation.field, referenced(relation.reference, variables))
    ])
  ]
  return findings.map((finding) => ({ name: set.name, severity: "error", ...finding }))
}

/** All values of `users.id`, in every record of the set. */
const referenced = (reference: string, variables: ValueRecord): Value => {
  const [name = "", ...field] = reference.split(".")
  const base = recordsOf(name, variables[name] ?? null)
  return Places.find(variables, [base, ...field].join(".")).flatMap(({ value }) => value === undefined ? [] : [value])
}

const ruleViolations = (rule: Rule, root: ValueRecord): ReadonlyArray<Violation> => {
  const name = rule.name ?? `${rule.type} ${rule.field}`
  const kind = Validation.kinds.find((kind) => kind === rule.type)
  if (kind === undefined) {
    const message = `there is no kind of rule ${JSON.stringify(rule.type)}: ${Validation.kinds.join(", ")}`
    return [{ name, severity: "warning", path: rule.field, message }]
  }
  const severity = rule.severity ?? (rule.continue_on_failure === true ? "warning" : "error")
  const findings = notThere(rule, root) ?? Validation.check(kind, rule.rule ?? null, placesOf(kind, rule.field, root))
  return findings.map(({ message, path }) => ({ name, severity, path, message: rule.message ?? message }))
}

/** A rule about a field that is nowhere says so, whatever its kind. */
const notThere = (rule: Rule, root: ValueRecord): ReadonlyArray<Validation.Finding> | undefined => {
  const places = Places.find(root, rule.field)
  return places.length > 0 && places.every((place) => place.value === undefined)
    ? [{ path: rule.field, message: "is not there" }]
    : undefined
}

/** A value is unique among the same fields of the records beside it, also when the rule names only one. */
const placesOf = (kind: Validation.Kind, field: string, root: ValueRecord): ReadonlyArray<Places.Place> => {
  const parts = field.split(".")
  return kind === "unique" && !field.includes("*") && parts.length >= 3
    ? Places.find(root, [...parts.slice(0, -2), "*", ...parts.slice(-1)].join("."))
    : Places.find(root, field)
}

const invalid = (message: string, hint?: string) =>
  Effect.fail(
    new ActionError({ reason: "Invalid", message: `data sets: ${message}`, ...(hint === undefined ? {} : { hint }) })
  )
