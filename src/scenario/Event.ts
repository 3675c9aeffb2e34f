/**
 * What a run tells while it happens. The interpreter and the runner emit these; progress, reports, history and metrics
 * read them. Everything in an event has already passed the masking sink: no secret is in it.
 *
 * Times are milliseconds since the epoch (`at`), durations are milliseconds by the monotonic clock.
 */
import { Schema } from "effect"
import { positionAt, type Span } from "../core/SourceText.ts"

/** How a case or a step ended. Only cases are ever `flaky` (a later attempt passed). */
export const Status = Schema.Literals(["passed", "failed", "error", "skipped", "flaky", "interrupted"])
export type Status = typeof Status.Type

/** Where in a file something stands, 1-based. */
export const Location = Schema.Struct({ file: Schema.String, line: Schema.Int, column: Schema.Int })
export type Location = typeof Location.Type

/** Where a span begins. */
export const locationOf = (span: Span): Location => ({ file: span.source.path, ...positionAt(span.source, span.start) })

/**
 * Why a step did not pass. `kind` failed: a check said no; error: it could not be done.
 * `reason` is the word that `retry.on` matches; `values` are the parts of the failed expression, outermost first.
 */
export const Failure = Schema.Struct({
  kind: Schema.Literals(["failed", "error"]),
  reason: Schema.String,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  location: Schema.optionalKey(Location),
  frame: Schema.optionalKey(Schema.String),
  values: Schema.optionalKey(Schema.Array(Schema.Struct({ expression: Schema.String, value: Schema.String }))),
  /** True when it is certain that nothing was changed; see `ActionError`. */
  undone: Schema.optionalKey(Schema.Boolean)
})
export type Failure = typeof Failure.Type

/** What a step exchanged with a service, for people who look at a failure. Bodies are text, cut at 64 KiB with a note. */
export const Attachment = Schema.TaggedUnion({
  Http: {
    request: Schema.Struct({
      method: Schema.String,
      url: Schema.String,
      headers: Schema.Record(Schema.String, Schema.String),
      body: Schema.optionalKey(Schema.String)
    }),
    response: Schema.optionalKey(Schema.Struct({
      status: Schema.Int,
      headers: Schema.Record(Schema.String, Schema.String),
      body: Schema.optionalKey(Schema.String),
      duration_ms: Schema.Finite
    })),
    curl: Schema.String,
    insecure: Schema.Boolean
  },
  Sql: {
    statement: Schema.String,
    params: Schema.Array(Schema.String),
    rows: Schema.optionalKey(Schema.Int),
    duration_ms: Schema.Finite
  },
  /** One operation on a document store, a message broker or a cache: `find` of `mongo` on the collection `orders`. */
  Operation: {
    service: Schema.String,
    operation: Schema.String,
    target: Schema.String,
    sent: Schema.optionalKey(Schema.String),
    /** Absent when it failed. */
    received: Schema.optionalKey(Schema.String),
    duration_ms: Schema.Finite
  },
  Text: { name: Schema.String, text: Schema.String }
})
export type Attachment = typeof Attachment.Type

export const Phase = Schema.Literals(["setup", "steps", "teardown"])
export type Phase = typeof Phase.Type

/** Counts of cases by how they ended. */
export const Summary = Schema.Struct({
  total: Schema.Int,
  passed: Schema.Int,
  failed: Schema.Int,
  error: Schema.Int,
  skipped: Schema.Int,
  flaky: Schema.Int,
  interrupted: Schema.Int
})
export type Summary = typeof Summary.Type

/**
 * `case` is the id of a case, unique in the run and stable between runs (`shop.yaml#Checkout[2]`); `step` is the place of
 * a step in its case, stable too (`setup[0]`, `steps[3].group[1]`, with `#2` for the second pass of a loop).
 */
export const Event = Schema.TaggedUnion({
  RunStarted: { run: Schema.String, at: Schema.Finite, total: Schema.Int, seed: Schema.Int, concurrency: Schema.Int },
  CaseStarted: {
    case: Schema.String,
    name: Schema.String,
    file: Schema.String,
    line: Schema.Int,
    suite: Schema.optionalKey(Schema.String),
    tags: Schema.Array(Schema.String),
    attempt: Schema.Int,
    at: Schema.Finite
  },
  StepStarted: {
    case: Schema.String,
    step: Schema.String,
    name: Schema.String,
    action: Schema.String,
    phase: Phase,
    location: Location,
    at: Schema.Finite
  },
  StepRetried: {
    case: Schema.String,
    step: Schema.String,
    attempt: Schema.Int,
    delay_ms: Schema.Finite,
    failure: Failure,
    at: Schema.Finite
  },
  StepFinished: {
    case: Schema.String,
    step: Schema.String,
    name: Schema.String,
    action: Schema.String,
    phase: Phase,
    /** False for steps that the file hides from the summary; they count all the same. */
    summary: Schema.Boolean,
    location: Location,
    status: Status,
    at: Schema.Finite,
    duration_ms: Schema.Finite,
    attempts: Schema.Int,
    failures: Schema.Array(Failure),
    /** True when the file says that the case goes on after this failure. */
    continued: Schema.Boolean,
    skip_reason: Schema.optionalKey(Schema.String),
    /** The output as text, cut at 4 KiB; absent under `no_log`. */
    output: Schema.optionalKey(Schema.String),
    attachments: Schema.Array(Attachment)
  },
  Log: {
    case: Schema.String,
    step: Schema.String,
    level: Schema.Literals(["debug", "info", "warning"]),
    text: Schema.String,
    at: Schema.Finite
  },
  CaseFinished: {
    case: Schema.String,
    name: Schema.String,
    file: Schema.String,
    status: Status,
    attempt: Schema.Int,
    at: Schema.Finite,
    duration_ms: Schema.Finite,
    /** Why the case was skipped, or what failed outside its steps (a time-out, a suite's setup). */
    reason: Schema.optionalKey(Schema.String),
    failures: Schema.Array(Failure)
  },
  /** Something a person should know that no case owns. */
  Warning: { text: Schema.String, at: Schema.Finite },
  RunFinished: { at: Schema.Finite, duration_ms: Schema.Finite, summary: Summary, interrupted: Schema.Boolean }
})
export type Event = typeof Event.Type
export type EventOf<Tag extends Event["_tag"]> = Extract<Event, { readonly _tag: Tag }>
