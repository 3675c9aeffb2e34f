/**
 * Waits for many remote workflows: all that belong to one parent are asked for with one request, less often the longer
 * it takes, until enough of them ended, one failed, or time is up.
 *
 * One clock serves all parents: whoever is due first is asked first, so many at once and so many a second. A hundred thousand
 * workflows cost their records, not a fiber each. Where the states come from is the caller's: a profile's list endpoint, or
 * anything that can be asked.
 */
import { Clock, Duration, Effect, Queue, Random, Result as Try, Stream } from "effect"
import * as DurationText from "../core/DurationText.ts"
import * as Agenda from "./wait/Agenda.ts"
import { type Parent, Tally } from "./wait/Tally.ts"

/** A workflow that is awaited. */
export interface Item {
  /** What it belongs to, such as a site: one request tells of all workflows of one parent. */
  readonly parent: string
  readonly id: string
  /** When it began to be awaited, in milliseconds since 1970; its own time counts from there. @default the beginning of the wait */
  readonly since?: number | undefined
}

/** What ends a wait: all done, one done, or so many done. */
export type Goal = "all" | "any" | { readonly done: number }

/** How a workflow is, as far as it was seen. */
export interface Seen {
  /** `unknown` is a state that nobody has described: never a success, and looked at again. */
  readonly state: "running" | "done" | "failed" | "unknown"
  /** The state in the API's own words. */
  readonly text: string
  /** From 0 to 1. */
  readonly progress?: number | undefined
  /** What the API says of it last. */
  readonly message?: string | undefined
}

export interface Options<E, R> {
  /** Tells of the workflows of one parent; those that are not there are left out. */
  readonly poll: (parent: string, ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Seen>, E, R>
  /** A goal that cannot be reached any more ends the wait too; `all` waits for the others even so. @default "all" */
  readonly until?: Goal | undefined
  /** What an earlier wait knows of some of the items: they count, and are not looked at again. @default none */
  readonly ended?: ReadonlyArray<Ended> | undefined
  /** Ends the wait at the first one that failed. @default false */
  readonly failFast?: boolean | undefined
  /** Ends the wait when it ends: what is still open is not awaited any more. @default never */
  readonly stop?: Effect.Effect<unknown> | undefined
  /** Bound on the whole wait. @default none */
  readonly timeout?: Duration.Input | undefined
  /** Bound on each workflow, from its `since`. @default none */
  readonly itemTimeout?: Duration.Input | undefined
  /** Waits between looks at one parent; the last one stays, and each is made longer or shorter by up to a tenth. @default 1, 2, 5 and 10 seconds */
  readonly intervals?: ReadonlyArray<Duration.Input> | undefined
  /** Parents that are asked at once. @default 5 */
  readonly concurrency?: number | undefined
  /** Looks a second, of all parents together. @default what the client behind `poll` lets through */
  readonly pollsPerSecond?: number | undefined
  /** Looks of all parents together; after them time is up. @default no bound */
  readonly maxPolls?: number | undefined
  /** Bound on one look. @default 1 minute */
  readonly pollTimeout?: Duration.Input | undefined
  /** A workflow that was absent so often in a row is missing. @default 3 */
  readonly absences?: number | undefined
  /** Looks in a row that must say that a workflow ended, for an API whose states flap. @default 1 */
  readonly confirmations?: number | undefined
  /** Looks at a parent that may fail in a row before its workflows are given up. @default 10 */
  readonly failures?: number | undefined
}

/** What became of a workflow. Only `done` is a success. */
export type Outcome = "done" | "failed" | "missing" | "timed out" | "unreachable" | "not awaited"

export interface Ended extends Item {
  readonly outcome: Outcome
  /** How it was seen last; absent when it never was. */
  readonly seen?: Seen | undefined
  /** Why it is unreachable, or why its time was up. */
  readonly problem?: string | undefined
  /** From its `since`, in milliseconds. */
  readonly durationMs: number
}

export interface Result {
  /** In the order in which they were given. */
  readonly items: ReadonlyArray<Ended>
  /** Whether what was waited for happened. */
  readonly verdict: "met" | "failed" | "timed out" | "stopped"
  readonly polls: number
}

export type Event =
  | { readonly _tag: "Changed"; readonly item: Item; readonly seen: Seen }
  | { readonly _tag: "Ended"; readonly item: Ended }
  | { readonly _tag: "Trouble"; readonly parent: string; readonly problem: string }
  | { readonly _tag: "Finished"; readonly result: Result }

/** Waits and answers with what became of them. Never fails because of a workflow. */
export const all = <E extends { readonly message: string }, R>(
  items: ReadonlyArray<Item>,
  options: Options<E, R>
): Effect.Effect<Result, never, R> => wait(items, options, () => Effect.void)

/** Emits what is seen; the last event is `Finished`. Workflows that are given twice are awaited once. */
export const events = <E extends { readonly message: string }, R>(
  items: ReadonlyArray<Item>,
  options: Options<E, R>
): Stream.Stream<Event, never, R> =>
  Stream.callback<Event, never, R>((queue) =>
    Effect.gen(function*() {
      const result = yield* wait(items, options, (events) => Queue.offerAll(queue, events))
      yield* Queue.offer(queue, { _tag: "Finished", result })
      yield* Queue.end(queue)
    })
  )

const wait = Effect.fnUntraced(function*<E extends { readonly message: string }, R>(
  items: ReadonlyArray<Item>,
  options: Options<E, R>,
  tell: (events: ReadonlyArray<Event>) => Effect.Effect<unknown>
): Effect.fn.Return<Result, never, R> {
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const now = () => Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
  const tally = new Tally(items, options.ended ?? [], {
    until: options.until ?? "all",
    failFast: options.failFast ?? false,
    absences: options.absences ?? 3,
    confirmations: options.confirmations ?? 1,
    failures: options.failures ?? 10,
    itemTimeout: millisOf(options.itemTimeout ?? Duration.infinity)
  }, clock.currentTimeMillisUnsafe())
  const polls = { count: 0, most: options.maxPolls ?? Infinity }
  const told = Effect.suspend(() => {
    const events = tally.take()
    return events.length === 0 ? Effect.void : Effect.asVoid(tell(events))
  })

  const { stop, timeout } = options
  const ends = [
    looks(tally, options, polls, now, told),
    ...(stop === undefined ? [] : [Effect.as(stop, "stopped" as const)]),
    ...(timeout === undefined ? [] : [Effect.as(Effect.sleep(timeout), `within ${textOf(timeout)}`)])
  ]
  const why = yield* Effect.raceAllFirst(ends)
  const result = tally.finish(why, polls.count, now())
  yield* told
  return result
})

/** Looks at whoever is due until the wait is over; answers with why it is when that is not for the workflows' sake. */
const looks = <E extends { readonly message: string }, R>(
  tally: Tally,
  options: Options<E, R>,
  polls: { count: number; readonly most: number },
  now: () => number,
  told: Effect.Effect<void>
): Effect.Effect<string | undefined, never, R> =>
  Effect.scoped(Effect.gen(function*() {
    const scope = yield* Effect.scope
    const concurrency = options.concurrency ?? 5
    const spacing = 1_000 / (options.pollsPerSecond ?? Infinity)
    const look = looker(tally, options, now)
    const interval = yield* intervalsOf(options)
    const agenda = Agenda.make<Parent>()
    for (const parent of tally.parents) agenda.add(0, parent)
    // Told whenever a look has ended. A look that dies ends the wait in the same way.
    const ended = yield* Queue.sliding<void>(1)
    let underWay = 0
    let nextAt = 0

    const start = (parent: Parent) => {
      polls.count++
      underWay++
      nextAt = Math.max(nextAt, now() - spacing) + spacing
      const after = Effect.sync(() => {
        underWay--
        agenda.add(now() + interval(parent), parent)
        Queue.offerUnsafe(ended, undefined)
      })
      return Effect.forkIn(
        Effect.onError(Effect.andThen(look(parent), after), (cause) => Queue.failCause(ended, cause as never)),
        scope,
        { startImmediately: true }
      )
    }

    while (true) {
      tally.expire(now())
      yield* told
      if (tally.isOver()) return undefined
      if (polls.count >= polls.most && underWay === 0) return `within ${polls.count} looks`
      const due = underWay < concurrency && polls.count < polls.most ? agenda.next() : undefined
      const lookAt = due === undefined ? Infinity : Math.max(due, nextAt)
      const left = Math.min(lookAt, tally.nextDeadline()) - now()
      if (left > 0) {
        const next = Queue.take(ended)
        yield* left === Infinity ? next : Effect.timeoutOption(next, Duration.millis(left))
      } else if (lookAt <= now()) {
        const parent = agenda.take()
        if (tally.openOf(parent).length > 0) yield* start(parent)
      }
    }
  }))

/** Makes what looks at a parent once and takes note of what it saw. */
const looker = <E extends { readonly message: string }, R>(tally: Tally, options: Options<E, R>, now: () => number) => {
  const timeout = Duration.fromInputUnsafe(options.pollTimeout ?? "1 minute")
  const late = `there was no answer within ${textOf(timeout)}`
  return Effect.fnUntraced(function*(parent: Parent) {
    parent.looks++
    const ids = tally.openOf(parent).map(({ item }) => item.id)
    const seen = yield* Effect.result(options.poll(parent.name, ids)).pipe(
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.succeed(Try.fail({ message: late })) })
    )
    if (Try.isSuccess(seen)) tally.note(parent, seen.success, now())
    else tally.trouble(parent, seen.failure.message, now())
  })
}

/**
 * Makes what says how long it is until a parent is looked at again, in milliseconds. The n-th look has the same share of
 * chance at every parent: three workflows that take as long as one are seen to end when it is.
 */
const intervalsOf = Effect.fnUntraced(function*<E, R>(options: Options<E, R>) {
  const intervals = (options.intervals ?? ["1 second", "2 seconds", "5 seconds", "10 seconds"]).map(millisOf)
  const factors = yield* Effect.replicateEffect(Effect.map(Random.next, (random) => 0.9 + 0.2 * random), 64)
  return ({ looks, step }: Parent): number =>
    Math.max(1, (intervals[Math.min(step, intervals.length) - 1] ?? 0) * factors[looks % factors.length]!)
})

const textOf = (duration: Duration.Input): string => DurationText.format(Duration.fromInputUnsafe(duration))
const millisOf = (duration: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(duration))
