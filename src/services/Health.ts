/** How a server behind a client is: what `health` of every client answers, for `skein doctor` and health checks. */
import { Clock, Duration, Effect } from "effect"

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

/** What `health` of a client is made of. */
export interface Question<E> {
  /** Opens a connection when none is open. */
  readonly version: Effect.Effect<string, E>
  /** One round trip. */
  readonly ping: Effect.Effect<unknown, E>
  readonly pool?: (() => Pool) | undefined
}

/** Asks a server that can only be `up` or `down`: for its version, then for one round trip, which is timed. */
export const ask = Effect.fnUntraced(
  function*<E extends { readonly message: string; readonly hint?: string | undefined }>(
    { ping, pool, version }: Question<E>
  ): Effect.fn.Return<Health> {
    const clock = yield* Clock.Clock
    return yield* Effect.gen(function*() {
      const name = yield* version
      const started = clock.monotonicTimeNanosUnsafe()
      yield* ping
      const latency = Duration.nanos(clock.monotonicTimeNanosUnsafe() - started)
      return { status: "up" as const, version: name, latency, pool: pool?.() }
    }).pipe(
      Effect.catch(({ hint, message }: E) =>
        Effect.succeed({ status: "down" as const, problem: message, hint, pool: pool?.() })
      )
    )
  }
)
