/** Where in an answer its rows are, and what it says about the rest. Pure. */
import { at, type Path } from "../../core/Rows.ts"
import { field, isArray, isRecord, type Value } from "../../core/Value.ts"

export { at, type Path, rowsOf } from "../../core/Rows.ts"

/** Names of lists, the usual ones first; otherwise the only list there is. */
const listNames = ["items", "data", "results", "records", "rows", "entries", "values", "content", "list", "value"]

/** Where the rows are: the value itself, a list of a usual name, the only list, or a map whose values are all objects. */
export const findRows = (body: Value): Path | undefined => {
  if (isArray(body)) return ""
  if (!isRecord(body)) return undefined
  const lists = Object.keys(body).filter((name) => isArray(body[name]))
  const usual = listNames.find((name) => lists.includes(name))
  if (usual !== undefined) return usual
  if (lists.length === 1) return lists[0]
  for (const name of ["_embedded", "data", "response", "result"]) {
    const inner = field(body, name)
    const path = isRecord(inner) ? findRows(inner) : undefined
    if (path !== undefined && path !== "") return `${name}.${path}`
  }
  return undefined
}

/** The field that tells rows apart: the first of these that each row has, all different. */
export const findId = (rows: ReadonlyArray<Value>): string | undefined =>
  ["id", "_id", "uuid", "key", "name"].find((name) => {
    const ids = rows.map((row) => isRecord(row) ? field(row, name) : undefined)
    return ids.length > 0 && ids.every((id) => textOf(id) !== undefined) &&
      new Set(ids).size === ids.length
  })

/** The first of some places that holds what is wanted, and where that was. */
export const firstOf = <A>(
  body: Value,
  paths: ReadonlyArray<Path>,
  is: (value: Value | undefined) => A | undefined
): { readonly path: Path; readonly value: A } | undefined => {
  for (const path of paths) {
    const value = is(at(body, path))
    if (value !== undefined) return { path, value }
  }
  return undefined
}

export const textIn = (value: Value | undefined): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined

/** A cursor: a text that is not empty, or a number. */
export const cursorIn = (value: Value | undefined): string | undefined =>
  typeof value === "number" || typeof value === "bigint" ? String(value) : textIn(value)

/** An id as text; `undefined` for what is none. */
export const textOf = (value: Value | undefined): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "bigint" ? String(value) : undefined

export const countIn = (value: Value | undefined): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined

/** Groups that answers put what they say about paging into, the answer itself included. */
const groups = [
  "",
  "meta",
  "pagination",
  "paging",
  "page",
  "page_info",
  "pageInfo",
  "links",
  "_links",
  "response_metadata",
  "metadata"
]

/** The names in every group: `next` is also `meta.next`, `links.next`, ... */
export const inGroups = (...names: ReadonlyArray<string>): ReadonlyArray<Path> =>
  groups.flatMap((group) => names.map((name) => group === "" ? name : `${group}.${name}`))

export const totalPaths = inGroups(
  "total",
  "total_count",
  "totalCount",
  "total_results",
  "totalResults",
  "total_items",
  "totalItems",
  "totalElements",
  "count_total",
  "@odata.count"
)
export const totalPagesPaths = inGroups(
  "total_pages",
  "totalPages",
  "page_count",
  "pageCount",
  "pages",
  "last_page",
  "lastPage"
)

const morePaths = inGroups("has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage")

/** Whether an answer says that there are more pages; `undefined` when it does not say. */
export const moreIn = (body: Value): boolean | undefined =>
  firstOf(body, morePaths, (value) => typeof value === "boolean" ? value : undefined)?.value
