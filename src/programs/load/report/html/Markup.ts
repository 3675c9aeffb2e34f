/** Pieces of the load reports' pages. What comes from outside goes through `text`; everything else is markup of ours. */
import * as ReportText from "../../../report/ReportText.ts"

/** Text from outside on one line, without a meaning to HTML. */
export const text = (value: string, max = 1_000): string => ReportText.escapeMarkup(ReportText.oneLine(value, max))

/** A moment of ISO 8601, as people read it: `2026-11-21 10:15:30 UTC`. */
export const moment = (iso: string): string => text(iso.replace("T", " ").replace(/\.\d+Z$/, " UTC"))

/** A panel with a heading; `""` when there is nothing inside. `place` is a class: `half`, `third`. */
export const panel = (
  title: string,
  inside: string,
  options: { readonly note?: string; readonly place?: string } = {}
): string =>
  inside === "" ?
    "" :
    `<section class="panel ${options.place ?? ""}"><h2>${title}</h2>${
      options.note === undefined ? "" : `<p class="note">${options.note}</p>`
    }${inside}</section>\n`

/** A panel that the script draws into. */
export const chart = (
  id: string,
  title: string,
  options: { readonly note?: string; readonly place?: string } = {}
): string => panel(title, `<div id="${id}"></div>`, { ...options, place: `over ${options.place ?? ""}` })

export interface Column {
  readonly name: string
  /** Begins at the left and may break. */
  readonly isText?: boolean
}

/** Cells are markup. `""` without rows. */
export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  if (rows.length === 0) return ""
  const kind = (i: number) => columns[i]?.isText === true ? ` class="l"` : ""
  const head = columns.map(({ name }, i) => `<th scope="col"${kind(i)}>${name}</th>`).join("")
  const body = rows.map((row) => `<tr>${row.map((cell, i) => `<td${kind(i)}>${cell}</td>`).join("")}</tr>`).join("\n")
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** A figure to be seen first: `182.4` with its unit small. */
export const tile = (what: string, much: string, more: string, isBad = false): string => {
  const [, value = much, unit = ""] = /^([<>]?[\d.,]+)(\D+)$/.exec(much) ?? []
  return `<div class="tile${isBad ? " bad" : ""}"><div class="what">${what}</div><div class="much">${text(value)}${
    unit === "" ? "" : `<small>${text(unit)}</small>`
  }</div><div class="more">${more}</div></div>`
}

/** Text of several lines from outside, without a meaning to HTML. */
export const block = (value: string): string => ReportText.escapeMarkup(ReportText.visible(value, 200_000))
