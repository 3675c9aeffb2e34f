/**
 * What a load tells, without secrets: the texts of it, from names to examples of errors. Figures and histograms are left as they are: a
 * secret that happens to be a number, or to occur in base64, must not spoil them.
 */
import type { Masking } from "../../core/Masking.ts"
import type { LoadProgress } from "./LoadProgress.ts"
import type { ErrorCount, LoadResult, ThresholdResult } from "./LoadResult.ts"

type Sink = Pick<Masking["Service"], "deep" | "text">

/** What is told while it goes on. */
export const progress = (progress: LoadProgress, { text }: Sink): LoadProgress => ({
  ...progress,
  errors: errorsOf(progress.errors, text),
  thresholds: thresholdsOf(progress.thresholds, text)
})

/** What came of it. */
export const result = (result: LoadResult, { deep, text }: Sink): LoadResult => ({
  ...result,
  name: text(result.name),
  target: text(result.target),
  errors: { ...result.errors, kinds: errorsOf(result.errors.kinds, text) },
  scenarios: result.scenarios.map((one) => ({ ...one, name: text(one.name) })),
  steps: result.steps.map((one) => ({
    ...one,
    scenario: text(one.scenario),
    name: text(one.name),
    errors: errorsOf(one.errors, text)
  })),
  tags: result.tags.map((one) => ({ ...one, tag: text(one.tag), errors: errorsOf(one.errors, text) })),
  metrics: result.metrics.map((one) => ({ ...one, name: text(one.name) })),
  thresholds: thresholdsOf(result.thresholds, text),
  reasons: result.reasons.map((one) => ({ ...one, text: text(one.text) })),
  configuration: deep(result.configuration)
})

const errorsOf = (errors: ReadonlyArray<ErrorCount>, text: Sink["text"]): ReadonlyArray<ErrorCount> =>
  errors.map((one) => ({ ...one, kind: text(one.kind), example: text(one.example) }))

const thresholdsOf = (
  thresholds: ReadonlyArray<ThresholdResult>,
  text: Sink["text"]
): ReadonlyArray<ThresholdResult> => thresholds.map((one) => ({ ...one, expression: text(one.expression) }))
