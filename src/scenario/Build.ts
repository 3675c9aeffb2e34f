/**
 * Scenarios built in code, typed by the actions they may use. What is built is the same tree that a file would give, so
 * everything else (check, plan, run) works alike; values may hold templates.
 */
import type { Duration } from "effect"
import * as Json from "../core/Json.ts"
import type { SourceText } from "../core/SourceText.ts"
import type { Value } from "../core/Value.ts"
import type * as Action from "./Action.ts"

/** A template wherever a value may stand. */
type Templated<Input> = Input extends ReadonlyArray<infer Item> ? ReadonlyArray<Templated<Item>> | string
  : Input extends string | number | boolean | bigint | null ? Input | string
  : { readonly [Key in keyof Input]: Templated<Input[Key]> }

/** Controls of a step, as in a file. */
export interface Controls {
  readonly id?: string
  readonly name?: string
  readonly if?: string
  readonly for?: Value
  readonly while?: string
  readonly needs?: ReadonlyArray<string>
  readonly retry?: number | {
    readonly attempts?: number
    readonly delay?: Duration.Input & (string | number)
    readonly backoff?: "fixed" | "linear" | "exponential"
    readonly max_delay?: string
    readonly jitter?: boolean
    readonly on?: ReadonlyArray<string>
    readonly if?: string
  }
  readonly timeout?: string | number
  readonly expect?: string | ReadonlyArray<string | { readonly schema: string }>
  readonly expect_error?: string | boolean
  readonly save?: Readonly<Record<string, string>>
  readonly metrics?: Readonly<
    Record<string, { readonly trend: string } | { readonly rate: string } | { readonly counter: string }>
  >
  readonly continue?: boolean
  readonly skip?: boolean | string
  readonly no_log?: boolean
  readonly sensitive_fields?: ReadonlyArray<string>
  readonly summary?: boolean
}

type Call<A extends Action.Any> = A extends Action.Action<infer Name, infer _R, infer Input>
  ? { readonly [Key in Name]: Templated<Input> | string } & Controls
  : never

/** One step: a call of one of the actions, or a group. */
export type Step<A extends Action.Any> = Call<A> | { readonly steps: ReadonlyArray<Step<A>> } & Controls

/** A scenario as it would stand in a file. */
export interface Scenario<A extends Action.Any> {
  readonly name: string
  readonly tags?: ReadonlyArray<string>
  readonly vars?: Readonly<Record<string, Value>>
  readonly secrets?: Readonly<Record<string, Value>>
  readonly mocks?: Readonly<Record<string, Value>>
  readonly setup?: ReadonlyArray<Step<A>>
  readonly steps: ReadonlyArray<Step<A>>
  readonly teardown?: ReadonlyArray<Step<A>>
  readonly data?: Value
  readonly concurrency?: number
  readonly timeout?: string | number
  readonly retries?: number
  readonly serial?: boolean
  readonly locks?: ReadonlyArray<string>
}

/**
 * Returns the scenario as a source that `Runner.compile` takes. Its text is JSON, which is YAML: problems show the part of it
 * that they are about.
 */
export const make = <A extends Action.Any>(scenario: Scenario<A>): SourceText => ({
  path: `${scenario.name} (built in code)`,
  text: Json.stringify(scenario as unknown as Value, 2)
})
