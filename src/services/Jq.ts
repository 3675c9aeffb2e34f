/**
 * Runs jq programs on values, bounded in time and kept away from the main thread.
 *
 * Implementation: `layers/live/WorkerJq`. Contract: `test/services/JqSuite`.
 */
import { Context, type Effect, Schema } from "effect"
import type { Value } from "../core/Value.ts"

/**
 * Failure of one run of a program:
 *
 * - `Program` it is not a jq program
 * - `Input` it failed on this input, or called `error`
 * - `Timeout` it was stopped because it ran too long
 * - `TooLarge` its results are larger than allowed
 * - `Unavailable` jq itself could not be started, or broke down
 */
export class JqError extends Schema.TaggedError<JqError>()("JqError", {
  reason: Schema.Literals(["Program", "Input", "Timeout", "TooLarge", "Unavailable"]),
  program: Schema.String,
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class Jq extends Context.Service<Jq, {
  /**
   * Returns all results of `program` on `input`, in order; none is an empty list. Integers of any size stay exact as long as
   * the program does not calculate with them. A program that is interrupted or runs too long is really stopped.
   */
  readonly run: (program: string, input: Value) => Effect.Effect<ReadonlyArray<Value>, JqError>
}>()("skein/services/Jq") {}

/** How many results become one value: none is null, one is itself, more are a list. */
export const collapse = (results: ReadonlyArray<Value>): Value => results.length > 1 ? results : results[0] ?? null
