/**
 * One connection to a server that answers commands in their order, made again whenever it is lost. It knows no driver.
 *
 * ```text
 * connecting  changes wait for it, others fail at once  -> open, or away after `retries` failures in a row
 * open        commands go out, `maxQueued` at a time    -> connecting when it is lost or a command took too long
 * away        everything fails at once; tries go on     -> open
 * ```
 *
 * Nothing that was sent is sent again.
 */
import { Clock, Deferred, Duration, Effect, Exit, Random, Schedule, type Scope } from "effect"
import { CacheError } from "../../../services/CacheStore.ts"

export interface Options<C> {
  /** The server as it may be shown. */
  readonly shown: string
  /** Connects, and cleans up when that fails or is interrupted. Calls `lost` when the connection ends later, by itself. */
  readonly open: (lost: (error: CacheError) => void) => Effect.Effect<C, CacheError>
  /** Ends a connection; what was sent on it fails. */
  readonly close: (client: C) => void
  /** Called when a connection is there again: what the server had to tell meanwhile was missed. */
  readonly onReopen: () => void
  /** Told how many seconds a command waited that could not go out at once. @default nobody */
  readonly onWaited?: ((seconds: number) => void) | undefined
  /** What a rejected promise of a command means. */
  readonly failure: (error: unknown) => CacheError
  readonly connectTimeout: Duration.Duration
  readonly commandTimeout: Duration.Duration
  readonly acquireTimeout: Duration.Duration
  readonly maxQueued: number
  readonly retries: number
}

export interface RedisLink<C> {
  /** Sends a command. Who may wait does so while the connection is made; others fail at once. */
  readonly send: <A>(mayWait: boolean, run: (client: C) => Promise<A>) => Effect.Effect<A, CacheError>
  /** The outcome of the first try to connect. */
  readonly first: Effect.Effect<void, CacheError>
  readonly state: () => { readonly isOpen: boolean; readonly busy: number; readonly waiting: number }
  /** Why it is not open. */
  readonly problem: () => CacheError | undefined
}

interface Command<C> {
  /** Monotonic milliseconds since it was sent, or waits. */
  since: number
  readonly run: (client: C) => Promise<unknown>
  readonly resume: (outcome: Effect.Effect<unknown, CacheError>) => void
  /** What to do when it was not sent before the connection was lost. */
  readonly otherwise: Effect.Effect<unknown, CacheError>
}

/** Begins to connect; ends the connection with the scope. */
export const make = Effect.fnUntraced(function*<C>(
  options: Options<C>
): Effect.fn.Return<RedisLink<C>, never, Scope.Scope> {
  const { maxQueued, retries, shown } = options
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  const first = yield* Deferred.make<void, CacheError>()
  let client: C | undefined
  let problem: CacheError | undefined
  let failures = 0
  let opened = Deferred.makeUnsafe<void, CacheError>()
  let waitingForOpen = 0
  const sent = new Set<Command<C>>()
  const waiting = new Set<Command<C>>()

  const start = (on: C, command: Command<C>): void => {
    command.since = now()
    sent.add(command)
    const finish = (outcome: Effect.Effect<unknown, CacheError>) => {
      sent.delete(command)
      command.resume(outcome)
      startNext()
    }
    command.run(on).then(
      (value) => finish(Effect.succeed(value)),
      (error) => finish(Effect.fail(options.failure(error)))
    )
  }

  const startNext = (): void => {
    const [next] = waiting
    if (next === undefined || client === undefined || sent.size >= maxQueued) return
    waiting.delete(next)
    options.onWaited?.((now() - next.since) / 1_000)
    start(client, next)
  }

  const send: RedisLink<C>["send"] = <A>(mayWait: boolean, run: (client: C) => Promise<A>) => {
    const again: Effect.Effect<A, CacheError> = Effect.suspend(() =>
      client === undefined && mayWait ? Effect.andThen(untilOpen, once) : once
    )
    const once = Effect.callback<unknown, CacheError>((resume) => {
      if (client === undefined) return resume(Effect.fail(problem ?? notConnected(shown)))
      const command: Command<C> = { since: now(), run, resume, otherwise: again }
      if (sent.size < maxQueued) return start(client, command)
      waiting.add(command)
      return Effect.sync(() => void waiting.delete(command))
    }) as Effect.Effect<A, CacheError>
    return again
  }

  const untilOpen = Effect.suspend(() => {
    if (failures >= retries && problem !== undefined) return Effect.fail(problem)
    waitingForOpen++
    const since = now()
    return Deferred.await(opened).pipe(
      Effect.tap(() => Effect.sync(() => options.onWaited?.((now() - since) / 1_000))),
      Effect.timeoutOrElse({
        duration: options.acquireTimeout,
        orElse: () => Effect.fail(problem ?? notConnected(shown))
      }),
      Effect.ensuring(Effect.sync(() => waitingForOpen--))
    )
  })

  const connect = Effect.suspend(() => {
    const lost = Deferred.makeUnsafe<never, CacheError>()
    return Effect.map(options.open((error) => Deferred.doneUnsafe(lost, Exit.fail(error))), (on) => ({ on, lost }))
  }).pipe(
    Effect.timeoutOrElse({
      duration: options.connectTimeout,
      orElse: () => Effect.fail(failed(shown, `no connection within ${Duration.format(options.connectTimeout)}`))
    }),
    Effect.tapError((error) =>
      Effect.sync(() => {
        problem = error
        failures++
        Deferred.doneUnsafe(first, Exit.fail(error))
        if (failures >= retries) Deferred.doneUnsafe(opened, Exit.fail(error))
      })
    ),
    Effect.retry(backOff)
  )

  /** Fails when a command has been on its way for too long: answers come in order, so all after it wait too. */
  const overdue = Effect.suspend(() => {
    const time = now()
    for (const command of waiting) {
      if (time - command.since < Duration.toMillis(options.acquireTimeout)) break
      waiting.delete(command)
      command.resume(Effect.fail(busy(shown, maxQueued)))
    }
    const [oldest] = sent
    if (oldest === undefined || time - oldest.since < Duration.toMillis(options.commandTimeout)) return Effect.void
    const error = tookTooLong(shown, options.commandTimeout)
    for (const command of sent) command.resume(Effect.fail(error))
    return Effect.fail(error)
  })
  const step = Math.min(
    Duration.toMillis(options.commandTimeout) / 4,
    Duration.toMillis(options.acquireTimeout) / 4,
    1_000
  )
  const watch = Effect.repeat(overdue, Schedule.spaced(step))

  const serve = (on: C, lost: Deferred.Deferred<never, CacheError>) =>
    Effect.suspend(() => {
      client = on
      problem = undefined
      failures = 0
      // Before the first try was over, nobody got an answer.
      if (Deferred.isDoneUnsafe(first)) options.onReopen()
      Deferred.doneUnsafe(first, Exit.void)
      Deferred.doneUnsafe(opened, Exit.void)
      return Effect.raceFirst(Deferred.await(lost), watch)
    })

  const close = (on: C, exit: Exit.Exit<unknown, CacheError>) =>
    Effect.sync(() => {
      client = undefined
      problem = Exit.isFailure(exit) ? errorOf(exit) ?? notConnected(shown) : notConnected(shown)
      opened = Deferred.makeUnsafe()
      options.close(on)
      const unsent = [...waiting]
      waiting.clear()
      for (const command of unsent) command.resume(command.otherwise)
    })

  const life = Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      restore(connect),
      ({ lost, on }) => Effect.onExit(restore(serve(on, lost)), (exit) => close(on, exit))
    )
  )
  // All clients of a server that comes back would be there at the same moment.
  const pause = Effect.flatMap(Random.next, (part) => Effect.sleep(part * 50))
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      failures = Infinity
      Deferred.doneUnsafe(opened, Exit.fail(problem ??= notConnected(shown)))
    })
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.ignore(life), pause)))

  return {
    send,
    first: Deferred.await(first),
    state: () => ({ isOpen: client !== undefined, busy: sent.size, waiting: waiting.size + waitingForOpen }),
    problem: () => problem
  }
})

const backOff = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)

const errorOf = (exit: Exit.Failure<unknown, CacheError>): CacheError | undefined => {
  const reason = exit.cause.reasons.find(({ _tag }) => _tag === "Fail")
  return reason?._tag === "Fail" ? reason.error : undefined
}

const failed = (shown: string, what: string) =>
  new CacheError({
    reason: "Connection",
    message: `${shown}: ${what}`,
    hint: "see that the server runs and can be reached; the cache goes on with its memory level meanwhile"
  })

const notConnected = (shown: string) => failed(shown, "there is no connection")

const tookTooLong = (shown: string, limit: Duration.Duration) =>
  new CacheError({
    reason: "Timeout",
    message: `${shown}: no answer within ${Duration.format(limit)}`,
    hint: "see what keeps the server busy (SLOWLOG GET), or raise commandTimeout"
  })

const busy = (shown: string, maxQueued: number) =>
  new CacheError({
    reason: "Busy",
    message: `${shown}: ${maxQueued} commands wait for an answer already`,
    hint: "ask for many keys at once, raise maxQueued, or open more connections"
  })
