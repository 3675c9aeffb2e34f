/**
 * Expressions and templates over the rows of a list and the items of a batch: the fields of a row are names, `row` and `item` are
 * the whole of it.
 *
 * A name that nothing has is an error, so that no misspelling selects nothing in silence.
 */
import { Clock, Effect, Random, Result, Schema } from "effect"
import { positionAt } from "../core/SourceText.ts"
import { field, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import * as Expression from "../scenario/expression/Expression.ts"
import * as Template from "../scenario/expression/Template.ts"
import * as Text from "../scenario/expression/Text.ts"

/** An expression cannot be read, or has no value for a row: `--where idd == 1, column 1, of item 3: unknown name idd`. */
export class RowError extends Schema.TaggedError<RowError>()("RowError", {
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {}

/** What is compiled. */
export interface Given {
  /** Where it was given, for messages: `--where`. */
  readonly flag: string
  readonly text: string
  /** Names beside those of the row, which come first. @default none */
  readonly outside?: ValueRecord | undefined
}

/** The value for a row; `index` is its place from 0, where that is known, and a name too. */
export type RowExpression<A> = (row: Value, index?: number) => Result.Result<A, RowError>

/** Compiles a condition: anything but true or false is an error. */
export const condition = (given: Given): Effect.Effect<RowExpression<boolean>, RowError> =>
  compile(given, Expression.parse, (parsed, run) => {
    const compiled = Expression.condition(parsed)
    return (row, index) => Result.map(run(compiled, row, index), Expression.isTrue)
  })

/** Compiles a template. One that is a hole and nothing else keeps the type of its value. */
export const template = (given: Given): Effect.Effect<RowExpression<Value>, RowError> =>
  compile(given, Template.parse, (parsed, run) => (row, index) => run(parsed, row, index))

/**
 * Compiles the template of a URL, such as `/sites/${id}`. What stands in a hole is encoded, so that an id with a `/` or a `?` stays
 * one part; a template that begins with a hole (`${links.self}`) takes that one as it is.
 */
export const url = (given: Given): Effect.Effect<RowExpression<string>, RowError> =>
  compile(given, Template.parse, ({ parts }, run) => (row, index) => {
    const filled = parts.map((part, at) => {
      if (typeof part === "string") return Result.succeed(part)
      const text = Result.map(run(part, row, index), Text.write)
      return at === 0 ? text : Result.map(text, encodeURIComponent)
    })
    return Result.map(Result.all(filled), (filled) => filled.join(""))
  })

type Run = (code: Pick<Expression.Expression, "run">, row: Value, index?: number) => Result.Result<Value, RowError>

const compile = Effect.fnUntraced(function*<Parsed, A>(
  given: Given,
  parse: (text: string) => Result.Result<Parsed, ReadonlyArray<Expression.SyntaxProblem>>,
  make: (parsed: Parsed, run: Run) => RowExpression<A>
): Effect.fn.Return<RowExpression<A>, RowError> {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const machine = { now: () => clock.currentTimeMillisUnsafe(), random: () => random.nextDoubleUnsafe() }
  const parsed = parse(given.text)
  if (Result.isFailure(parsed)) {
    const [first] = parsed.failure
    return yield* errorOf(given, { message: "it cannot be read", start: -1, ...first })
  }
  return make(parsed.success, (code, row, index) =>
    Result.mapError(
      Expression.evaluate(code, namesOf(row, index, given.outside), machine),
      (error) => errorOf(given, error, index)
    ))
})

const errorOf = (
  { flag, text }: Given,
  { hint, message, start }: Pick<Expression.EvaluationError, "hint" | "message" | "start">,
  index?: number
): RowError => {
  const { column, line } = positionAt({ path: flag, text }, start)
  const place = [
    `${flag} ${text}`,
    ...(line === 1 ? [] : [`line ${line}`]),
    ...(start === -1 ? [] : [`column ${column}`]),
    ...(index === undefined ? [] : [`of item ${index + 1}`])
  ]
  return new RowError({ message: `${place.join(", ")}: ${message}`, ...(hint === undefined ? {} : { hint }) })
}

const namesOf = (row: Value, index: number | undefined, outside: ValueRecord = {}): Expression.Names => ({
  get: (name) => {
    const own = isRecord(row) ? field(row, name) : undefined
    if (own !== undefined) return own
    switch (name) {
      case "row":
      case "item":
        return row
      case "index":
        return index ?? field(outside, name)
      default:
        return field(outside, name)
    }
  },
  list: () => [
    ...(isRecord(row) ? Object.keys(row) : []),
    "row",
    "item",
    ...(index === undefined ? [] : ["index"]),
    ...Object.keys(outside)
  ]
})
