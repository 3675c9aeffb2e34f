/** `assert`: checks that must hold, as expressions or as a value, an operator and another value. */
import { Effect, Schema } from "effect"
import { hint as didYouMean } from "../../core/DidYouMean.ts"
import type { Value } from "../../core/Value.ts"
import * as Action from "../Action.ts"
import { EvaluationError, isTrue } from "../expression/Expression.ts"
import * as Operators from "../expression/Operators.ts"
import * as Text from "../expression/Text.ts"
import * as Fields from "../Fields.ts"
import { named } from "../robogo/RobogoArguments.ts"

const input = Schema.Struct({
  that: Fields.optional(Fields.Expressions, "What must hold: an expression, or a list of which every one must hold"),
  actual: Fields.optional(Fields.Value, "The value to look at, instead of expressions"),
  op: Fields.optional(
    Fields.Text,
    `How to compare: ${Operators.operatorNames.join(" ")} [default: ==, or "is true" without expected]`
  ),
  expected: Fields.optional(Fields.Value, "What to compare with"),
  divisor: Fields.optional(Fields.Value, "Compare the remainder of actual by this instead of actual"),
  message: Fields.optional(Fields.Text, "What a failure says first")
})
type Input = typeof input.Type

export const assert = Action.make({
  name: "assert",
  family: "basics",
  summary: "Fails unless what it is given holds",
  input,
  positional: ["that"],
  validate: (present) => {
    if (present.has("that") === present.has("actual")) return ["give either expressions (`that`) or a value (`actual`)"]
    return ["op", "expected", "divisor"].flatMap((key) =>
      present.has("that") && present.has(key) ? [`\`${key}\` goes with \`actual\`, not with \`that\``] : []
    )
  },
  output: Schema.Boolean,
  effect: "none",
  robogo: {
    input: (args) => {
      // `[value, %, divisor, operator, expected, message]` is the one form of another order.
      const [fields, values]: readonly [ReadonlyArray<string>, ReadonlyArray<Value>] =
        args[1] === "%" && args.length >= 5
          ? [["actual", "divisor", "op", "expected", "message"], [args[0]!, ...args.slice(2, 6)]]
          : [["actual", "op", "expected", "message"], args.slice(0, 4)]
      return named(fields, values, {})
    },
    result: () => null
  },
  examples: [
    {
      title: "Expressions, all of which must hold",
      yaml: "vars: { total: 42, name: Ada }\nsteps:\n  - assert: [total > 40, \"name == 'Ada'\"]\n"
    },
    {
      title: "A value, an operator and another value",
      yaml: `vars: { body: "order 42 is paid" }
steps:
  - assert: { actual: "\${body}", op: matches, expected: "order \\\\d+ is paid", message: The order is not paid }
`
    },
    {
      title: "What holds of a list",
      yaml: "vars: { ids: [1, 2, 3] }\nsteps:\n  - assert: { that: [size(ids) == 3, 2 in ids], message: Wrong ids }\n"
    }
  ],
  run: Effect.fnUntraced(function*(input, context) {
    const failed = input.that === undefined
      ? yield* compare(input, context.robogo)
      : yield* evaluate(input.that)
    if (failed.length === 0) return true
    return yield* new Action.ActionError({
      reason: "Failed",
      message: messageOf(failed.map((check) => check.text), input.message, context.robogo),
      values: failed.flatMap((check) => check.values)
    })
  })
})

interface Failed {
  readonly text: string
  readonly values: ReadonlyArray<{ readonly expression: string; readonly value: string }>
}

/** Asks every expression, also after one that does not hold. Fails when one cannot be answered at all. */
const evaluate = Effect.fnUntraced(function*(
  conditions: ReadonlyArray<Action.Condition>
): Effect.fn.Return<ReadonlyArray<Failed>, Action.ActionError> {
  const failed: Array<Failed> = []
  for (const condition of conditions) {
    const value = yield* condition.evaluate()
    if (isTrue(value)) continue
    const text = value === false ? condition.text : `${condition.text} (must be true or false)`
    failed.push({ text, values: condition.explain() })
  }
  return failed
})

const compare = Effect.fnUntraced(function*(
  input: Input,
  robogo: boolean
): Effect.fn.Return<ReadonlyArray<Failed>, Action.ActionError> {
  const actual = yield* subjectOf(input)
  const show = robogo ? Text.goText : Text.show
  const values = [{ expression: "actual", value: Text.show(actual) }]
  if (input.op === undefined && input.expected === undefined) {
    // In Robogo a value inside text is always text, so its `true` counts as well.
    const holds = actual === true || (robogo && actual === "true")
    return holds ? [] : [{ text: `${show(actual)} is not true`, values }]
  }

  const name = input.op ?? "=="
  const operator = Operators.operators[name]
  if (operator === undefined) return yield* unknownOperator(name)
  const unary = name === "empty" || name === "not_empty"
  if (input.expected === undefined && !unary) {
    return yield* invalid(`assert: ${name} needs a value to compare with`, "Add `expected`")
  }
  const expected = input.expected ?? null
  const holds = yield* attempt(() => operator(actual, expected, robogo ? "robogo" : "native"))
  if (holds) return []
  const text = [show(actual), name, ...(unary ? [] : [show(expected)])].join(" ")
  return [{ text, values: unary ? values : [...values, { expression: "expected", value: Text.show(expected) }] }]
})

/** The value to look at: `actual`, or its remainder by `divisor`. */
const subjectOf = Effect.fnUntraced(function*(input: Input): Effect.fn.Return<Value, Action.ActionError> {
  const actual = input.actual ?? null
  if (input.divisor === undefined) return actual
  const [dividend, divisor] = [Number(actual), Number(input.divisor)]
  return Number.isFinite(dividend) && Number.isFinite(divisor) && divisor !== 0
    ? Math.trunc(dividend) % Math.trunc(divisor)
    : yield* invalid(`assert: ${Text.show(actual)} has no remainder by ${Text.show(input.divisor)}`)
})

/** Operators throw `EvaluationError` only; anything else is a fault of ours. */
const attempt = (run: () => boolean): Effect.Effect<boolean, Action.ActionError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      return error instanceof EvaluationError ? invalid(`assert: ${error.message}`, error.hint) : Effect.die(error)
    }
  })

const unknownOperator = (name: string) =>
  invalid(
    `assert: there is no operator ${JSON.stringify(name)}`,
    didYouMean(name, Operators.operatorNames) ?? `the operators are ${Operators.operatorNames.join(" ")}`
  )

const invalid = (message: string, hint?: string) =>
  Effect.fail(new Action.ActionError({ reason: "Invalid", message, ...(hint === undefined ? {} : { hint }) }))

const messageOf = (failed: ReadonlyArray<string>, message: string | undefined, robogo: boolean): string => {
  const what = failed.join("; ")
  // Robogo files match this text in `expect_error`.
  if (robogo) return `Assertion failed: ${what}${message === undefined ? "" : ` (${message})`}`
  return message === undefined ? `expected ${what}` : `${message} (expected ${what})`
}
