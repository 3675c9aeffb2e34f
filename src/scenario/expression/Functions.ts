/** The functions of the expression language. This list is all there is; the reference is written from it. */
import { type FunctionDefinition, type Parameter, parametersOf } from "./functions/Call.ts"
import { lists } from "./functions/lists.ts"
import { numbers } from "./functions/numbers.ts"
import { texts } from "./functions/texts.ts"
import { time } from "./functions/time.ts"
import { values } from "./functions/values.ts"

export type { FunctionDefinition }

/** A function with what is read out of its signature. */
export interface KnownFunction extends FunctionDefinition {
  readonly parameters: ReadonlyArray<Parameter>
  readonly least: number
  /** `Infinity` when the last parameter repeats. */
  readonly most: number
}

const known = (definition: FunctionDefinition): KnownFunction => {
  const parameters = parametersOf(definition.signature)
  return {
    ...definition,
    parameters,
    // A repeated parameter is given at least once.
    least: parameters.filter((parameter) => !parameter.optional).length,
    most: parameters.some((parameter) => parameter.repeated) ? Infinity : parameters.length
  }
}

/** All functions, family by family. */
export const functions: ReadonlyArray<KnownFunction> = [...values, ...texts, ...lists, ...numbers, ...time].map(known)

const byName = new Map(
  functions.flatMap((definition) =>
    [definition.name, ...definition.aliases ?? []].map((name) => [name, definition] as const)
  )
)

/** Finds a function by its name or alias. */
export const find = (name: string): KnownFunction | undefined => byName.get(name)

/** The names and aliases of all functions. */
export const names: ReadonlyArray<string> = [...byName.keys()]

/** True when the parameter takes `item => ...`. */
export const takesLambda = (parameter: Parameter | undefined): boolean => parameter?.type.includes("=>") ?? false
