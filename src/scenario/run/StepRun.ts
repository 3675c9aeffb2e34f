/**
 * Runs steps with their controls: skip, needs, `if`, `for`, `while`, groups, branches, retries; in the order of the file or
 * along the plan. Emits the events of each step. Never fails: what went wrong is in the outcome.
 */
import { Effect, Random } from "effect"
import * as RetryPolicy from "../../core/RetryPolicy.ts"
import { type Value, type ValueRecord } from "../../core/Value.ts"
import { ActionError, type NestedStep } from "../Action.ts"
import * as Code from "../compile/Code.ts"
import type { CompiledStep } from "../compile/Compiled.ts"
import type { Attachment, Failure, Status } from "../Event.ts"
import { isTrue } from "../expression/Expression.ts"
import * as Attempt from "./Attempt.ts"
import type { CaseState } from "./CaseState.ts"
import * as LoopItems from "./LoopItems.ts"
import * as Retries from "./Retries.ts"
import * as Failures from "./StepFailure.ts"
import * as StepReport from "./StepReport.ts"

export interface Outcome {
  readonly status: Extract<Status, "passed" | "failed" | "error" | "skipped">
  readonly output: Value
  readonly failures: ReadonlyArray<Failure>
  /** The steps after it are not run. */
  readonly stops: boolean
  /** Why it was skipped. */
  readonly skipReason?: string | undefined
}

type Services = Attempt.StepServices
type Run = Effect.Effect<Outcome, never, Services>

const passed = (output: Value = null): Outcome => ({ status: "passed", output, failures: [], stops: false })

/** Runs steps one after the other; the first failure ends the list, unless its step says `continue`. */
export const sequence = (
  steps: ReadonlyArray<CompiledStep>,
  state: CaseState,
  locals: ValueRecord = {},
  suffix = ""
): Run =>
  Effect.gen(function*() {
    const outcomes: Array<Outcome> = []
    for (const step of steps) {
      const outcome = yield* run(step, state, locals, suffix)
      outcomes.push(outcome)
      if (outcome.stops) break
    }
    return combine(outcomes)
  })

/** Runs one step with all its controls. `locals` are the names of the loops around it. */
export const run = (step: CompiledStep, state: CaseState, locals: ValueRecord, suffix: string): Run =>
  Effect.suspend(() => {
    const reason = skipReason(step, state)
    if (reason !== undefined) return skipped(step, state, step.path + suffix, locals, reason)
    if (asksInEachPass(step)) return repeated(step, state, locals, suffix, true)
    return whenHolds(step, state, locals, suffix, (branch) => repeated(step, state, locals, suffix, branch))
  })

/** In Robogo's loops `if` speaks of the pass, whose `item` and `iteration` it knows. */
const asksInEachPass = (step: CompiledStep): boolean =>
  step.spelling === "robogo" && (step.for !== undefined || step.while !== undefined)

/** Runs what comes next when `if` holds, and skips the step when it does not; a branch goes either way. */
const whenHolds = (
  step: CompiledStep,
  state: CaseState,
  locals: ValueRecord,
  suffix: string,
  next: (branch: boolean) => Run
): Run => {
  const path = step.path + suffix
  return Effect.matchEffect(holds(step, state, locals), {
    onFailure: (failure) => failedBefore(step, state, path, locals, failure),
    onSuccess: (condition) =>
      condition || step.body._tag === "Branch"
        ? next(condition)
        : skipped(step, state, path, locals, `if: ${step.if?.text ?? ""}`)
  })
}

/** Why a step is not run: it says so, or one that it needs did not pass. */
export const skipReason = (step: CompiledStep, state: CaseState): string | undefined => {
  if (step.step.skip !== undefined) return step.step.skip
  const missing = step.step.needs?.find((need) => state.notPassed.has(need.id))
  return missing === undefined ? undefined : `${missing.id}, which it needs, did not pass`
}

const holds = (
  step: CompiledStep,
  state: CaseState,
  locals: ValueRecord
): Effect.Effect<boolean, Failures.StepFailure> =>
  step.if === undefined
    ? Effect.succeed(true)
    : Failures.attempt(() => isTrue(step.if!.run(namesOf(state, locals), state.machine)))

const namesOf = (state: CaseState, locals: ValueRecord): Code.Names =>
  Object.keys(locals).length === 0 ? state.names : Code.over(locals, state.names)

/** `for` and `while`: the passes of a step, each with `item`, `index` and `iteration`. */
const repeated = (step: CompiledStep, state: CaseState, locals: ValueRecord, suffix: string, branch: boolean): Run => {
  if (step.for !== undefined) return forEach(step, step.for, state, locals, suffix, branch)
  if (step.while !== undefined) return whileHolds(step, step.while, state, locals, suffix, branch)
  return pass(step, state, locals, suffix, branch)
}

const forEach = (
  step: CompiledStep,
  loop: NonNullable<CompiledStep["for"]>,
  state: CaseState,
  locals: ValueRecord,
  suffix: string,
  branch: boolean
): Run =>
  Effect.gen(function*() {
    const items = yield* Failures.attempt(() =>
      LoopItems.of(loop.items.run(namesOf(state, locals), state.machine), loop)
    )
    const outcomes: Array<Outcome> = []
    for (const [index, item] of items.entries()) {
      const inner = {
        ...locals,
        item,
        index,
        iteration: index + 1,
        ...loop.as === undefined ? {} : { [loop.as]: item }
      }
      const outcome = yield* pass(step, state, inner, `${suffix}#${index + 1}`, branch)
      outcomes.push(outcome)
      if (outcome.stops) break
    }
    return combine(outcomes)
  }).pipe(Effect.catch((failure) => failedBefore(step, state, step.path + suffix, locals, failure)))

const whileHolds = (
  step: CompiledStep,
  loop: NonNullable<CompiledStep["while"]>,
  state: CaseState,
  locals: ValueRecord,
  suffix: string,
  branch: boolean
): Run =>
  Effect.gen(function*() {
    const outcomes: Array<Outcome> = []
    for (let index = 0;; index++) {
      const inner = { ...locals, index, iteration: index + 1 }
      const more = yield* Failures.attempt(() => isTrue(loop.condition.run(namesOf(state, inner), state.machine)))
      if (!more) break
      if (index === loop.max) {
        return yield* Failures.one({
          kind: "error",
          reason: "invalid",
          message: `while: ${loop.condition.text} still holds after ${loop.max} passes`,
          hint: "raise its max, or find out why it does not end",
          span: loop.condition.node.span
        })
      }
      const outcome = yield* pass(step, state, inner, `${suffix}#${index + 1}`, branch)
      outcomes.push(outcome)
      if (outcome.stops) break
    }
    return combine(outcomes)
  }).pipe(Effect.catch((failure) => failedBefore(step, state, step.path + suffix, locals, failure)))

/** One pass: the action with its retries, or the steps of a group or branch. */
const pass = (step: CompiledStep, state: CaseState, locals: ValueRecord, suffix: string, branch: boolean): Run =>
  asksInEachPass(step)
    ? whenHolds(step, state, locals, suffix, (holds) => onePass(step, state, locals, suffix, holds))
    : onePass(step, state, locals, suffix, branch)

const onePass = (step: CompiledStep, state: CaseState, locals: ValueRecord, suffix: string, branch: boolean): Run =>
  Effect.gen(function*() {
    const path = step.path + suffix
    const report = yield* StepReport.start(step, state, path, namesOf(state, locals))
    const outcome = yield* step.body._tag === "Call"
      ? attempts(step, state, locals, path, suffix, report)
      : Effect.map(inner(step, state, locals, suffix, branch), (outcome) => ofGroup(step, outcome))
    yield* StepReport.finish(report, outcome)
    return remember(step, state, outcome)
  }).pipe(StepReport.withSpan(step, state, suffix))

const inner = (step: CompiledStep, state: CaseState, locals: ValueRecord, suffix: string, branch: boolean): Run => {
  const { body } = step
  switch (body._tag) {
    case "Call":
      return Effect.succeed(passed())
    case "Branch":
      return sequence(branch ? body.then : body.else, state, locals, suffix)
    case "Group":
      return Failures.attempt(() => {
        const names = namesOf(state, locals)
        for (const { code, name } of body.vars) state.set(name, code.run(names, state.machine))
        for (const { code, name } of body.defaults) {
          if (!state.has(name)) state.set(name, code.run(names, state.machine))
        }
      }).pipe(Effect.matchEffect({
        onFailure: (failure) => Effect.succeed(failedOutcome(step, failure)),
        onSuccess: () => sequence(body.steps, state, locals, suffix)
      }))
  }
}

/**
 * Whether the list that a group stands in goes on is the group's to say; steps inside it that go on have said so as well,
 * except in Robogo files, where a failed group ends the list whatever its steps say.
 */
const ofGroup = (step: CompiledStep, outcome: Outcome): Outcome => {
  if (outcome.status !== "failed" && outcome.status !== "error") return outcome
  const stops = step.spelling === "robogo" || outcome.stops
  return { ...outcome, stops: stops && !step.step.continue }
}

/** Tries the action until it passes, its retry policy ends, or the failure is of a kind that is not tried again. */
const attempts = (
  step: CompiledStep,
  state: CaseState,
  locals: ValueRecord,
  path: string,
  suffix: string,
  report: StepReport.StepReport
): Run =>
  Effect.gen(function*() {
    const { body } = step
    if (body._tag !== "Call") return passed()
    const { retry } = step.step
    const names = namesOf(state, locals)
    for (let attempt = 1;; attempt++) {
      report.attempts = attempt
      const attachments: Array<Attachment> = []
      report.attachments = attachments
      const result = yield* Effect.result(Attempt.run(body, {
        state,
        step,
        path,
        names,
        attachments,
        nested: (nested) => nestedStep(nested, state, locals, suffix, attachments)
      }))
      const last = retry === undefined || attempt >= retry.attempts
      const again = yield* Effect.result(last ? Effect.undefined : Retries.again(step, state, names, result))
      if (again._tag === "Failure") return failedOutcome(step, again.failure)
      if (again.success === undefined || retry === undefined) {
        return result._tag === "Success" ? passed(result.success) : failedOutcome(step, result.failure)
      }
      const delay = RetryPolicy.delay(retry, attempt, yield* Random.next)
      yield* StepReport.retrying(report, again.success, delay)
      yield* Effect.sleep(delay)
    }
  })

/** A step inside an action's input: no events of its own, its exchanges are those of the outer step. */
const nestedStep = (
  step: CompiledStep,
  state: CaseState,
  locals: ValueRecord,
  suffix: string,
  attachments: Array<Attachment>
): NestedStep => ({
  name: step.label,
  run: step.body._tag !== "Call"
    ? Effect.fail(new ActionError({ reason: "Invalid", message: "only an action can stand here, no group" }))
    : (Attempt.run(step.body, {
      state,
      step,
      path: step.path + suffix,
      names: namesOf(state, locals),
      attachments,
      nested: (nested) => nestedStep(nested, state, locals, suffix, attachments)
    }) as Effect.Effect<Value, Failures.StepFailure>).pipe(Effect.mapError(toActionError))
})

const toActionError = (failure: Failures.StepFailure): ActionError => {
  const first = failure.failures[0]!
  const reasons = ["Failed", "Status", "Timeout", "Connection", "Unavailable", "Invalid", "Refused"] as const
  return new ActionError({
    reason: reasons.find((reason) => reason.toLowerCase() === first.reason) ?? "Invalid",
    message: failure.failures.map((one) => one.message).join("; "),
    ...first.hint === undefined ? {} : { hint: first.hint },
    ...first.values === undefined ? {} : { values: first.values },
    ...failure.status === undefined ? {} : { status: failure.status }
  })
}

const failedOutcome = (step: CompiledStep, failure: Failures.StepFailure): Outcome =>
  Failures.isSkip(failure)
    ? { status: "skipped", output: null, failures: [], stops: true, skipReason: failure.failures[0]!.message }
    : {
      status: failure.failures.some((one) => one.kind === "error") ? "error" : "failed",
      output: null,
      failures: failure.failures,
      stops: !step.step.continue
    }

/** A failure before the step could begin: its `if` or loop could not be read. */
const failedBefore = (
  step: CompiledStep,
  state: CaseState,
  path: string,
  locals: ValueRecord,
  failure: Failures.StepFailure
): Run =>
  Effect.gen(function*() {
    const report = yield* StepReport.start(step, state, path, namesOf(state, locals))
    const outcome = failedOutcome(step, failure)
    yield* StepReport.finish(report, outcome)
    return remember(step, state, outcome)
  })

const skipped = (step: CompiledStep, state: CaseState, path: string, locals: ValueRecord, reason: string): Run =>
  Effect.gen(function*() {
    const report = yield* StepReport.start(step, state, path, namesOf(state, locals))
    const outcome: Outcome = { status: "skipped", output: null, failures: [], stops: false, skipReason: reason }
    yield* StepReport.finish(report, outcome)
    return remember(step, state, outcome)
  })

/** Keeps what `steps.<id>`, `needs` and Robogo's history ask about a step. */
export const remember = (step: CompiledStep, state: CaseState, outcome: Outcome): Outcome => {
  const { id } = step.step
  const error = outcome.failures[0]?.message ?? null
  if (id !== undefined) {
    state.steps[id] = { status: outcome.status, output: outcome.output, error }
    if (outcome.status === "passed") state.notPassed.delete(id)
    else state.notPassed.add(id)
  }
  if (step.spelling === "robogo") {
    const words = { passed: "PASS", failed: "FAIL", error: "ERROR", skipped: "SKIPPED" }
    state.history.push({ name: step.label, status: words[outcome.status], error: error ?? "" })
  }
  return outcome
}

/** Of several steps: the worst status, all failures, the last output. Skipped only when a step has ended the case so. */
export const combine = (outcomes: ReadonlyArray<Outcome>): Outcome => {
  const has = (status: Outcome["status"]) => outcomes.some((outcome) => outcome.status === status)
  const skip = outcomes.find((outcome) => outcome.status === "skipped" && outcome.stops)
  return {
    status: has("error") ? "error" : has("failed") ? "failed" : skip === undefined ? "passed" : "skipped",
    output: outcomes.at(-1)?.output ?? null,
    failures: outcomes.flatMap((outcome) => outcome.failures),
    stops: outcomes.some((outcome) => outcome.stops),
    skipReason: skip?.skipReason
  }
}
