/**
 * A page on loopback that follows something as it happens: for those who sit at this machine and know its address.
 *
 * Implementation: `layers/live/NodeDashboardServer`. `programs/load/report/Dashboard` writes page and events.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

export class DashboardServer extends Context.Service<DashboardServer, {
  /**
   * Serves `page` on 127.0.0.1 until the scope closes; port 0 takes a free one. Only who has the whole address, with its random part,
   * gets it. It does not keep the process from ending.
   */
  readonly open: (port: number, page: string) => Effect.Effect<Dashboard, DashboardServerError, Scope.Scope>
}>()("skein/services/DashboardServer") {}

export interface Dashboard {
  /** The address of the page. It also has its events, under `events`, as an event stream of the page's own origin. */
  readonly url: string
  /**
   * Sends one event, a line of JSON, to every page that is open, and keeps it for those that open later: the newest 3,600 of them. Never
   * waits: a reader that does not keep up is cut off, and comes back by itself.
   */
  readonly send: (event: string) => void
}

/** The port could not be used. */
export class DashboardServerError extends Schema.TaggedError<DashboardServerError>()("DashboardServerError", {
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `the dashboard cannot be served on port ${this.port}: ${why}`
  }
  get hint(): string {
    return "give another port, or leave it out for a free one"
  }
}
