/** Whether an attempt of a step is followed by another one, as far as there are attempts left. */
import { Effect, Result } from "effect"
import { field, isRecord, type Value } from "../../core/Value.ts"
import * as Code from "../compile/Code.ts"
import type { CompiledStep } from "../compile/Compiled.ts"
import type { Failure } from "../Event.ts"
import { isTrue } from "../expression/Expression.ts"
import type { CaseState } from "./CaseState.ts"
import * as Failures from "./StepFailure.ts"

/** Answers with why the step is tried again, or with `undefined`. Fails when a condition about a success has no value. */
export const again = (
  step: CompiledStep,
  state: CaseState,
  names: Code.Names,
  result: Result.Result<Value, Failures.StepFailure>
): Effect.Effect<Failure | undefined, Failures.StepFailure> =>
  Result.isSuccess(result)
    ? afterSuccess(step, state, names, result.success)
    : Effect.map(afterFailure(step, state, names, result.failure), (again) =>
      again ? result.failure.failures[0]! : undefined)

const afterFailure = (
  step: CompiledStep,
  state: CaseState,
  names: Code.Names,
  failure: Failures.StepFailure
): Effect.Effect<boolean> => {
  if (!Failures.isRetried(failure, step.step.retry?.on)) return Effect.succeed(false)
  const first = failure.failures[0]!
  const isError = first.kind === "error"
  const robogo = step.spelling === "robogo"
  const seen = {
    error_occurred: robogo || isError,
    error_message: failure.said === undefined ? first.message : `${first.message}; ${failure.said}`,
    step_status: isError ? "ERROR" : "FAIL"
  }
  // In Robogo files the condition speaks of the result, which a failure leaves unset: then the failure decides.
  return Effect.orElseSucceed(holds(step, state, names, seen), () => robogo)
}

/** Robogo's `retry_if` is asked after every attempt, and its `conditions` look at the status of an answer. */
const afterSuccess = (
  step: CompiledStep,
  state: CaseState,
  names: Code.Names,
  output: Value
): Effect.Effect<Failure | undefined, Failures.StepFailure> => {
  const { retry } = step.step
  if (retry?.polls !== true) return Effect.undefined
  if (step.retryIf !== undefined) {
    const seen = { error_occurred: false, error_message: "", step_status: "PASS" }
    const { text } = step.retryIf
    return Effect.map(holds(step, state, names, seen), (again) => again ? because(`retry_if: ${text}`) : undefined)
  }
  const status = isRecord(output) ? field(output, "status_code") : undefined
  return Effect.succeed(
    typeof status === "number" && (retry.on ?? []).some((word) => Failures.matchesStatus(status, word))
      ? because(`the answer has the status ${status}`)
      : undefined
  )
}

const holds = (step: CompiledStep, state: CaseState, names: Code.Names, seen: Readonly<Record<string, Value>>) =>
  Failures.attempt(() => step.retryIf === undefined || isTrue(step.retryIf.run(Code.over(seen, names), state.machine)))

const because = (message: string): Failure => Failures.failure({ kind: "failed", reason: "status", message })
