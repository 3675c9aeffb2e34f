/**
 * Lets short reads share a few connections, where each is sent without waiting for the answers to those before: about twice
 * as many a second, since a write to a socket costs more than such a statement.
 *
 * What is short is learnt by its text: a plain `select` that was quick a few times. Everything else has a connection to
 * itself. On a shared one answers come in order, so a read that turns slow holds up those behind it: once no answer has come
 * for some 20 ms the connection is given up, everything that waits on it runs again elsewhere (it only reads), and the slow
 * one has a long way to prove itself. A slow statement thus holds up others once, and for no longer than that.
 */
import { Clock, Duration, Effect, Exit, Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { LRUCache } from "lru-cache"
import { fromSqlError } from "./PostgresFailure.ts"

/** A connection on which several statements may be under way. Closing its scope fails those with a connection error. */
export interface SharedConnection {
  readonly query: (text: string, params: ReadonlyArray<unknown>) => Effect.Effect<unknown, SqlError>
}

export interface Options {
  readonly open: Effect.Effect<SharedConnection, SqlError, Scope.Scope>
  /** How many are shared. None: every statement has a connection to itself. */
  readonly connections: number
  /** Unused ones are closed after this time. */
  readonly idleTimeout: Duration.Duration
  /** Older ones are replaced. */
  readonly maxLifetime: Duration.Duration
}

export interface PointReads {
  /** Answers a statement on a shared connection where it may have one, and otherwise as `alone` does, from which it learns. */
  readonly ask: (
    text: string,
    params: ReadonlyArray<unknown>,
    alone: Effect.Effect<unknown, SqlError>
  ) => Effect.Effect<unknown, SqlError>
}

/** A statement that takes longer, round trip and wait for a connection included, is not short. */
const quickMillis = 20
const quickRunsWanted = 3
/** After it held up others. */
const quickRunsWantedAgain = 1_000
/** Under way on one connection before the next one is used. */
const enough = 32
const statementsRemembered = 1_000

/** A connection without an answer for so many ticks is given up. Ticks instead of a time: when we were stuck ourselves, answers come first. */
const ticksWithoutAnswer = 4
const tick = Duration.millis(5)

/** What shared connections tell the server: it ends what was given up, and refuses what would write, so that running it again is safe. */
export const startupParameters = { statement_timeout: "1s", default_transaction_read_only: "on" }

/** Quick runs that are still wanted; a statement that can never be shared wants more than it can have. */
interface Kind {
  wanted: number
}
const never: Kind = { wanted: Infinity }

interface Shared {
  readonly connection: SharedConnection
  readonly scope: Scope.Closeable
  readonly openedAt: number
  /** Under way, in the order of their answers; `awaited` until the fiber is gone. */
  readonly underWay: Set<{ readonly kind: Kind; awaited: boolean }>
  answered: boolean
  ticksSince: number
}

/** Opens nothing before the first statement has proved itself; closes everything with its scope. */
export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<PointReads, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const kinds = new LRUCache<string, Kind>({ max: statementsRemembered })
  let shared: ReadonlyArray<Shared> = []
  let opening = false
  let watching = false
  let usedAt = 0

  const millis = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000

  /** Opens one that is missing, in the background: until it is there, reads go on without it. */
  const openOne = Effect.gen(function*() {
    const own = yield* Scope.fork(scope)
    const connection = yield* options.open.pipe(
      Scope.provide(own),
      Effect.onError(() => Scope.close(own, Exit.void))
    )
    const opened = { connection, scope: own, openedAt: millis(), underWay: new Set(), answered: false, ticksSince: 0 }
    shared = [...shared, opened as Shared]
    usedAt = millis()
    if (watching) return
    watching = true
    yield* Effect.forkIn(watch, scope)
  }).pipe(
    Effect.catch(() => Effect.sleep("1 second")),
    Effect.ensuring(Effect.sync(() => opening = false))
  )

  const close = (one: Shared) => {
    shared = shared.filter((other) => other !== one)
    return Scope.close(one.scope, Exit.void)
  }

  /** Runs while there are shared connections. */
  const watch: Effect.Effect<void> = Effect.gen(function*() {
    while (shared.length > 0) {
      yield* Effect.sleep(tick)
      const now = millis()
      for (const one of shared) {
        if (isStuck(one)) {
          const [slow] = one.underWay
          if (slow !== undefined) slow.kind.wanted = quickRunsWantedAgain
          yield* close(one)
        } else if (one.underWay.size === 0) {
          const isOld = now - one.openedAt > Duration.toMillis(options.maxLifetime)
          if (isOld || now - usedAt > Duration.toMillis(options.idleTimeout)) yield* close(one)
        }
      }
    }
    watching = false
  })

  const onShared = (one: Shared, kind: Kind, text: string, params: ReadonlyArray<unknown>) => {
    const entry = { kind, awaited: true }
    one.underWay.add(entry)
    usedAt = millis()
    return Effect.onExit(one.connection.query(text, params), (exit) => {
      if (Exit.isFailure(exit) && Exit.hasInterrupts(exit)) entry.awaited = false
      else answeredUpTo(one, entry)
      return Effect.void
    })
  }

  const learning = (kind: Kind, alone: Effect.Effect<unknown, SqlError>) =>
    Effect.suspend(() => {
      const started = millis()
      return Effect.tap(alone, () => {
        if (millis() - started <= quickMillis) kind.wanted--
        return Effect.void
      })
    })

  return {
    ask: (text, params, alone) => {
      let kind = kinds.get(text)
      if (kind === undefined) {
        kind = options.connections > 0 && onlyReads(text) ? { wanted: quickRunsWanted } : never
        kinds.set(text, kind)
      }
      if (kind.wanted > 0) return kind === never ? alone : learning(kind, alone)
      const one = choose(shared)
      const answer = one === undefined ? alone : Effect.catch(onShared(one, kind, text, params), (error) => {
        const why = refusalOf(error)
        if (why === undefined) return Effect.fail(error)
        if (why === "writes") kinds.set(text, never)
        return alone
      })
      if (opening || shared.length >= options.connections) return answer
      opening = true
      return Effect.andThen(Effect.forkIn(openOne, scope), answer)
    }
  }
})

/** Answers come in order: with this one, those before it are there too. */
const answeredUpTo = (one: Shared, entry: { awaited: boolean }): void => {
  one.answered = true
  for (const earlier of one.underWay) {
    one.underWay.delete(earlier)
    if (earlier === entry) return
  }
}

/** Told each tick. What nobody waits for any more is taken for answered. */
const isStuck = (one: Shared): boolean => {
  const waits = one.underWay.size > 0 && [...one.underWay].some(({ awaited }) => awaited)
  if (!waits) one.underWay.clear()
  one.ticksSince = waits && !one.answered ? one.ticksSince + 1 : 0
  one.answered = false
  return one.ticksSince > ticksWithoutAnswer
}

/** The first one that is not full: the more go out in one write, the less each costs. */
const choose = (shared: ReadonlyArray<Shared>): Shared | undefined => {
  let best = shared[0]
  for (const one of shared) {
    if (one.underWay.size < enough) return one
    if (one.underWay.size < best!.underWay.size) best = one
  }
  return best
}

/** Why a statement runs again alone: its connection was lost or given up, it was cut off, or it would write. */
const refusalOf = (error: SqlError): "lost" | "writes" | undefined => {
  const { reason, sqlState } = fromSqlError(error, { shown: "" })
  if (sqlState === "25006") return "writes"
  return reason === "Connection" || reason === "Canceled" ? "lost" : undefined
}

/** Whether a statement is a plain `select` without what touches its session. A function of the database that writes is refused. */
const onlyReads = (text: string): boolean => /^\s*select\s/i.test(text) && !more.test(text)
const more =
  /;|\binto\b|\bfor\s+(?:no\s+key\s+)?(?:update|share|key)\b|\b(?:pg_|lo_|dblink)\w*\s*\(|\b(?:set_config|nextval|currval|lastval|setval|txid_\w+)\s*\(/i
