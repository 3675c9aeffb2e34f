/**
 * What is checked of pages, in their order, so that a list that was cut off or moved meanwhile is never taken for whole. An
 * API that answers 200 all the way can still leave rows out; each of these signs fails aloud.
 */
import { Result } from "effect"
import * as Json from "../../core/Json.ts"
import { field, isRecord, type Value } from "../../core/Value.ts"
import { hash, IdSet } from "./IdSet.ts"
import * as PageBody from "./PageBody.ts"
import * as Style from "./Style.ts"

/** A sign that rows are missing, or there twice. */
export interface Sign {
  readonly guard: Guard
  /** What was seen, on which page. */
  readonly message: string
  readonly hint: string
}

export type Guard =
  | "unique ids"
  | "new ids on every page"
  | "cursors once"
  | "page 1 once"
  | "no page twice"
  | "full pages"
  | "one total"
  | "total reached"
  | "said to end"

/** A page as it came. */
export interface Page {
  /** From 0. */
  readonly index: number
  readonly rows: ReadonlyArray<Value>
  /** What it says that there is in all. */
  readonly total: number | undefined
  /** Whether it says that there are more pages. */
  readonly more: boolean | undefined
  /** Where it was asked for. */
  readonly asked: Style.Position | undefined
  /** Where the next one is. */
  readonly next: Style.Position | undefined
}

export interface Options {
  /** The field that tells rows apart. */
  readonly id: string | undefined
  readonly style: Style.Style
  /** Rows of the first page; where any page can be asked for every one but the last has as many. */
  readonly pageSize: number
  /** The first row may be the last of the page before: some cursors count it in. It is left out then. */
  readonly inclusive: boolean
  /** What pages that were read before said that there is in all. */
  readonly total?: number | undefined
  /** The ids of pages that were read before, as {@link Checked} has them. */
  readonly seen?: ReadonlyArray<Float64Array> | undefined
}

/** A page that is well. */
export interface Checked {
  /** Without those that are to be left out. */
  readonly rows: ReadonlyArray<Value>
  /** The hashes of their ids; empty when they have none. */
  readonly ids: Float64Array
}

export interface Guards {
  /** Checks the next page. */
  readonly check: (page: Page) => Result.Result<Checked, Sign>
  /** Checks the whole, once the last page was; `rows` are all, with those that were read before. */
  readonly end: (rows: number) => Result.Result<void, Sign>
  /** The guards that had something to look at. */
  readonly applied: () => ReadonlyArray<Guard>
  /** Rows that were checked. */
  readonly count: () => number
}

const none = new Float64Array(0)

export const make = (options: Options): Guards => {
  const ids = new IdSet()
  const cursors = new IdSet()
  const contents = new IdSet()
  const applied = new Set<Guard>()
  let total = options.total
  let count = 0
  let firstIds: Float64Array | undefined
  let lastId: number | undefined
  /** Whether the last page that had rows says that there are more. */
  let more: boolean | undefined
  /** A page that was not full; only the last one may be. */
  let short: { readonly page: number; readonly rows: number } | undefined

  for (const page of options.seen ?? []) {
    if (page.length > 0) firstIds ??= page
    for (const id of page) ids.addHash(id)
    lastId = page.at(-1) ?? lastId
  }

  const checkCursor = ({ index, next }: Page): Result.Result<void, Sign> => {
    if (next === undefined) return Result.succeed(undefined)
    applied.add("cursors once")
    return cursors.add(String(next))
      ? Result.succeed(undefined)
      : sign(
        "cursors once",
        `page ${index + 1} leads to where an earlier page led: ${next}`,
        "the list would never end"
      )
  }

  const checkTotal = (page: Page): Result.Result<void, Sign> => {
    if (page.total === undefined) return Result.succeed(undefined)
    applied.add("one total")
    if (total !== undefined && page.total !== total) {
      return sign(
        "one total",
        `page ${page.index + 1} says that there are ${page.total} rows, an earlier one said ${total}`,
        "the list changed meanwhile: begin again, or sort it by something that does not change"
      )
    }
    total = page.total
    return Result.succeed(undefined)
  }

  /** Pages that are asked for by number or offset are all full but the last one; others may be filtered after they were cut. */
  const checkLength = ({ index, rows }: Page): Result.Result<void, Sign> => {
    if (!Style.isRandomAccess(options.style)) return Result.succeed(undefined)
    applied.add("full pages")
    if (short !== undefined && rows.length > 0) {
      return sign(
        "full pages",
        `page ${short.page} has only ${short.rows} of ${options.pageSize} rows, and yet page ${index + 1} has more`,
        "the list changed meanwhile, or the API left rows out: begin again"
      )
    }
    if (rows.length < options.pageSize) short ??= { page: index + 1, rows: rows.length }
    return Result.succeed(undefined)
  }

  /** Of rows without an id at least whole pages are told apart. */
  const checkContent = ({ index, rows }: Page): Result.Result<Checked, Sign> => {
    if (rows.length < 2 || !isRecord(rows[0])) return Result.succeed({ rows, ids: none })
    applied.add("no page twice")
    return contents.add(Json.stringify(rows)) ? Result.succeed({ rows, ids: none }) : sign(
      "no page twice",
      `page ${index + 1} has the same rows as an earlier page`,
      "the API repeats itself; say which field tells rows apart if they are really others"
    )
  }

  const checkIds = (page: Page): Result.Result<Checked, Sign> => {
    const { id: name } = options
    const { asked, index, rows } = page
    if (rows.length === 0) return Result.succeed({ rows, ids: none })
    if (name === undefined) return checkContent(page)
    const idOf = (row: Value | undefined): string | undefined =>
      row !== undefined && isRecord(row) ? PageBody.textOf(field(row, name)) : undefined
    const first = idOf(rows[0])
    const isCursor = options.style._tag === "Cursor" && options.style.path === undefined && first === String(asked)
    const isAgain = options.inclusive && first !== undefined && hash(first) === lastId
    const from = index > 0 && (isCursor || isAgain) ? 1 : 0
    applied.add("unique ids").add("new ids on every page").add("page 1 once")

    const known = hashesOf(rows, from, idOf)
    if (firstIds === undefined) firstIds = known
    else if (known.length > 0 && known.length === firstIds.length && known.every((id, at) => id === firstIds![at])) {
      return sign(
        "page 1 once",
        `page ${index + 1} is page 1 again`,
        "the API does not know this position any more: it began anew"
      )
    }
    const repeated = known.filter((id) => !ids.addHash(id))
    const fresh = rows.length - from - repeated.length
    if (fresh === 0 && rows.length > from) {
      return sign(
        "new ids on every page",
        `page ${index + 1} has no row that was not there before`,
        "the API repeats itself"
      )
    }
    if (repeated.length > 0) {
      const such = rows.map(idOf).find((id) => id !== undefined && hash(id) === repeated[0])
      return sign(
        "unique ids",
        `page ${index + 1} has ${repeated.length} rows that were there before, such as ${name} ${such}`,
        "the list changed meanwhile, so others may be missing: begin again, or sort it by something that does not change"
      )
    }
    lastId = known.at(-1) ?? lastId
    return Result.succeed({ rows: from === 0 ? rows : rows.slice(from), ids: known })
  }

  return {
    check: (page) =>
      Result.gen(function*() {
        yield* checkTotal(page)
        yield* checkLength(page)
        const checked = yield* checkIds(page)
        yield* checkCursor(page)
        count += checked.rows.length
        if (page.rows.length > 0) more = page.more
        return checked
      }),
    end: (rows) => {
      if (total !== undefined) {
        applied.add("total reached")
        if (rows !== total) {
          return sign(
            "total reached",
            `${rows} rows came, and the API says that there are ${total}`,
            "rows are missing or the list changed meanwhile: begin again"
          )
        }
      }
      if (more === undefined) return Result.succeed(undefined)
      applied.add("said to end")
      return more
        ? sign(
          "said to end",
          "the last page says that there are more, and not how to get them",
          "say how the API pages, such as --style page, offset or cursor:after"
        )
        : Result.succeed(undefined)
    },
    applied: () => [...applied],
    count: () => count
  }
}

/** The hashes of the ids of rows from the given one on; rows without an id have none. */
const hashesOf = (
  rows: ReadonlyArray<Value>,
  from: number,
  idOf: (row: Value | undefined) => string | undefined
): Float64Array => {
  const hashes = new Float64Array(rows.length - from)
  let count = 0
  for (let at = from; at < rows.length; at++) {
    const id = idOf(rows[at])
    if (id !== undefined) hashes[count++] = hash(id)
  }
  return hashes.subarray(0, count)
}

const sign = (guard: Guard, message: string, hint: string) => Result.fail({ guard, message, hint })
