/** `health: true` of a step: how the server behind a client is, in the words of outputs. */
import { Duration, Effect, Schema } from "effect"
import type { ValueRecord } from "../../core/Value.ts"
import type { Health } from "../../services/Health.ts"

/** Fields of an action's output that belong to it. */
export const fields = {
  /** `up`, `degraded` or `down`. */
  health: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  latency_ms: Schema.optionalKey(Schema.Finite),
  pool: Schema.optionalKey(Schema.Unknown),
  problem: Schema.optionalKey(Schema.String)
}

/** Asks; a server that is down is an answer. */
export const of = (health: Effect.Effect<Health>): Effect.Effect<ValueRecord> =>
  Effect.map(health, ({ latency, pool, problem, status, version }) => ({
    health: status,
    ...(version === undefined ? {} : { version }),
    ...(latency === undefined ? {} : { latency_ms: Duration.toMillis(latency) }),
    ...(pool === undefined ? {} : { pool: { ...pool } }),
    ...(problem === undefined ? {} : { problem })
  }))
