/** What people are told on stderr while lists are read. */
import { Clock, Effect } from "effect"
import * as TerminalText from "../core/TerminalText.ts"
import type * as Paginate from "../programs/Paginate.ts"
import * as PagingStyle from "../programs/pagination/Style.ts"
import * as Output from "./Output.ts"

/** Milliseconds between two lines that say how far it is. */
const pause = 5_000

/** Says how each list is paged, now and then how far it is, and what was checked at its end. `atOnce` are the pages at once. */
export const make = Effect.fnUntraced(function*(atOnce: number) {
  let said = yield* Clock.currentTimeMillis

  const onEvent = Effect.fnUntraced(function*(event: Paginate.Event) {
    switch (event._tag) {
      case "StyleFound":
        return yield* note(`${event.list}: ${found(event, atOnce)}`)
      case "Page": {
        const now = yield* Clock.currentTimeMillis
        if (now - said < pause) return
        said = now
        return yield* note(`${event.list}: ${counted(event.checkpoint)} so far`)
      }
      case "Ended":
        return yield* note(`${event.summary.name}: ${ended(event.summary)}`)
      case "Resumed":
        return yield* note(
          `goes on after ${event.rows} rows that were read before${
            event.fromStart === undefined
              ? ""
              : `; ${event.fromStart} is merged from several lists, and read from its start`
          }`
        )
      case "BeganAgain":
        return yield* note("begins again: the file is not as it was left")
      case "LeftOut":
        return yield* note(
          `warning: fields that the first rows did not have were left out: ${
            event.fields.join(", ")
          }; name them with --fields`
        )
    }
  })
  return onEvent
})

const note = (text: string) => Output.note(TerminalText.escape(text))

const found = (
  { because, found, style: words }: Extract<Paginate.Event, { readonly _tag: "StyleFound" }>,
  atOnce: number
): string => {
  const { lastPage, style, total } = found
  const known = total === undefined ? lastPage === undefined ? "" : `, to page ${lastPage}` : `, ${total} rows in all`
  const speed = PagingStyle.isRandomAccess(style)
    ? `, ${atOnce} pages at once`
    : style._tag === "Single"
    ? ""
    : ", one page after the other"
  return `${style._tag === "Single" ? words : `paged ${words}`}, as was ${because}${known}${speed}`
}

const counted = ({ pages, rows }: { readonly pages: number; readonly rows: number }): string =>
  `${rows} ${rows === 1 ? "row" : "rows"}${pages === 0 ? "" : ` in ${pages} ${pages === 1 ? "page" : "pages"}`}`

const ended = (summary: Paginate.ListSummary): string =>
  `${counted(summary)}; ${
    summary.guards.length === 0 ? "nothing could be checked" : `checked: ${summary.guards.join(", ")}`
  }`
