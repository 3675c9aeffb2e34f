/**
 * The embedded Postgres for tests: real SQL, with failures and delays on demand and a record of what was asked.
 *
 * Faults and records concern `query`, `stream` and `health`; statements through a client's `sql` pass by. Delays are of the fiber's
 * clock, so that a `TestClock` decides them.
 */
import { Context, Duration, Effect, Layer, Stream } from "effect"
import type { Value } from "../../core/Value.ts"
import { Postgres, type PostgresClient, PostgresError } from "../../services/Postgres.ts"
import * as Connections from "../Connections.ts"
import type { Options } from "../embedded/PglitePostgres.ts"

/** One statement that was asked for, also one that was made to fail. */
export interface Asked {
  readonly text: string
  readonly params: ReadonlyArray<Value>
}

export class FakePostgres extends Context.Service<FakePostgres, {
  /** Makes the next `times` statements fail, whoever asks; added to those that are still to fail. */
  readonly failNext: (times: number, reason: PostgresError["reason"]) => Effect.Effect<void>
  /** Makes the next `times` connects fail. */
  readonly failConnect: (times: number, reason: PostgresError["reason"]) => Effect.Effect<void>
  /** Delays every statement from now on; zero ends that. */
  readonly delay: (duration: Duration.Input) => Effect.Effect<void>
  /** What was asked so far, oldest first. */
  readonly statements: Effect.Effect<ReadonlyArray<Asked>>
}>()("skein/layers/FakePostgres") {}

/** Puts the controls over any `Postgres`. */
export const over: Layer.Layer<Postgres | FakePostgres, never, Postgres> = Layer.effectContext(Effect.gen(function*() {
  const real = yield* Postgres
  const failing: Array<PostgresError["reason"]> = []
  const failingConnects: Array<PostgresError["reason"]> = []
  const asked: Array<Asked> = []
  let delay = Duration.zero

  const before = Effect.fnUntraced(function*(text: string, params: ReadonlyArray<Value> = []) {
    asked.push({ text, params })
    if (Duration.toMillis(delay) > 0) yield* Effect.sleep(delay)
    const reason = failing.shift()
    if (reason !== undefined) return yield* made(reason, `"${text}"`)
  })

  const wrap = (client: PostgresClient): PostgresClient => ({
    ...client,
    health: before("select 1").pipe(
      Effect.andThen(client.health),
      Effect.catch(({ message }) => Effect.succeed({ status: "down" as const, problem: message }))
    ),
    query: (text, params, options) => Effect.andThen(before(text, params), client.query(text, params, options)),
    stream: (text, params, options) =>
      Stream.unwrap(Effect.as(before(text, params), client.stream(text, params, options)))
  })

  return Context.make(Postgres, {
    connect: Effect.fnUntraced(function*(url, options) {
      const reason = failingConnects.shift()
      if (reason !== undefined) return yield* made(reason, "connect")
      return wrap(yield* real.connect(url, options))
    })
  }).pipe(Context.add(FakePostgres, {
    failNext: (times, reason) => Effect.sync(() => void failing.push(...Array.from({ length: times }, () => reason))),
    failConnect: (times, reason) =>
      Effect.sync(() => void failingConnects.push(...Array.from({ length: times }, () => reason))),
    delay: (duration) => Effect.sync(() => void (delay = Duration.fromInputUnsafe(duration))),
    statements: Effect.sync(() => [...asked])
  }))
}))

/** The embedded Postgres with controls. It is loaded when first used: its package is optional. */
export const layer = (options: Options = {}): Layer.Layer<Postgres | FakePostgres> =>
  Layer.provide(over, Connections.layer({ embedded: options }))

const made = (reason: PostgresError["reason"], what: string) =>
  new PostgresError({ reason, message: `on the fake Postgres, ${what}: made to fail with ${reason}` })
