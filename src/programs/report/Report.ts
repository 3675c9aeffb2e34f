/**
 * What a run did, as plain data: the JSON report, and what every other report is written from.
 *
 * Made from a run's events by `ReportFold.ts`; `Formats.ts` names the writers. Keys are public: they are only ever added to.
 */
import { Order, Result, Schema } from "effect"
import { Attachment, Failure, Location, Phase, Status, Summary } from "../../scenario/Event.ts"

/** Version of the shape below. A reader refuses a newer one. */
export const version = 1

export const LogLine = Schema.Struct({
  level: Schema.Literals(["debug", "info", "warning"]),
  text: Schema.String,
  at: Schema.String
})
export type LogLine = typeof LogLine.Type

/** One step as it ended. `attempts` is 1-based; `retries` holds why each attempt before the last did not pass. */
export const Step = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  action: Schema.String,
  phase: Phase,
  status: Status,
  /** ISO 8601, by the wall clock. */
  started_at: Schema.String,
  duration_ms: Schema.Finite,
  attempts: Schema.Int,
  /** False for a step that the file hides from summaries. */
  summary: Schema.Boolean,
  /** True when the case went on after this failure, as its file says. */
  continued: Schema.Boolean,
  location: Location,
  failures: Schema.Array(Failure),
  retries: Schema.Array(Schema.Struct({ attempt: Schema.Int, delay_ms: Schema.Finite, failure: Failure })),
  skip_reason: Schema.optionalKey(Schema.String),
  output: Schema.optionalKey(Schema.String),
  attachments: Schema.Array(Attachment),
  logs: Schema.Array(LogLine)
})
export type Step = typeof Step.Type

/** An attempt of a case before its last one, with those of its steps that did not pass. */
export const EarlierAttempt = Schema.Struct({
  attempt: Schema.Int,
  status: Status,
  started_at: Schema.String,
  duration_ms: Schema.Finite,
  reason: Schema.optionalKey(Schema.String),
  failures: Schema.Array(Failure),
  steps: Schema.Array(Step)
})
export type EarlierAttempt = typeof EarlierAttempt.Type

/** One case as its last attempt ended. `failures` are those that no step owns. Steps stand in the order they started. */
export const Case = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  file: Schema.String,
  line: Schema.Int,
  suite: Schema.optionalKey(Schema.String),
  tags: Schema.Array(Schema.String),
  status: Status,
  attempts: Schema.Int,
  started_at: Schema.String,
  duration_ms: Schema.Finite,
  reason: Schema.optionalKey(Schema.String),
  failures: Schema.Array(Failure),
  earlier: Schema.Array(EarlierAttempt),
  steps: Schema.Array(Step),
  /** Passed steps beyond the limit of a report: run and counted, not kept. */
  steps_left_out: Schema.optionalKey(Schema.Int),
  logs: Schema.Array(LogLine)
})
export type Case = typeof Case.Type

/** One run, or several joined by {@link merge}. Cases are sorted by file, line and id. */
export const Report = Schema.Struct({
  format: Schema.Literal("skein-report"),
  version: Schema.Literal(version),
  run: Schema.String,
  started_at: Schema.String,
  duration_ms: Schema.Finite,
  seed: Schema.Int,
  concurrency: Schema.Int,
  interrupted: Schema.Boolean,
  summary: Summary,
  warnings: Schema.Array(Schema.String),
  cases: Schema.Array(Case)
})
export type Report = typeof Report.Type

/** A report that cannot be read or joined. The message names each thing that is wrong. */
export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", {
  reason: Schema.Literals(["NotAReport", "NewerVersion", "DuplicateCases", "NothingToMerge"]),
  message: Schema.String
}) {}

/**
 * Reads the text of a JSON report. `path` names it in errors.
 *
 * Fails with `NotAReport` when it is something else, and with `NewerVersion` when a newer skein wrote it.
 */
export const parse = (text: string, path: string): Result.Result<Report, ReportError> => {
  const json = decodeJson(text)
  if (Result.isFailure(json)) return notAReport(path, "it is not JSON")
  const head = decodeHead(json.success)
  if (Result.isFailure(head)) return notAReport(path, `it has no "format": "skein-report"`)
  if (head.success.version > version) {
    return Result.fail(
      new ReportError({
        reason: "NewerVersion",
        message: `${path} is a report of version ${head.success.version}; this skein reads up to version ${version}. `
          + `Use the skein that wrote it, or a newer one`
      })
    )
  }
  return Result.mapError(
    decodeReport(json.success),
    (error) => new ReportError({ reason: "NotAReport", message: `${path} is a damaged report: ${error.message}` })
  )
}

/**
 * Joins the reports of the shards of one run. The duration is from the first start to the last end.
 *
 * Fails with `DuplicateCases`, naming them, when a case stands in two reports: its shards did not share a view.
 */
export const merge = (reports: ReadonlyArray<Report>): Result.Result<Report, ReportError> => {
  const first = reports[0]
  if (first === undefined) {
    return Result.fail(new ReportError({ reason: "NothingToMerge", message: "no report was given to merge" }))
  }
  const duplicates = duplicateIds(reports)
  if (duplicates.length > 0) return Result.fail(duplicateCases(duplicates))

  const starts = reports.map((report) => Date.parse(report.started_at))
  const start = Math.min(...starts)
  const end = Math.max(...reports.map((report, i) => starts[i]! + report.duration_ms))
  const seeds = [...new Set(reports.map((report) => report.seed))]
  const cases = reports.flatMap((report) => report.cases).sort(byPlace)
  return Result.succeed({
    ...first,
    started_at: reports[starts.indexOf(start)]!.started_at,
    duration_ms: end - start,
    concurrency: Math.max(...reports.map((report) => report.concurrency)),
    interrupted: reports.some((report) => report.interrupted),
    summary: summarise(cases),
    warnings: [
      ...new Set(reports.flatMap((report) => report.warnings)),
      ...(seeds.length > 1 ? [`the merged runs had different seeds: ${seeds.join(", ")}`] : [])
    ],
    cases
  })
}

/** Counts cases by how they ended. */
export const summarise = (cases: ReadonlyArray<Pick<Case, "status">>): Summary => {
  const summary = { total: cases.length, passed: 0, failed: 0, error: 0, skipped: 0, flaky: 0, interrupted: 0 }
  for (const { status } of cases) summary[status]++
  return summary
}

/** Orders cases by file, line and id; numbers inside an id by their value (`[2]` before `[10]`). */
export const byPlace: Order.Order<Case> = Order.make((a, b) =>
  compare(a.file, b.file) || Math.sign(a.line - b.line) as -1 | 0 | 1 || compareIds(a.id, b.id)
)

/** True for the ways of ending that make a run not green. */
export const isBad = (status: Status): boolean => status === "failed" || status === "error" || status === "interrupted"

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
const decodeHead = Schema.decodeUnknownResult(
  Schema.Struct({ format: Schema.Literal("skein-report"), version: Schema.Finite })
)
const decodeReport = Schema.decodeUnknownResult(Report)

const notAReport = (path: string, why: string) =>
  Result.fail(new ReportError({ reason: "NotAReport", message: `${path} is not a skein JSON report: ${why}` }))

const duplicateIds = (reports: ReadonlyArray<Report>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const report of reports) {
    for (const { id } of report.cases) (seen.has(id) ? twice : seen).add(id)
  }
  return [...twice]
}

const duplicateCases = (ids: ReadonlyArray<string>): ReportError =>
  new ReportError({
    reason: "DuplicateCases",
    message: `${ids.length} ${ids.length === 1 ? "case is" : "cases are"} in more than one report: `
      + ids.slice(0, 20).join(", ") + (ids.length > 20 ? `, and ${ids.length - 20} more` : "")
      + `. Merge only shards of one run, each once`
  })

const compare = (a: string, b: string): -1 | 0 | 1 => a < b ? -1 : a > b ? 1 : 0

const compareIds = (a: string, b: string): -1 | 0 | 1 => {
  if (a === b) return 0
  const left = a.split(/(\d+)/)
  const right = b.split(/(\d+)/)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = i % 2 === 1 ? Math.sign(Number(left[i]) - Number(right[i])) : compare(left[i]!, right[i]!)
    if (difference !== 0) return difference as -1 | 1
  }
  return compare(a, b)
}
