/** What a function of the expression language is, and how its implementation reads its arguments. */
import { isArray, isRecord, kindOf, type Value, type ValueRecord } from "../../../core/Value.ts"
import { charge, type Frame, type Machine, maxTextLength, reject } from "../Evaluation.ts"
import { isNumber } from "../Operators.ts"
import * as Text from "../Text.ts"

/** An argument `item => ...`, ready to be called with an item and its index. */
export type Lambda = (item: Value, index: number) => Value

export type Argument = Value | undefined | Lambda

export interface FunctionDefinition {
  readonly name: string
  readonly aliases?: ReadonlyArray<string>
  readonly family: "text" | "lists" | "objects" | "numbers" | "time" | "any value"
  /** `slice(value: text | list, start: int, end?: int): text`. Names, optional and repeated parameters are read from it. */
  readonly signature: string
  readonly summary: string
  /** An expression and the value it must have, itself an expression; the tests evaluate both. */
  readonly example: readonly [expression: string, value: string]
  /** True when equal arguments may give different answers (time, chance). */
  readonly impure?: true
  /** True when a missing field is an argument like any other. */
  readonly acceptsMissing?: true
  readonly run: (call: Call) => Value
}

export interface Parameter {
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly repeated: boolean
}

/** Reads the parameters out of a signature. */
export const parametersOf = (signature: string): ReadonlyArray<Parameter> => {
  const inside = /\((.*)\): [^)]*$/.exec(signature)?.[1] ?? ""
  return inside === "" ? [] : inside.split(", ").map((text) => {
    const [, dots, name, mark, type] = /^(\.\.\.)?(\w+)(\?)?: (.+)$/.exec(text)!
    return { name: name!, type: type!, optional: mark !== undefined, repeated: dots !== undefined }
  })
}

/** One call. Its readers throw an `EvaluationError` without a place when the argument is of another kind. */
export class Call {
  readonly #name: string
  readonly #parameters: ReadonlyArray<Parameter>
  readonly #arguments: ReadonlyArray<Argument>
  readonly #frame: Frame

  constructor(name: string, parameters: ReadonlyArray<Parameter>, args: ReadonlyArray<Argument>, frame: Frame) {
    this.#name = name
    this.#parameters = parameters
    this.#arguments = args
    this.#frame = frame
  }

  get count(): number {
    return this.#arguments.length
  }

  get machine(): Machine {
    return this.#frame.machine
  }

  /** Takes from the budget of the evaluation. */
  charge(steps: number): void {
    charge(this.#frame, steps)
  }

  /** The argument, `undefined` when it is missing. */
  optional(at: number): Value | undefined {
    const argument = this.#arguments[at]
    return typeof argument === "function" ? undefined : argument
  }

  /** Checks and charges the length of a text before it is made. */
  reserve(length: number): void {
    if (length > maxTextLength) {
      reject("too-much", `${this.#name}: the text would be longer than ${maxTextLength} characters`)
    }
    this.charge(Math.max(0, length) >> 10)
  }

  value(at: number): Value {
    return this.optional(at) ?? null
  }

  values(): ReadonlyArray<Value> {
    return this.#arguments.map((_, at) => this.value(at))
  }

  /** True when the argument was given. */
  has(at: number): boolean {
    return at < this.#arguments.length
  }

  /** A text; its length is charged. */
  text(at: number, fallback?: string): string {
    if (fallback !== undefined && !this.has(at)) return fallback
    const value = this.value(at)
    if (typeof value !== "string") {
      return this.wrong(at, "a text", isNumber(value) ? "text(...) turns it into one" : undefined)
    }
    this.charge(value.length >> 10)
    return value
  }

  /** A list; its length is charged. */
  list(at: number): ReadonlyArray<Value> {
    const value = this.value(at)
    if (!isArray(value)) {
      return this.wrong(at, "a list", value === null ? "give an empty one instead: x ?? []" : undefined)
    }
    this.charge(value.length >> 5)
    return value
  }

  record(at: number): ValueRecord {
    const value = this.value(at)
    return isRecord(value) ? value : this.wrong(at, "an object")
  }

  number(at: number): number | bigint {
    const value = this.value(at)
    return isNumber(value)
      ? value
      : this.wrong(at, "a number", typeof value === "string" ? "number(...) reads it from a text" : undefined)
  }

  /** A whole number that a double holds exactly. */
  int(at: number, fallback?: number): number {
    if (fallback !== undefined && !this.has(at)) return fallback
    const value = this.value(at)
    return typeof value === "number" && Number.isSafeInteger(value) ? value : this.wrong(at, "a whole number")
  }

  lambda(at: number): Lambda {
    const argument = this.#arguments[at]
    return typeof argument === "function" ? argument : this.wrong(at, "item => ...")
  }

  /** What a lambda answers, which must be true or false. */
  test(at: number): (item: Value, index: number) => boolean {
    const lambda = this.lambda(at)
    return (item, index) => {
      const answer = lambda(item, index)
      return typeof answer === "boolean"
        ? answer
        : reject("wrong-type", `${this.#name}: the condition must be true or false, it is ${Text.show(answer)}`)
    }
  }

  /** Throws: the argument is not what the function takes. */
  wrong(at: number, wanted: string, hint?: string): never {
    const value = this.optional(at)
    const parameter = this.#parameters[Math.min(at, this.#parameters.length - 1)]?.name ?? `argument ${at + 1}`
    return reject(
      "wrong-type",
      `${this.#name} takes ${wanted} as its ${parameter}, not ${kindOf(value)} (${Text.show(value)})`,
      hint
    )
  }

  /** Throws: the argument is of the right kind, and still of no use. */
  bad(message: string, hint?: string): never {
    return reject("bad-argument", `${this.#name}: ${message}`, hint)
  }
}
