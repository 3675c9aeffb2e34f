/** A list as `programs/Paginate` reads it: pages whose rows are as they are to be shown. */
import { Effect, Result, Stream } from "effect"
import type { HttpClient } from "effect/http"
import * as Json from "../../core/Json.ts"
import * as Preview from "../../core/Preview.ts"
import { isArray, isRecord, type Value } from "../../core/Value.ts"
import type { ListPlan, MergedList, RemoteApi, RemoteApiError } from "../../profile/RemoteApi.ts"
import type { HttpExchangeError, Request } from "../../services/HttpExchange.ts"
import { Jq, JqError } from "../../services/Jq.ts"
import { PoliteHttp } from "../../services/PoliteHttp.ts"
import * as Pagination from "../Pagination.ts"
import * as RemoteList from "../RemoteList.ts"
import { RowError, type RowExpression } from "../RowExpression.ts"

export type Failure = Pagination.PaginationError | RemoteApiError | HttpExchangeError | RowError | JqError
export type Needs = PoliteHttp | HttpClient.HttpClient | Jq

export interface Source {
  /** How it is called in messages: its URL or `profile:list`. */
  readonly name: string
  /** Reads it from the start, or on after what was read before. */
  readonly events: (resume?: Pagination.Resume) => Stream.Stream<Pagination.Event, Failure, Needs>
  /** Whether it can go on after any page; else it begins again. */
  readonly resumable: boolean
  /** How it is read, where that is more than a style of paging. */
  readonly how?: { readonly style: string; readonly guards: ReadonlyArray<string> } | undefined
}

/** The pages of a list of an API. */
export const ofList = (name: string, list: Pagination.List, options: Pagination.Options = {}): Source => ({
  name,
  events: (resume) => Pagination.events(list, { ...options, resume }),
  resumable: true
})

export interface PlanOptions extends Pagination.Options {
  /** Whether details are asked for each row, where the profile says how. @default false */
  readonly details?: boolean | undefined
}

/**
 * A list of a profile, read by the profile's own client. One that is merged from several is read whole before its first row; it
 * counts no pages.
 */
export const ofPlan = (name: string, plan: ListPlan, api: RemoteApi, options: PlanOptions = {}): Source => {
  const { concurrency = 5, details = false } = options
  const source = plan._tag === "Merged" ? merged(name, plan, concurrency, details) : through(
    ofList(name, plan, options),
    [
      ...details && plan.hydrate !== undefined ? [each(plan.hydrate, concurrency)] : [],
      (rows) => Effect.map(Effect.forEach(rows, plan.show), (shown) => shown.filter((row) => row !== undefined))
    ]
  )
  return { ...source, events: (resume) => Stream.provideService(source.events(resume), PoliteHttp, api.http) }
}

const each = (change: (row: Value) => Effect.Effect<Value, Failure, Needs>, concurrency: number): Stage => (rows) =>
  Effect.forEach(rows, change, { concurrency })

const merged = (name: string, plan: MergedList, concurrency: number, hydrate: boolean): Source => ({
  name,
  resumable: false,
  how: { style: "merged from several lists", guards: ["each list by itself"] },
  events: () =>
    Stream.suspend(() => {
      const found = { style: { _tag: "Single" }, rows: "", id: plan.by, pageSize: 0, isFull: false } as const
      let count = 0
      const read = RemoteList.stream(plan, { concurrency, hydrate }).pipe(
        Stream.chunks,
        Stream.map((rows): Pagination.Event => {
          count += rows.length
          return { _tag: "Page", rows, ids: noIds, checkpoint: { pages: 0, rows: count } }
        })
      )
      const end = Stream.suspend(() =>
        Stream.succeed<Pagination.Event>({ _tag: "Ended", pages: 0, rows: count, guards: [] })
      )
      return Stream.succeed<Pagination.Event>({ _tag: "StyleFound", found, because: "told" }).pipe(
        Stream.concat(read),
        Stream.concat(end)
      )
    })
})

const noIds = new Float64Array(0)

/** The rows alone. */
export const rows = (source: Source): Stream.Stream<Value, Failure, Needs> => Pagination.rowsOf(source.events())

/** What becomes of the rows of a page. */
export type Stage = (rows: ReadonlyArray<Value>) => Effect.Effect<ReadonlyArray<Value>, Failure, Needs>

/** Puts the rows of each page through `stages`; two pages are under way at once, so that paging goes on meanwhile. */
export const through = (source: Source, stages: ReadonlyArray<Stage>): Source =>
  stages.length === 0 ? source : {
    ...source,
    events: (resume) =>
      source.events(resume).pipe(Stream.mapEffect(
        Effect.fnUntraced(function*(event) {
          if (event._tag !== "Page") return event
          let rows = event.rows
          for (const stage of stages) rows = yield* stage(rows)
          return { ...event, rows }
        }),
        { concurrency: 2 }
      ))
  }

/** Keeps the rows for which it holds. */
export const where = (holds: RowExpression<boolean>): Stage => (rows) =>
  Effect.fromResult(Result.map(
    Result.all(rows.map((row) => holds(row))),
    (held) => rows.filter((_, at) => held[at])
  ))

/** Makes rows of rows by a jq program: none, one or several of each. */
export const jq = (program: string): Stage => (rows) =>
  Jq.use((jq) => jq.run(`[.[] | (${program}\n)]`, rows)).pipe(
    Effect.map(([made]) => made !== undefined && isArray(made) ? made : []),
    Effect.mapError(({ cause, message, reason }) => new JqError({ reason, program, message, cause }))
  )

/** Asks for the details of each row, `concurrency` at once, and puts them into it under `as`. */
export const hydrate = (
  list: Request,
  { as, concurrency = 5, url }: {
    /** Absolute, or relative to the list's. */
    readonly url: RowExpression<string>
    readonly as: string
    readonly concurrency?: number | undefined
  }
): Stage =>
(rows) =>
  Effect.forEach(rows, (row) =>
    Effect.gen(function*() {
      const target = URL.parse(yield* Effect.fromResult(url(row)), URL.parse(list.url, list.base)?.href)
      if (target === null || target.origin !== URL.parse(list.url, list.base)?.origin) {
        return yield* new RowError({
          message: `the details of a row are at ${target?.origin ?? "no URL"}, and not on the host of the list`,
          hint: "credentials are sent to one host only"
        })
      }
      const details = yield* detailsAt({ ...list, url: target.href, base: undefined, query: undefined })
      return { ...(isRecord(row) ? row : { value: row }), [as]: details }
    }), { concurrency })

const detailsAt = Effect.fnUntraced(function*(request: Request) {
  const http = yield* PoliteHttp
  const { status, text } = yield* http.execute(request)
  if (status >= 400) {
    const said = text.trim() === "" ? "" : `: ${Preview.cut(text.trim(), 200)}`
    return yield* new RowError({ message: `the details at ${request.url} were answered with status ${status}${said}` })
  }
  const body = Json.parse(text)
  if (Result.isFailure(body)) {
    return yield* new RowError({ message: `the details at ${request.url} are no JSON: ${body.failure.message}` })
  }
  return body.success
})
