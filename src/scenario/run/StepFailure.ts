/** Why an attempt of a step did not pass, on its way to the event: what `retry.on` asks, and what a person reads. */
import { Cause, Data, Effect } from "effect"
import * as CodeFrame from "../../core/CodeFrame.ts"
import type { Span } from "../../core/SourceText.ts"
import { formatPlace } from "../../core/SourceText.ts"
import { ActionError } from "../Action.ts"
import { CodeFailure } from "../compile/Code.ts"
import { type Failure, type Location, locationOf } from "../Event.ts"

/** One attempt failed; at least one failure, in the order found. */
export class StepFailure extends Data.TaggedError("StepFailure")<{
  readonly failures: ReadonlyArray<Failure>
  /** The HTTP status that made it fail. */
  readonly status?: number | undefined
  /** In a Robogo file: what that tool would have said, for its conditions about errors. */
  readonly said?: string | undefined
}> {}

export interface FailureInit {
  readonly kind: Failure["kind"]
  readonly reason: string
  readonly message: string
  readonly hint?: string | undefined
  readonly location?: Location | undefined
  readonly span?: Span | undefined
  readonly values?: Failure["values"] | undefined
  readonly undone?: boolean | undefined
}

/** Makes a failure for the events; a span becomes a location and a code frame. */
export const failure = (init: FailureInit): Failure => {
  const location = init.span === undefined ? init.location : locationOf(init.span)
  return {
    kind: init.kind,
    reason: init.reason,
    message: init.message,
    ...init.hint === undefined ? {} : { hint: init.hint },
    ...location === undefined ? {} : { location },
    ...init.span === undefined ? {} : { frame: frameOf(init.span) },
    ...init.values === undefined || init.values.length === 0 ? {} : { values: init.values },
    ...init.undone === true ? { undone: true } : {}
  }
}

export const one = (init: FailureInit, status?: number): StepFailure =>
  new StepFailure({ failures: [failure(init)], status })

/** The failure of an action: `Failed` is a check that said no, the rest could not be done. */
export const fromAction = (error: ActionError, location: Location): StepFailure =>
  one({
    kind: error.reason === "Failed" || error.reason === "Status" ? "failed" : "error",
    reason: error.reason.toLowerCase(),
    message: error.message,
    hint: error.hint,
    location,
    values: error.values,
    undone: error.undone
  }, error.status)

/** The failure of a piece of code; in an expectation that is a check that said no. */
export const fromCode = (error: CodeFailure, kind: Failure["kind"] = "error"): StepFailure =>
  one({ kind, reason: "invalid", message: error.message, hint: error.hint, span: error.span })

/** Runs code that may throw `CodeFailure`; anything else is a defect of ours. */
export const attempt = <A>(run: () => A, kind: Failure["kind"] = "error"): Effect.Effect<A, StepFailure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      return error instanceof CodeFailure ? Effect.fail(fromCode(error, kind)) : Effect.die(error)
    }
  })

/** A defect inside an action: the step fails, the run goes on. The text names it as a fault of the action. */
export const fromDefect = (cause: Cause.Cause<unknown>, action: string, location: Location): StepFailure =>
  one({
    kind: "error",
    reason: "defect",
    message: `the action ${action} broke: ${Cause.pretty(cause).split("\n")[0] ?? "unknown"}`,
    hint: "this is a fault of the action, not of your file; please report it",
    location
  })

/** Whether `retry.on` names this failure. Without a list every error is tried again, but no failed expectation. */
export const isRetried = (error: StepFailure, on: ReadonlyArray<string> | undefined): boolean => {
  const first = error.failures[0]!
  if (isSkip(error)) return false
  const isExpectation = first.kind === "failed" && first.reason !== "status"
  if (on === undefined) return !isExpectation
  return on.some((word) => {
    switch (word) {
      case "any":
        return !isExpectation
      case "failed":
        return isExpectation
      case "rate_limit":
        return error.status === 429
      default:
        return first.reason === word || matchesStatus(error.status, word)
    }
  })
}

/** True for the action that ends its case as skipped. */
export const isSkip = (error: StepFailure): boolean => error.failures[0]!.reason === "skipped"

/** True for a word such as `503` or `5xx` that names the status. */
export const matchesStatus = (status: number | undefined, word: string): boolean =>
  status !== undefined && (word === String(status) || /^[1-5]xx$/.test(word) && word[0] === String(status)[0])

const frameOf = (span: Span): string =>
  span.source.text === "" ? formatPlace(span) : CodeFrame.frame([{ span, text: "" }])
