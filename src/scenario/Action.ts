/**
 * One kind of step: its name, the Schema of its input and output, and the Effect that does it.
 *
 * `check`, `skein actions`, the editor's JSON Schema and the reference page are all made from these definitions.
 * The built-in ones are in `actions/`; users export their own from a module named under `actions:` in `skein.yaml`.
 */
import type { Effect, Scope } from "effect"
import { Schema } from "effect"
import type { Value, ValueRecord } from "../core/Value.ts"
import type { Attachment } from "./Event.ts"

/**
 * Failure of one step. `reason` says what kind, and is what `retry.on` matches:
 *
 * - `Failed` a check said no (the only one that counts as failed; the rest are errors)
 * - `Status` the server answered with a status that is a failure; `status` holds it
 * - `Timeout`, `Connection` it took too long; the connection could not be made or broke
 * - `Unavailable` a needed server, program, disk or file cannot be used
 * - `Invalid` the input was wrong in a way seen only at run time
 * - `Refused` not allowed here (outside the root, over a cap)
 * - `Skipped` no failure: the case ends here as skipped, and `message` is the reason
 */
export class ActionError extends Schema.TaggedError<ActionError>()("ActionError", {
  reason: Schema.Literals([
    "Failed",
    "Status",
    "Timeout",
    "Connection",
    "Unavailable",
    "Invalid",
    "Refused",
    "Skipped"
  ]),
  /** What was tried, on what, and what went wrong, in one sentence. */
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  status: Schema.optionalKey(Schema.Int),
  /** True when it is certain that nothing was changed: it was refused before it was sent, or nobody was reached. */
  undone: Schema.optionalKey(Schema.Boolean),
  /** Values worth showing, outermost expression first. */
  values: Schema.optionalKey(Schema.Array(Schema.Struct({ expression: Schema.String, value: Schema.String }))),
  /** What was found in spite of it. A Robogo step stores it under its `result`, as that tool did. */
  output: Schema.optionalKey(Schema.declare((input: unknown): input is Value => input !== undefined)),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** What a step changes: nothing, nothing but it looks at the outside, or the outside. Decides the order of parallel steps. */
export type StepEffect = "none" | "read" | "write"

/** What an action may use beside its input and its services. One per attempt of a step. */
export interface ActionContext {
  /** Id of the case, unique in the run. Names what is private to it, such as its embedded database. */
  readonly caseId: string
  /** Absolute folder of the scenario file: relative paths in inputs start here. */
  readonly directory: string
  /** Absolute folder outside of which no file is read or written, unless `allowOutside`. */
  readonly root: string
  readonly allowOutside: boolean
  /** Ends with the case. What is acquired here lives until the case's teardown has run. */
  readonly scope: Scope.Scope
  /** The case's variables as they are now. */
  readonly variables: ValueRecord
  /** The process environment as handed in by the root. */
  readonly environment: Readonly<Record<string, string>>
  /** True in a Robogo file: an action may answer as that tool did. */
  readonly robogo: boolean
  /** Settings of `skein.yaml` that actions read, by action family (`http`, `postgres`, ...). */
  readonly settings: ValueRecord
  /** Whether the step is tried again by its own `retry`: then services do not. */
  readonly retries: boolean
  /** Numbers in [0, 1) that depend on the run's seed, the case and the step only. */
  readonly random: () => number
  /** Returns what was made under `key` for this case, making it once. Used for cookies and connections. */
  readonly once: <A, E>(key: string, make: Effect.Effect<A, E, Scope.Scope>) => Effect.Effect<A, E>
  readonly log: (text: string, level?: "debug" | "info" | "warning") => Effect.Effect<void>
  /** Keeps a record of an exchange for reports. The interpreter masks and cuts it. */
  readonly attach: (attachment: Attachment) => Effect.Effect<void>
}

/** A bare expression in an action's input, ready to be asked. Given extra names, those come before the case's variables. */
export interface Condition {
  readonly text: string
  readonly evaluate: (names?: ValueRecord) => Effect.Effect<Value, ActionError>
  /** The parts of the expression with their values, outermost first; for the message of a failed check. */
  readonly explain: (names?: ValueRecord) => ReadonlyArray<{ readonly expression: string; readonly value: string }>
}

/** A step inside an action's input (`wait_for`), ready to be run; answers with the step's output. */
export interface NestedStep {
  readonly name: string
  readonly run: Effect.Effect<Value, ActionError>
}

/** One example, as the YAML of a step list. The tests run each; `mocks` and `vars` are those of a scenario. */
export interface ActionExample {
  readonly title: string
  /** YAML of a whole scenario without `name`: at least `steps:`. It must pass on embedded services. */
  readonly yaml: string
}

/** How the Robogo spelling of an action differs; leave out what is the same. */
export interface RobogoSpelling<Input> {
  /** Other names under which Robogo files call this action (`http_get`). */
  readonly names?: ReadonlyArray<string>
  /** Makes the input from `args` and `options` where "positional in order, options by name" is not enough. `name` is the name used. */
  readonly input?: (args: ReadonlyArray<Value>, options: ValueRecord, name: string) => ValueRecord
  /**
   * Position of the argument that is SQL text, when the action is called by this name. Its `${...}` do not become text: `input`
   * receives `{ text, params }` there, a list of them when the argument is a list, and in a map under `query`, `sql`,
   * `execute` and `text`.
   */
  readonly sql?: (name: string) => number
  /** Turns the output into the shape Robogo stores under `result`. */
  readonly result?: (output: Value, input: Input) => Value
}

export interface Definition<Name extends string, Fields extends Schema.Struct.Fields, Output extends Schema.Top, R> {
  /** The key in a file: lower snake case. */
  readonly name: Name
  /** Groups actions in the reference: `http`, `data`, `files`, ... */
  readonly family: string
  /** One sentence, present tense. */
  readonly summary: string
  /** Named inputs. Every field carries a `description` annotation. Use the field schemas of `Fields.ts`. */
  readonly input: Schema.Struct<Fields>
  /** Order of inputs when given as a list; a lone scalar or list is the first. */
  readonly positional: ReadonlyArray<keyof Fields & string>
  /** Shape of the answer, for the reference and for library users. Not enforced at run time. */
  readonly output: Output
  /**
   * Fixed, or found from those inputs that are constant in the file. An input that is not among them is known at run time
   * only, or, when it is not `present` either, left out.
   */
  readonly effect: StepEffect | ((constants: ValueRecord, present?: ReadonlySet<string>) => StepEffect)
  /** Rules between inputs ("one of `query`, `execute`"): sees which are present, answers with problems. */
  readonly validate?: (present: ReadonlySet<string>, constants: ValueRecord) => ReadonlyArray<string>
  /**
   * Variables that the step sets once it has passed, by its input as given and its output. Also asked with the constant
   * inputs alone, for the names.
   */
  readonly assigns?: (input: ValueRecord, output?: Value) => ValueRecord
  readonly robogo?: RobogoSpelling<Schema.Struct<Fields>["Type"]>
  readonly examples: readonly [ActionExample, ActionExample, ...ReadonlyArray<ActionExample>]
  readonly run: (
    input: Schema.Struct<Fields>["Type"],
    context: ActionContext
  ) => Effect.Effect<Value, ActionError, R>
}

export interface Action<in out Name extends string = string, out R = never, in out Input = unknown> {
  readonly name: Name
  /** Only in the type: what a file may write as the input, for scenarios built in code. */
  readonly written?: ((input: Input) => Input) | undefined
  readonly family: string
  readonly summary: string
  readonly input: Schema.Struct<Schema.Struct.Fields>
  readonly positional: ReadonlyArray<string>
  readonly output: Schema.Top
  readonly effect: StepEffect | ((constants: ValueRecord, present?: ReadonlySet<string>) => StepEffect)
  readonly validate?: ((present: ReadonlySet<string>, constants: ValueRecord) => ReadonlyArray<string>) | undefined
  readonly assigns?: ((input: ValueRecord, output?: Value) => ValueRecord) | undefined
  readonly robogo?: RobogoSpelling<never> | undefined
  readonly examples: ReadonlyArray<ActionExample>
  readonly run: (input: never, context: ActionContext) => Effect.Effect<Value, ActionError, R>
}

// eslint-disable-next-line typescript/no-explicit-any -- the widest action: any name, any services
export type Any = Action<any, any, any>

/** The services that an action, or a list of them, needs. */
export type Services<A extends Any> = A extends Action<infer _Name, infer R, infer _Input> ? R : never

/** Defines an action. The result is plain data; nothing is registered. */
export const make = <
  const Name extends string,
  const Fields extends Schema.Struct.Fields,
  Output extends Schema.Top,
  R = never
>(
  definition: Definition<Name, Fields, Output, R>
): Action<Name, R, Schema.Struct<Fields>["Encoded"]> =>
  definition as unknown as Action<Name, R, Schema.Struct<Fields>["Encoded"]>
