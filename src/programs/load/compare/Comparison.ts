/** What the comparison of two load runs found, as plain data: the JSON result of `skein load compare`. Keys are only ever added to. */
import { Schema } from "effect"
import { head, Model, subject } from "../LoadResult.ts"

/** Version of the shape below. */
export const version = 1

export const Row = Schema.Struct({
  metric: Schema.Literals(["rate", "p50", "p75", "p90", "p95", "p99", "p99_9", "errors"]),
  unit: Schema.Literals(["per_second", "ms", "ratio"]),
  /** Whether the verdict depends on it. */
  judged: Schema.Boolean,
  before: Schema.Finite,
  after: Schema.Finite,
  /** `after / before - 1`; of errors the difference of the two shares. Null when one side has no values. */
  change: Schema.NullOr(Schema.Finite),
  /** The interval in which the change lies, at the confidence of the whole comparison. */
  from: Schema.NullOr(Schema.Finite),
  to: Schema.NullOr(Schema.Finite),
  verdict: Schema.Literals(["better", "worse", "same", "cannot_tell"])
})
export type Row = typeof Row.Type

export const Side = Schema.Struct({
  /** Of the first run. */
  ...subject,
  runs: Schema.Array(Schema.String),
  requests: Schema.Int
})
export type Side = typeof Side.Type

export const Comparison = Schema.Struct({
  ...head("skein-load-comparison", version),
  verdict: Schema.Literals(["faster", "slower", "same", "cannot_tell"]),
  /** What decided, or why nothing can be told; with what to do. */
  reasons: Schema.Array(Schema.String),
  /** What is not alike in the two, beside what was measured. */
  notes: Schema.Array(Schema.String),
  before: Side,
  after: Side,
  model: Model,
  /** `pairs`: runs in alternation, each pair one observation. `seconds`: one run each, drawn anew from blocks of its seconds. */
  method: Schema.Literals(["pairs", "seconds"]),
  pairs: Schema.Int,
  /** A change below it does not matter: 0.05. */
  margin: Schema.Finite,
  /** Of all judged rows together: 0.95. */
  confidence: Schema.Finite,
  rows: Schema.Array(Row)
}).annotate({ identifier: "LoadComparison" })
export type Comparison = typeof Comparison.Type
