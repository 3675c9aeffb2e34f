/**
 * Sizes, use and waits of the pools that clients keep, as metrics for Prometheus and OpenTelemetry:
 *
 * - `skein_pool_connections{service,server,state}` connections, or channels, that are `busy` or `idle`
 * - `skein_pool_max_connections{service,server}` most that may be open
 * - `skein_pool_waiting{service,server}` fibers that wait for one
 * - `skein_pool_wait_seconds{service,server}` how long those waited that had to
 *
 * Sizes are read when somebody looks, so that counting costs a pool nothing. Pools of one server are added up.
 */
import { Clock, Context, Effect, Metric, type Scope } from "effect"
import type { Pool } from "./Health.ts"

export interface Labels {
  /** The capability that the pool serves. */
  readonly service: "postgres" | "documents" | "messages" | "cache"
  /** `host:port`, as `core/ServerName` makes it: nothing that is secret. */
  readonly server: string
}

/**
 * Shows a pool until the scope closes; `read` says how it is at that moment. Answers with the function to be told how many
 * seconds each fiber waited that found no connection free.
 */
export const show = Effect.fnUntraced(function*(
  { server, service }: Labels,
  read: () => Pool
): Effect.fn.Return<(seconds: number) => void, never, Scope.Scope> {
  const context = yield* Effect.context()
  const labels = { service, server }
  const pools = poolsOf(Context.get(context, Metric.MetricRegistry), `${service} ${server}`)
  const sum = (of: (pool: Pool) => number) => () => {
    let value = 0
    for (const read of pools) value += of(read())
    return { value }
  }
  const series = [
    [Metric.withAttributes(connections, { ...labels, state: "busy" }), sum(({ busy }) => busy)],
    [
      Metric.withAttributes(connections, { ...labels, state: "idle" }),
      sum(({ busy, open }) => Math.max(0, open - busy))
    ],
    [Metric.withAttributes(maxConnections, labels), sum(({ max }) => max)],
    [Metric.withAttributes(waiting, labels), sum((pool) => pool.waiting)]
  ] as const

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      pools.add(read)
      for (const [metric, get] of series) {
        Metric.registerUnsafe(metric, context, { get, update: ignore, modify: ignore })
      }
    }),
    () =>
      Effect.sync(() => {
        pools.delete(read)
        if (pools.size === 0) { for (const [metric] of series) Metric.removeUnsafe(metric, context) }
      })
  )
  const waits = Metric.withAttributes(waitSeconds, labels)
  return (seconds) => waits.updateUnsafe(seconds, context)
})

/** Counts a pool that cannot count itself. Each method is called where the thing happens, and costs next to nothing. */
export interface Meter {
  /** How the pool is now; for `health`. */
  readonly read: () => Pool
  readonly opened: () => void
  readonly closed: () => void
  /** Takes a connection out of the pool by `take`, whose scope gives it back: waiting before it succeeds, busy after. */
  readonly lend: <A, E, R>(take: Effect.Effect<A, E, R | Scope.Scope>) => Effect.Effect<A, E, R | Scope.Scope>
}

/** Makes a meter that is shown, as by {@link show}, until the scope closes. */
export const meter = Effect.fnUntraced(
  function*(labels: Labels, max: number): Effect.fn.Return<Meter, never, Scope.Scope> {
    const clock = yield* Clock.Clock
    let [open, busy, waiting] = [0, 0, 0]
    const read = () => ({ max, open: Math.max(open, busy), busy, waiting })
    const waited = yield* show(labels, read)

    return {
      read,
      opened: () => void open++,
      closed: () => void open--,
      lend: (take) =>
        Effect.suspend(() => {
          let isBusy = false
          const since = busy >= open ? clock.monotonicTimeNanosUnsafe() : undefined
          waiting++
          // Registered before anything is taken: whenever an interrupt arrives, the count goes down again.
          const end = Effect.sync(() => {
            if (isBusy) busy--
            else waiting--
          })
          return Effect.andThen(
            Effect.addFinalizer(() => end),
            Effect.map(take, (taken) => {
              isBusy = true
              waiting--
              busy++
              if (since !== undefined) waited(Number(clock.monotonicTimeNanosUnsafe() - since) / 1e9)
              return taken
            })
          )
        })
    }
  }
)

const connections = Metric.gauge("skein_pool_connections", {
  description: "Open connections of pools, by service, server and state"
})
const maxConnections = Metric.gauge("skein_pool_max_connections", {
  description: "Most connections that pools may open"
})
const waiting = Metric.gauge("skein_pool_waiting", { description: "Fibers that wait for a connection" })
const waitSeconds = Metric.histogram("skein_pool_wait_seconds", {
  description: "Time that fibers waited that found no connection free",
  boundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
})

const ignore = () => {}

/** A registry has one series per server, and a server may have several pools: those with other users, databases, options. */
const registries = new WeakMap<object, Map<string, Set<() => Pool>>>()

const poolsOf = (registry: object, key: string): Set<() => Pool> => {
  const servers = registries.get(registry) ?? new Map<string, Set<() => Pool>>()
  registries.set(registry, servers)
  const pools = servers.get(key) ?? new Set()
  servers.set(key, pools)
  return pools
}
