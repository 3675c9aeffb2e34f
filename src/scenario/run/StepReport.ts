/** The events of one step, with what a report may show of it: cut, and without what the file keeps back. */
import { Clock, Duration, Effect, Result } from "effect"
import * as Preview from "../../core/Preview.ts"
import * as SensitiveFields from "../../core/SensitiveFields.ts"
import type * as Code from "../compile/Code.ts"
import type { CompiledStep } from "../compile/Compiled.ts"
import { Attachment, type Failure } from "../Event.ts"
import type { CaseState } from "./CaseState.ts"
import type { StepFailure } from "./StepFailure.ts"
import type { Outcome } from "./StepRun.ts"

const maxOutput = 4_096
const maxBody = 65_536

export interface StepReport {
  readonly step: CompiledStep
  readonly state: CaseState
  readonly path: string
  readonly name: string
  readonly action: string
  readonly startedNanos: bigint
  attempts: number
  attachments: ReadonlyArray<Attachment>
}

/** Says that a step begins. */
export const start = Effect.fnUntraced(
  function*(step: CompiledStep, state: CaseState, path: string, names: Code.Names) {
    const clock = yield* Clock.Clock
    const report: StepReport = {
      step,
      state,
      path,
      name: nameOf(step, state, names),
      action: step.step.body._tag === "Call" ? step.step.body.action : step.step.body._tag.toLowerCase(),
      startedNanos: clock.monotonicTimeNanosUnsafe(),
      attempts: 0,
      attachments: []
    }
    yield* state.settings.emit({
      _tag: "StepStarted",
      case: state.settings.caseId,
      step: path,
      name: report.name,
      action: report.action,
      phase: state.phase,
      location: step.location,
      at: clock.currentTimeMillisUnsafe()
    })
    return report
  }
)

/** Tells one attempt as a log line of level debug. */
export const attempted = (
  report: StepReport,
  attempt: number,
  result: Result.Result<unknown, StepFailure>
): Effect.Effect<void> => {
  const { path, state } = report
  const failures = Result.isSuccess(result)
    ? []
    : result.failure.failures.map((failure) => shownFailure(report, failure).message)
  const text = `attempt ${attempt} of ${report.action}: ${failures.length === 0 ? "passed" : failures.join("; ")}`
  return state.settings.emit({
    _tag: "Log",
    case: state.settings.caseId,
    step: path,
    level: "debug",
    text,
    at: state.machine.now()
  })
}

/**
 * Puts a step under a span of its own. Its name and attributes are those of the file, never values: spans do not pass the
 * masking sink.
 */
export const withSpan =
  (step: CompiledStep, state: CaseState, suffix: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.withSpan(effect, `step ${step.label}`, {
      captureStackTrace: false,
      attributes: {
        "skein.case": state.settings.caseId,
        "skein.step": step.path + suffix,
        "skein.file": step.location.file,
        "skein.line": step.location.line
      }
    })

export const retrying = (report: StepReport, failure: Failure, delay: Duration.Duration): Effect.Effect<void> =>
  report.state.settings.emit({
    _tag: "StepRetried",
    case: report.state.settings.caseId,
    step: report.path,
    attempt: report.attempts,
    delay_ms: Duration.toMillis(delay),
    failure: shownFailure(report, failure),
    at: report.state.machine.now()
  })

/** Says how a step ended. */
export const finish = Effect.fnUntraced(function*(report: StepReport, outcome: Outcome) {
  const { path, state, step } = report
  const clock = yield* Clock.Clock
  const ok = outcome.status === "passed" || outcome.status === "skipped"
  yield* state.settings.emit({
    _tag: "StepFinished",
    case: state.settings.caseId,
    step: path,
    name: report.name,
    action: report.action,
    phase: state.phase,
    summary: step.step.summary,
    location: step.location,
    status: outcome.status,
    at: clock.currentTimeMillisUnsafe(),
    duration_ms: Number((clock.monotonicTimeNanosUnsafe() - report.startedNanos) / 1_000n) / 1_000,
    attempts: report.attempts,
    failures: step.body._tag === "Call" ? outcome.failures.map((failure) => shownFailure(report, failure)) : [],
    continued: !ok && !outcome.stops,
    ...outcome.skipReason === undefined ? {} : { skip_reason: outcome.skipReason },
    ...step.step.noLog || outcome.output === null ? {} : { output: shownOutput(report, outcome) },
    attachments: step.step.noLog ? [] : shownAttachments(report, ok)
  })
})

const nameOf = (step: CompiledStep, state: CaseState, names: Code.Names): string => {
  if (step.name === undefined) return step.label
  try {
    return String(step.name.run(names, state.machine))
  } catch {
    // A name that cannot be made is no reason to fail a step: its text is shown.
    return step.name.text
  }
}

const shownFailure = ({ state, step }: StepReport, failure: Failure): Failure => {
  const fields = step.step.sensitiveFields
  if (!step.step.noLog) return fields.length === 0 ? failure : withoutFields(state.settings.mask(failure), fields)
  const { location } = failure
  const message = "the step did not pass; no_log keeps its texts back"
  return { kind: failure.kind, reason: failure.reason, message, ...location === undefined ? {} : { location } }
}

const withoutFields = (failure: Failure, fields: ReadonlyArray<string>): Failure => ({
  ...failure,
  message: SensitiveFields.maskText(failure.message, fields),
  ...failure.values === undefined ? {} : {
    values: failure.values.map(({ expression, value }) => ({
      expression,
      value: SensitiveFields.maskText(value, fields)
    }))
  }
})

/** Secrets go first: a value of a field that is hidden inside of one would leave the rest of it unknown. */
const shownOutput = ({ state, step }: StepReport, { output }: Outcome): string => {
  const fields = step.step.sensitiveFields
  return Preview.json(
    fields.length === 0 ? output : SensitiveFields.mask(state.settings.mask(output), fields),
    maxOutput
  )
}

/** Of a step that passed only what a report must say: requests that did not check the server's certificate. */
const shownAttachments = (report: StepReport, ok: boolean): ReadonlyArray<Attachment> => {
  const fields = report.step.step.sensitiveFields
  const kept = ok && !report.state.settings.keepExchanges
    ? report.attachments.filter((attachment) => attachment._tag === "Http" && attachment.insecure)
    : report.attachments
  // Bodies and curl lines are made when they are read: not before it is known that they are wanted.
  const { mask } = report.state.settings
  return kept.map((attachment) => shownAttachment(fields.length === 0 ? attachment : mask(attachment), fields, mask))
}

const shownAttachment = (
  attachment: Attachment,
  fields: ReadonlyArray<string>,
  mask: <A>(value: A) => A
): Attachment =>
  Attachment.match(attachment, {
    Http: (http): Attachment => ({
      ...http,
      request: bodyShown(
        { ...http.request, headers: SensitiveFields.maskRecord(http.request.headers, fields) },
        fields
      ),
      ...http.response === undefined ? {} : {
        response: bodyShown(
          { ...http.response, headers: SensitiveFields.maskRecord(http.response.headers, fields) },
          fields
        )
      },
      curl: curlShown(http, mask(http.curl), fields)
    }),
    Sql: (sql): Attachment => ({
      ...sql,
      statement: Preview.cut(sql.statement, maxBody),
      params: sql.params.map((param) => Preview.cut(param, maxOutput))
    }),
    Operation: (one): Attachment => {
      const shown = (text: string) => Preview.cut(SensitiveFields.maskText(text, fields), maxBody)
      return {
        ...one,
        target: Preview.cut(one.target, maxOutput),
        ...(one.sent === undefined ? {} : { sent: shown(one.sent) }),
        ...(one.received === undefined ? {} : { received: shown(one.received) })
      }
    },
    Text: (text): Attachment => ({ ...text, text: Preview.cut(SensitiveFields.maskText(text.text, fields), maxBody) })
  })

/** The line that repeats a request, without what its headers hide. */
const curlShown = (http: EventAttachment<"Http">, line: string, fields: ReadonlyArray<string>): string => {
  const shown = SensitiveFields.maskRecord(http.request.headers, fields)
  const hidden = Object.entries(http.request.headers).filter(([key, value]) => shown[key] !== value && value.length > 0)
  const curl = hidden.reduce((shown, [, value]) => shown.replaceAll(value, "***"), line)
  return SensitiveFields.maskText(curl, fields)
}

type EventAttachment<Tag extends Attachment["_tag"]> = Extract<Attachment, { readonly _tag: Tag }>

const bodyShown = <A extends { readonly body?: string }>(message: A, fields: ReadonlyArray<string>): A =>
  message.body === undefined
    ? message
    : { ...message, body: Preview.cut(SensitiveFields.maskText(message.body, fields), maxBody) }
