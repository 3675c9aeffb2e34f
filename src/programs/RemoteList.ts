/**
 * Reads a list of a remote API whole: its pages by `Pagination`, several lists at once where it is merged from several, each row once.
 *
 * Give it the API's own client: `Effect.provideService(PoliteHttp, api.http)`.
 */
import { Effect, Stream } from "effect"
import type { HttpClient } from "effect/http"
import { field, isArray, isRecord, type Value, type ValueRecord } from "../core/Value.ts"
import type { ListPlan, MergedList, PagedList, RemoteApiError } from "../profile/RemoteApi.ts"
import type { PoliteHttp } from "../services/PoliteHttp.ts"
import * as Pagination from "./Pagination.ts"

export interface Options {
  /** Pages of one list, lists of a merged one, and details that are fetched at once. @default 5 */
  readonly concurrency?: number | undefined
  /** Whether details are asked for each row, where the profile says how. @default false */
  readonly hydrate?: boolean | undefined
}

type Failure = Pagination.PaginationError | RemoteApiError
type Needs = PoliteHttp | HttpClient.HttpClient

/**
 * The rows as the profile shows them, in the order of the API. Those of a merged list come when all its lists are read, in the
 * order of the parts: only then is known what belongs together.
 */
export const stream = (plan: ListPlan, options: Options = {}): Stream.Stream<Value, Failure, Needs> =>
  plan._tag === "Paged"
    ? shown(plan, Pagination.stream(plan, { concurrency: options.concurrency }), options)
    : Stream.unwrap(Effect.map(merged(plan, options), (rows) => Stream.fromIterable(rows)))

/** Makes of the rows of a list what its profile shows of them. */
export const shown = <E, R>(
  { hydrate, show }: PagedList,
  rows: Stream.Stream<Value, E, R>,
  options: Options = {}
): Stream.Stream<Value, E | RemoteApiError, R | HttpClient.HttpClient> => {
  const detailed = options.hydrate === true && hydrate !== undefined
    ? Stream.mapEffect(rows, hydrate, { concurrency: options.concurrency ?? 5 })
    : rows
  return detailed.pipe(
    Stream.mapEffect(show),
    Stream.filter((row): row is Value => row !== undefined)
  )
}

const collected = (plan: ListPlan, options: Options): Effect.Effect<ReadonlyArray<Value>, Failure, Needs> =>
  Stream.runCollect(stream(plan, options))

const merged = Effect.fnUntraced(function*(
  { by, combine, parts }: MergedList,
  options: Options
): Effect.fn.Return<ReadonlyArray<Value>, Failure, Needs> {
  const concurrency = options.concurrency ?? 5
  const lists = yield* Effect.forEach(parts, (part) =>
    part._tag === "List"
      ? Effect.flatMap(part.list, (list) => Effect.map(collected(list, options), (rows) => [rows]))
      : Effect.gen(function*() {
        const of = yield* part.of
        const rows = of._tag === "Paged"
          ? yield* Stream.runCollect(Pagination.stream(of, { concurrency: options.concurrency }))
          : yield* collected(of, options)
        return yield* Effect.forEach(rows, (row) =>
          Effect.flatMap(
            part.list(row),
            (list) => list === undefined ? Effect.succeed([]) : collected(list, options)
          ), { concurrency })
      }), { concurrency })
  return merge(lists.flat(2), by, combine)
})

/** Rows of the same id are one: the first of them, with the lists of all of them in some fields. */
const merge = (
  rows: ReadonlyArray<Value>,
  by: string,
  combine: ReadonlyArray<string>
): ReadonlyArray<Value> => {
  const known = new Map<Value, ValueRecord>()
  const loose: Array<Value> = []
  for (const row of rows) {
    const id = isRecord(row) ? field(row, by) : undefined
    if (!isRecord(row) || id === undefined || id === null) loose.push(row)
    else known.set(id, combined(known.get(id), row, combine))
  }
  return [...known.values(), ...loose]
}

const combined = (before: ValueRecord | undefined, row: ValueRecord, combine: ReadonlyArray<string>): ValueRecord => {
  if (before === undefined) return row
  const lists = combine.map((name) => {
    const both = [before[name], row[name]].flatMap((list) => list !== undefined && isArray(list) ? list : [])
    return [name, [...new Set(both)]] as const
  })
  return { ...before, ...Object.fromEntries(lists) }
}
