/** The connections of one client to one server: a fixed number of them, each opened when it is first needed. */
import { Clock, Duration, Effect, Scope } from "effect"
import * as ServerName from "../../../core/ServerName.ts"
import type { CacheError, ConnectOptions } from "../../../services/CacheStore.ts"
import type { Health, Pool } from "../../../services/Health.ts"
import * as PoolMetrics from "../../../services/PoolMetrics.ts"
import * as RedisCommands from "./RedisCommands.ts"
import * as RedisLink from "./RedisLink.ts"

export interface RedisLinks<C> {
  /** Which connection a key has, the same one at all times: below the number of connections. */
  readonly slotOf: (key: string) => number
  /** The connection of a slot. Waits for its first try to connect, and does not fail when that does. */
  readonly at: (slot: number) => Effect.Effect<RedisLink.RedisLink<C>>
  readonly health: Effect.Effect<Health>
}

/** Opens the first `minConnections`. Fails only when the server does not let us in. */
export const make = Effect.fnUntraced(function*<C extends RedisCommands.Connection>(
  { connections = 1, minConnections = 1 }: ConnectOptions,
  link: RedisLink.Options<C>
): Effect.fn.Return<RedisLinks<C>, CacheError, Scope.Scope> {
  const scope = yield* Effect.scope
  const opened: Array<RedisLink.RedisLink<C>> = []
  const pool = () => poolOf(opened, connections)
  const onWaited = yield* PoolMetrics.show({ service: "cache", server: ServerName.of(link.shown) }, pool)
  const open = RedisLink.make({ ...link, onWaited }).pipe(
    Effect.tap((link) => {
      opened.push(link)
      return Effect.exit(link.first)
    }),
    Scope.provide(scope),
    // Whoever comes first must not take it down for all who come after.
    Effect.uninterruptible
  )
  const slots = yield* Effect.forEach(Array.from({ length: connections }), () => Effect.cached(open))
  yield* Effect.forEach(slots.slice(0, minConnections), (slot) => slot, { concurrency: "unbounded", discard: true })

  // A server that is not there comes back; a wrong password stays wrong.
  const refused = opened.map((link) => link.problem()).find((problem) => problem?.reason === "Authentication")
  if (refused !== undefined) return yield* refused
  return {
    slotOf: (key) => connections === 1 ? 0 : hash(key) % connections,
    at: (slot) => slots[slot]!,
    health: Effect.suspend(() => healthOf(opened, pool()))
  }
})

/** FNV-1a, of 32 bits. */
const hash = (key: string): number => {
  let bits = 0x811c9dc5
  for (let at = 0; at < key.length; at++) bits = Math.imul(bits ^ key.charCodeAt(at), 0x01000193)
  return bits >>> 0
}

const poolOf = (links: ReadonlyArray<Pick<RedisLink.RedisLink<never>, "state">>, max: number): Pool => {
  const states = links.map((link) => link.state())
  return {
    max,
    open: states.filter(({ isOpen }) => isOpen).length,
    busy: states.filter(({ busy }) => busy > 0).length,
    waiting: states.reduce((all, { waiting }) => all + waiting, 0)
  }
}

const healthOf = Effect.fnUntraced(function*<C extends RedisCommands.Connection>(
  links: ReadonlyArray<RedisLink.RedisLink<C>>,
  pool: Pool
): Effect.fn.Return<Health> {
  const isDown = (error: CacheError | undefined) => ({
    status: "degraded" as const,
    pool,
    problem: error?.message ?? "there is no connection",
    hint: error?.hint
  })
  const closed = links.find((link) => !link.state().isOpen)
  const open = links.find((link) => link.state().isOpen)
  if (open === undefined) return isDown(closed?.problem())

  const clock = yield* Clock.Clock
  const began = clock.monotonicTimeNanosUnsafe()
  const pong = yield* Effect.exit(open.send(false, (client) => client.sendCommand(["PING"])))
  const latency = Duration.nanos(clock.monotonicTimeNanosUnsafe() - began)
  const version = yield* Effect.orElseSucceed(open.send(false, RedisCommands.version), () => undefined)
  if (pong._tag === "Failure" || closed !== undefined) return isDown((closed ?? open).problem())
  return { status: "up", version, latency, pool }
})
