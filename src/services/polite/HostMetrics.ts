/** Numbers about the requests to one host, for Prometheus and OpenTelemetry. */
import { Clock, Effect, Metric } from "effect"

const requests = Metric.counter("skein_http_requests_total", {
  description: "Requests that were asked for, by host",
  incremental: true
})
const attempts = Metric.counter("skein_http_attempts_total", {
  description: "Requests that were sent, those sent again included, by host",
  incremental: true
})
const refusals = Metric.counter("skein_http_refusals_total", {
  description: "Answers that asked to slow down, by host",
  incremental: true
})
const inFlight = Metric.gauge("skein_http_in_flight", { description: "Requests that are under way, by host" })
const waits = Metric.histogram("skein_http_wait_seconds", {
  description: "Time that a request waited for its turn, by host",
  boundaries: [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300]
})

export interface HostMetrics {
  readonly requested: Effect.Effect<void>
  readonly refused: Effect.Effect<void>
  /** Measures an attempt that waits for its turn by `gate`. */
  readonly attempt: <A, E, R>(
    sent: Effect.Effect<A, E, R>,
    gate: (sent: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

export const make = (host: string, clock: Clock.Clock): HostMetrics => {
  const of = <I, S>(metric: Metric.Metric<I, S>) => Metric.withAttributes(metric, { host })
  const [ofRequests, ofAttempts, ofRefusals, ofWaits] = [of(requests), of(attempts), of(refusals), of(waits)]
  const ofFlight = of(inFlight)
  return {
    requested: Metric.update(ofRequests, 1),
    refused: Metric.update(ofRefusals, 1),
    attempt: (sent, gate) =>
      Effect.suspend(() => {
        const asked = clock.monotonicTimeNanosUnsafe()
        const begun = Effect.suspend(() => {
          const waited = Number(clock.monotonicTimeNanosUnsafe() - asked) / 1e9
          return Effect.andThen(
            Metric.update(ofWaits, waited),
            Effect.andThen(Metric.update(ofAttempts, 1), Metric.modify(ofFlight, 1))
          )
        })
        return gate(Effect.andThen(begun, Effect.ensuring(sent, Metric.modify(ofFlight, -1))))
      })
  }
}
