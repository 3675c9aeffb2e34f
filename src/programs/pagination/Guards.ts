/**
 * What is checked of pages, in their order, so that a list that was cut off or moved meanwhile is never taken for whole. An
 * API that answers 200 all the way can still leave rows out; each of these signs fails aloud.
 */
import { Result } from "effect"
import { field, isRecord, type Value } from "../../core/Value.ts"
import { IdSet } from "./IdSet.ts"
import type { Position } from "./Style.ts"

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
  | "full pages"
  | "one total"
  | "total reached"

/** A page as it came. */
export interface Page {
  /** From 0. */
  readonly index: number
  readonly rows: ReadonlyArray<Value>
  /** What it says that there is in all. */
  readonly total: number | undefined
  /** Where the next one is, for lists that go from page to page. */
  readonly next: Position | undefined
}

export interface Options {
  /** The field that tells rows apart. */
  readonly id: string | undefined
  /** Rows that every page but the last one has; absent when not known. */
  readonly pageSize: number | undefined
  /** The first row may be the last of the page before: some cursors count it in. It is left out then. */
  readonly inclusive: boolean
}

export interface Guards {
  /** Checks the next page and returns its rows; those that are to be left out are not among them. */
  readonly check: (page: Page) => Result.Result<ReadonlyArray<Value>, Sign>
  /** Checks the whole, once the last page was. */
  readonly end: () => Result.Result<void, Sign>
  /** The guards that had something to look at. */
  readonly applied: () => ReadonlyArray<Guard>
  readonly count: () => number
}

export const make = (options: Options): Guards => {
  const ids = new IdSet()
  const cursors = new IdSet()
  const applied = new Set<Guard>()
  let total: number | undefined
  let count = 0
  let lastId: string | undefined
  let firstIds: ReadonlyArray<string> | undefined
  /** A page that was not full; only the last one may be. */
  let short: { readonly page: number; readonly rows: number } | undefined

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

  const checkLength = ({ index, rows }: Page): Result.Result<void, Sign> => {
    if (options.pageSize === undefined) return Result.succeed(undefined)
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

  const checkIds = ({ index, rows }: Page): Result.Result<ReadonlyArray<Value>, Sign> => {
    const { id: name } = options
    if (name === undefined || rows.length === 0) return Result.succeed(rows)
    const idOf = (row: Value) => isRecord(row) ? textOf(field(row, name)) : undefined
    const own = rows.map(idOf)
    const included = options.inclusive && index > 0 && own[0] !== undefined && own[0] === lastId
    const from = included ? 1 : 0
    applied.add("unique ids").add("new ids on every page").add("page 1 once")

    const known = own.flatMap((id) => id === undefined ? [] : [id])
    if (firstIds === undefined) firstIds = known
    else if (known.length > 0 && known.length === firstIds.length && known.every((id, at) => id === firstIds![at])) {
      return sign(
        "page 1 once",
        `page ${index + 1} is page 1 again`,
        "the API does not know this position any more: it began anew"
      )
    }
    const repeated = own.slice(from).filter((id) => id !== undefined && !ids.add(id))
    const fresh = own.length - from - repeated.length
    if (fresh === 0 && own.length > from) {
      return sign(
        "new ids on every page",
        `page ${index + 1} has no row that was not there before`,
        "the API repeats itself"
      )
    }
    if (repeated.length > 0) {
      return sign(
        "unique ids",
        `page ${index + 1} has ${repeated.length} rows of earlier pages, such as ${name} ${repeated[0]}`,
        "the list changed meanwhile, so others may be missing: begin again, or sort it by something that does not change"
      )
    }
    lastId = own.at(-1)
    return Result.succeed(from === 0 ? rows : rows.slice(from))
  }

  return {
    check: (page) =>
      Result.gen(function*() {
        yield* checkTotal(page)
        yield* checkLength(page)
        const rows = yield* checkIds(page)
        yield* checkCursor(page)
        count += rows.length
        return rows
      }),
    end: () => {
      if (total === undefined) return Result.succeed(undefined)
      applied.add("total reached")
      return count === total ? Result.succeed(undefined) : sign(
        "total reached",
        `${count} rows came, and the API says that there are ${total}`,
        "rows are missing or the list changed meanwhile: begin again"
      )
    },
    applied: () => [...applied],
    count: () => count
  }
}

const textOf = (value: Value | undefined): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "bigint" ? String(value) : undefined

const sign = (guard: Guard, message: string, hint: string) => Result.fail({ guard, message, hint })
