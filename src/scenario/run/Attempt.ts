/**
 * One attempt of a step: input -> action -> extract -> expect -> save, with a time-out around all of it. What the step
 * exchanged is kept for the reports.
 */
import { Cause, Effect, type FileSystem, type Path, Result } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import * as SensitiveFields from "../../core/SensitiveFields.ts"
import { emptyRecord, isRecord, type Value, type ValueRecord } from "../../core/Value.ts"
import type * as Jq from "../../services/Jq.ts"
import { type ActionContext, ActionError, type Condition, type NestedStep } from "../Action.ts"
import * as Code from "../compile/Code.ts"
import type { CompiledBody, CompiledExpectation, CompiledStep, InputField } from "../compile/Compiled.ts"
import * as CompileInput from "../compile/CompileInput.ts"
import type { Attachment, Failure } from "../Event.ts"
import * as RobogoError from "../robogo/RobogoError.ts"
import type { CaseState } from "./CaseState.ts"
import * as Contract from "./Contract.ts"
import * as Expected from "./Expected.ts"
import * as ExpectError from "./ExpectError.ts"
import * as Extract from "./Extract.ts"
import * as Measured from "./Measured.ts"
import * as Snapshots from "./Snapshots.ts"
import * as Failures from "./StepFailure.ts"

type Call = Extract<CompiledBody, { readonly _tag: "Call" }>

/** What steps need beside the services of their actions. */
export type StepServices = FileSystem.FileSystem | Path.Path | Jq.Jq | Contract.Contracts | Snapshots.Snapshots

export interface AttemptContext {
  readonly state: CaseState
  readonly step: CompiledStep
  readonly path: string
  readonly names: Code.Names
  readonly attachments: Array<Attachment>
  /** Runs a step that stands inside the input. */
  readonly nested: (step: CompiledStep) => NestedStep
}

/** Runs the action of a step once; answers with its output after `extract`. */
export const run = (call: Call, context: AttemptContext): Effect.Effect<Value, Failures.StepFailure, StepServices> => {
  const acted = act(call, context)
  const attempt = context.step.expectError === undefined
    ? timed(judged(acted, context), context)
    // A time-out is an error too: one that may be wanted.
    : expectError(timed(acted, context), context)
  // A defect (an action's or ours) ends this step: the rest of the run goes on and has its report.
  return Effect.catchDefect(
    attempt,
    (defect) => Effect.fail(Failures.fromDefect(Cause.die(defect), call.action.name, context.step.location))
  )
}

const judged = (
  acted: Effect.Effect<Value, Failures.StepFailure>,
  context: AttemptContext
): Effect.Effect<Value, Failures.StepFailure, StepServices> =>
  Effect.gen(function*() {
    const output = yield* extract(yield* acted, context)
    yield* expect(output, context)
    yield* save(output, context)
    return output
  })

const timed = <R>(
  attempt: Effect.Effect<Value, Failures.StepFailure, R>,
  context: AttemptContext
): Effect.Effect<Value, Failures.StepFailure, R> => {
  const { timeout } = context.step.step
  return timeout === undefined ? attempt : Effect.timeoutOrElse(attempt, {
    duration: timeout,
    orElse: () =>
      Effect.fail(Failures.one({
        kind: "error",
        reason: "timeout",
        message: `the step did not end within ${DurationText.format(timeout)}`,
        hint: "raise its timeout:, or find out what it waits for",
        location: context.step.location
      }))
  })
}

/** Decodes the input and runs the action. */
const act = (call: Call, context: AttemptContext): Effect.Effect<Value, Failures.StepFailure> =>
  Effect.gen(function*() {
    const { location } = context.step
    const robogo = context.step.spelling === "robogo"
    const raw = yield* Effect.mapError(
      Failures.attempt(() => rawInput(call, context)),
      (failure) => robogo ? RobogoError.unresolved(failure) : failure
    )
    const decoded = CompileInput.decoderOf(call.action.input)(raw)
    if (Result.isFailure(decoded)) return yield* badInput(call, decoded.failure, context)
    // In a Robogo file `check` has only warned of what goes with what.
    const problems = robogo ? call.action.validate?.(new Set(Object.keys(raw)), raw) ?? [] : []
    if (problems.length > 0) return yield* invalid(call, problems, context)
    // The services of the action are in the fiber's context: the runner's type asks for them.
    const running = call.action.run(decoded.success as never, actionContext(context)) as Effect.Effect<
      Value,
      ActionError
    >
    const shape = robogo ? call.action.robogo?.result : undefined
    const shaped = (output: Value): Value => shape === undefined ? output : shape(output, decoded.success as never)
    const output = yield* running.pipe(
      Effect.tapError((error) => Effect.sync(() => robogo && saveFound(error, shaped, context))),
      Effect.mapError((error) =>
        robogo ? RobogoError.fromAction(error, location) : Failures.fromAction(error, location)
      )
    )
    for (const [name, value] of Object.entries(call.action.assigns?.(raw, output) ?? {})) {
      context.state.save(name, value)
    }
    return shaped(output)
  }).pipe(
    Effect.catchDefect((defect) =>
      Effect.fail(Failures.fromDefect(Cause.die(defect), call.action.name, context.step.location))
    )
  )

/** Robogo stores what a failed step has found: the certificate that is not valid, the answer that never came. */
const saveFound = (error: ActionError, shaped: (output: Value) => Value, context: AttemptContext): void => {
  const { result } = context.step.step
  if (error.output !== undefined && result !== undefined) context.state.save(result.name, shaped(error.output))
}

const rawInput = (call: Call, context: AttemptContext): ValueRecord => {
  const { input } = call
  const { machine } = context.state
  if (input._tag === "Call") {
    const options = input.options.run(context.names, machine)
    const args = input.args.run(context.names, machine) as ReadonlyArray<Value>
    return known(call, call.action.robogo!.input!(args, isRecord(options) ? options : {}, input.name))
  }
  const raw = emptyRecord() as { [key: string]: unknown }
  for (const field of input.fields) raw[field.key] = fieldValue(field, context)
  for (const key of call.anyInputs) raw[key] = true
  // A step's own retry takes the place of the client's.
  if (context.step.step.retry !== undefined && Object.hasOwn(call.action.input.fields, "reconnect")) {
    raw["reconnect"] ??= false
  }
  return raw as ValueRecord
}

/** Options that an action does not know are left out, as that tool did. */
const known = (call: Call, input: ValueRecord): ValueRecord =>
  Object.fromEntries(Object.entries(input).filter(([key]) => Object.hasOwn(call.action.input.fields, key)))

const fieldValue = (field: InputField, context: AttemptContext): unknown => {
  switch (field._tag) {
    case "Template":
      return field.code.run(context.names, context.state.machine)
    case "Expression":
      return condition(field.code, context)
    case "Expressions":
      return field.codes.map((code) => condition(code, context))
    case "Step":
      return context.nested(field.step)
  }
}

const condition = (code: Code.Code, context: AttemptContext): Condition => {
  const { machine } = context.state
  const namesWith = (names: ValueRecord | undefined) =>
    names === undefined ? context.names : Code.over(names, context.names)
  return {
    text: code.text,
    evaluate: (names) =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(code.run(namesWith(names), machine))
        } catch (error) {
          if (!(error instanceof Code.CodeFailure)) return Effect.die(error)
          return new ActionError({
            reason: "Invalid",
            message: error.message,
            ...error.hint === undefined ? {} : { hint: error.hint }
          })
        }
      }),
    explain: (names) => code.explain(namesWith(names), machine)
  }
}

const badInput = (call: Call, error: Parameters<typeof CompileInput.issuesOf>[0], context: AttemptContext) =>
  invalid(call, CompileInput.issuesOf(error).map((issue) => [...issue.path, issue.message].join(": ")), context)

const invalid = (call: Call, problems: ReadonlyArray<string>, context: AttemptContext) =>
  Effect.fail(
    new Failures.StepFailure({
      failures: problems.map((problem) =>
        Failures.failure({
          kind: "error",
          reason: "invalid",
          message: `${call.action.name}: ${problem}`,
          location: context.step.location
        })
      )
    })
  )

const actionContext = (context: AttemptContext): ActionContext => {
  const { path, state, step } = context
  const { settings } = state
  return {
    caseId: settings.caseId,
    directory: settings.directory,
    root: settings.root,
    allowOutside: settings.allowOutside,
    scope: state.scope,
    get variables() {
      state.settle()
      return state.variables
    },
    environment: settings.environment,
    robogo: step.spelling === "robogo",
    settings: state.actionSettings,
    retries: step.step.retry !== undefined,
    random: state.randomFor(path),
    once: (key, make) => state.once(key, make),
    log: (text, level = "info") =>
      step.step.noLog
        ? Effect.void
        : settings.emit({
          _tag: "Log",
          case: settings.caseId,
          step: path,
          level,
          text: SensitiveFields.maskText(text, step.step.sensitiveFields),
          at: state.machine.now()
        }),
    attach: (attachment) => Effect.sync(() => void context.attachments.push(attachment))
  }
}

const extract = (output: Value, context: AttemptContext): Effect.Effect<Value, Failures.StepFailure, Jq.Jq> => {
  const { extract: code, location } = context.step
  if (code === undefined) return Effect.succeed(output)
  return Effect.flatMap(
    Failures.attempt(() => code.run(context.names, context.state.machine)),
    (spec) => Effect.mapError(Extract.extract(spec, output), (error) => Failures.fromAction(error, location))
  )
}

/** The names that `expect` and `save` see: the fields of the output before everything else. */
export const outputNames = (output: Value, names: Code.Names): Code.Names =>
  Code.over(isRecord(output) ? output : { value: output }, names)

/** Checks every expectation, and fails with all that do not hold. */
const expect = (output: Value, context: AttemptContext): Effect.Effect<void, Failures.StepFailure, StepServices> => {
  const { expect: expectations } = context.step
  if (expectations.length === 0) return Effect.void
  return Effect.gen(function*() {
    const failures: Array<Failure> = []
    for (const expectation of expectations) failures.push(...yield* check(expectation, output, context))
    if (failures.length > 0) return yield* new Failures.StepFailure({ failures, status: statusOf(output) })
  })
}

const statusOf = (output: Value): number | undefined => {
  const status = isRecord(output) ? output["status"] : undefined
  return typeof status === "number" ? status : undefined
}

const check = (
  { expectation, location }: CompiledExpectation,
  output: Value,
  context: AttemptContext
): Effect.Effect<ReadonlyArray<Failure>, never, StepServices> => {
  const { settings } = context.state
  switch (expectation._tag) {
    case "Expression":
      return Effect.sync(() => checkExpression(expectation.code, output, context))
    case "JsonSchema":
      return violations(Contract.checkSchema(expectation.file, bodyOf(output), settings), location)
    case "OpenApi":
      return violations(Contract.checkOpenApi(expectation.file, expectation.operation, output, settings), location)
    case "Snapshot":
      return violations(
        Snapshots.check({
          file: settings.file,
          directory: settings.directory,
          name: expectation.name ?? `${settings.baseId} ${context.path}`,
          owner: `${settings.caseId} ${context.path}`,
          mask: expectation.mask,
          value: output,
          update: settings.updateSnapshots
        }),
        location
      )
  }
}

const checkExpression = (code: Code.Code, output: Value, context: AttemptContext): ReadonlyArray<Failure> => {
  const names = outputNames(output, context.names)
  const { machine } = context.state
  try {
    const message = Expected.missed(code, names, machine)
    if (message === undefined) return []
    const values = code.explain(names, machine)
    return [Failures.failure({ kind: "failed", reason: "failed", message, span: code.node.span, values })]
  } catch (error) {
    if (!(error instanceof Code.CodeFailure)) throw error
    return [
      Failures.failure({ kind: "failed", reason: "failed", message: error.message, hint: error.hint, span: error.span })
    ]
  }
}

/** The body of an HTTP answer, or the whole output of other actions. */
const bodyOf = (output: Value): Value =>
  isRecord(output) && "body" in output && "status" in output ? output["body"]! : output

const violations = <R>(
  check: Effect.Effect<ReadonlyArray<string>, ActionError, R>,
  location: CompiledExpectation["location"]
): Effect.Effect<ReadonlyArray<Failure>, never, R> =>
  Effect.match(check, {
    onFailure: (error) => Failures.fromAction(error, location).failures,
    onSuccess: (messages) =>
      messages.map((message) => Failures.failure({ kind: "failed", reason: "failed", message, location }))
  })

const save = (output: Value, context: AttemptContext): Effect.Effect<void, Failures.StepFailure> => {
  const { metrics, save: saves, step } = context.step
  const { measure } = context.state.settings
  const measured = measure === undefined ? [] : metrics
  if (saves.length === 0 && measured.length === 0 && step.result === undefined) return Effect.void
  return Failures.attempt(() => {
    const names = outputNames(output, context.names)
    const values = saves.map(({ code, name }) => [name, code.run(names, context.state.machine)] as const)
    for (const metric of measured) measure?.(metric, Measured.numberOf(metric, names, context.state.machine))
    for (const [name, value] of values) context.state.save(name, value)
    if (step.result !== undefined) context.state.save(step.result.name, output)
  })
}

/** The step passes when its action fails as the file says. */
const expectError = (
  acted: Effect.Effect<Value, Failures.StepFailure>,
  context: AttemptContext
): Effect.Effect<Value, Failures.StepFailure> =>
  Effect.gen(function*() {
    const wanted = context.step.expectError!
    const message = wanted.message === undefined
      ? undefined
      : yield* Failures.attempt(() => wanted.message!.run(context.names, context.state.machine))
    const result = yield* Effect.result(acted)
    const found = Result.isFailure(result)
      ? result.failure.failures.map((failure) => failure.message).join("\n")
      : undefined
    const said = Result.isFailure(result) ? result.failure.said : undefined
    const refusal = ExpectError.check(wanted.type, message === undefined ? undefined : String(message), found, said)
    if (refusal !== undefined) {
      return yield* Failures.one({ kind: "failed", reason: "failed", message: refusal, span: wanted.span })
    }
    const output = { error: found ?? "" }
    yield* save(output, context)
    return output
  })
