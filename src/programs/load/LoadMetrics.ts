/**
 * Numbers about a load while it goes on, for OpenTelemetry and for whoever scrapes them. Labels are ours, never what a file or a server
 * says. Times are in seconds, as `report/Prometheus.ts` has them.
 */
import { Effect, Metric } from "effect"
import type { LoadProgress } from "./LoadProgress.ts"

const counter = (name: string, description: string) =>
  Metric.counter(`skein_load_${name}`, { description, incremental: true })
const gauge = (name: string, description: string) => Metric.gauge(`skein_load_${name}`, { description })

const requests = counter("requests_total", "Requests that ended, failed ones included")
const errors = counter("errors_total", "Requests that failed")
const dropped = counter("dropped_total", "Iterations that were due and never started")
const rate = gauge("requests_per_second", "Requests that ended in the last second")
const due = gauge("due_per_second", "Iterations that were due in the last second")
const users = gauge("users", "Virtual users that are busy")
const latency = gauge("latency_seconds", "Latency in the last second, by quantile")
const cpu = gauge("generator_cpu_ratio", "Processor time of the generator's busiest thread: 1 is a core")
const lag = gauge("generator_loop_lag_seconds", "Lag of the generator's event loop")

const quantiles = { "0.5": "p50", "0.95": "p95", "0.99": "p99", "1": "max" } as const

/** Takes one second into the metrics, which live in the registry of the caller's context. Warm-up is in them too. */
export const observe = ({ second }: LoadProgress): Effect.Effect<void> =>
  Effect.all([
    Metric.update(requests, second.completed),
    Metric.update(errors, second.errors),
    Metric.update(dropped, second.dropped),
    Metric.update(rate, second.completed),
    Metric.update(due, second.due),
    Metric.update(users, second.vus),
    Metric.update(cpu, second.cpu),
    Metric.update(lag, second.lag_ms / 1000),
    ...Object.entries(quantiles).map(([quantile, key]) =>
      Metric.update(Metric.withAttributes(latency, { quantile }), second[key] / 1000)
    )
  ], { discard: true })
