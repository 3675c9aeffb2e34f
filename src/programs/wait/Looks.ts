/** Looks at parents on one clock: whoever is due first is asked first; so many at once, so many a second, each less often in time. */
import { Clock, Duration, Effect, Queue, Random, Result, type Scope } from "effect"
import * as DurationText from "../../core/DurationText.ts"
import type { Options as WaitOptions } from "../WorkflowWait.ts"
import * as Agenda from "./Agenda.ts"
import type { Parent, Tally } from "./Tally.ts"

/** What is asked, how often and how many at once. */
export type Options<E, R> = Pick<
  WaitOptions<E, R>,
  "poll" | "intervals" | "concurrency" | "pollsPerSecond" | "maxPolls" | "pollTimeout"
>

export interface Looks<R> {
  /** Looks until the wait is over; answers with why it is when that is not for the workflows' sake. */
  readonly run: Effect.Effect<string | undefined, never, R>
  /** Looks at a parent too, from one interval on. */
  readonly add: (parent: Parent) => void
  /** Milliseconds since they were made. */
  readonly now: () => number
  /** Looks so far. */
  readonly count: () => number
}

/** Makes what looks at the parents of `tally`; `told` passes on what was seen. Looks that are under way end with the scope. */
export const make = Effect.fnUntraced(function*<E extends { readonly message: string }, R>(
  tally: Tally,
  options: Options<E, R>,
  told: Effect.Effect<void>
): Effect.fn.Return<Looks<R>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const now = () => Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
  const { concurrency = 5, maxPolls = Infinity, pollsPerSecond = Infinity } = options
  const spacing = 1_000 / pollsPerSecond
  const look = looker(tally, options, now)
  const interval = yield* intervalsOf(options)
  const agenda = Agenda.make<Parent>()
  for (const parent of tally.parents()) agenda.add(0, parent)
  // Told whenever a look has ended or a parent came. A look that dies ends all in the same way.
  const news = yield* Queue.sliding<void>(1)
  let count = 0
  let underWay = 0
  let nextAt = 0

  const add = (parent: Parent) => {
    agenda.add(now() + interval(parent), parent)
    Queue.offerUnsafe(news, undefined)
  }

  const start = (parent: Parent) => {
    count++
    underWay++
    nextAt = Math.max(nextAt, now() - spacing) + spacing
    const after = Effect.sync(() => {
      underWay--
      add(parent)
    })
    return Effect.forkIn(
      Effect.onError(Effect.andThen(look(parent), after), (cause) => Queue.failCause(news, cause as never)),
      scope,
      { startImmediately: true }
    )
  }

  const run = Effect.gen(function*() {
    while (true) {
      tally.expire(now())
      yield* told
      if (tally.isOver()) return undefined
      if (count >= maxPolls && underWay === 0) return `within ${count} looks`
      const due = underWay < concurrency && count < maxPolls ? agenda.next() : undefined
      const lookAt = due === undefined ? Infinity : Math.max(due, nextAt)
      const left = Math.min(lookAt, tally.nextDeadline()) - now()
      if (left > 0) {
        const next = Queue.take(news)
        yield* left === Infinity ? next : Effect.timeoutOption(next, Duration.millis(left))
      } else if (lookAt <= now()) {
        const parent = agenda.take()
        if (!tally.leave(parent)) yield* start(parent)
      }
    }
  })

  return { run, add, now, count: () => count }
})

/** Makes what looks at a parent once and takes note of what it saw. */
const looker = <E extends { readonly message: string }, R>(tally: Tally, options: Options<E, R>, now: () => number) => {
  const timeout = Duration.fromInputUnsafe(options.pollTimeout ?? "1 minute")
  const late = `there was no answer within ${DurationText.format(timeout)}`
  return Effect.fnUntraced(function*(parent: Parent) {
    parent.looks++
    const asked = tally.openOf(parent)
    const seen = yield* Effect.result(options.poll(parent.name, asked.map(({ item }) => item.id))).pipe(
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.succeed(Result.fail({ message: late })) })
    )
    if (Result.isSuccess(seen)) tally.note(parent, asked, seen.success, now())
    else tally.trouble(parent, asked, seen.failure.message, now())
  })
}

/**
 * Makes what says how long it is until a parent is looked at again, in milliseconds. The n-th look has the same share of
 * chance at every parent: three workflows that take as long as one are seen to end when it is.
 */
const intervalsOf = Effect.fnUntraced(function*<E, R>(options: Options<E, R>) {
  const intervals = (options.intervals ?? ["1 second", "2 seconds", "5 seconds", "10 seconds"]).map((interval) =>
    Duration.toMillis(Duration.fromInputUnsafe(interval))
  )
  const factors = yield* Effect.replicateEffect(Effect.map(Random.next, (random) => 0.9 + 0.2 * random), 64)
  return ({ looks, step }: Parent): number =>
    Math.max(1, (intervals[Math.min(step, intervals.length) - 1] ?? 0) * factors[looks % factors.length]!)
})
