/** Conditions for tests of single actions: expressions over given names, as the interpreter would hand them in. */
import { Effect, Result } from "effect"
import type { ValueRecord } from "../../../src/core/Value.ts"
import { ActionError, type Condition } from "../../../src/scenario/Action.ts"
import * as Expression from "../../../src/scenario/expression/Expression.ts"

const machine: Expression.Machine = { now: () => 0, random: () => 0.5 }

/** Compiles an expression; names given at the call come before `variables`. */
export const condition = (text: string, variables: ValueRecord = {}): Condition => {
  const expression = Result.getOrThrow(Expression.parse(text))
  const names = (extra: ValueRecord = {}): Expression.Names => {
    const all = { ...variables, ...extra }
    return { get: (name) => all[name], list: () => Object.keys(all) }
  }
  return {
    text,
    evaluate: (extra) =>
      Effect.fromResult(Expression.evaluate(expression, names(extra), machine)).pipe(
        Effect.mapError((error) => new ActionError({ reason: "Invalid", message: error.message }))
      ),
    explain: (extra) => Expression.explain(expression, names(extra), machine)
  }
}
