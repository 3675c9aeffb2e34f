/** How an API pages, and which request comes next. Chosen from the first answer when nobody tells. Pure. */
import { type Value } from "../../core/Value.ts"
import type { Exchange, Request } from "../../services/HttpExchange.ts"
import * as PageBody from "./PageBody.ts"

export type Style =
  /** `?page=3`; `first` is the number of the first page. */
  | { readonly _tag: "Page"; readonly parameter: string; readonly first: number }
  /** `?offset=200`: rows to skip. */
  | { readonly _tag: "Offset"; readonly parameter: string }
  /** `?cursor=opaque`, from the answer at `path`, or the id of the last row. */
  | { readonly _tag: "Cursor"; readonly parameter: string; readonly path: PageBody.Path | undefined }
  /** The answer has the URL of the next page at `path`. */
  | { readonly _tag: "NextUrl"; readonly path: PageBody.Path }
  /** The `Link` header has it, as `rel="next"`. */
  | { readonly _tag: "Link" }
  /** Everything is in the first answer. */
  | { readonly _tag: "Single" }

/** How a page is reached: a number for pages and offsets, a text for cursors and URLs. */
export type Position = number | string

/** Styles of which any page can be asked for without the one before it. */
export const isRandomAccess = (style: Style): style is Style & { readonly _tag: "Page" | "Offset" } =>
  style._tag === "Page" || style._tag === "Offset"

/** In words, for people. */
export const describe = (style: Style): string => {
  switch (style._tag) {
    case "Page":
      return `by page number (?${style.parameter}=)`
    case "Offset":
      return `by offset (?${style.parameter}=)`
    case "Cursor":
      return style.path === undefined
        ? `by the id of the last row (?${style.parameter}=)`
        : `by a cursor (?${style.parameter}=, from ${style.path})`
    case "NextUrl":
      return `by the URL of the next page (${style.path})`
    case "Link":
      return "by the Link header"
    case "Single":
      return "not at all: one answer has everything"
  }
}

/** The request of the page at a position; without one it is the first. */
export const requestAt = (request: Request, style: Style, position: Position | undefined): Request => {
  if (position === undefined) return request
  switch (style._tag) {
    case "Page":
    case "Offset":
    case "Cursor":
      return withParameter(request, style.parameter, String(position))
    case "NextUrl":
    case "Link":
      return { ...request, url: String(position), base: undefined, query: undefined }
    case "Single":
      return request
  }
}

/** Puts a parameter into the query, in the place of the one of that name in the URL. */
export const withParameter = (request: Request, name: string, value: string): Request => {
  const [path = "", query = ""] = request.url.split("?")
  const kept = query.split("&").filter((part) => part !== "" && decoded(part.split("=")[0]!) !== name)
  return {
    ...request,
    url: kept.length === 0 ? path : `${path}?${kept.join("&")}`,
    query: { ...request.query, [name]: value }
  }
}

/** As it stands when it is no encoding. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A parameter of the request as it was sent, of the first of these names that it has. */
export const parameterOf = (
  sent: URL,
  names: ReadonlyArray<string>
): { readonly name: string; readonly value: string } | undefined => {
  const name = names.find((name) => sent.searchParams.has(name))
  return name === undefined ? undefined : { name, value: sent.searchParams.get(name)! }
}

export const sizeParameters = [
  "per_page",
  "perPage",
  "page_size",
  "pageSize",
  "limit",
  "size",
  "count",
  "top",
  "$top",
  "max_results",
  "maxResults",
  "rows"
]
const pageParameters = ["page", "page_number", "pageNumber", "p", "page[number]"]
const offsetParameters = ["offset", "skip", "$skip", "start_index", "startIndex", "page[offset]"]

/** Cursors in answers, and the parameters that take them. */
const cursors: ReadonlyArray<readonly [name: string, parameter: string]> = [
  ["next_cursor", "cursor"],
  ["nextCursor", "cursor"],
  ["cursors.after", "after"],
  ["endCursor", "after"],
  ["next_page_token", "page_token"],
  ["nextPageToken", "pageToken"],
  ["next_token", "next_token"],
  ["nextToken", "nextToken"],
  ["continuation_token", "continuation_token"],
  ["continuationToken", "continuationToken"],
  ["cursor", "cursor"],
  ["cursor.next", "cursor"]
]

const nextUrls = PageBody.inGroups(
  "next",
  "next.href",
  "next_page_url",
  "nextPageUrl",
  "next_url",
  "nextUrl",
  "nextLink",
  "@odata.nextLink"
)

/** Sees how an answer to the first request pages; `Single` when there is no sign of it. */
export const detect = (answer: Exchange, body: Value): Style => {
  const sent = answer.sent.url
  const last = linkOf(answer, "last")
  if (linkOf(answer, "next") !== undefined) {
    return (last === undefined ? undefined : numbered(sent, last)) ?? { _tag: "Link" }
  }
  const next = PageBody.firstOf(body, nextUrls, (value) => isUrl(value) ? value : undefined)
  if (next !== undefined) return { _tag: "NextUrl", path: next.path }
  for (const [name, parameter] of cursors) {
    const cursor = PageBody.firstOf(body, PageBody.inGroups(name), PageBody.cursorIn)
    if (cursor !== undefined) return { _tag: "Cursor", parameter, path: cursor.path }
  }
  const offset = parameterOf(sent, offsetParameters)
  if (offset !== undefined || PageBody.firstOf(body, PageBody.inGroups("offset", "skip"), PageBody.countIn)) {
    return { _tag: "Offset", parameter: offset?.name ?? "offset" }
  }
  const page = parameterOf(sent, pageParameters)
  const told = PageBody.firstOf(
    body,
    PageBody.inGroups("page", "current_page", "currentPage", "page_number"),
    PageBody.countIn
  )
  if (page !== undefined || told !== undefined) {
    return { _tag: "Page", parameter: page?.name ?? "page", first: Number(page?.value ?? told?.value ?? 1) || 0 }
  }
  const pages = PageBody.firstOf(body, PageBody.totalPagesPaths, PageBody.countIn)
  return pages !== undefined && pages.value > 1 ? { _tag: "Page", parameter: "page", first: 1 } : { _tag: "Single" }
}

/** Links to the last page that differ in one number only mean that every page can be asked for. */
const numbered = (sent: URL, last: string): Style | undefined => {
  const url = URL.parse(last, sent)
  const page = url === null ? undefined : parameterOf(url, pageParameters)
  if (page === undefined || !/^\d+$/.test(page.value)) return undefined
  const first = Number(sent.searchParams.get(page.name) ?? 1)
  return { _tag: "Page", parameter: page.name, first }
}

const isUrl = (value: Value | undefined): value is string =>
  typeof value === "string" && /^(https?:\/\/|\/|\?)/.test(value)

/** The URL of a relation in the `Link` header, as it stands there. @see https://www.rfc-editor.org/rfc/rfc8288 */
export const linkOf = (answer: Exchange, relation: string): string | undefined => {
  for (const [, url, parameters = ""] of (answer.headers["link"] ?? "").matchAll(/<([^>]*)>((?:\s*;\s*[^,;]+)*)/g)) {
    const rel = /;\s*rel\s*=\s*"?([^";]+)"?/i.exec(parameters)?.[1] ?? ""
    if (rel.toLowerCase().split(/\s+/).includes(relation)) return url
  }
  return undefined
}

/** Where the page after this answer is, for styles whose answers say so; `undefined` at the end. */
export const nextPosition = (style: Style, answer: Exchange, body: Value): string | undefined => {
  const absolute = (url: string | undefined) => url === undefined ? undefined : URL.parse(url, answer.sent.url)?.href
  switch (style._tag) {
    case "Cursor":
      return style.path === undefined ? undefined : PageBody.cursorIn(PageBody.at(body, style.path))
    case "NextUrl":
      return absolute(PageBody.textIn(PageBody.at(body, style.path)))
    case "Link":
      return absolute(linkOf(answer, "next"))
    default:
      return undefined
  }
}

/** Where the first page was, as its request said. */
export const firstPosition = (style: Style, answer: Exchange): Position | undefined => {
  const asked = "parameter" in style ? answer.sent.url.searchParams.get(style.parameter) : null
  if (style._tag === "Page") return asked === null ? style.first : Number(asked)
  return style._tag === "Offset" ? Number(asked ?? 0) : asked ?? undefined
}

/** The number of the last page, as the `Link` header or the body name it; of a body only where pages begin at 1. */
export const lastPage = (
  style: Style & { readonly _tag: "Page" },
  answer: Exchange,
  body: Value
): number | undefined => {
  const link = URL.parse(linkOf(answer, "last") ?? "", answer.sent.url)?.searchParams.get(style.parameter)
  if (linkOf(answer, "last") !== undefined && link !== undefined && link !== null && /^\d+$/.test(link)) {
    return Number(link)
  }
  const pages = PageBody.firstOf(body, PageBody.totalPagesPaths, PageBody.countIn)?.value
  return pages === undefined || pages === 0 || style.first > 1 ? undefined : pages - 1 + style.first
}

/** Whether an answer that leads nowhere says so itself: a cursor or a link to the next page that is null, or `has_more: false`. */
export const saysLast = (body: Value): boolean =>
  PageBody.moreIn(body) === false ||
  [...nextUrls, ...cursors.flatMap(([name]) => PageBody.inGroups(name))].some((path) => {
    const value = PageBody.at(body, path)
    return value === null || value === "" || value === false
  })

/**
 * Reads a style as people write it: `page`, `page:p`, `offset:skip`, `cursor:start` (the id of the last row),
 * `cursor:after=meta.next` (a cursor in the answer), `next:links.next` (the URL of the next page), `link`, `none`.
 * `page` may begin elsewhere than at 1: `page:p=0`.
 */
export const parse = (text: string): Style | undefined => {
  const [, kind, parameter, path] = /^(\w+)(?::([^=]+)(?:=(.+))?)?$/.exec(text) ?? []
  switch (kind) {
    case "page":
      return path !== undefined && !/^\d+$/.test(path)
        ? undefined
        : { _tag: "Page", parameter: parameter ?? "page", first: Number(path ?? 1) }
    case "offset":
      return path === undefined ? { _tag: "Offset", parameter: parameter ?? "offset" } : undefined
    case "cursor":
      return parameter === undefined ? undefined : { _tag: "Cursor", parameter, path }
    case "next":
      return path === undefined ? { _tag: "NextUrl", path: parameter ?? "next" } : undefined
    case "link":
      return parameter === undefined ? { _tag: "Link" } : undefined
    case "none":
      return parameter === undefined ? { _tag: "Single" } : undefined
    default:
      return undefined
  }
}
