/**
 * What of a scenario is the same in all iterations of a load, so that it is made once: a URL that is put together of a mock's address, a
 * body of constants, a token from the environment.
 */
import { isRecord, type Value, type ValueRecord } from "../../../core/Value.ts"
import * as Code from "../../../scenario/compile/Code.ts"
import type { CompiledStep, NamedCode } from "../../../scenario/compile/Compiled.ts"
import { innerSteps } from "../../../scenario/compile/StepWork.ts"
import type { LoadScenario } from "../LoadScenarios.ts"

export interface Options {
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: ValueRecord
  readonly mocks: ReadonlyMap<string, () => Value>
  /** Layers of first values; later ones win. */
  readonly variables: ReadonlyArray<NamedCode>
  /** Values over them. */
  readonly values: ValueRecord
  readonly steps: ReadonlyArray<CompiledStep>
}

/** Answers with the value that code has in every iteration, or with `undefined` when it may differ. */
export type Fixed = (code: Code.Code) => Value | undefined

/** As {@link make}, for a scenario that is up. */
export const ofScenario = ({ compiled, mocks, secrets, settings, values, variables }: LoadScenario): Fixed =>
  make({ environment: settings(() => {}).environment, secrets, mocks, variables, values, steps: compiled.steps })

/** Makes the judge of a scenario's code. Nothing else is assumed than that what no step writes stays as it is. */
export const make = (options: Options): Fixed => {
  const { mocks, secrets, steps, values } = options
  const written = new Set(steps.flatMap(({ work }) => [...work.writes]))
  const unseen = steps.some(writesUnseen)
  const codes = new Map(options.variables.map(({ code, name }) => [name, code]))
  const known = new Map<string, Value | undefined>()

  const variable = (name: string): Value | undefined => {
    if (unseen || written.has(name)) return undefined
    if (Object.hasOwn(values, name)) return values[name]
    if (known.has(name)) return known.get(name)
    // One that needs itself is none, and is told when it is read.
    known.set(name, undefined)
    const code = codes.get(name)
    const value = code === undefined ? undefined : fixed(code)
    known.set(name, value)
    return value
  }
  const named = (name: string): Value | undefined => {
    switch (name) {
      case "env":
        return options.environment
      case "secrets":
        return secrets
      case "mocks":
        return Object.fromEntries([...mocks].map(([mock, read]) => [mock, addressOf(read())]))
      case "vars":
      case "steps":
      case "row":
      case "index":
      case "vu":
      case "iteration":
      case "item":
        return undefined
      default:
        return variable(name)
    }
  }
  const fixed: Fixed = (code) => {
    if (code.constant !== undefined) return code.constant
    // Of a mock only the address stays.
    if (code.uses.some(({ name, path }) => name === "mocks" && path[1] !== "url")) return undefined
    const values = new Map(code.uses.map(({ name }) => [name, named(name)]))
    if ([...values.values()].includes(undefined)) return undefined
    let moved = false
    const move = (): number => {
      moved = true
      return 0
    }
    try {
      const value = code.run({ get: (name) => values.get(name), list: () => [...values.keys()] }, {
        now: move,
        random: move
      })
      return moved ? undefined : value
    } catch (error) {
      if (!(error instanceof Code.CodeFailure)) throw error
      return undefined
    }
  }
  return fixed
}

const addressOf = (mock: Value): ValueRecord => isRecord(mock) ? { url: mock["url"] ?? "" } : {}

/** Data sets and templates for the name of a variable set what is not seen before. */
const writesUnseen = (step: CompiledStep): boolean =>
  step.body._tag === "Call" && /^(tdm|data_set)$/.test(step.body.action.name) ||
  [...step.work.writes].some((name) => name.includes("${")) || innerSteps(step.body).some(writesUnseen)
