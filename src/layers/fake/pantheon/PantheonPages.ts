/** Lists in pages, by the modes that were seen of the real API. */
import type { Value } from "../../../core/Value.ts"
import { type Answer, json, withHeaders } from "./PantheonAnswer.ts"
import type { Switches } from "./PantheonSwitches.ts"

/** A row, under the id that is its cursor. */
export interface Row {
  readonly id: string
  /** Made for the rows of the page only. */
  readonly show: () => Value
}

export class Pages {
  private readonly switches: Switches
  /** Ids at the end of a page that was given, by list: the only ones that `strict-boundary` goes on from. */
  private readonly ends = new Map<string, Set<string>>()

  constructor(switches: Switches) {
    this.switches = switches
  }

  /** The page that `query` asks for, of rows in order of their ids; `list` is the same for the same list. */
  byId(list: string, rows: ReadonlyArray<Row>, query: URLSearchParams): Answer {
    const compare = this.switches.get("order") === "signed" ? bySignedHalves : byText
    return this.inOrder(list, rows.toSorted((a, b) => compare(a.id, b.id)), query)
  }

  /** The same for rows that have an order of their own. */
  inOrder(list: string, rows: ReadonlyArray<Row>, query: URLSearchParams): Answer {
    const limit = Math.min(limitOf(query), this.switches.get("page_cap") ?? Infinity)
    const page = query.get("page")
    const numbered = page !== null && this.switches.get("page_numbers")
    const start = query.get("start")
    const from = numbered ? (Math.max(1, Number(page)) - 1) * limit : start === null ? 0 : this.after(list, rows, start)
    const given = rows.slice(from, from + limit)
    const last = given.at(-1)
    if (last !== undefined) this.endsOf(list).add(last.id)
    const answer = json(given.map(({ show }) => show()))
    return numbered ? withHeaders(answer, { "x-total-count": String(rows.length) }) : answer
  }

  private after(list: string, rows: ReadonlyArray<Row>, start: string): number {
    const at = rows.findIndex(({ id }) => id === start)
    switch (this.switches.get("cursor")) {
      case "strict-boundary":
        if (!this.endsOf(list).has(start)) return 0
        return at === rows.length - 1 && this.switches.get("past_end") === "first-page" ? 0 : at + 1
      case "inclusive-any":
        return at === -1 ? rows.length : at
      case "exclusive-any":
        return at === -1 ? rows.length : at + 1
    }
  }

  private endsOf(list: string): Set<string> {
    const ends = this.ends.get(list) ?? new Set()
    this.ends.set(list, ends)
    return ends
  }
}

const limitOf = (query: URLSearchParams): number => {
  const limit = Number(query.get("limit") ?? 100)
  return Number.isInteger(limit) && limit > 0 ? limit : 100
}

const byText = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

/** As a database does that keeps an id in two signed numbers of 64 bits: 8 to f come before 0 to 7, in both halves. */
const bySignedHalves = (a: string, b: string): number => byText(signed(a), signed(b))

const signed = (id: string): string => {
  const digits = id.replaceAll("-", "")
  return turned(digits.slice(0, 16)) + turned(digits.slice(16))
}

const turned = (half: string): string => (Number.parseInt(half[0] ?? "0", 16) ^ 8).toString(16) + half.slice(1)
