/**
 * Waits for many remote workflows: all that belong to one parent are asked for with one request, less often the longer
 * it takes, until enough of them ended, one failed, or time is up.
 *
 * One clock serves all parents: whoever is due first is asked first, so many at once and so many a second. A hundred thousand
 * workflows cost their records, not a fiber each. Where the states come from is the caller's: a profile's list endpoint, or
 * anything that can be asked.
 */
import { Clock, Deferred, Duration, Effect, Queue, type Scope, Stream } from "effect"
import * as DurationText from "../core/DurationText.ts"
import { keyOf } from "./wait/Handles.ts"
import * as Looks from "./wait/Looks.ts"
import { type Rules, Tally } from "./wait/Tally.ts"

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
  /** What it does and to what, where that is known. */
  readonly about?: string | undefined
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
  /** Why it is unreachable or missing, or why its time was up. */
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

/** A wait that others join. */
export interface Waiting {
  /** Waits for a workflow that has just begun; the first look is an interval away. Given twice at a time, it is awaited once. */
  readonly await: (item: Item) => Effect.Effect<Ended>
}

/** Opens a wait for workflows that begin one after the other: those of one parent are asked for together, whenever they came. */
export const open = Effect.fnUntraced(function*<E extends { readonly message: string }, R>(
  options: Pick<
    Options<E, R>,
    Exclude<keyof Looks.Options<E, R>, "maxPolls"> | "absences" | "confirmations" | "failures"
  >
): Effect.fn.Return<Waiting, never, R | Scope.Scope> {
  const tally = new Tally([], [], rulesOf(options, "never"), 0)
  const joined = new Map<string, { readonly ended: Deferred.Deferred<Ended>; waiters: number }>()
  const told = Effect.sync(() => {
    for (const event of tally.take()) {
      if (event._tag !== "Ended") continue
      const one = joined.get(keyOf(event.item))
      joined.delete(keyOf(event.item))
      if (one !== undefined) Deferred.doneUnsafe(one.ended, Effect.succeed(event.item))
    }
  })
  const looks = yield* Looks.make(tally, options, told)
  // It ends with the scope, or because a look died: then so do those who wait, and those who come later.
  let over: Effect.Effect<never> | undefined
  yield* looks.run.pipe(
    Effect.onError((cause) =>
      Effect.sync(() => {
        over = Effect.failCause(cause)
        for (const { ended } of joined.values()) Deferred.doneUnsafe(ended, over)
      })
    ),
    Effect.forkScoped
  )

  const join = (item: Item) => {
    const known = joined.get(keyOf(item))
    if (known !== undefined) return known
    const one = { ended: Deferred.makeUnsafe<Ended>(), waiters: 0 }
    joined.set(keyOf(item), one)
    const parent = tally.add(item, looks.now())
    if (parent !== undefined) looks.add(parent)
    return one
  }

  return {
    await: (item) =>
      Effect.suspend(() => {
        if (over !== undefined) return over
        const one = join(item)
        one.waiters++
        const leave = Effect.sync(() => {
          if (--one.waiters > 0 || joined.get(keyOf(item)) !== one) return
          joined.delete(keyOf(item))
          tally.drop(item)
        })
        return Effect.onInterrupt(Deferred.await(one.ended), () => leave)
      })
  }
})

const wait = <E extends { readonly message: string }, R>(
  items: ReadonlyArray<Item>,
  options: Options<E, R>,
  tell: (events: ReadonlyArray<Event>) => Effect.Effect<unknown>
): Effect.Effect<Result, never, R> =>
  Effect.scoped(Effect.gen(function*() {
    const rules = rulesOf(options, options.until ?? "all")
    const tally = new Tally(items, options.ended ?? [], rules, yield* Clock.currentTimeMillis)
    const told = Effect.suspend(() => {
      const events = tally.take()
      return events.length === 0 ? Effect.void : Effect.asVoid(tell(events))
    })
    const looks = yield* Looks.make(tally, options, told)

    const { stop, timeout } = options
    const ends = [
      looks.run,
      ...(stop === undefined ? [] : [Effect.as(stop, "stopped" as const)]),
      ...(timeout === undefined ? [] : [Effect.as(Effect.sleep(timeout), `within ${textOf(timeout)}`)])
    ]
    const why = yield* Effect.raceAllFirst(ends)
    const result = tally.finish(why, looks.count(), looks.now())
    yield* told
    return result
  }))

type RuleOptions = Pick<
  Options<never, never>,
  "absences" | "confirmations" | "failFast" | "failures" | "itemTimeout"
>

const rulesOf = (
  { absences = 3, confirmations = 1, failFast = false, failures = 10, itemTimeout }: RuleOptions,
  until: Goal | "never"
): Rules => ({
  until,
  failFast,
  absences,
  confirmations,
  failures,
  itemTimeout: Duration.toMillis(Duration.fromInputUnsafe(itemTimeout ?? Duration.infinity))
})

const textOf = (duration: Duration.Input): string => DurationText.format(Duration.fromInputUnsafe(duration))
