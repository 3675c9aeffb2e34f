/** How a server behind a client is: what `health` of every client answers, for `skein doctor` and health checks. */
import type { Duration } from "effect"

export interface Health {
  /** `degraded`: it is not reached, or answers wrongly, and the client goes on without it as its page in the docs says. */
  readonly status: "up" | "degraded" | "down"
  /** What the server calls itself, such as `PostgreSQL 18.4`; absent when it was not reached. */
  readonly version?: string | undefined
  /** One round trip on a connection that was open. */
  readonly latency?: Duration.Duration | undefined
  readonly pool?: Pool | undefined
  /** What is wrong, without passwords; absent when `up`. */
  readonly problem?: string | undefined
  /** What to do about it. */
  readonly hint?: string | undefined
}

/** Connections, or channels, of one client at this moment. */
export interface Pool {
  /** Most that may be open. */
  readonly max: number
  readonly open: number
  readonly busy: number
  /** Fibers that wait for one. */
  readonly waiting: number
}
