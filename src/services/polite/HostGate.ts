/** Lets the requests to one host through: so many at once, so many a second, none during a pause; first come, first served. */
import { Clock, Duration, Effect, MutableList, type Scope } from "effect"
import { type Change, type Limits, Pace } from "./Pace.ts"

export interface HostGate {
  /** Runs a request once it may be sent. Waiting is interruptible, and who gives up takes no turn. */
  readonly run: <A, E, R>(request: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Lets nothing through for so long, whoever asks; a longer pause stays. */
  readonly pause: (duration: Duration.Duration) => Effect.Effect<void>
  /** Tells what became of a request; answers with what that changed. */
  readonly tell: (outcome: Outcome) => Effect.Effect<ReadonlyArray<Change>>
  readonly state: Effect.Effect<State>
}

export type Outcome =
  | { readonly _tag: "Answered" }
  /** The host asked to slow down. */
  | { readonly _tag: "Refused" }
  /** Nobody answered, or the connection broke. */
  | { readonly _tag: "Lost" }
  /** The host said how many requests a second it allows. */
  | { readonly _tag: "Allowed"; readonly perSecond: number }

export interface State {
  readonly inFlight: number
  readonly waiting: number
  /** Requests that may be under way at once now. */
  readonly concurrency: number
  readonly requestsPerSecond: number
  readonly pausedFor: Duration.Duration
}

interface Waiter {
  state: "waiting" | "granted" | "gone"
  readonly grant: () => void
}

/** Makes a gate; what waits at it when the scope closes is not let through any more. */
export const make = Effect.fnUntraced(function*(limits: Limits): Effect.fn.Return<HostGate, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
  const pace = new Pace(limits, now())
  const queue = MutableList.make<Waiter>()
  let waiting = 0
  let inFlight = 0
  let dispatching = false

  /** Milliseconds until the next request may be sent; `undefined` while as many as may be are under way. */
  const wait = (time: number): number | undefined => inFlight >= pace.concurrency() ? undefined : pace.wait(time)

  const admit = (time: number) => {
    pace.take(time)
    inFlight++
  }

  /** Grants in order until nobody waits; one who must wait for others is looked at again when one of those ends. */
  const dispatch: Effect.Effect<void> = Effect.gen(function*() {
    while (waiting > 0) {
      const millis = wait(now())
      if (millis === undefined) break
      if (millis > 0) {
        yield* Effect.sleep(Duration.millis(millis))
        continue
      }
      const next = MutableList.take(queue)
      if (next === MutableList.Empty) break
      if (next.state === "gone") continue
      waiting--
      next.state = "granted"
      admit(now())
      next.grant()
    }
  }).pipe(Effect.ensuring(Effect.sync(() => {
    dispatching = false
    if (waiting === 0) MutableList.clear(queue)
  })))

  const wake = Effect.suspend(() => {
    if (dispatching || waiting === 0) return Effect.void
    dispatching = true
    return Effect.asVoid(Effect.forkIn(dispatch, scope))
  })

  const release = Effect.suspend(() => {
    inFlight--
    return wake
  })

  const enter = Effect.suspend(() => {
    const time = now()
    if (waiting === 0 && wait(time) === 0) {
      admit(time)
      return Effect.void
    }
    let resume = nothing
    const waiter: Waiter = { state: "waiting", grant: () => resume() }
    MutableList.append(queue, waiter)
    waiting++
    const granted = Effect.callback<void>((done) => {
      if (waiter.state === "granted") done(Effect.void)
      resume = () => done(Effect.void)
    })
    return Effect.andThen(wake, granted).pipe(
      Effect.onInterrupt(() => {
        if (waiter.state === "granted") return release
        waiter.state = "gone"
        waiting--
        // Those who give up during a long pause would pile up.
        if (queue.length > 2 * waiting + 1_000) MutableList.filter(queue, ({ state }) => state === "waiting")
        return Effect.void
      })
    )
  })

  return {
    run: (request) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.andThen(restore(enter), Effect.ensuring(restore(request), release))
      ),
    pause: (duration) => Effect.sync(() => pace.pause(now(), now() + Duration.toMillis(duration))),
    tell: (outcome) =>
      Effect.sync(() => {
        switch (outcome._tag) {
          case "Answered":
            pace.answer(now())
            return []
          case "Refused":
            return pace.refuse(now())
          case "Lost":
            return pace.lose(now())
          case "Allowed":
            return pace.allow(outcome.perSecond, now())
        }
      }),
    state: Effect.sync(() => ({
      inFlight,
      waiting,
      concurrency: pace.concurrency(),
      requestsPerSecond: pace.rate(now()),
      pausedFor: Duration.millis(pace.pausedFor(now()))
    }))
  }
})

const nothing = (): void => {}
