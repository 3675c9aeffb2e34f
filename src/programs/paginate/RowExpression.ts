/** Expressions and templates over a row: its fields are names, and `row` is the whole of it. */
import { Effect, Result, Schema } from "effect"
import { field, isRecord, type Value } from "../../core/Value.ts"
import * as Expression from "../../scenario/expression/Expression.ts"
import * as Template from "../../scenario/expression/Template.ts"
import * as Text from "../../scenario/expression/Text.ts"

/** An expression could not be read, or has no value for a row. `message` has its text and what is wrong. */
export class RowError extends Schema.TaggedError<RowError>()("RowError", {
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {}

/** Compiles a condition. A field that a row does not have is an error, so that no misspelling selects nothing in silence. */
export const condition = (
  text: string
): Result.Result<(row: Value) => Effect.Effect<boolean, RowError>, RowError> =>
  Result.map(Result.mapError(Expression.parse(text), problems(text)), (parsed) => {
    const compiled = Expression.condition(parsed)
    return (row) => Effect.map(run(text, compiled, row), (value) => value === true)
  })

/**
 * Compiles the template of a URL, such as `/sites/${id}`. What stands in a hole is encoded, so that an id with a `/` or a `?` stays
 * one part; a template that begins with a hole (`${links.self}`) takes that one as it is.
 */
export const url = (text: string): Result.Result<(row: Value) => Effect.Effect<string, RowError>, RowError> =>
  Result.map(Result.mapError(Template.parse(text), problems(text)), ({ parts }) => (row) =>
    Effect.map(
      Effect.forEach(parts, (part, at) => {
        if (typeof part === "string") return Effect.succeed(part)
        const filled = Effect.map(run(text, part, row), Text.write)
        return at === 0 ? filled : Effect.map(filled, encodeURIComponent)
      }),
      (filled) => filled.join("")
    ))

const run = (text: string, code: Pick<Expression.Expression, "run">, row: Value): Effect.Effect<Value, RowError> =>
  Effect.clockWith((clock) => {
    const machine = { now: () => clock.currentTimeMillisUnsafe(), random: () => 0.5 }
    const result = Expression.evaluate(code, namesOf(row), machine)
    if (Result.isSuccess(result)) return Effect.succeed(result.success)
    const { hint, message } = result.failure
    return Effect.fail(new RowError({ message: `${text}: ${message}`, ...(hint === undefined ? {} : { hint }) }))
  })

const namesOf = (row: Value): Expression.Names => ({
  get: (name) => name === "row" ? row : isRecord(row) ? field(row, name) : undefined,
  list: () => ["row", ...isRecord(row) ? Object.keys(row) : []]
})

const problems = (text: string) => ([first]: ReadonlyArray<Expression.SyntaxProblem>): RowError =>
  new RowError({ message: `${text}: ${first?.message ?? "cannot be read"}` })
