/** The comparison of two load runs on a terminal: a row per figure with its interval, drawn to scale, and the verdict. */
import * as Style from "../../../core/Style.ts"
import * as ReportText from "../../report/ReportText.ts"
import type { Comparison, Row, Side } from "../compare/Comparison.ts"
import * as Amounts from "./Amounts.ts"
import * as Fold from "./Fold.ts"
import * as Table from "./Table.ts"

export interface Options {
  /** @default no colours */
  readonly style?: Style.Style | undefined
  /** @default 110 */
  readonly columns?: number | undefined
}

export const lines = (comparison: Comparison, options: Options = {}): ReadonlyArray<string> => {
  const style = options.style ?? Style.plain
  const { margin, rows } = comparison
  const columns = Math.max(40, options.columns ?? 110)
  const width = Math.max(21, Math.min(45, columns - 66))
  const span = scaleOf(rows, margin)
  const dim = (text: string) => ({ text, paint: style.dim })
  const head = ["", "before", "after", "change", "from", "to"].map(dim)
  const body = rows.map((row) => {
    const paint = paints(style)[row.verdict]
    return [
      { text: nameOf(row), paint: row.judged ? style.bold : style.dim },
      Amounts.inUnit(row.before, row.unit),
      Amounts.inUnit(row.after, row.unit),
      { text: change(row, row.change), paint: row.judged ? paint : style.dim },
      dim(change(row, row.from)),
      dim(change(row, row.to)),
      { text: row.unit === "ratio" ? "" : plot(row, margin, span, width), paint: row.judged ? paint : style.dim },
      { text: row.judged ? words[row.verdict] : "", paint }
    ]
  })
  return [
    ...side("before", comparison.before, style),
    ...side("after", comparison.after, style),
    style.dim(methodOf(comparison)),
    "",
    ...Table.lines([[...head, dim(ruler(margin, span, width)), ""], ...body], {
      left: 1,
      prose: true,
      columns,
      // The drawing shows them too.
      drop: [[4, 5], [6]]
    }),
    "",
    ...verdict(comparison, style)
  ].flatMap((line) => Fold.line(ReportText.inert(line), columns))
}

const side = (
  name: string,
  { requests, runs, started_at, target }: Side,
  style: Style.Style
): ReadonlyArray<string> => [
  `${style.bold(name.padEnd(8))}${ReportText.name(target, "(no target)")}  ${
    style.dim(
      [
        ReportText.oneLine(started_at),
        Amounts.plural(requests, "request"),
        runs.length === 1 ? `run ${ReportText.name(runs[0]!)}` : `${runs.length} runs`
      ].join(" · ")
    )
  }`
]

/** How it was compared, in a line. */
export const methodOf = ({ confidence, margin, method, model, pairs }: Comparison): string =>
  [
    `${model} model`,
    method === "pairs"
      ? `${pairs} pairs in alternation`
      : "one run each: intervals from blocks of their seconds",
    `changes below ${Amounts.percent(margin)} do not matter`,
    `${Amounts.percent(confidence)} confidence over all judged rows`
  ].join(" · ")

export const nameOf = ({ metric }: Row): string => Amounts.quantileName(metric)

/** The change of a row, or a bound of it, with its sign. */
export const change = (row: Row, value: number | null): string =>
  value === null ? "-" : row.unit === "ratio" ? Amounts.points(value) : Amounts.signed(value)

/** How the verdict on a row reads. */
export const words: Readonly<Record<Row["verdict"], string>> = {
  better: "better",
  worse: "worse",
  same: "same",
  cannot_tell: "cannot tell"
}

const paints = (style: Style.Style): Readonly<Record<Row["verdict"], (text: string) => string>> => ({
  better: style.green,
  worse: style.red,
  same: style.cyan,
  cannot_tell: style.yellow
})

/** The change at the ends of the drawing: all of most intervals is in it. */
export const scaleOf = (rows: ReadonlyArray<Row>, margin: number): number => {
  const ends = rows.filter(({ judged, unit }) => judged && unit !== "ratio").flatMap(({ from, to }) =>
    from === null || to === null ? [] : [Math.abs(from), Math.abs(to)]
  )
  return Math.min(2, Math.max(margin * 2, ...ends) * 1.05)
}

const column = (value: number, span: number, width: number): number =>
  Math.round(((Math.max(-span, Math.min(span, value)) / span + 1) / 2) * (width - 1))

const plot = ({ change, from, to }: Row, margin: number, span: number, width: number): string => {
  if (change === null || from === null || to === null) return ""
  const signs = Array.from({ length: width }, () => " ")
  for (const bound of [-margin, 0, margin]) signs[column(bound, span, width)] = bound === 0 ? "│" : "┊"
  for (let i = column(from, span, width); i <= column(to, span, width); i++) signs[i] = "─"
  signs[column(from, span, width)] = from < -span ? "◂" : "├"
  signs[column(to, span, width)] = to > span ? "▸" : "┤"
  signs[column(change, span, width)] = "●"
  return signs.join("")
}

const ruler = (margin: number, span: number, width: number): string => {
  const text = Array.from({ length: width }, () => " ")
  const put = (label: string, value: number) => {
    const at = Math.max(0, Math.min(width - label.length, column(value, span, width) - Math.floor(label.length / 2)))
    text.splice(at, label.length, ...label)
  }
  const bound = Amounts.percent(margin)
  if (column(margin, span, width) - column(0, span, width) < bound.length + 1) put(`±${bound}`, 0)
  else {
    put("0", 0)
    put(`-${bound}`, -margin)
    put(`+${bound}`, margin)
  }
  return text.join("")
}

const verdict = (comparison: Comparison, style: Style.Style): ReadonlyArray<string> => {
  const [sign, text, paint] = verdicts(style)[comparison.verdict]
  return [
    paint(style.bold(`${sign} ${text}`)),
    ...comparison.reasons.map((reason) => `  ${ReportText.oneLine(reason)}`),
    ...comparison.notes.map((note) => `  ${style.yellow("note:")} ${ReportText.oneLine(note)}`)
  ]
}

const verdicts = (style: Style.Style) => ({
  faster: ["✓", "faster", style.green],
  same: ["✓", "the same", style.green],
  slower: ["✗", "slower", style.red],
  cannot_tell: ["?", "cannot tell", style.yellow]
} as const)
