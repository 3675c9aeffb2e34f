/**
 * Reads a list that an API hands out in pages, whole and in order: several pages at once where any page can be asked for, one
 * after the other where each leads to the next. A list that was cut off fails; it is never taken for whole.
 *
 * Needs a `PoliteHttp` and an `HttpClient`; holds a window of pages in memory, whatever the list's length, and 16 bytes for
 * each id.
 */
import { Effect, Option, Result, Stream } from "effect"
import * as Json from "../core/Json.ts"
import type { Value } from "../core/Value.ts"
import type { Exchange } from "../services/HttpExchange.ts"
import * as Guards from "./pagination/Guards.ts"
import type { List } from "./pagination/List.ts"
import * as PageBody from "./pagination/PageBody.ts"
import * as PageReader from "./pagination/PageReader.ts"
import { PaginationError } from "./pagination/PaginationError.ts"
import * as Style from "./pagination/Style.ts"

export type { Guard } from "./pagination/Guards.ts"
export type { List } from "./pagination/List.ts"
export { PaginationError } from "./pagination/PaginationError.ts"
export type { Position, Style } from "./pagination/Style.ts"

export interface Options {
  /** Pages that are fetched at once, where any page can be asked for. @default 5 */
  readonly concurrency?: number | undefined
  /** A list with more pages is an error: it may never end. @default 100000 */
  readonly maxPages?: number | undefined
  /** Begins after a page that was read before. */
  readonly resume?: Resume | undefined
}

/** What the pages that were read before told; with it the guards see the list as one. */
export interface Resume {
  readonly found: Found
  /** That of the last page. */
  readonly after: Checkpoint
  /** The {@link Event} `ids` of all pages before, in order. */
  readonly ids: ReadonlyArray<Float64Array>
}

/** What the first page told about the list. Plain JSON. */
export interface Found {
  readonly style: Style.Style
  readonly rows: PageBody.Path
  readonly id?: string | undefined
  readonly total?: number | undefined
  /** Number of the last page, where pages are numbered and the API names it. */
  readonly lastPage?: number | undefined
  /** Rows of the first page: the size that the API really gives, whatever was asked for. */
  readonly pageSize: number
  /** Whether every page but the last has as many, for sure. */
  readonly isFull: boolean
}

/** Enough to go on after a page. Plain JSON. */
export interface Checkpoint {
  /** Pages that were read, this one included. */
  readonly pages: number
  readonly rows: number
  /** Where the next page is; absent after the last one. */
  readonly next?: Style.Position | undefined
}

export type Event =
  | { readonly _tag: "StyleFound"; readonly found: Found; readonly because: "told" | "seen" }
  | {
    readonly _tag: "Page"
    readonly rows: ReadonlyArray<Value>
    readonly checkpoint: Checkpoint
    /** The ids of its rows in short: 53 bits of each. */
    readonly ids: Float64Array
  }
  | {
    readonly _tag: "Ended"
    readonly pages: number
    readonly rows: number
    /** What was checked of them. */
    readonly guards: ReadonlyArray<Guards.Guard>
  }

type Needs = PageReader.Needs

/** Emits what was found, then page after page, and the end. */
export const events = (list: List, options: Options = {}): Stream.Stream<Event, PaginationError, Needs> =>
  Stream.unwrap(Effect.map(begin(list, options), ({ because, first, found, reader }) => {
    const { resume } = options
    const guards = Guards.make({
      id: found.id,
      style: found.style,
      pageSize: found.pageSize,
      inclusive: list.inclusive ?? false,
      total: resume?.found.total,
      seen: resume?.ids ?? []
    })
    let pages = resume?.after.pages ?? 0
    const before = resume?.after.rows ?? 0

    const checked = pagesFrom(list, options, found, reader, first).pipe(
      Stream.mapEffect((page) =>
        Result.match(guards.check(page), {
          onFailure: ({ hint, message }) => Effect.fail(truncated(page.index + 1, message, hint)),
          onSuccess: ({ ids, rows }): Effect.Effect<Event> => {
            pages++
            const checkpoint = { pages, rows: before + guards.count(), next: page.next }
            return Effect.succeed({ _tag: "Page", rows, ids, checkpoint })
          }
        })
      )
    )
    const end = Effect.suspend((): Effect.Effect<Event, PaginationError> => {
      const rows = before + guards.count()
      const ended = guards.end(rows)
      if (Result.isFailure(ended)) return Effect.fail(truncated(pages, ended.failure.message, ended.failure.hint))
      return Effect.succeed({ _tag: "Ended", pages, rows, guards: guards.applied() })
    })
    return Stream.succeed<Event>({ _tag: "StyleFound", found, because }).pipe(
      Stream.concat(checked),
      Stream.concat(Stream.fromEffect(end))
    )
  }))

/** The rows alone. */
export const stream = (list: List, options: Options = {}): Stream.Stream<Value, PaginationError, Needs> =>
  rowsOf(events(list, options))

/** The rows of a reading. */
export const rowsOf = <E, R>(events: Stream.Stream<Event, E, R>): Stream.Stream<Value, E, R> =>
  Stream.flatMap(events, (event) => event._tag === "Page" ? Stream.fromIterable(event.rows) : Stream.empty)

interface Start {
  readonly found: Found
  readonly because: "told" | "seen"
  readonly reader: PageReader.Reader
  readonly first: Guards.Page
}

const begin = Effect.fnUntraced(function*(
  list: List,
  { resume }: Options
): Effect.fn.Return<Start, PaginationError, Needs> {
  if (resume !== undefined) return yield* beginAfter(list, resume)
  const told = list.style
  const answer = yield* PageReader.fetch(list.request, 0)
  const style = told ?? Style.detect(answer.exchange, answer.body)
  const path = list.rows ?? PageBody.findRows(answer.body)
  if (path === undefined) return yield* PageReader.noRows(answer.exchange, 0)
  const rows = yield* PageReader.rowsOf(answer, path, 0)
  const { isFull, size } = fullSize(list, answer.exchange, rows.length)
  const reader = { list, style, rows: path, id: list.id ?? PageBody.findId(rows), size }
  const first = yield* PageReader.pageOf(answer, 0, rows, Style.firstPosition(style, answer.exchange), reader)
  yield* refuseCutOff(style, answer, rows, first.total)
  const lastPage = style._tag === "Page" ? Style.lastPage(style, answer.exchange, answer.body) : undefined
  return {
    because: told === undefined ? "seen" : "told",
    found: { style, rows: path, id: reader.id, total: first.total, lastPage, pageSize: size ?? rows.length, isFull },
    reader,
    first
  }
})

/** The page after those that were read before; it tells nothing new about the list. */
const beginAfter = Effect.fnUntraced(function*(list: List, { after, found }: Resume) {
  const { id, isFull, pageSize, rows, style } = found
  const reader = { list, style, rows, id, size: isFull ? pageSize : undefined }
  const nothing: Guards.Page = { ...empty(after.pages), asked: after.next, next: undefined }
  // After the last page nothing is asked any more.
  const first = after.next === undefined ? nothing : yield* PageReader.read(reader, after.pages, after.next).pipe(
    Effect.catchIf((error) => Style.isRandomAccess(style) && isPastTheEnd(error), () => Effect.succeed(nothing))
  )
  return { because: "told" as const, found, reader, first }
})

/** How many rows a full page has for sure: as told, or as many as were asked for and came. */
const fullSize = (
  list: List,
  exchange: Exchange,
  came: number
): { readonly isFull: boolean; readonly size: number | undefined } => {
  const asked = Style.parameterOf(exchange.sent.url, Style.sizeParameters)
  const size = list.size ?? (came > 0 && Number(asked?.value) === came ? came : undefined)
  return { isFull: size !== undefined, size }
}

/** The pages from the first on, in order. */
const pagesFrom = (
  list: List,
  options: Options,
  found: Found,
  reader: PageReader.Reader,
  first: Guards.Page
): Stream.Stream<Guards.Page, PaginationError, Needs> => {
  const { style } = found
  const maxPages = options.maxPages ?? 100_000
  const ask = (index: number, position: Style.Position) =>
    index >= maxPages ? Effect.fail(tooLong(maxPages)) : PageReader.ask(reader, index, position)
  if (first.next === undefined) return Stream.succeed(first)

  if (!Style.isRandomAccess(style)) {
    const rest = Stream.paginate(
      { index: first.index + 1, position: first.next, empties: 0 },
      ({ empties, index, position }) =>
        Effect.flatMap(Effect.flatten(ask(index, position)), (page) => {
          const gap = page.rows.length === 0 ? empties + 1 : 0
          if (gap > maxEmpty) return Effect.fail(neverEnds(index))
          const next = page.next === undefined ? undefined : { index: index + 1, position: page.next, empties: gap }
          return Effect.succeed([[page], Option.fromUndefinedOr(next)] as const)
        })
    )
    return Stream.concat(Stream.succeed(first), rest)
  }
  const from = Number(first.next)
  const step = style._tag === "Page" ? 1 : Math.max(1, first.rows.length)
  const concurrency = options.concurrency ?? 5
  const asked = (index: number) => ask(index, from + (index - first.index - 1) * step)
  const last = lastIndex(found, first, options.resume?.after.rows ?? 0)
  if (last !== undefined) {
    return last <= first.index ? Stream.succeed(first) : Stream.concat(
      Stream.succeed(first),
      Stream.range(first.index + 1, last).pipe(Stream.mapEffect(asked, { concurrency }), inTurn)
    )
  }
  // Nobody knows the last page, so pages are asked for ahead, and the list ends with one that is empty. A first page that is
  // not full is most likely the only one: nothing is asked for ahead then.
  const orEmpty = (index: number) =>
    Effect.catchIf(asked(index), isPastTheEnd, () => Effect.succeed(Effect.succeed(empty(index))))
  const ahead = (index: number, concurrency: number): Stream.Stream<Guards.Page, PaginationError, Needs> =>
    Stream.iterate(index, (index) => index + 1).pipe(Stream.mapEffect(orEmpty, { concurrency }), inTurn)
  const rest = first.rows.length < askedFor(list, options, first)
    ? Stream.unwrap(
      Effect.map(
        Effect.flatten(orEmpty(first.index + 1)),
        (second) =>
          second.rows.length === 0 || first.rows.length < found.pageSize
            ? Stream.succeed(second)
            : Stream.concat(Stream.succeed(second), ahead(first.index + 2, concurrency))
      )
    )
    : ahead(first.index + 1, concurrency)
  return Stream.concat(Stream.succeed(first), rest).pipe(
    Stream.mapAccum(() => first, (before, page) => [page, [isAgain(before, page, found) ? empty(page.index) : page]]),
    Stream.takeUntil((page) => page.index > first.index && page.rows.length === 0)
  )
}

/** Each page is read when those before it are done with, so that its rows are gone soon. */
const inTurn = <R>(
  pages: Stream.Stream<Effect.Effect<Guards.Page, PaginationError>, PaginationError, R>
): Stream.Stream<Guards.Page, PaginationError, R> => Stream.mapEffect(pages, (page) => page)

/** Some APIs answer with the last page again when they are asked for one after it; it is known by not being full. */
const isAgain = (before: Guards.Page, page: Guards.Page, { pageSize }: Found): boolean =>
  before.index < page.index && before.rows.length < pageSize && before.rows.length === page.rows.length &&
  Json.stringify(before.rows) === Json.stringify(page.rows)

/** Rows that the request asks for; 0 when it does not say. */
const askedFor = (list: List, options: Options, first: Guards.Page): number => {
  if (options.resume !== undefined) return options.resume.found.pageSize
  const url = URL.parse(list.request.url, list.request.base)
  const query = list.request.query ?? {}
  const inQuery = Style.sizeParameters.find((name) => typeof query[name] === "string")
  const asked = inQuery === undefined
    ? url === null ? undefined : Style.parameterOf(url, Style.sizeParameters)?.value
    : String(query[inQuery])
  return list.size ?? (Number(asked ?? first.rows.length) || 0)
}

/** The index of the last page, where the API told how many there are. */
const lastIndex = (found: Found, first: Guards.Page, rowsBefore: number): number | undefined => {
  const { lastPage, pageSize, total } = found
  if (total !== undefined) {
    return first.index + Math.ceil((total - rowsBefore) / Math.max(1, pageSize, first.rows.length)) - 1
  }
  return lastPage === undefined ? undefined : first.index + Math.max(0, lastPage - Number(first.next) + 1)
}

/** One answer that is exactly as long as was asked for, without a word about the rest. */
const refuseCutOff = (
  style: Style.Style,
  { body, exchange }: PageReader.Answer,
  rows: ReadonlyArray<Value>,
  total: number | undefined
): Effect.Effect<void, PaginationError> => {
  if (style._tag !== "Single") return Effect.void
  const hint = "say how the API pages, such as --style page, offset or cursor:after"
  if (total !== undefined && total > rows.length) {
    const message = `the answer has ${rows.length} rows of ${total}, and does not say how to get the others`
    return Effect.fail(truncated(1, message, hint))
  }
  const size = Style.parameterOf(exchange.sent.url, Style.sizeParameters)
  const isFull = rows.length > 0 && Number(size?.value) === rows.length
  if (size === undefined || !isFull || total === rows.length || Style.saysLast(body)) return Effect.void
  const message =
    `the answer has ${rows.length} rows, as many as ${size.name} allows, and does not say whether there are more`
  return Effect.fail(truncated(1, message, hint))
}

const isPastTheEnd = (error: PaginationError): boolean => error.status === 404 || error.status === 416

const empty = (index: number): Guards.Page => ({
  index,
  rows: [],
  total: undefined,
  more: undefined,
  asked: undefined,
  next: undefined
})

/** Some APIs filter after they cut pages, so that a page may be empty though others follow; not many in a row. */
const maxEmpty = 1_000

const neverEnds = (index: number) =>
  truncated(
    index + 1,
    `${maxEmpty} empty pages came one after the other, and each leads to another one`,
    "the list may never end: ask for less, or see whether the API is well"
  )

const truncated = (page: number, message: string, hint: string) =>
  new PaginationError({ reason: "Truncated", page, message, hint })

const tooLong = (maxPages: number) =>
  new PaginationError({
    reason: "TooLong",
    page: maxPages + 1,
    message: `the list has more than ${maxPages} pages`,
    hint: "allow more pages when it is really that long"
  })
