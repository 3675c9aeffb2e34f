/**
 * Does one thing to each of many items: so many at once, again where that is safe, until too many failed; with a journal it
 * goes on after any end without repeating what succeeded.
 *
 * Items come as a stream and results leave as one: a million items need no more memory than a thousand, their keys apart.
 */
import { Clock, Deferred, Duration, Effect, Fiber, Option, Random, Result, Schema, type Scope, Stream } from "effect"
import * as DurationText from "../core/DurationText.ts"
import * as RetryPolicy from "../core/RetryPolicy.ts"
import type { Value } from "../core/Value.ts"
import type { Journal, JournalError } from "../services/Journal.ts"
import { StopSignal } from "../services/StopSignal.ts"
import * as ItemJournal from "./batch/ItemJournal.ts"
import * as ItemKey from "./batch/ItemKey.ts"
import { ItemStates } from "./batch/ItemStates.ts"
import * as Waves from "./batch/Waves.ts"
import * as Workers from "./batch/Workers.ts"

export { type Earlier, UnfinishedBatch } from "./batch/ItemJournal.ts"

/** One of the things that something is done to. */
export interface Item {
  /** Its place in the input, from 0. */
  readonly index: number
  readonly value: Value
  /** The same for the same content, in every run; for an `Idempotency-Key`. */
  readonly key: string
  /** 1 for the first try. */
  readonly attempt: number
}

/** Why one item was not done. */
export class ItemError extends Schema.TaggedError<ItemError>()("ItemError", {
  message: Schema.String,
  /** `rejected`: it was not done. `lost`: whether it was done is not known, such as after a lost answer. */
  kind: Schema.Literals(["rejected", "lost"]),
  /** Whether another try may help. */
  retryable: Schema.Boolean,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface Options<R> {
  /** What is done, with its inputs: a journal of something else is not gone on with. */
  readonly operation: string
  readonly run: (item: Item) => Effect.Effect<Value, ItemError, R>
  /** Whether doing it twice is as good as once. Others are not tried again after a lost answer. @default false */
  readonly idempotent?: boolean | undefined
  /** Items at once. @default 10 */
  readonly concurrency?: number | undefined
  /** Bound on one try. @default none */
  readonly itemTimeout?: Duration.Input | undefined
  /** @default one try */
  readonly retry?: RetryPolicy.RetryPolicy | undefined
  /**
   * Begins no more items once so many were not done, or so many per cent of those that ended; of 20 at least, or of all when a
   * wave has ended. @default never
   */
  readonly stopAfter?: { readonly failures: number } | { readonly percent: number } | undefined
  /**
   * Items of the first waves; what is left is the last one. A wave begins when the one before has ended, and within the bound:
   * without `stopAfter`, with no failure.
   */
  readonly waves?: ReadonlyArray<number> | undefined
  /** Begins no more items after this time, and gives up those under way. @default none */
  readonly timeout?: Duration.Input | undefined
  /** How long items that are under way may go on after a stop signal. @default 30 seconds */
  readonly grace?: Duration.Input | undefined
  /** Whether results leave as they come, or in the order of the items. @default "completion" */
  readonly order?: "completion" | "input" | undefined
  /** Absolute folder of the journal. @default none is kept */
  readonly journal?: string | undefined
  /** What is done with a journal that is there. @default "resume" */
  readonly earlier?: ItemJournal.Earlier | undefined
  /** Does items again that failed in an earlier run. @default false */
  readonly retryFailed?: boolean | undefined
  /** Does items again of which an earlier run does not know whether they were done. @default whether it is idempotent */
  readonly retryUnknown?: boolean | undefined
  /**
   * Finds out whether an item was done, of which an earlier run does not know it; `since` is when that run began it, in
   * milliseconds since 1970. `None` leaves it unknown. @default nobody is asked
   */
  readonly recover?:
    | ((item: Item, since: number) => Effect.Effect<Option.Option<Value>, ItemError, R>)
    | undefined
}

/** What became of an item. */
export type Outcome =
  | "succeeded"
  | "failed"
  /** Whether it was done is not known. */
  | "unknown"
  /** It succeeded in an earlier run. */
  | "done before"
  /** It failed in an earlier run. */
  | "failed before"
  /** The same content stood in the input before. */
  | "duplicate"

export interface Ended {
  readonly index: number
  readonly value: Value
  readonly key: string
  readonly outcome: Outcome
  readonly attempts: number
  readonly durationMs: number
  readonly output?: Value | undefined
  readonly problem?: string | undefined
}

export interface Summary {
  readonly counts: Readonly<Record<Outcome, number>>
  /** Why no more items were begun. */
  readonly halted?: Halt | undefined
  readonly durationMs: number
}

/** What kept a batch from beginning all items. */
export interface Halt {
  readonly by: "failures" | "stop" | "timeout"
  readonly reason: string
}

export type Event =
  | { readonly _tag: "Ended"; readonly item: Ended }
  | { readonly _tag: "WaveEnded"; readonly wave: number; readonly items: number }
  | { readonly _tag: "Finished"; readonly summary: Summary }

/** Does it, and emits what became of each item; the last event is `Finished`. Fails when the items or the journal do. */
export const events = <E, R, R2>(
  items: Stream.Stream<Value, E, R2>,
  options: Options<R>
): Stream.Stream<Event, E | JournalError | ItemJournal.UnfinishedBatch, R | R2 | Journal> =>
  Stream.unwrap(Effect.map(begin(options), (batch) => {
    const { concurrency = 10, order } = options
    const given = items.pipe(
      Stream.takeWhile(() => batch.halted() === undefined),
      // A source that says nothing for long is not waited for.
      Stream.interruptWhen(batch.stopped),
      Stream.mapAccum(() => 0, (index, value) => [index + 1, [{ index, value }]])
    )
    const ended = order === "input"
      ? Stream.flatMap(Stream.mapEffect(given, batch.one, { concurrency }), Stream.fromIterable)
      : Workers.map(given, batch.one, concurrency)
    return Stream.concat(ended, Stream.fromEffect(batch.finish))
  }))

interface Given {
  readonly index: number
  readonly value: Value
}

/** How an item ended, before its place and key are put to it. */
type End = Pick<Ended, "outcome" | "attempts" | "output" | "problem">
type Done = End & { readonly outcome: "succeeded" | "failed" | "unknown" }

const begin = Effect.fnUntraced(function*<R>(options: Options<R>) {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
  const started = now()
  const journal = options.journal === undefined
    ? undefined
    : yield* ItemJournal.open(options.journal, options.operation, options.earlier ?? "resume")
  const seen = new ItemStates()
  const waves = yield* Waves.make(options.waves ?? [])
  const counts = { succeeded: 0, failed: 0, unknown: 0, "done before": 0, "failed before": 0, duplicate: 0 }
  let halted: Halt | undefined
  const halt = (by: Halt["by"], reason: string | undefined): void => {
    if (reason !== undefined) halted ??= { by, reason }
  }
  const underWay = new Set<Fiber.Fiber<Done>>()
  const { gaveUp, stopped } = yield* watchForEnd(options, underWay, halt)

  /** What is known of an item before anything is done to it; `undefined` when it is to be done. */
  const known = (key: Uint8Array): Outcome | undefined => {
    if (seen.get(key) !== undefined) return "duplicate"
    seen.set(key, "started")
    switch (journal?.found.get(key)) {
      case "succeeded":
        return "done before"
      case "failed":
        return options.retryFailed === true ? undefined : "failed before"
      case "started":
      case "unknown":
        return options.retryUnknown ?? options.idempotent ?? false ? undefined : "unknown"
      case undefined:
        return undefined
    }
  }

  const one = Effect.fnUntraced(
    function*({ index, value }: Given): Effect.fn.Return<ReadonlyArray<Event>, JournalError, R> {
      yield* waves.enter(index)
      if (halted !== undefined) {
        // Those of the next wave find the same.
        yield* waves.leave(index)
        return []
      }
      const bytes = ItemKey.of(value)
      const item = { index, value, key: ItemKey.text(bytes), attempt: 1 }
      const before = known(bytes)
      const from = now()
      const ended = yield* before === undefined
        ? doing(item, bytes)
        : before === "unknown"
        ? recovered(item, bytes)
        : Effect.succeed<End>({ outcome: before, attempts: 0 })
      counts[ended.outcome]++
      halt("failures", whyHalt(counts, options.stopAfter, enoughForPercent))
      const event: Event = { _tag: "Ended", item: { index, value, key: item.key, durationMs: now() - from, ...ended } }
      const wave = yield* waves.leave(
        index,
        () => halt("failures", whyHalt(counts, options.stopAfter ?? { failures: 1 }, 1))
      )
      return wave === undefined ? [event] : [event, { _tag: "WaveEnded", ...wave }]
    }
  )

  const doing = Effect.fnUntraced(function*(item: Item, key: Uint8Array) {
    if (journal !== undefined) yield* journal.record(key, "started")
    const fiber = yield* Effect.forkChild(tries(item, options, () => halted !== undefined), { startImmediately: true })
    underWay.add(fiber)
    const exit = yield* Fiber.await(fiber)
    underWay.delete(fiber)
    const ended = exit._tag === "Success" ? exit.value : gaveUp() ?? (yield* exit)
    if (journal !== undefined) yield* journal.record(key, ended.outcome)
    return ended
  })

  /** Of an item whose end no earlier run has seen: whether it was done. */
  const recovered = Effect.fnUntraced(function*(item: Item, key: Uint8Array): Effect.fn.Return<End, JournalError, R> {
    const since = journal?.begun(key)
    const found = options.recover === undefined || since === undefined
      ? Result.succeed(Option.none())
      : yield* Effect.result(options.recover(item, since))
    if (Result.isFailure(found)) return { outcome: "unknown", attempts: 0, problem: found.failure.message }
    if (Option.isNone(found.success)) return { outcome: "unknown", attempts: 0, problem: endNotSeen }
    if (journal !== undefined) yield* journal.record(key, "succeeded")
    return { outcome: "succeeded", attempts: 0, output: found.success.value }
  })

  return {
    one,
    halted: () => halted,
    stopped,
    finish: Effect.gen(function*() {
      const left = counts.failed + counts.unknown + counts["failed before"]
      if (journal !== undefined && halted === undefined && left === 0) yield* journal.complete
      const summary = { counts, durationMs: now() - started, ...(halted === undefined ? {} : { halted }) }
      return { _tag: "Finished", summary } satisfies Event
    })
  }
})

const endNotSeen = "an earlier run began it, and its end was not seen"

/** What ends a batch from outside: a stop signal, and the time that it has. Both watchers end with the stream. */
const watchForEnd = Effect.fnUntraced(function*<R>(
  { grace = "30 seconds", timeout }: Options<R>,
  underWay: ReadonlySet<Fiber.Fiber<Done>>,
  halt: (by: Halt["by"], reason: string) => void
): Effect.fn.Return<
  { readonly stopped: Effect.Effect<void>; readonly gaveUp: () => Done | undefined },
  never,
  Scope.Scope
> {
  const stop = yield* StopSignal
  const stopped = yield* Deferred.make<void>()
  let gaveUp: Done | undefined
  const end = (by: Halt["by"], reason: string, patience: Duration.Input) =>
    Effect.gen(function*() {
      halt(by, reason)
      yield* Deferred.succeed(stopped, undefined)
      yield* Effect.sleep(patience)
      gaveUp = { outcome: "unknown", attempts: 1, problem: `it was under way when ${reason}` }
      yield* Fiber.interruptAll(underWay)
    })
  yield* Effect.forkScoped(Effect.andThen(stop.await, end("stop", "the batch was stopped", grace)))
  if (timeout !== undefined) {
    const reason = `the time for the batch was over (${DurationText.format(Duration.fromInputUnsafe(timeout))})`
    yield* Effect.forkScoped(Effect.andThen(Effect.sleep(timeout), end("timeout", reason, 0)))
  }
  return { stopped: Deferred.await(stopped), gaveUp: () => gaveUp }
})

/** Tries until it is done, or another try is not safe, or of no use. */
const tries = Effect.fnUntraced(function*<R>(
  first: Item,
  options: Options<R>,
  isHalted: () => boolean
): Effect.fn.Return<Done, never, R> {
  const most = options.retry?.attempts ?? 1
  for (let attempt = 1;; attempt++) {
    const result = yield* Effect.result(bounded({ ...first, attempt }, options))
    if (Result.isSuccess(result)) return { outcome: "succeeded", attempts: attempt, output: result.success }
    const { kind, message, retryable } = result.failure
    const isSafe = kind === "rejected" || options.idempotent === true
    if (options.retry === undefined || attempt >= most || !retryable || !isSafe || isHalted()) {
      return { outcome: kind === "lost" ? "unknown" : "failed", attempts: attempt, problem: message }
    }
    yield* Effect.sleep(RetryPolicy.delay(options.retry, attempt, yield* Random.next))
  }
})

const bounded = <R>(item: Item, { itemTimeout, run }: Options<R>): Effect.Effect<Value, ItemError, R> =>
  itemTimeout === undefined ? run(item) : Effect.timeoutOrElse(run(item), {
    duration: itemTimeout,
    orElse: () =>
      Effect.fail(
        new ItemError({
          message: `it did not end within ${DurationText.format(Duration.fromInputUnsafe(itemTimeout))}`,
          kind: "lost",
          retryable: true
        })
      )
  })

/** Before so many items ended, a per cent of them says nothing. */
const enoughForPercent = 20

const whyHalt = (
  counts: Readonly<Record<Outcome, number>>,
  stopAfter: Options<never>["stopAfter"],
  enough: number
): string | undefined => {
  if (stopAfter === undefined) return undefined
  const bad = counts.failed + counts.unknown
  if ("failures" in stopAfter) {
    return bad >= stopAfter.failures
      ? `${plural(bad, "item was", "items were")} not done, and ${stopAfter.failures} stop the batch`
      : undefined
  }
  const ended = bad + counts.succeeded
  return bad > 0 && ended >= enough && 100 * bad / ended >= stopAfter.percent
    ? `${bad} of ${ended} items were not done, and ${stopAfter.percent} % stop the batch`
    : undefined
}

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`
