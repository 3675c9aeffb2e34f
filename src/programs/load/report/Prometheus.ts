/**
 * A load run as Prometheus reads it (text format 0.0.4), for a Pushgateway or the textfile collector of node_exporter: what the run
 * found, as it stands at its end. Times are in seconds, as is the custom there.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import * as ReportText from "../../report/ReportText.ts"
import type { Distribution, LoadResult } from "../LoadResult.ts"
import * as Outcome from "./Outcome.ts"

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number, suffix?: string]

export const write = (result: LoadResult): string => {
  const { errors, generator, iterations, requests } = result
  const steps = result.steps.map((step) =>
    [{ scenario: step.scenario, step: step.name, action: step.action }, step] as const
  )
  return [
    metric("requests", "Requests that ended, failed ones included", [[{}, requests.total]]),
    metric("requests_failed", "Requests that failed", [[{}, requests.failed]]),
    metric("requests_per_second", "Requests that ended in a second of the measured time", [[{}, requests.per_second]]),
    metric("received_bytes", "Bytes received", [[{}, requests.bytes_in]]),
    metric("sent_bytes", "Bytes sent", [[{}, requests.bytes_out]]),
    metric(
      "iterations",
      "Iterations by what became of them",
      (["completed", "failed", "dropped", "cut_off"] as const).map((key): Sample => [{ state: key }, iterations[key]])
    ),
    metric("responses", "Responses by status", Object.entries(result.statuses).map(([status, n]) => [{ status }, n])),
    metric("errors", "Errors by kind", errors.kinds.map(({ count, kind }) => [{ kind }, count])),
    metric("checks", "Checks by answer", [
      [{ answer: "yes" }, result.checks.passed],
      [{ answer: "no" }, result.checks.failed]
    ]),
    summary("response_seconds", "Time from the intended start to the response", [[{}, result.latency_ms]]),
    summary("service_seconds", "Time from the start to the response", [[{}, result.service_ms]]),
    summary(
      "lateness_seconds",
      "How late iterations began",
      result.lateness_ms === null ? [] : [[{}, result.lateness_ms]]
    ),
    summary(
      "status_response_seconds",
      "Response time by status",
      Object.entries(result.by_status_ms).map(([status, of]) => [{ status }, of])
    ),
    summary("step_response_seconds", "Response time by step", steps.map(([labels, one]) => [labels, one.response_ms])),
    metric("step_failed", "Requests that failed, by step", steps.map(([labels, one]) => [labels, one.failed])),
    metric(
      "metric",
      "Metrics of the scenario's own",
      result.metrics.map(({ kind, name, value }) => [{ name, kind }, value])
    ),
    metric(
      "threshold_passed",
      "Whether a threshold holds",
      result.thresholds.map(({ expression, passed }) => [{ threshold: expression }, passed ? 1 : 0])
    ),
    metric(
      "threshold_actual",
      "What a threshold was compared with, in its unit",
      result.thresholds.flatMap(({ actual, expression, unit }): ReadonlyArray<Sample> =>
        actual === null ? [] : [[{ threshold: expression, unit }, actual]]
      )
    ),
    metric(
      "breakpoint_per_second",
      "The highest rate at which all thresholds hold",
      typeof result.breakpoint?.rate === "number" ? [[{}, result.breakpoint.rate]] : []
    ),
    metric("outcome", "How the run ended", [[{ outcome: Outcome.of(result) }, 1]]),
    metric("duration_seconds", "The measured time", [[{}, result.measured_s]]),
    metric("generator_cpu_ratio", "Processor time of the busiest thread: 1 is a core", [[{}, generator.cpu]]),
    metric("generator_loop_lag_seconds", "The p99 lag of the event loop", [[{}, generator.loop_lag_p99_ms / 1000]]),
    metric("start_time_seconds", "When it started, since the epoch", [[{}, Date.parse(result.started_at) / 1000]])
  ].map((write) => write({ test: result.name })).join("")
}

/** Nothing, not even its head, when there are no samples. */
const metric =
  (name: string, help: string, samples: ReadonlyArray<Sample>, type = "gauge") => (common: Labels): string =>
    samples.length === 0 ? "" : [
      `# HELP skein_load_${name} ${help}`,
      `# TYPE skein_load_${name} ${type}`,
      ...samples.map(([labels, value, suffix = ""]) =>
        `skein_load_${name}${suffix}${labelsText({ ...common, ...labels })} ${value}`
      )
    ].map((line) => `${line}\n`).join("")

const quantiles = {
  "0.5": "p50",
  "0.75": "p75",
  "0.9": "p90",
  "0.95": "p95",
  "0.99": "p99",
  "0.999": "p99_9",
  "1": "max"
} as const

const summary = (name: string, help: string, distributions: ReadonlyArray<readonly [Labels, Distribution]>) =>
  metric(
    name,
    help,
    distributions.filter(([, { count }]) => count > 0).flatMap(([labels, of]): ReadonlyArray<Sample> => [
      ...Object.entries(quantiles).map(([quantile, key]): Sample => [{ ...labels, quantile }, of[key] / 1000]),
      [labels, (of.mean * of.count) / 1000, "_sum"],
      [labels, of.count, "_count"]
    ]),
    "summary"
  )

const labelsText = (labels: Labels): string =>
  `{${Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`).join(",")}}`

const escape = (value: string): string =>
  ReportText.visible(value, 1_000).replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`)
