/**
 * Metrics for whoever scrapes them: one page of text on loopback, under `/metrics`.
 *
 * Implementation: `layers/live/NodeMetricsServer`. `programs/RunMetrics` writes the text.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

export class MetricsServer extends Context.Service<MetricsServer, {
  /**
   * Answers `GET /metrics` with `text`, asked anew each time, until the scope closes. Port 0 takes a free one; the answer is
   * the address of the page.
   */
  readonly serve: (port: number, text: Effect.Effect<string>) => Effect.Effect<string, MetricsServerError, Scope.Scope>
}>()("skein/services/MetricsServer") {}

/** The port could not be used. */
export class MetricsServerError extends Schema.TaggedError<MetricsServerError>()("MetricsServerError", {
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `metrics cannot be served on port ${this.port}: ${why}`
  }
  get hint(): string {
    return "give another port, or :0 for a free one"
  }
}
