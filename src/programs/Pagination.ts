/**
 * Reads a list that an API hands out in pages, whole and in order: several pages at once where any page can be asked for, one
 * after the other where each leads to the next. A list that was cut off fails; it is never taken for whole.
 *
 * Needs a `PoliteHttp` and an `HttpClient`; holds a window of pages in memory, whatever the list's length.
 */
import { Effect, Option, Result, Schema, Stream } from "effect"
import type { HttpClient } from "effect/http"
import * as Json from "../core/Json.ts"
import * as Preview from "../core/Preview.ts"
import { field, isRecord, type Value } from "../core/Value.ts"
import type { Exchange, HttpExchangeError, Request } from "../services/HttpExchange.ts"
import { PoliteHttp } from "../services/PoliteHttp.ts"
import * as Guards from "./pagination/Guards.ts"
import * as PageBody from "./pagination/PageBody.ts"
import * as Style from "./pagination/Style.ts"

export type { Guard } from "./pagination/Guards.ts"
export type { Position, Style } from "./pagination/Style.ts"

/** A list of a remote API. Only the request has to be told; the rest is seen from the first answer. */
export interface List {
  /** The request of the first page. */
  readonly request: Request
  readonly style?: Style.Style | undefined
  /** Where the rows are in the body: names between dots, empty for the body itself. */
  readonly rows?: PageBody.Path | undefined
  /** The field that tells rows apart. */
  readonly id?: string | undefined
  /** Where the body says how many rows there are in all. */
  readonly total?: PageBody.Path | undefined
  /** The cursor of a page is a row's id, and that row comes again. @default false */
  readonly inclusive?: boolean | undefined
}

export interface Options {
  /** Pages that are fetched at once, where any page can be asked for. @default 5 */
  readonly concurrency?: number | undefined
  /** A list with more pages is an error: it may never end. @default 100000 */
  readonly maxPages?: number | undefined
  /** Begins after a page that was read before, in the style that was found then. */
  readonly resume?: { readonly style: Style.Style; readonly after: Checkpoint } | undefined
}

/** Enough to go on after a page. */
export interface Checkpoint {
  /** Pages that were read, this one included. */
  readonly pages: number
  readonly rows: number
  /** Where the next page is; absent after the last one. */
  readonly next?: Style.Position | undefined
}

export type Event =
  | {
    readonly _tag: "StyleFound"
    readonly style: Style.Style
    readonly because: "told" | "seen"
    readonly total?: number | undefined
  }
  | { readonly _tag: "Page"; readonly rows: ReadonlyArray<Value>; readonly checkpoint: Checkpoint }
  | {
    readonly _tag: "Ended"
    readonly pages: number
    readonly rows: number
    /** What was checked of them. */
    readonly guards: ReadonlyArray<Guards.Guard>
  }

/**
 * Why a list could not be read whole. `reason` says what kind:
 *
 * - `Request` a page could not be had: no connection, or a status that is an error
 * - `Shape` the answer is not what it should be: no JSON, no list in it
 * - `Truncated` a guard saw that rows are missing, or there twice
 * - `Elsewhere` the next page is on another host, where credentials do not go
 * - `TooLong` it has more pages than allowed
 */
export class PaginationError extends Schema.TaggedError<PaginationError>()("PaginationError", {
  reason: Schema.Literals(["Request", "Shape", "Truncated", "Elsewhere", "TooLong"]),
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String),
  /** The page that it is about, from 1. */
  page: Schema.Int,
  /** The status of its answer. */
  status: Schema.optionalKey(Schema.Int),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

type Needs = PoliteHttp | HttpClient.HttpClient

/** Emits what was found, then page after page, and the end. */
export const events = (list: List, options: Options = {}): Stream.Stream<Event, PaginationError, Needs> =>
  Stream.unwrap(Effect.map(begin(list, options), (start) => {
    const found: Event = { _tag: "StyleFound", style: start.style, because: start.because, total: start.total }
    const guards = Guards.make({ id: start.id, pageSize: start.pageSize, inclusive: list.inclusive ?? false })
    let pages = options.resume?.after.pages ?? 0
    const before = options.resume?.after.rows ?? 0

    const checked = pagesFrom(list, options, start).pipe(
      Stream.mapEffect((page) =>
        Result.match(guards.check(page), {
          onFailure: ({ hint, message }) => Effect.fail(truncated(page.index + 1, message, hint)),
          onSuccess: (rows): Effect.Effect<Event> => {
            pages++
            return Effect.succeed({
              _tag: "Page",
              rows,
              checkpoint: { pages, rows: before + guards.count(), next: page.next }
            })
          }
        })
      )
    )
    const end = Effect.suspend((): Effect.Effect<Event, PaginationError> => {
      const ended = options.resume === undefined ? guards.end() : Result.succeed(undefined)
      if (Result.isFailure(ended)) return Effect.fail(truncated(pages, ended.failure.message, ended.failure.hint))
      return Effect.succeed({ _tag: "Ended", pages, rows: before + guards.count(), guards: guards.applied() })
    })
    return Stream.make(found).pipe(Stream.concat(checked), Stream.concat(Stream.fromEffect(end)))
  }))

/** The rows alone. */
export const stream = (list: List, options: Options = {}): Stream.Stream<Value, PaginationError, Needs> =>
  events(list, options).pipe(
    Stream.flatMap((event) => event._tag === "Page" ? Stream.fromIterable(event.rows) : Stream.empty)
  )

/** What is known once the first page is there. */
interface Start {
  readonly style: Style.Style
  readonly because: "told" | "seen"
  readonly rows: PageBody.Path
  readonly id: string | undefined
  readonly total: number | undefined
  /** Rows of the first page: the size that the API really gives, whatever was asked for. */
  readonly pageSize: number
  readonly first: Guards.Page
}

const begin = Effect.fnUntraced(function*(
  list: List,
  { resume }: Options
): Effect.fn.Return<Start, PaginationError, Needs> {
  const told = resume?.style ?? list.style
  const index = resume?.after.pages ?? 0
  const request = told === undefined ? list.request : Style.requestAt(list.request, told, resume?.after.next)
  const answer = yield* fetch(request, index)
  const style = told ?? Style.detect(answer.exchange, answer.body)
  const path = list.rows ?? PageBody.findRows(answer.body)
  if (path === undefined) return yield* noRows(answer.exchange, index)
  const rows = yield* rowsOf(answer, path, index)
  const id = list.id ?? PageBody.findId(rows)
  const reader = { list, style, id }
  const first = yield* pageOf(answer, index, rows, resume?.after.next ?? firstPosition(style, answer.exchange), reader)
  yield* refuseCutOff(style, answer.exchange, rows, first.total)
  return {
    style,
    because: told === undefined ? "seen" : "told",
    rows: path,
    id,
    total: first.total,
    pageSize: rows.length,
    first
  }
})

/** The pages from the first on, in order. */
const pagesFrom = (
  list: List,
  options: Options,
  start: Start
): Stream.Stream<Guards.Page, PaginationError, Needs> => {
  const { first, style } = start
  const reader = { list, style, id: start.id }
  const maxPages = options.maxPages ?? 100_000
  const get = Effect.fnUntraced(function*(index: number, position: Style.Position) {
    if (index >= maxPages) return yield* tooLong(maxPages)
    const answer = yield* fetch(Style.requestAt(list.request, style, position), index)
    const rows = yield* rowsOf(answer, start.rows, index)
    return yield* pageOf(answer, index, rows, position, reader)
  })
  if (first.next === undefined) return Stream.make(first)

  if (!Style.isRandomAccess(style)) {
    const rest = Stream.paginate(
      { index: first.index + 1, position: first.next },
      ({ index, position }) =>
        Effect.map(get(index, position), (page) =>
          [
            [page],
            page.next === undefined ? Option.none() : Option.some({ index: index + 1, position: page.next })
          ] as const)
    )
    return Stream.concat(Stream.make(first), rest)
  }
  const from = Number(first.next)
  const step = style._tag === "Page" ? 1 : start.pageSize
  const concurrency = options.concurrency ?? 5
  const positionOf = (index: number) => from + (index - first.index - 1) * step
  const fetched = (index: number) => get(index, positionOf(index))
  if (start.total !== undefined) {
    const last = first.index + Math.ceil((start.total - (options.resume?.after.rows ?? 0)) / start.pageSize) - 1
    const rest = Stream.range(first.index + 1, last).pipe(Stream.mapEffect(fetched, { concurrency }))
    return Stream.concat(Stream.make(first), last <= first.index ? Stream.empty : rest)
  }
  // Without a total pages are asked for ahead; the first one that is not full is the last.
  const rest = Stream.iterate(first.index + 1, (index) => index + 1).pipe(
    Stream.mapEffect((index) => Effect.catchIf(fetched(index), isPastTheEnd, () => Effect.succeed(empty(index))), {
      concurrency
    }),
    Stream.takeUntil((page) => page.rows.length < start.pageSize)
  )
  return Stream.concat(Stream.make(first), rest)
}

interface Answer {
  readonly exchange: Exchange
  readonly body: Value
}

interface Reader {
  readonly list: List
  readonly style: Style.Style
  readonly id: string | undefined
}

/** Asks for one page and reads its JSON. */
const fetch = Effect.fnUntraced(function*(
  request: Request,
  index: number
): Effect.fn.Return<Answer, PaginationError, Needs> {
  const http = yield* PoliteHttp
  const exchange = yield* Effect.mapError(http.execute(request), (error) => failed(error, index))
  const at = `page ${index + 1} (${exchange.url})`
  if (exchange.status >= 400) {
    return yield* new PaginationError({
      reason: "Request",
      page: index + 1,
      status: exchange.status,
      message: `${at} was answered with status ${exchange.status}${said(exchange)}`
    })
  }
  const body = Json.parse(exchange.text)
  if (Result.isFailure(body)) {
    return yield* new PaginationError({
      reason: "Shape",
      page: index + 1,
      status: exchange.status,
      message: `${at} is no JSON: ${body.failure.message}`
    })
  }
  return { exchange, body: body.success }
})

const failed = (error: HttpExchangeError, index: number) =>
  new PaginationError({
    reason: "Request",
    page: index + 1,
    message: `page ${index + 1}: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error
  })

const said = ({ text }: Exchange): string => text.trim() === "" ? "" : `: ${Preview.cut(text.trim(), 200)}`

const rowsOf = (
  { body, exchange }: Answer,
  path: PageBody.Path,
  index: number
): Effect.Effect<ReadonlyArray<Value>, PaginationError> => {
  const rows = PageBody.rowsOf(body, path)
  return rows === undefined ? noRows(exchange, index, path) : Effect.succeed(rows)
}

const noRows = (exchange: Exchange, index: number, path?: PageBody.Path) =>
  Effect.fail(
    new PaginationError({
      reason: "Shape",
      page: index + 1,
      message: `there is no list of rows${path === undefined ? "" : ` at "${path}"`} in the answer of ${exchange.url}`,
      hint: "say where it is, such as data.items"
    })
  )

/** What an answer says, as the guards want it; fails where it leads to another host. */
const pageOf = (
  { body, exchange }: Answer,
  index: number,
  rows: ReadonlyArray<Value>,
  position: Style.Position,
  { id, list, style }: Reader
): Effect.Effect<Guards.Page, PaginationError> => {
  const total = totalOf(list, exchange, body)
  const page = (next: Style.Position | undefined) => ({ index, rows, total, next })
  if (rows.length === 0) return Effect.succeed(page(undefined))
  if (style._tag === "Page") return Effect.succeed(page(Number(position) + 1))
  if (style._tag === "Offset") return Effect.succeed(page(Number(position) + rows.length))
  const last = rows.at(-1)!
  const lastId = id === undefined || !isRecord(last) ? undefined : field(last, id)
  const next = Style.nextPosition(style, exchange, body, lastId === undefined ? undefined : String(lastId))
  const leads = style._tag === "NextUrl" || style._tag === "Link" ? URL.parse(next ?? "") : null
  if (leads !== null && leads.origin !== new URL(list.request.url, list.request.base).origin) {
    return Effect.fail(
      new PaginationError({
        reason: "Elsewhere",
        page: index + 1,
        message: `page ${index + 1} leads to ${leads.origin}, and not to the host that was asked`,
        hint: "credentials are sent to one host only; ask that host for the list when it is right"
      })
    )
  }
  return Effect.succeed(page(next))
}

/** Where the first page was, as its request said. */
const firstPosition = (style: Style.Style, exchange: Exchange): Style.Position => {
  const asked = "parameter" in style ? exchange.sent.url.searchParams.get(style.parameter) : null
  if (style._tag === "Page") return asked === null ? style.first : Number(asked)
  return style._tag === "Offset" ? Number(asked ?? 0) : ""
}

const totalOf = (list: List, exchange: Exchange, body: Value): number | undefined => {
  if (list.total !== undefined) return PageBody.countIn(PageBody.at(body, list.total))
  const inBody = PageBody.firstOf(body, PageBody.totalPaths, PageBody.countIn)?.value
  const header = exchange.headers["x-total-count"] ?? exchange.headers["x-total"] ??
    /^\S+ \d+-\d+\/(\d+)$/.exec(exchange.headers["content-range"] ?? "")?.[1]
  return inBody ?? (header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined)
}

/** One answer that is exactly as long as was asked for, without a word about the rest. */
const refuseCutOff = (
  style: Style.Style,
  exchange: Exchange,
  rows: ReadonlyArray<Value>,
  total: number | undefined
): Effect.Effect<void, PaginationError> => {
  if (style._tag !== "Single") return Effect.void
  const size = Style.parameterOf(exchange.sent.url, Style.sizeParameters)
  const isFull = size !== undefined && rows.length > 0 && Number(size.value) === rows.length
  if (!isFull && (total === undefined || total <= rows.length)) return Effect.void
  return Effect.fail(truncated(
    1,
    isFull
      ? `the answer has ${rows.length} rows, as many as ${size.name} allows, and does not say whether there are more`
      : `the answer has ${rows.length} rows of ${total}, and does not say how to get the others`,
    "say how the API pages"
  ))
}

const isPastTheEnd = (error: PaginationError): boolean => error.status === 404 || error.status === 416

const empty = (index: number): Guards.Page => ({ index, rows: [], total: undefined, next: undefined })

const truncated = (page: number, message: string, hint: string) =>
  new PaginationError({ reason: "Truncated", page, message, hint })

const tooLong = (maxPages: number) =>
  new PaginationError({
    reason: "TooLong",
    page: maxPages + 1,
    message: `the list has more than ${maxPages} pages`,
    hint: "allow more pages when it is really that long"
  })
