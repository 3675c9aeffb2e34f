/** One page of a list: asked for, read, and taken apart into what the guards and the next request need. */
import { Effect, Result } from "effect"
import type { HttpClient } from "effect/http"
import * as Json from "../../core/Json.ts"
import * as Preview from "../../core/Preview.ts"
import { field, isRecord, type Value } from "../../core/Value.ts"
import type { Exchange, HttpExchangeError, Request } from "../../services/HttpExchange.ts"
import { PoliteHttp } from "../../services/PoliteHttp.ts"
import type * as Guards from "./Guards.ts"
import type { List } from "./List.ts"
import * as PageBody from "./PageBody.ts"
import { PaginationError } from "./PaginationError.ts"
import * as Style from "./Style.ts"

export type Needs = PoliteHttp | HttpClient.HttpClient

/** An answer that is JSON. */
export interface Answer {
  readonly exchange: Exchange
  readonly body: Value
}

/** What is known of a list besides what was told: how its pages are read. */
export interface Reader {
  readonly list: List
  readonly style: Style.Style
  readonly rows: PageBody.Path
  readonly id: string | undefined
  /** Rows of a full page, where that is known for sure. */
  readonly size: number | undefined
}

/** Asks for the page at a position; answers with what reads it. Until then it is held as bytes, which are a small part of its rows. */
export const ask = (
  reader: Reader,
  index: number,
  position: Style.Position | undefined
): Effect.Effect<Effect.Effect<Guards.Page, PaginationError>, PaginationError, Needs> =>
  Effect.map(
    exchangeOf(Style.requestAt(reader.list.request, reader.style, position), index),
    (exchange) =>
      Effect.gen(function*() {
        const answer = yield* answerOf(exchange, index)
        const rows = yield* rowsOf(answer, reader.rows, index)
        return yield* pageOf(answer, index, rows, position, reader)
      })
  )

/** Asks for the page at a position and reads it. */
export const read = (reader: Reader, index: number, position: Style.Position | undefined) =>
  Effect.flatten(ask(reader, index, position))

/** Asks for one page and reads its JSON. */
export const fetch = (request: Request, index: number): Effect.Effect<Answer, PaginationError, Needs> =>
  Effect.flatMap(exchangeOf(request, index), (exchange) => answerOf(exchange, index))

const exchangeOf = Effect.fnUntraced(function*(
  request: Request,
  index: number
): Effect.fn.Return<Exchange, PaginationError, Needs> {
  const http = yield* PoliteHttp
  const exchange = yield* Effect.mapError(http.execute(request), (error) => failed(error, index))
  if (exchange.status < 400) return exchange
  return yield* new PaginationError({
    reason: "Request",
    page: index + 1,
    status: exchange.status,
    message: `page ${index + 1} (${exchange.url}) was answered with status ${exchange.status}${said(exchange)}`
  })
})

const answerOf = (exchange: Exchange, index: number): Effect.Effect<Answer, PaginationError> =>
  Result.match(Json.parse(exchange.text), {
    onSuccess: (body) => Effect.succeed({ exchange, body }),
    onFailure: ({ message }) =>
      Effect.fail(
        new PaginationError({
          reason: "Shape",
          page: index + 1,
          status: exchange.status,
          message: `page ${index + 1} (${exchange.url}) is no JSON: ${message}`
        })
      )
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

export const rowsOf = (
  { body, exchange }: Answer,
  path: PageBody.Path,
  index: number
): Effect.Effect<ReadonlyArray<Value>, PaginationError> => {
  const rows = PageBody.rowsOf(body, path)
  return rows === undefined ? noRows(exchange, index, path) : Effect.succeed(rows)
}

export const noRows = (exchange: Exchange, index: number, path?: PageBody.Path) =>
  Effect.fail(
    new PaginationError({
      reason: "Shape",
      page: index + 1,
      message: `there is no list of rows${path === undefined ? "" : ` at "${path}"`} in the answer of ${exchange.url}`,
      hint: "say where it is, such as data.items"
    })
  )

/** What an answer says, as the guards want it; fails where it leads to another host. */
export const pageOf = (
  { body, exchange }: Answer,
  index: number,
  rows: ReadonlyArray<Value>,
  position: Style.Position | undefined,
  { id, list, size, style }: Reader
): Effect.Effect<Guards.Page, PaginationError> => {
  const linked = style._tag === "Page" && Style.linkOf(exchange, "next") !== undefined
  const page = (next: Style.Position | undefined): Guards.Page => ({
    index,
    rows,
    total: totalOf(list, exchange, body),
    more: linked || PageBody.moreIn(body),
    asked: position,
    next
  })
  if (style._tag === "Page") return Effect.succeed(page(rows.length === 0 ? undefined : Number(position) + 1))
  if (style._tag === "Offset") {
    return Effect.succeed(page(rows.length === 0 ? undefined : Number(position) + rows.length))
  }
  if (style._tag === "Cursor" && style.path === undefined) return afterLast(page, rows, position, id, size, index)
  const next = Style.nextPosition(style, exchange, body)
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

/** Where the cursor is the id of the last row: a page that is not full is the last, and so is one with nothing after the cursor. */
const afterLast = (
  page: (next: Style.Position | undefined) => Guards.Page,
  rows: ReadonlyArray<Value>,
  position: Style.Position | undefined,
  id: string | undefined,
  size: number | undefined,
  index: number
): Effect.Effect<Guards.Page, PaginationError> => {
  const last = rows.at(-1)
  if (last === undefined || (size !== undefined && rows.length < size)) return Effect.succeed(page(undefined))
  const lastId = id === undefined || !isRecord(last) ? undefined : PageBody.textOf(field(last, id))
  if (lastId === undefined) {
    return Effect.fail(
      new PaginationError({
        reason: "Shape",
        page: index + 1,
        message: `the last row of page ${index + 1} has no ${id ?? "id"}, which the next page is asked for by`,
        hint: "say which field tells rows apart"
      })
    )
  }
  return Effect.succeed(page(rows.length === 1 && lastId === String(position) ? undefined : lastId))
}

const totalOf = (list: List, exchange: Exchange, body: Value): number | undefined => {
  if (list.total === false) return undefined
  if (list.total !== undefined) return PageBody.countIn(PageBody.at(body, list.total))
  const inBody = PageBody.firstOf(body, PageBody.totalPaths, PageBody.countIn)?.value
  const header = exchange.headers["x-total-count"] ?? exchange.headers["x-total"] ?? exchange.headers["x-wp-total"] ??
    /^\S+ \d+-\d+\/(\d+)$/.exec(exchange.headers["content-range"] ?? "")?.[1]
  return inBody ?? (header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined)
}
