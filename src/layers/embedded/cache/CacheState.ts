/** What all caches of one client share: the memory level, the work that is going on, the counts, the server. */
import { Effect, type Scope } from "effect"
import * as SingleFlight from "../../../core/SingleFlight.ts"
import type { CacheError, ConnectOptions, Statistics } from "../../../services/CacheStore.ts"
import * as CacheLevel from "./CacheLevel.ts"
import type { CacheServer, Connect } from "./CacheServer.ts"

export interface CacheState {
  readonly level: CacheLevel.CacheLevel
  /** Absent where memory is all there is. */
  readonly server: CacheServer | undefined
  readonly fetches: SingleFlight.SingleFlight<CacheLevel.Entry | undefined>
  readonly loads: SingleFlight.SingleFlight<CacheLevel.Entry>
  /** Takes note that another value is there, or will be: what memory has of the key, and what is on its way into it, is old. */
  readonly change: (key: string) => boolean
  readonly counts: Counts
  readonly statistics: () => Statistics
}

type Counts = ReturnType<typeof zero>

const zero = () => ({
  memory: { hits: 0, misses: 0 },
  server: { hits: 0, misses: 0, failures: 0 },
  others: { loads: 0, loadFailures: 0, joined: 0, stale: 0, invalidations: 0, unfit: 0 }
})

export const make = Effect.fnUntraced(function*(
  options: ConnectOptions,
  connect: Connect | undefined
): Effect.fn.Return<CacheState, CacheError, Scope.Scope> {
  const scope = yield* Effect.scope
  const counts = zero()
  const level = CacheLevel.make(options.maxEntries ?? 10_000, options.maxBytes ?? 64 * 1024 * 1024)
  const fetches = SingleFlight.make<CacheLevel.Entry | undefined>(scope, () => {})
  const loads = SingleFlight.make<CacheLevel.Entry>(scope, () => counts.others.joined++)

  const change = (key: string): boolean => {
    fetches.forget(key)
    loads.forget(key)
    return level.change(key)
  }
  const server = connect === undefined ? undefined : yield* connect({
    changed: (keys) => {
      for (const key of keys) if (change(key)) counts.others.invalidations++
    },
    changedAll: () => {
      fetches.forgetAll()
      loads.forgetAll()
      level.changeAll()
    }
  })

  return {
    level,
    server,
    fetches,
    loads,
    change,
    counts,
    statistics: () => ({
      memory: { ...counts.memory, ...level.size() },
      ...server === undefined ? {} : { server: { ...counts.server } },
      ...counts.others
    })
  }
})
