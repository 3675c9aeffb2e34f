/**
 * Watches all workflows of some owners, such as sites: tells of those that run, and of each that begins, changes or ends from then
 * on. It ends when it is told to, or when an owner's workflows cannot be seen any more.
 *
 * `WorkflowWait` waits for workflows that are known.
 */
import { Duration, Effect, Option, Result, Stream } from "effect"
import type { Seen } from "./WorkflowWait.ts"

export interface Owner<E, R> {
  readonly text: string
  /** Its workflows as far as they can be seen, by id. */
  readonly all: Effect.Effect<ReadonlyMap<string, Seen>, E, R>
}

export interface Options {
  /** Waits between looks at one owner: from the first again when something changed; the last one stays. @default 1, 2, 5 and 10 seconds */
  readonly intervals?: ReadonlyArray<Duration.Input> | undefined
  /** Looks in a row that may fail before an owner is given up. @default 10 */
  readonly failures?: number | undefined
}

export type Event =
  /** It runs when the watch begins, or it is another than it was. A later one may be seen for the first time when it has ended. */
  | {
    readonly _tag: "Changed"
    readonly owner: string
    readonly id: string
    readonly seen: Seen
    readonly isNew: boolean
  }
  | { readonly _tag: "Trouble"; readonly owner: string; readonly problem: string }
  /** Its workflows cannot be seen any more; the others go on. */
  | { readonly _tag: "Lost"; readonly owner: string; readonly problem: string }

/** Emits what is seen until it is interrupted, or until all owners are lost. */
export const events = <E extends { readonly message: string }, R>(
  owners: ReadonlyArray<Owner<E, R>>,
  options: Options = {}
): Stream.Stream<Event, never, R> =>
  Stream.flatMap(Stream.fromIterable(owners), (owner) => watch(owner, options), { concurrency: "unbounded" })

interface State {
  /** As they were seen last; absent before the first look. */
  readonly known: ReadonlyMap<string, Seen> | undefined
  /** Looks since something changed. */
  readonly step: number
  /** Looks in a row that failed. */
  readonly failed: number
}

const watch = <E extends { readonly message: string }, R>(
  { all, text: owner }: Owner<E, R>,
  { failures = 10, intervals = ["1 second", "2 seconds", "5 seconds", "10 seconds"] }: Options
): Stream.Stream<Event, never, R> =>
  Stream.paginate(
    { known: undefined, step: 0, failed: 0 },
    Effect.fnUntraced(function*({ failed, known, step }: State) {
      if (step > 0) yield* Effect.sleep(intervals[Math.min(step, intervals.length) - 1] ?? "10 seconds")
      const look = yield* Effect.result(all)
      if (Result.isFailure(look)) {
        const problem = look.failure.message
        return failed + 1 < failures
          ? [[{ _tag: "Trouble", owner, problem }], Option.some({ known, step: step + 1, failed: failed + 1 })] as const
          : [[{ _tag: "Lost", owner, problem }], Option.none()] as const
      }
      const changed = changes(known, look.success).map((change): Event => ({ _tag: "Changed", owner, ...change }))
      const next = { known: look.success, step: changed.length > 0 ? 1 : step + 1, failed: 0 }
      return [changed, Option.some(next)] as const
    })
  )

/**
 * What is another than it was, the newest last when the API has the newest first. At the first look it is what has not ended.
 */
export const changes = (
  before: ReadonlyMap<string, Seen> | undefined,
  now: ReadonlyMap<string, Seen>
): ReadonlyArray<{ readonly id: string; readonly seen: Seen; readonly isNew: boolean }> =>
  [...now].reverse().flatMap(([id, seen]) => {
    const known = before?.get(id)
    const isTold = before === undefined
      ? seen.state === "running" || seen.state === "unknown"
      : known === undefined || differs(known, seen)
    return isTold ? [{ id, seen, isNew: known === undefined }] : []
  })

const differs = (a: Seen, b: Seen): boolean =>
  a.state !== b.state || a.text !== b.text || a.progress !== b.progress || a.message !== b.message
