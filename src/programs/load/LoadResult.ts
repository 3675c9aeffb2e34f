/**
 * What a load run found, as plain data: the JSON result of `skein load`, and what every other report of it is written from.
 *
 * Times are in milliseconds unless a name says otherwise; rates are per second of the measured time, warm-up left out. Keys are public:
 * they are only ever added to.
 */
import { Effect, Schema } from "effect"
import { metricKinds } from "../../scenario/Scenario.ts"

/** Version of the shape below. A reader refuses a newer one. */
export const version = 1

/** With what every document of ours about loads begins: what it is, and in which version of its shape. */
export const head = <Format extends string, Version extends number>(format: Format, version: Version) => ({
  format: Schema.Literal(format),
  version: Schema.Literal(version)
})

/** What was loaded, and when. */
export const subject = {
  name: Schema.String,
  /** The URL, secrets masked, or the files. */
  target: Schema.String,
  started_at: Schema.String
}

/** Open: iterations start on schedule. Closed: each waits for the one before. */
export const Model = Schema.Literals(["open", "closed"])
export type Model = typeof Model.Type

/** Quantiles are nearest-rank over a log-linear histogram with three digits. All zero when `count` is. */
export const Distribution = Schema.Struct({
  count: Schema.Int,
  min: Schema.Finite,
  p50: Schema.Finite,
  p75: Schema.Finite,
  p90: Schema.Finite,
  p95: Schema.Finite,
  p99: Schema.Finite,
  p99_9: Schema.Finite,
  max: Schema.Finite,
  mean: Schema.Finite,
  stddev: Schema.Finite
})
export type Distribution = typeof Distribution.Type

/** Response times by status; none in a result of a version that did not keep them. */
const ByStatus = Schema.Record(Schema.String, Distribution).pipe(
  Schema.withDecodingDefaultTypeKey(Effect.succeed({}))
)

/** How many failed in the same way. `example` is the message of the first one, secrets masked. */
export const ErrorCount = Schema.Struct({ kind: Schema.String, count: Schema.Int, example: Schema.String })
export type ErrorCount = typeof ErrorCount.Type

/** Of requests and calls. */
const traffic = {
  per_second: Schema.Finite,
  failed: Schema.Int,
  bytes_in: Schema.Int,
  bytes_out: Schema.Int
}

/** Figures of one step, of all steps with a tag, or of a whole run. */
export const Figures = Schema.Struct({
  /** Requests and calls that ended, failed ones included. */
  count: Schema.Int,
  ...traffic,
  /** From the intended start: what `http.p95` means. Equal to `service_ms` in the closed model. */
  response_ms: Distribution,
  /** From the actual start. */
  service_ms: Distribution,
  /** Of responses by status; errors have none. */
  statuses: Schema.Record(Schema.String, Schema.Int),
  /** As `response_ms`, by status: of the first 20 statuses of a step. */
  by_status_ms: ByStatus,
  errors: Schema.Array(ErrorCount),
  checks: Schema.Struct({ passed: Schema.Int, failed: Schema.Int })
})
export type Figures = typeof Figures.Type

export const StepFigures = Schema.Struct({
  scenario: Schema.String,
  name: Schema.String,
  action: Schema.String,
  ...Figures.fields
})
export type StepFigures = typeof StepFigures.Type

/** One second of the run. Histograms are sparse and coarse (1 %), in base64: `core/Histogram` reads them. */
export const Second = Schema.Struct({
  /** Seconds since the start of the load; negative ones are warm-up. */
  at: Schema.Int,
  started: Schema.Int,
  completed: Schema.Int,
  dropped: Schema.Int,
  errors: Schema.Int,
  bytes_in: Schema.Int,
  /** Arrivals that were due in the open model. */
  due: Schema.Int,
  vus: Schema.Int,
  p50: Schema.Finite,
  p95: Schema.Finite,
  p99: Schema.Finite,
  max: Schema.Finite,
  cpu: Schema.Finite,
  lag_ms: Schema.Finite,
  histogram: Schema.String
})
export type Second = typeof Second.Type

export const ThresholdResult = Schema.Struct({
  expression: Schema.String,
  passed: Schema.Boolean,
  /** The value on the left of the comparison, and the bound on its right, both in `unit`. */
  actual: Schema.NullOr(Schema.Finite),
  limit: Schema.Finite,
  unit: Schema.Literals(["ms", "ratio", "per_second", "count"]),
  /** Length of the window it was looked at over, in seconds; null is the whole run. Then `actual` is of the worst window. */
  over_s: Schema.NullOr(Schema.Finite),
  /** True when it ended the run. */
  aborted: Schema.Boolean
})
export type ThresholdResult = typeof ThresholdResult.Type

/** Why the figures cannot be believed, and what to change. */
export const InvalidReason = Schema.Struct({
  code: Schema.Literals(["cpu", "loop_lag", "lateness", "ports", "crash", "too_short"]),
  text: Schema.String,
  advice: Schema.String
})
export type InvalidReason = typeof InvalidReason.Type

export const Generator = Schema.Struct({
  threads: Schema.Int,
  /** Of the busiest thread, mean over the measured time: 1 is a whole core. */
  cpu: Schema.Finite,
  loop_lag_p99_ms: Schema.Finite,
  loop_lag_max_ms: Schema.Finite,
  gc_count: Schema.Int,
  gc_ms: Schema.Finite,
  rss_peak_bytes: Schema.Int,
  heap_peak_bytes: Schema.Int,
  sockets_opened: Schema.Int,
  sockets_most: Schema.Int,
  /** How requests were sent, and why where it was not over bare sockets: `undici: HTTP/2 was asked for`. */
  transport: Schema.String,
  skein: Schema.String,
  node: Schema.String,
  platform: Schema.String,
  cores: Schema.Int
})
export type Generator = typeof Generator.Type

export const ScenarioFigures = Schema.Struct({
  name: Schema.String,
  executor: Schema.String,
  model: Model,
  vus: Schema.Int,
  iterations: Schema.Int,
  dropped: Schema.Int
})

/** What a search for the highest rate found. The other figures of the result are those of its best trial. */
export const BreakpointFigures = Schema.Struct({
  /** The highest rate at which all thresholds held, iterations a second; null when there was none. */
  rate: Schema.NullOr(Schema.Finite),
  /** The lowest rate above it at which one did not; null when there was none within the range. */
  next_rate: Schema.NullOr(Schema.Finite),
  limited_by: Schema.Literals(["target", "generator", "range"]),
  /** In the order in which they ran. */
  trials: Schema.Array(Schema.Struct({
    rate: Schema.Finite,
    passed: Schema.Boolean,
    verdict: Schema.Literals(["valid", "invalid"]),
    p95: Schema.Finite,
    per_second: Schema.Finite,
    dropped: Schema.Int,
    failed: Schema.Int
  }))
})
export type BreakpointFigures = typeof BreakpointFigures.Type

export const LoadResult = Schema.Struct({
  ...head("skein-load", version),
  /** Identifies this run in `.skein/`. */
  run: Schema.String,
  ...subject,
  model: Model,
  /** All of it, warm-up included; `measured_s` is what the figures are about. */
  duration_s: Schema.Finite,
  measured_s: Schema.Finite,
  seed: Schema.Int,
  interrupted: Schema.Boolean,
  requests: Schema.Struct({ total: Schema.Int, ...traffic }),
  iterations: Schema.Struct({
    started: Schema.Int,
    completed: Schema.Int,
    failed: Schema.Int,
    /** Due but never started, since every virtual user was waiting for the target. */
    dropped: Schema.Int,
    /** Still running when the time for a graceful stop was up. */
    cut_off: Schema.Int,
    per_second: Schema.Finite
  }),
  /** Of responses from the intended start (open model), or from the start (closed): what `http.p95` is asked of. */
  latency_ms: Distribution,
  service_ms: Distribution,
  /** How late iterations began; null in the closed model. */
  lateness_ms: Schema.NullOr(Distribution),
  /** The closed model's latencies with the samples that its waiting left out, for the expected interval that was given. */
  corrected_ms: Schema.NullOr(Distribution),
  phases_ms: Schema.NullOr(Schema.Struct({
    dns: Distribution,
    connect: Distribution,
    tls: Distribution,
    wait: Distribution,
    transfer: Distribution
  })),
  checks: Schema.Struct({ passed: Schema.Int, failed: Schema.Int, rate: Schema.Finite }),
  errors: Schema.Struct({ total: Schema.Int, rate: Schema.Finite, kinds: Schema.Array(ErrorCount) }),
  statuses: Schema.Record(Schema.String, Schema.Int),
  /** As `latency_ms`, by status. */
  by_status_ms: ByStatus,
  scenarios: Schema.Array(ScenarioFigures),
  steps: Schema.Array(StepFigures),
  tags: Schema.Array(Schema.Struct({ tag: Schema.String, ...Figures.fields })),
  metrics: Schema.Array(Schema.Struct({
    name: Schema.String,
    kind: Schema.Literals(metricKinds),
    count: Schema.Int,
    /** Mean of a trend, share of a rate (0 to 1), sum of a counter. */
    value: Schema.Finite,
    distribution: Schema.NullOr(Distribution)
  })),
  thresholds: Schema.Array(ThresholdResult),
  /** Of a search for the breakpoint only. */
  breakpoint: Schema.optionalKey(BreakpointFigures),
  generator: Generator,
  verdict: Schema.Literals(["valid", "invalid"]),
  reasons: Schema.Array(InvalidReason),
  seconds: Schema.Array(Second),
  /** `latency_ms` and `service_ms` as histograms of HdrHistogram V2, base64, in ticks of 100 ns. */
  histograms: Schema.Struct({ latency: Schema.String, service: Schema.String }),
  /** What was run, all defaults filled in, secrets masked. */
  configuration: Schema.Record(Schema.String, Schema.Json)
}).annotate({ identifier: "LoadResult" })
export type LoadResult = typeof LoadResult.Type
