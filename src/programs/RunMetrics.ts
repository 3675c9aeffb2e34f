/**
 * Numbers about a run while it happens, for Prometheus and OpenTelemetry. Labels are statuses and names of actions, never
 * what a file or a server says.
 */
import { Effect, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { Event } from "../scenario/Event.ts"

const cases = Metric.counter("skein_cases_total", { description: "Cases that ended, by status", incremental: true })
const running = Metric.gauge("skein_cases_running", { description: "Cases that run now" })
const steps = Metric.counter("skein_steps_total", {
  description: "Steps that ended, by action and status",
  incremental: true
})
const retries = Metric.counter("skein_step_retries_total", {
  description: "Attempts that were tried again",
  incremental: true
})
const durations = Metric.histogram("skein_step_duration_seconds", {
  description: "Time from a step's start to its end, its attempts included, by action",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
})

/** Makes the observer of one run, to be given each of its events. The metrics live in the registry of the caller's context. */
export const observer = Effect.sync(() => {
  const started = new Set<string>()
  return (event: Event): Effect.Effect<void> => {
    switch (event._tag) {
      case "CaseStarted":
        started.add(event.case)
        return Metric.update(running, started.size)
      case "CaseFinished":
        started.delete(event.case)
        return Effect.andThen(
          Metric.update(Metric.withAttributes(cases, { status: event.status }), 1),
          Metric.update(running, started.size)
        )
      case "StepRetried":
        return Metric.update(retries, 1)
      case "StepFinished":
        return Effect.andThen(
          Metric.update(Metric.withAttributes(steps, { action: event.action, status: event.status }), 1),
          Metric.update(Metric.withAttributes(durations, { action: event.action }), event.duration_ms / 1000)
        )
      default:
        return Effect.void
    }
  }
})

/** All metrics of the registry as Prometheus reads them. */
export const text: Effect.Effect<string> = PrometheusMetrics.format()
