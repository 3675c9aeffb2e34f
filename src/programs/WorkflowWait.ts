/**
 * Waits for many remote workflows: all that belong to one parent are asked for with one request, less often the longer
 * nothing changes, until enough of them ended, one failed, or time is up.
 *
 * Where the states come from is the caller's: a profile's list endpoint, or anything that can be asked.
 */
import { Clock, Deferred, Duration, Effect, Queue, Random, Semaphore, Stream } from "effect"

/** A workflow that is awaited. */
export interface Item {
  /** What it belongs to, such as a site: one request tells of all workflows of one parent. */
  readonly parent: string
  readonly id: string
}

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
  /** What ends the wait: all ended, one done, or so many done. @default "all" */
  readonly until?: "all" | "any" | { readonly done: number } | undefined
  /** Ends the wait at the first one that failed. @default false */
  readonly failFast?: boolean | undefined
  /** Bound on the whole wait. @default none */
  readonly timeout?: Duration.Input | undefined
  /** Bound on each workflow, from the beginning of the wait. @default none */
  readonly itemTimeout?: Duration.Input | undefined
  /** Waits between looks at one parent; the last one stays. A change begins anew. @default 1, 2, 5 and 10 seconds */
  readonly intervals?: ReadonlyArray<Duration.Input> | undefined
  /** Parents that are asked at once. @default 5 */
  readonly concurrency?: number | undefined
  /** A workflow that was absent so often in a row is missing. @default 3 */
  readonly absences?: number | undefined
  /** Looks at a parent that may fail in a row before its workflows are given up. @default 10 */
  readonly failures?: number | undefined
}

/** What became of a workflow. Only `done` is a success. */
export type Outcome = "done" | "failed" | "missing" | "timed out" | "unreachable" | "not awaited"

export interface Ended extends Item {
  readonly outcome: Outcome
  /** How it was seen last; absent when it never was. */
  readonly seen?: Seen | undefined
  /** Why it is unreachable. */
  readonly problem?: string | undefined
  readonly durationMs: number
}

export interface Result {
  /** In the order in which they were given. */
  readonly items: ReadonlyArray<Ended>
  /** Whether what was waited for happened. */
  readonly verdict: "met" | "failed" | "timed out"
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
): Effect.Effect<Result, never, R> =>
  events(items, options).pipe(
    Stream.runFold((): Result | undefined => undefined, (_, event) =>
      event._tag === "Finished" ? event.result : undefined),
    Effect.map((result) =>
      result!
    )
  )

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

interface Watched {
  readonly item: Item
  seen: Seen | undefined
  absent: number
  ended: Ended | undefined
}

const wait = Effect.fnUntraced(function*<E extends { readonly message: string }, R>(
  items: ReadonlyArray<Item>,
  options: Options<E, R>,
  tell: (events: ReadonlyArray<Event>) => Effect.Effect<unknown>
): Effect.fn.Return<Result, never, R> {
  const clock = yield* Clock.Clock
  const started = clock.monotonicTimeNanosUnsafe()
  const elapsed = () => Number((clock.monotonicTimeNanosUnsafe() - started) / 1_000n) / 1_000
  const watched = new Map<string, Watched>()
  for (const item of items) {
    watched.set(`${item.parent}\u0000${item.id}`, { item, seen: undefined, absent: 0, ended: undefined })
  }
  const everything = [...watched.values()]
  const byParent = Map.groupBy(everything, ({ item }) => item.parent)
  const wanted = options.until ?? "all"
  const enough = wanted === "all" ? everything.length : wanted === "any" ? 1 : wanted.done
  const intervals = (options.intervals ?? ["1 second", "2 seconds", "5 seconds", "10 seconds"])
    .map((interval) => Duration.toMillis(Duration.fromInputUnsafe(interval)))
  const itemTimeout = millisOf(options.itemTimeout)
  const turns = yield* Semaphore.make(options.concurrency ?? 5)
  const over = yield* Deferred.make<void>()
  let told: Array<Event> = []
  let polls = 0
  let pending = everything.length
  let done = 0
  let failed = 0

  const end = (one: Watched, outcome: Outcome, problem?: string): void => {
    one.ended = {
      ...one.item,
      outcome,
      durationMs: Math.round(elapsed()),
      ...(one.seen === undefined ? {} : { seen: one.seen }),
      ...(problem === undefined ? {} : { problem })
    }
    pending--
    if (outcome === "done") done++
    else failed++
    told.push({ _tag: "Ended", item: one.ended })
    if (isOver()) Deferred.doneUnsafe(over, Effect.void)
  }

  const isOver = (): boolean =>
    pending === 0 || done >= enough && wanted !== "all" || options.failFast === true && failed > 0 ||
    done + pending < enough && wanted !== "all"

  const tellAll = Effect.suspend(() => {
    const events = told
    told = []
    return events.length === 0 ? Effect.void : tell(events)
  })

  /** Takes note of what a look saw; answers with whether anything changed. */
  const note = (group: ReadonlyArray<Watched>, seen: ReadonlyMap<string, Seen>): boolean => {
    let changed = false
    for (const one of group) {
      const now = seen.get(one.item.id)
      if (now === undefined) {
        if (++one.absent >= (options.absences ?? 3)) end(one, "missing")
        continue
      }
      one.absent = 0
      if (one.seen === undefined || differs(one.seen, now)) {
        changed = true
        told.push({ _tag: "Changed", item: one.item, seen: now })
      }
      one.seen = now
      if (now.state === "done" || now.state === "failed") end(one, now.state)
    }
    return changed
  }

  const watch = Effect.fnUntraced(function*(parent: string, group: ReadonlyArray<Watched>) {
    let step = 0
    let failures = 0
    while (true) {
      const open = group.filter(({ ended }) => ended === undefined)
      if (open.length === 0 || isOver()) return
      polls++
      const seen = yield* turns.withPermit(Effect.result(options.poll(parent, open.map(({ item }) => item.id))))
      if (seen._tag === "Success") {
        failures = 0
        step = note(open, seen.success) ? 0 : step + 1
      } else {
        const problem = seen.failure.message
        told.push({ _tag: "Trouble", parent, problem })
        if (++failures >= (options.failures ?? 10)) { for (const one of open) end(one, "unreachable", problem) }
        step++
      }
      yield* tellAll
      const interval = intervals[Math.min(step, intervals.length - 1)]! * (0.9 + 0.2 * (yield* Random.next))
      const left = itemTimeout - elapsed()
      yield* Effect.sleep(Duration.millis(Math.max(0, Math.min(interval, left))))
      if (left <= interval) {
        for (const one of group) if (one.ended === undefined) end(one, "timed out")
        return
      }
    }
  })

  const finish = (timedOut: boolean): Result => {
    for (const one of everything) if (one.ended === undefined) end(one, timedOut ? "timed out" : "not awaited")
    const met = wanted === "all" ? done === everything.length : done >= enough
    const outOfTime = everything.some(({ ended }) => ended?.outcome === "timed out")
    return {
      items: everything.map(({ ended }) => ended!),
      verdict: met ? "met" : outOfTime ? "timed out" : "failed",
      polls
    }
  }

  const watching = Effect.forEach(byParent, ([parent, group]) => watch(parent, group), {
    concurrency: "unbounded",
    discard: true
  })
  // Whoever sleeps until its next look is not waited for.
  const ended = Effect.as(Effect.raceFirst(watching, Deferred.await(over)), false)
  const timedOut = yield* options.timeout === undefined ? ended : Effect.timeoutOrElse(ended, {
    duration: options.timeout,
    orElse: () => Effect.succeed(true)
  })
  const result = finish(timedOut)
  yield* tellAll
  return result
})

const millisOf = (duration: Duration.Input | undefined): number =>
  duration === undefined ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(duration))

const differs = (a: Seen, b: Seen): boolean =>
  a.state !== b.state || a.text !== b.text || a.progress !== b.progress || a.message !== b.message
