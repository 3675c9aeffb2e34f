/** The names, clock and chance that the tests of expressions share. */
import { Result } from "effect"
import { emptyRecord, type Value } from "../../../src/core/Value.ts"
import * as Expression from "../../../src/scenario/expression/Expression.ts"
import * as Template from "../../../src/scenario/expression/Template.ts"

const sealed = emptyRecord()
sealed["__proto__"] = "data"
sealed["constructor"] = "more data"

export const values: { readonly [name: string]: Value } = {
  status: 500,
  duration_ms: 250,
  body: { items: [{ id: 1, sku: "A1" }, { id: 2, sku: "B2" }], name: "Ada", total: 3.5, note: null, text: "{\"a\":1}" },
  headers: { "content-type": "application/json" },
  rows: [],
  env: { HOME: "/home/ada" },
  big: 9007199254740993n,
  bytes: new Uint8Array([104, 105]),
  ok: true,
  sealed
}

export const namesOf = (values: { readonly [name: string]: Value }): Expression.Names => ({
  get: (name) => Object.hasOwn(values, name) ? values[name] : undefined,
  list: () => Object.keys(values)
})

export const names = namesOf(values)

/** 2024-05-06T07:08:09.123Z, and always the same number. */
export const machine: Expression.Machine = { now: () => 1_714_979_289_123, random: () => 0.5 }

export const parse = (text: string): Expression.Expression => Result.getOrThrow(Expression.parse(text))

export const problems = (text: string): ReadonlyArray<Expression.SyntaxProblem> =>
  Result.match(Expression.parse(text), { onSuccess: () => [], onFailure: (problems) => problems })

export const run = (text: string, values = names): Value => parse(text).run(values, machine)

export const failure = (text: string, values = names): Expression.EvaluationError =>
  Result.match(Expression.evaluate(parse(text), values, machine), {
    onSuccess: (value) => {
      throw new Error(`${text} has the value ${String(value)}`)
    },
    onFailure: (error) => error
  })

export const template = (text: string): Template.Template => Result.getOrThrow(Template.parse(text))

export const expand = (text: string, values = names): Value => template(text).run(values, machine)
